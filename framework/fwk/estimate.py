"""How long a plan will take, from a few timed cells."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from fwk.api import FirmSide, Metric
from fwk.cells import BaseCell, Cell, FirmCell, FlipCell, RankCell, Request
from fwk.execute import place_of
from fwk.plan import Curve, Ground, Plan


def estimate(plan: Plan, metrics: Iterable[Metric], jobs: int) -> float:
    """Seconds of wall time with so many workers.

    Times, in the first repeat, one base fit a ground, one round of rankings, and two fits of every firm-side method, at
    the end and in the middle of its sweep; then multiplies by the numbers of the plan. Grounds without a table count
    nothing.
    """
    metrics = tuple(metrics)
    with tempfile.TemporaryDirectory(prefix="fwk-") as folder, threadpool_limits(1):
        total = sum(
            count * _seconds(cell)
            for ground in plan.grounds
            if ground.table is not None
            for count, cell in _cells(plan, ground, Path(folder), metrics)
        )
    return total / jobs


def _cells(plan: Plan, ground: Ground, folder: Path, metrics: tuple[Metric, ...]) -> Iterator[tuple[int, Cell]]:
    """Cells to time, each with how many like it the plan has."""
    place = place_of(plan, ground, folder, metrics)
    curves = [curve for curve in plan.curves if curve.ground is ground]
    user = [curve for curve in curves if curve.alpha is not None]
    fits = plan.repeats * sum(_fits(curve) for curve in user)
    firm = [curve.entry.card for curve in curves if curve.alpha is None]
    held_out = any(isinstance(card, FirmSide) and "out-of-fold" in card.needs for card in firm)
    yield 0, FlipCell(place, 0, np.arange(10, dtype=np.int64), (), None)  # the first cell sets the stage
    yield plan.repeats, BaseCell(place, 0, held_out, None)
    yield fits, FlipCell(place, 0, np.arange(10, dtype=np.int64), (), None)
    for known, space in {(curve.known, curve.space) for curve in user}:
        asked = [curve for curve in user if (curve.known, curve.space) == (known, space)]
        requests = tuple(
            Request(curve.alpha or 0.0, curve.entry, tuple(chosen.items()))
            for curve in asked
            for chosen in curve.entry.candidates()
        )
        if space is not None:
            yield plan.repeats, RankCell(place, 0, known, space, requests, None)
    for curve in curves:
        if curve.alpha is None:
            chosen = next(curve.entry.candidates())
            runs = curve.runs(0, chosen)
            first, later = runs[-1], runs[len(runs) // 2 - 1]  # a later setting may share what the first has trained
            yield plan.repeats, FirmCell(place, 0, curve.entry, first, None)
            if _fits(curve) > 1:
                yield plan.repeats * (_fits(curve) - 1), FirmCell(place, 0, curve.entry, later, None)


def _fits(curve: Curve) -> int:
    """Fits of a curve in one repeat: its settings, and the trials of candidates that are not chosen."""
    candidates = math.prod(len(grid) for _, grid in curve.entry.tuned)
    return len(curve.settings) + (candidates - 1) * len(curve.trials) - (curve.alpha is not None)


def _seconds(cell: Cell) -> float:
    start = time.perf_counter()
    cell.do()
    return time.perf_counter() - start
