"""Runs -> points and failures: shared fits, tuning, keys, interruptions, and methods that go wrong."""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from fakes_core import Bench, assert_same, failures_of, lasting, points_of
from fwk.api import Labelled
from fwk.execute import cores, place_of
from fwk.points import Outcome
from fwk.split import seed_of, split, stream
from fwk.stage import Stage
from fwk.store import Store

EVERYBODY = [
    "baseline",
    "skill",
    "skill-too",
    "chance",
    "indifferent",
    "near",
    "direction",
    "lottery",
    "noisy",
    "doubled",
]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def counting(bench: Bench) -> dict[str, Any]:
    return {"path": "fakes_core.CountingTree", "params": {"log": str(bench.folder / "fits")}}


def fits(bench: Bench) -> Counter[str]:
    """What was fitted, and how often."""
    log = bench.folder / "fits"
    return Counter(log.read_text().splitlines() if log.exists() else [])


# ---- what comes out


def test_every_run_of_the_plan_comes_out_once(bench: Bench) -> None:
    planned = bench.plan(methods=EVERYBODY)
    outcomes = bench.outcomes(planned)
    assert not failures_of(outcomes)
    points = points_of(outcomes)
    assert len(points) == planned.points
    assert len({(p.run.method, p.run.order, p.run.repeat) for p in points}) == planned.points
    tuned = Counter((o.run.method, o.run.repeat) for o in outcomes if o.run.tuning)
    trials = {("near", 3 * 1), ("direction", 2 * 1), ("doubled", 2 * 1)}  # candidates x the lower half of the budgets
    assert tuned == {(method, repeat): number for method, number in trials for repeat in (0, 1)}


def test_budget_0_is_the_baseline_to_the_last_bit(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=EVERYBODY, budgets=[7, 0.5]))
    for repeat in (0, 1):
        (base,) = points_of(outcomes, method="baseline", repeat=repeat)
        unflipped = [p for p in points_of(outcomes, side="user", repeat=repeat) if p.run.setting == 0]
        assert len(unflipped) == 6
        for point in unflipped:
            roles = {name for name in point.measures if name.startswith("train.audit[")}
            assert {n: v for n, v in point.measures.items() if n not in roles} == {
                n: v for n, v in base.measures.items() if not n.startswith("train.audit[")
            }
            assert point.flips == 0


def test_rankers_that_come_to_the_same_flips_have_the_same_numbers(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=["skill", "skill-too"], budgets=[3, 10, 1.0]))
    for one, other in zip(points_of(outcomes, method="skill"), points_of(outcomes, method="skill-too"), strict=True):
        assert (one.measures, one.flips, one.candidates) == (other.measures, other.flips, other.candidates)


def test_equal_flips_are_fitted_once(bench: Bench) -> None:
    planned = bench.plan(
        methods=["baseline", "skill", "skill-too", "lottery"], learner=counting(bench), budgets=[3, 10]
    )
    bench.outcomes(planned)
    made = fits(bench)
    assert set(made.values()) == {1}, "nothing is fitted twice"
    assert len(made) == 2 * (1 + 2), "by repeat: the base, and two budgets that both rankers flip alike"
    assert planned.fits == 2 * (1 + 2 + 2 + 3), "the plan cannot know that they agree, nor that a lottery fits nothing"


def test_tuning_and_the_curve_share_their_fits(bench: Bench) -> None:
    planned = bench.plan(methods=["baseline", "direction"], learner=counting(bench), budgets=[3, 10], repeats=1)
    bench.outcomes(planned)
    assert set(fits(bench).values()) == {1}
    assert len(fits(bench)) == 1 + 2 + 1 == planned.fits, "the base, the chosen curve, the other candidate's trial"


def test_a_share_flips_that_share_of_the_candidates(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=["skill", {"name": "skill", "called": "half", "unlucky": False}],
                                         budgets=[0.5, 1.0, 9999]))  # fmt: skip
    for point in points_of(outcomes, method="skill"):
        share = point.run.setting if isinstance(point.run.setting, float) else point.run.setting and 1
        assert point.flips == round((share or 0) * point.candidates)
        assert any("reaches all" in note for note in point.notes) == (point.run.setting == 9999)
    for point in points_of(outcomes, method="half"):
        assert point.flips <= point.candidates * 0.75, "those with score -inf never flip"


