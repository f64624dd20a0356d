"""Reject-option classification: near the border, the minority is accepted and the majority rejected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk import Card, Classifier, Decider, Firm, FirmSide, Floats, Labelled, People, hard_rule, positive_probability
from fwk_firm_side.checks import between, need_both_groups


@dataclass(frozen=True)
class RejectOption:
    """Kamiran, Karim and Zhang, "Decision Theory for Discrimination-Aware Classification", ICDM 2012.

    Where max(p, 1 - p) < theta, that is |p - 1/2| < margin with theta = 1/2 + margin, the model's word is not taken:
    the minority (the paper's deprived group) is accepted, the majority rejected. Elsewhere the ordinary rule decides.
    Ours: holisticai's starts processes of its own to search margins and thresholds, where here each margin is a point;
    aif360 was last released in April 2024.

    margin  swept, 0 to 0.5; 0 is the ordinary rule, 0.5 accepts exactly the minority
    """

    margin: float = 0.1

    def __post_init__(self) -> None:
        between("margin", self.margin, 0, 0.5)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The rule; nothing is estimated but the ordinary model. Raises Refusal for a single group, or a learner that
        gives no probabilities.
        """
        need_both_groups(train)
        model = firm.fit(train)
        positive_probability(model, train.X[:1])
        return RejectRule(model, self.margin)


@dataclass(frozen=True, eq=False)
class RejectRule:
    """The ordinary rule outside the margin; the group decides inside."""

    model: Classifier
    margin: float

    def __call__(self, people: People, /) -> Floats:
        """0 or 1, (n,)."""
        uncertain = np.abs(positive_probability(self.model, people.X) - 0.5) < self.margin
        return np.where(uncertain, people.minority.astype(np.float64), hard_rule(self.model)(people))


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="reject-option",
        make=RejectOption,
        stage="post",
        sees_group=True,
        knob="margin",
        sweep=(0.0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15),
        needs=("base",),
        paper="Kamiran, Karim and Zhang, Decision Theory for Discrimination-Aware Classification, ICDM 2012",
    )
