"""Tests over repeats are compared with scipy's, and with Holm's procedure done step by step."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fwk.paper.statistics import Region, effect, holm, swapped

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
    assert 0.94 <= covered / 2000 <= 0.97
    assert alone / 2000 < 0.5


def test_the_shared_error_alone_is_a_normal_test() -> None:
    found = effect([0.3] * 3 + [0.3 + 1e-9], Region.above(0), shared=0.1)
    assert found is not None
    assert found.p == pytest.approx(2 * stats.norm.sf(3), rel=1e-6)
    assert (found.low, found.high) == pytest.approx((0.3 - 1.95996 * 0.1, 0.3 + 1.95996 * 0.1), rel=1e-4)


def test_an_undefined_difference_has_no_effect() -> None:
    assert effect([0.1, float("nan"), 0.2], Region.above(0)) is None


def difference(first: np.ndarray, second: np.ndarray) -> float:
    return float(first.mean() - second.mean())


@pytest.mark.parametrize("seed", range(5))
def test_swaps_of_a_mean_are_scipys_permutation_test_of_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(0.4, 1, 8), rng.normal(0, 1, 8)
    expected = stats.permutation_test((first, second), difference, permutation_type="samples", n_resamples=np.inf)
    found = swapped(first, second, difference)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.mean == pytest.approx(first.mean() - second.mean())
    assert found.low < found.mean < found.high
    assert swapped(first, second, difference) == found, "seeded"


def test_no_swap_test_is_surer_than_its_draws() -> None:
    """Beyond 12 repeats swaps are drawn, and what was found is one of them: p is never 0."""
    first, second = np.full((20, 1), 2.0), np.full((20, 1), 1.0)
    assert swapped(first, second, lambda a, b: float((a - b).mean())).p == pytest.approx(1 / 4097)


def test_a_swap_test_keeps_its_level_where_a_statistic_jumps() -> None:
    """Curves of the same kind, of whose means the first crossing of a level is compared."""
    rng = np.random.default_rng(3)

    def crossing(curves: np.ndarray) -> float:
        return float(np.argmax(curves.mean(axis=0) <= 0.5))

    rejected = 0
    for _ in range(200):
        first, second = (np.linspace(1, 0, 12) + 0.3 * rng.normal(size=(6, 12)) for _ in range(2))
        rejected += swapped(first, second, lambda a, b: crossing(a) - crossing(b)).p < 0.05
    assert rejected <= 20, "10 are expected at most; 20 in one of a thousand times"


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
