"""Features without linear correlation with the group (fairlearn's CorrelationRemover)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from fwk import Card, Classifier, Decider, Firm, FirmSide, Floats, Labelled, People, Refusal, hard_rule
from fwk_firm_side.checks import between, need_both_groups


@dataclass(frozen=True)
class CorrelationRemover:
    """fairlearn's CorrelationRemover: each feature becomes the residual of its least-squares regression on the group.

    With m the group as 0 and 1, and m0 its mean over the train part: x_j' = x_j - (m - m0) b_j, where b_j is the
    difference of the groups' means of feature j. The learner gets alpha x' + (1 - alpha) x; the same map acts at
    decision time, so the rule looks at the group. What is removed is correlation, not dependence: it helps linear
    learners. A tree can read the group off a shifted feature, as all values of a whole-numbered one then differ between
    the groups.

    alpha  swept; 0 leaves the features as they are (the ordinary rule), 1 removes all correlation
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        between("alpha", self.alpha, 0, 1)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule on the features so changed. Raises Refusal for a single group, missing values and nominal
        codes.
        """
        from fairlearn.preprocessing import CorrelationRemover as Remover

        need_both_groups(train)
        _need_numbers(train.people)
        remover = Remover(sensitive_feature_ids=[train.X.shape[1]], alpha=self.alpha).fit(_with_group(train.people))
        changed = replace(train.people, X=_changed(remover, train.people))
        return Decorrelated(hard_rule(firm.fit(Labelled(changed, train.y))), remover)


@dataclass(frozen=True, eq=False)
class Decorrelated:
    """A rule that meets people with their features changed."""

    rule: Decider
    remover: Classifier

    def __call__(self, people: People, /) -> Floats:
        """0 or 1, (n,). Raises Refusal for missing values."""
        _need_numbers(people)
        return self.rule(replace(people, X=_changed(self.remover, people)))


def _need_numbers(people: People) -> None:
    if people.categorical:
        names = ", ".join(people.columns[position] for position in people.categorical)
        raise Refusal(
            f"codes of nominal columns have no correlation to remove ({names}); set `nominal: one-hot` where the data "
            "set has that knob, put a column of 0 and 1 for each level into a file of your own (or the levels' order "
            "into its types), or leave this method out"
        )
    if not np.isfinite(people.X).all():
        names = ", ".join(np.array(people.columns)[~np.isfinite(people.X).all(axis=0)])
        raise Refusal(
            f"correlation needs every value, and some are missing in: {names}; "
            "set `missing: impute` for the data set, or leave out the columns"
        )


def _with_group(people: People) -> Floats:
    return np.column_stack([people.X, people.minority])


def _changed(remover: Classifier, people: People) -> Floats:
    return np.asarray(remover.transform(_with_group(people)), dtype=np.float64)


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="correlation-remover",
        make=CorrelationRemover,
        stage="pre",
        sees_group=True,
        knob="alpha",
        sweep=(0.0, 0.25, 0.5, 0.75, 1.0),
        needs=("base",),
        paper="fairlearn.preprocessing.CorrelationRemover (Bird et al., Fairlearn, 2020)",
    )
