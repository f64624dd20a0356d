"""A certificate of fairness: no classifier that sees only people's cells is more unfair than this.

Jovanovic et al. (FARE: Provably Fair Representation Learning with Practical Certificates, ICML 2023). The largest
|P(g = 1 | s = 0) - P(g = 1 | s = 1)| over all g is 2 B - 1, where B is the best balanced accuracy of guessing the group
s from the cell: B = sum_i P(cell i) max(a P(s=0 | i), b P(s=1 | i)), with a = 1 / (2 P(s=0)) and b = 1 / (2 P(s=1)).
Every quantity is bounded from a finite sample, so that all bounds hold at once with the confidence asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Criterion = Literal["dp", "eopp", "eo"]
Interval = Literal["clopper-pearson", "hoeffding"]
Values = npt.ArrayLike
Array = npt.NDArray[Any]  # cells, groups and labels may be of any type that sorts


def certificate(
    cells_tree: Values,
    s_tree: Values,
    cells_val: Values,
    s_val: Values,
    cells_test: Values,
    *,
    confidence: float = 0.95,
    criterion: Criterion = "dp",
    y_tree: Values | None = None,
    y_val: Values | None = None,
    y_test: Values | None = None,
    s_test: Values | None = None,
    n_cells: int | None = None,
    interval: Interval = "clopper-pearson",
) -> float:
    """An upper bound on the unfairness of every classifier of the cells, in the population; not clipped to 1.

    The three shares are different people: those the tree was fitted on, those kept for the certificate, and those
    whose cells say how common each cell is. The bound is valid only if the last two had no say in the tree, nor in
    the choice of its gamma and k.

    cells_*     (n,) the cell of each person, as `apply` gives it
    s_*         (n,) the group; s_test is needed for more than two groups only
    y_*         (n,) the label, 0 or 1, for eopp and eo
    confidence  probability with which the bound holds, over the draw of the people; in (0, 1)
    criterion   what is bounded: "dp" |difference of acceptance rates|, "eopp" |dTPR|, "eo" (|dTPR| + |dFPR|) / 2;
                with more than two groups (dp only) the largest over pairs
    n_cells     number of the tree's leaves; by default that of the different cells in the three shares
    interval    of the proportions: Clopper and Pearson's, or Hoeffding's

    A tenth of 1 - confidence goes to the base rates, a tenth to the mass of the cells, the rest to the cells' rates;
    the parts of eo share 1 - confidence equally. Cells with nobody in the certificate's share count as if they told
    the group. inf where a group is missing in the tree's share, or somebody to count in the last one.

    Raises ValueError for lengths that differ, and for labels or groups that are needed and not given.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> cells, s = rng.integers(0, 2, 90_000), rng.integers(0, 2, 90_000)
    >>> certificate(cells[:30_000], s[:30_000], cells[30_000:60_000], s[30_000:60_000], cells[60_000:]) < 0.05
    True
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence} must lie strictly between 0 and 1")
    if interval not in ("clopper-pearson", "hoeffding"):
        raise ValueError(f"interval={interval!r} is neither 'clopper-pearson' nor 'hoeffding'")
    tree = _Share.of("tree", cells_tree, s_tree, y_tree)
    val = _Share.of("val", cells_val, s_val, y_val)
    test = _Share.of("test", cells_test, s_test, y_test)
    cells = np.unique(np.concatenate([share.cells for share in (tree, val, test)]))
    if n_cells is not None and n_cells < len(cells):
        raise ValueError(f"n_cells={n_cells}, but the shares have {len(cells)} different cells")
    groups = np.unique(np.concatenate([tree.s, val.s]))
    comparisons = _comparisons(criterion, groups)
    if not comparisons:
        return float("inf")
    error = (1 - confidence) / len(comparisons)
    small = min((1 - confidence) / 10, 0.4 * error)
    budget = _Budget(n_cells or len(cells), error - 2 * small, small, interval)
    tree, val, test = (share.numbered(cells) for share in (tree, val, test))
    bounds = [
        _bound(tree.take(who(tree)), val.take(who(val)), test.take(who(test)), first, budget)
        for first, who in comparisons
    ]
    return float(max(bounds) if criterion == "dp" else np.mean(bounds))


