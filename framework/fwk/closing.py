"""How a comparison ends in the terminal: the short answer, what failed, and where to look further."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from fwk.report import how_chosen, short_tables
from fwk.show import table


def closing(console: Console, answers: pd.DataFrame, failures: pd.DataFrame, page: Path, tracked: bool) -> None:
    """How a comparison ends: the short answer, how to read it, what failed, and where to look further."""
    for answered in short_tables(answers[answers["budget"] == answers["budget"].min()]):
        console.print()
        table(console, answered.columns, answered.rows, title=answered.title)
        console.print(answered.verdict, highlight=False, markup=False)
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
