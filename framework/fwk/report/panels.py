"""The section of the report that holds its pictures: what the page's script draws, with the legend and the buttons."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from fwk.fronts import REFERENCE, curves, scenarios
from fwk.report import words
from fwk.report.answers import side
from fwk.report.cautions import certified
from fwk.report.charts import curve_chart, front_chart
from fwk.report.glyphs import line_glyph
from fwk.report.markup import Markup, details, element, join, table
from fwk.report.styles import BASELINE, Style, beyond, window
from fwk.report.words import NOTHING, short_name

_LAYERS = {"mean": "mean over repeats", "attained": "attained in half of the repeats"}
_SCALES = {"log": "logarithmic flips", "linear": "linear flips"}


def picture_section(means: pd.DataFrame, fronts: pd.DataFrame, looks: Mapping[str, Style]) -> Markup:
    """Fronts, curves over M and the worth of each front, for every scenario; `means` is of `mean_over_repeats`."""
    parts = []
    for number, (place, of_means) in enumerate(zip(scenarios(fronts), scenarios(means), strict=True)):
        of_fronts = fronts[place.rows]
        about = f"{place.description}. {_band_words(of_fronts)}"
        drawn = [element("h3", place.name), element("p", about, class_="about"), _legend(of_fronts, looks)]
        drawn += [_front(f"front-{number}", of_fronts, looks)]
        drawn += _curves(f"curve-{number}", means[of_means.rows], of_fronts, looks)
        parts.append(element("div", *drawn, _worth(of_fronts), class_="place"))
    return join(parts)


_CERTIFIED = (
    "Thin dotted lines with dashes as marks: what a method certifies at most, the mean over repeats. Each certificate "
    "holds for its setting and its repeat by itself, with its own confidence (95 % unless a knob says otherwise); not "
    "for the best of a sweep, and not for the mean."
)


def _band_words(fronts: pd.DataFrame) -> str:
    band = "; bands reach one standard deviation over repeats to each side" if fronts["repeats"].max() > 1 else ""
    ceiling = f" {_CERTIFIED}" if len(certified(fronts)) else ""
    chosen = f"Fronts are chosen on {fronts['select'].iloc[0]} and drawn on test{band}."
    return f"{chosen} Dashed black lines: the baseline.{ceiling}"


def _front(name: str, fronts: pd.DataFrame, looks: Mapping[str, Style]) -> Markup:
    measures = list(dict.fromkeys(fronts["unfairness"]))
    shown = words.listed(map(short_name, measures))
    methods = words.plural(len(set(fronts["method"])), "method")
    label = f"Fronts of {methods}: {shown} over error. The tables hold the figures."
    return _chart(name, front_chart(fronts, looks), _LAYERS, len(measures), label, _outside(fronts))


def _outside(fronts: pd.DataFrame) -> str:
    means = fronts[fronts["scope"] == "mean"]
    notes = [(measure, beyond(window(rows))) for measure, rows in means.groupby("unfairness", sort=False)]
    told = "; ".join(f"{short_name(str(measure))}: {note}" for measure, note in notes if note)
    return f"{told}. Double-click a panel to see all." if told else ""


def _curves(name: str, means: pd.DataFrame, fronts: pd.DataFrame, looks: Mapping[str, Style]) -> list[Markup]:
    user, base = means[means["swept"] == "budget"], means[means["card"] == "baseline"]
    if user.empty:
        return []
    measures = list(dict.fromkeys(fronts["unfairness"]))
    chart = curve_chart(user, measures, None if base.empty else base.iloc[0], looks)
    about = "Dashed: the baseline, which is M = 0. Every setting is shown, also those that are on no front."
    heading = [
        element("h4", "Curves over M: what each number of flipped labels gives"),
        element("p", about, class_="about"),
    ]
    label = f"{words.listed(map(short_name, measures))} and error over the number of flipped labels."
    return [*heading, _chart(name, chart, _SCALES, len(measures) + 1, label)]


def _chart(name: str, figure: str, choices: Mapping[str, str], panels: int, label: str, note: str = "") -> Markup:
    first = next(iter(choices))
    buttons = [element("button", word, type="button", data_choice=choice, aria_pressed=str(choice == first).lower())
               for choice, word in choices.items()]  # fmt: skip
    # every "<" is written as an escape of JSON, so that no name can end the script
    data = element("script", Markup(figure.replace("<", "\\u003c")), type="application/json", id=f"{name}-figure")
    holder = element("div", class_="chart", id=name, role="img", aria_label=label, data_panels=panels)
    switch = element("div", *buttons, class_="choices", role="group", aria_label="How it is drawn")
    caption = [element("figcaption", note, class_="about")] if note else []
    return element("figure", switch, holder, *caption, data)


def _legend(fronts: pd.DataFrame, looks: Mapping[str, Style]) -> Markup:
    methods = fronts.drop_duplicates("method")
    rows = []
    for acting, heading in (("user", "User side"), ("firm", "Firm side")):
        names = methods.loc[(methods["side"] == acting) & (methods["card"] != "baseline"), "method"]
        if len(names):
            keys = [element("button", line_glyph(looks[str(name)]), element("span", name), type="button",
                            data_method=name, aria_pressed="true") for name in names]  # fmt: skip
            rows.append((heading, keys))
    if (methods["card"] == "baseline").any():
        rows.append(("", [element("span", line_glyph(BASELINE), "baseline", class_="key")]))
    lines = [element("div", element("span", heading, class_="side"), element("div", *keys, class_="keys"))
             for heading, keys in rows]  # fmt: skip
    return element("div", *lines, class_="legend", role="group", aria_label="Methods: press to hide or show")


def _worth(fronts: pd.DataFrame) -> Markup:
    """The hypervolumes of the fronts."""
    lines = []
    for curve in curves(fronts):
        for unfairness, rows in curve.groupby("unfairness", sort=False):
            mean, repeats = (rows[rows["scope"] == scope] for scope in ("mean", "repeat"))
            volumes = repeats.drop_duplicates("repeat")["hypervolume"]
            counts = (len(mean), int(mean["on_front"].sum()), int(mean["on_envelope"].sum()))
            worth = (mean["hypervolume"].iloc[0], volumes.mean(), volumes.std(ddof=1))
            names = (curve["method"].iloc[0], side(curve.iloc[0]), short_name(str(unfairness)))
            lines.append((*names, *counts, *map(_four, worth)))
    columns = ("Method", "Side", "Measure", "Settings", "On the front", "On its convex envelope",
               "Hypervolume of the mean front", "Mean over repeats", "Standard deviation over repeats")  # fmt: skip
    about = (
        f"Hypervolume on test: the area between a front and the reference point (error {REFERENCE[0]:g}, unfairness "
        f"{REFERENCE[1]:g}), both as shares from 0 to 1; larger is better. Error 0.5 is a coin's; the point is the "
        "same for all methods and data sets."
    )
    return details("What each front is worth: hypervolume", table(about, columns, lines, words=(0, 1, 2)))


def _four(number: float) -> str:
    return NOTHING if pd.isna(number) else f"{number:.4f}"