def test_a_constant_ranking_is_on_its_points(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=["indifferent", "skill"]))
    assert all("constant ranking" in point.notes[0] for point in points_of(outcomes, method="indifferent"))
    assert not any("constant" in "".join(point.notes) for point in points_of(outcomes, method="skill"))


def test_a_clamped_k_is_on_its_points(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=[{"name": "near", "k": 500}, "skill"], majority_known=40, repeats=1))
    assert all("k = 500 clamped to 40" in p.notes[0] for p in points_of(outcomes, method="near"))
    assert not any(p.notes for p in points_of(outcomes, method="skill", setting=5))


def test_a_warning_of_the_learner_is_on_the_points_it_concerns(bench: Bench) -> None:
    learner = {"path": "sklearn.linear_model.LogisticRegression", "params": {"max_iter": 1}}
    outcomes = bench.outcomes(bench.plan(learner=learner, methods=["baseline", "skill", "lottery"], repeats=1))
    for point in points_of(outcomes):
        assert any(note.startswith("ConvergenceWarning: lbfgs failed") for note in point.notes), point.run


def test_points_agree_with_fitting_by_hand(bench: Bench) -> None:
    """From the protocol's words alone: split, draw the collective, flip the most skilled, fit, count."""
    planned = bench.plan(methods=["skill"], budgets=[12], repeats=3)
    outcomes = bench.outcomes(planned)
    everybody = planned.curves[0].ground.table.people  # type: ignore[union-attr]
    for repeat in range(3):
        parts = split(len(everybody), stream(0, "split", repeat), test=0.2)
        train, test = everybody.take(parts.train), everybody.take(parts.test)
        members = stream(0, "collective", repeat).permutation(np.flatnonzero(train.minority))
        members = np.sort(members[: round(0.5 * len(members))])
        candidates = [row for row in members if not train.y[row]]
        flipped = sorted(candidates, key=lambda row: -train.X[row, 0])[:12]
        y = train.y.copy()
        y[flipped] = True
        model = DecisionTreeClassifier(max_depth=4, random_state=seed_of(0, "learner", repeat)).fit(train.X, y)
        accept = model.predict(test.X)
        (point,) = points_of(outcomes, repeat=repeat, setting=12)
        assert point.measures["test.error"] == pytest.approx(np.mean(accept != test.y))
        rates = {
            (group, label): accept[(test.minority == group) & (test.y == label)].mean()
            for group, label in itertools.product((False, True), repeat=2)
        }
        gaps = [abs(rates[False, label] - rates[True, label]) for label in (True, False)]
        assert point.measures["test.eqod"] == pytest.approx(sum(gaps) / 2)
        assert point.measures["test.eqod_max"] == pytest.approx(max(gaps))
        assert (point.flips, point.candidates) == (12, len(candidates))
        woman = test.people.traits["sex"] == "F"
        assert point.measures["test.audit[sex=F].acceptance"] == pytest.approx(accept[woman].mean())
        on_train = model.predict(train.X)
        assert point.measures["train.audit[collective].acceptance"] == pytest.approx(on_train[members].mean())
        assert point.measures["train.audit[majority].tpr"] == pytest.approx(on_train[~train.minority & train.y].mean())


# ---- tuning


@pytest.mark.parametrize("metric", ["eqod", "sp", "accepted"])
def test_tuning_takes_the_candidate_with_the_least_mean_over_the_trials(bench: Bench, metric: str) -> None:
    tune = {"metric": metric, "trials": 2}
    budgets = [4, 8, 12, 16]
    outcomes = bench.outcomes(bench.plan(methods=["near", "direction"], tune=tune, budgets=budgets, repeats=3))
    by_hand = bench.outcomes(
        bench.plan(methods=[{"name": "near", "tune": False, "each": {"k": [1, 5, 20]}},
                            {"name": "direction", "each": {"sign": [1, -1]}}], budgets=budgets, repeats=3),
        store="by hand",
    )  # fmt: skip
    for method, repeat in itertools.product(("near", "direction"), range(3)):
        values: dict[Any, list[float]] = {}
        for point in points_of(by_hand, card=method, repeat=repeat):
            if point.run.setting in (4, 8):  # the lower half of the budgets
                values.setdefault(point.run.knobs, []).append(point.measures[f"validation.{metric}"] or 0.0)
        means = {knobs: sum(some) / len(some) for knobs, some in values.items()}
        chosen = {point.run.knobs for point in points_of(outcomes, method=method, repeat=repeat)}
        assert chosen == {min(means, key=lambda knobs: means[knobs])}, "one choice a repeat, the least"


