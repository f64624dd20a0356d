"""Rankers that train a classifier of their own on what the collective knows: score = P(y = 1 | x)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator

from fwk import Floats, Labelled, Learner, People, Refusal, UserSide, UserView, positive_probability

BOOSTING = "sklearn.ensemble.HistGradientBoostingClassifier"


@dataclass(frozen=True)
class RbProb:
    """Rank by how likely a majority member with these features is accepted (RB-prob, Ben-Dov et al. 2025).

    score(x) = P(y = 1 | x), by a classifier trained on the known majority only. The default learner wants 20 people a
    leaf, so with fewer than 40 known members it cannot split: every score ties, and the points say so.

    learner  scikit-learn classifier with predict_proba, by dotted path
    params   its parameters
    """

    learner: str = BOOSTING
    params: Mapping[str, Any] | None = field(default=None, hash=False)  # Any: whatever the learner takes

    def __post_init__(self) -> None:
        _check(self.learner, self.params)

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,) in [0, 1]. Raises Refusal if no majority member is known."""
        if len(view.majority) == 0:
            raise Refusal("no majority member is known to learn from; raise majority_known")
        return _probability(_learner(self.learner, self.params), view.majority, view.candidates, rng)


@dataclass(frozen=True)
class KamiranCalders:
    """The ranker of Kamiran and Calders (2009, section 3), who promote the rejected that look most like accepted.

    score(x) = P(y = 1 | x), by a classifier trained on everybody that the collective knows: the known majority and
    itself, the candidates with their label 0. Their two-sided massaging, which demotes too, is for a firm.

    learner  scikit-learn classifier with predict_proba, by dotted path; theirs is naive
             Bayes, such as sklearn.naive_bayes.GaussianNB
    params   its parameters
    """

    learner: str = BOOSTING
    params: Mapping[str, Any] | None = field(default=None, hash=False)  # Any: whatever the learner takes

    def __post_init__(self) -> None:
        _check(self.learner, self.params)

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,) in [0, 1]."""
        known = _together(view.majority, view.collective)
        return _probability(_learner(self.learner, self.params), known, view.candidates, rng)


def _learner(path: str, params: Mapping[str, Any] | None) -> Learner:  # Any: whatever the learner takes
    return Learner(path, params or {})


def _check(path: str, params: Mapping[str, Any] | None) -> None:  # Any: whatever the learner takes
    """Raises ValueError for a learner that cannot be made, or gives no probabilities."""
    learner = _learner(path, params)
    if not hasattr(learner.make(0), "predict_proba"):
        raise ValueError(
            f"learner {learner.name} gives no probabilities (predict_proba), by which candidates are ranked; "
            "sklearn.linear_model.LogisticRegression would do, or the default"
        )


def _probability(learner: Learner, table: Labelled, candidates: Floats, rng: Generator) -> Floats:
    model = learner.make(int(rng.integers(2**31)), table.people.categorical)
    ordered = table.take(_canonical(table))
    model.fit(ordered.X, ordered.y.astype(np.int64))
    return positive_probability(model, candidates)


def _canonical(table: Labelled) -> Any:  # lexsort's positions, whose integer type depends on the platform
    """An order of the rows that depends on their content only, so that the order they came in changes no tree."""
    return np.lexsort((table.y, *table.X.T))


def _together(first: Labelled, second: Labelled) -> Labelled:
    people = People(
        X=np.concatenate([first.X, second.X]),
        minority=np.concatenate([first.minority, second.minority]),
        columns=first.people.columns,
        categorical=first.people.categorical,
    )
    return Labelled(people, np.concatenate([first.y, second.y]))


CARDS = (
    UserSide(name="rb-prob", make=RbProb, paper="Ben-Dov et al. 2025"),
    UserSide(name="kamiran-calders", make=KamiranCalders, paper="Kamiran and Calders 2009"),
)
