"""Best-first growth of a fair tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fwk_firm_side.fare.bins import make_columns
from fwk_firm_side.fare.compiled import Columns, Rule, sealed
from fwk_firm_side.fare.frontier import Frontier
from fwk_firm_side.fare.histogram import part
from fwk_firm_side.fare.search import impurity
from fwk_firm_side.fare.split import Split, SplitSearch
from fwk_firm_side.fare.tree import Tree

EPSILON = float(np.finfo(np.float64).eps)


def grow(
    X: npt.NDArray[np.float32],
    cell: npt.NDArray[np.uint8],
    labels: int,
    rule: Rule,
    *,
    nominal: npt.NDArray[np.bool_],
    max_leaf_nodes: int,
    min_gain: float | None,
    seed: int,
) -> Tree:
    """Grow a tree best first: the node whose split gains most is split next, until there are max_leaf_nodes leaves.

    A gain is the decrease of the impurity times the node's share of the rows.

    X        (n, d) float32; nominal columns hold codes 1, 2, ...
    cell     label * rule.groups + group, (n,)
    min_gain a split must gain more; None is the official rule, which takes gains down to -2.2e-16
    seed     of the order in which columns are looked at: of equally good splits the first is taken
    """
    growth = _Growth(make_columns(sealed(X), cell, nominal), rule, labels * rule.groups, min_gain, seed)
    waiting = Frontier()
    waiting.push(*growth.root())
    splits = 0
    while len(waiting) and splits < max_leaf_nodes - 1:
        number = waiting.pop()
        if growth.nodes[number].split is not None:
            splits += 1
            for gain, child in growth.part(number):
                waiting.push(gain, child)
    return growth.finished(labels)


@dataclass(eq=False)
class _Node:
    """Its rows are start .. stop-1 of the growth's row numbers, `cells` of them by cell."""

    start: int
    stop: int
    cells: npt.NDArray[np.int64]
    impurity: float
    split: Split | None = None
    gain: float = 0.0
    left: int = -1

    def __len__(self) -> int:
        return self.stop - self.start


class _Growth:
    """The nodes so far, and the row numbers, which every split rearranges so that a node's rows stay together."""

    def __init__(self, columns: Columns, rule: Rule, cells: int, min_gain: float | None, seed: int) -> None:
        self.columns, self.rule, self.min_gain = columns, rule, min_gain
        self.nodes: list[_Node] = []
        self._search = SplitSearch(columns, rule, cells, seed)
        self._rows = np.arange(len(columns.cell), dtype=np.uint32)
        self._spare = np.empty_like(self._rows)
        self._cells = cells

    def root(self) -> tuple[float, int]:
        """Make the first node: its gain and number."""
        cells = np.bincount(self.columns.cell, minlength=self._cells)
        return self._add(0, len(self._rows), cells, float(impurity(cells, self.rule)))

    def part(self, number: int) -> tuple[tuple[float, int], tuple[float, int]]:
        """Part a node's rows and make its children: the gain and number of the left one, and of the right one."""
        node = self.nodes[number]
        assert node.split is not None
        split, cells = node.split, np.zeros_like(node.cells)
        own = self._rows[node.start : node.stop]
        size = part(self.columns, own, split.column, split.threshold, split.goes_left, self._spare, cells)
        node.left = len(self.nodes)
        left = self._add(node.start, node.start + size, cells, split.impurities[0])
        return left, self._add(node.start + size, node.stop, node.cells - cells, split.impurities[1])

    def _add(self, start: int, stop: int, cells: npt.NDArray[np.int64], impure: float) -> tuple[float, int]:
        node = _Node(start, stop, cells, impure)
        self.nodes.append(node)
        if len(node) >= max(2, 2 * self.rule.min_leaf) and impure > EPSILON:
            share = len(node) / len(self._rows)
            least = -EPSILON if self.min_gain is None else self.min_gain
            split = self._search.find(self._rows[start:stop], cells, impure, least / share)
            gain = -np.inf if split is None else share * split.decrease
            if gain + EPSILON >= 0 if self.min_gain is None else gain > self.min_gain:
                node.split, node.gain = split, gain
        return node.gain, len(self.nodes) - 1

    def finished(self, labels: int) -> Tree:
        """The tree as it stands; nodes that could still be split are leaves."""
        left = np.array([node.left for node in self.nodes], np.int32)
        inner = left >= 0
        splits = [node.split if node.left >= 0 else None for node in self.nodes]
        tables = [np.empty(0, np.bool_) if split is None else split.goes_left for split in splits]
        codes = np.array([len(table) for table in tables])
        return Tree(
            left=left,
            right=np.where(inner, left + 1, -1).astype(np.int32),
            feature=np.array([-1 if split is None else split.column for split in splits], np.int32),
            threshold=np.array([np.nan if split is None else split.threshold for split in splits]),
            side=np.where(codes > 0, np.cumsum(codes) - codes, -1),
            codes=codes,
            goes_left=np.concatenate(tables),
            impurity=np.array([node.impurity for node in self.nodes]),
            gain=np.where(inner, [node.gain for node in self.nodes], np.nan),
            counts=np.array([node.cells for node in self.nodes]).reshape(len(self.nodes), labels, -1),
            leaf=np.where(inner, -1, np.cumsum(~inner) - 1).astype(np.int32),
        )