def test_knobs_that_are_mappings_can_be_tuned_and_compared(bench: Bench) -> None:
    grid = [{"0": 1.0}, {"0": -1.0}, {"0": 1.0, "1": 0.5}]
    tuned = {"name": "weighted", "tune": {"weights": grid}}
    outcomes = bench.outcomes(bench.plan(methods=[tuned, {"name": "weighted", "each": {"weights": grid}}, "skill"]))
    assert not failures_of(outcomes)
    same = points_of(outcomes, method="weighted (weights={'0': 1.0})")
    assert [p.measures for p in same] == [p.measures for p in points_of(outcomes, method="skill")]
    assert len(points_of(outcomes, method="weighted")) == 2 * 3


def test_trials_are_looked_at_on_the_validation_part_alone(bench: Bench) -> None:
    """Other people in the test part change no choice: there, only labels of test people differ."""
    planned = bench.plan(methods=["direction"], datasets=[{"name": "made", "published": True}], repeats=1)
    outcomes = bench.outcomes(planned)
    table = planned.curves[0].ground.table
    assert table is not None
    assert table.published is not None
    y = table.people.y.copy()
    y[table.published] = ~y[table.published]
    object.__setattr__(table, "people", Labelled(table.people.people, y))
    other = bench.outcomes(planned, store="other")
    assert {p.run.knobs for p in points_of(outcomes)} == {p.run.knobs for p in points_of(other)}
    assert lasting(points_of(outcomes))["test.error"].tolist() != lasting(points_of(other))["test.error"].tolist()


# ---- nothing about how it was worked out changes a number


def test_two_workers_give_what_one_gives(bench: Bench) -> None:
    planned = bench.plan(methods=[*EVERYBODY, "bad-ranker", {"name": "bad-method", "at": 0.5}])
    one = bench.outcomes(planned, store="one", jobs=1)
    two = bench.outcomes(planned, store="two", jobs=2)
    assert_same(two, one)


def test_the_order_of_methods_changes_no_number(bench: Bench) -> None:
    first = bench.outcomes(bench.plan(methods=EVERYBODY), store="first")
    second = bench.outcomes(bench.plan(methods=EVERYBODY[::-1]), store="second")
    assert_same(second, first)


def test_a_method_alone_has_the_numbers_that_it_has_among_others(bench: Bench) -> None:
    together = bench.outcomes(bench.plan(methods=EVERYBODY))
    for method in ("chance", "near", "noisy", "lottery"):
        alone = bench.outcomes(bench.plan(methods=[method]), store=method)
        assert_same(alone, [outcome for outcome in together if outcome.run.method == method])


# loky's own thread can trip over cells that were cancelled
@pytest.mark.filterwarnings("ignore:Exception in thread ExecutorManagerThread")
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_execution_goes_on_where_it_stopped(bench: Bench, jobs: int) -> None:
    planned = bench.plan(methods=EVERYBODY, learner=counting(bench))
    whole = bench.outcomes(planned, store="whole", jobs=jobs)
    (bench.folder / "fits").unlink()
    for stop in (1, 7, 20):
        stream = bench.stream(planned, store="broken", jobs=jobs)
        for _ in range(stop):
            next(stream)
        stream.close()
    assert_same(bench.outcomes(planned, store="broken", jobs=jobs), whole)
    (bench.folder / "fits").unlink()
    assert_same(bench.outcomes(planned, store="broken", jobs=jobs), whole)
    assert not fits(bench), "everything is known, so nothing is fitted"


def test_what_was_yielded_is_kept(bench: Bench) -> None:
    planned = bench.plan(methods=EVERYBODY)
    stream = bench.stream(planned)
    seen = [next(stream) for _ in range(9)]
    stream.close()
    store = Store(bench.folder / "store")
    assert all(store.get(outcome.run) == outcome for outcome in seen)
    store.close()


def keys(outcomes: list[Outcome]) -> set[str]:
    return {outcome.run.key for outcome in outcomes}


