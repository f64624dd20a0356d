"""Points (error, unfairness), both minimised: who is dominated, and what a front is worth. Plain arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fwk.api import Bools, Floats, Ints

REFERENCE = (0.5, 0.5)
"""The reference point (error, unfairness) of every hypervolume. A coin's error is 0.5. It is a constant, so that a
hypervolume changes neither with the other methods of a comparison nor from one data set to the next."""


def non_dominated(values: Floats) -> Bools:
    """Which of n points (error, unfairness) are on the front, (n,).

    q dominates p when q_i <= p_i in both coordinates and q_i < p_i in one. Equal points do not dominate each other,
    so all copies of a front point are on the front. A point with an undefined coordinate (NaN) never is, and
    dominates nobody.

    >>> non_dominated(np.array([[0.1, 0.3], [0.2, 0.1], [0.2, 0.3], [0.1, 0.3], [0.0, np.nan]])).tolist()
    [True, True, False, True, False]
    """
    found = np.zeros(len(values), dtype=bool)
    defined = np.flatnonzero(~np.isnan(values).any(axis=1))
    if len(defined) == 0:
        return found
    ordered = defined[np.lexsort((values[defined, 1], values[defined, 0]))]
    _, first, column = np.unique(values[ordered, 0], return_index=True, return_inverse=True)
    least = values[ordered[first], 1]  # the least unfairness at each error
    alive = np.concatenate([[True], least[1:] < np.minimum.accumulate(least)[:-1]])
    found[ordered] = (values[ordered, 1] == least[column]) & alive[column]
    return found


def convex_envelope(values: Floats) -> Ints:
    """Positions of the corners of the lower left convex hull of n points, by increasing error.

    These are the points that are best for some weights: argmin (1 - w) error + w unfairness for a w in [0, 1], where
    ties go to non-dominated points. A firm that tosses a coin between two neighbouring corners attains the segment
    between them. Points within a segment are no corners; of equal points the first counts; NaN never does.

    >>> convex_envelope(np.array([[0.0, 1.0], [0.5, 0.25], [0.25, 0.75], [0.75, 0.25], [1.0, 0.0]])).tolist()
    [0, 1, 4]
    """
    front = np.flatnonzero(non_dominated(values))
    _, first = np.unique(values[front], axis=0, return_index=True)
    corners: list[int] = []
    for position in front[first]:
        while len(corners) > 1 and not _bends_up(values[corners[-2]], values[corners[-1]], values[position]):
            corners.pop()
        corners.append(int(position))
    return np.array(corners, dtype=np.int64)


def _bends_up(a: Floats, b: Floats, c: Floats) -> bool:
    return bool((b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0]))


def hypervolume(values: Floats, reference: tuple[float, float] = REFERENCE) -> float:
    """The area that is dominated by the points, (n, 2), and dominates the reference point; larger is better.

    HV = area of the union of the rectangles [error_i, reference_error] x [unfairness_i, reference_unfairness].
    Range: 0 (no point is below the reference in both) to the product of the reference's coordinates for values that
    are not negative. NaN points count for nothing.

    >>> hypervolume(np.array([[0.0, 0.25], [0.25, 0.0], [0.25, 0.25]]), (0.5, 0.5))
    0.1875
    """
    below = values[(values < np.asarray(reference)).all(axis=1)]
    front = np.unique(below[non_dominated(below)], axis=0)
    ceiling = np.concatenate([[reference[1]], front[:-1, 1]])
    return float(np.sum((reference[0] - front[:, 0]) * (ceiling - front[:, 1])))


def attainment(fronts: Sequence[Floats], share: float = 0.5) -> Floats:
    """The corners (m, 2) of the region that at least `share` of the fronts (n_i, 2) attain, by increasing error.

    A front attains (x, y) if one of its points has error <= x and unfairness <= y (Fonseca and Fleming 1996; Grunert da
    Fonseca, Fonseca and Hall 2001). `share` 0.5 gives the median front of repeats. Empty if too few fronts hold points.

    >>> one, other = np.array([[0.1, 0.4], [0.3, 0.2]]), np.array([[0.2, 0.3]])
    >>> attainment([one, other], share=1.0).tolist()
    [[0.2, 0.4], [0.3, 0.3]]
    """
    needed = max(1, math.ceil(share * len(fronts) - 1e-9))
    defined = [front[~np.isnan(front).any(axis=1)] for front in fronts]
    errors = np.unique(np.concatenate([np.empty(0), *(front[:, 0] for front in defined)]))
    if len(defined) < needed or len(errors) == 0:
        return np.empty((0, 2))
    least = np.array([[front[front[:, 0] <= x, 1].min(initial=np.inf) for front in defined] for x in errors])
    attained = np.column_stack([errors, np.sort(least, axis=1)[:, needed - 1]])
    corners: Floats = attained[non_dominated(attained) & np.isfinite(attained[:, 1])]
    return corners
