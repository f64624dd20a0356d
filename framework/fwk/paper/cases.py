"""Stored points -> the paired differences that a claim is about, and where they should lie if it is true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fwk.api import Floats
from fwk.fronts.scenario import SURROUNDINGS, alike
from fwk.paper.curves import (
    RB,
    all_flip,
    at_equal_error,
    by_budget,
    by_repeat,
    flips_to_reach,
    least,
    mean_over_flips,
    nobody_flips,
    user_curves,
)
from fwk.paper.statistics import Effect, Region, swapped
from fwk.paper.theory import IDEAL
from fwk.points import SCENARIO
from fwk.report.words import points_of, setting

SMALL = 0.01
"""One percentage point: what counts as none, and as comparable."""

PICKED = "validation"
"""The part on which the setting is chosen whose figures on test are compared, whatever part drew the fronts."""


LOW_ERROR = (0.001, 0.002, 0.003, 0.004, 0.005)
"""Rises of error up to half a percentage point: where error is low."""

UP_TO_A_POINT = (0.0025, 0.005, 0.0075, 0.01)
"""Rises of error at which fronts are compared."""

ON_THE_WAY = "averaged over flips until one of them is least"


@dataclass(frozen=True, eq=False)
class Case:
    """One row of a claim's table.

    who          data set and method
    what         what the differences are, and where they lie if the claim is true
    differences  (n,) one a repeat
    region       where their mean should lie
    unit         "pp" for differences of rates (shown in percentage points), or what is counted, such as "flips"
    note         a remark on the points, such as a constant ranking
    shared       standard deviation of the error that all differences have in common, for `effect`
    telling      whether what is compared can tell anything of the claim
    effect       what was found, where it is not a mean of differences
    """

    who: str
    what: str
    differences: Floats
    region: Region
    unit: str = "pp"
    note: str = ""
    shared: float = 0.0
    telling: bool = True
    effect: Effect | None = None

    @property
    def counts(self) -> bool:
        """False, too, where all differences are 0 to the last bit: one and the same rule was compared with itself."""
        return self.telling and (not len(self.differences) or bool(self.differences.any()))


def saturation(points: pd.DataFrame) -> Iterator[Case]:
    """What a share of .3 gains over .05, and what everybody joining adds."""
    for who, curves in _apart(points, "alpha"):
        if not {0.05, 0.3, 1.0} <= set(curves):
            continue
        few, third, all_join = (_least(curves[alpha]) for alpha in (0.05, 0.3, 1.0))
        before = by_repeat(nobody_flips(curves[0.3]), "test.eqod")
        yield _case(who, "least EqOd at .05 minus at .3 is above 0", few - third, Region.above(0))
        what = "what EqOd falls from .3 to 1, minus a quarter of its fall from none to .3, is below 0"
        yield _case(who, what, (third - all_join) - (before - third) / 4, Region.below(0), _notes(curves[0.3]))


def fewer_flips(points: pd.DataFrame) -> Iterator[Case]:
    """Flips at which the mean curve of random has half of the fall, minus those of each of the paper's rankings.

    The fall is that to the mean of both curves' leasts, each chosen on validation, so that swapping the two only turns
    the sign.
    """
    columns = ("flips", f"{PICKED}.eqod", "test.eqod")
    for curve in user_curves(points, *RB):
        random = _same_place(points, curve, "random")
        common = set(curve["repeat"]) & set(random["repeat"])
        its, theirs = (by_budget(rows[rows["repeat"].isin(common)], columns) for rows in (curve, random))
        if len(its) < 2 or its.shape != theirs.shape or not np.isfinite([its, theirs]).all():
            continue
        told = swapped(theirs, its, _later)
        what = "flips of random minus its own, to half of the fall of mean EqOd, is above 0"
        yield Case(_who(curve), what, np.empty(0), Region.above(0), "flips", _notes(curve), effect=told)


def _later(first: Floats, second: Floats) -> float:
    """Flips to half of the fall of the first of two curves, (repeats, settings, 3) each, minus those of the second."""
    curves = [of.mean(axis=0) for of in (first, second)]
    low = float(np.mean([of[of[:, 1].argmin(), 2] for of in curves]))
    level = (float(np.mean([of[0, 2] for of in curves])) + low) / 2
    one, other = (flips_to_reach(of[:, 0], of[:, 2], level) for of in curves)
    return one - other


def random_is_worst(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd of random minus that of every other ranking: on the way down, and where each is least."""
    for curve in _informed(points):
        random = _same_place(points, curve, "random")
        if random.empty or least(curve, "eqod", PICKED).empty:
            continue
        what = f"EqOd of random minus its own, {ON_THE_WAY}, is above 0"
        yield _case(_who(curve), what, _on_the_way(random, curve), Region.above(0), _notes(curve))
        what = "least EqOd of random minus its own is above 0"
        yield _case(_who(curve), what, _least(random) - _least(curve), Region.above(0), _notes(curve))


