"""Learned fair representations (LFR): people are described by how near they are to a few prototypes."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from fwk import Card, Decider, Firm, FirmSide, Floats, Labelled, Note, People, Refusal, hard_rule
from fwk_firm_side.checks import between, need_both_groups, one_of
from fwk_firm_side.lfr_objective import Prototypes, Rows, Weights, learn

Decide = Literal["learner", "own"]
Nominal = Literal["one-hot", "codes"]


@dataclass(frozen=True)
class Lfr:
    """Zemel, Wu, Swersky, Pitassi and Dwork, "Learning Fair Representations", ICML 2013.

    Everybody is replaced by a mixture of k prototypes, weighted by closeness, that should reconstruct the features
    (L_x), predict the label (L_y) and be used equally by both groups (L_z): minimise A_x L_x + A_y L_y + A_z L_z (their
    Eq. 4; see `lfr_objective` for each term and for the means that stand for the paper's sums, as in holisticai). Exact
    gradient, L-BFGS from several seeded starts. Features are standardised on the train part. The groups enter while it
    learns only; the rule does not look at them, though the sensitive attribute may be among the features.

    A_z       swept: what unequal use of the prototypes costs; 0 for no fairness. L_z is an exact penalty: above some
              value (1 on Adult) both groups use every prototype equally in the train part, and no more can be had
    k         prototypes
    starts    the one with the least objective is kept
    max_iter  iterations of a start
    decide    "learner": the firm's learner on the reconstruction xhat (Eq. 9), as holisticai's pipeline does;
              "own": accept if LFR's own yhat > 0.5 (Eq. 11), which parity of the prototypes bears on directly
    nominal   "one-hot" columns for nominal features, or their "codes" as numbers (fewer columns, arbitrary distances)
    """

    A_z: float = 50.0
    k: int = 5
    A_x: float = 0.01
    A_y: float = 1.0
    starts: int = 2
    max_iter: int = 150
    decide: Decide = "learner"
    nominal: Nominal = "one-hot"

    def __post_init__(self) -> None:
        for knob in ("A_x", "A_y", "A_z"):
            between(knob, getattr(self, knob), 0, 1e9)
        for knob in ("k", "starts", "max_iter"):
            between(knob, getattr(self, knob), 1, 100_000)
        one_of("decide", self.decide, Decide)
        one_of("nominal", self.nominal, Nominal)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The rule. Raises Refusal for missing values, or if a group is empty."""
        return self.represent(train, firm, rng).rule(train, firm, self.decide)

    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Reconstruction:
        """people -> xhat (Eq. 9), (n, d) in standardised features. Raises Refusal as `fit` does."""
        space, rows = standardised(train, self.nominal)
        weights = Weights(self.A_x, self.A_y, self.A_z)
        best, _ = learn(rows, weights, k=self.k, starts=self.starts, max_iter=self.max_iter, rng=rng)
        return Reconstruction(space, best)


@dataclass(frozen=True, eq=False)
class Space:
    """Standardised features: (x - mean) / scale, nominal columns one-hot before that.

    levels  the codes of each nominal column, by position; other codes are none of them
    """

    mean: Floats
    scale: Floats
    levels: tuple[tuple[int, Floats], ...]

    def __call__(self, people: People) -> Floats:
        """(n, d'). Raises Refusal for missing values."""
        complete(people)
        return np.asarray((unfolded(people.X, self.levels) - self.mean) / self.scale)


def complete(people: People) -> None:
    """Raises Refusal naming the columns with missing or infinite values, and how many there are."""
    missing = (~np.isfinite(people.X)).sum(axis=0)
    if missing.any():
        names = ", ".join(f"{people.columns[i]} ({missing[i]})" for i in np.flatnonzero(missing))
        raise Refusal(
            f"distances to prototypes need a number everywhere, and there is none in {names}; "
            "set `missing: impute` for the data set, or leave out the columns"
        )


def unfolded(X: Floats, levels: tuple[tuple[int, Floats], ...]) -> Floats:
    """(n, d'), the plain columns, then a column of 0 and 1 for each level of each nominal one.

    >>> unfolded(np.array([[7.0, 2.0], [8.0, 1.0]]), ((1, np.array([1.0, 2.0])),))
    array([[7., 0., 1.],
           [8., 1., 0.]])
    """
    plain = np.delete(X, [position for position, _ in levels], axis=1)
    return np.column_stack([plain, *((X[:, [position]] == codes).astype(np.float64) for position, codes in levels)])


def standardised(train: Labelled, nominal: Nominal) -> tuple[Space, Rows]:
    """The space of the train part, and its distinct people in it, sorted: so the rows' order changes no bit of it.

    Raises Refusal for missing values, if a group is empty, or without features.
    """
    need_both_groups(train)
    complete(train.people)
    if train.X.shape[1] == 0:
        raise Refusal("there are no features to reconstruct")
    rows = distinct(train)
    positions = train.people.categorical if nominal == "one-hot" else ()
    levels = tuple((position, np.unique(rows.X[:, position])) for position in positions)
    X, share = unfolded(rows.X, levels), rows.count / len(train)
    mean = share @ X
    scale = np.sqrt(share @ (X - mean) ** 2)
    scale = np.where(scale > 1e-12 * np.abs(mean), scale, 1.0)  # a constant column varies by its mean's rounding
    space = Space(mean, scale, levels)
    return space, dataclasses.replace(rows, X=(X - mean) / scale)


def distinct(train: Labelled) -> Rows:
    """Everybody with the same features and group as one row, sorted by features and group."""
    table = np.column_stack([train.X, train.minority])
    order = np.lexsort(table.T[::-1])
    table, y = table[order], train.y[order].astype(np.float64)
    first = np.flatnonzero(np.concatenate([[True], (table[1:] != table[:-1]).any(axis=1)]))
    count = np.diff(np.append(first, len(table))).astype(np.float64)
    return Rows(np.ascontiguousarray(table[first, :-1]), table[first, -1] == 1, count, np.add.reduceat(y, first))


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """people -> xhat, (n, d') in standardised features."""

    space: Space
    prototypes: Prototypes

    def __call__(self, people: People) -> Floats:
        """xhat of Eq. 9."""
        return self.prototypes.reconstruct(self.space(people))

    def people(self, people: People) -> People:
        """The same people with xhat for features."""
        X = self(people)
        return People(X, people.minority, tuple(f"xhat{i}" for i in range(X.shape[1])))

    def rule(self, train: Labelled, firm: Firm, decide: Decide) -> Decider:
        """LFR's own rule, or the firm's learner trained on the reconstruction."""
        if decide == "own":
            return OwnRule(self)
        table = Labelled(self.people(train.people), train.y)
        if math.isclose(float(np.ptp(table.X, axis=0).max()), 0.0, abs_tol=1e-9):
            warnings.warn("LFR reconstructs everybody alike, so the rule is constant", Note, stacklevel=2)
        return LearnerRule(self, hard_rule(firm.fit(table)))


@dataclass(frozen=True, eq=False)
class OwnRule:
    """Accept if yhat > 0.5."""

    reconstruction: Reconstruction

    def __call__(self, people: People, /) -> Floats:
        """0 or 1, (n,)."""
        score = self.reconstruction.prototypes.score(self.reconstruction.space(people))
        return (score > 0.5).astype(np.float64)


@dataclass(frozen=True, eq=False)
class LearnerRule:
    """A rule over reconstructions."""

    reconstruction: Reconstruction
    rule: Decider

    def __call__(self, people: People, /) -> Floats:
        """What the rule says of their reconstruction, (n,)."""
        return self.rule(self.reconstruction.people(people))


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="lfr",
        make=Lfr,
        stage="pre",
        sees_group=False,
        knob="A_z",
        sweep=(0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 1.0, 50.0),
        paper="Zemel et al., Learning Fair Representations, ICML 2013",
    )
