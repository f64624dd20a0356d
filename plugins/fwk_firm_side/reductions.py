"""Exponentiated-gradient reduction of fair classification to weighted learning (fairlearn)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
from numpy.random import Generator

from fwk import Card, Decider, Firm, FirmSide, Labelled, hard_rule
from fwk_firm_side.checks import between, need_labels, need_sample_weight, one_of
from fwk_firm_side.rules import mixture

Constraint = Literal[
    "equalized_odds",
    "demographic_parity",
    "true_positive_rate_parity",
    "false_positive_rate_parity",
    "error_rate_parity",
]

MOMENTS: dict[str, tuple[str, tuple[int, ...]]] = {
    "equalized_odds": ("EqualizedOdds", (0, 1)),
    "demographic_parity": ("DemographicParity", ()),
    "true_positive_rate_parity": ("TruePositiveRateParity", (1,)),
    "false_positive_rate_parity": ("FalsePositiveRateParity", (0,)),
    "error_rate_parity": ("ErrorRateParity", ()),
}
"""fairlearn's class for each constraint, and the labels that both groups must have for it to be defined."""


@dataclass(frozen=True)
class Reductions:
    """Agarwal et al., "A Reductions Approach to Fair Classification", ICML 2018; fairlearn's ExponentiatedGradient.

    Over randomised classifiers Q, minimise err(Q) subject to |mu_{a,e}(Q) - mu_{*,e}(Q)| <= difference_bound for every
    group a and event e (their Eq. 2), where mu is the acceptance rate given the event: the label (equalized odds), one
    label (true or false positive rate parity) or anything (demographic parity); for error rate parity it is the error.
    The saddle point of L(Q, lambda) = err(Q) + lambda' (M mu(Q) - c), |lambda|_1 <= 1/eps, is sought by exponentiated
    gradient in lambda against a learner on relabelled and weighted data (their Algorithm 1). The bound holds for the
    train part up to 2 (eps + gap); the bound is on a group's distance from everybody, not from the other group.

    The rule is randomised: P(accept | x) = sum over i of Q_i h_i(x), which is what the rule gives.

    difference_bound  swept; smaller is fairer, and 1 or more bounds nothing
    eps               None for the same number as difference_bound: with eps moving alone the front collapses
    max_iter          rounds; each costs about 3 trainings, two of them to check the duality gap
    nu                the gap at which to stop, from the sixth round on; None for fairlearn's default. A small one is
                      cheaper: a check ends as soon as it has found a gap above nu
    """

    constraint: Constraint = "equalized_odds"
    difference_bound: float = 0.01
    eps: float | None = None
    max_iter: int = 5
    nu: float | None = 1e-6

    def __post_init__(self) -> None:
        one_of("constraint", self.constraint, Constraint)
        between("difference_bound", self.difference_bound, 1e-6, 2)
        if self.eps is not None:
            between("eps", self.eps, 1e-6, 2)
        between("max_iter", self.max_iter, 1, 1000)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The randomised rule. Raises Refusal where a rate of the constraint is undefined on the train part, or the
        learner takes no weights.
        """
        from fairlearn.reductions import ExponentiatedGradient

        need_labels(train, MOMENTS[self.constraint][1])
        need_sample_weight(firm.estimator())
        reduction = ExponentiatedGradient(
            firm.estimator(),
            moment(self.constraint, self.difference_bound),
            eps=self.difference_bound if self.eps is None else self.eps,
            max_iter=self.max_iter,
            nu=self.nu,
        )
        with quiet_pandas():
            reduction.fit(train.X, train.y.astype(int), sensitive_features=train.minority.astype(int))
        chosen = list(reduction.weights_.items())
        return mixture([weight for _, weight in chosen], [hard_rule(reduction.predictors_[i]) for i, _ in chosen])


def moment(constraint: Constraint, difference_bound: float) -> Any:  # fairlearn ships no types
    """fairlearn's moment for a constraint."""
    from fairlearn import reductions

    return getattr(reductions, MOMENTS[constraint][0])(difference_bound=difference_bound)


@contextmanager
def quiet_pandas() -> Iterator[None]:
    """Hide what pandas 3 announces for pandas 4 about code inside fairlearn (0.15), and nothing else."""
    announcement: Any = getattr(pd.errors, "Pandas4Warning", None)  # None before pandas 3, which announces nothing
    with warnings.catch_warnings():
        if announcement is not None:
            warnings.filterwarnings("ignore", category=announcement, module=r"fairlearn\.")
        yield


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="reductions",
        make=Reductions,
        stage="in",
        sees_group=False,
        knob="difference_bound",
        sweep=(0.002, 0.01, 0.02, 0.03),
        paper="Agarwal et al., A Reductions Approach to Fair Classification, ICML 2018",
    )
