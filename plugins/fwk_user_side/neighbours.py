"""Rankers that look at a candidate's nearest neighbours. `k` is clamped to the records at hand, with a `Note`.

N_k(x; S) are the k records of S nearest to x, Euclidean, in the space that the config measures distances in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk import Floats, UserSide, UserView

ROUNDING = 1e-9
"""Shares are sums of 1/k: .6 - .4 is a hair below .2, and must still reach a threshold of .2."""


@dataclass(frozen=True)
class RbLabel:
    """Rank by the labels of similar majority members (RB-label, Ben-Dov et al. 2025).

    score(x) = |{(x', y') in N_k(x; known majority) : y' = 1}|, an integer in 0..k; many ties, ordered by the seed.
    """

    k: int = 20

    def __post_init__(self) -> None:
        _check_k(self.k)

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,). Raises Refusal if no majority member is known."""
        return np.asarray(view.nearest.among_majority(self.k).y.sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class RbDist:
    """Rank by the distance to accepted majority members (RB-dist, Ben-Dov et al. 2025).

    score(x) = -(1/k) sum of |x - x'| over x' in N_k(x; known majority with y = 1), at most 0.
    """

    k: int = 20

    def __post_init__(self) -> None:
        _check_k(self.k)

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,). Raises Refusal if no majority member with y = 1 is known."""
        return -np.asarray(view.nearest.among_accepted(self.k).distance.mean(axis=1))


@dataclass(frozen=True)
class LuongKnn:
    """Situation testing (Luong, Ruggieri and Turini 2011), as a ranking of a collective.

    score(x) = share of y' = 1 in N_k(x; known majority) - share of y' = 1 in N_k(x; collective without x), in [-1, 1].
    A candidate whose score is below `threshold` (their t) was not treated worse than comparable majority members and
    never flips: score -inf. -1 excludes nobody. Their distance mixes Manhattan and overlap; here it is the config's.
    """

    k: int = 20
    threshold: float = 0.0

    def __post_init__(self) -> None:
        _check_k(self.k)
        if not -1 <= self.threshold <= 1:
            raise ValueError(f"threshold = {self.threshold}; a difference of two shares lies in [-1, 1]")

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,). Raises Refusal if no majority member is known, or the collective has one member only."""
        theirs = view.nearest.among_majority(self.k).y.mean(axis=1)
        ours = view.nearest.among_members(self.k).y.mean(axis=1)
        difference = theirs - ours
        return np.where(difference < self.threshold - ROUNDING, -math.inf, difference)


def _check_k(k: int) -> None:
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise ValueError(f"k = {k!r}; it counts neighbours, so it is a whole number from 1")


CARDS = (
    UserSide(name="rb-label", make=RbLabel, tune={"k": (5, 20, 100)}, paper="Ben-Dov et al. 2025"),
    UserSide(name="rb-dist", make=RbDist, tune={"k": (1, 5, 20, 100)}, paper="Ben-Dov et al. 2025"),
    UserSide(name="luong-knn", make=LuongKnn, tune={"k": (5, 20, 100)}, paper="Luong, Ruggieri and Turini 2011"),
)
