"""Fronts against brute force, against moocore and scipy, and against what must hold whatever the points are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import moocore
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from fwk.api import Floats
from fwk.fronts import attainment, convex_envelope, hypervolume, non_dominated

# a coarse grid makes ties and duplicates; its numbers are exact in binary, so that areas can be compared to the bit
coordinate = st.integers(0, 12).map(lambda step: step / 16)
anywhere = st.floats(0, 1, allow_subnormal=False)
undefined = st.just(float("nan"))


def arrays(number: st.SearchStrategy[float], least: int = 0) -> st.SearchStrategy[Floats]:
    points = st.lists(st.tuples(number, number), min_size=least, max_size=12)
    return points.map(lambda rows: np.array(rows, dtype=np.float64).reshape(-1, 2))


def dominates(q: Floats, p: Floats) -> bool:
    return bool((q <= p).all() and (q < p).any())


def test_of_no_points_nothing_is_on_a_front() -> None:
    nobody = np.empty((0, 2))
    assert non_dominated(nobody).tolist() == []
    assert convex_envelope(nobody).tolist() == []
    assert hypervolume(nobody) == 0
    assert attainment([]).shape == attainment([nobody, nobody]).shape == (0, 2)


@given(arrays(coordinate | undefined))
def test_a_point_is_on_the_front_unless_another_dominates_it_or_it_is_undefined(values: Floats) -> None:
    expected = [not np.isnan(p).any() and not any(dominates(q, p) for q in values) for p in values]
    assert non_dominated(values).tolist() == expected


@given(arrays(coordinate | anywhere, least=1))
def test_the_front_is_that_of_moocore(values: Floats) -> None:
    assert non_dominated(values).tolist() == moocore.is_nondominated(values, keep_weakly=True).tolist()


@given(arrays(coordinate | undefined), st.randoms(use_true_random=False))
def test_the_order_of_points_does_not_matter(values: Floats, random: np.random.Generator) -> None:
    order = list(range(len(values)))
    random.shuffle(order)
    assert non_dominated(values[order]).tolist() == non_dominated(values)[order].tolist()
    assert hypervolume(values[order]) == pytest.approx(hypervolume(values), abs=1e-15)
    assert values[order][convex_envelope(values[order])].tolist() == values[convex_envelope(values)].tolist()


@given(arrays(coordinate | undefined, least=1), st.integers(0, 40))
def test_no_weighting_of_the_two_finds_a_point_below_the_envelope(values: Floats, weight: int) -> None:
    toward = np.array([40 - weight, weight]) / 40
    corners = values[convex_envelope(values)]
    defined = values[~np.isnan(values).any(axis=1)]
    assert len(corners) == 0 if len(defined) == 0 else (corners @ toward).min() <= (defined @ toward).min() + 1e-12


@given(arrays(coordinate | undefined))
def test_corners_of_the_envelope_are_on_the_front_and_bend_ever_flatter(values: Floats) -> None:
    corners = convex_envelope(values)
    assert non_dominated(values)[corners].all()
    steps = np.diff(values[corners], axis=0)
    assert (steps[:, 0] > 0).all()
    assert (np.diff(steps[:, 1] / steps[:, 0]) > 0).all()


@given(arrays(coordinate, least=1))
def test_corners_of_the_envelope_are_those_of_the_hull_with_everything_worse(values: Floats) -> None:
    (error, unfairness) = values.min(axis=0)
    worse = np.array([[error, 2.0], [2.0, unfairness], [2.0, 2.0]])
    both = np.concatenate([values, worse])
    hull = {tuple(both[corner].tolist()) for corner in ConvexHull(both).vertices}
    envelope = values[convex_envelope(values)].tolist()
    assert set(map(tuple, envelope)) == hull - set(map(tuple, worse.tolist()))


@given(arrays(coordinate | anywhere, least=1))
def test_the_hypervolume_is_that_of_moocore(values: Floats) -> None:
    assert hypervolume(values, (0.6, 0.7)) == pytest.approx(moocore.hypervolume(values, ref=[0.6, 0.7]), abs=1e-12)


@given(arrays(coordinate | undefined))
def test_the_hypervolume_counts_the_cells_of_a_grid_that_are_attained(values: Floats) -> None:
    attained = sum(
        any((point <= (x / 16, y / 16)).all() for point in values) for x, y in itertools.product(range(8), repeat=2)
    )
    assert hypervolume(values, (0.5, 0.5)) == attained / 256


@given(arrays(coordinate), arrays(coordinate))
def test_more_points_never_make_a_front_worse(values: Floats, others: Floats) -> None:
    assert hypervolume(np.concatenate([values, others])) >= hypervolume(values)


sets = st.lists(arrays(coordinate, least=1), min_size=1, max_size=5)


@given(sets, st.integers(1, 5))
def test_the_attained_region_is_where_enough_fronts_have_a_point_that_is_no_worse(
    fronts: Sequence[Floats], number: int
) -> None:
    number = min(number, len(fronts))
    corners = attainment(fronts, number / len(fronts))
    for where in itertools.product(np.arange(14) / 16, repeat=2):
        attaining = sum(bool((front <= where).all(axis=1).any()) for front in fronts)
        assert bool((corners <= where).all(axis=1).any()) == (attaining >= number)
    assert non_dominated(corners).all()


@given(sets)
def test_the_median_front_is_that_of_moocore(fronts: Sequence[Floats]) -> None:
    numbers = np.concatenate([np.full(len(front), index) for index, front in enumerate(fronts)])
    theirs = moocore.eaf(np.concatenate(fronts), numbers, percentiles=[50])[:, :2]
    assert attainment(fronts, 0.5).tolist() == sorted(theirs.tolist())


@given(arrays(coordinate | undefined, least=1))
def test_one_front_alone_attains_its_own_points(values: Floats) -> None:
    assert {tuple(corner) for corner in attainment([values])} == {tuple(p) for p in values[non_dominated(values)]}
