"""Points -> fronts: means over repeats, and the mark whether a sweep point is on its curve's front."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from fwk.fronts.geometry import convex_envelope, hypervolume, non_dominated
from fwk.fronts.scenario import SURROUNDINGS, curve_numbers, zero_budget
from fwk.points import CURVE

_SELECTED = ("select_error", "select_value", "select_excess")
_REPORTED = ("error", "error_low", "error_high", "excess", "value", "value_low", "value_high")
_SPREAD = ("error_sd", "value_sd", "value_min", "value_max")
FIGURES = (*_SELECTED, *_REPORTED, *_SPREAD)
FRONT_COLUMNS = (
    *CURVE, "select", "unfairness", "scope", "repeat", "repeats", "complete", "knobs", "setting", "order", "flips",
    "candidates", "seconds", *FIGURES, "on_front", "on_envelope", "hypervolume", "notes",
)  # fmt: skip


def mean_over_repeats(points: pd.DataFrame) -> pd.DataFrame:
    """One row a (curve, setting), in the order of the points; trials for tuning are left out.

    A measure <name> = mean over the repeats in which it is defined, <name>.sd its sample standard deviation (NaN for
    one repeat), <name>.count the number of those repeats: where it is below `repeats`, something was undefined.
    Knobs may be tuned and so differ between repeats: `knobs` is a JSON list of [knobs, number of repeats]. flips,
    candidates and seconds are means; notes are joined.

    Raises ValueError for a curve that has the same setting twice in a repeat.
    """
    points = _measured(points)
    if points.empty:
        return points
    groups = _by_setting(points)
    measures = points[[name for name in points.columns if "." in name]].groupby(groups)
    spread = [measures.mean(), measures.std(ddof=1).add_suffix(".sd"), measures.count().add_suffix(".count")]
    return pd.concat([_summary(points, groups), *spread], axis=1)


def _measured(points: pd.DataFrame) -> pd.DataFrame:
    if points.empty:
        return points
    return points[~points["tuning"].astype(bool)].reset_index(drop=True)


def _by_setting(rows: pd.DataFrame) -> pd.Series:
    keys = pd.DataFrame({"curve": curve_numbers(rows), "setting": rows["setting"]})
    again = pd.DataFrame({**keys, "repeat": rows["repeat"]}).duplicated()
    if again.any():
        row = rows[again].iloc[0]
        raise ValueError(
            f"{row['method']} was measured twice at {row['swept'] or 'its'} setting {row['setting']!r} in repeat "
            f"{row['repeat']}; methods that differ in their knobs need labels of their own"
        )
    return keys.groupby(["curve", "setting"], sort=False).ngroup()


def _summary(rows: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    grouped = rows.groupby(groups)
    constant = grouped[[*CURVE, "setting"]].first()  # `first` skips missing values, and a group's are all alike
    return constant.assign(
        order=grouped["order"].min(),
        knobs=grouped["knobs"].agg(_counted),
        repeats=grouped.size(),
        flips=grouped["flips"].mean(),
        candidates=grouped["candidates"].mean(),
        seconds=grouped["seconds"].mean(),
        notes=grouped["notes"].agg(_joined),
    )


def _counted(knobs: pd.Series) -> str:
    return json.dumps([[json.loads(text), number] for text, number in Counter(knobs).most_common()])


def _joined(notes: pd.Series) -> str:
    return "; ".join(dict.fromkeys(note for note in notes if note))


def choose_fronts(
    points: pd.DataFrame, unfairness: Sequence[str] = ("eqod", "sp"), select: str = "validation"
) -> pd.DataFrame:
    """Every sweep point of every curve, with the mark whether it is on the curve's front: chosen on the part `select`
    ("validation" or "test"), reported on test.

    One row a (measure of unfairness, curve, setting) and scope: "repeat" (within one repeat) or "mean" (of the means
    over repeats). Beside CURVE, knobs, setting, order, repeat, flips, candidates, seconds and notes:

    select, unfairness, scope        as above
    repeats, complete                in how many repeats error and unfairness are defined on both parts; whether that is
                                     as many as any setting of its curve has. Incomplete means are on no front: a mean
                                     over fewer, luckier repeats would win.
    select_error, select_value, select_excess   on the part that selects: error, unfairness, error over the baseline's
    error, value, excess             the same on test; excess is paired by repeat
    error_low, error_high, value_low, value_high   95 % bootstrap interval over test people; a mean is of the ends over
                                     repeats: the uncertainty of one test part, which repeats do not shrink
    error_sd, value_sd, value_min, value_max   spread over repeats (scope "mean")
    on_front, on_envelope            non-dominated, and a corner of the convex envelope, on the part that selects
    hypervolume                      of the front's points on test, against REFERENCE
    test.<name>                      every measure on test, over the repeats that `repeats` counts

    Raises ValueError for a part or a measure that the points do not have.
    """
    points = _measured(points)
    if points.empty:
        return pd.DataFrame(columns=list(FRONT_COLUMNS))
    _check(points, unfairness, select)
    pairs = [_pairs(points, measure, select) for measure in unfairness]
    scopes = [table for pair in pairs for table in (_scope_mean(pair), pair)]
    columns = [*FRONT_COLUMNS, *headline(points)]
    return pd.concat([_with_front(table) for table in scopes], ignore_index=True)[columns]


def headline(table: pd.DataFrame) -> list[str]:
    """The columns that hold a whole measure on test ("test.error", "test.eqod", ...), no rates by group."""
    return [column for column in table.columns if column.startswith("test.") and column.count(".") == 1]


def _check(points: pd.DataFrame, unfairness: Sequence[str], select: str) -> None:
    if select not in ("validation", "test"):
        raise ValueError(f"select is {select!r}; a front is chosen on 'validation' or on 'test'")
    for name in unfairness:
        if f"test.{name}" not in points or f"{select}.{name}" not in points:
            known = [column.removeprefix("test.") for column in headline(points)]
            raise ValueError(f"no measure {name!r} among the points; there are: {', '.join(known)}")


def _pairs(points: pd.DataFrame, unfairness: str, select: str) -> pd.DataFrame:
    """The points as pairs (error, unfairness); a pair that is undefined on either part is undefined as a whole."""
    sources = {name: name for name in headline(points)}
    sources |= {"select_error": f"{select}.error", "select_value": f"{select}.{unfairness}"}
    for ours, theirs in (("error", "test.error"), ("value", f"test.{unfairness}")):
        sources |= {ours: theirs, f"{ours}_low": f"{theirs}.low", f"{ours}_high": f"{theirs}.high"}
    numbers = pd.DataFrame({ours: points.get(theirs, np.nan) for ours, theirs in sources.items()}, index=points.index)
    baseline = _baseline_errors(points, select)
    numbers["select_excess"] = numbers["select_error"] - baseline[f"{select}.error"]
    numbers["excess"] = numbers["error"] - baseline["test.error"]
    undefined = numbers[["select_error", "select_value", "error", "value"]].isna().any(axis=1)
    numbers[undefined] = np.nan
    kept = points[[*CURVE, "knobs", "setting", "order", "repeat", "flips", "candidates", "seconds", "notes"]]
    spread = dict.fromkeys(_SPREAD, np.nan)
    return pd.concat([kept, numbers], axis=1).assign(
        select=select, unfairness=unfairness, scope="repeat", repeats=(~undefined).astype(int), complete=~undefined,
        repeat=kept["repeat"].astype("Int64"), **spread,
    )  # fmt: skip


def _baseline_errors(points: pd.DataFrame, select: str) -> pd.DataFrame:
    """The baseline's errors in each point's repeat. Where it failed, budget 0 stands in: it is the same model."""
    keys = [*SURROUNDINGS, "repeat"]
    columns = list(dict.fromkeys([f"{select}.error", "test.error"]))
    stand_ins = pd.concat([points[points["card"] == "baseline"], points[zero_budget(points)]])
    return points[keys].merge(stand_ins.drop_duplicates(keys)[[*keys, *columns]], on=keys, how="left")[columns]


def _scope_mean(pairs: pd.DataFrame) -> pd.DataFrame:
    groups = _by_setting(pairs)
    grouped = pairs.groupby(groups)
    means = grouped[[*_SELECTED, *_REPORTED, *headline(pairs)]].mean()
    table = pd.concat([_summary(pairs, groups), means], axis=1)
    repeats = grouped["repeats"].sum()
    most = repeats.groupby(curve_numbers(table)).transform("max")
    return table.assign(
        select=pairs["select"].iloc[0], unfairness=pairs["unfairness"].iloc[0], scope="mean",
        repeat=pd.array([pd.NA] * len(table), dtype="Int64"), repeats=repeats,
        complete=(repeats == most) & (repeats > 0), error_sd=grouped["error"].std(ddof=1),
        value_sd=grouped["value"].std(ddof=1), value_min=grouped["value"].min(), value_max=grouped["value"].max(),
    )  # fmt: skip


def _with_front(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its fronts marked, curve by curve and repeat by repeat."""
    table = table.reset_index(drop=True)
    selected = table[["select_error", "select_value"]].where(table["complete"]).to_numpy(dtype=np.float64)
    reported = table[["error", "value"]].to_numpy(dtype=np.float64)
    on_front, on_envelope = np.zeros(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    volume = np.full(len(table), np.nan)
    for rows in table.groupby([curve_numbers(table), table["repeat"].fillna(-1)]).indices.values():
        on_front[rows] = non_dominated(selected[rows])
        on_envelope[rows[convex_envelope(selected[rows])]] = True
        if on_front[rows].any():
            volume[rows] = hypervolume(reported[rows][on_front[rows]])
    return table.assign(on_front=on_front, on_envelope=on_envelope, hypervolume=volume)
