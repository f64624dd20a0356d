"""Estimates of time from a few timed cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes_core import Bench
from fwk import estimate as estimates
from fwk.cells import BaseCell, Cell, FirmCell, FlipCell, RankCell
from fwk.estimate import estimate


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[Cell]:
    """Every cell takes a second, and is noted instead of done."""
    cells: list[Cell] = []

    def seconds(cell: Cell) -> float:
        cells.append(cell)
        return 1.0

    monkeypatch.setattr(estimates, "_seconds", seconds)
    return cells


def estimated(tmp_path: Path, jobs: int = 1, **config: Any) -> float:
    bench = Bench(tmp_path)
    return estimate(bench.plan(**config), bench.registry.metrics.values(), jobs)


def test_cells_count_as_often_as_the_plan_has_them(tmp_path: Path, timed: list[Cell]) -> None:
    methods = ["baseline", "skill", "near", "lottery"]
    total = estimated(tmp_path, methods=methods, repeats=4, budgets=[5, 10, 20], tune={"trials": 2})
    base, rankings = 4, 4
    flips = 4 * (3 + (3 + 2 * 2))  # skill's budgets; near's, and two trials of each other candidate
    firm = 4 * (1 + 3)
    assert total == base + rankings + flips + firm
    assert [type(cell) for cell in timed] == [FlipCell, BaseCell, FlipCell, RankCell, FirmCell, FirmCell, FirmCell]
    assert [cell.run.setting for cell in timed if isinstance(cell, FirmCell)] == [None, 1.0, 0.0], (
        "the end and the middle"
    )


def test_more_workers_take_less_time(tmp_path: Path, timed: list[Cell]) -> None:
    config: dict[str, Any] = {"methods": ["skill"], "repeats": 2}
    assert estimated(tmp_path, jobs=4, **config) == estimated(tmp_path, jobs=1, **config) / 4


def test_every_scenario_is_timed_and_a_missing_table_is_not(tmp_path: Path, timed: list[Cell]) -> None:
    one = estimated(tmp_path, methods=["skill", "lottery"], repeats=1)
    several = estimated(
        tmp_path, methods=["skill", "lottery"], repeats=1,
        datasets=["made", {"name": "made", "called": "b"}, "not-there"],
        space=["encoded", "standardised"], majority_known=["all", 30],
    )  # fmt: skip
    assert several == 2 * (one + 3 * 1 + 3 * 2), "on each table three more scenarios: a ranking and two budgets"


def test_an_estimate_is_of_the_order_of_what_it_takes(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    planned = bench.plan(methods=["baseline", "skill", "lottery"], repeats=2)
    seconds = estimate(planned, bench.registry.metrics.values(), 1)
    assert 0 < seconds < 60
