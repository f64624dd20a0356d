"""The fair tree over random inputs: against a plain reference, brute force, scikit-learn; and what must not matter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fare_plain import PlainGrower, introsorted
from fwk_firm_side.fare import FairTreeClassifier, FairTreeEncoder, bins
from fwk_firm_side.fare.ceilings import ceiling
from fwk_firm_side.fare.compiled import DP, EO, EOPP, Rule
from fwk_firm_side.fare.frontier import Frontier
from fwk_firm_side.fare.orders import sort_codes

CRITERIA = {"dp": DP, "eopp": EOPP, "eo": EO}


@dataclass(frozen=True, eq=False)
class Rows:
    X: Any
    y: Any
    s: Any
    nominal: tuple[int, ...]


@st.composite
def rows(draw: Any, most: int = 120, labels: int = 2, groups: int = 2) -> Rows:
    """Columns of every kind: distinct, tied, constant, with steps about 1e-7, zero-inflated, nominal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(2, most))
    s = rng.integers(0, groups, n)
    every = ["real", "tied", "constant", "tiny", "zeros", "nominal"]
    kinds = draw(st.lists(st.sampled_from(every), min_size=1, max_size=5))
    columns = {
        "real": lambda: rng.normal(size=n) + 0.5 * s,
        "tied": lambda: rng.integers(-2, 3, n),
        "constant": lambda: np.full(n, 7.0),
        "tiny": lambda: rng.integers(0, 40, n) * 6e-8,
        "zeros": lambda: np.where(rng.random(n) < 0.7, 0, rng.normal(size=n)),
        "nominal": lambda: rng.integers(1, rng.integers(2, 40), n),
    }
    X = np.column_stack([columns[kind]() for kind in kinds]).astype(np.float32)
    y = np.clip((X[:, 0] > np.median(X[:, 0])) + rng.integers(0, labels, n) - rng.integers(0, 2, n), 0, labels - 1)
    return Rows(X, y, s, tuple(j for j, kind in enumerate(kinds) if kind == "nominal"))


knobs = st.fixed_dictionaries(
    {
        "gamma": st.sampled_from([0.0, 0.3, 0.5, 0.85, 0.99, 1.0]),
        "max_leaf_nodes": st.integers(2, 30),
        "min_samples_leaf": st.sampled_from([1, 2, 10]),
        "min_gain": st.sampled_from([None, 0.0, 1e-12]),
    }
)


@contextmanager
def at_most(number: int) -> Iterator[None]:
    """Few bins a column, so that most splits lie inside them."""
    with mock.patch.object(bins, "cut_points", lambda values, cut=bins.cut_points: cut(values, number)):
        yield


def fitted(data: Rows, kind: Any = FairTreeClassifier, **knobs: Any) -> Any:
    return kind(categorical_features=data.nominal, **knobs).fit(data.X, data.y, sensitive_features=data.s)


@settings(max_examples=300, deadline=None)
@given(rows(), knobs, st.sampled_from(["dp", "eopp", "eo"]), st.sampled_from([2, 3, 5, 256]), st.integers(0, 5))
def test_the_tree_is_the_plain_one_however_columns_are_cut(
    data: Rows, knobs: dict[str, Any], criterion: str, number: int, seed: int
) -> None:
    if len(np.unique(data.y)) < 2 and criterion != "dp":
        return
    y, s = (np.unique(values, return_inverse=True)[1] for values in (data.y, data.s))
    plain = PlainGrower(**knobs, criterion=criterion, nominal=data.nominal, seed=seed).grow(data.X, y, s)
    with at_most(number):
        tree = fitted(data, **knobs, criterion=criterion, random_state=seed)
    np.testing.assert_array_equal(tree.apply(data.X), plain.apply(data.X))
    for own, (column, threshold, right) in zip(
        np.flatnonzero(tree.tree_.feature >= 0), [split for split in plain.splits if split is not None], strict=True
    ):
        assert tree.tree_.feature[own] == column
        assert np.isnan(threshold) or tree.tree_.threshold[own] == threshold
        first, size = tree.tree_.side[own], tree.tree_.codes[own]
        if first >= 0:
            assert set(np.flatnonzero(~tree.tree_.goes_left[first : first + size])) == right


