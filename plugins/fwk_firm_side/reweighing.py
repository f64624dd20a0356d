"""Reweighing: weights under which the label does not depend on the group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk import Card, Decider, Firm, FirmSide, Floats, Labelled, hard_rule
from fwk_firm_side.cells import counts, independent
from fwk_firm_side.checks import between, need_labels


@dataclass(frozen=True)
class Reweighing:
    """Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", KAIS 2012.

    A person of group g with label y weighs W(g, y) = P(g) P(y) / P(g, y) = n_g n_y / (n n_gy), under which group and
    label are independent. Between no weights and the full ones: w = (1 - share) + share W.

    share  swept; 0 is the ordinary rule, 1 the paper's method
    """

    share: float = 1.0

    def __post_init__(self) -> None:
        between("share", self.share, 0, 1)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule, trained with weights. Raises Refusal where a group has nobody of a label, which no weight
        can mend, or the learner takes no weights.
        """
        need_labels(train)
        return hard_rule(firm.fit(train, weights(train, self.share) if self.share > 0 else None))


def weights(train: Labelled, share: float = 1.0) -> Floats:
    """(n,) everybody's weight; their mean is 1."""
    n = counts(train)
    weight = (1 - share) + share * independent(n) / n
    return np.asarray(weight[train.minority.astype(int), train.y.astype(int)], dtype=np.float64)


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="reweighing",
        make=Reweighing,
        stage="pre",
        sees_group=False,
        knob="share",
        sweep=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        needs=("base",),
        paper="Kamiran and Calders, Data preprocessing techniques for classification without discrimination, KAIS 2012",
    )
