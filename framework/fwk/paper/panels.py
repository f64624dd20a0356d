"""The parts that the paper's pictures share: panels by data set, lines with bands, legends, axes over M."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from fwk.api import Floats
from fwk.report.strokes import rule_stroke, stroke
from fwk.report.styles import Style, band_shade
from fwk.report.words import UNIT, plural_range, short_name

_TICKS = [digit * 10**power for power in range(7) for digit in (1, 2, 5)]


def repeats_of(points: pd.DataFrame) -> str:
    """How many repeats there are, as a phrase; from fewest to most where data sets differ.

    >>> repeats_of(pd.DataFrame({"dataset": ["a", "a", "b"], "repeat": [0, 1, 0]}))
    '1 to 2 repeats'
    """
    return plural_range(points.groupby("dataset")["repeat"].nunique(), "repeat")


def line(panel: Axes, x: Floats, y: Floats, spread: Floats, look: Style, lines: int = 4) -> None:
    """A method's line in percent, with a band of `spread` to each side where it is known."""
    panel.plot(x, 100 * y, **stroke(look), zorder=3)
    known = np.isfinite(spread)
    if known.sum() > 1:
        low, high = 100 * (y - spread)[known], 100 * (y + spread)[known]
        panel.fill_between(x[known], low, high, color=look.colour, alpha=band_shade(lines), linewidth=0, zorder=2)


def over_flips(panel: Axes, flips: Floats) -> None:
    """An axis over M that shows 0 and spreads the low end."""
    spent = flips[flips > 0]
    first = float(spent.min()) if len(spent) else 1.0
    panel.set_xscale("symlog", linthresh=first, linscale=0.5)
    inside = [tick for tick in _TICKS if first <= tick <= 1.02 * flips.max()]
    some = inside[:: max(1, round(len(inside) / 7))]
    panel.set_xticks([0, *some], ["0", *(f"{tick:,}" for tick in some)])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlim(0, 1.05 * flips.max())
    panel.set_xlabel("Labels flipped (people)")


def over_shares(panel: Axes, shares: Sequence[float]) -> None:
    """A logarithmic axis over alpha."""
    panel.set_xscale("log")
    panel.set_xticks(list(shares), [f"{share:g}".removeprefix("0") for share in shares])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlabel("Alpha: share of the minority that joins")


def over_sizes(panel: Axes, sizes: Sequence[int]) -> None:
    """A logarithmic axis over the size of the majority."""
    panel.set_xscale("log")
    panel.set_xticks([*sizes], [f"{size / 1000:g}k" if size >= 1000 else f"{size:g}" for size in sizes])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xlabel("People in the majority, p")


def unfairness(panel: Axes, measure: str, first: bool = True) -> None:
    """An axis of unfairness from 0."""
    panel.set_ylim(bottom=0)
    if first:
        panel.set_ylabel(f"{short_name(measure)} on test ({UNIT})")


def name_rows(rows: Sequence[Sequence[Axes]], names: Iterable[str], columns: Sequence[str] = ()) -> None:
    """The name of each row over its first panel to the left, and of each column over its panels to the right."""
    for row, name in zip(rows, names, strict=True):
        for panel, column in zip(row, columns, strict=False):
            panel.set_title(column, loc="right", color="#444444")
        row[0].set_title(name, loc="left", fontweight="bold")


def legend(
    figure: Figure,
    looks: Mapping[str, Style],
    baseline: str = "baseline",
    more: Sequence[Line2D] = (),
    title: str | None = None,
) -> None:
    """A legend to the right: a line for each name, and the baseline's rule."""
    handles = [Line2D([], [], label=name, **stroke(look)) for name, look in looks.items()]
    if baseline:
        handles.append(Line2D([], [], label=baseline, **rule_stroke()))
    figure.legend(handles=[*handles, *more], loc="outside right upper", frameon=False, handlelength=3.2, title=title)


def nothing(panel: Axes, why: str = "no point was measured") -> None:
    """An empty panel that says so."""
    panel.text(0.5, 0.5, why, ha="center", va="center", transform=panel.transAxes, color="#444444")
    panel.set_axis_off()


def datasets(points: pd.DataFrame) -> list[str]:
    """The data sets of a table, by first appearance."""
    return list(dict.fromkeys(points["dataset"].astype(str)))
