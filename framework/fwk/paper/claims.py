"""The paper's claims, and what stored points say of each: a verdict only with its numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from fwk.paper import cases
from fwk.paper.cases import Case
from fwk.paper.statistics import LEVEL, Effect, effect, holm
from fwk.report.words import listed, plural

Verdict = Literal["holds", "holds in part", "does not hold", "cannot be tested here", "not run"]
Finding = Literal["for", "against", "open", "uncounted"]

RACE_IN_X = "race-in-x"
"""The experiment of docs/race-in-x.md, whose config and results lie beside the paper's."""


@dataclass(frozen=True)
class Claim:
    """One claim.

    text        what is claimed, in our words
    where       where it stands: the figures, or "ours"
    test        what is compared with what, in a few words
    experiment  whose points can tell; "" for none
    cases       points -> the rows of its table; None if it cannot be tested here
    some        one row that agrees is enough ("can", "up to"); else all have to
    why         why it cannot be tested, what its test leaves open, and which of its limits are ours
    """

    text: str
    where: str
    test: str = ""
    experiment: str = ""
    cases: Callable[[pd.DataFrame], Iterator[Case]] | None = None
    some: bool = False
    why: str = ""


@dataclass(frozen=True, eq=False)
class Row:
    """One row of a claim's table: a case, its effect, p after Holm's correction over the table, and what it says."""

    case: Case
    effect: Effect | None
    p: float | None
    finding: Finding


@dataclass(frozen=True, eq=False)
class Judged:
    """A claim with its verdict, the rows that it rests on, and on what and how often they were measured."""

    claim: Claim
    verdict: Verdict
    rows: tuple[Row, ...] = ()
    measured: tuple[str, ...] = ()

    @property
    def tested(self) -> bool:
        """Whether there is a verdict on what is claimed."""
        return self.verdict not in ("cannot be tested here", "not run")

    def count(self, finding: Finding) -> int:
        """How many rows say so."""
        return sum(row.finding == finding for row in self.rows)


NO_PLACE = "said of the paper; its place is not known here"
NO_TEXT = (
    "The paper's text is not part of this project, so the printed statement could not be compared with anything. What "
    "can be defined without it is measured under names of its own: `fwk reproduce theory`."
)
OUR_BOUND = (
    "S = P(h(g(x)) = h(x)) as on the authors' page about the paper; the bound is 1 - 2 (1 - alpha) tau / alpha - 2 "
    "rho, for rho = 0 after Hardt et al. (ICML 2023). It presumes the best rule, which a learner of a thousand people "
    "is not, and a counterfactual that x alone decides, while on the mixture the label takes part: so these rows test "
    "whether the bound carries over. The printed constants could not be compared: the paper's text is not part of this "
    "project."
)
ON_TEST = (
    "Rows with settings chosen on test, as the paper does, are shown and not counted: that flatters the noisier front."
)
QUARTER = "That a quarter is little is this project's reading."

CLAIMS: tuple[Claim, ...] = (
    Claim("A larger collective helps up to a share of about .3 of the minority, and little beyond.",
          "figures 3 and 10", "least EqOd at alpha .05, .3 and 1", "alpha", cases.saturation, why=QUARTER),
    Claim("Informed rankings need fewer flips than random ones.", "figures 4 and 11",
          "flips to half of the fall of the mean EqOd (swap test)", "flips", cases.fewer_flips),
    Claim("Flipping at random is always worst.", "figures 4 and 11", "EqOd of random against each ranking",
          "flips", cases.random_is_worst),
    Claim("RB-dist is better than the other two rankings on COMPAS, and worse elsewhere.", "figures 4 and 11",
          "EqOd of RB-dist against the other two", "flips", cases.distance_on_compas),
    Claim("Beyond some number of flips unfairness rises again.", "figures 4 and 11",
          "EqOd when all candidates flip against the least with fewer", "flips", cases.upturn),
    Claim("Knowing ten members of the majority is enough.", "figures 5 and 14",
          "EqOd on the way down with ten known against all", "knowledge", cases.ten_known, why=QUARTER),
    Claim("The collective cannot bring unfairness to zero; the firm can, at a higher error.", "figures 7 and 12",
          "least EqOd of either side, against chance and against 1 pp; their errors", "firm", cases.cannot_reach_zero,
          why="Chance is what EqOd, a mean of absolute gaps, shows on this test part if both groups have equal rates; "
          "intervals count the people of the test part in. A rule that accepts nobody, or everybody, is fair and of no "
          "use, and is not counted as the firm's."),
    Claim("Where error is low, the collective and the firm are comparable.", "figures 7 and 12",
          "EqOd of both fronts at equal rises of error, up to half a point", "firm", cases.low_error_comparable,
          why="Comparable is within 1 pp, which is this project's reading."),
    Claim("Distances in a fair representation help RB-dist.", "figures 8 and 13",
          "EqOd of both fronts at equal rises of error, up to a point", "representation", cases.fair_space_helps,
          why=ON_TEST),
    Claim("A fair representation can hurt RB-prob.", "figures 8 and 13",
          "EqOd of both fronts at equal rises of error, up to a point", "representation", cases.fair_space_hurts,
          some=True, why=ON_TEST),
    Claim("Error rises by less than half a percentage point.", NO_PLACE,
          "error where EqOd is least, over the baseline's", "flips", cases.error_rises_little),
    Claim("The equal opportunity gap falls by up to 40 %.", NO_PLACE, "gap of true positive rates where EqOd is least",
          "flips", cases.opportunity_falls, some=True,
          why="Read as: somewhere the gap of true positive rates falls by at least 40 %."),
    Claim("A handful of flips takes most of the gap away in a two-dimensional example.", "ours, after figure 1",
          "EqOd after six flips against half of it before", "toy", cases.a_handful,
          why="The paper does not give the points of its figure; these are of a seeded generator."),
    Claim("If everybody in the minority with y = 0 flips, EqOd tends to one half as the majority grows.",
          "figure 6 and proposition 2", "EqOd at the largest majority against one half", "gmm4", cases.tends_to_half,
          why="With |mu| = |psi|. That 2 pp from one half is there is this project's reading."),
    Claim("That the limit is one half needs |mu| = |psi|.", "ours, on the last step of proposition 5",
          "EqOd at the largest majority against one half", "gmm4", cases.norms_matter),
    Claim("The sensitive attribute has to be among the features for flips to work.", "ours",
          "fall of EqOd with the attribute and without", RACE_IN_X, cases.group_matters, why=QUARTER),
    Claim("An ideal relabelling has at least the success S that its size and tau say.", "equations 3 and 5",
          "S against the bound", "theory", cases.success_of_the_ideal, why=OUR_BOUND),
    Claim("A ranking has at least the success S that its size, tau and label error rho say.", "equations 10 and 11",
          "S against the bound", "theory", cases.success_of_rankings, why=OUR_BOUND),
    Claim("A projection along which the groups no longer differ lowers the error of the nearest neighbour.",
          "theorem 1", "error of the nearest before and after", "theory", cases.projection_helps,
          why="A minority member among 30 majority members of each label, on the mixture; draws of their own before "
          "and after."),
    Claim("The error of the nearest neighbour in closed form, as printed.", "theorem 1, and equation 38 onward",
          why=NO_TEXT),
)  # fmt: skip


