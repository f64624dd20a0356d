"""The answer as text: a sentence, a short table for the terminal, and a Markdown note for MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from fwk.fronts import leader
from fwk.report import words
from fwk.report.markdown import markdown_table, plain
from fwk.report.words import UNIT, points_of, short_name


@dataclass(frozen=True)
class AnswerTable:
    """The answer for one scenario, measure of unfairness and error budget; all cells are text, the units in `columns`.

    title    what is answered
    verdict  the answer in a sentence
    columns  headings
    rows     one a method, sorted by unfairness on test
    """

    title: str
    verdict: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def each_answer(answers: pd.DataFrame) -> Iterator[tuple[str, str, float, pd.DataFrame]]:
    """(scenario, measure of unfairness, budget, rows) in the order of `answer`."""
    for (scenario, unfairness, budget), rows in answers.groupby(["scenario", "unfairness", "budget"], sort=False):
        yield str(scenario), str(unfairness), float(str(budget)), rows


def short_tables(answers: pd.DataFrame) -> list[AnswerTable]:
    """What the terminal shows of `answer`: a table for every scenario, measure of unfairness and error budget."""
    return [
        AnswerTable(f"{scenario}: {question(rows)}", verdict(rows), _columns(unfairness), _rows(rows))
        for scenario, unfairness, _, rows in each_answer(answers)
    ]


def question(rows: pd.DataFrame) -> str:
    """What the rows of one answer table answer.

    >>> question(pd.DataFrame({"unfairness": ["eqod"], "budget": [0.005], "select": ["validation"]}))
    "least EqOd near the baseline's error, chosen within +0.5 percentage points on validation"
    """
    first = rows.iloc[0]
    budget = f"+{100 * first['budget']:g} {'percentage point' if first['budget'] == 0.01 else UNIT}"
    name = short_name(str(first["unfairness"]))
    return f"least {name} near the baseline's error, chosen within {budget} on {first['select']}"


def _columns(unfairness: str) -> tuple[str, ...]:
    name = short_name(unfairness)
    return ("Method", "Side", f"{name} (pp)", "95 % interval (pp)", "Error over baseline (pp)", "Flips", "Setting")


def _rows(rows: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            str(row["method"]), side(row), points_of(row["value"]),
            words.interval(row["value_low"], row["value_high"]), points_of(row["excess"], signed=True),
            words.count(row["flips"]) if row["side"] == "user" else words.NOTHING,
            _setting(row),
        )
        for _, row in rows.iterrows()
    )  # fmt: skip


def _setting(row: pd.Series) -> str:
    """The setting, or why there is none; and in how many repeats, where others have more."""
    if row["reason"]:
        return str(row["reason"])
    told = words.setting(row["swept"], row["setting"])
    return "; ".join(filter(None, (told, fewer_repeats(row))))


def fewer_repeats(row: pd.Series) -> str:
    """In how many repeats a row's figures are measured, where others have more; "" otherwise."""
    if row["reason"] or row["repeats"] == row["of_repeats"]:
        return ""
    return f"only {row['repeats']} of {words.plural(int(row['of_repeats']), 'repeat')}"


def _fewer(rows: pd.DataFrame) -> pd.Series:
    """Which rows have figures, but not of all repeats."""
    return rows["reason"].eq("") & (rows["repeats"] < rows["of_repeats"])


def side(row: pd.Series) -> str:
    """Who acts: user, firm, or nobody in the baseline."""
    return words.NOTHING if row["card"] == "baseline" else str(row["side"])


def verdict(rows: pd.DataFrame) -> str:
    """The answer in a sentence, for the rows of one table: the best of each side, and the baseline."""
    name = short_name(str(rows["unfairness"].iloc[0]))
    before = rows["baseline_value"].iloc[0]
    if pd.isna(before):
        return "No baseline was measured, so there is no error budget to keep."
    sides = [_best(rows, acting) for acting in ("user", "firm")]
    sentence = "; ".join(found for found in sides if found)
    told = [f"{sentence[:1].upper()}{sentence[1:]}."] if sentence else []
    return " ".join([*told, f"The baseline has {points_of(before)} {UNIT} of {name}."])


