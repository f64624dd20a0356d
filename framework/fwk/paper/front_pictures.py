"""Figures 5, 7 and 8 in our numbers: fronts by what the collective knows, by who acts, by where distances are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from fwk.fronts import baseline_of, choose_fronts, curves
from fwk.paper.curves import RB
from fwk.paper.panels import datasets, legend, line, name_rows, nothing, repeats_of
from fwk.report import draw_front
from fwk.report.strokes import picture, rule, say
from fwk.report.styles import COLOURS, MARKERS, Style, window
from fwk.report.words import UNIT, plural

CONSTANT = "constant ranking"
_CROSS = Line2D([], [], linestyle="none", marker="x", color="#D55E00",
                label="constant ranking in\nsome repeats: the\norder is random")  # fmt: skip
_GREYS = ("#C7E0F1", "#92C3E3", "#56A0CF", "#2779B0", "#0B4F82", "#000000")  # little known to all known


def draw_firm(points: pd.DataFrame, select: str, path: Path) -> None:
    """Fronts of the collective's and the firm's methods, EqOd and SP over error: the report's own picture, and all of
    it, as only far off do some methods reach zero.
    """
    draw_front(choose_fronts(points, select=select), path, whole=True)


def draw_knowledge(points: pd.DataFrame, select: str, path: Path) -> None:
    """Fronts of every ranking by how many majority records are known; crosses mark rankings that are constant."""
    known = sorted(points.loc[points["side"] == "user", "majority_known"].fillna(np.inf).unique())
    shades = [_GREYS[round(i * (len(_GREYS) - 1) / max(1, len(known) - 1))] for i in range(len(known))]
    looks = {
        _known(number): Style(shade, MARKERS[i], "solid", True)
        for i, (number, shade) in enumerate(zip(known, shades, strict=True))
    }
    _draw_by(points, select, path, "majority_known", _known, looks, title="majority records known")


def draw_representation(points: pd.DataFrame, select: str, path: Path, guides: bool = False) -> None:
    """Fronts of every ranking by where distances are measured.

    guides  dotted quadratic curves through the points of each front, as a help for the eye; they are no data
    """
    spaces = list(dict.fromkeys(points.loc[points["side"] == "user", "space"]))
    looks = {
        str(space): Style(COLOURS[i], MARKERS[i], ("solid", "dash", "dot")[i % 3], space in ("encoded", "standardised"))
        for i, space in enumerate(spaces)
    }
    told = "Dotted: least squares parabolas through a front's points, a help for the eye." if guides else ""
    _draw_by(points, select, path, "space", str, looks, told, guides, "distances")


def _draw_by(
    points: pd.DataFrame,
    select: str,
    path: Path,
    axis: str,
    word: Callable[[float], str],
    looks: Mapping[str, Style],
    told: str = "",
    guides: bool = False,
    title: str = "",
) -> None:
    """A panel for each data set and ranking, with a front for each value of the axis."""
    rankers = [name for name in RB if (points["card"] == name).any()]
    names = datasets(points)
    fronts = choose_fronts(points, unfairness=("eqod",), select=select)
    means = fronts[fronts["scope"] == "mean"]
    height, width = len(names), max(1, len(rankers))
    with picture(path, height, width, 3.1 * width + 1.9, 2.9 * height + 0.5) as (figure, rows):
        for row, name in zip(rows, names, strict=True):
            here = means[means["dataset"] == name]
            for panel, ranker in zip(row, rankers, strict=False):
                base = here[here["card"] == "baseline"]
                _draw_panel(panel, pd.concat([here[here["card"] == ranker], base]), axis, word, looks, guides)
            if rankers:
                row[0].set_ylabel(f"EqOd on test ({UNIT})")
            else:
                nothing(row[0])
        name_rows(rows, names, rankers)
        legend(figure, looks, more=[_CROSS] if _constant(means[means["on_front"]]).any() else (), title=title)
        chosen = f"Fronts chosen on {select}, drawn on test; means of {repeats_of(points)}"
        fewer = means["repeats"].lt(means.groupby("dataset")["repeats"].transform("max")).any()
        say(figure, f"{chosen}{', of fewer where cells failed' if fewer else ''}. Dashed: the baseline. {told}")


def _draw_panel(
    panel: Axes,
    means: pd.DataFrame,
    axis: str,
    word: Callable[[float], str],
    looks: Mapping[str, Style],
    guides: bool,
) -> None:
    user = means[means["side"] == "user"]
    if user.empty:
        nothing(panel)
        return
    for curve in curves(user):
        look = looks[word(curve[axis].iloc[0])]
        front = curve[curve["on_front"]].sort_values("error")
        error, value = (front[name].to_numpy(dtype=np.float64) for name in ("error", "value"))
        line(panel, 100 * error, value, np.full(len(front), np.nan), look)
        constant = front[_constant(front)]
        panel.plot(100 * constant["error"], 100 * constant["value"], "x", color="#D55E00", markersize=7, zorder=5)
        if guides:
            _draw_guide(panel, 100 * error, 100 * value, look)
    before = baseline_of(means)
    if before is not None:
        rule(panel, across=100 * before["value"], up=100 * before["error"])
    shown = window(means)
    panel.set_xlim(100 * shown.error[0], 100 * shown.error[1])
    panel.set_ylim(100 * shown.unfairness[0], 100 * shown.unfairness[1])
    panel.set_xlabel("Error on test (%)")
    if outside := sum(shown.outside.values()):
        told = f"not shown: {plural(outside, 'front point')}"
        panel.text(0.98, 0.97, told, ha="right", va="top", transform=panel.transAxes, fontsize=7.5, color="#444444")


def _constant(fronts: pd.DataFrame) -> pd.Series:
    """Which points were flipped in the order of a ranking that is constant, in some repeat at least."""
    constant: pd.Series = fronts["notes"].fillna("").str.contains(CONSTANT) & (fronts["flips"] > 0)
    return constant


def _draw_guide(panel: Axes, error: np.ndarray, value: np.ndarray, look: Style) -> None:
    if len(np.unique(error)) >= 4:
        middle, scale = error.mean(), error.std()
        fitted = np.polynomial.Polynomial.fit((error - middle) / scale, value, 2)
        along = np.linspace(error.min(), error.max(), 60)
        panel.plot(along, fitted((along - middle) / scale), color=look.colour, linestyle=":", linewidth=1.1, zorder=2.5)


def _known(number: float) -> str:
    return "all" if pd.isna(number) or np.isinf(number) else f"{number:,.0f}"