def distance_on_compas(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd of the other two rankings, minus that of RB-dist: above 0 on COMPAS, below elsewhere."""
    for curve in user_curves(points, "rb-prob", "rb-label"):
        dist = _same_place(points, curve, "rb-dist")
        if dist.empty:
            continue
        better = "compas" in str(curve["dataset"].iloc[0])
        side, region = ("above", Region.above(0)) if better else ("below", Region.below(0))
        what = f"EqOd of it minus that of rb-dist, {ON_THE_WAY}, is {side} 0"
        yield _case(_who(curve), what, _on_the_way(curve, dist), region)
        what = f"least EqOd of it minus that of rb-dist is {side} 0"
        yield _case(_who(curve), what, _least(curve) - _least(dist), region)


def upturn(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd when all candidates flip, minus the least with fewer flips."""
    for curve in user_curves(points, *RB):
        fewer = curve[curve["order"] < curve["order"].max()]
        more = by_repeat(all_flip(curve), "test.eqod") - _least(fewer)
        what = "EqOd when all candidates flip minus the least with fewer flips is above 0"
        yield _case(_who(curve), what, more, Region.above(0))


def ten_known(points: pd.DataFrame) -> Iterator[Case]:
    """What EqOd is higher with ten known on the way down, minus a quarter of what it falls there when all are known.

    A repeat that has no points with ten known, as they were too few to rank by, counts as one in which nobody flips.
    """
    for who, curves in _apart(points.assign(majority_known=points["majority_known"].fillna(0)), "majority_known"):
        if not {0.0, 10.0} <= set(curves):
            continue
        ten, everybody = curves[10.0], curves[0.0]
        before = by_repeat(nobody_flips(everybody), "test.eqod")
        with_ten, with_all = _both_on_the_way(ten, everybody)
        lost = before.index.difference(pd.Index(ten["repeat"]))
        with_ten = with_ten.reindex(with_all.index).fillna(before[lost])
        fall = before - with_all
        notes = [_notes(ten), f"none measured in {len(lost)} of {len(before)} repeats" if len(lost) else ""]
        what = (
            f"EqOd with ten known minus with all known, {ON_THE_WAY}, minus a quarter of the fall with all, is below 0"
        )
        telling = _constant(ten) < ten["repeat"].nunique()  # else its order is random: ten taught it nothing
        above = with_ten - with_all - fall / 4
        yield _case(who, what, above, Region.below(0), "; ".join(filter(None, notes)), telling=telling)


def cannot_reach_zero(points: pd.DataFrame) -> Iterator[Case]:
    """Least EqOd of the collective's best ranking and of the firm's best method, and the firm's error over it.

    The collective's is held against what a rule with equal rates would show: EqOd is a mean of absolute gaps, which on
    a finite test part are not 0. The firm's rule has to tell people apart: it accepts between 1 and 99 % of either
    group on the part that chooses.
    """
    rates = [f"{PICKED}.acceptance.{group}" for group in ("majority", "minority")]
    for dataset, rows in _compared(points, rates):
        accepted = rows[rates]
        tells = ((accepted > SMALL) & (accepted < 1 - SMALL)).all(axis=1)
        user, firm = (least(of, "eqod", PICKED) for of in (_side(rows, "user"), _side(rows[tells], "firm")))
        if user.empty or firm.empty:
            continue
        names = f"{dataset}: {_named(user)}, {_named(firm)}"
        noise, people = _noise(user)
        what = "the collective's least EqOd minus what equal rates would show on these people is above 0"
        note = f"{points_of(user['test.eqod'].mean())}; equal rates would show {points_of(noise.mean())}"
        yield _case(names, what, by_repeat(user, "test.eqod") - noise, Region.above(0), note, shared=people)
        noise, people = _noise(firm)
        what = (
            "the firm's, of rules that accept 1 to 99 % of either group, minus what equal rates would show, is below 1"
        )
        note = f"{points_of(firm['test.eqod'].mean())}; equal rates would show {points_of(noise.mean())}"
        yield _case(names, what, by_repeat(firm, "test.eqod") - noise, Region.below(SMALL), note, shared=people)
        dearer = by_repeat(firm, "test.error") - by_repeat(user, "test.error")
        yield _case(names, "the firm's error there minus the collective's is above 0", dearer, Region.above(0))


def low_error_comparable(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd of the collective's front minus that of the firm's, where error rises by at most half a percentage point."""
    for dataset, rows in _compared(points):
        base = rows[rows["card"] == "baseline"]
        user, firm = (at_equal_error(_side(rows, side), base, LOW_ERROR, PICKED) for side in ("user", "firm"))
        if len(user) and len(firm):
            what = "EqOd of the collective's front minus the firm's, over rises of error up to 0.5, is between -1 and 1"
            note = f"error on test: {_rise(user)}, the firm's {_rise(firm)}"
            yield _case(dataset, what, user["eqod"] - firm["eqod"], Region.within(SMALL), note)


def fair_space_helps(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd of RB-dist's front with distances as encoded, minus with those of a fair representation."""
    yield from _fair_space(points, "rb-dist", 1, "EqOd with distances as encoded minus with {space}")


def fair_space_hurts(points: pd.DataFrame) -> Iterator[Case]:
    """The same for RB-prob, trained on the representation, with the sign turned."""
    yield from _fair_space(points, "rb-prob", -1, "EqOd with {space} minus as encoded")


def error_rises_little(points: pd.DataFrame) -> Iterator[Case]:
    """Error over the baseline where EqOd is least."""
    for curve in user_curves(points, *RB):
        dearer = by_repeat(least(curve, "eqod", PICKED), "test.error") - by_repeat(nobody_flips(curve), "test.error")
        what = "error at the least EqOd minus the baseline's is below 0.5"
        yield _case(_who(curve), what, dearer, Region.below(0.005))


def opportunity_falls(points: pd.DataFrame) -> Iterator[Case]:
    """The gap of true positive rates where EqOd is least, minus three fifths of the baseline's."""
    gaps = points.assign(**{"test.gap": (points["test.tpr.majority"] - points["test.tpr.minority"]).abs()})
    for curve in user_curves(gaps, *RB):
        after, before = (by_repeat(rows, "test.gap") for rows in (least(curve, "eqod", PICKED), nobody_flips(curve)))
        what = "TPR gap at the least EqOd minus 60 % of the baseline's is below 0"
        note = f"the mean gap goes from {points_of(before.mean())} to {points_of(after.mean())}"
        yield _case(_who(curve), what, after - 0.6 * before, Region.below(0), note)


def group_matters(points: pd.DataFrame) -> Iterator[Case]:
    """What the least EqOd falls below the baseline's, with the group among the features minus without."""
    for who, curves in _apart(points, "group_in_X"):
        if set(curves) == {True, False}:
            falls = {seen: by_repeat(nobody_flips(c), "test.eqod") - _least(c) for seen, c in curves.items()}
            yield _case(who, "fall of EqOd with the group among the features is above 0", falls[True], Region.above(0))
            what = "fall without it is below a quarter of that"
            yield _case(who, what, falls[False] - falls[True] / 4, Region.below(0))


def tends_to_half(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd with all flips at the largest majority, and what it gained on the smallest, where the norms are equal."""
    for who, rows in _mixtures(points, equal=True):
        most, fewest = (rows[rows["of_p"] == end]["test.eqod"] for end in (rows["of_p"].max(), rows["of_p"].min()))
        p = f"p = {rows['of_p'].max():,.0f}"
        yield _case(who, f"EqOd minus 50 at {p} is between -2 and 2", most - 0.5, Region.within(0.02))
        side, region = ("above", Region.above(0)) if fewest.mean() < 0.5 else ("below", Region.below(0))
        what = f"EqOd at {p} minus that at the smallest p is {side} 0"
        yield _case(who, what, most - fewest, region)


def norms_matter(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd minus one half at the largest majority, with all flips, where the norms differ."""
    for who, rows in _mixtures(points, equal=False):
        beyond = rows[rows["of_p"] == rows["of_p"].max()]["test.eqod"] - 0.5
        side, region = ("above 5", Region.above(0.05)) if beyond.mean() > 0 else ("below -5", Region.below(-0.05))
        yield _case(who, f"EqOd minus 50 at p = {rows['of_p'].max():,.0f} is {side}", beyond, region)


def a_handful(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd of the toy after six flips, minus half of what it was; one draw of the toy in place of a repeat.

    Random flips are shown beside, as the claim is not of them.
    """
    for (method, card), rows in points[points["side"] == "user"].groupby(["method", "card"], sort=False):
        eqod = {flips: of.groupby("dataset")["test.eqod"].mean() for flips, of in rows.groupby("flips")}
        if {0, 6} <= set(eqod):
            what = "EqOd after six flips minus half of it before is below 0"
            yield _case(f"toy: {method}", what, eqod[6] - eqod[0] / 2, Region.below(0), telling=card != "random")


def success_of_the_ideal(table: pd.DataFrame) -> Iterator[Case]:
    """Success of an ideal relabelling minus its bound, at each size; one draw of the mixture in place of a repeat.

    The learner is not the best rule, which the bound presumes: it may fall short by a point. If everybody joins the
    bound is 1, and only the learner would be judged.
    """
    ideal = _over_bound(table[(table["ranker"] == IDEAL) & (table["alpha"] < 1)])
    for alpha, above in ideal.groupby("alpha"):
        yield _case(f"gmm4: ideal, alpha {alpha:g}", "success minus its bound is above -1", above, Region.above(-SMALL))


def success_of_rankings(table: pd.DataFrame) -> Iterator[Case]:
    """The same for the rankings, with their label error: the least over all sizes and shares of flips."""
    rankings = table[table["ranker"].notna() & (table["ranker"] != IDEAL)]
    for ranker, above in _over_bound(rankings).groupby("ranker", sort=False):
        what = "the least of success minus its bound, over all sizes and shares of flips, is above 0"
        yield _case(f"gmm4: {ranker}", what, above.groupby("seed").min(), Region.above(0))


def projection_helps(table: pd.DataFrame) -> Iterator[Case]:
    """How often the nearest of many is of the other label, before the projection minus after it."""
    drawn = table[(table["what"] == "nearest") & table["closed"].eq(False)]
    of_many = drawn[drawn["references"] == drawn["references"].max()]
    for (dimension, norm), rows in of_many.groupby(["dimension", "norm"]):
        before, after = (rows[rows["projected"].eq(seen)].set_index("seed")["value"] for seen in (False, True))
        who = f"{dimension:g} dimensions, |mu| = |psi| = {norm:g}"
        yield _case(who, "error of the nearest before minus after is above 0", before - after, Region.above(0))


def _over_bound(table: pd.DataFrame) -> pd.Series:
    """Success minus its bound, by what it was measured on."""
    where = ["ranker", "alpha", "share", "seed"]
    success, bound = (
        table[(table["what"] == what) & table["in_X"].eq(True)].fillna({"share": 0.0}).set_index(where)["value"]
        for what in ("success", "bound")
    )
    return (success - bound).dropna()


def _apart(points: pd.DataFrame, axis: str, *cards: str) -> Iterator[tuple[str, dict[object, pd.DataFrame]]]:
    """For each RB ranking, and all that surrounds it but for an axis: its curves by their value on that axis."""
    user = points[(points["side"] == "user") & points["card"].isin(cards or RB)]
    others = [column for column in SCENARIO if column != axis]
    for _, rows in user.groupby([*others, "method"], sort=False, dropna=False):
        yield _who(rows), dict(iter(rows.groupby(axis, sort=False)))


def _informed(points: pd.DataFrame) -> Iterator[pd.DataFrame]:
    return (curve for curve in user_curves(points) if curve["card"].iloc[0] != "random")


def _same_place(points: pd.DataFrame, curve: pd.DataFrame, card: str) -> pd.DataFrame:
    """The curve of another ranking with everything else equal; the first, if there are more. Empty if there is none."""
    where = (*SURROUNDINGS, "alpha", "majority_known", "space")
    rows = points[points["card"].eq(card) & alike(points, curve.iloc[0], where)]
    return rows[rows["method"] == rows["method"].iloc[0]] if len(rows) else rows


def _compared(points: pd.DataFrame, needed: Sequence[str] = ()) -> Iterator[tuple[str, pd.DataFrame]]:
    """What is compared with each other, by name; nothing where a column that is needed was not measured."""
    if not {*needed} <= set(points.columns):
        return
    for (dataset, group_in_X, learner), rows in points.groupby(list(SURROUNDINGS), sort=False, dropna=False):
        alike = points[points["dataset"] == dataset]
        more = [str(learner)] if len(alike["learner"].unique()) > 1 else []
        more += [] if group_in_X or len(alike["group_in_X"].unique()) == 1 else ["without the group"]
        yield ", ".join([str(dataset), *more]), rows


def _side(rows: pd.DataFrame, side: str) -> pd.DataFrame:
    return rows[rows["side"].eq(side) & rows["card"].ne("baseline")]


def _named(rows: pd.DataFrame) -> str:
    return f"{rows['method'].iloc[0]} {setting(rows['swept'].iloc[0], rows['setting'].iloc[0])}"


def _noise(rows: pd.DataFrame) -> tuple[pd.Series, float]:
    """The mean of EqOd if both groups' rates were equal, by repeat, and at least its standard deviation over people.

    A gap of rates is then normal around 0 with variance p (1 - p) (1/n + 1/m), whose absolute value has the mean
    sqrt(2 / pi) of its root. The variance of an absolute gap is at most that of the gap, which it comes to where rates
    differ; taken everywhere, it keeps the test from agreeing too often, at 0 as well as at a bound above it.
    """
    of_y = []
    for y, rate in ((1, "tpr"), (0, "fpr")):
        n, m = (rows[f"test.n.{group}.{y}"].astype(float) for group in ("majority", "minority"))
        p = (n * rows[f"test.{rate}.majority"] + m * rows[f"test.{rate}.minority"]) / (n + m)
        of_y.append(p * (1 - p) * (1 / n + 1 / m))
    mean = (np.sqrt(of_y[0]) + np.sqrt(of_y[1])) / 2 * np.sqrt(2 / np.pi)
    variance = (of_y[0] + of_y[1]) / 4
    return mean.set_axis(rows["repeat"]).sort_index(), float(np.sqrt(variance.mean()))


def _rise(front: pd.DataFrame) -> str:
    return points_of(front["rise"].mean(), signed=True)


def _fair_space(points: pd.DataFrame, card: str, sign: int, what: str) -> Iterator[Case]:
    """At equal error: the ranking's front with distances as encoded, and in each fair representation.

    Also with settings chosen on test, as the paper does; that flatters the noisier front, and is not counted.
    """
    for who, curves in _apart(points, "space", card):
        for space in curves if "encoded" in curves else ():
            if space in ("encoded", "standardised"):
                continue
            for part in (PICKED, "test"):
                raw, fair = (
                    at_equal_error(curve, nobody_flips(curve), UP_TO_A_POINT, part)
                    for curve in (curves["encoded"], curves[space])
                )
                told = f"{what.format(space=space)}, over rises of error up to 1, chosen on {part}, is above 0"
                notes = [f"error on test: {_rise(raw)}, there {_rise(fair)}", *filter(None, [_notes(curves[space])])]
                gain = sign * (raw["eqod"] - fair["eqod"])
                if len(raw) and len(fair):
                    yield _case(who, told, gain, Region.above(0), "; ".join(notes), telling=part == PICKED)


def _mixtures(points: pd.DataFrame, equal: bool) -> Iterator[tuple[str, pd.DataFrame]]:
    """By norms and learner: the points where all flip, indexed by the seed of the draw."""
    if not {"of_p", "of_seed", "of_mu", "of_psi"} <= set(points.columns):
        return
    user = points[(points["side"] == "user") & ((points["of_mu"] == points["of_psi"]) == equal)]
    everybody = user[user["flips"] == user["candidates"]]
    for (mu, psi, learner), rows in everybody.groupby(["of_mu", "of_psi", "learner"], sort=False):
        yield f"gmm4, |mu| {mu:g}, |psi| {psi:g}: {learner}", rows.set_index("of_seed").sort_index()


def _least(curve: pd.DataFrame) -> pd.Series:
    return by_repeat(least(curve, "eqod", PICKED), "test.eqod")


def _both_on_the_way(curve: pd.DataFrame, other: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """EqOd of two curves averaged over flips until one of them is least, by repeat; over as many flips as both have."""
    most = min(float(least(of, "eqod", PICKED)["flips"].mean()) for of in (curve, other))
    ends = pd.concat([of.groupby("repeat")["flips"].max() for of in (curve, other)], axis=1).min(axis=1)
    first, second = (mean_over_flips(of, "eqod", ends.clip(upper=most)) for of in (curve, other))
    return first, second


def _on_the_way(curve: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """EqOd of a curve minus that of another on the way: how fast each falls."""
    first, second = _both_on_the_way(curve, other)
    return first - second


def _who(curve: pd.DataFrame) -> str:
    return f"{curve['dataset'].iloc[0]}: {curve['method'].iloc[0]}"


def _constant(curve: pd.DataFrame) -> int:
    """In how many repeats a curve's ranking is constant."""
    return int(curve[curve["notes"].str.contains("constant ranking")]["repeat"].nunique())


def _notes(curve: pd.DataFrame) -> str:
    constant = _constant(curve)
    return (
        f"constant ranking, so random order, in {constant} of {curve['repeat'].nunique()} repeats" if constant else ""
    )


def _case(
    who: str,
    what: str,
    differences: pd.Series,
    region: Region,
    note: str = "",
    unit: str = "pp",
    shared: float = 0.0,
    telling: bool = True,
) -> Case:
    return Case(who, what, differences.dropna().to_numpy(dtype=float), region, unit, note, shared, telling)
