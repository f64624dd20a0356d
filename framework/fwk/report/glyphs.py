"""Small drawings within tables and the legend, as SVG."""

from __future__ import annotations

import math

import pandas as pd

from fwk.report.markup import Markup, element, join
from fwk.report.styles import Style

_DASH = {"solid": "none", "longdash": "7 3", "dash": "5 3", "dot": "1.5 2.5"}
_SIDES = {"square": (4, 45), "diamond": (4, 0), "triangle-up": (3, -90), "triangle-down": (3, 90),
          "triangle-left": (3, 180), "triangle-right": (3, 0), "pentagon": (5, -90), "hexagon": (6, -90)}  # fmt: skip
_CROSS = ((-1, -3), (1, -3), (1, -1), (3, -1), (3, 1), (1, 1), (1, 3), (-1, 3), (-1, 1), (-3, 1), (-3, -1), (-1, -1))


def line_glyph(look: Style) -> Markup:
    """A method's line and marker, as they are in the pictures."""
    stroke = {"stroke": look.colour, "stroke_width": "1.8"}
    line = element("line", x1=1, x2=37, y1=8, y2=8, stroke_dasharray=_DASH[look.dash], **stroke)
    return _drawing(38, line, _marker(look, 19, 8, 5.2, fill=look.colour if look.filled else "#ffffff", **stroke))


def interval_glyph(row: pd.Series, scale: float) -> Markup:
    """A row's unfairness with its interval on a scale from 0 to `scale`; a dashed line marks the baseline."""
    if pd.isna(row["value"]):
        return Markup("")
    place = {
        name: f"{4 + 152 * row[name] / scale:.1f}" for name in ("value", "value_low", "value_high", "baseline_value")
    }
    parts = [element("line", x1=4, x2=156, y1=15.5, y2=15.5, stroke="#dddddd")]
    if not pd.isna(row["baseline_value"]):
        at = {"x1": place["baseline_value"], "x2": place["baseline_value"]}
        parts.append(element("line", **at, y1=1, y2=15, stroke="#000000", stroke_dasharray="3 2"))
    if not pd.isna(row["value_low"]) and not pd.isna(row["value_high"]):
        parts.append(element("line", x1=place["value_low"], x2=place["value_high"], y1=8, y2=8, stroke="#444444",
                             stroke_width=2))  # fmt: skip
    fill = "#0072B2" if row["side"] == "user" else "#ffffff"
    parts.append(element("circle", cx=place["value"], cy=8, r=4, fill="#000000" if row["card"] == "baseline" else fill,
                         stroke="#0072B2" if row["side"] == "user" else "#000000", stroke_width=1.5))  # fmt: skip
    return _drawing(160, *parts)


def _drawing(width: int, *parts: Markup) -> Markup:
    return element("svg", join(parts, ""), width=width, height=16, viewBox=f"0 0 {width} 16", aria_hidden="true")


def _marker(look: Style, x: float, y: float, size: float, **paint: object) -> Markup:
    if look.marker == "circle":
        return element("circle", cx=x, cy=y, r=size * 0.85, **paint)
    corners = [(x + size * dx, y + size * dy) for dx, dy in _corners(look.marker)]
    return element("polygon", points=" ".join(f"{a:.1f},{b:.1f}" for a, b in corners), **paint)


def _corners(marker: str) -> list[tuple[float, float]]:
    if marker in ("cross", "x"):
        turn = math.radians(45 if marker == "x" else 0)
        return [
            ((a * math.cos(turn) - b * math.sin(turn)) / 3, (a * math.sin(turn) + b * math.cos(turn)) / 3)
            for a, b in _CROSS
        ]
    if marker == "star":
        return [_at(-90 + 36 * tip, 1.0 if tip % 2 == 0 else 0.42) for tip in range(10)]
    sides, start = _SIDES[marker]
    return [_at(start + 360 * corner / sides, 1.0) for corner in range(sides)]


def _at(degrees: float, radius: float) -> tuple[float, float]:
    return radius * math.cos(math.radians(degrees)), radius * math.sin(math.radians(degrees))
