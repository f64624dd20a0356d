"""Figures 3 and 4 in our numbers: the least unfairness by alpha, and unfairness over the number of flips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from fwk.fronts import mean_over_repeats, zero_budget
from fwk.paper.curves import by_repeat, least, nobody_flips, user_curves
from fwk.paper.panels import (
    datasets,
    legend,
    line,
    name_rows,
    nothing,
    over_flips,
    over_shares,
    repeats_of,
    unfairness,
)
from fwk.report.strokes import picture, rule, say
from fwk.report.styles import Style, styles
from fwk.report.words import long_name, short_name

MEASURES = ("eqod", "sp")


def draw_alpha(points: pd.DataFrame, select: str, path: Path) -> None:
    """Least EqOd and SP over M by alpha, for each ranking; bands are one standard deviation over repeats."""
    names, looks = datasets(points), _user_looks(points)
    best = {measure: least_by_alpha(points, measure, select) for measure in MEASURES}
    with picture(path, len(names), len(MEASURES), 9.6, 2.9 * len(names) + 0.4) as (figure, rows):
        for row, name in zip(rows, names, strict=True):
            for panel, measure in zip(row, MEASURES, strict=True):
                table = best[measure][best[measure]["dataset"] == name]
                _draw_alpha(panel, table, measure, looks)
        name_rows(rows, names, [short_name(measure) for measure in MEASURES])
        legend(figure, looks)
        say(figure, f"At each alpha the number of flips that is best on {select}, drawn on test. {_band(points)}")


def least_by_alpha(points: pd.DataFrame, measure: str, select: str) -> pd.DataFrame:
    """For each data set, ranking and alpha: the least mean over M, chosen on `select` and reported on test.

    Columns dataset, method, alpha, flips, value, sd and before, the baseline's value.
    """
    columns = ["dataset", "method", "alpha", "flips", "value", "sd", "before"]
    return pd.DataFrame(list(_least_by_alpha(points, measure, select)), columns=columns)


def _least_by_alpha(points: pd.DataFrame, measure: str, select: str) -> Iterator[dict[str, object]]:
    for curve in user_curves(points):
        best = least(curve, measure, select)
        if len(best):
            values = by_repeat(best, f"test.{measure}")
            yield {
                "dataset": curve["dataset"].iloc[0], "method": curve["method"].iloc[0],
                "alpha": float(curve["alpha"].iloc[0]), "flips": best["flips"].mean(), "value": values.mean(),
                "sd": values.std(ddof=1), "before": nobody_flips(curve)[f"test.{measure}"].mean(),
            }  # fmt: skip


def _draw_alpha(panel: Axes, table: pd.DataFrame, measure: str, looks: dict[str, Style]) -> None:
    for method, rows in table.groupby("method", sort=False):
        ordered = rows.sort_values("alpha")
        x, y, spread = (ordered[name].to_numpy(dtype=np.float64) for name in ("alpha", "value", "sd"))
        line(panel, x, y, spread, looks[str(method)], len(looks))
    if table.empty:
        nothing(panel)
        return
    rule(panel, across=100 * table["before"].mean())
    over_shares(panel, sorted(table["alpha"].unique()))
    unfairness(panel, measure)


def draw_flips(points: pd.DataFrame, select: str, path: Path) -> None:
    """EqOd and SP over M for every ranking; bands are one standard deviation over repeats, dashed the baseline."""
    names, looks = datasets(points), _user_looks(points)
    means = mean_over_repeats(points[points["side"] == "user"])
    with picture(path, len(names), len(MEASURES), 9.6, 3.1 * len(names) + 0.4) as (figure, rows):
        for row, name in zip(rows, names, strict=True):
            for panel, measure in zip(row, MEASURES, strict=True):
                _draw_flips(panel, means[means["dataset"] == name], measure, looks)
        name_rows(rows, names, [short_name(measure) for measure in MEASURES])
        legend(figure, looks)
        say(figure, f"On test. {_band(points)}")


def _draw_flips(panel: Axes, means: pd.DataFrame, measure: str, looks: dict[str, Style]) -> None:
    if means.empty:
        nothing(panel)
        return
    for curve in user_curves(means):
        defined = curve[curve[f"test.{measure}"].notna()].sort_values("flips")
        columns = ("flips", f"test.{measure}", f"test.{measure}.sd")
        x, y, spread = (defined[name].to_numpy(dtype=np.float64) for name in columns)
        line(panel, x, y, spread, looks[str(curve["method"].iloc[0])], len(looks))
    rule(panel, across=100 * means[zero_budget(means)][f"test.{measure}"].mean())
    over_flips(panel, means["flips"].to_numpy(dtype=np.float64))
    unfairness(panel, measure)


def _user_looks(points: pd.DataFrame) -> dict[str, Style]:
    return styles(points[points["side"] == "user"])


def _band(points: pd.DataFrame) -> str:
    bands = ", bands: one standard deviation over repeats to each side" if points["repeat"].max() > 0 else ""
    names = "; ".join(long_name(measure) for measure in MEASURES)
    return f"Means of {repeats_of(points)}{bands}. Dashed: the baseline.\n{names}."
