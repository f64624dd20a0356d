"""The paper's experiments: what each shows, in our words, and how it is drawn from stored points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fwk.paper.front_pictures import draw_firm, draw_knowledge, draw_representation
from fwk.paper.mixture_pictures import draw_growth
from fwk.paper.pictures import draw_alpha, draw_flips
from fwk.paper.tables import Shown, growth_table, least_table, toy_table

PAPER = (
    'Ben-Dov, Samadi, Sanyal and Tifrea, "Fairness for the People, by the People: Minority Collective Action" (2025)'
)


@dataclass(frozen=True)
class Experiment:
    """One experiment. Its parts are the configs <name>-<data set>.yaml; `theory` is a simulation and has none.

    figures    where the paper shows it
    statement  what the paper says that it shows, in our words
    about      what is done here, and how that departs from the paper
    draw       (points of all parts, the part that chooses settings, where to) -> a picture; None where more is needed
    tabulate   (points, the part that chooses settings) -> the figures behind it
    """

    name: str
    title: str
    figures: str
    statement: str
    about: str
    draw: Callable[[pd.DataFrame, str, Path], None] | None = None
    tabulate: Callable[[pd.DataFrame, str], Shown] | None = None


EXPERIMENTS: Mapping[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "alpha",
            "How large the collective is",
            "figures 3 and 10",
            "The larger the collective, the lower the least unfairness that it can reach by choosing how many flip; "
            "near a share of .3 of the minority this saturates.",
            "Every alpha has the same absolute, dense numbers of flips: shares of the candidates would step over the "
            "optimum of large collectives.",
            draw_alpha,
            lambda points, select: least_table(points, select, "alpha", "Alpha"),
        ),
        Experiment(
            "flips",
            "How many flip, and who first",
            "figures 4 and 11",
            "At alpha .3, rankings that know something need far fewer flips than random ones, which are always worst; "
            "RB-dist is better on COMPAS and worse elsewhere; beyond some number of flips unfairness rises again.",
            "All six rankings of this project, on one split with the collective redrawn, as the paper does.",
            draw_flips,
            least_table,
        ),
        Experiment(
            "knowledge",
            "How much of the majority the collective knows",
            "figures 5 and 14",
            "Ten known members of the majority are enough.",
            "With fewer than 40 known members RB-prob's default learner cannot split: its ranking is constant and its "
            "order random, which crosses mark.",
            draw_knowledge,
            lambda points, select: least_table(points, select, "majority_known", "Majority known"),
        ),
        Experiment(
            "firm",
            "The collective beside the firm",
            "figures 7 and 12",
            "The collective cannot bring unfairness to zero while the firm can, at a higher error; where error is "
            "low, the two are comparable.",
            "The firm's side has the paper's methods (FARE, LFR, calibrated equalized odds, reductions) and the "
            "others of this project.",
            draw_firm,
            least_table,
        ),
        Experiment(
            "representation",
            "Distances in a fair representation",
            "figures 8 and 13",
            "Measuring distances in the space of FARE helps RB-dist; RB-prob, trained on the representation, can be "
            "worse.",
            "k is tuned up to 500 here: a leaf of FARE holds many people at distance 0, and where all leaves hold more "
            "than k the ranking is constant. The paper draws quadratic curves through the points; here they are an "
            "option (--guides) and never data.",
            draw_representation,
            lambda points, select: least_table(points, select, "space", "Distances"),
        ),
        Experiment(
            "gmm4",
            "When everybody flips: four Gaussians",
            "figure 6, proposition 2",
            "If every member of the minority with y = 0 flips, EqOd tends to one half as the majority grows.",
            "Equal norms |mu| = |psi|, and unequal ones, for a logistic loss, a linear SVM and gradient boosting. The "
            "limit that is dotted is this project's own formula: a growing majority makes sign((mu + psi) . x) the "
            "best rule, whose EqOd is one half only where the norms are equal. The group is not among the features.",
            draw_growth,
            lambda points, _: growth_table(points),
        ),
        Experiment(
            "toy",
            "A toy in two dimensions",
            "figure 1",
            "An example in two dimensions of what a collective's flips do to a classifier.",
            "The paper does not give the example's points, so the figure cannot be compared with its own. These are "
            "draws of a seeded generator with about 100 and 30 people in the train part.",
            None,
            lambda points, _: toy_table(points),
        ),
        Experiment(
            "theory",
            "The theory, on the mixture",
            "equations 3, 5, 10 and 11, theorem 1",
            "A collective's success S is the probability that the classifier decides a person as it decides their "
            "counterfactual in the majority; it is bounded from below by the collective's size, by how much labels "
            "differ between the two (tau), and by the share of wrong labels (rho). A projection to a fair "
            "representation lowers the error of the nearest neighbour.",
            "On the mixture everybody's counterfactual is known. S and the ideal relabelling, y to "
            "argmax P0(y | g(x)), are defined as on the authors' page about the paper "
            "(beomri.github.io/projects/collective_fairness); S is measured over the minority, as the majority is its "
            "own counterfactual. The bound is 1 - 2 (1 - alpha) tau / alpha - 2 rho, alpha being the minority's share "
            "that joins: for rho = 0 the argument of Hardt et al. (ICML 2023) for erasing a signal, rho added here. It "
            "presumes the best rule and that it sees the group. The paper's own text was not at hand: the constants of "
            "its equations 5, 11 and 38 and the closed form of theorem 1 could not be compared. "
            "Nearer of two: how often a minority member's nearer one of two majority members, one of each label, has "
            "the other label; its closed form was derived for this project. The projection takes the direction out "
            "along which the groups differ.",
        ),
    )
}
