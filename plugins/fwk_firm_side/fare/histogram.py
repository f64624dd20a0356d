"""Kernels over the rows of one node: counting, the order in which columns are looked at, and parting."""

from __future__ import annotations

import numpy as np

from fwk_firm_side.fare.compiled import EQUAL, Array, Columns, compiled


@compiled
def count(columns: Columns, rows: Array, counts: Array) -> None:
    """Fill `counts`, (bins, cells), with the node's rows; by blocks of columns whose counts fit a cache."""
    counts[:] = 0
    d = columns.nominal.size
    for first in range(0, d, 16):
        last = min(first + 16, d)
        for i in range(rows.size):
            r = rows[i]
            cell = columns.cell[r]
            for j in range(first, last):
                counts[columns.offset[j] + columns.codes[r, j], cell] += 1


@compiled
def _is_constant(columns: Columns, j: int, counts: Array, rows: Array) -> bool:
    """Whether column j has one value in these rows, up to the tolerance EQUAL."""
    filled, last = 0, 0
    for b in range(columns.offset[j], columns.offset[j + 1]):
        m = 0
        for i in range(counts.shape[1]):
            m += counts[b, i]
        if m > 0:
            filled, last = filled + 1, b
    if filled > 1 or not columns.wide[last]:
        return filled < 2
    low, high = np.float32(np.inf), np.float32(-np.inf)
    for i in range(rows.size):
        value = np.int32(columns.bits[rows[i], j]).view(np.float32)
        low, high = min(low, value), max(high, value)
    return bool(high <= low + EQUAL)


@compiled
def _draw(state: Array, n: int) -> np.int64:
    """A number 0 .. n-1 of a 32-bit xorshift generator, whose state, (1,) int64, moves on."""
    x = state[0]
    x ^= (x << 13) & 0xFFFFFFFF
    x ^= x >> 17
    x ^= (x << 5) & 0xFFFFFFFF
    state[0] = x
    return np.int64((x & 0x7FFFFFFF) % n)


@compiled
def visiting_order(columns: Columns, rows: Array, counts: Array, features: Array, state: Array, order: Array) -> int:
    """Put the columns that are not constant in the node into `order`, randomly arranged; how many they are.

    Drawn as in the official code, so that with its seed equally good columns are settled as there: `features`, (d,), is
    a permutation of the columns that every node goes on shuffling.
    """
    constant, end, q = 0, features.size, 0
    while end > constant:
        i = constant + _draw(state, end - constant)
        j = features[i]
        if _is_constant(columns, j, counts, rows):
            features[i], features[constant] = features[constant], j
            constant += 1
        else:
            end -= 1
            features[i], features[end] = features[end], j
            order[q] = j
            q += 1
    return q


@compiled
def limits(columns: Columns, rows: Array, j: int, b: int) -> tuple[float, float]:
    """The largest value of column j in bins 0 .. b of its own, and the smallest in the others."""
    lower, upper = np.float32(-np.inf), np.float32(np.inf)
    for i in range(rows.size):
        value = np.int32(columns.bits[rows[i], j]).view(np.float32)
        if columns.codes[rows[i], j] <= b:
            lower = max(lower, value)
        else:
            upper = min(upper, value)
    return float(lower), float(upper)


@compiled
def part(columns: Columns, rows: Array, j: int, threshold: float, goes_left: Array, spare: Array, cells: Array) -> int:
    """Put the rows that go left first, in place, both sides in their order; how many go left.

    A number goes left iff it is <= threshold; a nominal code iff its entry in `goes_left` is true. `cells` gets the
    rows on the left added; spare, (n,), is scratch.
    """
    n_left, n_right = 0, 0
    for i in range(rows.size):
        r = rows[i]
        if columns.nominal[j]:
            left = goes_left[columns.codes[r, j]]
        else:
            left = float(np.int32(columns.bits[r, j]).view(np.float32)) <= threshold
        if left:
            cells[columns.cell[r]] += 1
            rows[n_left] = r
            n_left += 1
        else:
            spare[n_right] = r
            n_right += 1
    for i in range(n_right):
        rows[n_left + i] = spare[i]
    return n_left
