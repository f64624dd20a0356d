"""What hovering over a point of a chart tells, as plotly's text: escaped, with <br> and <b>."""

from __future__ import annotations

from html import escape

import numpy as np
import pandas as pd

from fwk.report import words
from fwk.report.words import UNIT, points_of


def point_text(row: pd.Series) -> str:
    """What hovering tells of a row of `choose_fronts`."""
    bound = row.get(f"test.certified_{row['unfairness']}", np.nan)
    lines = [
        f"<b>{escape(str(row['method']))}</b>, {escape(words.setting(row['swept'], row['setting']))}",
        f"error {points_of(row['error'])} % ({points_of(row['excess'], signed=True)} {UNIT} over the baseline)",
        f"{escape(words.short_name(row['unfairness']))} {points_of(row['value'])} {UNIT}, 95 % interval "
        f"{words.interval(row['value_low'], row['value_high'])}",
        f"standard deviation over repeats {points_of(row['value_sd'])} {UNIT}",
        "" if pd.isna(bound) else f"certified: at most {points_of(bound)} {UNIT}",
        f"{words.count(row['flips'])} of {words.count(row['candidates'])} candidates flipped"
        if row["side"] == "user"
        else "",
        escape(words.knobs(row["knobs"])),
        words.plural(int(row["repeats"]), "repeat"),
        escape(row["notes"]),
    ]
    return "<br>".join(line for line in lines if line)


def curve_text(row: pd.Series, name: str) -> str:
    """What hovering tells of a row of `mean_over_repeats`, for the measure in the column `name`."""
    unit = "%" if name == "test.error" else UNIT
    lines = [
        f"<b>{escape(str(row['method']))}</b>, {escape(words.setting(row['swept'], row['setting']))}",
        f"{words.count(row['flips'])} of {words.count(row['candidates'])} candidates flipped",
        f"{escape(words.short_name(name.removeprefix('test.')))} {points_of(row[name])} {unit}, "
        f"standard deviation over repeats {points_of(row[f'{name}.sd'])} {UNIT}",
        escape(words.knobs(row["knobs"])),
        f"{words.plural(int(row[f'{name}.count']), 'repeat')}"
        + (f" of {row['repeats']}; undefined in the others" if row[f"{name}.count"] < row["repeats"] else ""),
        escape(row["notes"]),
    ]
    return "<br>".join(line for line in lines if line)
