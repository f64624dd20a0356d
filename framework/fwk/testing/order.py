"""Does the order of rows matter? Exactly, or in distribution for methods that draw at random."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from fwk.api import Floats

RUNS = 6
"""Runs each way when a method draws: 462 ways to split 12 runs in two, so the smallest p-value is 1/462."""

ALARM = 0.01


def order_matters(straight: Callable[[int], Floats], shuffled: Callable[[int], Floats], near: Nearness) -> str:
    """Says how the order of rows changes an outcome, "" if it does not.

    straight, shuffled  seed -> the outcome of each person, (n,), people in one order: from the table as it is, and
                        from the table in an order that the seed draws
    near                whether two outcomes count as the same

    If two pairs of runs with equal seeds agree, order does not matter. Else the method may draw at random by row;
    then the runs from shuffled tables must look like runs from the straight one: the energy distance between six of
    each, against all ways to split the twelve in two. The order matters if at most 1 % of the ways are as far apart.
    """
    pairs = [(straight(seed), shuffled(seed)) for seed in range(2)]
    if all(near(one, other) for one, other in pairs):
        return ""
    pairs += [(straight(seed), shuffled(seed)) for seed in range(2, RUNS)]
    share = share_as_far_apart([one for one, _ in pairs], [other for _, other in pairs])
    if share > ALARM:
        return ""
    apart = float(np.mean([np.abs(one - other).mean() for one, other in pairs]))
    return f"the same people in another order come out differently, by {apart:.3g} a person on average"


Nearness = Callable[[Floats, Floats], bool]


def share_as_far_apart(first: list[Floats], second: list[Floats]) -> float:
    """The share of all splits of the runs into two equal halves whose energy distance reaches that of this one.

    Energy distance: 2 E|a - b| - E|a - a'| - E|b - b'| (Szekely and Rizzo 2004), |.| the mean absolute difference over
    people. Exact permutation test; splits that swap the halves are counted once.
    """
    runs = np.stack([*first, *second])
    distance = np.abs(runs[:, None] - runs[None]).mean(axis=2)
    size, everyone = len(first), set(range(len(runs)))

    def energy(half: tuple[int, ...]) -> float:
        one, other = list(half), sorted(everyone - set(half))
        between = distance[np.ix_(one, other)].mean()
        return float(2 * between - distance[np.ix_(one, one)].mean() - distance[np.ix_(other, other)].mean())

    observed = energy(tuple(range(size)))
    halves = [(0, *rest) for rest in itertools.combinations(range(1, len(runs)), size - 1)]
    return sum(energy(half) >= observed - 1e-12 for half in halves) / len(halves)
