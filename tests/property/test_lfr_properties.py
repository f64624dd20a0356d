"""LFR over random tables: the gradient is exact, and the objective depends on who there is and on nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fwk import Floats, Labelled, People
from fwk_firm_side.lfr import distinct, standardised
from fwk_firm_side.lfr_objective import STAGES, Objective, Prototypes, Rows, Weights, learn

seeds = st.integers(0, 2**32 - 1)
smoothings = st.sampled_from([smoothing for smoothing, _ in STAGES])
weights = st.builds(Weights, *(st.sampled_from([0.0, 0.01, 1.0, 50.0]) for _ in range(3)))


def a_table(seed: int, n: int, d: int) -> Labelled:
    """People with a few equal rows among them, both groups."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 3, n), rng.normal(size=(n, d - 1)).round(rng.integers(0, 3))]).astype(float)
    minority = rng.random(n) < 0.4
    minority[:2] = True, False
    return Labelled(People(X, minority, tuple(f"x{i}" for i in range(d))), rng.random(n) < 0.5)


def parameters(seed: int, k: int, d: int) -> Floats:
    rng = np.random.default_rng([seed, 1])
    return Prototypes(rng.uniform(0.05, 0.95, k), rng.normal(size=(k, d))).flat()


def rows_of(table: Labelled) -> Rows:
    return standardised(table, "one-hot")[1]


@given(
    seeds, st.integers(5, 40), st.integers(2, 5), st.integers(1, 4), weights, st.sampled_from([h for h, _ in STAGES])
)
@settings(deadline=None)
def test_the_gradient_is_that_of_central_differences(
    seed: int, n: int, d: int, k: int, weights: Weights, smoothing: float
) -> None:
    objective, at, step = Objective(rows_of(a_table(seed, n, d)), weights, k), parameters(seed, k, d), 1e-5
    gradient = objective(at, smoothing)[1]
    for i in range(len(at)):
        move = np.zeros(len(at))
        move[i] = step
        up, down = (objective(at + side * move, smoothing)[0] for side in (1, -1))
        closer_up, closer_down = (objective(at + side * move / 2, smoothing)[0] for side in (1, -1))
        wide, narrow = (up - down) / (2 * step), (closer_up - closer_down) / step
        extrapolated = (4 * narrow - wide) / 3
        assert abs(extrapolated - gradient[i]) <= 1e-6 * max(1.0, float(np.abs(gradient).max()))


@given(seeds, st.integers(5, 40), weights)
@settings(deadline=None)
def test_repeating_everybody_changes_no_objective(seed: int, n: int, weights: Weights) -> None:
    table = a_table(seed, n, 3)
    twice = table.take(np.repeat(np.arange(n), 2))
    one, two = (Objective(rows_of(t), weights, 2)(parameters(seed, 2, 3))[0] for t in (table, twice))
    np.testing.assert_allclose(one, two, rtol=1e-12)


@given(seeds, st.integers(5, 40), weights)
@settings(deadline=None)
def test_counting_equal_people_is_the_same_as_listing_them(seed: int, n: int, weights: Weights) -> None:
    table = a_table(seed, n, 3)
    listed = Rows(table.X, table.minority, np.ones(n), table.y.astype(float))
    one, two = (Objective(rows, weights, 2)(parameters(seed, 2, 3)) for rows in (distinct(table), listed))
    np.testing.assert_allclose(one[0], two[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(one[1], two[1], rtol=1e-9, atol=1e-12)


@given(seeds, st.integers(5, 40), weights)
@settings(deadline=None)
def test_which_group_is_called_the_minority_changes_no_objective(seed: int, n: int, weights: Weights) -> None:
    rows, at = rows_of(a_table(seed, n, 3)), parameters(seed, 2, 3)
    other = dataclasses.replace(rows, minority=~rows.minority)
    np.testing.assert_allclose(Objective(rows, weights, 2)(at)[0], Objective(other, weights, 2)(at)[0], rtol=1e-12)


@given(seeds, st.integers(5, 40))
@settings(deadline=None)
def test_distinct_people_in_any_order_are_the_same_rows(seed: int, n: int) -> None:
    table = a_table(seed, n, 3)
    one, other = distinct(table), distinct(table.take(np.random.default_rng(seed).permutation(n)))
    for name in ("X", "minority", "count", "accepted"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert one.count.sum() == n
    assert one.accepted.sum() == table.y.sum()


@given(seeds, st.integers(5, 60), st.integers(1, 4), weights)
@settings(deadline=None, max_examples=30)
def test_memberships_are_shares_and_reconstructions_lie_among_the_prototypes(
    seed: int, n: int, k: int, weights: Weights
) -> None:
    rows = rows_of(a_table(seed, n, 3))
    found, value = learn(rows, weights, k=k, starts=1, max_iter=20, rng=np.random.default_rng(seed))
    M, X = found.memberships(rows.X), found.reconstruct(rows.X)
    np.testing.assert_allclose(M.sum(axis=1), 1.0)
    assert (M >= 0).all()
    np.testing.assert_allclose(X, np.clip(X, found.V.min(axis=0), found.V.max(axis=0)), atol=1e-9)
    assert 0 <= found.score(rows.X).min() <= found.score(rows.X).max() <= 1
    assert np.isfinite(value)
