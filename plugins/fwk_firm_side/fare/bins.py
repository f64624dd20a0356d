"""Columns cut into bins, once per fit. Where the cuts lie costs or saves time, and changes no split."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from fwk_firm_side.fare.compiled import EQUAL, Array, Columns, compiled

BINS = 256
SAMPLE = 65536


def make_columns(X: npt.NDArray[np.float32], cell: npt.NDArray[np.uint8], nominal: npt.NDArray[np.bool_]) -> Columns:
    """X, (n, d), made ready for counting; bins of a number are at least the tolerance EQUAL apart.

    cell     label * groups + group, (n,)
    nominal  which columns hold codes 1, 2, ...; each code is a bin of its own, (d,)
    """
    cuts = np.full((X.shape[1], BINS), np.inf, np.float32)
    bins = np.empty(X.shape[1], np.int64)
    every = -(-len(X) // SAMPLE)
    for j in range(X.shape[1]):
        own = np.empty(0, np.float32) if nominal[j] else cut_points(X[::every, j])
        cuts[j, : len(own)] = own
        bins[j] = X[:, j].max() + 1 if nominal[j] else len(own) + 1
    offset = np.concatenate([[0], np.cumsum(bins)])
    codes = np.empty(X.shape, np.uint8 if bins.max() <= BINS else np.uint16)
    low, high = np.full(offset[-1], np.inf, np.float32), np.full(offset[-1], -np.inf, np.float32)
    _assign(X, cuts, nominal, offset, codes, low, high)
    merged = [
        np.arange(b - a) if nominal[j] else merge(low[a:b], high[a:b]) for j, (a, b) in enumerate(pairwise(offset))
    ]
    _relabel(codes, np.concatenate(merged).astype(codes.dtype), offset)
    new = np.concatenate([[0], np.cumsum([own[-1] + 1 for own in merged])])
    position = np.concatenate([own + start for own, start in zip(merged, new[:-1], strict=True)])
    least, most = np.full(new[-1], np.inf, np.float32), np.full(new[-1], -np.inf, np.float32)
    np.minimum.at(least, position, low)
    np.maximum.at(most, position, high)
    return Columns(X.view(np.int32), codes, cell, new, nominal, most > least + EQUAL)


def cut_points(values: npt.NDArray[np.float32], bins: int = BINS) -> npt.NDArray[np.float32]:
    """At most bins - 1 ascending cuts c; a bin is (previous c, c]. Values get one of their own if few, or frequent.

    >>> cut_points(np.float32([3, 1, 2, 2])).tolist()
    [1.0, 2.0]
    """
    ordered = np.sort(values)
    distinct = np.unique(ordered)
    if len(distinct) <= bins:
        return distinct[:-1]
    quantiles, times = np.unique(ordered[np.arange(1, bins) * len(ordered) // bins - 1], return_counts=True)
    frequent = np.searchsorted(distinct, quantiles[times > 1])
    cuts = np.union1d(quantiles, distinct[np.maximum(frequent, 1) - 1])
    return np.asarray(cuts[cuts < distinct[-1]])


def merge(low: npt.NDArray[np.float32], high: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """New numbers 0, 1, ... of ascending bins with these least and largest values, one for those that are too close.

    Empty bins (low > high) go with the one before.

    >>> merge(np.float32([0, 1, np.inf, 2]), np.float32([0.5, 1.5, -np.inf, 3])).tolist()
    [0, 1, 1, 2]
    """
    filled = np.flatnonzero(low <= high)
    apart = np.zeros(len(low), bool)
    apart[filled[1:]] = low[filled[1:]] > high[filled[:-1]] + EQUAL
    return np.cumsum(apart)


@compiled
def _assign(X: Array, cuts: Array, nominal: Array, offset: Array, codes: Array, low: Array, high: Array) -> None:
    """Find the bin of every value, and the least and largest value of every bin; by blocks of a cache line of X."""
    n, d = X.shape
    for first in range(0, d, 16):
        for i in range(n):
            for j in range(first, min(first + 16, d)):
                x = X[i, j]
                if nominal[j]:
                    codes[i, j] = int(x)
                    continue
                b = 0
                for half in (128, 64, 32, 16, 8, 4, 2, 1):
                    b += half if cuts[j, b + half - 1] < x else 0
                codes[i, j] = b
                low[offset[j] + b] = min(low[offset[j] + b], x)
                high[offset[j] + b] = max(high[offset[j] + b], x)


@compiled
def _relabel(codes: Array, number: Array, offset: Array) -> None:
    for i in range(codes.shape[0]):
        for j in range(codes.shape[1]):
            codes[i, j] = number[offset[j] + codes[i, j]]
