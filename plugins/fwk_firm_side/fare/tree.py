"""A fitted tree: which cell a row falls into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fwk_firm_side.fare.compiled import Array, compiled, sealed


@dataclass(frozen=True, eq=False)
class Tree:
    """Nodes in the order in which they were made, the root first. Arrays have one entry a node.

    left, right  children; -1 for a leaf
    feature      the column asked; -1 for a leaf
    threshold    a number goes left iff it is <= this; NaN where the column is nominal, or the node a leaf
    side         where the column's table starts in `goes_left`; -1 where it is a number
    codes        how many codes that table knows, 0 .. codes-1; others go left
    goes_left    tables of nominal splits, one after the other
    impurity     I of the node
    gain         of its split, weighted with the node's share of the rows; NaN for a leaf
    counts       rows by (label, group), (nodes, labels, groups)
    leaf         number of the leaf, -1 for inner nodes
    """

    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    side: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    goes_left: npt.NDArray[np.bool_]
    impurity: npt.NDArray[np.float64]
    gain: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    leaf: npt.NDArray[np.int32]

    @property
    def n_leaves(self) -> int:
        """How many cells people are put in."""
        return int(self.leaf.max()) + 1

    def apply(self, X: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """The leaf number of each row of X, (n,)."""
        leaves = np.empty(len(X), np.int64)
        _apply(sealed(X), self.left, self.right, self.feature, self.threshold, self.side, self.codes, self.goes_left,
               self.leaf, leaves)  # fmt: skip
        return leaves


@compiled
def _apply(
    X: Array, left: Array, right: Array, feature: Array, threshold: Array, side: Array, codes: Array,
    goes_left: Array, leaf: Array, leaves: Array,
) -> None:  # fmt: skip
    for i in range(X.shape[0]):
        node = 0
        while feature[node] >= 0:
            x = X[i, feature[node]]
            if side[node] < 0:
                go = np.float64(x) <= threshold[node]
            else:
                code = int(x)
                go = code < 0 or code >= codes[node] or goes_left[side[node] + code]
            node = left[node] if go else right[node]
        leaves[i] = leaf[node]
