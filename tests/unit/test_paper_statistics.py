"""Tests over repeats are compared with scipy's, and with Holm's procedure done step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fwk.paper.statistics import Region, effect, holm, jackknife

NUMBERS = st.lists(st.floats(-1, 1).map(lambda x: round(x, 3)), min_size=3, max_size=12)


@given(NUMBERS, st.floats(-0.5, 0.5))
def test_a_one_sided_region_is_scipys_t_test_against_its_end(differences: list[float], end: float) -> None:
    if np.std(differences) < 1e-6:
        return
    expected = stats.ttest_1samp(differences, end)
    found = effect(differences, Region.above(end))
    assert found is not None
    assert found.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6, abs=1e-9)
    assert effect(differences, Region.below(end)) == found


def test_differences_of_pairs_are_scipys_paired_test() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(0.1, 1, 10), rng.normal(0, 1, 10)
    found = effect(first - second, Region.above(0))
    assert found is not None
    assert found.p == pytest.approx(stats.ttest_rel(first, second).pvalue)
    assert found.mean == pytest.approx(first.mean() - second.mean())


@given(NUMBERS, st.floats(0.05, 0.9))
def test_between_agrees_exactly_where_the_interval_lies_within(differences: list[float], margin: float) -> None:
    if np.std(differences) < 1e-6:
        return
    region = Region.within(margin)
    found = effect(differences, region)
    assert found is not None
    agrees = found.p < 0.05 and region.holds(found.mean)
    low, high = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    assert agrees == (-margin < low and high < margin)
    one_sided = max(
        stats.ttest_1samp(differences, -margin, alternative="greater").pvalue,
        stats.ttest_1samp(differences, margin, alternative="less").pvalue,
    )
    if region.holds(found.mean):
        assert found.p == pytest.approx(2 * one_sided, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("value", "n", "p"), [(0.2, 4, 0.125), (0.2, 2, 0.5), (-0.2, 10, 2 / 1024), (0.0, 4, 1.0)])
def test_equal_differences_have_the_sign_tests_p(value: float, n: int, p: float) -> None:
    found = effect([value] * n, Region.above(0))
    assert found is not None
    assert (found.mean, found.low, found.high, found.p) == (value, value, value, p)
    if value:
        assert p == pytest.approx(stats.binomtest(n, n).pvalue)


def test_an_error_that_all_repeats_share_widens_the_interval_to_what_is_there() -> None:
    """Intervals of the mean cover the truth in 95 of 100 worlds, though all repeats of a world err together."""
    rng = np.random.default_rng(0)
    covered = alone = 0
    for _ in range(2000):
        differences = 0.3 + 0.2 * rng.normal() + 0.1 * rng.normal(size=10)
        found, without = (effect(differences, Region.above(0), shared) for shared in (0.2, 0.0))
        assert found is not None
        assert without is not None
        covered += found.low < 0.3 < found.high
        alone += without.low < 0.3 < without.high
    assert 0.95 <= covered / 2000 <= 0.99, "Student's t with few degrees of freedom is on the safe side"
    assert alone / 2000 < 0.5


@given(NUMBERS)
def test_pseudo_values_of_a_mean_are_the_values(values: list[float]) -> None:
    given_values = np.array(values)
    np.testing.assert_allclose(jackknife(len(values), lambda kept: float(given_values[kept].mean())), values, atol=1e-9)


def test_the_jackknife_tells_the_error_of_a_ratio() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(2, 0.2, 400), rng.normal(5, 0.5, 400)
    found = jackknife(400, lambda kept: float(y[kept].mean() / x[kept].mean()))
    assert found.mean() == pytest.approx(2.5, abs=0.05)
    by_delta = np.std(y / 2 - 2.5 * x / 2)
    assert found.std() == pytest.approx(by_delta, rel=0.1)


@pytest.mark.parametrize("few", [[], [0.3]])
def test_fewer_than_two_differences_say_nothing(few: list[float]) -> None:
    assert effect(few, Region.above(0)) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_what_its_steps_reject(p: list[float]) -> None:
    adjusted = holm(p)
    assert all(0 <= a <= 1 for a in adjusted)
    for level in (0.01, 0.05, 0.2, 0.6):
        rejected: set[int] = set()
        for step, place in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
            if p[place] * (len(p) - step) > level:
                break
            rejected.add(place)
        assert {i for i, a in enumerate(adjusted) if a <= level} == rejected


def test_holm_matches_a_worked_example() -> None:
    # Holm 1979's procedure by hand: .005 x 4, .011 x 3, .02 x 2, .04 x 1
    assert holm([0.011, 0.02, 0.005, 0.04]) == pytest.approx([0.033, 0.04, 0.02, 0.04])


def test_holm_of_one_is_itself_and_of_none_is_none() -> None:
    assert holm([0.03]) == [0.03]
    assert holm([]) == []
