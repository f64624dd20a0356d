"""Calibrated equalized odds: equal costs of the groups, by withholding scores from the group that is better off."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from fwk import Bools, Card, Classifier, Decider, Firm, FirmSide, Floats, Labelled, Note, People, positive_probability
from fwk_firm_side.checks import GROUPS, between, need_labels, one_of
from fwk_firm_side.rules import interpolated
from fwk_firm_side.scaling import Recalibrate, Scaling, calibration_error, scaling
from fwk_firm_side.scores import Calibrate, Scored, held_out

Cost = Literal["fnr", "fpr", "weighted"]
ROUNDING = 1e-12  # costs that differ by less are equal


@dataclass(frozen=True)
class CalibratedEqualizedOdds:
    """Pleiss et al., "On Fairness and Calibration", NeurIPS 2017 (their Algorithm 1).

    h_g is the calibrated score of group g with base rate mu_g; c_fp(h_g) = E[h_g | y = 0] and
    c_fn(h_g) = E[1 - h_g | y = 1] are its generalised error rates, and its cost is

        g_g = c_fn ("fnr"),  c_fp ("fpr"),  or  (1 - mu_g) c_fp + mu_g c_fn ("weighted").

    The trivial score h = mu_g costs tau_g, which is more than a calibrated h_g. Let group 1 be the one that costs more.
    In group 2 the score is replaced by mu_2 with probability

        alpha = (g_1 - g_2) / (tau_2 - g_2),   clipped to [0, 1],

    after which both groups cost the same in expectation and both are still calibrated. At decision time the score is
    compared with 1/2, so P(accept) = (1 - s alpha) [h_2(x) > 1/2] + s alpha [mu_2 > 1/2], exactly, with s = `share`.

    What is equalised is a cost of calibrated scores. The decisions that follow from them are often *less* equal than
    before: the authors say so, and the measures here are of decisions.

    cost         which error rate is equalised
    share        swept; the share of the mix rate alpha. 0 is the ordinary rule (of recalibrated scores, if any)
    calibrate    where the held-out scores come from
    recalibrate  within each group, on the held-out scores; the calibration error is noted on the points in any case,
                 since the method presumes that there is none
    """

    cost: Cost = "fnr"
    share: float = 1.0
    calibrate: Calibrate = "out-of-fold"
    recalibrate: Recalibrate = "none"

    def __post_init__(self) -> None:
        one_of("cost", self.cost, Cost)
        between("share", self.share, 0, 1)
        one_of("calibrate", self.calibrate, Calibrate)
        one_of("recalibrate", self.recalibrate, Recalibrate)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The mixed rule. Raises Refusal where a group has nobody of a label, or the learner gives no probabilities."""
        scored, base = calibrated_scores(train, firm, self.calibrate, self.recalibrate)
        mix = mix_rate(scored.scores, scored.table.y, scored.table.minority, self.cost)
        if mix.rate != mix.unclipped:
            warnings.warn(f"mix rate {mix.unclipped:.2f} clipped to {mix.rate:g}: {mix.why}", Note, stacklevel=2)
        return interpolated(base, Withheld(base, mix), self.share)


@dataclass(frozen=True)
class Mix:
    """Whose score is replaced by their base rate, and with which probability.

    minority   True if it is the minority's
    rate       the probability, in [0, 1]; `unclipped` is what the formula gives, -inf where the trivial score costs no
               more than the model's, which is no calibrated model's
    base_rate  share of y = 1 in that group
    """

    minority: bool
    rate: float
    unclipped: float
    base_rate: float

    @property
    def why(self) -> str:
        """Why a rate had to be clipped."""
        group, other = GROUPS[self.minority], GROUPS[not self.minority]
        if self.unclipped > 1:
            return f"even without scores the {group} is better off than the {other}"
        return f"the {group} would be no worse off without scores, so that withholding them equalises nothing"


def mix_rate(scores: Floats, y: Bools, minority: Bools, cost: Cost) -> Mix:
    """The mix rate of Pleiss et al. Both groups must have both labels."""
    inside = (~minority, minority)
    mu = [float(y[group].mean()) for group in inside]
    now = [_cost(scores[group], y[group], mu[g], cost) for g, group in enumerate(inside)]
    better = 0 if now[0] < now[1] - ROUNDING else 1
    group = inside[better]
    trivial = _cost(np.full(int(group.sum()), mu[better]), y[group], mu[better], cost)
    short = max(now) - min(now)
    room = trivial - now[better]
    unclipped = 0.0 if short <= ROUNDING else short / room if room > ROUNDING else -np.inf
    return Mix(bool(better), float(np.clip(unclipped, 0.0, 1.0)), unclipped, mu[better])


def _cost(scores: Floats, y: Bools, base_rate: float, cost: Cost) -> float:
    of_false_positives, of_false_negatives = float(scores[~y].mean()), float(1 - scores[y].mean())
    if cost == "weighted":
        return (1 - base_rate) * of_false_positives + base_rate * of_false_negatives
    return of_false_negatives if cost == "fnr" else of_false_positives


def calibrated_scores(
    train: Labelled, firm: Firm, calibrate: Calibrate, recalibrate: Recalibrate
) -> tuple[Scored, Decider]:
    """Held-out scores, recalibrated within each group, and the rule that compares such scores with 1/2. Notes their
    calibration error. Raises Refusal as `CalibratedEqualizedOdds.fit`.
    """
    need_labels(train)
    raw = held_out(train, firm, calibrate)
    need_labels(raw.table)
    found = [calibration_error(*raw.of_group(group)) for group in (False, True)]
    errors = ", ".join(f"{name} {error:.2f}" for name, error in zip(GROUPS, found, strict=True))
    warnings.warn(f"calibration error of the base scores: {errors}", Note, stacklevel=3)
    if recalibrate == "none":
        return raw, raw.base
    maps = (scaling(*raw.of_group(False), recalibrate), scaling(*raw.of_group(True), recalibrate))
    rule = ScaledRule(raw.model, *maps)
    return Scored(raw.model, raw.table, rule.scaled(raw.scores, raw.table.minority)), rule


@dataclass(frozen=True, eq=False)
class ScaledRule:
    """Accepts whose score, recalibrated within their group, is above 1/2."""

    model: Classifier
    majority: Scaling
    minority: Scaling

    def scaled(self, scores: Floats, minority: Bools) -> Floats:
        """Recalibrated scores, (n,)."""
        return np.where(minority, self.minority(scores), self.majority(scores))

    def __call__(self, people: People, /) -> Floats:
        """0 or 1, (n,)."""
        scores = self.scaled(positive_probability(self.model, people.X), people.minority)
        return (scores > 0.5).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Withheld:
    """The base rule, with the scores of one group replaced by its base rate with probability `mix.rate`."""

    base: Decider
    mix: Mix

    def __call__(self, people: People, /) -> Floats:
        """P(accept), (n,)."""
        rate = np.where(people.minority == self.mix.minority, self.mix.rate, 0.0)
        return (1 - rate) * self.base(people) + rate * float(self.mix.base_rate > 0.5)


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="calibrated-eqodds",
        make=CalibratedEqualizedOdds,
        stage="post",
        sees_group=True,
        knob="share",
        sweep=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        needs=("base", "out-of-fold"),
        paper="Pleiss et al., On Fairness and Calibration, NeurIPS 2017",
    )
