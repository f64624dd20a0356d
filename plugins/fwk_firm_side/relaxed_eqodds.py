"""The least error under relaxed equalized odds, by a randomised threshold for each group: a linear program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from fwk import Card, Decider, Firm, FirmSide, Floats, Labelled
from fwk_firm_side.checks import between, need_labels, one_of
from fwk_firm_side.roc import GroupThresholds, Hull, RandomThreshold, hull
from fwk_firm_side.scores import Calibrate, held_out

Constraint = Literal["max", "mean"]


@dataclass(frozen=True)
class RelaxedEqualizedOdds:
    """Cruz and Hardt, "Unprocessing Seven Years of Algorithmic Fairness", ICLR 2024; Hardt et al. 2016 at r = 0.

    Each group g has an ROC curve of held-out scores, with hull corners v at (F_gv, T_gv), each of them a threshold. A
    randomised threshold is a distribution w_g over the corners, and reaches every point (f_g, t_g) of the convex hull.
    With n_gy people of group g and label y, n in all, the linear program is

        minimise    sum_g [ n_g0 f_g + n_g1 (1 - t_g) ] / n        (expected error)
        over        w_gv >= 0 with sum_v w_gv = 1 for each g, and gaps d_0, d_1 >= 0
        where       f_g = sum_v w_gv F_gv,    t_g = sum_v w_gv T_gv
        subject to  -d_0 <= f_0 - f_1 <= d_0,    -d_1 <= t_0 - t_1 <= d_1
                    d_0 <= r and d_1 <= r      (constraint "max", the paper's r-relaxed equalized odds)
                    (d_0 + d_1) / 2 <= r       (constraint "mean", the measure eqod)

    At r = 0 it is the exact equalized-odds optimum, at r = 1 the best thresholds of all. The program's optimum holds
    for the people that it was solved on; others meet it up to sampling.

    r          swept; smaller is fairer
    calibrate  where the held-out scores come from
    """

    r: float = 0.0
    constraint: Constraint = "max"
    calibrate: Calibrate = "out-of-fold"

    def __post_init__(self) -> None:
        between("r", self.r, 0, 1)
        one_of("constraint", self.constraint, Constraint)
        one_of("calibrate", self.calibrate, Calibrate)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """A randomised threshold for each group. Raises Refusal where a group has nobody of a label, or the learner
        gives no probabilities.
        """
        need_labels(train)
        scored = held_out(train, firm, self.calibrate)
        need_labels(scored.table)
        hulls = (hull(*scored.of_group(False)), hull(*scored.of_group(True)))
        majority, minority = least_error(hulls, self.r, self.constraint)
        return GroupThresholds(scored.model, majority, minority)


def least_error(hulls: tuple[Hull, Hull], r: float, constraint: Constraint) -> tuple[RandomThreshold, RandomThreshold]:
    """The linear program of `RelaxedEqualizedOdds`: a randomised threshold for each of two groups."""
    from scipy.optimize import linprog

    first, second = hulls
    one, two = np.ones(len(first.fpr)), np.ones(len(second.fpr))
    n = sum(group.negatives + group.positives for group in hulls)
    error = [(group.negatives * group.fpr - group.positives * group.tpr) / n for group in hulls]
    gaps = [np.concatenate([getattr(first, rate), -getattr(second, rate)]) for rate in ("fpr", "tpr")]
    limits = [[1.0, 0.0], [0.0, 1.0]] if constraint == "max" else [[0.5, 0.5]]
    solved = linprog(
        np.concatenate([*error, [0.0, 0.0]]),
        A_ub=np.vstack([*_absolute(gaps), np.hstack([np.zeros((len(limits), len(one) + len(two))), limits])]),
        b_ub=[0.0, 0.0, 0.0, 0.0, *([r] * len(limits))],
        A_eq=[[*one, *(0 * two), 0, 0], [*(0 * one), *two, 0, 0]],
        b_eq=[1.0, 1.0],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if not solved.success:  # feasible and bounded by construction
        raise RuntimeError(f"the linear program was not solved: {solved.message}")
    return _threshold(first, solved.x[: len(one)]), _threshold(second, solved.x[len(one) : -2])


def _absolute(gaps: list[Floats]) -> Iterable[Floats]:
    """Rows of |gap_y| <= d_y, for the two labels y, where d_0 and d_1 are the last two variables."""
    for y, gap in enumerate(gaps):
        bound = np.zeros(2)
        bound[y] = -1.0
        yield np.concatenate([gap, bound])
        yield np.concatenate([-gap, bound])


def _threshold(group: Hull, weights: Floats) -> RandomThreshold:
    """The corners that have weight; weights are cleared of what is less than rounding."""
    used = weights > 1e-12
    share = weights[used] / weights[used].sum()
    return RandomThreshold(tuple(group.thresholds[used].tolist()), tuple(share.tolist()))


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="relaxed-eqodds",
        make=RelaxedEqualizedOdds,
        stage="post",
        sees_group=True,
        knob="r",
        sweep=(0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1),
        needs=("base", "out-of-fold"),
        paper="Cruz and Hardt, Unprocessing Seven Years of Algorithmic Fairness, ICLR 2024",
    )
