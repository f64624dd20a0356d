"""The sections of the report that are words and tables, each as HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fwk.fronts import leader
from fwk.points import SCENARIO
from fwk.report import words
from fwk.report.answers import each_answer, fewer_repeats, how_to_read, in_short, question, side, verdict
from fwk.report.glyphs import interval_glyph
from fwk.report.markup import Markup, details, element, items, join, table
from fwk.report.words import NOTHING, UNIT, points_of, short_name

Facts = Mapping[str, str | Sequence[str] | Mapping[str, object]]
"""How a comparison was measured: heading -> a sentence, a text of several lines, a list, or names with values."""


def lead(answers: pd.DataFrame) -> Markup:
    """The first answer (first measure, first budget): a sentence, or a table of all scenarios."""
    if answers.empty:
        return element("p", "No point was measured.", class_="lead")
    first = answers.iloc[0]
    asked = answers[(answers["unfairness"] == first["unfairness"]) & (answers["budget"] == first["budget"])]
    ask = question(asked)
    scenarios = asked.groupby("scenario", sort=False)
    if len(scenarios) == 1:
        return element("p", element("strong", f"{first['scenario']}: {ask}. "), verdict(asked), class_="lead")
    name = f"{short_name(str(first['unfairness']))} ({UNIT})"
    over = f"Error over baseline ({UNIT})"
    columns = ("Compared on", "Best of the user side", name, "Flips (people)", over,
               "Best of the firm side", name, over, f"Baseline: {name}")  # fmt: skip
    lines = [_overview(str(scenario), rows) for scenario, rows in scenarios]
    return element("div", table(ask[:1].upper() + ask[1:], columns, lines, words=(0, 1, 5)), class_="lead")


def _overview(scenario: str, rows: pd.DataFrame) -> tuple[str, ...]:
    cells = [scenario]
    for acting, kept in (("user", ("method", "value", "flips", "excess")), ("firm", ("method", "value", "excess"))):
        best = leader(rows, acting)
        none = "none is better" if ((rows["side"] == acting) & (rows["card"] != "baseline")).any() else NOTHING
        missing = [none, *[NOTHING] * (len(kept) - 1)]
        cells += missing if best is None else [_shown(column, best[column]) for column in kept]
    return (*cells, points_of(rows["baseline_value"].iloc[0]))


def _shown(column: str, value: Any) -> str:  # a cell: text or a number
    if column == "method":
        return str(value)
    return words.count(value) if column == "flips" else points_of(value, signed=column == "excess")


def answer_section(answers: pd.DataFrame) -> Markup:
    """The answer tables; the first is open."""
    if answers.empty:
        return element("p", "No point was measured, so there is no answer.")
    parts = []
    for number, (scenario, _, _, rows) in enumerate(each_answer(answers)):
        asked = element("strong", f"{scenario}: {question(rows)}. ")
        heading = join([asked, element("span", in_short(rows), class_="soft")], "")
        parts.append(details(heading, _answer_table(rows), opened=number == 0))
    return join([*parts, element("h3", "How to read this"), items(how_to_read(answers))])


def _answer_table(rows: pd.DataFrame) -> Markup:
    name = short_name(str(rows["unfairness"].iloc[0]))
    columns = ("Method", "Side", "Setting", "Flips (people)", f"{name} ({UNIT})", f"95 % interval ({UNIT})",
               "Interval, drawn", f"Over repeats: sd; range ({UNIT})", "Error (%)",
               f"Error over baseline ({UNIT})")  # fmt: skip
    scale = float(np.nanmax(rows[["value_high", "value", "baseline_value"]].to_numpy(dtype=np.float64), initial=0.001))
    leading = {best.name for acting in ("user", "firm") if (best := leader(rows, acting)) is not None}
    lines = [_answer_line(row, scale, leading=label in leading) for label, row in rows.iterrows()]
    kinds = ["baseline" if row["card"] == "baseline" else "leading" if label in leading else ""
             for label, row in rows.iterrows()]  # fmt: skip
    select, repeats = rows["select"].iloc[0], words.plural(int(rows["of_repeats"].max()), "repeat")
    caption = f"Settings chosen on {select}, figures on test; sorted by unfairness on test; means over {repeats}."
    return table(caption, columns, lines, words=(0, 1, 2, 6), kinds=kinds)


def _answer_line(row: pd.Series, scale: float, *, leading: bool) -> tuple[object, ...]:
    small = [join([Markup("<br>"), element("small", about)], "") for about in (words.knobs(row["knobs"]), row["notes"])
             if about]  # fmt: skip
    badge = [element("span", f"best of the {row['side']} side on {row['select']}", class_="badge")] if leading else []
    over = [element("small", "over budget on test")] if row["excess"] > row["budget"] else []
    fewer = [element("small", told)] if (told := fewer_repeats(row)) else []
    return (
        join([str(row["method"]), *badge, *small], " "),
        side(row),
        row["reason"] or element("span", words.setting(row["swept"], row["setting"]), class_="whole"),
        _flips(row),
        join([element("strong", points_of(row["value"])), *fewer], " "),
        words.interval(row["value_low"], row["value_high"]),
        interval_glyph(row, scale),
        _spread(row),
        points_of(row["error"]),
        join([points_of(row["excess"], signed=True), *over], " "),
    )


def _flips(row: pd.Series) -> str:
    if row["side"] != "user" or pd.isna(row["flips"]):
        return NOTHING
    return f"{words.count(row['flips'])} of {words.count(round(row['candidates']))}"


def _spread(row: pd.Series) -> str:
    if pd.isna(row["value_sd"]):
        return NOTHING
    return f"{points_of(row['value_sd'])}; {words.interval(row['value_min'], row['value_max'])}"


def caution_section(sentences: Sequence[str]) -> Markup:
    """Warnings."""
    return items(sentences) if sentences else element("p", "Nothing to warn about.")


def failure_section(failures: pd.DataFrame) -> Markup:
    """What failed and why; equal causes are told once, with their traceback."""
    if failures.empty:
        return element("p", "Nothing failed.")
    lines, traces = [], []
    for (method, kind, message), rows in failures.groupby(["method", "kind", "message"], sort=False):
        where = dict.fromkeys(words.setting(row.swept, row.setting) for row in rows.itertuples())
        repeats = dict.fromkeys(rows["repeat"].astype(str))
        lines.append((method, kind, message, words.listed(where, 3), words.listed(repeats, 10), len(rows)))
        traces.append(details(f"Traceback: {method}, {kind}", element("pre", rows["traceback"].iloc[0], tabindex=0)))
    columns = ("Method", "Kind", "Why", "Settings", "Repeats", "Runs lost")
    caption = (
        "Equal causes are told once. A failure is kept when the comparison is run again, also where its cause is gone "
        "(a timeout that was too short): --retry-failed tries these runs again."
    )
    return join([table(caption, columns, lines, words=(0, 1, 2, 3, 4)), *traces])


def cost_section(points: pd.DataFrame, failures: pd.DataFrame) -> Markup:
    """Seconds of fitting, by method, the dearest first; what methods share stands in a row of its own."""
    given = [outcomes for outcomes in (points, failures) if len(outcomes)]
    if not given:
        return element("p", "Nothing was fitted.")
    outcomes = _counted_once(pd.concat(given, ignore_index=True))
    costs = [_cost(str(method), rows) for method, rows in outcomes.groupby("method", sort=False)]
    costs.sort(key=lambda cost: -cost[0])
    columns = ("Method", "Runs", "Tuning trials", "Failed", "Fits of its own", "Seconds a fit (median)",
               "Seconds a fit (most)", *(heading for _, heading in _OTHER_SECONDS), "Seconds in all")  # fmt: skip
    shared = float(outcomes["shared_seconds"].sum()) if "shared_seconds" in outcomes else 0.0
    if shared:
        costs.append((shared, (_SHARED, *[NOTHING] * (len(columns) - 2), f"{shared:,.2f}")))
    total = sum(seconds for seconds, _ in costs)
    caption = (
        f"Seconds of one worker, {total:,.0f} in all. A fit that several runs share is counted once, and so are a "
        "ranking that all budgets share and a trial whose knobs were chosen, which is also a point of the curve."
    )
    return table(caption, columns, [line for _, line in costs])


_OTHER_SECONDS = (("ranking_seconds", "Seconds of ranking"), ("deciding_seconds", "Seconds of deciding"))
_SHARED = "shared: base model, held-out scores, neighbours"


def _counted_once(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The outcomes with seconds that can be summed: rows that tell of the same work keep them in the first row only.

    Rows with one `key` are one run, under the names of several methods or as a trial and as a point; a ranking stands
    in all budgets' rows.
    """
    ranking = [*SCENARIO, "method", "knobs", "repeat"]
    same = {"seconds": ["key"], "deciding_seconds": ["key"], "shared_seconds": ["key"], "ranking_seconds": ranking}
    once = {name: _in_the_first(outcomes, name, work) for name, work in same.items() if name in outcomes}
    return outcomes.assign(**once)


