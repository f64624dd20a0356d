"""Theorems of the pre-processors, over random small tables."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fwk import Labelled, People
from fwk_firm_side.cells import counts, ranked, shuffled
from fwk_firm_side.massaging import discriminating_pairs, massaged
from fwk_firm_side.reweighing import weights
from fwk_firm_side.sampling import balanced, sample, towards_independence, whole

patient = settings(deadline=None)  # other work may share the machine


@st.composite
def tables(draw: st.DrawFn, smallest: int = 1, most: int = 25) -> Labelled:
    """Tables with few distinct people, so that ties abound; cells of any size."""
    n = [draw(st.integers(smallest, most)) for _ in range(4)]
    minority = np.repeat([False, False, True, True], n)
    y = np.repeat([False, True, False, True], n)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    X = rng.integers(0, 4, size=(sum(n), 2)).astype(float)
    order = rng.permutation(sum(n))
    return Labelled(People(X, minority, ("a", "b")), y).take(order)


def multiset(table: Labelled) -> Counter[tuple[float, ...]]:
    return Counter(map(tuple, np.column_stack([table.X, table.minority, table.y]).tolist()))


def discrimination(table: Labelled) -> float:
    return table.y[~table.minority].mean() - table.y[table.minority].mean()


seeds = st.integers(0, 2**32)


@given(tables(), seeds)
@patient
def test_the_papers_number_of_pairs_removes_the_discrimination_to_within_one_pair(table: Labelled, seed: int) -> None:
    pairs = discriminating_pairs(counts(table))
    assume(pairs >= 0)
    n = [(~table.minority).sum(), table.minority.sum()]
    assert pairs == pytest.approx(discrimination(table) * n[0] * n[1] / len(table), abs=1e-9)  # the paper's formula
    scores = table.X[:, 0] / 4
    y = massaged(table, ranked(table, scores, np.random.default_rng(seed)), round(pairs))
    assert abs(discrimination(table.relabelled(y))) <= (1 / n[0] + 1 / n[1]) / 2 + 1e-12
    assert y.sum() == table.y.sum()  # as many promoted as demoted


@given(tables(), st.integers(0, 30), seeds)
@patient
def test_massaging_promotes_the_highest_of_the_minority_and_demotes_the_lowest_of_the_majority(
    table: Labelled, pairs: int, seed: int
) -> None:
    scores = table.X[:, 0] / 4
    y = massaged(table, ranked(table, scores, np.random.default_rng(seed)), pairs)
    promoted, demoted = y & ~table.y, ~y & table.y
    could_rise, could_fall = table.minority & ~table.y, ~table.minority & table.y
    assert (promoted <= could_rise).all()
    assert (demoted <= could_fall).all()
    assert promoted.sum() == min(pairs, could_rise.sum())
    if 0 < promoted.sum() < could_rise.sum():
        assert scores[promoted].min() >= scores[could_rise & ~promoted].max()
    if 0 < demoted.sum() < could_fall.sum():
        assert scores[demoted].max() <= scores[could_fall & ~demoted].min()


@given(tables())
@patient
def test_full_weights_make_group_and_label_independent_and_keep_their_shares(table: Labelled) -> None:
    w = weights(table)
    assert w.mean() == pytest.approx(1)
    joint = np.array([[w[(table.minority == g) & (table.y == y)].sum() for y in (False, True)] for g in (False, True)])
    joint /= joint.sum()
    np.testing.assert_allclose(joint, np.outer(joint.sum(axis=1), joint.sum(axis=0)), atol=1e-12)
    assert joint[1].sum() == pytest.approx(table.minority.mean())
    assert joint[:, 1].sum() == pytest.approx(table.y.mean())


@given(tables(), st.floats(0, 1))
@patient
def test_weights_go_straight_from_none_to_full_and_the_weighted_discrimination_with_them(
    table: Labelled, share: float
) -> None:
    w = weights(table, share)
    np.testing.assert_allclose(w, 1 + share * (weights(table) - 1))
    left = np.average(table.y[~table.minority], weights=w[~table.minority]) - np.average(
        table.y[table.minority], weights=w[table.minority]
    )
    assert left == pytest.approx((1 - share) * discrimination(table), abs=1e-9)


@given(tables(), st.floats(0, 1), seeds)
@patient
def test_a_sample_has_the_sizes_asked_for_and_repeats_nobody_more_than_once_oftener_than_another(
    table: Labelled, share: float, seed: int
) -> None:
    order = shuffled(table, np.random.default_rng(seed))
    size = whole(towards_independence(counts(table), share))
    rows = sample(table, size, lambda y: order)
    np.testing.assert_array_equal(counts(table.take(rows)), size)
    times = np.bincount(rows, minlength=len(table))
    for g in (False, True):
        for y in (False, True):
            of_cell = times[(table.minority == g) & (table.y == y)]
            assert of_cell.max() - of_cell.min() <= 1


@given(tables(smallest=5), seeds)
@patient
def test_a_full_uniform_sample_has_no_discrimination_to_within_rounding(table: Labelled, seed: int) -> None:
    order = shuffled(table, np.random.default_rng(seed))
    rows = sample(table, whole(towards_independence(counts(table), 1.0)), lambda y: order)
    drawn = table.take(rows)
    n = [(~drawn.minority).sum(), drawn.minority.sum()]
    assert abs(discrimination(drawn)) <= 1 / n[0] + 1 / n[1]
    assert abs(len(drawn) - len(table)) <= 2


@given(tables(), seeds)
@patient
def test_balanced_labels_end_discrimination_and_balanced_cells_are_of_one_size(table: Labelled, seed: int) -> None:
    n = counts(table)
    order = shuffled(table, np.random.default_rng(seed))
    for end in (np.min, np.max):
        drawn = table.take(sample(table, whole(balanced(n, end, "labels").astype(float)), lambda y: order))
        assert discrimination(drawn) == pytest.approx(0)
        even = counts(table.take(sample(table, whole(balanced(n, end, "cells").astype(float)), lambda y: order)))
        assert (even == end(n)).all()


@given(tables(), seeds, st.randoms(use_true_random=False))
@patient
def test_the_same_people_are_chosen_in_whatever_order_they_come(table: Labelled, seed: int, random) -> None:
    places = list(range(len(table)))
    random.shuffle(places)
    other = table.take(np.array(places))
    size = whole(towards_independence(counts(table), 1.0))
    drawn = []
    for one in (table, other):
        order = ranked(one, one.X[:, 0], np.random.default_rng(seed))
        relabelled = one.relabelled(massaged(one, order, 3))
        drawn.append((multiset(one.take(sample(one, size, lambda y, o=order: o))), multiset(relabelled)))
    assert drawn[0] == drawn[1]


@given(tables(), seeds)
@patient
def test_ties_are_broken_by_the_seed_and_scores_rank_first(table: Labelled, seed: int) -> None:
    order = ranked(table, table.X[:, 0], np.random.default_rng(seed))
    assert sorted(order) == list(range(len(table)))
    assert (np.diff(table.X[order, 0]) <= 0).all()
