"""Scores of people by a model that was not trained on them: what a post-processor may be fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fwk import Bools, Classifier, Decider, Firm, Floats, Labelled, hard_rule, positive_probability

Calibrate = Literal["out-of-fold", "holdout"]
FOLDS = 5


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
    post-processors share), or those of one of these folds ("holdout", two trainings, which they share as well).

    Raises Refusal for a learner that gives no probabilities, and for fewer people than folds.
    """
    model = firm.fit(train)
    positive_probability(model, train.X[:1])  # a learner without probabilities is refused before the costly part
    if calibrate == "out-of-fold":
        return Scored(model, train, firm.out_of_fold(train, FOLDS))
    apart = firm.fold_of(train, FOLDS) == 0
    return Scored(model, train.take(apart), positive_probability(firm.fit(train.take(~apart)), train.X[apart]))