def _in_the_first(outcomes: pd.DataFrame, name: str, work: list[str]) -> pd.Series:
    # the most: where a fit was shared, the same run can stand here with its seconds and, under another name, with 0
    most = outcomes.groupby(work, dropna=False)[name].transform("max")
    return most.where(~outcomes.duplicated(work), 0.0)


def _cost(method: str, rows: pd.DataFrame) -> tuple[float, tuple[str, ...]]:
    failed = rows["kind"].notna() if "kind" in rows else pd.Series(False, index=rows.index)
    own = rows.loc[(rows["seconds"] > 0).to_numpy(bool) & ~failed.to_numpy(bool), "seconds"]
    others = [float(rows[name].sum()) if name in rows else 0.0 for name, _ in _OTHER_SECONDS]
    total = float(rows["seconds"].sum()) + sum(others)
    tuning = rows["tuning"].astype(bool)
    counts = (*(rows.loc[kept, "key"].nunique() for kept in (slice(None), tuning, failed)), len(own))
    seconds = (float(own.median()), float(own.max()), *others, total)
    shown = [NOTHING if np.isnan(number) else f"{number:,.2f}" for number in seconds]
    return total, (method, *(f"{number:,}" for number in counts), *shown)


def fact_section(facts: Facts) -> Markup:
    """How it was measured."""
    if not facts:
        return element("p", "Nothing was recorded.")
    return join(_fact(heading, fact) for heading, fact in facts.items())


def _fact(heading: str, fact: str | Sequence[str] | Mapping[str, object]) -> Markup:
    if isinstance(fact, Mapping):
        rows = [(name, value if isinstance(value, str) else json.dumps(value, default=str))
                for name, value in fact.items()]  # fmt: skip
        return details(heading, table(heading, ("Name", "Value"), rows, words=(0, 1)))
    if not isinstance(fact, str):
        return join([element("h3", heading), items(fact)])
    if "\n" in fact:
        return details(heading, element("pre", fact, tabindex=0))
    return join([element("h3", heading), element("p", fact)])