def judge(points: Mapping[str, pd.DataFrame], claims: Sequence[Claim] = CLAIMS) -> list[Judged]:
    """A verdict on every claim.

    points  by experiment, those of all its data sets; an experiment that was not run is missing, or empty
    """
    return [_judged(claim, points.get(claim.experiment, pd.DataFrame())) for claim in claims]


def _judged(claim: Claim, points: pd.DataFrame) -> Judged:
    if claim.cases is None:
        return Judged(claim, "cannot be tested here")
    if points.empty:
        return Judged(claim, "not run")
    rows = _rows(list(claim.cases(points)))
    return Judged(claim, _verdict(claim, [row.finding for row in rows]), rows, tuple(_measured(points)))


def _measured(points: pd.DataFrame) -> Iterator[str]:
    """Phrases: which data sets with how many repeats, on one split or several; or how many draws of the mixture."""
    if "protocol" not in points:
        yield f"the mixture gmm4: {plural(points['seed'].nunique(), 'draw')}"
        return
    resplit = points["protocol"].map(
        {text: bool(json.loads(text).get("resplit")) for text in points["protocol"].unique()}
    )
    repeats = points.groupby("dataset")["repeat"].transform("nunique")
    for (number, anew), rows in points.groupby([repeats, resplit], sort=False):
        names = list(dict.fromkeys(rows["dataset"].astype(str)))
        told = listed(names, 7) if len(names) <= 7 else f"{len(names)} data sets, such as {names[0]}"
        how = "" if number == 1 else ", each with parts of its own" if anew else ", on one split"
        yield f"{told}: {plural(int(str(number)), 'repeat')}{how}"


def _rows(given: Sequence[Case]) -> tuple[Row, ...]:
    """Each case with its effect and its finding, after Holm's correction over those that can be tested and count."""
    effects = [case.effect or effect(case.differences, case.region, case.shared) for case in given]
    tested = [found is not None and case.counts for case, found in zip(given, effects, strict=True)]
    adjusted = iter(
        holm([found.p for found, tests in zip(effects, tested, strict=True) if found is not None and tests])
    )
    rows = []
    for case, found, tests in zip(given, effects, tested, strict=True):
        p = next(adjusted) if tests else None
        rows.append(Row(case, found, p, _finding(case, found, p)))
    return tuple(rows)


def _finding(case: Case, found: Effect | None, p: float | None) -> Finding:
    if not case.counts:
        return "uncounted"
    if found is None or p is None or p >= LEVEL:
        return "open"
    return "for" if case.region.holds(found.mean) else "against"


def _verdict(claim: Claim, findings: Sequence[Finding]) -> Verdict:
    """What all rows together say. Open rows alone say nothing, and one place cannot refute what "can" be."""
    counted = [finding for finding in findings if finding != "uncounted"]
    agree, oppose = counted.count("for"), counted.count("against")
    if agree and (claim.some or agree == len(counted)):
        return "holds"
    if agree:
        return "holds in part"
    return "does not hold" if oppose and (oppose == len(counted) or not claim.some) else "cannot be tested here"
