"""The figures behind the pictures, as tables of text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fwk.fronts import curves
from fwk.fronts.scenario import SURROUNDINGS, alike
from fwk.paper.curves import by_repeat, least
from fwk.paper.theory import IDEAL
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
        (str(curve["dataset"].iloc[0]), str(curve["method"].iloc[0]), *([_value(curve, axis)] if axis else []),
         *_best(points, curve, "eqod", select), *_best(points, curve, "sp", select))
        for curve in curves(points)
    ]  # fmt: skip
    caption = (
        f"The setting of each method with the least mean on {select}; its figures on test, error paired by repeat."
    )
    return Shown(caption, columns, tuple(rows), (0, 1, 2) if axis else (0, 1))


def _best(points: pd.DataFrame, curve: pd.DataFrame, measure: str, select: str) -> Iterator[str]:
    best = least(curve, measure, select)
    if best.empty:
        yield from (NOTHING,) * 4
        return
    values = by_repeat(best, f"test.{measure}")
    base = points[points["card"].eq("baseline") & alike(points, best.iloc[0], SURROUNDINGS)]
    dearer = (by_repeat(best, "test.error") - by_repeat(base, "test.error")).mean()
    yield points_of(values.mean())
    yield points_of(values.std(ddof=1))
    yield _setting(best)
    yield points_of(dearer, signed=True)


def _setting(best: pd.DataFrame) -> str:
    """The setting in words; with the mean number of flips, where it asks for more than there are candidates."""
    told = words.setting(best["swept"].iloc[0], best["setting"].iloc[0])
    flips = best["flips"].astype(float).mean()
    asked = best["swept"].iloc[0] == "budget" and best["setting"].iloc[0] != f"{flips:g}"
    return f"{told}: {flips:,.0f} flips" if asked else told


def _value(curve: pd.DataFrame, axis: str) -> str:
    if curve["side"].iloc[0] != "user":
        return NOTHING
    value = curve[axis].iloc[0]
    if pd.isna(value):
        return "all"
    return f"{value:g}" if isinstance(value, float | int | np.number) else str(value)


def growth_table(points: pd.DataFrame) -> Shown:
    """EqOd of the mixture by norms, learner and size of the majority, all flips and none; one draw a seed."""
    user = points[points["side"] == "user"].sort_values("of_p", kind="stable")
    columns = ("Norms |mu|, |psi|", "Learner", "Majority p (people)", f"EqOd, nobody flips ({UNIT})",
               f"EqOd, all flip ({UNIT})", "sd over draws", f"SP, all flip ({UNIT})")  # fmt: skip
    rows = []
    for (mu, psi, learner, p), of in user.groupby(["of_mu", "of_psi", "learner", "of_p"]):
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
    """What `simulate` found: success, its bound and EqOd, and the nearer of two."""
    return {
        "Success, its bound, and label error": _rules_table(table),
        "The nearer of two": _nearest_table(table),
    }


def _rules_table(table: pd.DataFrame) -> Shown:
    columns = ("Relabelling", "Group among the features", "Alpha", "Share of the candidates that flip", "Success S (%)",
               "sd over draws", "Bound on S (%)", "Label error rho (%)", f"EqOd ({UNIT})")  # fmt: skip
    rows = []
    found = table[table["what"].isin(["success", "bound", "label_error", "eqod"])]
    for (ranker, in_X, alpha, share), of in found.groupby(
        ["ranker", "in_X", "alpha", "share"], sort=False, dropna=False
    ):
        values = {str(what): rows_of["value"] for what, rows_of in of.groupby("what")}
        success = values["success"]
        others = [points_of(values[w].mean()) if w in values else NOTHING for w in ("bound", "label_error", "eqod")]
        flipped = NOTHING if ranker == IDEAL else f"{share:g}"
        where = (str(ranker), "yes" if in_X else "no", f"{alpha:g}", flipped)
        rows.append((*where, points_of(success.mean()), points_of(success.std(ddof=1)), *others))
    tau = table[table["what"] == "tau"].groupby("in_X")["value"].mean()
    told = ", ".join(f"{points_of(value)} {'with' if seen else 'without'} the group" for seen, value in tau.items())
    return Shown(f"Means over draws of the mixture. tau (%): {told} among the features.", columns, tuple(rows))


def _nearest_table(table: pd.DataFrame) -> Shown:
    found = table[table["what"] == "nearest"]
    most = found["references"].max()
    columns = ("Dimension", "|mu| = |psi|", "Projected", "Closed form (%)", "Simulated (%)",
               f"Simulated, nearest of {most:g} a label (%)")  # fmt: skip
    rows = []
    for (dimension, norm, projected), of in found.groupby(["dimension", "norm", "projected"], sort=False):
        closed, drawn = of[of["closed"].eq(True)], of[of["closed"].eq(False)]
        one, many = (drawn[drawn["references"] == number] for number in (1, most))
        values = (closed["value"], one["value"], many["value"])
        rows.append(
            (f"{dimension:g}", f"{norm:g}", "yes" if projected else "no", *(points_of(v.mean()) for v in values))
        )
    return Shown("How often the nearer one has the other label.", columns, tuple(rows), (2,))