@dataclass(frozen=True, eq=False)
class _Share:
    """People: cells, groups and labels, (n,); empty where they were not given."""

    name: str
    cells: Array
    s: Array
    y: Array

    @staticmethod
    def of(name: str, cells: Values, s: Values | None, y: Values | None) -> _Share:
        """Checked to have one value of each kind a person."""
        arrays = {"cells": cells, "s": s, "y": y}
        given = {kind: np.asarray(values) for kind, values in arrays.items() if values is not None}
        shapes = {f"{kind}_{name}": values.shape for kind, values in given.items()}
        if len(set(shapes.values())) > 1 or given["cells"].ndim != 1:
            raise ValueError(f"one value a person is needed, but the shapes are {shapes}")
        return _Share(name, given["cells"], given.get("s", np.empty(0)), given.get("y", np.empty(0)))

    def numbered(self, cells: Array) -> _Share:
        return replace(self, cells=np.searchsorted(cells, self.cells))

    def take(self, rows: npt.NDArray[np.bool_]) -> _Share:
        return replace(
            self,
            cells=self.cells[rows],
            s=self.s[rows] if len(self.s) else self.s,
            y=self.y[rows] if len(self.y) else self.y,
        )

    def with_label(self, label: int) -> npt.NDArray[np.bool_]:
        if len(self.y) != len(self.cells):
            raise ValueError(f"eopp and eo need y_{self.name}")
        if not np.isin(self.y, (0, 1)).all():
            raise ValueError(f"y_{self.name} must be 0 or 1, and holds {np.unique(self.y)[:5].tolist()}")
        return np.asarray(self.y == label)

    def in_groups(self, pair: Array) -> npt.NDArray[np.bool_]:
        if len(self.s) != len(self.cells):
            raise ValueError(f"more than two groups are compared in pairs, which needs s_{self.name}")
        return np.asarray(np.isin(self.s, pair))


Who = Callable[[_Share], npt.NDArray[np.bool_]]


def _comparisons(criterion: str, groups: Array) -> list[tuple[object, Who]]:
    """What is bounded: the group that stands for s = 0, and whom to look at in each share. None if one group is all."""
    pairs = [np.array(pair) for pair in combinations(groups, 2)]
    if criterion == "dp":
        if len(pairs) == 1:
            return [(groups[0], lambda share: np.ones(len(share.cells), bool))]
        return [(pair[0], lambda share, pair=pair: share.in_groups(pair)) for pair in pairs]  # type: ignore[misc]
    if criterion not in ("eopp", "eo"):
        raise ValueError(f"criterion={criterion!r} is none of 'dp', 'eopp', 'eo'")
    if len(pairs) > 1:
        raise ValueError(f"{criterion} is for two groups, and there are {len(groups)}: {groups.tolist()}")
    labels = (1,) if criterion == "eopp" else (1, 0)
    return [(groups[0], lambda share, y=y: share.with_label(y)) for y in labels if pairs]  # type: ignore[misc]


@dataclass(frozen=True)
class _Budget:
    """What may go wrong with which probability: any cell's rate; the base rates, and again the mass of the cells."""

    n_cells: int
    rates: float
    small: float
    interval: str


def _bound(tree: _Share, val: _Share, test: _Share, first: object, budget: _Budget) -> float:
    """2 B - 1 bounded from above: base rates from `tree`, rates of the cells from `val`, their mass from `test`."""
    small, n_cells, interval = budget.small, budget.n_cells, budget.interval
    low, high = proportion(np.sum(tree.s == first), len(tree.s), small, interval)
    if low <= 0 or high >= 1 or len(test.cells) == 0:
        return float("inf")
    a, b = 1 / (2 * low), 1 / (2 * (1 - high))
    n = np.bincount(val.cells, minlength=n_cells)
    zeros = np.bincount(val.cells[val.s == first], minlength=n_cells)
    low, high = proportion(zeros, n, budget.rates / n_cells, interval)
    told = np.minimum(np.maximum(a * high, b * (1 - low)), max(a, b))
    mass = np.bincount(test.cells, minlength=n_cells) / len(test.cells)
    spread = np.ptp(told) * np.sqrt(np.log(1 / small) / (2 * len(test.cells)))
    return float(2 * (mass @ told + spread) - 1)


def proportion(x: npt.ArrayLike, n: npt.ArrayLike, error: float, interval: str) -> tuple[Array, Array]:
    """A two-sided confidence interval of a proportion of which x of n were seen; (0, 1) where n = 0.

    Clopper and Pearson (1934): quantiles error / 2 of Beta(x, n - x + 1), and 1 - error / 2 of Beta(x + 1, n - x).
    Hoeffding: x / n +- sqrt(ln(2 / error) / 2 n), within [0, 1].

    >>> low, high = proportion(0, 10, 0.05, "clopper-pearson")
    >>> float(low), round(float(high), 4)
    (0.0, 0.3085)
    """
    from scipy.special import betaincinv

    x, n = np.asarray(x, float), np.asarray(n, float)
    if interval == "hoeffding":
        share = np.divide(x, n, out=np.full(n.shape, 0.5), where=n > 0)
        radius = np.sqrt(np.log(2 / error) / (2 * np.maximum(n, 1e-9)))
        return np.clip(share - radius, 0, 1), np.clip(share + radius, 0, 1)
    low = np.where(x > 0, betaincinv(np.maximum(x, 1), n - x + 1, error / 2), 0.0)
    high = np.where(x < n, betaincinv(x + 1, np.maximum(n - x, 1), 1 - error / 2), 1.0)
    return low, high
