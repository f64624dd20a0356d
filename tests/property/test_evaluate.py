"""Measures of random people under random rules: against fairlearn, and against counting by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    equal_opportunity_difference,
    equalized_odds_difference,
    false_positive_rate,
    selection_rate,
    true_positive_rate,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fwk.api import Cells, Floats, Labelled, Metric, People
from fwk.evaluate import by_trait, cells, measure, rates
from fwk.plugins import load_plugins

METRICS: tuple[Metric, ...] = tuple(load_plugins().metrics.values())


@st.composite
def evaluated(draw: st.DrawFn, hard: bool = False, every_cell: bool = False, least: int = 1) -> tuple[Floats, Labelled]:
    """P(accept), and the people it is about. `every_cell`: each group has somebody of each label."""
    n = draw(st.integers(max(least, 8) if every_cell else least, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    minority, y = rng.random((2, n)) < [[draw(st.floats(0, 1))], [draw(st.floats(0, 1))]]
    if every_cell:
        minority[:4], y[:4] = [False, False, True, True], [False, True, False, True]
    accept = rng.random(n)
    accept = (accept < draw(st.floats(0, 1))).astype(float) if hard else accept.round(draw(st.integers(0, 3)))
    people = People(np.zeros((n, 0)), minority, ())
    return accept, Labelled(people, y)


@given(evaluated(hard=True, every_cell=True))
@settings(max_examples=25, deadline=None)
def test_deterministic_rules_measure_as_fairlearn_measures_them(given_: tuple[Floats, Labelled]) -> None:
    accept, people = given_
    found = measure(accept, people, METRICS)
    args: dict[str, Any] = {
        "y_true": people.y.astype(int), "y_pred": accept.astype(int), "sensitive_features": people.minority,
    }  # fmt: skip
    assert found["eqod"] == pytest.approx(equalized_odds_difference(**args, agg="mean"), abs=1e-12)
    assert found["eqod_max"] == pytest.approx(equalized_odds_difference(**args, agg="worst_case"), abs=1e-12)
    assert found["eopp"] == pytest.approx(equal_opportunity_difference(**args), abs=1e-12)
    assert found["sp"] == pytest.approx(demographic_parity_difference(**args), abs=1e-12)
    assert found["error"] == pytest.approx(np.mean(args["y_true"] != args["y_pred"]))
    named = {"tpr": true_positive_rate, "fpr": false_positive_rate, "acceptance": selection_rate}
    frame = MetricFrame(metrics=named, **args)
    for rate in named:
        for mark, group in ((False, "majority"), (True, "minority")):
            assert found[f"{rate}.{group}"] == pytest.approx(frame.by_group.loc[mark, rate], abs=1e-12)


@given(evaluated())
@settings(max_examples=100, deadline=None)
def test_any_rule_measures_as_counted_person_by_person(given_: tuple[Floats, Labelled]) -> None:
    accept, people = given_
    found = measure(accept, people, METRICS)
    rows = list(zip(accept.tolist(), people.minority.tolist(), people.y.tolist(), strict=True))

    def mean(minority: bool | None, label: bool | None) -> float | None:
        chosen = [p for p, m, y in rows if minority in (None, m) and label in (None, y)]
        return math.fsum(chosen) / len(chosen) if chosen else None

    for mark, group in ((False, "majority"), (True, "minority")):
        for name, label in (("tpr", True), ("fpr", False), ("acceptance", None)):
            expected = mean(mark, label)
            value = found[f"{name}.{group}"]
            assert value is None if expected is None else value == pytest.approx(expected)
        for label in (False, True):
            assert found[f"n.{group}.{int(label)}"] == sum(1 for _, m, y in rows if (m, y) == (mark, label))
    wrong = math.fsum(1 - p if y else p for p, _, y in rows)
    assert found["error"] == pytest.approx(wrong / len(rows))
    gaps = []
    for label in (True, False):
        majority, minority = mean(False, label), mean(True, label)
        gaps.append(None if majority is None or minority is None else abs(majority - minority))
    if None in gaps:
        assert found["eqod"] is None
        assert found["eqod_max"] is None
    else:
        assert found["eqod"] == pytest.approx(sum(g for g in gaps if g is not None) / 2)
        assert found["eqod_max"] == pytest.approx(max(g for g in gaps if g is not None))
    assert found["eopp"] == (None if gaps[0] is None else pytest.approx(gaps[0]))
    by_group = mean(False, None), mean(True, None)
    if None in by_group:
        assert found["sp"] is None
    else:
        assert found["sp"] == pytest.approx(abs((by_group[0] or 0) - (by_group[1] or 0)))


@given(evaluated(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_people_changes_no_measure(given_: tuple[Floats, Labelled], random: Any) -> None:
    accept, people = given_
    order = np.array(random.sample(range(len(people)), len(people)))
    found, again = measure(accept, people, METRICS), measure(accept[order], people.take(order), METRICS)
    assert again == pytest.approx(found, nan_ok=True)


@given(evaluated(every_cell=True))
@settings(deadline=None)
def test_swapping_the_groups_changes_no_measure_but_names(given_: tuple[Floats, Labelled]) -> None:
    accept, people = given_
    swapped = Labelled(People(people.X, ~people.minority, ()), people.y)
    found, again = measure(accept, people, METRICS), measure(accept, swapped, METRICS)
    for metric in METRICS:
        assert again[metric.name] == pytest.approx(found[metric.name])
    assert again["tpr.majority"] == found["tpr.minority"]


@given(evaluated(every_cell=True))
@settings(deadline=None)
def test_a_rule_that_ignores_people_is_fair(given_: tuple[Floats, Labelled]) -> None:
    _, people = given_
    found = measure(np.full(len(people), 0.25), people, METRICS)
    assert [found[name] for name in ("eqod", "eqod_max", "eopp", "sp")] == pytest.approx([0, 0, 0, 0])


@given(evaluated(least=4), st.integers(1, 5), st.integers(1, 4))
@settings(deadline=None)
def test_metrics_take_any_leading_shape(given_: tuple[Floats, Labelled], first: int, second: int) -> None:
    accept, people = given_
    table = cells(accept, people.y, people.minority)
    stacked = Cells(*(np.broadcast_to(a, (first, second, 2, 2)) for a in (table.n, table.accepted)))
    for metric in METRICS:
        found = metric.measure(stacked)
        assert found.shape == (first, second)
        np.testing.assert_array_equal(found, np.broadcast_to(metric.measure(table), (first, second)))


TRAITS = st.lists(st.sampled_from(["a", "b c", "ü & ;", None]), min_size=1, max_size=40)


@given(TRAITS, st.integers(0, 2**32), st.booleans())
@settings(max_examples=60, deadline=None)
def test_audits_equal_counting_by_hand(values: list[str | None], seed: int, two: bool) -> None:
    rng = np.random.default_rng(seed)
    n = len(values)
    accept, y = rng.random(n), rng.random(n) < 0.5
    traits = {"race": np.array(values, dtype=object)}
    if two:
        traits["sex"] = rng.choice(["F", "M"], n).astype(object)
    found = by_trait(accept, y, traits)
    shown = {name: ["missing" if v is None else str(v) for v in column] for name, column in traits.items()}
    people = pd.DataFrame({**shown, "accept": accept, "y": y})
    groups = [{"race": value} for value in set(shown["race"])]
    if two:
        groups += [{"sex": value} for value in set(shown["sex"])]
        groups += [{"race": r, "sex": s} for r, s in set(zip(shown["race"], shown["sex"], strict=True))]
    assert len(found) == 6 * len(groups)
    for group in groups:
        name = f"audit[{' & '.join(f'{k}={v}' for k, v in group.items())}]"
        member = np.all([people[k] == v for k, v in group.items()], axis=0)
        chosen = people[member]
        positive, negative = chosen[chosen["y"]], chosen[~chosen["y"]]
        assert found[f"{name}.n"] == len(chosen)
        assert found[f"{name}.n_positive"] == len(positive)
        assert found[f"{name}.acceptance"] == pytest.approx(chosen["accept"].mean())
        for rate, part in (("tpr", positive), ("fpr", negative)):
            value = found[f"{name}.{rate}"]
            assert value == pytest.approx(part["accept"].mean()) if len(part) else value is None
        wrong = (1 - positive["accept"]).sum() + negative["accept"].sum()
        assert found[f"{name}.error"] == pytest.approx(wrong / len(chosen))


@given(evaluated(), st.integers(0, 2**32))
@settings(deadline=None)
def test_parts_of_the_people_average_to_the_whole(given_: tuple[Floats, Labelled], seed: int) -> None:
    accept, people = given_
    assume(len(people) > 1)
    member = np.random.default_rng(seed).random(len(people)) < 0.5
    whole = rates("all", accept, people.y, np.ones(len(people), bool))
    parts = [rates("all", accept, people.y, mask) for mask in (member, ~member)]
    for rate in ("acceptance", "error"):
        sizes = [(part["all.n"] or 0) * (part[f"all.{rate}"] or 0) for part in parts]
        assert sum(sizes) / len(people) == pytest.approx(whole[f"all.{rate}"])
