"""The same tree, written plainly from the definition: slow, and what the compiled code is checked against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fwk_firm_side.fare.frontier import Frontier

Array = npt.NDArray[Any]
EQUAL = np.float32(1e-7)
EPSILON = 2.0**-52


@dataclass(frozen=True, eq=False)
class PlainTree:
    """Nodes as they were made: the rows of each, its split, or None: column, threshold, codes on the right."""

    rows: list[Array]
    splits: list[tuple[int, float, frozenset[int]] | None]
    left: list[int]

    def apply(self, X: Array) -> Array:
        """The leaf number of each row of X, float32; leaves are numbered as they were made."""
        number = np.cumsum([split is None for split in self.splits]) - 1
        leaves = []
        for x in X:
            node = 0
            while (split := self.splits[node]) is not None:
                column, threshold, codes = split
                goes_left = int(x[column]) not in codes if np.isnan(threshold) else float(x[column]) <= threshold
                node = self.left[node] + (not goes_left)
            leaves.append(number[node])
        return np.array(leaves)


@dataclass(frozen=True)
class PlainGrower:
    """Everything that a tree depends on; see `FairTreeClassifier`. `nominal` holds the positions of such columns."""

    gamma: float
    max_leaf_nodes: int
    min_samples_leaf: int
    criterion: str = "dp"
    min_gain: float | None = 1e-12
    nominal: tuple[int, ...] = ()
    seed: int = 43

    def impurity(self, counts: Array) -> Array:
        """(1 - gamma) G_y + gamma (1 - 1/groups - G_s) of counts, (..., labels, groups)."""
        n = counts.sum(axis=(-1, -2))
        with np.errstate(invalid="ignore", divide="ignore"):
            of_label = 1 - ((counts.sum(axis=-1) / n[..., None]) ** 2).sum(axis=-1)
            within = 1 - ((counts / counts.sum(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
            if self.criterion == "dp":
                of_group = 1 - ((counts.sum(axis=-2) / n[..., None]) ** 2).sum(axis=-1)
            elif self.criterion == "eopp":
                of_group = within[..., 1]
            else:
                of_group = (counts.sum(axis=-1) * within).sum(axis=-1) / n
        top = 1 - 1 / max(counts.shape[-1], 2)
        return np.asarray((1 - self.gamma) * of_label + self.gamma * (top - of_group))

    def grow(self, X: Array, y: Array, s: Array) -> PlainTree:
        """X (n, d) float32; y and s, (n,), numbered 0, 1, ..."""
        X = np.asarray(X, np.float32)
        one_hot = np.zeros((len(X), int(y.max()) + 1, int(s.max()) + 1), np.int64)
        one_hot[np.arange(len(X)), y, s] = 1
        features, draw, highest = list(range(X.shape[1])), _draws(self.seed), X.max(axis=0)
        rows = [np.arange(len(X))]
        splits: list[tuple[int, float, frozenset[int]] | None] = []
        left: list[int] = []
        impurities = [float(self.impurity(one_hot.sum(axis=0)))]
        found: list[Any] = []  # of each node, the best split as `_best` gives it
        waiting = Frontier()

        def evaluate(node: int) -> None:
            own = rows[node]
            best = None
            if len(own) >= max(2, 2 * self.min_samples_leaf) and impurities[node] > EPSILON:
                order = _visit(X[own], features, draw)
                best = self._best(X[own], one_hot[own], order, impurities[node], len(X), highest)
            found.append(best)
            splits.append(None)
            left.append(-1)
            waiting.push(best[0] if best else 0.0, node)

        evaluate(0)
        leaves = 1
        while len(waiting) and leaves < self.max_leaf_nodes:
            node = waiting.pop()
            if found[node] is None:
                continue
            _, split, goes_left, below = found[node]
            splits[node], left[node] = split, len(rows)
            own, leaves = rows[node], leaves + 1
            for side, impurity in ((goes_left, below[0]), (~goes_left, below[1])):
                rows.append(own[side])
                impurities.append(impurity)
                evaluate(len(rows) - 1)
        return PlainTree(rows, splits, left)

    def _best(self, X: Array, one_hot: Array, order: list[int], impurity: float, n_all: int, highest: Array) -> Any:
        """(gain, split, who goes left, impurities of the children) or None."""
        total, n = one_hot.sum(axis=0), len(X)
        best, best_score = None, -np.inf
        for j in order:
            for left_counts, split in self._candidates(X[:, j], one_hot, j, int(highest[j])):
                n_left = left_counts.sum(axis=(-1, -2))
                allowed = np.minimum(n_left, n - n_left) >= self.min_samples_leaf
                left, right = self.impurity(left_counts), self.impurity(total - left_counts)
                score = np.where(allowed, -(n - n_left) * right - n_left * left, -np.inf)
                score = np.where(np.isnan(score), -np.inf, score)
                if len(score) and score.max() > best_score:
                    i = int(score.argmax())
                    best_score = score[i]
                    gain = n / n_all * (impurity - (n - n_left[i]) / n * right[i] - n_left[i] / n * left[i])
                    best = gain, split(i), (float(left[i]), float(right[i]))
        if best is None or not (best[0] + EPSILON >= 0 if self.min_gain is None else best[0] > self.min_gain):
            return None
        gain, (j, threshold, codes), below = best
        goes_left = ~np.isin(X[:, j], list(codes)) if np.isnan(threshold) else X[:, j].astype(np.float64) <= threshold
        return gain, (j, threshold, codes), goes_left, below

    def _candidates(self, x: Array, one_hot: Array, j: int, highest: int) -> Iterator[tuple[Array, Any]]:
        """Counts left of every candidate, (candidates, labels, groups), and what makes a split of one of them."""
        if j not in self.nominal:
            order = np.argsort(x, kind="stable")
            v = x[order]
            ends = np.flatnonzero(v[1:] > v[:-1] + EQUAL)
            yield (
                one_hot[order].cumsum(axis=0)[ends],
                lambda i: (j, _between(float(v[ends[i]]), float(v[ends[i] + 1])), frozenset()),
            )
            return
        codes = np.unique(x).astype(int)
        counts = np.array([one_hot[x == code].sum(axis=0) for code in codes])
        odd = set(range(1, highest + 1, 2)) - set(codes.tolist())
        for tried in orders(counts):
            yield (
                counts[tried].cumsum(axis=0)[:-1],
                lambda i, tried=tried: (j, np.nan, frozenset(odd | set(codes[tried[i + 1 :]].tolist()))),
            )


def _between(lower: float, upper: float) -> float:
    middle = lower / 2 + upper / 2
    return lower if middle == upper else middle


def orders(counts: Array) -> list[list[int]]:
    """Orders A and B of the present codes, (q, labels, groups) counted."""
    n = counts.sum(axis=(1, 2))
    label = (counts.sum(axis=2) @ np.arange(counts.shape[1]) / n).astype(np.float32)
    group = (counts.sum(axis=1) @ np.arange(counts.shape[2]) / n).astype(np.float32)
    codes = list(range(len(n)))
    by_group = introsorted(codes, group)
    lower, upper = by_group[: len(n) // 2], by_group[len(n) // 2 :]
    alternating = [0] * len(n)
    alternating[0::2], alternating[1::2] = introsorted(upper, label), introsorted(lower, label)
    return [introsorted(codes, label), alternating]


def introsorted(items: list[int], key: Array) -> list[int]:
    """Items sorted by key[item], equal ones as the official sort leaves them."""
    items = list(items)

    def sort(start: int, stop: int, rounds: int) -> None:
        if stop - start < 2:
            return
        part = items[start:stop]
        if rounds <= 0:
            items[start:stop] = _heapsorted(part, key)
            return
        pivot = sorted([key[part[0]], key[part[len(part) // 2]], key[part[-1]]])[1]
        low, i, high = start, start, stop
        while i < high:
            if key[items[i]] < pivot:
                items[i], items[low] = items[low], items[i]
                low, i = low + 1, i + 1
            elif key[items[i]] > pivot:
                high -= 1
                items[i], items[high] = items[high], items[i]
            else:
                i += 1
        sort(start, low, rounds - 1)
        sort(high, stop, rounds - 1)

    sort(0, len(items), 2 * int(np.log2(max(len(items), 1))))
    return items


def _heapsorted(items: list[int], key: Array) -> list[int]:
    heap = list(items)

    def sift(root: int, n: int) -> None:
        largest = max([i for i in (root, 2 * root + 1, 2 * root + 2) if i < n], key=lambda i: (key[heap[i]], -i))
        if largest != root:
            heap[root], heap[largest] = heap[largest], heap[root]
            sift(largest, n)

    for root in range(len(heap) // 2 - 1, -1, -1):
        sift(root, len(heap))
    for last in range(len(heap) - 1, 0, -1):
        heap[0], heap[last] = heap[last], heap[0]
        sift(0, last)
    return heap


def _draws(seed: int) -> Iterator[int]:
    """Marsaglia's xorshift generator, (13, 17, 5), started as the official code does."""
    x = int(np.random.RandomState(seed).randint(0, 2**31 - 1))
    while True:
        x ^= (x << 13) % 2**32
        x ^= x >> 17
        x ^= (x << 5) % 2**32
        yield x % 2**31


def _visit(X: Array, features: list[int], draws: Iterator[int]) -> list[int]:
    """The columns that are not constant, as they are looked at; `features` goes on being shuffled."""
    constant, end, order = 0, len(features), []
    while end > constant:
        i = constant + next(draws) % (end - constant)
        j = features[i]
        if X[:, j].max() <= X[:, j].min() + EQUAL:
            features[i], features[constant] = features[constant], features[i]
            constant += 1
        else:
            end -= 1
            features[i], features[end] = features[end], features[i]
            order.append(j)
    return order
