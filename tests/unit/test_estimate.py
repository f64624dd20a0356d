"""Estimates of time from a few timed cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fakes_core import Bench
from fwk import estimate as estimates
from fwk.api import Mistake
from fwk.cells import BaseCell, FirmCell, FlipCell, RankCell
from fwk.estimate import Sample, estimate


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[Sample]:
    """Every cell takes a second, and every sample is noted instead of worked out."""
    samples: list[Sample] = []

    def answers(cells: dict[int, Any], jobs: int, backend: str, marks: Path) -> Iterator[tuple[int, float]]:
        for number, sample in cells.items():
            if isinstance(sample, Sample):
                samples.append(sample)
                yield number, float(sample.first + sample.later)

    monkeypatch.setattr(estimates, "answers", answers)
    return samples


def estimated(tmp_path: Path, jobs: int = 1, **config: Any) -> int:
    """Seconds but for those that workers take to start."""
    bench = Bench(tmp_path)
    return round(jobs * estimate(bench.plan(**config), bench.registry.metrics.values(), jobs))


def test_cells_count_as_often_as_the_plan_has_them(tmp_path: Path, timed: list[Sample]) -> None:
    methods = ["baseline", "skill", "near", "lottery"]
    total = estimated(tmp_path, methods=methods, repeats=4, budgets=[3, 5, 8], tune={"trials": 2})
    base, rankings = 4, 4
    flips = 4 * (3 + (3 + 2 * 2))  # skill's budgets; near's, and two trials of each other candidate
    firm = 4 * (1 + 3)
    assert total == base + rankings + flips + firm
    kinds = [type(sample.cells[0]) for sample in timed]
    assert kinds == [BaseCell, FirmCell, FirmCell, RankCell, FlipCell], "the base first: the others start from it"
    settings = [[cell.run.setting for cell in s.cells if isinstance(cell, FirmCell)] for s in timed[1:3]]
    assert settings == [[None], [1.0, 0.0]], "the ends of the sweep"


def test_budgets_beyond_the_candidates_count_once(tmp_path: Path, timed: list[Sample]) -> None:
    few = estimated(tmp_path, methods=["skill"], repeats=2, budgets=[5, 1.0])
    assert estimated(tmp_path, methods=["skill"], repeats=2, budgets=[5, 1000, 2000, 1.0]) == few


def test_every_worker_is_at_work_while_fits_are_timed(tmp_path: Path, timed: list[Sample]) -> None:
    config: dict[str, Any] = {"methods": ["skill"], "repeats": 2}
    one = estimated(tmp_path, jobs=1, **config)
    assert estimated(tmp_path, jobs=4, **config) == one, "work is shared by them"
    assert [type(sample.cells[0]) for sample in timed].count(FlipCell) == 1 + 4


class Clock:
    """A clock that moves when a cell is done."""

    now = 0.0

    def cell(self, seconds: float) -> Any:
        def do() -> None:
            self.now += seconds

        return SimpleNamespace(do=do)


@pytest.mark.parametrize(
    ("cells", "first", "later", "seconds"),
    [
        ((3.0, 0.5, 1.5), 2, 10, 2 * 3 + 10 * 1.0),
        ((3.0,), 2, 10, 12 * 3.0),
        ((3.0, 2.0, 9.0), 0, 10, 20.0),
        ((9.0, 2.0, 9.0), 1, 1, 11.0),
    ],
    ids=["the first trains what the rest share", "a single one", "dear: no third", "very dear: a second all the same"],
)
def test_a_sample_stands_for_cells_like_its_own(
    monkeypatch: pytest.MonkeyPatch, cells: tuple[float, ...], first: int, later: int, seconds: float
) -> None:
    clock = Clock()
    monkeypatch.setattr(estimates, "stage", lambda place, repeat: None)
    monkeypatch.setattr(estimates.time, "perf_counter", lambda: clock.now)
    place: Any = None
    assert Sample(place, tuple(map(clock.cell, cells)), first, later).do() == seconds


def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    planned = bench.plan(methods=[{"name": "bad-method", "what": "exit"}], repeats=1)
    with pytest.raises(Mistake, match="a worker was killed while cells were timed"):
        estimate(planned, bench.registry.metrics.values(), 2)


def test_every_scenario_is_timed_and_a_missing_table_is_not(tmp_path: Path, timed: list[Sample]) -> None:
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


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_cannot_be_cut_or_cannot_run_counts_little_and_breaks_nothing(tmp_path: Path, jobs: int) -> None:
    bench = Bench(tmp_path)
    small = {"name": "made", "called": "small", "n": 12, "test": 0.03}
    unpublished = {"name": "made", "called": "unpublished", "test": "published"}
    for datasets in ([small], [unpublished], [small, unpublished, "made"]):
        planned = bench.plan(methods=["baseline", "skill", "bad-method"], repeats=1, datasets=datasets)
        assert 0 <= estimate(planned, bench.registry.metrics.values(), jobs) < 60


def test_labels_are_flipped_in_people_who_are_there(tmp_path: Path, timed: list[Sample]) -> None:
    bench = Bench(tmp_path)
    planned = bench.plan(methods=["skill"], repeats=1, budgets=[2], datasets=[{"name": "made", "n": 60}])
    estimate(planned, bench.registry.metrics.values(), 1)
    (pool,) = planned.curves[0].pools
    flipped = [cell.rows for sample in timed for cell in sample.cells if isinstance(cell, FlipCell)]
    assert max(map(len, flipped)) == pool < 60
