"""Decision rules that methods are made of. All give P(accept) exactly; none draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fwk import Decider, Floats, People


@dataclass(frozen=True, eq=False)
class Mixture:
    """One of several rules, drawn anew for each person: P(accept | x) = sum over i of weights[i] * rules[i](x).

    weights   at least 0, sum to 1
    """

    weights: tuple[float, ...]
    rules: tuple[Decider, ...]

    def __call__(self, people: People, /) -> Floats:
        """P(accept), (n,)."""
        total = np.zeros(len(people))
        for weight, rule in zip(self.weights, self.rules, strict=True):
            total += weight * rule(people)
        return np.clip(total, 0.0, 1.0)


def mixture(weights: Sequence[float], rules: Sequence[Decider]) -> Decider:
    """The mixture; rules without weight are dropped, and a single rule stays itself."""
    kept = [(float(weight), rule) for weight, rule in zip(weights, rules, strict=True) if weight > 0]
    if len(kept) == 1:
        return kept[0][1]
    return Mixture(tuple(weight for weight, _ in kept), tuple(rule for _, rule in kept))


def interpolated(base: Decider, fair: Decider, s: float) -> Decider:
    """P = (1 - s) base + s fair, for 0 <= s <= 1: the base rule at s = 0, the fair rule at s = 1.

    Rates and errors are linear in P, so every group rate and the error move on straight lines between the two.
    """
    return mixture((1.0 - s, s), (base, fair))
