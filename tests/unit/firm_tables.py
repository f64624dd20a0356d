"""Small tables and a quick firm, for tests of firm-side methods."""

from __future__ import annotations

import numpy as np

from fwk import Bools, Classifier, Decider, Firm, FirmMethod, Floats, Ints, Labelled, People
from fwk.firm import Learner, Training

LOGISTIC = Learner("sklearn.linear_model.LogisticRegression", {"max_iter": 500})
BOOSTED = Learner(params={"max_iter": 20, "max_leaf_nodes": 8})
NEIGHBOURS = Learner("sklearn.neighbors.KNeighborsClassifier")
MARGIN_ONLY = Learner("sklearn.svm.LinearSVC")


def a_firm(learner: Learner = LOGISTIC, seed: int = 0) -> Firm:
    return Training(learner, seed)


def biased(n: int = 600, seed: int = 0, share: float = 0.3, harm: float = 1.0, group_in_X: bool = True) -> Labelled:
    """A table in which the minority is accepted less often than its features would say; continuous features."""
    rng = np.random.default_rng(seed)
    minority = rng.random(n) < share
    skill = rng.normal(size=n) - 0.3 * minority
    y = skill + rng.normal(scale=0.6, size=n) - harm * minority > -0.2
    X = np.column_stack([skill + rng.normal(scale=0.5, size=n), rng.normal(size=n) + minority, minority])
    columns = ("skill", "quarter", "group")
    return table(X if group_in_X else X[:, :2], minority, y, columns if group_in_X else columns[:2])


def table(X: Floats, minority: Bools, y: Bools, columns: tuple[str, ...] = ()) -> Labelled:
    names = columns or tuple(f"x{i}" for i in range(X.shape[1]))
    return Labelled(People(X.astype(np.float64), minority.astype(bool), names), y.astype(bool))


def without(train: Labelled, minority: bool, y: bool) -> Labelled:
    """The table without the people of one (group, label) cell."""
    return train.take(~((train.minority == minority) & (train.y == y)))


def one_group(train: Labelled) -> Labelled:
    return train.take(~train.minority)


def swapped(people: People) -> People:
    """The same people with everybody's group swapped, and X as it was."""
    return People(people.X, ~people.minority, people.columns, people.categorical)


def rates(P: Floats, table: Labelled) -> Floats:
    """(2, 2) expected acceptance rates, [minority, y], one cell at a time."""
    return np.array([[P[(table.minority == g) & (table.y == y)].mean() for y in (False, True)] for g in (False, True)])


def eqod_max(P: Floats, table: Labelled) -> float:
    return float(np.abs(np.diff(rates(P, table), axis=0)).max())


def error(P: Floats, table: Labelled) -> float:
    return float(np.where(table.y, 1 - P, P).mean())


def fitted(method: FirmMethod, train: Labelled, firm: Firm | None = None, seed: int = 0) -> Decider:
    return method.fit(train, firm or a_firm(), np.random.default_rng(seed))


class Recorder:
    """A firm that keeps what it is asked to train on."""

    def __init__(self) -> None:
        self.firm = a_firm()
        self.tables: list[Labelled] = []
        self.weights: list[Floats | None] = []

    def estimator(self) -> Classifier:
        return self.firm.estimator()

    def fit(self, table: Labelled, sample_weight: Floats | None = None) -> Classifier:
        self.tables.append(table)
        self.weights.append(sample_weight)
        return self.firm.fit(table, sample_weight)

    def out_of_fold(self, table: Labelled, folds: int = 5) -> Floats:
        return self.firm.out_of_fold(table, folds)

    def fold_of(self, table: Labelled, folds: int = 5) -> Ints:
        return self.firm.fold_of(table, folds)
