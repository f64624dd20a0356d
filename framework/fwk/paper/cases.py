"""Stored points -> the paired differences that a claim is about, and where they should lie if it is true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from fwk.api import Floats
from fwk.fronts.scenario import SURROUNDINGS
from fwk.paper.curves import RB, all_flip, by_repeat, flips_to_reach, least, mean_over_flips, nobody_flips, user_curves
from fwk.paper.statistics import Region
from fwk.paper.theory import IDEAL
from fwk.report.words import points_of

SMALL = 0.01
"""One percentage point: what counts as none, and as comparable."""

PICKED = "validation"
"""The part on which the setting is chosen whose figures on test are compared, whatever part drew the fronts."""


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
    """

    who: str
    what: str
    differences: Floats
    region: Region
    unit: str = "pp"
    note: str = ""


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
    """Flips that random needs to reach half of an informed ranking's fall of EqOd, minus its own."""
    for curve in _informed(points):
        random = _same_place(points, curve, "random")
        if random.empty:
            continue
        before = nobody_flips(curve)["test.eqod"].mean()
        level = (before + _least(curve).mean()) / 2
        more = flips_to_reach(random, "eqod", level) - flips_to_reach(curve, "eqod", level)
        what = "flips of random minus its own, to half of its fall of EqOd, is above 0"
        yield _case(_who(curve), what, more, Region.above(0), _notes(curve), unit="flips")


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
    """EqOd of the other two rankings, minus that of RB-dist, on the way down: above 0 on COMPAS, below elsewhere."""
    for curve in user_curves(points, "rb-prob", "rb-label"):
        dist = _same_place(points, curve, "rb-dist")
        if dist.empty:
            continue
        better = "compas" in str(curve["dataset"].iloc[0])
        what = f"EqOd of it minus that of rb-dist, {ON_THE_WAY}, is {'above' if better else 'below'} 0"
        yield _case(_who(curve), what, _on_the_way(curve, dist), Region.above(0) if better else Region.below(0))