@pytest.mark.parametrize("change", [
    {"name": "other"}, {"description": "x"}, {"select": "test"}, {"timeout": 100}, {"output": "elsewhere"},
    {"tracking_uri": "http://127.0.0.1:1"},
    {"methods": ["lottery", {"name": "skill", "called": "another"}, "baseline"]},
    {"datasets": [{"name": "made", "called": "other"}]}, {"tune": {"metric": "sp", "trials": 1}},
])  # fmt: skip
def test_unrelated_keys_of_the_config_change_no_key(bench: Bench, change: dict[str, Any]) -> None:
    config: dict[str, Any] = {"learner": counting(bench)}
    outcomes = bench.outcomes(bench.plan(**config))
    (bench.folder / "fits").unlink()
    again = bench.outcomes(bench.plan(**{**config, **change}))
    assert keys(again) == keys(outcomes)
    assert not fits(bench), "all of it is stored"


@pytest.mark.parametrize("change", [
    {"seed": 1}, {"resplit": False}, {"validation": 0.3}, {"bootstrap": 10},
    {"learner": "sklearn.tree.DecisionTreeClassifier"},
    {"datasets": [{"name": "made", "seed": 1}]}, {"datasets": [{"name": "made", "test": 0.3}]},
    {"datasets": [{"name": "made", "missing": "impute"}]}, {"datasets": [{"name": "made", "n": 299}]},
])  # fmt: skip
def test_what_decides_the_numbers_changes_every_key(bench: Bench, change: dict[str, Any]) -> None:
    assert not keys(bench.outcomes(bench.plan())) & keys(bench.outcomes(bench.plan(**change), store="other"))


@pytest.mark.parametrize("change", [{"alpha": 0.4}, {"majority_known": 50}, {"space": "standardised"}])
def test_what_surrounds_a_collective_changes_the_keys_of_the_user_side(bench: Bench, change: dict[str, Any]) -> None:
    before, after = bench.outcomes(bench.plan()), bench.outcomes(bench.plan(**change), store="other")
    common = keys(before) & keys(after)
    assert common == {outcome.run.key for outcome in before if outcome.run.side == "firm"}


def test_another_version_of_a_plugin_changes_its_keys(bench: Bench) -> None:
    before = keys(bench.outcomes(bench.plan()))
    plugins = tuple(
        dataclasses.replace(plugin, version="9") if plugin.name == "fakes" else plugin
        for plugin in bench.registry.plugins
    )
    bench.registry = dataclasses.replace(bench.registry, plugins=plugins)
    after = bench.outcomes(bench.plan())
    assert not before & keys(after), "the plugin brings a measure too, so that even the baseline is measured anew"


# ---- methods that go wrong


def test_a_method_that_raises_costs_its_own_cells_only(bench: Bench) -> None:
    good = ["baseline", "skill", "lottery"]
    planned = bench.plan(methods=[*good, {"name": "bad-method", "at": 0.5}, "bad-ranker"])
    outcomes = bench.outcomes(planned)
    assert {(f.run.method, f.run.setting) for f in failures_of(outcomes)} == {
        ("bad-method", 0.5), ("bad-method", 1.0), ("bad-ranker", 0), ("bad-ranker", 5), ("bad-ranker", 20),
    }  # fmt: skip
    for failure in failures_of(outcomes):
        assert (failure.kind, failure.message) == ("ZeroDivisionError", "a bug of the method")
        assert "fakes_core.py" in failure.traceback
        assert "in misbehave" in failure.traceback
    alone = bench.outcomes(bench.plan(methods=good), store="alone")
    assert_same([o for o in outcomes if o.run.method in good], alone)


@pytest.mark.parametrize(("what", "kind", "message"), [
    ("refuse", "Refusal", "strength 0.5 is too much for 12 people; give more"),
    ("two", "ValueError", "the rule gave 2.0 to 2.0, 0 NaN; P(accept) lies in [0, 1]"),
])  # fmt: skip
def test_a_firm_side_method_that_gives_nothing_usable_says_why(
    bench: Bench, what: str, kind: str, message: str
) -> None:
    outcomes = bench.outcomes(bench.plan(methods=[{"name": "bad-method", "what": what}]))
    assert {(f.kind, f.message) for f in failures_of(outcomes)} == {(kind, message)}
    assert len(failures_of(outcomes)) == 6


