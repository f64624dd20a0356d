"""The figures behind the pictures, as tables of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fwk.fronts import curves
from fwk.paper.curves import by_repeat, least
from fwk.report import words
from fwk.report.words import NOTHING, UNIT, points_of, short_name


@dataclass(frozen=True)
class Shown:
    """A table as it is shown; all cells are text. words: the positions of columns that hold words."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0, 1)


def least_table(points: pd.DataFrame, select: str, axis: str = "", word: str = "") -> Shown:
    """The least EqOd and SP of every curve, where it is, and what it costs in error.

    axis, word  a column that tells curves of one method apart, and its heading
    """
    apart = (word,) if axis else ()
    columns = ("Data set", "Method", *apart)
    for measure in ("eqod", "sp"):
        name = short_name(measure)
        columns += (f"Least {name} ({UNIT})", "sd over repeats", "at", f"Error over baseline ({UNIT})")
    rows = [
        (str(curve["dataset"].iloc[0]), str(curve["method"].iloc[0]), *([_value(curve[axis].iloc[0])] if axis else []),
         *_best(points, curve, "eqod", select), *_best(points, curve, "sp", select))
        for curve in curves(points)
    ]  # fmt: skip
    caption = f"The setting of each method with the least mean on {select}; its figures on test."
    return Shown(caption, columns, tuple(rows), (0, 1, 2) if axis else (0, 1))


def _best(points: pd.DataFrame, curve: pd.DataFrame, measure: str, select: str) -> Iterator[str]:
    best = least(curve, measure, select)
    if best.empty:
        yield from (NOTHING,) * 4
        return
    values = by_repeat(best, f"test.{measure}")
    base = points[(points["card"] == "baseline") & (points["dataset"] == curve["dataset"].iloc[0])]
    dearer = by_repeat(best, "test.error").mean() - base["test.error"].mean()
    yield points_of(values.mean())
    yield points_of(values.std(ddof=1))
    yield words.setting(best["swept"].iloc[0], best["setting"].iloc[0])
    yield points_of(dearer, signed=True)


def _value(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]  # any cell of a table
        return "all"
    return f"{value:g}" if isinstance(value, float | int | np.number) else str(value)


def growth_table(points: pd.DataFrame) -> Shown:
    """EqOd of the mixture by norms, learner and size of the majority, all flips and none; one draw a seed."""
    user = points[points["side"] == "user"]
    columns = ("Norms |mu|, |psi|", "Learner", "Majority p (people)", f"EqOd, nobody flips ({UNIT})",
               f"EqOd, all flip ({UNIT})", "sd over draws", f"SP, all flip ({UNIT})")  # fmt: skip
    rows = []
    for (mu, psi, learner, p), of in user.groupby(["of_mu", "of_psi", "learner", "of_p"], sort=False):
        none, all_flip = of[of["flips"] == 0], of[of["flips"] == of["candidates"]]
        eqod = all_flip["test.eqod"]
        rows.append(
            (f"{mu:g}, {psi:g}", str(learner), f"{p:,.0f}", points_of(none["test.eqod"].mean()), points_of(eqod.mean()),
             points_of(eqod.std(ddof=1)), points_of(all_flip["test.sp"].mean()))
        )  # fmt: skip
    return Shown("Means over draws of the mixture.", columns, tuple(rows))


def toy_table(points: pd.DataFrame) -> Shown:
    """EqOd of the toy over the number of flips: the median draw, and the middle half of the draws."""
    user = points[points["side"] == "user"]
    columns = ("Method", "Labels flipped (people)", f"Median EqOd ({UNIT})", f"Middle half of the draws ({UNIT})",
               "Median fall (%)")  # fmt: skip
    rows = []
    for method, of in user.groupby("method", sort=False):
        before = of[of["flips"] == 0].groupby("dataset")["test.eqod"].mean()
        for flips, at_flips in of.groupby("flips"):
            eqod = at_flips.groupby("dataset")["test.eqod"].mean()
            low, middle, high = eqod.quantile([0.25, 0.5, 0.75])
            fall = (1 - eqod / before).median()
            rows.append((str(method), str(flips), points_of(middle), words.interval(low, high), f"{100 * fall:.0f}"))
    return Shown("Over draws of the toy.", columns, tuple(rows), (0,))


def theory_tables(table: pd.DataFrame) -> dict[str, Shown]:
    """What `simulate` found: agreement and EqOd, mismatch, and the nearer of two."""
    return {
        "Agreement with the counterfactual, and EqOd": _rules_table(table),
        "Mismatch with the majority's best rule": _mismatch_table(table),
        "The nearer of two": _nearest_table(table),
    }


def _rules_table(table: pd.DataFrame) -> Shown:
    columns = ("Ranking", "Group among the features", "Alpha", "Share of the candidates that flip", "Agreement (%)",
               "sd over draws", f"EqOd ({UNIT})")  # fmt: skip
    rows = []
    found = table[table["what"].isin(["agreement", "eqod"])]
    for (ranker, in_X, alpha, share), of in found.groupby(["ranker", "in_X", "alpha", "share"], sort=False):
        values = {what: rows_of["value"] for what, rows_of in of.groupby("what")}
        agreement, eqod = values["agreement"], values["eqod"]
        where = (str(ranker), "yes" if in_X else "no", f"{alpha:g}", f"{share:g}")
        rows.append((*where, points_of(agreement.mean()), points_of(agreement.std(ddof=1)), points_of(eqod.mean())))
    return Shown("Means over draws of the mixture.", columns, tuple(rows))


def _mismatch_table(table: pd.DataFrame) -> Shown:
    columns = ("Ranking", "Alpha", "Share of the candidates that flip", "Mismatch (%)", "sd over draws")
    found = table[(table["what"] == "mismatch") & table["in_X"].eq(False)]
    rows = [
        (str(ranker), f"{alpha:g}", f"{share:g}", points_of(of["value"].mean()), points_of(of["value"].std(ddof=1)))
        for (ranker, alpha, share), of in found.groupby(["ranker", "alpha", "share"], sort=False)
    ]
    return Shown("Means over draws of the mixture; the group is not among the features.", columns, tuple(rows), (0,))


def _nearest_table(table: pd.DataFrame) -> Shown:
    found = table[table["what"] == "nearest"]
    most = found["references"].max()
    columns = ("Dimension", "|mu| = |psi|", "Projected", "Closed form (%)", "Simulated (%)",
               f"Simulated, nearest of {most:g} a label (%)")  # fmt: skip
    rows = []
    for (dimension, norm, projected), of in found.groupby(["dimension", "norm", "projected"], sort=False):
        one, many = of[of["references"] == 1], of[of["references"] == most]
        values = (one.loc[one["closed"].eq(True), "value"], one.loc[one["closed"].eq(False), "value"], many["value"])
        rows.append(
            (f"{dimension:g}", f"{norm:g}", "yes" if projected else "no", *(points_of(v.iloc[-1]) for v in values))
        )
    return Shown("How often the nearer one has the other label.", columns, tuple(rows), (2,))
