"""front.png: the fronts of every scenario, one row of panels each, one panel a measure of unfairness."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fwk.fronts import baseline_of, curves, scenarios
from fwk.report.strokes import picture, rule, rule_stroke, say, stroke
from fwk.report.styles import Style, Window, band_shade, beyond, styles, whole_window, window
from fwk.report.words import UNIT, long_name, plural_range, short_name

MOST = 12
"""Scenarios in one picture; the report has all."""


def draw_front(fronts: pd.DataFrame, path: Path, whole: bool = False) -> None:
    """Write the picture of the mean fronts (`choose_fronts`) to `path`.

    whole  a panel more for each scenario: the first measure with every front point in it, however far off

    Each method's front points on test, joined by rising error; bands are one standard deviation over repeats to each
    side, at the same setting. Filled markers are the user side, open ones the firm side; dashed lines cross at the
    baseline. Methods that are far off are counted at the panel's edge instead of squeezing all others.
    """
    every = scenarios(fronts)
    places = every[:MOST]
    measures = list(dict.fromkeys(fronts["unfairness"]))
    looks = styles(fronts)
    columns = [(measure, window) for measure in measures] or [("", window)]
    columns += [(measure, whole_window) for measure in measures[:1] if whole]
    rows, wide = max(1, len(places)), len(columns)
    height = max(3.9 * rows + 0.5, 0.19 * len(looks) + 1.2)
    with picture(path, rows, wide, 4.3 * wide + 2.3, height) as (figure, panels):
        for row, place in zip(panels, places, strict=False):
            for panel, (measure, view) in zip(row, columns, strict=True):
                chosen = place.rows & fronts["scope"].eq("mean") & fronts["unfairness"].eq(measure)
                _draw_panel(panel, fronts[chosen], measure, looks, view(fronts[chosen]))
                if view is whole_window:
                    panel.set_title("all of it", loc="right", fontsize=7.5, color="#444444")
            row[0].set_title(place.name + "\n", loc="left", fontweight="bold")
        if not places:
            panels[0][0].text(0.5, 0.5, "no point was measured", ha="center", va="center")
        _draw_legend(figure, fronts, looks)
        some = f"The first {MOST} of {len(every)} scenarios; the report has all. " if len(every) > MOST else ""
        say(figure, some + _caption(fronts))


def _draw_panel(panel: Axes, means: pd.DataFrame, measure: str, looks: dict[str, Style], shown: Window) -> None:
    for curve in curves(means):
        front = curve[curve["on_front"]].sort_values("error")
        if curve["card"].iloc[0] != "baseline" and len(front):
            _draw_method(panel, front, looks[str(curve["method"].iloc[0])], band_shade(len(looks)))
    before = baseline_of(means)
    if before is not None:
        rule(panel, across=100 * before["value"], up=100 * before["error"])
        panel.plot(100 * before["error"], 100 * before["value"], "*", color="black", markersize=11, zorder=4)
    panel.set_xlim(100 * shown.error[0], 100 * shown.error[1])
    panel.set_ylim(100 * shown.unfairness[0], 100 * shown.unfairness[1])
    panel.set_xlabel("Error on test (%)")
    panel.set_ylabel(f"{short_name(measure)} on test ({UNIT})")
    if shown.outside:
        panel.set_title(beyond(shown, most=2), loc="right", fontsize=7.5, color="#444444")


def _draw_method(panel: Axes, front: pd.DataFrame, look: Style, shade: float) -> None:
    error, value, spread = (100 * front[name].to_numpy(dtype=np.float64) for name in ("error", "value", "value_sd"))
    panel.plot(error, value, **stroke(look), zorder=3)
    if np.isfinite(spread).all():
        panel.fill_between(error, value - spread, value + spread, color=look.colour, alpha=shade, linewidth=0, zorder=2)
        if len(front) == 1:
            panel.errorbar(error, value, yerr=spread, color=look.colour, linewidth=1, capsize=2, zorder=2)


def _draw_legend(figure: Figure, fronts: pd.DataFrame, looks: dict[str, Style]) -> None:
    methods = fronts.drop_duplicates("method")
    handles: list[Line2D] = []
    for side, heading in (("user", "User side"), ("firm", "Firm side")):
        of_side = methods[(methods["side"] == side) & (methods["card"] != "baseline")]["method"]
        if len(of_side):
            handles.append(Line2D([], [], linestyle="none", label=heading))
            handles += [Line2D([], [], label=str(name), **stroke(looks[str(name)])) for name in of_side]
    for name in methods.loc[methods["card"] == "baseline", "method"]:
        handles.append(Line2D([], [], marker="*", markersize=10, label=str(name), **rule_stroke()))
    legend = figure.legend(handles=handles, loc="outside right upper", frameon=False, handlelength=3.2)
    for text in legend.get_texts():
        if text.get_text() in ("User side", "Firm side"):
            text.set_fontweight("bold")


def _caption(fronts: pd.DataFrame) -> str:
    if fronts.empty:
        return ""
    select, repeats = fronts["select"].iloc[0], fronts.groupby("dataset")["repeats"].max()
    names = "; ".join(long_name(measure) for measure in dict.fromkeys(fronts["unfairness"]))
    band = ", bands: one standard deviation over repeats to each side" if repeats.max() > 1 else ""
    return (
        f"Fronts chosen on {select}, drawn on test; mean of {plural_range(repeats, 'repeat')}{band}. "
        f"Filled: user side; open: firm side; dashed lines: baseline.\n{names}."
    )
