"""Calibration of scores: how far off they are, and maps that repair them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from fwk import Bools, Classifier, Floats

Recalibrate = Literal["none", "isotonic", "sigmoid"]


class Scaling(Protocol):
    """Scores -> scores, (n,) in [0, 1], never decreasing."""

    def __call__(self, scores: Floats, /) -> Floats:
        """Recalibrated scores, (n,)."""


@dataclass(frozen=True, eq=False)
class Isotonic:
    """The non-decreasing map of least squared error (Zadrozny and Elkan, KDD 2002)."""

    model: Classifier

    def __call__(self, scores: Floats, /) -> Floats:
        """Recalibrated scores, (n,)."""
        return np.asarray(self.model.predict(scores), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Sigmoid:
    """1 / (1 + exp(-(a logit(score) + b))), of most likelihood (Platt 1999, on the log-odds of the score)."""

    model: Classifier

    def __call__(self, scores: Floats, /) -> Floats:
        """Recalibrated scores, (n,)."""
        return np.asarray(self.model.predict_proba(_log_odds(scores))[:, 1], dtype=np.float64)


def scaling(scores: Floats, y: Bools, how: Literal["isotonic", "sigmoid"]) -> Scaling:
    """A map fitted on the scores and labels of people; both labels must occur."""
    from sklearn.isotonic import IsotonicRegression
    from sklearn.linear_model import LogisticRegression

    if how == "isotonic":
        return Isotonic(IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, y.astype(float)))
    return Sigmoid(LogisticRegression(C=1e6, max_iter=1000).fit(_log_odds(scores), y.astype(int)))


def calibration_error(scores: Floats, y: Bools, bins: int = 10) -> float:
    """Expected calibration error, in [0, 1]: sum over equal-width bins b of (n_b / n) |mean of y - mean score|; 0 where
    people with a score of p have y = 1 in a share p of the cases (Naeini et al., AAAI 2015).

    >>> calibration_error(np.array([0.25, 0.25, 0.25, 0.25]), np.array([True, False, False, False]))
    0.0
    """
    number = np.minimum((scores * bins).astype(int), bins - 1)
    gap = np.bincount(number, weights=y.astype(float) - scores, minlength=bins)
    return float(np.abs(gap).sum() / len(scores))


def _log_odds(scores: Floats) -> Floats:
    inside = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.log(inside / (1 - inside)).reshape(-1, 1)
