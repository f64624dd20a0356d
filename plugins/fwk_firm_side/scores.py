"""Scores of people by a model that was not trained on them: what a post-processor may be fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from fwk import Bools, Classifier, Decider, Firm, Floats, Labelled, hard_rule, positive_probability

Calibrate = Literal["out-of-fold", "holdout"]
SHARE_HELD_OUT = 5  # one person in five


@dataclass(frozen=True, eq=False)
class Scored:
    """People with held-out scores, and the ordinary model that will score everybody else.

    model   the firm's ordinary model, trained on the whole train part; its scores are used at decision time, because a
            boosted model's scores of its own training people are overconfident and serve for nothing
    table   the people that a post-processor is fitted on, (n,)
    scores  (n,) P(y = 1 | x) by models that were not trained on them
    """

    model: Classifier
    table: Labelled
    scores: Floats

    @property
    def base(self) -> Decider:
        """The ordinary rule: accepts whom the ordinary model predicts 1."""
        return hard_rule(self.model)

    def of_group(self, minority: bool) -> tuple[Floats, Bools]:
        """Scores and labels of one group."""
        inside = self.table.minority == minority
        return self.scores[inside], self.table.y[inside]


def held_out(train: Labelled, firm: Firm, calibrate: Calibrate) -> Scored:
    """Held-out scores of the train part: everybody's, out of five folds ("out-of-fold", six trainings that all
    post-processors share), or those of one person in five ("holdout", two trainings).

    Raises Refusal for a learner that gives no probabilities.
    """
    model = firm.fit(train)
    positive_probability(model, train.X[:1])  # a learner without probabilities is refused before the costly part
    if calibrate == "out-of-fold":
        return Scored(model, train, firm.out_of_fold(train))
    apart = one_in(SHARE_HELD_OUT, train)
    return Scored(model, train.take(apart), positive_probability(firm.fit(train.take(~apart)), train.X[apart]))


def one_in(k: int, train: Labelled) -> Bools:
    """(n,) True for one person in k of each (group, label) cell. The choice is the same for every method and every
    setting of a sweep, so that the training on the others is shared.
    """
    order = np.random.default_rng(k).permutation(len(train))
    chosen = np.zeros(len(train), dtype=np.bool_)
    for minority in (False, True):
        for y in (False, True):
            inside = order[(train.minority[order] == minority) & (train.y[order] == y)]
            chosen[inside[k - 1 :: k]] = True
    return chosen
