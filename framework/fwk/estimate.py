"""How long a plan will take, from a few timed cells."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fwk.api import FirmSide, Metric, Mistake
from fwk.cells import BaseCell, Cell, FirmCell, FlipCell, RankCell, Request
from fwk.execute import place_of
from fwk.plan import Curve, Ground, Plan
from fwk.stage import Place, stage
from fwk.workers import answers, working_folder

ENOUGH = 4.0  # seconds on one sample; it then times no further cell
FLIPS = (10, 10, 30, 100)  # labels flipped in the timed fits of the user side


@dataclass(frozen=True, eq=False)
class Sample:
    """Cells of one kind, timed one after the other in one worker: they may share work, as they do in the run.

    first, later    how often the plan has a cell like the first (which trains what is shared), and one like the rest
    """

    place: Place
    cells: tuple[Cell, ...]
    first: float
    later: float

    def do(self) -> float:
        """Seconds of all the cells that it stands for."""
        _set(self.place)
        seconds: list[float] = []
        for cell in self.cells:
            if len(seconds) > 1 and sum(seconds) > ENOUGH:
                break
            start = time.perf_counter()
            cell.do()
            seconds.append(time.perf_counter() - start)
        return self.first * seconds[0] + self.later * float(np.mean(seconds[1:] or seconds))


@dataclass(frozen=True)
class _Ready:
    """Nothing but a worker that has set its first stage."""

    place: Place

    def do(self) -> float:
        """No seconds of the plan's."""
        _set(self.place)
        return 0.0


def _set(place: Place) -> None:
    with suppress(Exception):  # cells of a stage that cannot be set fail by themselves, here and in the run
        stage(place, 0)


def estimate(plan: Plan, metrics: Iterable[Metric], jobs: int) -> float:
    """Seconds of wall time from scratch with so many workers, which time cells side by side as they do in the run.

    Times, in the first repeat: the base model, a few fits to relabelled data in every worker, each round of rankings,
    and up to three settings of every firm-side method (the last, the first, one between); then multiplies by the
    numbers of the plan. A cell that fails counts what it took to fail, as it will in the run; grounds without a table,
    or whose table cannot be cut, count nothing.

    Raises Mistake if a worker dies.
    """
    metrics = tuple(metrics)
    with working_folder() as folder:
        places: dict[int, Place] = {}
        for ground in plan.grounds:
            with suppress(ValueError):  # no published test part: its cells fail before they start
                if ground.table is not None:
                    places[id(ground)] = place_of(plan, ground, folder, metrics)
        grounds = [ground for ground in plan.grounds if id(ground) in places]
        if not places:
            return 0.0
        marks = folder / "running"
        start = time.perf_counter()
        _sum([_Ready(next(iter(places.values())))] * jobs, jobs, marks)
        started = time.perf_counter() - start
        base = [_base(plan, ground, places[id(ground)]) for ground in grounds]
        rest = [sample for ground in grounds for sample in _samples(plan, ground, places[id(ground)], jobs)]
        return started + (_sum(base, jobs, marks) + _sum(rest, jobs, marks)) / jobs


def _sum(samples: Sequence[Sample | _Ready], jobs: int, marks: Path) -> float:
    try:
        return float(sum(seconds for _, seconds in answers(dict(enumerate(samples)), jobs, "loky", marks)))
    except TerminatedWorkerError as error:
        raise Mistake(
            "a worker was killed while cells were timed; is there enough memory? try fewer --jobs, or leave out --time"
        ) from error


def _base(plan: Plan, ground: Ground, place: Place) -> Sample:
    cards = [curve.entry.card for curve in plan.curves if curve.ground is ground]
    held_out = any(isinstance(card, FirmSide) and "out-of-fold" in card.needs for card in cards)
    return Sample(place, (BaseCell(place, 0, held_out, None),), plan.repeats, 0)


def _samples(plan: Plan, ground: Ground, place: Place, jobs: int) -> Iterator[Sample]:
    """Everything that follows the base model."""
    curves = [curve for curve in plan.curves if curve.ground is ground]
    for curve in curves:
        if curve.alpha is None:
            yield _firm(plan, curve, place)
    user = [curve for curve in curves if curve.alpha is not None]
    for known, space in {(curve.known, curve.space) for curve in user}:
        requests = tuple(
            Request(curve.alpha or 0.0, curve.entry, tuple(chosen.items()))
            for curve in user
            if (curve.known, curve.space) == (known, space)
            for chosen in curve.entry.candidates()
        )
        if space is not None:
            yield Sample(place, (RankCell(place, 0, known, space, requests, None),), plan.repeats, 0)
    pool = min((min(curve.pools) for curve in user if curve.pools), default=0)
    fits = sum(curve.fits(plan.repeats) + curve.extra_fits(plan.repeats) for curve in user if pool)
    for _ in range(jobs if fits else 0):
        cells = tuple(FlipCell(place, 0, np.arange(min(count, pool), dtype=np.int64), (), None) for count in FLIPS)
        yield Sample(place, cells, 0, fits / jobs)


def _firm(plan: Plan, curve: Curve, place: Place) -> Sample:
    runs = curve.runs(0, next(curve.entry.candidates()))
    order = dict.fromkeys((len(runs) - 1, max(0, len(runs) // 2 - 1), 0))
    cells = tuple(FirmCell(place, 0, curve.entry, runs[number], None) for number in order)
    settings = plan.repeats * len(runs) + curve.extra_fits(plan.repeats)
    return Sample(place, cells, plan.repeats, settings - plan.repeats)