@pytest.mark.parametrize(("what", "kind", "message"), [
    ("refuse", "Refusal", "strength 0.5 is too much"), ("nan", "ValueError", "score gave NaN or +inf"),
    ("inf", "ValueError", "score gave NaN or +inf"), ("short", "ValueError", "score gave an array of shape"),
])  # fmt: skip
def test_a_ranker_that_gives_nothing_usable_says_why(bench: Bench, what: str, kind: str, message: str) -> None:
    outcomes = bench.outcomes(bench.plan(methods=[{"name": "bad-ranker", "what": what}, "skill"], repeats=1))
    assert len(points_of(outcomes, method="skill")) == 3
    failures = failures_of(outcomes, method="bad-ranker")
    assert len(failures) == 3
    assert all(f.kind == kind and f.message.startswith(message) for f in failures)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_method_that_takes_too_long_is_stopped(bench: Bench, jobs: int) -> None:
    planned = bench.plan(methods=["skill", "lottery", {"name": "bad-method", "what": "sleep", "at": 1.0},
                                  {"name": "bad-ranker", "what": "sleep"}], repeats=1)  # fmt: skip
    outcomes = bench.outcomes(planned, jobs=jobs, timeout=1.0)
    assert {(f.run.method, f.run.setting, f.kind, f.message) for f in failures_of(outcomes)} == {
        ("bad-method", 1.0, "TimeoutError", "took longer than timeout: 1 s"),
        *(("bad-ranker", m, "TimeoutError", "took longer than timeout: 1 s") for m in (0, 5, 20)),
    }
    assert len(points_of(outcomes)) == 3 + 3 + 2


@pytest.mark.parametrize("what", ["exit", "sigkill"])
def test_a_method_that_kills_its_process_is_a_failure_and_the_others_finish(bench: Bench, what: str) -> None:
    good = ["baseline", "skill", "near", "lottery"]
    bad = [{"name": "bad-method", "what": what, "at": 1.0}, {"name": "bad-ranker", "what": what}]
    outcomes = bench.outcomes(bench.plan(methods=[*good, *bad], repeats=1), jobs=2)
    killed = failures_of(outcomes)
    assert {(f.run.method, f.run.setting) for f in killed} == {
        ("bad-method", 1.0), ("bad-ranker", 0), ("bad-ranker", 5), ("bad-ranker", 20),
    }  # fmt: skip
    for failure in killed:
        assert failure.kind == "WorkerDied"
        assert "its process was killed, twice; is there enough memory?" in failure.message
    assert_same(
        [o for o in outcomes if o.run.method in good], bench.outcomes(bench.plan(methods=good, repeats=1), store="good")
    )
    assert len(points_of(outcomes, method="bad-method")) == 2


def test_missing_values_cost_those_who_measure_distances_only(bench: Bench) -> None:
    planned = bench.plan(methods=["skill", "near", "chance"], datasets=[{"name": "made", "gaps": True}], repeats=1)
    outcomes = bench.outcomes(planned)
    assert {o.run.method for o in failures_of(outcomes)} == {"near"}
    assert all("luck have missing values" in f.message for f in failures_of(outcomes))
    assert len(points_of(outcomes)) == 6
    imputed = [{"name": "made", "gaps": True, "missing": "impute"}]
    assert not failures_of(bench.outcomes(bench.plan(methods=["near"], datasets=imputed)))


def test_a_collective_of_nobody_costs_its_own_curves_only(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=["skill", "baseline"], alpha=[0.5, 0.001], repeats=1))
    assert len(points_of(outcomes, alpha=0.5)) == 3
    assert {f.message for f in failures_of(outcomes, alpha=0.001)} == {
        "alpha = 0.001 of 62 minority members in the train part is nobody"
    }
    alone = bench.outcomes(bench.plan(methods=["skill", "baseline"], alpha=0.001, repeats=1), store="alone")
    assert len(failures_of(alone)) == 3


def test_knowing_more_than_there_are_costs_its_own_curves_only(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=["skill"], majority_known=[20, 9999], repeats=1))
    assert len(points_of(outcomes, majority_known=20)) == 3
    assert all("majority_known = 9999, but" in f.message for f in failures_of(outcomes, majority_known=9999))


