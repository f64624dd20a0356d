"""Rules that are checked, randomised rules that are evaluated exactly, intervals, and values that are undefined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fwk.api import Cells, Floats, Labelled, Metric, People
from fwk.evaluate import by_trait, cells, decide, measure, resample
from fwk.plugins import load_plugins

METRICS: tuple[Metric, ...] = tuple(load_plugins().metrics.values())


def drawn(n: int, seed: int = 0, levels: int = 5) -> tuple[Floats, Labelled]:
    """P(accept) of so many distinct values, higher for the majority and for y = 1, and the people."""
    rng = np.random.default_rng(seed)
    minority, y = rng.random(n) < 0.4, rng.random(n) < 0.5
    accept = np.clip((rng.random(n) + 0.4 * y - 0.3 * minority).round(1), 0, 1)
    accept = (accept * (levels - 1)).round() / (levels - 1)
    return accept, Labelled(People(np.zeros((n, 0)), minority, ()), y)


def test_a_randomised_rule_measures_as_the_mean_of_many_draws_of_it() -> None:
    accept, people = drawn(400)
    exact = measure(accept, people, METRICS)
    rng = np.random.default_rng(1)
    draws = 4000
    decisions = (rng.random((draws, len(people))) < accept).astype(float)
    names = [f"{rate}.{group}" for rate in ("tpr", "fpr", "acceptance") for group in ("majority", "minority")]
    for name in ["error", *names]:
        seen = np.array([measure(one, people, METRICS)[name] for one in decisions[:400]], dtype=float)
        assert exact[name] == pytest.approx(seen.mean(), abs=4 * seen.std() / np.sqrt(len(seen)))
    mean_cells = cells(decisions.mean(axis=0), people.y, people.minority)
    for metric in METRICS:
        assert exact[metric.name] == pytest.approx(float(metric.measure(mean_cells)), abs=0.01)


def test_intervals_agree_with_resampling_people_one_by_one() -> None:
    accept, people = drawn(300, seed=2)
    draws = 3000
    found = measure(accept, people, METRICS, rng=np.random.default_rng(0), draws=draws)
    rng = np.random.default_rng(99)
    by_loop: dict[str, list[float]] = {metric.name: [] for metric in METRICS}
    for _ in range(draws):
        chosen = rng.integers(len(people), size=len(people))
        table = cells(accept[chosen], people.y[chosen], people.minority[chosen])
        for metric in METRICS:
            by_loop[metric.name].append(float(metric.measure(table)))
    for name, values in by_loop.items():
        low, high = np.quantile(values, [0.025, 0.975])
        assert found[f"{name}.low"] == pytest.approx(low, abs=0.15 * (high - low)), name
        assert found[f"{name}.high"] == pytest.approx(high, abs=0.15 * (high - low)), name
        assert f"{name}.undefined_draws" not in found


COMPAS = (250, 280, 170, 355)


@pytest.mark.parametrize(("gap", "at_least"), [(0.0, 0.85), (0.01, 0.9), (0.04, 0.93), (0.15, 0.93)])
def test_intervals_hold_the_truth_also_where_there_is_no_gap(gap: float, at_least: float) -> None:
    """On a test part like that of COMPAS, gaps of both rates alike: about 95 % of the intervals hold them, and some
    90 % where there is none; those of the percentile bootstrap alone would never."""
    rng = np.random.default_rng(0)
    y, minority = np.repeat([True, True, False, False], COMPAS), np.repeat([False, True, False, True], COMPAS)
    people = Labelled(People(np.zeros((len(y), 0)), minority, ()), y)
    rates = np.repeat([0.6 + gap / 2, 0.6 - gap / 2, 0.3 + gap / 2, 0.3 - gap / 2], COMPAS)
    held = []
    for _ in range(200):
        found = measure((rng.random(len(y)) < rates).astype(float), people, METRICS, rng=rng, draws=300)
        low, value, high = (found[f"eqod{end}"] for end in (".low", "", ".high"))
        assert low is not None
        assert value is not None
        assert high is not None
        assert 0 <= low <= value <= high
        held.append(low <= gap <= high)
    assert np.mean(held) >= at_least


def test_bootstrap_samples_keep_the_size_and_the_mean() -> None:
    accept, people = drawn(200, seed=3)
    table, resampled = cells(accept, people.y, people.minority), None
    resampled = resample(accept, people.y, people.minority, np.random.default_rng(0), 4000)
    assert resampled.n.shape == resampled.accepted.shape == (4000, 2, 2)
    assert (resampled.n.sum(axis=(-1, -2)) == 200).all()
    assert (resampled.accepted <= resampled.n + 1e-9).all()
    np.testing.assert_allclose(resampled.n.mean(axis=0), table.n, atol=0.6)
    np.testing.assert_allclose(resampled.accepted.mean(axis=0), table.accepted, atol=0.6)


def test_draws_in_which_a_measure_is_undefined_are_counted_apart() -> None:
    """One of 20 people is a minority member with y = 1: (1 - 1/20)^20 = 36 % of samples lack her."""
    minority, y = np.arange(20) < 4, np.array([True] + [False] * 9 + [True] * 10)
    people = Labelled(People(np.zeros((20, 0)), minority, ()), y)
    accept = np.where(np.arange(20) % 2 == 0, 1.0, 0.0)
    found = measure(accept, people, METRICS, rng=np.random.default_rng(0), draws=4000)
    lacking_her, lacking_the_three = 0.95**20, 0.85**20
    either = lacking_her + lacking_the_three - 0.8**20
    assert found["eqod.undefined_draws"] == pytest.approx(either, abs=0.03)
    assert found["eqod"] is not None
    assert found["eqod.low"] is not None
    assert "error.undefined_draws" not in found


def test_what_is_undefined_is_none_and_never_a_made_up_value() -> None:
    people = Labelled(
        People(np.zeros((4, 0)), np.array([False, False, True, True]), ()), np.array([True, False] + [False] * 2)
    )
    found = measure(np.array([1.0, 0.0, 1.0, 0.0]), people, METRICS, rng=np.random.default_rng(0), draws=50)
    for name in ("eqod", "eqod_max", "tpr.minority", "eqod.low", "eqod.high", "eqod_max.low"):
        assert found[name] is None, name
    assert found["eqod.undefined_draws"] == 1.0
    assert found["fpr.minority"] == 0.5
    assert found["sp"] == 0.0
    nobody = Labelled(People(np.zeros((0, 0)), np.zeros(0, bool), ()), np.zeros(0, bool))
    of_nobody = measure(np.zeros(0), nobody, METRICS)
    assert {of_nobody[metric.name] for metric in METRICS} == {None}


def test_a_rule_is_asked_without_traits() -> None:
    met: list[People] = []

    def rule(people: People, /) -> Floats:
        met.append(people)
        return np.zeros(len(people))

    people = People(np.zeros((3, 1)), np.zeros(3, bool), ("a",), (), {"race": np.array(["a", "b", "c"], dtype=object)})
    assert decide(rule, people).tolist() == [0, 0, 0]
    assert met[0].traits == {}


def test_a_rule_is_not_asked_about_nobody() -> None:
    def rule(people: People, /) -> Floats:
        raise AssertionError

    assert decide(rule, People(np.zeros((0, 1)), np.zeros(0, bool), ("a",))).shape == (0,)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([0.0, 1.0], r"shape \(2,\) for 3 people"),
        ([[0.0], [1.0], [0.0]], r"shape \(3, 1\) for 3 people"),
        (0.5, r"shape \(\) for 3 people"),
        ([0.0, 1.5, 0.0], r"gave 0\.0 to 1\.5, 0 NaN; P\(accept\) lies in \[0, 1\]"),
        ([0.0, -0.1, 0.0], r"gave -0\.1 to 0\.0, 0 NaN"),
        ([0.0, np.nan, 1.0], r"gave 0\.0 to 1\.0, 1 NaN"),
        ([np.nan] * 3, r"3 NaN"),
        ([np.inf, 0.0, 1.0], r"gave 0\.0 to inf"),
    ],
)
def test_a_rule_that_gives_no_probabilities_is_refused_with_what_it_gave(given: Any, said: str) -> None:
    people = People(np.zeros((3, 1)), np.zeros(3, bool), ("a",))
    with pytest.raises(ValueError, match=said):
        decide(lambda _: np.array(given), people)


def test_booleans_and_integers_are_probabilities_too() -> None:
    people = People(np.zeros((2, 1)), np.zeros(2, bool), ("a",))
    for given in (np.array([True, False]), np.array([1, 0]), [1, 0]):
        assert decide(lambda _, given=given: given, people).tolist() == [1.0, 0.0]


def test_one_trait_has_no_intersection() -> None:
    accept, y = np.array([1.0, 0.0, 0.5]), np.array([True, False, True])
    names = {name.rpartition(".")[0] for name in by_trait(accept, y, {"age": np.array([30, 30, 40])})}
    assert names == {"audit[age=30]", "audit[age=40]"}
    assert by_trait(accept, y, {}) == {}


def test_bad_labels_for_rates_are_told_apart_from_zero() -> None:
    table = Cells(np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(table.tpr, [0.5, np.nan])
    np.testing.assert_array_equal(table.fpr, [np.nan, 0.0])
    np.testing.assert_array_equal(table.acceptance, [0.5, 0.0])
    assert table.error == pytest.approx(1 / 3)
