"""The best split of a node, exactly: counts at the bins' boundaries first, then inside bins that may beat them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fwk_firm_side.fare import search
from fwk_firm_side.fare.ceilings import open_bins
from fwk_firm_side.fare.compiled import Array, Columns, Rule
from fwk_firm_side.fare.histogram import count, limits, visiting_order
from fwk_firm_side.fare.orders import nominal_orders


@dataclass(frozen=True, eq=False)
class Split:
    """Which rows go left, and what it brings.

    column      what is asked
    threshold   a number goes left iff it is <= this; NaN where the column is nominal
    goes_left   by code 0 .. m, for a nominal column; else empty
    impurities  of the left and the right child
    decrease    n I - n_L I_L - n_R I_R over n, for the node's n rows
    """

    column: int
    threshold: float
    goes_left: npt.NDArray[np.bool_]
    impurities: tuple[float, float]
    decrease: float


class SplitSearch:
    """Finds splits in one table; keeps the scratch space, and the random order in which columns are looked at."""

    def __init__(self, columns: Columns, rule: Rule, cells: int, seed: int) -> None:
        bins, d = int(columns.offset[-1]), len(columns.nominal)
        self.columns, self.rule = columns, rule
        self._counts = np.empty((bins, cells), np.int32)
        self._sequence, self._present = np.empty((2, bins), np.int64), np.empty(d, np.int64)
        self._opened, self._start = np.zeros(bins, np.bool_), np.empty(bins, np.int64)
        self._packed = np.empty(len(columns.cell), np.int64)
        self._features, self._order = np.arange(d), np.empty(d, np.int64)
        self._state = np.random.RandomState(seed).randint(0, 2**31 - 1, size=1)

    def find(self, rows: Array, total: Array, impurity: float, needed: float) -> Split | None:
        """The best split of the node with these rows, `total` of them by cell; None where there is no admissible one.

        One whose decrease is less than `needed` is of no use, and may be missed.
        """
        columns, rule, counts = self.columns, self.rule, self._counts
        count(columns, rows, counts)
        order = self._order[: visiting_order(columns, rows, counts, self._features, self._state, self._order)]
        nominal_orders(columns, counts, rule.groups, self._sequence, self._present)
        best = np.full(10, -np.inf)
        search.between_bins(best, columns, order, counts, total, rule, self._sequence, self._present)
        n = len(rows)
        floor = max(best[search.SCORE], n * (needed - impurity)) - 1e-12 * n  # a score is n (decrease - I)
        if open_bins(columns, order, counts, total, rule, floor, self._opened):
            search.inside_bins(best, columns, rows, order, counts, total, rule, self._opened, self._start, self._packed)
        return None if best[search.SCORE] == -np.inf else self._split(best, rows, impurity)

    def _split(self, best: Array, rows: Array, impurity: float) -> Split:
        n, n_left = len(rows), best[search.N_LEFT]
        left, right = float(best[search.I_LEFT]), float(best[search.I_RIGHT])
        column, kind, prefix = int(best[search.COLUMN]), int(best[search.KIND]), int(best[search.PREFIX])
        if kind == search.BOUNDARY:
            best[search.LOWER], best[search.UPPER] = limits(self.columns, rows, column, prefix - 1)
        nominal = bool(self.columns.nominal[column])
        return Split(
            column=column,
            threshold=np.nan if nominal else between(best[search.LOWER], best[search.UPPER]),
            goes_left=self._sides(column, kind, prefix) if nominal else np.empty(0, np.bool_),
            impurities=(left, right),
            decrease=float(impurity - (n - n_left) / n * right - n_left / n * left),
        )

    def _sides(self, column: int, kind: int, prefix: int) -> npt.NDArray[np.bool_]:
        """Which codes go left: the first `prefix` of the order; of codes that the node does not have, the even ones."""
        first, last = self.columns.offset[column], self.columns.offset[column + 1]
        order = self._sequence[kind, first : first + self._present[column]]
        goes_left = np.arange(last - first) % 2 == 0
        goes_left[order] = np.arange(len(order)) < prefix
        return np.asarray(goes_left)


def between(lower: float, upper: float) -> float:
    """The threshold between two neighbours: their middle, or the lower one if the middle is no smaller than the upper.

    >>> between(1.0, 2.0)
    1.5
    """
    middle = lower / 2 + upper / 2
    return float(lower if middle == upper or np.isinf(middle) else middle)