def test_a_data_set_that_is_not_there_costs_its_own_cells_only(bench: Bench) -> None:
    planned = bench.plan(datasets=["made", "not-there"], methods=["baseline", "near"])
    outcomes = bench.outcomes(planned)
    assert not failures_of(outcomes, dataset="made")
    assert not points_of(outcomes, dataset="not-there")
    assert {(f.kind, f.message) for f in failures_of(outcomes)} == {("FileNotFoundError", "no file people.csv")}
    assert len(failures_of(outcomes)) == 2 * (1 + 3)
    assert_same(bench.outcomes(planned), outcomes)


def test_a_table_that_is_too_small_to_split_says_so(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(datasets=[{"name": "made", "n": 8, "test": 0.1}], validation=0.05))
    assert {f.message for f in failures_of(outcomes)} == {
        "the validation part of 8 rows is empty; give a larger table or other shares"
    }
    assert not points_of(outcomes)


def test_a_published_part_that_is_none_is_said_by_the_execution_too(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(datasets=[{"name": "made", "test": "published"}]))
    assert {f.message for f in failures_of(outcomes)} == {
        "data set 'made' has no published test part; give a share, such as test: 0.2"
    }


def test_tuning_of_which_every_trial_fails_fails_with_their_reason(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=[{"name": "bad-ranker", "tune": {"what": ["refuse", "raise"]}}]))
    curve = [f for f in failures_of(outcomes) if not f.run.tuning]
    assert len(curve) == 2 * 3
    assert {f.message for f in curve} == {"strength 0.5 is too much for 12 people; give more"}
    assert_same(
        bench.outcomes(bench.plan(methods=[{"name": "bad-ranker", "tune": {"what": ["refuse", "raise"]}}])), outcomes
    )


def test_candidates_that_fail_are_not_chosen(bench: Bench) -> None:
    spec = {"name": "bad-method", "tune": {"what": ["raise", "fine"]}, "sweep": [0.0]}
    outcomes = bench.outcomes(bench.plan(methods=[spec], repeats=1))
    (point,) = points_of(outcomes)
    assert dict(point.run.knobs)["what"] == "fine"
    assert [f.run.tuning for f in failures_of(outcomes)] == [True]


def test_a_metric_that_is_undefined_in_every_trial_chooses_nothing(bench: Bench) -> None:
    """Nobody of the minority is in the validation part."""
    planned = bench.plan(
        methods=["direction", "skill"], datasets=[{"name": "made", "n": 60}], validation=0.05, repeats=1
    )
    outcomes = bench.outcomes(planned)
    (some, *_) = points_of(outcomes, method="skill")
    assert some.measures["validation.eqod"] is None, "the table is made so"
    failures = failures_of(outcomes)
    assert {f.run.method for f in failures} == {"direction"}
    assert all(f.kind == "Undefined" and "fix the knob (sign) in the config" in f.message for f in failures)
    assert_same(bench.outcomes(planned), outcomes)


# ---- spaces, learners, data sets


def test_distances_in_a_learned_space_are_distances_there(bench: Bench) -> None:
    """In `doubled`, only skill counts: the neighbours are those of a table without other features."""
    methods = [{"name": "near", "k": 3}]
    learned = bench.outcomes(bench.plan(methods=methods, space={"method": "doubled"}))
    assert not failures_of(learned)
    encoded = bench.outcomes(bench.plan(methods=methods), store="encoded")
    assert {p.run.space for p in points_of(learned)} == {"doubled"}
    changed = [a.measures != b.measures for a, b in zip(points_of(learned), points_of(encoded), strict=True)]
    assert any(changed)
    wider = bench.outcomes(bench.plan(methods=methods, space={"method": "doubled", "width": 7}), store="wider")
    assert [p.measures for p in points_of(wider)] == [p.measures for p in points_of(learned)], "scale changes no order"


def test_distances_in_the_standardised_space_ignore_units(bench: Bench) -> None:
    methods = [{"name": "near", "k": 3}]
    plain, scaled = (
        bench.outcomes(bench.plan(methods=methods, datasets=[{"name": "made", "scale": scale}], space="standardised"),
                       store=str(scale))
        for scale in (1.0, 1024.0)
    )  # fmt: skip
    assert [p.measures for p in points_of(plain)] == [p.measures for p in points_of(scaled)]


