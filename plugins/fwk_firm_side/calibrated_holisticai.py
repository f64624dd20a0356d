"""Calibrated equalized odds with holisticai's mix rate, evaluated exactly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk import Bools, Card, Decider, Firm, FirmSide, Floats, Labelled, Refusal
from fwk_firm_side.calibrated import Cost, Mix, Withheld, calibrated_scores
from fwk_firm_side.checks import GROUPS, between, one_of
from fwk_firm_side.lfr_holisticai import need_holisticai
from fwk_firm_side.rules import interpolated
from fwk_firm_side.scores import Calibrate


@dataclass(frozen=True)
class CalibratedEqualizedOddsHolisticai:
    """Pleiss et al., "On Fairness and Calibration", NeurIPS 2017; the mix rate by holisticai's CalibratedEqualizedOdds.

    As `calibrated-eqodds`, without its recalibration. holisticai does not clip the mix rate, and draws whom to withhold
    the score from; a rate outside [0, 1] is refused here, and the expectation over its draws is what the rule gives.
    (At a score or a base rate of exactly 1/2 holisticai accepts, where scikit-learn's models and this rule do not.)

    cost       which error rate is equalised
    share      swept; the share of the mix rate. 0 is the ordinary rule
    calibrate  where the held-out scores come from
    """

    cost: Cost = "fnr"
    share: float = 1.0
    calibrate: Calibrate = "out-of-fold"

    def __post_init__(self) -> None:
        one_of("cost", self.cost, Cost)
        between("share", self.share, 0, 1)
        one_of("calibrate", self.calibrate, Calibrate)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The mixed rule. Raises Refusal as `calibrated-eqodds` does, for a mix rate outside [0, 1], and without
        holisticai.
        """
        need_holisticai()
        scored, base = calibrated_scores(train, firm, self.calibrate, "none")
        mix = mix_rate(scored.scores, scored.table.y, scored.table.minority, self.cost)
        if not 0 <= mix.rate <= 1:  # also when it is undefined
            raise Refusal(
                f"holisticai's mix rate of the {GROUPS[mix.minority]} is {mix.rate:.3f} for cost {self.cost!r}, and a "
                "rate lies between 0 and 1; another cost may do, and calibrated-eqodds clips the rate"
            )
        return interpolated(base, Withheld(base, mix), self.share)


def mix_rate(scores: Floats, y: Bools, minority: Bools, cost: Cost) -> Mix:
    """What holisticai finds. Its group a is the minority here."""
    from holisticai.bias.mitigation import CalibratedEqualizedOdds

    found = CalibratedEqualizedOdds(cost_constraint=cost).fit(
        y=y.astype(int), y_proba=np.column_stack([1 - scores, scores]), group_a=minority, group_b=~minority
    )
    of_minority = bool(found.a_mix_rate != 0)
    rate, base_rate = (found.a_mix_rate, found.base_rate_a) if of_minority else (found.b_mix_rate, found.base_rate_b)
    return Mix(of_minority, float(rate), float(rate), float(base_rate))


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="calibrated-eqodds-holisticai",
        make=CalibratedEqualizedOddsHolisticai,
        stage="post",
        sees_group=True,
        knob="share",
        sweep=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        needs=("base", "out-of-fold"),
        paper="Pleiss et al., On Fairness and Calibration, NeurIPS 2017",
    )
