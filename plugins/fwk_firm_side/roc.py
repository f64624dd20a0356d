"""ROC hulls of a group's scores, and rules with a (randomised) threshold for each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fwk import Bools, Classifier, Floats, Ints, People, positive_probability


@dataclass(frozen=True, eq=False)
class Hull:
    """Corners of the upper convex hull of an ROC curve, from (0, 0) to (1, 1).

    thresholds  (v,) accept a score above it: inf first (nobody), -inf last (everybody)
    fpr, tpr    (v,) rates at each threshold
    negatives, positives   how many people of each label the curve is of
    """

    thresholds: Floats
    fpr: Floats
    tpr: Floats
    negatives: int
    positives: int


def hull(scores: Floats, y: Bools) -> Hull:
    """The upper hull of the ROC curve of `scores`, in exact integer arithmetic. Both labels must occur.

    Thresholds lie half-way between neighbouring scores.

    >>> corners = hull(np.array([0.9, 0.6, 0.4, 0.1]), np.array([True, False, True, False]))
    >>> corners.fpr.tolist(), corners.tpr.tolist(), corners.thresholds.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0], [inf, 0.75, 0.25, -inf])
    """
    values, place = np.unique(scores, return_inverse=True)
    of = np.stack([np.bincount(place, weights=~y), np.bincount(place, weights=y)]).astype(np.int64)
    fp, tp = (np.concatenate([[0], np.cumsum(count[::-1])]) for count in of)
    kept = _upper(fp, tp)
    thresholds = np.concatenate([[np.inf], _between(values)[::-1], [-np.inf]])
    negatives, positives = int(fp[-1]), int(tp[-1])
    return Hull(thresholds[kept], fp[kept] / negatives, tp[kept] / positives, negatives, positives)


def _upper(x: Ints, y: Ints) -> Ints:
    """Positions of the corners of the upper hull of points sorted by x and y (Andrew's monotone chain)."""
    kept: list[int] = []
    for i in range(len(x)):
        while len(kept) >= 2:
            a, b = kept[-2], kept[-1]
            if (y[b] - y[a]) * (x[i] - x[a]) > (y[i] - y[a]) * (x[b] - x[a]):
                break
            kept.pop()
        kept.append(i)
    return np.array(kept, dtype=np.int64)


def _between(values: Floats) -> Floats:
    """Half-way between neighbours of ascending values; the lower one where rounding would reach the upper."""
    low, high = values[:-1], values[1:]
    middle = low + (high - low) / 2
    return np.where(middle < high, middle, low)


@dataclass(frozen=True)
class RandomThreshold:
    """P(accept | score) = sum over i of weights[i] * [score > thresholds[i]]: a threshold drawn anew for each person.

    -inf accepts everybody, inf nobody; the weights are at least 0 and sum to 1.
    """

    thresholds: tuple[float, ...]
    weights: tuple[float, ...]

    def accept(self, scores: Floats) -> Floats:
        """P(accept), (n,), of people with these scores."""
        total = np.zeros(len(scores))
        for threshold, weight in zip(self.thresholds, self.weights, strict=True):
            total += weight * (scores > threshold)
        return np.clip(total, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class GroupThresholds:
    """A randomised threshold for each group, on a model's scores. Looks at the group."""

    model: Classifier
    majority: RandomThreshold
    minority: RandomThreshold

    def __call__(self, people: People, /) -> Floats:
        """P(accept), (n,)."""
        scores = positive_probability(self.model, people.X)
        return np.where(people.minority, self.minority.accept(scores), self.majority.accept(scores))
