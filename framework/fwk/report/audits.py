"""Who gains and who pays: rates of every audited group before and after, at every front point of a method."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from fwk.fronts import scenarios, zero_budget
from fwk.report import words
from fwk.report.cautions import FEW
from fwk.report.markup import Markup, details, element, join, text
from fwk.report.words import UNIT, points_of

RATES = {
    "acceptance": "Acceptance rate (%)",
    "tpr": "True positive rate (%): accepted of those with y = 1",
    "fpr": "False positive rate (%): accepted of those with y = 0",
    "error": "Error (%)",
}
_PARTS = {"test": "Test part", "train": "Train part, by role"}
_COLUMN = re.compile(r"(?P<part>test|train)\.audit\[(?P<group>.*)\]\.n")


@dataclass(frozen=True)
class Group:
    """People under audit: where (test, train), and who."""

    part: str
    name: str

    def column(self, rate: str) -> str:
        """The column of `mean_over_repeats` that holds a rate or a count of theirs."""
        return f"{self.part}.audit[{self.name}].{rate}"


def audited(columns: pd.Index) -> list[Group]:
    """The groups that a table has figures of: the test part first, in the table's order."""
    matches = [match for match in map(_COLUMN.fullmatch, map(str, columns)) if match]
    return sorted((Group(match["part"], match["group"]) for match in matches), key=lambda group: group.part)


def audit_section(means: pd.DataFrame, fronts: pd.DataFrame, answers: pd.DataFrame) -> Markup:
    """All audits of a comparison, scenario by scenario and method by method.

    means    of `mean_over_repeats`
    answers  of `answer`; the settings that it names first (first measure, first budget) are marked
    """
    groups = audited(means.columns)
    if not groups:
        return element("p", "No trait was audited. Raw sensitive columns that the config names under ",
                       element("code", "audit"), " appear here.")  # fmt: skip
    first = answers[["scenario", "unfairness", "budget"]].drop_duplicates("scenario")
    named = answers.merge(first).set_index(["scenario", "method"])["setting"]
    places = scenarios(means)
    parts: list[Markup] = []
    for place, of_fronts in zip(places, scenarios(fronts), strict=True):
        chosen = fronts[of_fronts.rows & fronts["on_front"].to_numpy(bool) & fronts["scope"].eq("mean").to_numpy(bool)]
        heading = [element("h3", place.name)] if len(places) > 1 else []
        parts += [*heading, *_methods(means[place.rows], chosen, groups, named.loc[place.name].to_dict())]
    return join(parts)


def _methods(
    means: pd.DataFrame, front: pd.DataFrame, groups: Sequence[Group], named: Mapping[str, str]
) -> Iterator[Markup]:
    base = means[means["card"] == "baseline"]
    for method, curve in means[means["card"] != "baseline"].groupby("method", sort=False):
        zero = zero_budget(curve)
        known = pd.concat([curve[zero], base])
        settings = front.loc[front["method"] == method, "setting"]
        after = curve[curve["setting"].isin(settings) & ~zero].sort_values("order")
        if after.empty or known.empty:
            yield element("p", element("strong", method), ": no front point besides the baseline.")
            continue
        before = known.bfill().iloc[0]  # M = 0 of the same collective; the baseline for what it does not have
        best = named.get(str(method), "")
        sentence = [_gains(before, row, groups) for _, row in after[after["setting"] == best].iterrows()]
        table = _table(str(method), before, after, groups, best)
        yield details(
            join([element("strong", method), text(f", {words.plural(len(after), 'front point')}")], ""),
            *sentence,
            table,
        )


def _gains(before: pd.Series, after: pd.Series, groups: Sequence[Group]) -> Markup:
    """Who gains and who loses most acceptance, among groups that are large enough."""
    moves = {
        group: after[group.column("acceptance")] - before[group.column("acceptance")]
        for group in groups
        if before[group.column("n")] >= FEW
    }
    known = {group: move for group, move in moves.items() if not pd.isna(move)}
    if not known:
        return element("p", f"No audited group has {FEW} people.")
    most, least = max(known, key=lambda group: known[group]), min(known, key=lambda group: known[group])
    told = [
        f"{group.name} ({group.part}) {points_of(known[group], signed=True)} {UNIT}"
        for group in dict.fromkeys((most, least))
    ]
    where = words.setting(str(after["swept"]), str(after["setting"]))
    return element(
        "p", f"At {where}, the setting of the answer above, acceptance changes most for {' and '.join(told)}."
    )


def _table(method: str, before: pd.Series, after: pd.DataFrame, groups: Sequence[Group], best: str) -> Markup:
    """One table a method: a block of rows for each rate, a column for each front point."""
    heads = [element("th", name, scope="col", class_=kind) for name, kind in
             (("Group", "word"), ("People", "number"), ("Before", "number"))]  # fmt: skip
    for _, row in after.iterrows():
        mark = element("small", "answer") if row["setting"] == best else Markup("")
        heads.append(
            element("th", words.setting(row["swept"], row["setting"]), " ", mark, scope="col", class_="number")
        )
    blocks = [_block(rate, title, before, after, groups) for rate, title in RATES.items()]
    repeats = words.plural(int(after["repeats"].max()), "repeat")
    caption = f"{method}: rates by group, before and after. Means over {repeats}; small figures: change in {UNIT}."
    whole = element("table", element("caption", caption), element("thead", element("tr", *heads)), *blocks)
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def _block(rate: str, title: str, before: pd.Series, after: pd.DataFrame, groups: Sequence[Group]) -> Markup:
    width = 3 + len(after)
    lines: list[Markup] = []
    for part, heading in _PARTS.items():
        of_part = [group for group in groups if group.part == part]
        if of_part:
            lines.append(
                element(
                    "tr", element("th", f"{title}. {heading}", colspan=width, scope="rowgroup", class_="word block")
                )
            )
            lines += [_line(group, rate, before, after) for group in of_part]
    return element("tbody", join(lines))


def _line(group: Group, rate: str, before: pd.Series, after: pd.DataFrame) -> Markup:
    people = _denominator(group, rate, before)
    few = " †" if people < FEW else ""
    start = before[group.column(rate)]
    cells = [
        element("td", words.count(people) + few, class_="number"),
        element("td", points_of(start), class_="number"),
    ]
    for value in after[group.column(rate)]:
        change = "" if pd.isna(value - start) else points_of(value - start, signed=True)
        cells.append(element("td", points_of(value), " ", element("small", change), class_="number"))
    return element("tr", element("th", group.name, scope="row", class_="word"), *cells)


def _denominator(group: Group, rate: str, row: pd.Series) -> float:
    """How many people a rate is over, the mean of repeats."""
    people, positive = float(row[group.column("n")]), float(row[group.column("n_positive")])
    return {"tpr": positive, "fpr": people - positive}.get(rate, people)
