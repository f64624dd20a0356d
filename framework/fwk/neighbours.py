"""Exact nearest neighbours in bounded memory, through a tree where it saves distances, or all by all."""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import KDTree

from fwk.api import Bools, Floats, Ints, Labelled, Nearest, Refusal

CHUNK = 8_000_000
"""Distances held at a time: 64 MB."""

PILOT = 64
"""Points that try the tree, at most; a tenth of all at most."""

WORTHWHILE = 0.2
"""The share of all distances that a tree may ask for: one of its own costs a few of those taken all at once."""


def nearest(points: Floats, among: Labelled, k: int, *, own: Ints | None = None, seed: int = 0) -> Nearest:
    """The k nearest of `among` for each of n points, exact Euclidean; nominal columns count one-hot (see `unfolded`).

    Neighbours at the same distance come in the order of a seeded priority that depends on what they are.

    own  (n,) the position of each point in `among`, which does not count

    Raises Refusal for missing values.
    """
    if np.isnan(points).any() or np.isnan(among.X).any():
        lacking = np.isnan(among.X).any(axis=0) | np.isnan(points).any(axis=0)
        columns = [among.people.columns[i] for i in np.flatnonzero(lacking)]
        raise Refusal(
            f"distances need complete rows, and {', '.join(columns)} have missing values; "
            "set `missing: impute` for the data set, or keep complete rows only"
        )
    priority, twin = _priority(among, seed)
    own = np.full(len(points), -1) if own is None else twin[own]
    points, X = unfolded(points, np.ascontiguousarray(among.X), among.people.categorical)
    tree = _tree(points, X, k + 1)
    chunk = max(1, CHUNK // len(among))
    distance, y = np.empty((len(points), k)), np.empty((len(points), k), dtype=bool)
    for start in range(0, len(points), chunk):
        part = slice(start, min(start + chunk, len(points)))
        if tree is not None:
            row, column, squared = _through(tree, points[part], X, k, own[part])
        else:
            row, column, squared = _all_by_all(points[part], X, k, own[part])
        order = np.lexsort((priority[column], squared, row))
        first = np.searchsorted(row, np.arange(part.stop - start))
        chosen = order[first[:, None] + np.arange(k)]
        distance[part] = np.sqrt(squared[chosen])
        y[part] = among.y[column[chosen]]
    return Nearest(distance, y)


def unfolded(points: Floats, X: Floats, nominal: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Both with a column of 0 and 1 for each code of each nominal column, behind the others; as they are without any.

    So people who differ in a nominal column are sqrt(2) apart in it, whatever codes its levels have.

    >>> unfolded(np.array([[7.0, 3.0]]), np.array([[5.0, 1.0], [6.0, 3.0]]), (1,))
    (array([[7., 0., 1.]]), array([[5., 1., 0.],
           [6., 0., 1.]]))
    """
    if not nominal:
        return points, X
    levels = [(column, np.union1d(points[:, column], X[:, column])) for column in nominal]

    def unfold(table: Floats) -> Floats:
        marks = [(table[:, [column]] == codes).astype(np.float64) for column, codes in levels]
        return np.column_stack([np.delete(table, nominal, axis=1), *marks])

    return unfold(points), unfold(X)


def _all_by_all(points: Floats, X: Floats, k: int, own: Ints) -> tuple[Ints, Ints, Floats]:
    """(point, row of X, squared distance) of all that are as near as the k-th, points ascending."""
    squared = cdist(points, X, "sqeuclidean")
    named = np.flatnonzero(own >= 0)
    squared[named, own[named]] = np.inf
    border = np.partition(squared, k - 1, axis=1)[:, k - 1 : k]
    row, column = np.nonzero(squared <= border)
    return row, column, squared[row, column]


def _through(tree: KDTree, points: Floats, X: Floats, k: int, own: Ints) -> tuple[Ints, Ints, Floats]:
    """The same and perhaps some more, through a tree; their distances are taken as `_all_by_all` does, to the bit."""
    border = tree.query(points, min(k + 1, len(X)))[0][:, -1]  # one more, as a point's own row does not count
    found = [rows[rows != mine] for rows, mine in zip(tree.query_radius(points, border * (1 + 1e-9)), own, strict=True)]
    squared = [cdist(points[i : i + 1], X[rows], "sqeuclidean")[0] for i, rows in enumerate(found)]
    row = np.repeat(np.arange(len(points)), [len(rows) for rows in found])
    return row, np.concatenate(found), np.concatenate(squared)


def _tree(points: Floats, X: Floats, k: int) -> KDTree | None:
    """A tree of X if it saves enough distances, which depends on how many directions the rows spread in."""
    if len(points) < 10 * PILOT or len(points) * len(X) <= CHUNK:
        return None
    tree = KDTree(X)
    tree.reset_n_calls()
    some = points[:: math.ceil(len(points) / PILOT)]
    tree.query(some, min(k, len(X)))
    return tree if tree.get_n_calls() < WORTHWHILE * len(some) * len(X) else None


def _priority(among: Labelled, seed: int) -> tuple[Ints, Ints]:
    """A random rank of each row that depends on its content only, and the row that stands for its equals (X and y)."""
    content = np.column_stack([among.X, among.y])
    canonical = np.lexsort(content.T)
    differs: Bools = (content[canonical][1:] != content[canonical][:-1]).any(axis=1)
    first = np.flatnonzero(np.concatenate([[True], differs]))
    rank, twin = np.empty((2, len(among)), dtype=np.int64)
    rank[canonical] = np.random.default_rng(seed).permutation(len(among))
    twin[canonical] = canonical[np.repeat(first, np.diff([*first, len(among)]))]
    return rank, twin
