"""Which bins may hold a better split than the best one known: upper bounds of the scores of all splits inside."""

from __future__ import annotations

import numpy as np

from fwk_firm_side.fare.compiled import DP, EO, Array, Columns, Rule, compiled


@compiled
def _association(z_before: float, before: float, z_in: float, inside: float, z: float, n: float) -> tuple[float, float]:
    """Least and largest (z_L n - z n_L)^2 over all ways to cut a bin of `inside` rows, `z_in` of them with z = 1.

    A split lowers n * Gini(z) by 2 / n times this over n_L n_R.
    """
    start = z_before * n - z * before
    low, high = start - z * (inside - z_in), start + (n - z) * z_in
    least = 0.0 if low <= 0.0 <= high else min(low * low, high * high)
    return least, max(low * low, high * high)


@compiled
def _most_within(z_before: float, before: float, z_in: float, inside: float, z: float, n: float) -> float:
    """The largest n_L G_L + n_R G_R, G the Gini of z, of a cut of the bin with rows on both sides; else -inf."""
    low, high = max(before, 1.0), min(before + inside, n - 1.0)
    if low > high:
        return -np.inf
    least, _ = _association(z_before, before, z_in, inside, z, n)
    middle = min(max(n / 2, low), high)
    return 2.0 * z * (n - z) / n - 2.0 / n * least / (middle * (n - middle))


@compiled
def _most_gini(z: float, n: float, z_in: float, inside: float) -> float:
    """The largest Gini of z among n rows, z of them with z = 1, and any part of a bin."""
    low = z / (n + inside - z_in) if n + inside - z_in > 0 else 0.0
    high = (z + z_in) / (n + z_in) if n + z_in > 0 else 1.0
    share = min(max(0.5, low), high)
    return 2.0 * share * (1.0 - share)


@compiled
def ceiling(before: Array, inside: Array, total: Array, rule: Rule) -> float:
    """No split inside a bin scores more than this (rounding apart); -inf if none leaves enough rows on both sides.

    For two labels and two groups. Rows by cell, (4,): `before`, left of the bin; `inside` it; `total`, in the node.
    The label's part of the score is convex in what goes left and largest at the ends, the group's part (dp, eo) is
    concave and largest where the group's rates on both sides are closest; the two are bounded apart.
    """
    b00, b01, b10, b11 = float(before[0]), float(before[1]), float(before[2]), float(before[3])
    m00, m01, m10, m11 = float(inside[0]), float(inside[1]), float(inside[2]), float(inside[3])
    t00, t01, t10, t11 = float(total[0]), float(total[1]), float(total[2]), float(total[3])
    b, m, n = b00 + b01 + b10 + b11, m00 + m01 + m10 + m11, t00 + t01 + t10 + t11
    low, high = max(b + 1, rule.min_leaf), min(b + m - 1, n - rule.min_leaf)
    if low > high:
        return -np.inf
    y = t10 + t11
    _, most = _association(b10 + b11, b, m10 + m11, m, y, n)
    reward = 2.0 / n * most / min(low * (n - low), high * (n - high)) - 2.0 * y * (n - y) / n
    if rule.criterion == DP:
        mixed = _most_within(b01 + b11, b, m01 + m11, m, t01 + t11, n)
    elif rule.criterion == EO:
        mixed = _most_within(b01, b00 + b01, m01, m00 + m01, t01, t00 + t01)
        mixed += _most_within(b11, b10 + b11, m11, m10 + m11, t11, y)
    else:
        left = _most_gini(b11, b10 + b11, m11, m10 + m11)
        right = _most_gini(t11 - b11 - m11, y - b10 - b11 - m10 - m11, m11, m10 + m11)
        mixed = max(low * left + (n - low) * right, high * left + (n - high) * right)
    return (1.0 - rule.gamma) * reward + rule.gamma * (mixed - 0.5 * n) if mixed > -np.inf else -np.inf


@compiled
def open_bins(
    columns: Columns, order: Array, counts: Array, total: Array, rule: Rule, floor: float, opened: Array
) -> int:
    """Mark in `opened`, (bins,), those that may hold a split that scores `floor`; how many rows they hold.

    Looks at the columns in `order` that are not nominal. With more than two labels or groups every bin is opened that
    holds several values.
    """
    binary = total.size == 4 and rule.groups == 2
    before = np.empty(total.size, np.int64)
    rows = 0
    for q in range(order.size):
        j = order[q]
        if columns.nominal[j]:
            continue
        before[:] = 0
        for b in range(columns.offset[j], columns.offset[j + 1]):
            m = 0
            for i in range(total.size):
                m += counts[b, i]
            opened[b] = columns.wide[b] and m > 1
            if opened[b] and binary:
                opened[b] = ceiling(before, counts[b], total, rule) >= floor
            for i in range(total.size):
                before[i] += counts[b, i]
            rows += m if opened[b] else 0
    return rows