@settings(max_examples=100, deadline=None)
@given(rows(labels=3, groups=3), knobs, st.sampled_from([3, 256]))
def test_more_labels_and_groups_are_the_plain_tree_too(data: Rows, knobs: dict[str, Any], number: int) -> None:
    y, s = (np.unique(values, return_inverse=True)[1] for values in (data.y, data.s))
    plain = PlainGrower(**knobs, nominal=data.nominal).grow(data.X, y, s)
    with at_most(number):
        np.testing.assert_array_equal(fitted(data, **knobs).apply(data.X), plain.apply(data.X))


def exact_gain(y: Any, s: Any, left: Any, gamma: Fraction) -> Fraction:
    """(1 - gamma) times the gain of the label's Gini less gamma times that of the group's, in fractions."""

    def gini(values: Any) -> Fraction:
        share = Fraction(int(values.sum()), len(values))
        return 2 * share * (1 - share)

    def gain(values: Any) -> Fraction:
        part = Fraction(int(left.sum()), len(left))
        return gini(values) - part * gini(values[left]) - (1 - part) * gini(values[~left])

    return (1 - gamma) * gain(y) - gamma * gain(s)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 14), st.sampled_from([0, 3, 6, 9, 10]), st.integers(1, 3))
def test_the_first_split_is_the_best_of_all_thresholds_in_exact_arithmetic(
    seed: int, n: int, tenths: int, least: int
) -> None:
    rng = np.random.default_rng(seed)
    X, y, s = rng.integers(0, 6, (n, 3)).astype(np.float32), rng.integers(0, 2, n), rng.integers(0, 2, n)
    gains = [
        exact_gain(y, s, left, Fraction(tenths, 10))
        for j, threshold in product(range(3), np.arange(0.5, 6))
        if least <= (left := X[:, j] <= threshold).sum() <= n - least
    ]
    tree = FairTreeClassifier(tenths / 10, 2, least).fit(X, y, sensitive_features=s)
    best = max(gains, default=Fraction(0))
    if n < max(2, 2 * least) or best <= Fraction(1, 10**12):
        assert tree.n_leaves_ == 1
    else:
        assert exact_gain(y, s, tree.apply(X) == 0, Fraction(tenths, 10)) == best
        assert abs(tree.tree_.gain[0] - float(best)) < 1e-12


@settings(max_examples=60, deadline=None)
@given(rows(), knobs, st.randoms(use_true_random=False))
def test_rows_in_another_order_give_the_same_tree(data: Rows, knobs: dict[str, Any], random: Any) -> None:
    order = np.array(random.sample(range(len(data.X)), len(data.X)))
    shuffled = Rows(data.X[order], data.y[order], data.s[order], data.nominal)
    one, other = fitted(data, FairTreeEncoder, **knobs), fitted(shuffled, FairTreeEncoder, **knobs)
    np.testing.assert_array_equal(one.apply(data.X), other.apply(data.X))
    np.testing.assert_array_equal(one.leaf_vectors_, other.leaf_vectors_)