def test_every_scenario_has_its_own_points(bench: Bench) -> None:
    planned = bench.plan(
        datasets=["made", {"name": "made", "called": "other", "seed": 5, "group_in_X": [True, False]}],
        learner=["sklearn.tree.DecisionTreeClassifier", "sklearn.naive_bayes.GaussianNB"],
        alpha=[0.3, 0.6], majority_known=["all", 30], space=["encoded", "standardised"], repeats=1,
        methods=["near", "lottery"],
    )  # fmt: skip
    outcomes = bench.outcomes(planned)
    assert not failures_of(outcomes)
    points = points_of(outcomes)
    grounds = 3 * 2
    assert len(points) == grounds * (8 * 3 + 3) == planned.points
    scenario = ("dataset", "group_in_X", "learner", "alpha", "majority_known", "space", "method", "order")
    assert len({tuple(getattr(p.run, name) for name in scenario) for p in points}) == len(points)
    assert len(keys(points)) == len(points)  # type: ignore[arg-type]


def test_larger_collectives_contain_smaller_ones_in_every_repeat(bench: Bench) -> None:
    planned = bench.plan(repeats=3)
    work = bench.folder / "work"
    place = place_of(planned, planned.curves[0].ground, work, tuple(bench.registry.metrics.values()))
    for repeat in range(3):
        ground = Stage(place, repeat)
        small, large = (set(ground.collective(alpha, None).members) for alpha in (0.3, 0.6))
        few, many = (set(ground.collective(0.3, known).known) for known in (10, 100))
        assert small < large
        assert few < many


def test_without_resplit_only_the_collective_is_drawn_anew(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(resplit=False, methods=["baseline", "skill"], repeats=3))
    sizes = {p.measures["test.n.minority.1"] for p in points_of(outcomes)}
    assert len(sizes) == 1
    assert len({p.candidates for p in points_of(outcomes, method="skill")}) > 1
    anew = bench.outcomes(bench.plan(methods=["baseline"], repeats=3), store="anew")
    assert len({p.measures["test.n.minority.1"] for p in points_of(anew)}) > 1


def test_a_rule_can_certify_bounds_which_are_compared_with_what_was_measured(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=["certified"], repeats=1))
    (point,) = points_of(outcomes)
    certified = {name: value for name, value in point.measures.items() if "certified_" in name or "obeys_" in name}
    assert point.measures["test.eqod"] == 0, "everybody is accepted"
    assert certified == {
        "test.certified_eqod": 0.25, "test.obeys_eqod": 1.0, "test.certified_error": 0.01, "test.obeys_error": 0.0,
        "test.certified_other": 1.0,
    }  # fmt: skip


def test_a_certificate_cannot_take_the_place_of_a_measured_value(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=[{"name": "certified", "bounds": [["eqod", 0.0]]}], repeats=1))
    assert "call it certified_<metric>, so that it hides no measured value" in failures_of(outcomes)[0].message


# ---- odds and ends


def test_a_thread_backend_works_too(bench: Bench) -> None:
    planned = bench.plan(methods=["baseline", "skill"], repeats=1)
    assert_same(bench.outcomes(planned, jobs=2, backend="threading"), bench.outcomes(planned, store="one"))


def test_nothing_is_left_behind_in_the_temporary_folder(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    bench.outcomes(bench.plan(repeats=1))
    stream = bench.stream(bench.plan(), store="broken")
    next(stream)
    stream.close()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_cores_are_those_that_this_process_may_use() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_seconds_are_counted_once_where_a_fit_is_shared(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(methods=["skill", "skill-too"], repeats=1, budgets=[5]))
    spent = [p.seconds for p in points_of(outcomes, setting=5)]
    assert sorted(second > 0 for second in spent) == [False, True]
    assert all(p.ranking_seconds > 0 for p in points_of(outcomes))


def test_records_that_are_not_asked_for_stay_out(bench: Bench) -> None:
    """The store knows more than the plan asks for."""
    bench.outcomes(bench.plan(methods=EVERYBODY))
    outcomes = bench.outcomes(bench.plan(methods=["baseline"]))
    assert {o.run.method for o in outcomes} == {"baseline"}


def test_execution_needs_no_bootstrap(bench: Bench) -> None:
    outcomes = bench.outcomes(bench.plan(bootstrap=0, methods=["baseline"], repeats=1))
    assert not [name for name in points_of(outcomes)[0].measures if name.endswith(".low")]
