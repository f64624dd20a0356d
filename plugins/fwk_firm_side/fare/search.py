"""Kernels that score splits and keep the best one: between bins, along orders of codes, and inside bins."""

from __future__ import annotations

import numpy as np

from fwk_firm_side.fare.compiled import DP, EOPP, EQUAL, Array, Columns, Rule, compiled

# The best candidate so far is an array of float64, at these positions. KIND is one of the others; PREFIX is how many
# bins, or codes of the order, go left. LOWER and UPPER are the values on either side of a split inside a bin.
SCORE, RANK, COLUMN, KIND, PREFIX, N_LEFT, I_LEFT, I_RIGHT, LOWER, UPPER = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
BY_LABEL, ALTERNATING, BOUNDARY, INSIDE = 0, 1, 2, 3


@compiled
def _sum(cells: Array, first: int, last: int, step: int) -> int:
    total = 0
    for i in range(first, last, step):
        total += cells[i]
    return total


@compiled
def _group_gini(cells: Array, groups: int, first: int, last: int) -> float:
    """Gini of the group among the labels first .. last-1; NaN where there is nobody."""
    n = _sum(cells, first * groups, last * groups, 1)
    squares = 0.0
    for s in range(groups):
        share = _sum(cells, first * groups + s, last * groups, groups) / n
        squares += share * share
    return 1.0 - squares


@compiled
def impurity(cells: Array, rule: Rule) -> float:
    """(1 - gamma) G_y + gamma (1 - 1/groups - G_s), smaller is better; `cells` counts rows by (label, group).

    G_s is the group's Gini: of all rows (dp), of those with y = 1 (eopp), or the mean of the Ginis within labels (eo).
    NaN where G_s conditions on a label that nobody has; a split that makes such a child is never chosen.
    """
    groups = rule.groups
    labels = cells.size // groups
    n = _sum(cells, 0, cells.size, 1)
    squares, within = 0.0, 0.0
    for y in range(labels):
        m = _sum(cells, y * groups, (y + 1) * groups, 1)
        squares += (m / n) * (m / n)
        if rule.criterion != DP and rule.criterion != EOPP:
            within += m * _group_gini(cells, groups, y, y + 1)
    if rule.criterion == DP:
        group = _group_gini(cells, groups, 0, labels)
    elif rule.criterion == EOPP:
        group = _group_gini(cells, groups, 1, 2)
    else:
        group = within / n
    return (1.0 - rule.gamma) * (1.0 - squares) + rule.gamma * (1.0 - 1.0 / max(groups, 2) - group)


@compiled
def _offer(
    best: Array, left: Array, total: Array, rule: Rule, right: Array,
    rank: int, column: int, kind: int, prefix: int, lower: float, upper: float,
) -> None:  # fmt: skip
    """Keep the better of `best` and the split with `left` rows by cell; `right` is scratch.

    The score is - n_R I(R) - n_L I(L). Of equal ones the first column in visiting order wins; in a nominal one the
    first order and the shortest prefix, in another the split with fewest rows on the left.
    """
    n_left, n_right = 0, 0
    for i in range(total.size):
        right[i] = total[i] - left[i]
        n_left += left[i]
        n_right += right[i]
    if n_left < rule.min_leaf or n_right < rule.min_leaf:
        return
    impurity_left, impurity_right = impurity(left, rule), impurity(right, rule)
    score = -n_right * impurity_right - n_left * impurity_left
    first = rank < best[RANK] or (rank == best[RANK] and kind >= BOUNDARY and n_left < best[N_LEFT])
    if score > best[SCORE] or (score == best[SCORE] and first):
        best[SCORE], best[RANK], best[COLUMN], best[KIND], best[PREFIX] = score, rank, column, kind, prefix
        best[N_LEFT], best[I_LEFT], best[I_RIGHT] = n_left, impurity_left, impurity_right
        best[LOWER], best[UPPER] = lower, upper


@compiled
def _add(left: Array, counts: Array, b: int) -> int:
    """Move the rows of a bin to the left; how many they are."""
    m = 0
    for i in range(left.size):
        left[i] += counts[b, i]
        m += counts[b, i]
    return m


@compiled
def between_bins(
    best: Array,
    columns: Columns,
    order: Array,
    counts: Array,
    total: Array,
    rule: Rule,
    sequence: Array,
    present: Array,
) -> None:
    """Offer the boundaries between bins, and the prefixes of both orders of the codes of nominal columns.

    order     the columns, as they are visited
    sequence  (2, bins) orders of codes, present[j] of them at offset[j]; see orders.py
    """
    left, right = np.empty(total.size, np.int64), np.empty(total.size, np.int64)
    for rank in range(order.size):
        j = order[rank]
        first = columns.offset[j]
        for kind in range(BY_LABEL, ALTERNATING + 1) if columns.nominal[j] else range(BOUNDARY, BOUNDARY + 1):
            left[:] = 0
            for p in range(present[j] if columns.nominal[j] else columns.offset[j + 1] - first):
                b = first + (p if kind == BOUNDARY else sequence[kind, first + p])
                if _add(left, counts, b) > 0:
                    _offer(best, left, total, rule, right, rank, j, kind, p + 1, 0.0, 0.0)


@compiled
def _pack(bits: np.int64, cell: np.int64) -> np.int64:
    """The bits of a float32 and a cell in one integer that sorts as the float32 does."""
    return ((bits ^ ((bits >> 31) & 0x7FFFFFFF)) << 8) | cell


@compiled
def _value(packed: np.int64) -> np.float32:
    key = packed >> 8
    return np.int32(key ^ ((key >> 31) & 0x7FFFFFFF)).view(np.float32)


@compiled
def _gather(columns: Columns, rows: Array, j: int, counts: Array, opened: Array, start: Array, packed: Array) -> int:
    """Lay the (value, cell) of the rows in opened bins of column j in `packed`, bin by bin from start[b]; how many."""
    first, n = columns.offset[j], 0
    for b in range(first, columns.offset[j + 1]):
        start[b] = n
        if opened[b]:
            for i in range(counts.shape[1]):
                n += counts[b, i]
    for i in range(rows.size if n > 0 else 0):
        b = first + columns.codes[rows[i], j]
        if opened[b]:
            packed[start[b]] = _pack(np.int64(columns.bits[rows[i], j]), np.int64(columns.cell[rows[i]]))
            start[b] += 1
    return n


@compiled
def inside_bins(
    best: Array, columns: Columns, rows: Array, order: Array, counts: Array, total: Array, rule: Rule,
    opened: Array, start: Array, packed: Array,
) -> None:  # fmt: skip
    """Offer the splits inside the opened bins; start, (bins,), and packed, (n,), are scratch, int64."""
    left, right = np.empty(total.size, np.int64), np.empty(total.size, np.int64)
    for rank in range(order.size):
        j = order[rank]
        if columns.nominal[j] or _gather(columns, rows, j, counts, opened, start, packed) == 0:
            continue
        left[:] = 0
        for b in range(columns.offset[j], columns.offset[j + 1]):
            m = _add(left, counts, b)
            if not opened[b]:
                continue
            for i in range(left.size):
                left[i] -= counts[b, i]
            values = packed[start[b] - m : start[b]]
            values.sort()
            for i in range(m):
                left[values[i] & 255] += 1
                if i + 1 < m:
                    lower, upper = _value(values[i]), _value(values[i + 1])
                    if upper > lower + EQUAL:
                        _offer(best, left, total, rule, right, rank, j, INSIDE, 0, float(lower), float(upper))