@settings(max_examples=60, deadline=None)
@given(rows(), knobs, st.sampled_from(["dp", "eopp", "eo"]))
def test_groups_under_swapped_names_give_a_first_split_of_the_same_gain(
    data: Rows, knobs: dict[str, Any], criterion: str
) -> None:
    if len(np.unique(data.y)) < 2 or data.nominal:  # order B of nominal codes is not symmetric in the groups
        return
    swapped = Rows(data.X, data.y, 1 - data.s, data.nominal)
    one, other = (fitted(rows, **knobs, criterion=criterion) for rows in (data, swapped))
    if knobs["min_gain"] == 1e-12:  # gains of zero are settled by rounding
        assert np.nanmax([0, *one.tree_.gain[:1]]) == pytest.approx(np.nanmax([0, *other.tree_.gain[:1]]), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(rows(), knobs)
def test_no_more_leaves_no_smaller_leaves_and_gains_above_the_limit(data: Rows, knobs: dict[str, Any]) -> None:
    tree = fitted(data, **knobs)
    sizes = np.bincount(tree.apply(data.X), minlength=tree.n_leaves_)
    assert tree.n_leaves_ <= knobs["max_leaf_nodes"]
    assert sizes.min() >= min(knobs["min_samples_leaf"], len(data.X))
    np.testing.assert_array_equal(sizes, tree.tree_.counts[tree.tree_.leaf >= 0].sum(axis=(1, 2)))
    limit = -(2.0**-52) if knobs["min_gain"] is None else knobs["min_gain"]
    assert (tree.tree_.gain[tree.tree_.feature >= 0] >= limit).all()


@settings(max_examples=60, deadline=None)
@given(rows(), st.sampled_from([0.3, 0.85]), st.integers(2, 15))
def test_a_smaller_tree_is_the_larger_one_cut_back(data: Rows, gamma: float, leaves: int) -> None:
    small, large = (fitted(data, gamma=gamma, max_leaf_nodes=k, min_samples_leaf=1) for k in (leaves, 2 * leaves))
    inside = {(a, b) for a, b in zip(large.apply(data.X), small.apply(data.X), strict=True)}
    assert len(inside) == large.n_leaves_


cells = st.lists(st.integers(0, 3), min_size=4, max_size=4)


@settings(max_examples=600, deadline=None)
@given(cells, cells, cells, st.sampled_from([0.0, 0.3, 0.85, 1.0]), st.sampled_from([DP, EOPP, EO]), st.integers(1, 3))
def test_no_cut_of_a_bin_scores_more_than_its_ceiling(
    before: list[int], inside: list[int], after: list[int], gamma: float, criterion: int, least: int
) -> None:
    b, m = np.array(before), np.array(inside)
    total = b + m + np.array(after)
    name = {number: name for name, number in CRITERIA.items()}[criterion]
    grower = PlainGrower(gamma, 2, least, name)
    best = -np.inf
    for part in product(*(range(k + 1) for k in inside)):
        left = (b + part).reshape(2, 2)
        right = total.reshape(2, 2) - left
        n_left, n_right = left.sum(), right.sum()
        if 0 < sum(part) < m.sum() and min(n_left, n_right) >= least:
            score = -n_left * grower.impurity(left) - n_right * grower.impurity(right)
            best = max(best, -np.inf if np.isnan(score) else float(score))
    if total.sum():
        assert best <= ceiling(b, m, total, Rule(criterion, gamma, 2, least)) + 1e-12 * total.sum()


@given(st.lists(st.floats(-2, 2, width=32), max_size=60), st.integers(1, 8))
def test_bins_hold_their_values_in_order_and_few_values_get_one_each(values: list[float], number: int) -> None:
    x = np.array(values, np.float32)
    if len(x) == 0:
        return
    cuts = bins.cut_points(x, number)
    assert len(cuts) < number or number == 1
    assert (np.diff(cuts) > 0).all()
    if len(np.unique(x)) <= number:
        assert len(np.unique(np.searchsorted(cuts, x))) == len(np.unique(x))


@given(st.lists(st.integers(0, 9), max_size=80))
def test_codes_are_sorted_and_equal_ones_left_as_by_the_plain_sort(values: list[int]) -> None:
    keys, codes = np.array(values, np.float32), np.arange(len(values))
    expected = introsorted(list(range(len(values))), keys)
    moved = keys.copy()
    sort_codes(moved, codes)
    np.testing.assert_array_equal(moved, np.sort(keys))
    assert codes.tolist() == expected


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=60))
def test_the_frontier_gives_a_node_of_the_largest_gain(steps: list[int | None]) -> None:
    frontier, waiting = Frontier(), dict[int, int]()
    for node, gain in enumerate(steps):
        if gain is not None:
            frontier.push(gain, node)
            waiting[node] = gain
        elif waiting:
            largest = max(waiting.values())
            assert waiting.pop(frontier.pop()) == largest
        assert len(frontier) == len(waiting)
