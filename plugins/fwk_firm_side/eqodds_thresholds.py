"""Hardt et al.'s thresholds for each group (fairlearn's ThresholdOptimizer), mixed with the ordinary rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from sklearn.base import BaseEstimator

from fwk import Bools, Card, Decider, Firm, FirmSide, Floats, Labelled
from fwk_firm_side.checks import between, need_labels, one_of
from fwk_firm_side.reductions import quiet_pandas
from fwk_firm_side.roc import GroupThresholds, RandomThreshold
from fwk_firm_side.rules import interpolated
from fwk_firm_side.scores import Calibrate, held_out

Constraint = Literal["equalized_odds", "true_positive_rate_parity", "false_positive_rate_parity", "demographic_parity"]


@dataclass(frozen=True)
class EqualizedOddsThresholds:
    """Hardt, Price and Srebro, "Equality of Opportunity in Supervised Learning", NeurIPS 2016.

    Of all rules that threshold held-out scores at random for each group and meet the constraint exactly, the most
    accurate. For equalized odds: where the groups' ROC hulls overlap, the best point (f, t); a group whose hull lies
    above it gets there by ignoring the score, with probability p, and accepting f of those people:
    P(accept | score) = p f + (1 - p) (p_0 [score > t_0] + p_1 [score > t_1]).

    The method has no trade-off knob: the rule is P = (1 - s) base + s fair, exactly, with s = `interpolation`. Every
    group rate and the error lie on straight lines between the two.

    interpolation  swept; 0 is the ordinary rule, 1 the thresholds
    calibrate      where the held-out scores come from
    grid_size      fairlearn looks for the best point on this many values of the false positive rate
    """

    constraint: Constraint = "equalized_odds"
    interpolation: float = 1.0
    calibrate: Calibrate = "out-of-fold"
    grid_size: int = 1000

    def __post_init__(self) -> None:
        one_of("constraint", self.constraint, Constraint)
        between("interpolation", self.interpolation, 0, 1)
        one_of("calibrate", self.calibrate, Calibrate)
        between("grid_size", self.grid_size, 2, 100_000)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The mixed rule. Raises Refusal where a group has nobody of a label, or the learner gives no probabilities."""
        need_labels(train)
        scored = held_out(train, firm, self.calibrate)
        need_labels(scored.table)
        if self.interpolation == 0:
            return scored.base
        majority, minority = thresholds(
            scored.scores, scored.table.y, scored.table.minority, self.constraint, self.grid_size
        )
        return interpolated(scored.base, GroupThresholds(scored.model, majority, minority), self.interpolation)


def thresholds(
    scores: Floats, y: Bools, minority: Bools, constraint: Constraint, grid_size: int = 1000
) -> tuple[RandomThreshold, RandomThreshold]:
    """fairlearn's solution as a randomised threshold for each group, majority first."""
    from fairlearn.postprocessing import ThresholdOptimizer

    optimizer = ThresholdOptimizer(
        estimator=_Scores(), constraints=constraint, prefit=True, predict_method="predict", grid_size=grid_size
    )
    with quiet_pandas():
        optimizer.fit(scores.reshape(-1, 1), y.astype(int), sensitive_features=minority.astype(int))
    found = optimizer.interpolated_thresholder_.interpolation_dict
    return _threshold(found[0]), _threshold(found[1])


class _Scores(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types, and insists on its base class
    """A "model" whose prediction is its only feature: fairlearn asks it for the scores, which are held out already."""

    def fit(self, X: Floats, y: Any = None) -> _Scores:
        return self

    def predict(self, X: Floats) -> Floats:
        return np.asarray(X)[:, 0]

    def __sklearn_is_fitted__(self) -> bool:
        return True


def _threshold(found: Any) -> RandomThreshold:  # a Bunch of fairlearn's
    """fairlearn's interpolation, as a distribution over thresholds: a constant c is -inf with weight c, else inf."""
    ignore, constant = found.get("p_ignore", 0.0), found.get("prediction_constant", 0.0)
    keep = 1.0 - ignore
    pairs = (
        (found.operation0.threshold, keep * found.p0),
        (found.operation1.threshold, keep * found.p1),
        (-np.inf, ignore * constant),
        (np.inf, ignore * (1.0 - constant)),
    )
    used = [(float(threshold), float(weight)) for threshold, weight in pairs if weight > 0]
    return RandomThreshold(tuple(t for t, _ in used), tuple(w for _, w in used))


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="eqodds-thresholds",
        make=EqualizedOddsThresholds,
        stage="post",
        sees_group=True,
        knob="interpolation",
        sweep=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        needs=("base", "out-of-fold"),
        paper="Hardt, Price and Srebro, Equality of Opportunity in Supervised Learning, NeurIPS 2016",
    )