def upturn(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd when all candidates flip, minus the least with fewer flips."""
    for curve in user_curves(points, *RB):
        fewer = curve[curve["order"] < curve["order"].max()]
        more = by_repeat(all_flip(curve), "test.eqod") - _least(fewer)
        what = "EqOd when all candidates flip minus the least with fewer flips is above 0"
        yield _case(_who(curve), what, more, Region.above(0))


def ten_known(points: pd.DataFrame) -> Iterator[Case]:
    """What EqOd is higher with ten known, minus a quarter of what it falls when all are known."""
    for who, curves in _apart(points.assign(majority_known=points["majority_known"].fillna(0)), "majority_known"):
        if not {0.0, 10.0} <= set(curves):
            continue
        ten, all_known = _least(curves[10.0]), _least(curves[0.0])
        before = by_repeat(nobody_flips(curves[0.0]), "test.eqod")
        what = "least EqOd with ten known minus with all known, minus a quarter of the fall with all known, is below 0"
        lost = (ten - all_known) - (before - all_known) / 4
        yield _case(who, what, lost, Region.below(0), _notes(curves[10.0]))


def cannot_reach_zero(points: pd.DataFrame) -> Iterator[Case]:
    """Least EqOd of the collective's best ranking and of the firm's best method, and the firm's error over it."""
    for dataset, user, firm in _sides(points):
        ours, theirs = by_repeat(user, "test.eqod"), by_repeat(firm, "test.eqod")
        names = f"{dataset}: {user['method'].iloc[0]}, {firm['method'].iloc[0]}"
        yield _case(names, "the collective's least EqOd is above 1", ours, Region.above(SMALL))
        yield _case(names, "the firm's least EqOd is below 1", theirs, Region.below(SMALL))
        dearer = by_repeat(firm, "test.error") - by_repeat(user, "test.error")
        yield _case(names, "the firm's error there minus the collective's is above 0", dearer, Region.above(0))


def low_error_comparable(points: pd.DataFrame) -> Iterator[Case]:
    """Least EqOd of either side within half a percentage point of the baseline's error: a difference below 1."""
    for dataset, user, firm in _sides(points, within=0.005):
        names = f"{dataset}: {user['method'].iloc[0]}, {firm['method'].iloc[0]}"
        what = "least EqOd within +0.5 of error, the collective's minus the firm's, is between -1 and 1"
        apart = by_repeat(user, "test.eqod") - by_repeat(firm, "test.eqod")
        yield _case(names, what, apart, Region.within(SMALL))


def fair_space_helps(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd of RB-dist with distances as encoded, minus with those of a fair representation."""
    for who, space, raw, fair in _spaces(points, "rb-dist"):
        for how, gain in ((ON_THE_WAY, _on_the_way(raw, fair)), ("where each is least", _least(raw) - _least(fair))):
            what = f"EqOd with distances as encoded minus with {space}, {how}, is above 0"
            yield _case(who, what, gain, Region.above(0), _notes(fair))


def fair_space_hurts(points: pd.DataFrame) -> Iterator[Case]:
    """The same for RB-prob, trained on the representation, with the sign turned."""
    for who, space, raw, fair in _spaces(points, "rb-prob"):
        for how, loss in ((ON_THE_WAY, _on_the_way(fair, raw)), ("where each is least", _least(fair) - _least(raw))):
            what = f"EqOd with {space} minus as encoded, {how}, is above 0"
            yield _case(who, what, loss, Region.above(0), _notes(fair))


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
    """EqOd minus one half at the largest majority, with all flips, where the norms are equal."""
    for who, rows in _mixtures(points, equal=True):
        at_most = rows[rows["of_p"] == rows["of_p"].max()]["test.eqod"] - 0.5
        fewest = rows[rows["of_p"] == rows["of_p"].min()]["test.eqod"] - 0.5
        p = f"p = {rows['of_p'].max():,.0f}"
        yield _case(who, f"EqOd minus 50 at {p} is between -5 and 5", at_most, Region.within(0.05))
        nearer = at_most.abs() - fewest.abs()
        yield _case(
            who, f"its distance from 50 at {p} minus that at the smallest p is below 0", nearer, Region.below(0)
        )


def norms_matter(points: pd.DataFrame) -> Iterator[Case]:
    """How far EqOd is from one half at the largest majority, with all flips, where the norms differ."""
    for who, rows in _mixtures(points, equal=False):
        at_most = rows[rows["of_p"] == rows["of_p"].max()]["test.eqod"]
        what = f"distance of EqOd from 50 at p = {rows['of_p'].max():,.0f} is above 5"
        yield _case(who, what, (at_most - 0.5).abs(), Region.above(0.05))


def a_handful(points: pd.DataFrame) -> Iterator[Case]:
    """EqOd of the toy after six flips, minus half of what it was; one draw of the toy in place of a repeat."""
    informed = points[(points["side"] == "user") & (points["card"] != "random")]
    for method, rows in informed.groupby("method", sort=False):
        eqod = {flips: of.groupby("dataset")["test.eqod"].mean() for flips, of in rows.groupby("flips")}
        if {0, 6} <= set(eqod):
            what = "EqOd after six flips minus half of it before is below 0"
            yield _case(f"toy: {method}", what, eqod[6] - eqod[0] / 2, Region.below(0))


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
    """For each data set and RB ranking: its curves by their value on an axis."""
    user = points[(points["side"] == "user") & points["card"].isin(cards or RB)]
    for (dataset, method), rows in user.groupby(["dataset", "method"], sort=False):
        yield f"{dataset}: {method}", dict(iter(rows.groupby(axis, sort=False)))


def _informed(points: pd.DataFrame) -> Iterator[pd.DataFrame]:
    return (curve for curve in user_curves(points) if curve["card"].iloc[0] != "random")


def _same_place(points: pd.DataFrame, curve: pd.DataFrame, card: str) -> pd.DataFrame:
    """The curve of another ranking with everything else equal."""
    rows = points[points["card"] == card]
    for column in (*SURROUNDINGS, "alpha", "majority_known", "space"):
        value = curve[column].iloc[0]
        rows = rows[rows[column].isna() if pd.isna(value) else rows[column] == value]
    return rows


def _sides(points: pd.DataFrame, within: float | None = None) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """For each data set: the points of either side's best curve at its best setting.

    within  only settings whose mean error on the part that chooses is at most this over the baseline's
    """
    error, value = f"{PICKED}.error", f"{PICKED}.eqod"
    for dataset, rows in points.groupby("dataset", sort=False):
        base = rows[rows["card"] == "baseline"]
        found: dict[str, pd.DataFrame] = {}
        for side in ("user", "firm"):
            of_side = rows[(rows["side"] == side) & (rows["card"] != "baseline")]
            means = _whole_means(of_side.dropna(subset=[error, value, "test.eqod"]), [error, value])
            if within is not None:
                means = means[means[error] <= base[error].mean() + within]
            if len(means):
                best = means.reset_index().sort_values(value, kind="stable").iloc[0]
                found[side] = of_side[(of_side["method"] == best["method"]) & (of_side["order"] == best["order"])]
        if len(found) == 2:
            yield str(dataset), found["user"], found["firm"]


def _whole_means(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Means over repeats by (method, order), of settings that were measured in as many repeats as any."""
    groups = rows.groupby(["method", "order"])
    counts = groups.size()
    return groups[columns].mean()[counts == counts.max()]


def _spaces(points: pd.DataFrame, card: str) -> Iterator[tuple[str, object, pd.DataFrame, pd.DataFrame]]:
    """For each data set and fair representation: the ranking's curve with distances as encoded, and in it."""
    for who, curves in _apart(points, "space", card):
        for space in curves if "encoded" in curves else ():
            if space not in ("encoded", "standardised"):
                yield who, space, curves["encoded"], curves[space]


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


def _on_the_way(curve: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """EqOd of a curve minus that of another, averaged over flips until one of them is least: how fast each falls."""
    most = min(least(of, "eqod", PICKED)["flips"].mean() for of in (curve, other))
    return mean_over_flips(curve, "eqod", most) - mean_over_flips(other, "eqod", most)


def _who(curve: pd.DataFrame) -> str:
    return f"{curve['dataset'].iloc[0]}: {curve['method'].iloc[0]}"


def _notes(curve: pd.DataFrame) -> str:
    constant = curve["notes"].str.contains("constant ranking").any()
    return "constant ranking: the order is random" if constant else ""


def _case(who: str, what: str, differences: pd.Series, region: Region, note: str = "", unit: str = "pp") -> Case:
    return Case(who, what, differences.dropna().to_numpy(dtype=float), region, unit, note)
