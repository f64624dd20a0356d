"""The interactive pictures of the report, as plotly figures: fronts, and curves over M."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from fwk.api import Floats
from fwk.fronts import attainment, baseline_of, curves
from fwk.report import words
from fwk.report.hovers import curve_text, point_text
from fwk.report.styles import Style, band_shade, window
from fwk.report.words import UNIT, points_of

Trace = dict[str, Any]  # plotly's own vocabulary
_FLIPS = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]  # ticks of a logarithmic axis
_RULE = {"color": "#000000", "width": 1, "dash": "5px,3px"}


def front_chart(fronts: pd.DataFrame, looks: Mapping[str, Style]) -> str:
    """The fronts of one scenario as plotly JSON, one panel a measure of unfairness.

    Two layers, of which the page shows one at a time: "mean", the front of the means over repeats with bands of one
    standard deviation; and "attained", what at least half of the repeats' own fronts attain.
    """
    shade = band_shade(len(set(fronts["method"])))
    traces: list[Trace] = []
    panels = []
    for panel, (measure, table) in enumerate(fronts.groupby("unfairness", sort=False), start=1):
        means = table[table["scope"] == "mean"]
        for curve in curves(table):
            if curve["card"].iloc[0] != "baseline":
                look = looks[str(curve["method"].iloc[0])]
                front = _front(curve[curve["scope"] == "mean"])
                drawn = (_mean_front(front, look, shade), _ceiling(front, look), _attained(curve, look))
                traces += _on(panel, [trace for traces_ in drawn for trace in traces_])
        before = baseline_of(means)
        traces += _on(panel, _star(before))
        shown = window(means)
        panels.append(
            {
                "x": {"title": "Error on test (%)", "range": [100 * end for end in shown.error]},
                "y": {"title": f"{_name(measure)} on test ({UNIT})", "range": [100 * end for end in shown.unfairness]},
                "title": f"<b>{_name(measure)}</b>",
                "across": None if before is None else 100 * before["value"],
                "up": None if before is None else 100 * before["error"],
            }
        )
    return _figure(traces, panels)


def curve_chart(
    means: pd.DataFrame, unfairness: Sequence[str], before: pd.Series | None, looks: Mapping[str, Style]
) -> str:
    """Unfairness and error on test over the number of flipped labels, as plotly JSON, for one scenario's collectives.

    means   rows of `mean_over_repeats` whose swept knob is the budget
    before  the baseline's row of `mean_over_repeats`, drawn as a dashed line
    """
    shade = band_shade(len(set(means["method"])))
    traces: list[Trace] = []
    panels = []
    for panel, measure in enumerate([*unfairness, "error"], start=1):
        name = f"test.{measure}"
        for curve in curves(means):
            look = looks[str(curve["method"].iloc[0])]
            traces += _on(panel, _curve(curve, name, look, shade))
        unit = "%" if measure == "error" else UNIT
        level = None if before is None else 100 * before[name]
        panels.append(
            {
                "x": {"title": "Labels flipped (people)", "type": "log", "tickvals": _FLIPS},
                "y": {
                    "title": f"{_name(measure)} on test ({unit})",
                    "rangemode": "normal" if measure == "error" else "tozero",
                },
                "title": f"<b>{_name(measure)}</b>",
                "across": level,
                "up": None,
            }
        )
    return _figure(traces, panels)


def _name(measure: object) -> str:
    return escape(words.short_name(str(measure)))


def _front(means: pd.DataFrame) -> pd.DataFrame:
    return means[means["on_front"] & means["value"].notna()].sort_values("error")


def _mean_front(front: pd.DataFrame, look: Style, shade: float) -> Iterator[Trace]:
    if front.empty:
        return
    error, value, spread = (100 * front[name].to_numpy(dtype=np.float64) for name in ("error", "value", "value_sd"))
    method = str(front["method"].iloc[0])
    if np.isfinite(spread).all() and len(front) > 1:
        yield _band(error, value, spread, look, method, shade)
    yield {
        **_line(error, value, look, method),
        "hovertext": [point_text(row) for _, row in front.iterrows()],
        "error_y": {"type": "data", "array": spread.tolist(), "width": 3, "thickness": 1, "visible": len(front) == 1},
    }


def _ceiling(front: pd.DataFrame, look: Style) -> Iterator[Trace]:
    """The bound that a method certifies for its own unfairness, where it does."""
    bound = _certified(front)
    known = front[bound.notna()]
    if len(known):
        line = _line(100 * known["error"].to_numpy(np.float64), 100 * bound.dropna().to_numpy(np.float64), look, "")
        yield {
            **line, "line": {"color": look.colour, "dash": "dot", "width": 1},
            "marker": {"symbol": "line-ew-open", "size": 11, "color": look.colour},
            "hovertext": [point_text(row) for _, row in known.iterrows()],
            "meta": {"method": str(known["method"].iloc[0]), "layer": "mean"},
        }  # fmt: skip


def _certified(front: pd.DataFrame) -> pd.Series:
    names = [f"test.certified_{unfairness}" for unfairness in front["unfairness"].iloc[:1]]
    return front[names[0]] if names and names[0] in front else pd.Series(np.nan, index=front.index)


def _attained(curve: pd.DataFrame, look: Style) -> Iterator[Trace]:
    repeats = [table for _, table in curve[curve["scope"] == "repeat"].groupby("repeat")]
    corners = attainment([table.loc[table["on_front"], ["error", "value"]].to_numpy(np.float64) for table in repeats])
    if len(corners):
        method = str(curve["method"].iloc[0])
        texts = [f"<b>{escape(method)}</b><br>at least half of {words.plural(len(repeats), 'repeat')} attain<br>"
                 f"error {points_of(error)} % and unfairness {points_of(value)} {UNIT}"
                 for error, value in corners]  # fmt: skip
        line = _line(100 * corners[:, 0], 100 * corners[:, 1], look, method)
        line["line"] = {**line["line"], "shape": "hv"}
        yield {**line, "hovertext": texts, "meta": {"method": method, "layer": "attained"}, "visible": False}


def _curve(curve: pd.DataFrame, name: str, look: Style, shade: float) -> Iterator[Trace]:
    # M = 0 has no place on a logarithmic axis: it is the dashed line of the baseline
    defined = curve[curve[name].notna() & (curve["flips"] > 0)].sort_values("flips")
    flips, value, spread = (defined[column].to_numpy(dtype=np.float64) for column in ("flips", name, f"{name}.sd"))
    method = str(curve["method"].iloc[0])
    known = np.isfinite(spread)
    if known.sum() > 1:
        yield _band(flips[known], 100 * value[known], 100 * spread[known], look, method, shade)
    texts = [curve_text(row, name) for _, row in defined.iterrows()]
    yield {**_line(flips, 100 * value, look, method), "hovertext": texts}


def _line(x: Floats, y: Floats, look: Style, method: str) -> Trace:
    marker = {"symbol": look.marker if look.filled else f"{look.marker}-open", "size": 8, "color": look.colour}
    return {
        "type": "scatter", "mode": "lines+markers", "name": escape(method), "x": x.tolist(), "y": y.tolist(),
        "line": {"color": look.colour, "dash": look.dash, "width": 1.8}, "marker": marker, "hoverinfo": "text",
        "meta": {"method": method, "layer": "mean"},
    }  # fmt: skip


def _band(x: Floats, y: Floats, spread: Floats, look: Style, method: str, shade: float) -> Trace:
    return {
        "type": "scatter", "mode": "lines", "x": [*x, *x[::-1]], "y": [*(y + spread), *(y - spread)[::-1]],
        "fill": "toself", "fillcolor": look.colour, "opacity": shade, "line": {"width": 0}, "hoverinfo": "skip",
        "meta": {"method": method, "layer": "mean"},
    }  # fmt: skip


def _star(before: pd.Series | None) -> Iterator[Trace]:
    if before is not None:
        yield {
            "type": "scatter", "mode": "markers", "name": "baseline", "x": [100 * before["error"]],
            "y": [100 * before["value"]], "marker": {"symbol": "star", "size": 13, "color": "#000000"},
            "hovertext": [point_text(before)], "hoverinfo": "text",
            "meta": {"method": str(before["method"]), "layer": "both"},
        }  # fmt: skip


def _on(panel: int, traces: Iterator[Trace] | list[Trace]) -> list[Trace]:
    number = "" if panel == 1 else str(panel)
    return [{**trace, "xaxis": f"x{number}", "yaxis": f"y{number}"} for trace in traces]


def _figure(traces: list[Trace], panels: Sequence[Mapping[str, Any]]) -> str:  # panels: plotly's vocabulary
    """Panels side by side; the page's script stacks them where it is narrow."""
    layout: dict[str, Any] = {  # plotly's vocabulary
        "template": "none", "showlegend": False, "hovermode": "closest", "margin": {"l": 62, "r": 12, "t": 34, "b": 48},
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "#222222"}, "shapes": [], "annotations": [],
        "hoverlabel": {"align": "left", "bgcolor": "#ffffff"}, "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff",
    }  # fmt: skip
    axis = {
        "gridcolor": "#e8e8e8",
        "zeroline": False,
        "linecolor": "#888888",
        "ticks": "outside",
        "tickcolor": "#888888",
    }
    for panel, given in enumerate(panels, start=1):
        number = "" if panel == 1 else str(panel)
        layout[f"xaxis{number}"] = {
            **axis,
            **given["x"],
            "title": {"text": given["x"]["title"]},
            "anchor": f"y{number}",
        }
        layout[f"yaxis{number}"] = {
            **axis,
            **given["y"],
            "title": {"text": given["y"]["title"]},
            "anchor": f"x{number}",
        }
        layout["annotations"].append(
            {"text": given["title"], "xref": f"x{number} domain", "yref": f"y{number} domain", "x": 0, "y": 1.0,
             "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 13}}
        )  # fmt: skip
        layout["shapes"] += _rules(number, given["across"], given["up"])
    return str(go.Figure({"data": traces, "layout": layout}).to_json())


def _rules(number: str, across: float | None, up: float | None) -> Iterator[Trace]:
    if across is not None:
        yield {"type": "line", "xref": f"x{number} domain", "x0": 0, "x1": 1, "yref": f"y{number}", "y0": across,
               "y1": across, "line": _RULE}  # fmt: skip
    if up is not None:
        yield {"type": "line", "yref": f"y{number} domain", "y0": 0, "y1": 1, "xref": f"x{number}", "x0": up, "x1": up,
               "line": _RULE}  # fmt: skip
