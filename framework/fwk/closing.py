"""How a comparison ends in the terminal: the short answer, what failed, and where to look further."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from fwk.report import how_chosen, short_tables
from fwk.report.answers import each_answer, in_short, question
from fwk.show import table

TABLES, LINES = 12, 100
"""Scenarios that get tables of their own, and scenarios that get a line, at most."""


def closing(console: Console, answers: pd.DataFrame, failures: pd.DataFrame, page: Path, tracked: bool) -> None:
    """How a comparison ends: the short answer, how to read it, what failed, and where to look further."""
    within_least = answers[answers["budget"] == answers["budget"].min()]
    if within_least["scenario"].nunique() > TABLES:
        _lines(console, within_least)
    else:
        _tables(console, within_least)
    if told := how_chosen(answers):
        console.print(f"\n{told}", highlight=False, markup=False)
    if len(failures):
        methods = ", ".join(f"{name} ({count})" for name, count in failures["method"].value_counts().items())
        lost = f"\n{len(failures)} cells failed: {methods}; the report says why"
        lost += ".\nTheir failures are kept; --retry-failed tries them again, after a cure such as a longer timeout."
        console.print(lost, style="red", highlight=False, markup=False)
    console.print(f"\nreport  {page}", highlight=False, markup=False, soft_wrap=True)
    if tracked:
        console.print("browse  fwk ui", highlight=False)


def _tables(console: Console, answers: pd.DataFrame) -> None:
    for answered in short_tables(answers):
        console.print()
        table(console, answered.columns, answered.rows, title=answered.title)
        console.print(answered.verdict, highlight=False, markup=False)


def _lines(console: Console, answers: pd.DataFrame) -> None:
    """A line a scenario, of the first measure of unfairness: the best of each side, and the baseline."""
    first = answers[answers["unfairness"] == answers["unfairness"].iloc[0]]
    lines = [(scenario, in_short(rows)) for scenario, _, _, rows in each_answer(first)]
    console.print()
    table(console, ("Scenario", "Best of each side, and the baseline (pp)"), lines[:LINES], title=question(first))
    shown = f"The first {LINES} of {len(lines)}" if len(lines) > LINES else f"{len(lines)}"
    console.print(f"{shown} scenarios; the report has the tables of all, and the other measures.", highlight=False)
