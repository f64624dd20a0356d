"""How matplotlib draws a method: the same lines and markers in every picture, and the look of axes around them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from fwk.report.styles import Style

_MARKER = dict(zip(
    ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "pentagon", "star", "hexagon",
     "triangle-left", "triangle-right"), "os^DvPXp*h<>", strict=True))  # fmt: skip
_DASH = {"solid": "-", "longdash": (0, (8, 2)), "dash": (0, (4, 2)), "dot": (0, (1, 1.5))}
_RULE: dict[str, Any] = {"color": "black", "linewidth": 0.8, "linestyle": (0, (5, 3))}  # matplotlib's keywords
_LOOK: dict[Any, Any] = {  # names of matplotlib's settings, which stubs list one by one
    "font.size": 9.0, "axes.titlesize": 9.5, "axes.labelsize": 9.0, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": "#e6e6e6", "grid.linewidth": 0.6,
    "axes.axisbelow": True, "axes.edgecolor": "#666666", "xtick.color": "#444444", "ytick.color": "#444444",
    "legend.fontsize": 8.5,
}  # fmt: skip


@contextmanager
def picture(
    path: Path, rows: int, columns: int, width: float, height: float
) -> Iterator[tuple[Figure, list[list[Axes]]]]:
    """A figure of `width` x `height` inches with its panels, row by row; written to `path` at the end."""
    with mpl.rc_context(_LOOK):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(rows, columns, squeeze=False).tolist()
        FigureCanvasAgg(figure).print_figure(path, dpi=150)


def say(figure: Figure, text: str) -> None:
    """A caption below the panels, in small grey type."""
    figure.supxlabel(text, fontsize=7.5, color="#444444", x=0.01, ha="left")


def stroke(look: Style) -> dict[str, Any]:  # keywords of a matplotlib line
    """The line and marker of a method; filled markers are the user side."""
    return {
        "color": look.colour, "linestyle": _DASH[look.dash], "linewidth": 1.4, "marker": _MARKER[look.marker],
        "markersize": 5.5, "markerfacecolor": look.colour if look.filled else "white", "markeredgewidth": 1.1,
    }  # fmt: skip


def rule(panel: Axes, *, across: float | None = None, up: float | None = None, **given: Any) -> None:  # keywords of it
    """A dashed black line across a panel, or up: the baseline."""
    if across is not None:
        panel.axhline(across, **_RULE, zorder=1.5, **given)
    if up is not None:
        panel.axvline(up, **_RULE, zorder=1.5, **given)


def rule_stroke() -> dict[str, Any]:  # keywords of a matplotlib line
    """The line of `rule`, for a legend."""
    return dict(_RULE)
