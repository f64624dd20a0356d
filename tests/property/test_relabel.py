"""What holds for every collective, ranking and neighbour search."""

from __future__ import annotations

import itertools
import math
import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from fwk import neighbours
from fwk.api import Labelled, Nearest, People
from fwk.neighbours import nearest
from fwk.relabel import Collective, flip, flips, gather, pool_size, ranking
from fwk.split import stream

SCORES = st.one_of(st.just(-math.inf), st.integers(-2, 2).map(float), st.floats(-1e6, 1e6))


@st.composite
def trains(draw: st.DrawFn) -> Labelled:
    """A train part with at least one member of each group."""
    n = draw(st.integers(2, 80))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    minority, y = rng.random((2, n)) < [[draw(st.floats(0.05, 0.95))], [draw(st.floats(0, 1))]]
    minority[:2] = [True, False]
    return Labelled(People(rng.normal(size=(n, 2)), minority, ("a", "b")), y)


@st.composite
def gridded(draw: st.DrawFn, n: int, width: int = 2) -> Labelled:
    """People on a small grid: many are equally far, and many are equal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    X = rng.integers(0, 3, size=(n, width)).astype(float)
    return Labelled(People(X, np.zeros(n, bool), tuple(map(str, range(width)))), rng.random(n) < 0.5)


@given(trains(), st.floats(0.05, 1), st.floats(0.05, 1), st.integers(), st.data())
def test_collectives_are_of_the_minority_and_nested_in_alpha_and_known(
    train: Labelled, first: float, second: float, seed: int, data: st.DataObject
) -> None:
    small, large = sorted((first, second))
    n_minority, n_majority = int(train.minority.sum()), int((~train.minority).sum())
    assume(round(small * n_minority) > 0)
    few, many = sorted((data.draw(st.integers(1, n_majority)), data.draw(st.integers(1, n_majority))))

    def drawn(alpha: float, known: int | None) -> Collective:
        return gather(train, alpha, known, stream(seed, "collective"), stream(seed, "known"))

    inner, outer, all_known = drawn(small, few), drawn(large, many), drawn(large, None)
    for collective, alpha, known in ((inner, small, few), (outer, large, many), (all_known, large, n_majority)):
        assert len(collective.members) == round(alpha * n_minority)
        assert train.minority[collective.members].all()
        assert len(collective.known) == known
        assert not train.minority[collective.known].any()
        for rows in (collective.members, collective.candidates, collective.known):
            assert (np.diff(rows) > 0).all()
        assert set(collective.candidates) == {row for row in collective.members if not train.y[row]}
        assert pool_size(train.minority, train.y, alpha, stream(seed, "collective")) == len(collective.candidates)
    assert set(inner.members) <= set(outer.members)
    assert set(inner.candidates) <= set(outer.candidates)
    assert set(inner.known) <= set(outer.known) <= set(all_known.known)


@given(st.lists(SCORES, max_size=60), st.integers())
def test_rankings_hold_all_who_are_willing_highest_first(scores: list[float], seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        order = ranking(np.array(scores), len(scores), stream(seed, "ties"))
    assert sorted(order.tolist()) == [i for i, score in enumerate(scores) if score > -math.inf]
    ranked = [scores[i] for i in order]
    assert ranked == sorted(ranked, reverse=True)


@given(
    trains(),
    st.lists(st.one_of(st.integers(0, 90), st.floats(0, 1)), min_size=1, max_size=8),
    st.integers(),
    st.floats(0, 1),
)
def test_budgets_flip_nested_subsets_of_the_candidates_and_never_overspend(
    train: Labelled, budgets: list[int | float], seed: int, unwilling: float
) -> None:
    collective = gather(train, 1.0, None, stream(seed), stream(seed))
    n = len(collective.candidates)
    rng = np.random.default_rng(abs(seed) % 2**32)
    scores = rng.integers(0, 4, n).astype(float)
    scores[rng.random(n) < unwilling] = -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        order = ranking(scores, n, stream(seed, "ties"))
    changed = {}
    for budget in budgets:
        count = flips(budget, n, len(order))
        assert count <= (budget if isinstance(budget, int) else round(budget * n))
        assert count == min(budget if isinstance(budget, int) else round(budget * n), np.isfinite(scores).sum())
        y = flip(train.y, collective.candidates[order[:count]])
        flipped = np.flatnonzero(y != train.y)
        assert y[flipped].all(), "labels flip to the favourable one only"
        assert train.minority[flipped].all(), "never the majority"
        assert len(flipped) == count
        assert not (np.isneginf(scores)[np.searchsorted(collective.candidates, flipped)]).any()
        changed[count] = set(flipped)
    by_size = [changed[count] for count in sorted(changed)]
    assert all(smaller <= larger for smaller, larger in itertools.pairwise(by_size))


def pairs(found: Nearest, row: int) -> Counter[tuple[float, bool]]:
    """What one point's neighbours are, whatever their order."""
    return Counter(zip(found.distance[row].round(9).tolist(), found.y[row].tolist(), strict=True))


