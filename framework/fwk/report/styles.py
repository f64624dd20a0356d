"""How each method looks, in every picture alike, and which window of a front is worth looking at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from fwk.fronts import baseline_of, curve_numbers
from fwk.report.words import plural

# Okabe and Ito's palette, which colour-blind people can tell apart; black is the baseline's, yellow is last (pale)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
MARKERS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "pentagon", "star", "hexagon",
           "triangle-left", "triangle-right")  # fmt: skip
DASHES: Mapping[str, tuple[str, ...]] = {"user": ("solid", "longdash"), "firm": ("dash", "dot")}


@dataclass(frozen=True)
class Style:
    """How a method looks: colour, marker and line each differ, so that grey is enough. The user side is filled."""

    colour: str
    marker: str
    dash: str
    filled: bool


BASELINE = Style("#000000", "star", "dash", True)


def styles(table: pd.DataFrame) -> dict[str, Style]:
    """The look of every method of a table (points, fronts): the user side first, each side in the table's order."""
    methods = table.drop_duplicates("method")
    found = {str(name): BASELINE for name in methods.loc[methods["card"] == "baseline", "method"]}
    others = methods[methods["card"] != "baseline"]
    number = 0
    for side in ("user", "firm"):
        for of_side, name in enumerate(others.loc[others["side"] == side, "method"]):
            dash = DASHES[side][of_side // len(COLOURS) % 2]
            marker = MARKERS[number % len(MARKERS)]
            found[str(name)] = Style(COLOURS[of_side % len(COLOURS)], marker, dash, side == "user")
            number += 1
    return found


def band_shade(methods: int) -> float:
    """How opaque bands are: where many lie over each other, paler."""
    return 0.13 if methods < 10 else 0.05


@dataclass(frozen=True)
class Window:
    """The part of a panel that is shown: error and unfairness from-to, and how many points of whom lie outside."""

    error: tuple[float, float]
    unfairness: tuple[float, float]
    outside: Mapping[str, int]


def window(means: pd.DataFrame) -> Window:
    """The window around the corner of little unfairness at little error, for mean rows of one scenario and measure.

    Unfairness from 0 to the highest band, at most half more than the baseline's. Error up to where the fronts of three
    quarters of the methods end, at most 5 percentage points over the baseline, but all that lies within 1.1 of it: so
    one method that is far off does not squeeze all others. At least 0.3 over the baseline, so that noise is not
    magnified.
    """
    front = means[means["on_front"] & means["value"].notna()]
    before = baseline_of(means)
    if front.empty:
        return Window((0.0, 0.5), (0.0, 0.5), {})
    error, value = (front["error"].median(), front["value"].max()) if before is None else before[["error", "value"]]
    bands = (front["value"] + front["value_sd"].fillna(0)).max()
    top = max(1.1 * value, min(bands, 1.5 * value))
    low = front[front["value"] <= top]
    near = low if len(low) else front
    ends = near.groupby(curve_numbers(near))["error"].max().quantile(0.75, interpolation="lower")
    left, furthest = near["error"].agg(["min", "max"])
    left = min(left, error)
    right = max(error + 0.003, min(furthest, error + 0.05, max(ends, error + 0.011)))
    margin = max(0.05 * (right - left), 0.0005)
    shown = Window((left - margin, right + margin), (0.0, max(1.05 * top, 0.001)), {})
    inside = front["error"].between(*shown.error) & front["value"].between(*shown.unfairness)
    return Window(shown.error, shown.unfairness, Counter(front.loc[~inside, "method"].astype(str)))


def whole_window(means: pd.DataFrame) -> Window:
    """The window that holds every front point, for mean rows of one scenario and measure."""
    front = means[(means["on_front"] | means["card"].eq("baseline")) & means["value"].notna()]
    if front.empty:
        return Window((0.0, 0.5), (0.0, 0.5), {})
    left, right = front["error"].agg(["min", "max"])
    margin = max(0.04 * (right - left), 0.0005)
    return Window((left - margin, right + margin), (0.0, max(1.08 * front["value"].max(), 0.001)), {})


def beyond(shown: Window, most: int = 4) -> str:
    """What lies outside of a window, in words; "" for nothing. Methods are named if there are no more than `most`.

    >>> beyond(Window((0, 1), (0, 1), {"lfr": 4, "fare": 1}))
    'not shown: 5 front points of lfr, fare'
    >>> beyond(Window((0, 1), (0, 1), {"lfr": 4, "fare": 1, "reductions": 1}), most=2)
    'not shown: 6 front points of 3 methods'
    """
    number, methods = sum(shown.outside.values()), len(shown.outside)
    whose = ", ".join(shown.outside) if methods <= most else f"{methods} methods"
    return f"not shown: {plural(number, 'front point')} of {whose}" if number else ""
