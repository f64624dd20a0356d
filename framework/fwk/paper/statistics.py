"""Tests over repeats: does the mean of paired differences lie in a region, and with what certainty?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from fwk.api import Floats, Ints

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
    """The effect of paired differences, (n,); None for fewer than two.

    shared  standard deviation of an error that all of them have in common, such as that of the people on whom all
            repeats of one split are tested; its square is added to that of the mean's own error

    Equal differences leave a t-test nothing to divide by: their p is the sign test's, 2^(1 - n), or 1 on the end.

    >>> effect([0.1, 0.3, 0.2], Region.above(0.0)).p < 0.05
    False
    """
    given = np.asarray(differences, dtype=np.float64)
    if len(given) < 2:
        return None
    mean, error = float(given.mean()), math.hypot(float(given.std(ddof=1)) / math.sqrt(len(given)), shared)
    end = region.nearest_end(mean)
    if error <= 1e-12 * max(1.0, abs(mean)):
        p = 1.0 if math.isclose(mean, end, abs_tol=1e-12) else 2.0 ** (1 - len(given))
        return Effect(mean, mean, mean, p, len(given))
    freedom = len(given) - 1
    reach = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    p = float(2 * stats.t.sf(abs(mean - end) / error, freedom))
    return Effect(mean, mean - reach, mean + reach, p, len(given))


def jackknife(n: int, statistic: Callable[[Ints], float]) -> Floats:
    """Pseudo-values of a statistic of n repeats, (n,): they can be tested like differences.

    statistic  of the repeats whose places are given; called with all of them, and with each of them left out

    Source: Tukey (1958); of a mean they are the values themselves.

    >>> values = np.array([1.0, 4.0, 2.5])
    >>> jackknife(3, lambda kept: values[kept].mean()).tolist()
    [1.0, 4.0, 2.5]
    """
    everybody = np.arange(n)
    whole = statistic(everybody)
    return np.array([n * whole - (n - 1) * statistic(everybody[everybody != left_out]) for left_out in everybody])


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