@given(st.integers(0, 2**32), st.sampled_from([1e-3, 1.0, 1e4]), st.integers(1, 30), st.integers(1, 200))
@settings(deadline=None)
def test_distances_equal_those_of_brute_force(seed: int, scale: float, k: int, chunk: int) -> None:
    rng = np.random.default_rng(seed)
    points, others = scale * rng.normal(size=(5, 3)), scale * rng.normal(size=(30, 3))
    among = Labelled(People(others, np.zeros(30, bool), ("a", "b", "c")), np.arange(30) % 2 == 0)
    before, neighbours.CHUNK = neighbours.CHUNK, chunk
    try:
        found = nearest(points, among, k)
    finally:
        neighbours.CHUNK = before
    by_sklearn, rows = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(others).kneighbors(points)
    np.testing.assert_allclose(found.distance, by_sklearn, rtol=1e-6)
    np.testing.assert_array_equal(found.y, among.y[rows])
    for i, point in enumerate(points):
        np.testing.assert_allclose(
            found.distance[i], sorted(math.dist(point, other) for other in others)[:k], rtol=1e-12
        )


@given(st.integers(0, 1000), st.integers(1, 20), st.permutations((1.0, 2.0, 3.0, 4.0)))
@settings(deadline=None)
def test_what_codes_the_levels_of_a_nominal_column_have_changes_no_distance(
    seed: int, k: int, codes: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    others, points = (
        np.column_stack([rng.normal(size=n), rng.integers(1, 5, n), rng.integers(0, 2, n)]) for n in (20, 6)
    )
    found = []
    for level in (np.arange(1.0, 5.0), np.asarray(codes)):
        own, theirs = points.copy(), others.copy()
        own[:, 1], theirs[:, 1] = level[points[:, 1].astype(int) - 1], level[others[:, 1].astype(int) - 1]
        among = Labelled(People(theirs, np.zeros(20, bool), ("a", "b", "c"), (1,)), np.ones(20, dtype=bool))
        found.append(nearest(own, among, k, seed=seed).distance)
    np.testing.assert_allclose(found[0], found[1], atol=1e-12)
    by_hand = [
        sorted(math.sqrt((x[0] - z[0]) ** 2 + 2 * (x[1] != z[1]) + (x[2] - z[2]) ** 2) for z in others)[:k]
        for x in points
    ]
    np.testing.assert_allclose(found[0], by_hand, atol=1e-12)


@given(st.data(), st.integers(2, 25), st.integers(0, 1000))
@settings(deadline=None)
def test_neighbours_are_the_same_whatever_order_the_rows_come_in(data: st.DataObject, n: int, seed: int) -> None:
    among = data.draw(gridded(n))
    k = data.draw(st.integers(1, n - 1))
    order = np.random.default_rng(seed).permutation(n)
    where = np.empty(n, dtype=np.int64)
    where[order] = np.arange(n)
    points = among.X
    for own, own_after in ((None, None), (np.arange(n), where)):
        found = nearest(points, among, k, own=own, seed=seed)
        again = nearest(points, among.take(order), k, own=own_after, seed=seed)
        np.testing.assert_array_equal(found.distance, again.distance)
        np.testing.assert_array_equal(found.y, again.y)


@given(st.data(), st.integers(2, 25), st.integers(0, 1000))
@settings(deadline=None)
def test_fewer_neighbours_are_the_first_of_more(data: st.DataObject, n: int, seed: int) -> None:
    among = data.draw(gridded(n))
    few, many = sorted((data.draw(st.integers(1, n)), data.draw(st.integers(1, n))))
    small, large = (nearest(among.X, among, k, seed=seed) for k in (few, many))
    np.testing.assert_array_equal(small.distance, large.distance[:, :few])
    np.testing.assert_array_equal(small.y, large.y[:, :few])


@given(st.data(), st.integers(2, 25))
@settings(deadline=None)
def test_a_member_is_not_a_neighbour_of_itself_but_its_equals_are(data: st.DataObject, n: int) -> None:
    among = data.draw(gridded(n))
    found = nearest(among.X, among, n - 1, own=np.arange(n))
    for i in range(n):
        others = [(round(math.dist(among.X[i], among.X[j]), 9), bool(among.y[j])) for j in range(n) if j != i]
        assert pairs(found, i) == Counter(others)


@given(
    seed=st.integers(0, 1000), n=st.integers(3, 120), dimensions=st.integers(1, 4), k=st.integers(1, 9),
    coarse=st.booleans(), own=st.booleans(), chunk=st.sampled_from([1, 100, 10_000]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_the_tree_finds_what_all_distances_say(
    seed: int, n: int, dimensions: int, k: int, coarse: bool, own: bool, chunk: int
) -> None:
    """To the last bit, with ties and duplicates, whatever is held at a time."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 3, (n, dimensions)).astype(float) if coarse else rng.normal(size=(n, dimensions))
    among = Labelled(People(X, np.zeros(n, dtype=bool), tuple(map(str, range(dimensions)))), rng.random(n) < 0.5)
    k = min(k, n - own)
    points, mine = (X, np.arange(n)) if own else (rng.normal(size=(20, dimensions)), None)
    found = {}
    for worthwhile in (0.0, np.inf):  # never a tree, always one
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(neighbours, "CHUNK", chunk)
            patched.setattr(neighbours, "WORTHWHILE", worthwhile)
            patched.setattr(neighbours, "PILOT", 0.1 * len(points))
            found[worthwhile] = nearest(points, among, k, own=mine, seed=seed)
    all_by_all, through = found.values()
    np.testing.assert_array_equal(all_by_all.distance, through.distance)
    np.testing.assert_array_equal(all_by_all.y, through.y)