def in_short(rows: pd.DataFrame) -> str:
    """The best of each side and the baseline in a few words, for the rows of one table."""
    best = [leader(rows, acting) for acting in ("user", "firm")]
    figures = [(str(found["method"]), float(found["value"])) for found in best if found is not None]
    told = sorted([*figures, ("baseline", float(rows["baseline_value"].iloc[0]))], key=lambda figure: figure[1])
    return " · ".join(f"{name} {points_of(value)}" for name, value in told)


def _best(rows: pd.DataFrame, acting: str) -> str:
    methods = rows[(rows["side"] == acting) & (rows["card"] != "baseline")]
    if methods.empty:
        return ""
    best = leader(rows, acting)
    if best is None:
        measured = " that was measured in all repeats" if _fewer(methods).any() else ""
        return f"on the {acting} side no method{measured} is better than the baseline on {rows['select'].iloc[0]}"
    flips = f" with {words.count(best['flips'])} flips" if acting == "user" else ""
    worse = " (on test no less than the baseline)" if best["value"] >= best["baseline_value"] else ""
    return (
        f"on the {acting} side {best['method']} leaves {points_of(best['value'])} {UNIT}{worse}{flips}, for "
        f"{points_of(best['excess'], signed=True)} {UNIT} of error"
    )


def how_chosen(answers: pd.DataFrame) -> str:
    """One line for the terminal on how to read the tables; "" without any answer."""
    if answers.empty:
        return ""
    select = answers["select"].iloc[0]
    if select == "test":
        return (
            "How to read: settings and the best of each side are chosen on test, and the figures are of test too, "
            "which flatters every method that has many settings."
        )
    return (
        f"How to read: settings and the best of each side are chosen on {select}, the figures are of test, where the "
        "error can exceed the budget and another method can come first."
    )


def how_to_read(answers: pd.DataFrame) -> tuple[str, ...]:
    """Sentences that say how the figures of `answer` came about."""
    select, repeats = answers["select"].iloc[0], int(answers["of_repeats"].max())
    fewer = ", or as many as its row says: such a method is not called the best" if _fewer(answers).any() else ""
    chosen = (
        "chosen and reported on the test part, which flatters every method that has many settings"
        if select == "test"
        else f"chosen on the {select} part and reported on the test part, where the error can exceed the budget"
    )
    return (
        "Less is better everywhere. A method's row shows the one setting of its sweep that gives the least unfairness "
        f"within the error budget, {chosen}. Rows are sorted by unfairness on test; the best of a side is the method "
        f"with the least on {select}.",
        f"Figures are means over {words.plural(repeats, 'repeat')}{fewer}; error over the baseline is paired by "
        "repeat.",
        "The 95 % interval is a bootstrap over the people of the test part, its ends averaged over repeats: what one "
        "test part of this size leaves uncertain. Where intervals overlap, take care; all methods are measured on the "
        "same people, so that their differences can be clearer than the intervals.",
        "Flips are labels that members of the collective changed in their own training data.",
    )


def answer_markdown(answers: pd.DataFrame) -> str:
    """The answer and how to read it, in Markdown, for a note beside the runs."""
    if answers.empty:
        return "No point was measured, so there is no answer. See the failures."
    tables = short_tables(answers)
    parts = [f"### {plain(table.title)}\n\n{plain(table.verdict)}\n\n{_markdown(table)}" for table in tables]
    advice = "\n".join(f"- {sentence}" for sentence in (*how_to_read(answers), "pp: percentage points."))
    return "\n\n".join([*parts, f"### How to read this\n\n{advice}"]) + "\n"


def _markdown(table: AnswerTable) -> str:
    return markdown_table([*map(plain, table.columns)], [[*map(plain, row)] for row in table.rows])
