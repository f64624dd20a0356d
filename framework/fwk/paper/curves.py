"""What curves come to: the setting that is best on average, flips to a target, fronts at equal error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from fwk.api import Floats
from fwk.fronts import curves, zero_budget
from fwk.points import CURVE

RB = ("rb-prob", "rb-label", "rb-dist")
"""The rankers that the paper proposes."""


def user_curves(points: pd.DataFrame, *cards: str) -> Iterator[pd.DataFrame]:
    """The points of each user-side curve, by first appearance; of these cards, if any are given."""
    user = points[points["side"] == "user"]
    yield from curves(user[user["card"].isin(cards)] if cards else user)


def least(curve: pd.DataFrame, measure: str, part: str) -> pd.DataFrame:
    """The points of the curve and setting whose mean of `measure` over repeats is least, one row a repeat.

    part  on which the setting is chosen ("validation", "test"); of equals, the first of the sweep

    Only settings where the measure is defined on that part and on test, in as many repeats as at any other setting, can
    be chosen: a mean over fewer, luckier repeats would win. Empty if there is none.
    """
    name, reported = f"{part}.{measure}", f"test.{measure}"
    defined = curve[curve[[name, reported]].notna().all(axis=1)]
    keys = defined.groupby([*CURVE, "order"], dropna=False).ngroup()
    by_setting = defined.groupby(keys)[name].agg(["mean", "count"])
    whole = by_setting[by_setting["count"] == by_setting["count"].max()]
    if whole.empty:
        return defined
    best: pd.DataFrame = defined[keys == whole["mean"].idxmin()]
    return best.sort_values("repeat")


def at(curve: pd.DataFrame, order: int) -> pd.DataFrame:
    """A curve's points at one setting of its sweep, one row a repeat."""
    return curve[curve["order"].eq(order)].sort_values("repeat")


def all_flip(curve: pd.DataFrame) -> pd.DataFrame:
    """A curve's points at its largest budget, one row a repeat."""
    return at(curve, int(curve["order"].max()))


def by_repeat(rows: pd.DataFrame, column: str) -> pd.Series:
    """A column of one setting's points, by repeat."""
    return rows.set_index("repeat")[column].astype(float).sort_index()


def nobody_flips(curve: pd.DataFrame) -> pd.DataFrame:
    """A user-side curve's points at M = 0, which are the baseline's, one row a repeat."""
    return curve[zero_budget(curve)].sort_values("repeat")


def flips_to_reach(flips: Floats, value: Floats, level: float) -> float:
    """Flips at which a curve, (m,) each, first is at most `level`, on a line between budgets; the most if it never is.

    >>> flips, value = np.array([0.0, 5, 9]), np.array([0.3, 0.1, 0.2])
    >>> [round(flips_to_reach(flips, value, level), 6) for level in (0.2, 0.05, 0.4)]
    [2.5, 9.0, 0.0]
    """
    reached = np.flatnonzero(value <= level)
    if not len(reached):
        return float(flips[-1])
    there = int(reached[0])
    if there == 0:
        return float(flips[0])
    before, after = value[there - 1], value[there]
    return float(flips[there - 1] + (before - level) / (before - after) * (flips[there] - flips[there - 1]))


def by_budget(curve: pd.DataFrame, columns: Sequence[str]) -> Floats:
    """A curve's columns by repeat and setting, (repeats, settings, columns); without repeats that lack a setting."""
    found = [
        rows.sort_values("order")[list(columns)].to_numpy(dtype=np.float64)
        for _, rows in curve.groupby("repeat")
        if rows["order"].nunique() == curve["order"].nunique()
    ]
    return np.array(found) if found else np.empty((0, 0, len(columns)))


def mean_over_flips(curve: pd.DataFrame, measure: str, ends: pd.Series) -> pd.Series:
    """The mean of a measure on test over all numbers of flips from 0 to an end, in each repeat that has an end.

    ends  flips by repeat; no more than the curve's own last ones. Between budgets, values lie on a line.

    >>> curve = pd.DataFrame({"repeat": 0, "flips": [0, 5, 9], "test.eqod": [0.3, 0.1, 0.2]})
    >>> [float(mean_over_flips(curve, "eqod", pd.Series({0: end})).round(4)[0]) for end in (5, 7)]
    [0.2, 0.1786]
    """
    found = {}
    for repeat, rows in curve[curve["repeat"].isin(ends.index)].groupby("repeat"):
        by_flips = rows.groupby("flips")[f"test.{measure}"].mean()
        flips, value = by_flips.index.to_numpy(dtype=np.float64), by_flips.to_numpy(dtype=np.float64)
        end = float(ends[repeat])
        reached = np.append(flips[flips < end], end)
        wide = end - reached[0]
        mean = np.trapezoid(np.interp(reached, flips, value), reached) / wide if wide > 0 else value[0]
        found[int(str(repeat))] = float(mean)
    return pd.Series(found, dtype=np.float64)


def at_equal_error(rows: pd.DataFrame, base: pd.DataFrame, limits: Sequence[float], part: str) -> pd.DataFrame:
    """EqOd and the rise of error over the baseline on test, in each repeat, averaged over limits to the rise of error.

    rows    the points of any curves
    base    the baseline's points
    limits  of the mean rise of error on test; at each, the setting of `rows` (or the baseline) that keeps it and has
            the least mean EqOd on `part` is chosen, among those measured in as many repeats as any

    Only repeats with a baseline count. Empty where either was measured nowhere.
    """
    error, value = "test.error", f"{part}.eqod"
    given = pd.concat([base.assign(method="", order=-1), rows]).dropna(subset=[error, value, "test.eqod"])
    given = given[given["repeat"].isin(given[given["method"] == ""]["repeat"])]
    keys = given.groupby([*CURVE, "order"], dropna=False).ngroup()
    counts = given.groupby(keys)["repeat"].nunique()
    others = counts[keys[given["method"] != ""].unique()]
    enough = int(others.max()) if len(others) else 0
    means = given.groupby(keys)[[error, value]].mean()[counts >= enough]
    before = by_repeat(given[given["method"] == ""], error)
    found = pd.DataFrame({"eqod": 0.0, "rise": 0.0}, index=before.index)
    if not enough or before.empty:
        return found.iloc[:0]
    for limit in limits:
        cheap = means[means[error] <= before.mean() + limit + 1e-12]
        best = given[keys == cheap[value].idxmin()]
        here = pd.DataFrame({"eqod": by_repeat(best, "test.eqod"), "rise": by_repeat(best, error) - before})
        found += here / len(limits)
    return found
