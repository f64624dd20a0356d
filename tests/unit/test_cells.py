"""What a worker does with one cell, beyond what whole executions show."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fakes import a_run
from fakes_core import Bench, failures_of, points_of
from fwk.cells import BaseCell, FlipCell, RankCell, Ranked, Request, Trouble
from fwk.execute import place_of
from fwk.points import Failure
from fwk.stage import Place


def a_place(tmp_path: Path, **config: Any) -> tuple[Bench, Place, Any]:
    bench = Bench(tmp_path)
    planned = bench.plan(**config)
    place = place_of(planned, planned.curves[0].ground, tmp_path / "arrays", tuple(bench.registry.metrics.values()))
    return bench, place, planned


def rankings(tmp_path: Path, *methods: Any, **config: Any) -> Sequence[Ranked | Trouble]:
    _, place, planned = a_place(tmp_path, methods=list(methods), **config)
    requests = tuple(
        Request(curve.alpha, curve.entry, tuple(chosen.items()))
        for curve in planned.curves
        for chosen in curve.entry.candidates()
    )
    return RankCell(place, 0, planned.curves[0].known, planned.curves[0].space, requests, None).do().rankings


def test_rankings_asked_for_together_are_those_asked_for_alone(tmp_path: Path) -> None:
    methods = ["skill", "chance", {"name": "near", "k": 3}, {"name": "near", "called": "far", "k": 11}]
    asked = [(method, alpha) for method in methods for alpha in (0.6, 0.3)]
    together = rankings(folder(tmp_path, "together"), *methods, alpha=[0.6, 0.3])
    for number, (method, alpha) in enumerate(asked):
        (alone,) = rankings(folder(tmp_path, str(number)), method, alpha=alpha)
        found = together[number]
        assert isinstance(alone, Ranked)
        assert isinstance(found, Ranked)
        np.testing.assert_array_equal(found.rows, alone.rows)
        assert (found.candidates, found.notes) == (alone.candidates, alone.notes)


def folder(inside: Path, name: str) -> Path:
    (inside / name).mkdir()
    return inside / name


def test_a_k_that_is_no_number_of_neighbours_is_the_methods_own_business(tmp_path: Path) -> None:
    skilled, odd = rankings(tmp_path, "skill", {"name": "near", "k": "many"})
    assert isinstance(skilled, Ranked)
    assert isinstance(odd, Trouble)
    assert odd.kind == "TypeError"


def test_a_collective_whose_members_all_have_the_favourable_label_flips_nobody(tmp_path: Path) -> None:
    """The one member that a tiny alpha draws has y = 1 in some repeat."""
    bench = Bench(tmp_path)
    outcomes = bench.outcomes(bench.plan(methods=["skill", "near"], alpha=0.012, repeats=20, budgets=[3]))
    assert not failures_of(outcomes)
    without = [point for point in points_of(outcomes, setting=3) if point.candidates == 0]
    assert without, "the seed draws one"
    for point in without:
        assert point.flips == 0
        assert "the collective has no member with y = 0 to flip" in point.notes
        (base,) = points_of(outcomes, method="skill", repeat=point.run.repeat, setting=0)
        assert point.measures == base.measures


def test_a_learner_that_fails_is_a_failure_of_every_run_that_shares_the_fit(tmp_path: Path) -> None:
    learner = {"path": "sklearn.neighbors.KNeighborsClassifier", "params": {"n_neighbors": 9999}}
    bench = Bench(tmp_path)
    outcomes = bench.outcomes(
        bench.plan(methods=["baseline", "skill", "skill-too", "lottery"], learner=learner, repeats=1)
    )
    assert not points_of(outcomes)
    assert len(failures_of(outcomes)) == 1 + 3 + 3 + 3
    assert all("n_neighbors" in failure.message for failure in failures_of(outcomes))


def test_a_base_that_cannot_be_had_is_nobodys_failure_but_theirs_who_need_it(tmp_path: Path) -> None:
    learner = {"path": "sklearn.neighbors.KNeighborsClassifier", "params": {"n_neighbors": 9999}}
    _, place, _ = a_place(tmp_path, learner=learner)
    assert BaseCell(place, 0, True, None).do().rankings == ()


def test_held_out_scores_are_made_ahead_for_those_who_need_them(tmp_path: Path) -> None:
    _, place, _ = a_place(tmp_path)
    BaseCell(place, 0, True, None).do()
    kept = {path.name.partition("-")[2] for path in place.models.iterdir()}
    assert kept == {"", "5-folds.joblib"}


def test_a_fit_nobody_asked_for_gives_nothing(tmp_path: Path) -> None:
    _, place, _ = a_place(tmp_path)
    assert FlipCell(place, 0, np.arange(3), (), None).do() == []


def test_trouble_without_words_still_says_something() -> None:
    run = a_run("a", "b", "firm", 0)
    assert Trouble("KeyError", "no message", "trace").failure(run, 2.0) == Failure(
        run, "KeyError", "no message", "trace", 2.0
    )


def test_a_space_that_cannot_be_learned_costs_the_curves_in_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    planned = bench.plan(methods=["skill", "baseline"], space=["encoded", {"method": "doubled"}], repeats=1)
    broken = [
        dataclasses.replace(curve, space=dataclasses.replace(curve.space, method=planned.curves[0].entry))
        if curve.space and curve.space.name == "doubled"
        else curve
        for curve in planned.curves
    ]
    outcomes = bench.outcomes(dataclasses.replace(planned, curves=tuple(broken)))
    assert {failure.run.space for failure in failures_of(outcomes)} == {"doubled"}
    assert all(failure.kind == "AttributeError" for failure in failures_of(outcomes))
    assert len(points_of(outcomes, space="encoded")) == 3
