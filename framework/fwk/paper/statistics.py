"""Tests over repeats: does a difference lie where a claim says, and with what certainty?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fwk.api import Floats

LEVEL = 0.05


@dataclass(frozen=True)
class Region:
    """Where a claim says that a mean lies: strictly between two ends.

    >>> Region.above(0.0).holds(0.2), Region.within(0.01).holds(-0.02)
    (True, False)
    """

    low: float = -math.inf
    high: float = math.inf

    @staticmethod
    def above(end: float) -> Region:
        """Above one end."""
        return Region(low=end)

    @staticmethod
    def below(end: float) -> Region:
        """Below one end."""
        return Region(high=end)

    @staticmethod
    def within(margin: float) -> Region:
        """Between -margin and margin."""
        return Region(-margin, margin)

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        return self.low < value < self.high

    def nearest_end(self, value: float) -> float:
        """The end that is nearest to a value."""
        return min((self.low, self.high), key=lambda end: abs(end - value))


@dataclass(frozen=True)
class Effect:
    """The mean of n paired differences, with its 95 % interval (Student's t, n - 1 degrees of freedom).

    p  two-sided, of the t-test that the mean is the nearest end of the region. For a region with two ends this is
       twice the p of the two one-sided tests for equivalence (Schuirmann 1987): below .05 inside of the region if and
       only if the 95 % interval lies within it; so it is stricter than those tests at the same level.
    """

    mean: float
    low: float
    high: float
    p: float
    n: int


def effect(differences: Sequence[float] | Floats, region: Region, shared: float = 0.0) -> Effect | None:
    """The effect of paired differences, (n,); None for fewer than two, or where one is undefined.

    shared  standard deviation of an error that all of them have in common, such as that of the people on whom all
            repeats of one split are tested; its square is added to that of the mean's own error, and the degrees of
            freedom are Welch's (1947), as it is not estimated from the differences

    Equal differences leave a t-test nothing to divide by: their p is the sign test's, 2^(1 - n), or 1 on the end.

    >>> effect([0.1, 0.3, 0.2], Region.above(0.0)).p < 0.05
    False
    """
    given = np.asarray(differences, dtype=np.float64)
    if len(given) < 2 or not np.isfinite(given).all():
        return None
    mean, own = float(given.mean()), float(given.std(ddof=1)) / math.sqrt(len(given))
    error = math.hypot(own, shared)
    end = region.nearest_end(mean)
    if error <= 1e-12 * max(1.0, abs(mean)):
        p = 1.0 if math.isclose(mean, end, abs_tol=1e-12) else 2.0 ** (1 - len(given))
        return Effect(mean, mean, mean, p, len(given))
    freedom = (len(given) - 1) * (error / own) ** 4 if own > 0 else math.inf
    reach = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(mean - end) / error, freedom))
    return Effect(mean, mean - reach, mean + reach, p, len(given))


def swapped(first: Floats, second: Floats, statistic: Callable[[Floats, Floats], float], seed: int = 0) -> Effect:
    """A statistic of two things measured in the same n >= 2 repeats, (n, ...) each, with p of the exact swap test.

    statistic  of two such arrays; the other way round it has to have the other sign

    p  two-sided: the share of all ways to swap the curves within repeats (beyond 2^12, of the one that was found and
       4,096 drawn ones) whose statistic is at least as far from 0. Interval: middle 95 % of 1,000 samples of repeats
       (bootstrap).

    Source: Fisher's randomisation test for pairs; it needs neither a smooth statistic nor normal errors.

    >>> a, b = np.full((6, 1), 2.0), np.full((6, 1), 1.0)
    >>> swapped(a, b, lambda x, y: float((x - y).mean())).p == 2 / 2**6
    True
    """
    n, rng = len(first), np.random.default_rng(seed)
    found = statistic(first, second)
    none = np.zeros((1, n), dtype=np.int64)
    ways = np.indices((2,) * n).reshape(n, -1).T if n <= 12 else np.vstack([none, rng.integers(0, 2, (4096, n))])
    far = 0
    for way in ways.astype(bool).reshape(-1, n, *[1] * (first.ndim - 1)):
        far += abs(statistic(np.where(way, second, first), np.where(way, first, second))) >= abs(found) - 1e-12
    drawn = [statistic(first[chosen], second[chosen]) for chosen in rng.integers(0, n, (1000, n))]
    low, high = np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    return Effect(found, float(low), float(high), far / len(ways), n)


def holm(p: Sequence[float]) -> list[float]:
    """P values adjusted for having looked at all of them (Holm 1979), in the order given.

    The i-th smallest of n is multiplied by n - i + 1; none is smaller than a smaller one's, nor above 1.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p)
    so_far = 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=lambda place: p[place])):
        so_far = max(so_far, min(1.0, (len(p) - rank) * p[place]))
        adjusted[place] = so_far
    return adjusted
