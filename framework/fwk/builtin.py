"""The framework's own plugin: the method that does nothing, and the measures. It enters by the same door as all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk.api import Card, Cells, Decider, Firm, FirmSide, Floats, Labelled, Metric
from fwk.firm import hard_rule
from fwk.hookspecs import hookimpl


@dataclass(frozen=True)
class DoNothing:
    """Train the ordinary learner on the labels as they are, and accept whom it predicts 1."""

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule; the same model that budget 0 and every post-processor start from."""
        return hard_rule(firm.fit(train))


def error(cells: Cells) -> Floats:
    """Expected share of wrong decisions, in [0, 1]; 0 = all right; undefined for an empty part."""
    return cells.error


def _gaps(cells: Cells) -> tuple[Floats, Floats]:
    tpr, fpr = cells.tpr, cells.fpr
    return np.abs(tpr[..., 0] - tpr[..., 1]), np.abs(fpr[..., 0] - fpr[..., 1])


def eqod(cells: Cells) -> Floats:
    """Equalized odds, mean form: (|dTPR| + |dFPR|) / 2, in [0, 1]; 0 = equal odds (Ben-Dov et al. 2025, section 4).

    d is majority minus minority. Of a randomised rule it is the gap of expected rates. Undefined when a group has
    nobody with y = 1, or nobody with y = 0. Equals fairlearn's `equalized_odds_difference(agg="mean")`.
    """
    of_tpr, of_fpr = _gaps(cells)
    return (of_tpr + of_fpr) / 2


def eqod_max(cells: Cells) -> Floats:
    """Equalized odds, worst case: max(|dTPR|, |dFPR|), in [0, 1]; 0 = equal odds. fairlearn's default.

    Undefined when a group has nobody with y = 1, or nobody with y = 0.
    """
    return np.maximum(*_gaps(cells))


def eopp(cells: Cells) -> Floats:
    """Equal opportunity: |dTPR|, in [0, 1]; 0 = equal rates among those with y = 1 (Hardt et al. 2016, section 2).

    Undefined when a group has nobody with y = 1. Equals fairlearn's `equal_opportunity_difference`.
    """
    of_tpr, _ = _gaps(cells)
    return of_tpr


def sp(cells: Cells) -> Floats:
    """Statistical parity: |gap of acceptance rates|, in [0, 1]; 0 = equal rates; undefined for an empty group."""
    rate = cells.acceptance
    return np.asarray(np.abs(rate[..., 0] - rate[..., 1]))


@hookimpl
def fwk_cards() -> Iterable[Card]:
    """The baseline and the five measures."""
    yield FirmSide(name="baseline", make=DoNothing, stage="none", sees_group=False, needs=("base",))
    yield Metric(
        name="error",
        measure=error,
        formula="P(decision != y)",
        zero="every decision is right",
        undefined="the part is empty",
        unfairness=False,
    )
    odds_undefined = "a group has nobody with y = 1, or nobody with y = 0"
    yield Metric(
        name="eqod",
        measure=eqod,
        formula="(|TPR gap| + |FPR gap|) / 2",
        zero="both groups have the same error rates",
        undefined=odds_undefined,
        paper="Ben-Dov et al. 2025; Hardt et al. 2016",
    )
    yield Metric(
        name="eqod_max",
        measure=eqod_max,
        formula="max(|TPR gap|, |FPR gap|)",
        zero="both groups have the same error rates",
        undefined=odds_undefined,
        paper="Hardt et al. 2016; fairlearn's equalized_odds_difference",
    )
    yield Metric(
        name="eopp",
        measure=eopp,
        formula="|TPR gap|",
        zero="those with y = 1 are accepted at the same rate in both groups",
        undefined="a group has nobody with y = 1",
        paper="Hardt et al. 2016",
    )
    yield Metric(
        name="sp",
        measure=sp,
        formula="|acceptance rate of the majority - of the minority|",
        zero="both groups are accepted at the same rate",
        undefined="a group is empty",
        paper="Calders and Verwer 2010",
    )
