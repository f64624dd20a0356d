"""Massaging: relabel as many people near the border as it takes for the labels not to depend on the group."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk import Bools, Card, Decider, Firm, FirmSide, Ints, Labelled, Note, hard_rule, positive_probability
from fwk_firm_side.cells import counts, inside, ranked
from fwk_firm_side.checks import between, need_both_groups


@dataclass(frozen=True)
class Massaging:
    """Kamiran and Calders, "Classifying without Discriminating", IC4 2009.

    A ranker, here the ordinary model, is trained on everybody. Of the minority's people with y = 0 the highest-scored
    are promoted to y = 1, and as many of the majority's with y = 1, the lowest-scored, are demoted to y = 0. With n_g
    people and p_g positives in group g (w the majority, b the minority), the number of pairs that removes the
    discrimination disc = p_w / n_w - p_b / n_b from the labels is

        M = disc n_w n_b / (n_w + n_b) = (p_w n_b - p_b n_w) / (n_w + n_b),

    since each pair lowers disc by 1 / n_w + 1 / n_b. The number of positives stays. Then the learner is trained anew.

    share  swept; of M, rounded to whole pairs: 0 is the ordinary rule, 1 no discrimination in the labels, above 1 the
           minority is favoured
    """

    share: float = 1.0

    def __post_init__(self) -> None:
        between("share", self.share, 0, 2)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule of the massaged labels. Raises Refusal for a single group, or a learner that gives no
        probabilities.
        """
        need_both_groups(train)
        scores = positive_probability(firm.fit(train), train.X)
        pairs = self._pairs(counts(train))
        return hard_rule(firm.fit(train.relabelled(massaged(train, ranked(train, scores, rng), pairs))))

    def _pairs(self, n: Ints) -> int:
        wanted = round(self.share * discriminating_pairs(n))
        if wanted < 0:
            warnings.warn("the labels do not favour the majority: nobody was relabelled", Note, stacklevel=3)
            return 0
        possible = int(min(n[1, 0], n[0, 1]))
        if wanted > possible:
            warnings.warn(f"{wanted} pairs cut to {possible}: there are no more people to relabel", Note, stacklevel=3)
        return min(wanted, possible)


def discriminating_pairs(n: Ints) -> float:
    """M of `Massaging`, not rounded; n (2, 2) counts by [minority, y]. Negative where the labels favour the minority.

    >>> discriminating_pairs(np.array([[40, 40], [20, 0]]))
    8.0
    """
    people, positives = n.sum(axis=1), n[:, 1]
    return float((positives[0] * people[1] - positives[1] * people[0]) / people.sum())


def massaged(train: Labelled, ranking: Ints, pairs: int) -> Bools:
    """(n,) the labels after so many promotions and demotions; `ranking` has the highest score first."""
    promoted = ranking[inside(train, True, False)[ranking]][:pairs]
    demoted = ranking[inside(train, False, True)[ranking]][::-1][:pairs]
    y = np.array(train.y)
    y[promoted], y[demoted] = True, False
    return y


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="massaging",
        make=Massaging,
        stage="pre",
        sees_group=False,
        knob="share",
        sweep=(0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0),
        needs=("base",),
        paper="Kamiran and Calders, Classifying without Discriminating, IC4 2009",
    )
