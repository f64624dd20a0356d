"""Who is compared with whom: the scenarios of a table, and the curves within them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fwk.api import Bools
from fwk.points import CURVE, SCENARIO

SURROUNDINGS = ("dataset", "group_in_X", "learner")
"""The part of a scenario that the firm side, and so the baseline, depends on."""


@dataclass(frozen=True, eq=False)
class Scenario:
    """What surrounds the methods that are compared with each other.

    name         short: the data set, and what else differs between the scenarios of the table
    description  long: everything
    rows         (n,) which rows of the table belong to it. Firm-side rows belong to every scenario of the user side
                 with the same data set, learner and features: a collective's size or knowledge does not touch them.
    """

    name: str
    description: str
    rows: Bools


def scenarios(table: pd.DataFrame) -> list[Scenario]:
    """The scenarios of a table with the columns SCENARIO and side (points, fronts), by first appearance."""
    if table.empty:
        return []
    user = table["side"].eq("user").to_numpy(dtype=bool)
    kinds = _kinds(table[user].drop_duplicates(list(SCENARIO)), table[~user].drop_duplicates(list(SCENARIO)))
    varying = [column for column in SCENARIO if column == "dataset" or len(kinds[column].drop_duplicates()) > 1]
    found = []
    for _, kind in kinds.iterrows():
        rows = alike(table, kind, SURROUNDINGS) & (~user | alike(table, kind, SCENARIO))
        found.append(Scenario(_described(kind, varying), _described(kind, SCENARIO), rows))
    return found


def _kinds(user: pd.DataFrame, firm: pd.DataFrame) -> pd.DataFrame:
    """One row a scenario: those of the user side, and those of the firm side where no user stands beside it."""
    served = set(user[list(SURROUNDINGS)].itertuples(index=False, name=None))
    alone = [row not in served for row in firm[list(SURROUNDINGS)].itertuples(index=False, name=None)]
    return pd.concat([part for part in (user, firm[alone]) if len(part)]).sort_index()


def alike(table: pd.DataFrame, kind: pd.Series, columns: Sequence[str]) -> Bools:
    """Which rows equal a row of such a table in these columns, (n,); missing values equal each other."""
    same = np.ones(len(table), dtype=bool)
    for column in columns:
        value = kind[column]
        same &= (table[column].isna() if pd.isna(value) else table[column].eq(value).fillna(False)).to_numpy(dtype=bool)
    return same


def _described(kind: pd.Series, columns: Sequence[str]) -> str:
    words = {
        "dataset": str(kind["dataset"]),
        "group_in_X": f"group {'among' if kind['group_in_X'] else 'not among'} the features",
        "learner": str(kind["learner"]),
    }
    if not pd.isna(kind["alpha"]):
        known = kind["majority_known"]
        words |= {
            "alpha": f"alpha {kind['alpha']:g}",
            "majority_known": "whole majority known" if pd.isna(known) else f"{known:g} of the majority known",
            "space": f"distances {kind['space']}",
        }
    return ", ".join(words[column] for column in columns if column in words)


def curve_numbers(table: pd.DataFrame) -> pd.Series:
    """The number of each row's curve (equal CURVE columns, missing ones included), by first appearance."""
    return table.groupby(list(CURVE), dropna=False, sort=False, observed=True).ngroup()


def curves(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows of each curve, by first appearance."""
    for _, curve in table.groupby(curve_numbers(table), sort=False):
        yield curve


def zero_budget(table: pd.DataFrame) -> pd.Series:
    """Which rows are a collective that flips nobody (M = 0): the baseline under another name."""
    return table["swept"].eq("budget") & pd.to_numeric(table["setting"], errors="coerce").eq(0)


def baseline_of(means: pd.DataFrame) -> pd.Series | None:
    """The baseline's row among the mean rows of one scenario and measure; M = 0 where it is missing, None without."""
    for rows in (means[means["card"] == "baseline"], means[zero_budget(means)]):
        if len(rows) and rows["value"].notna().any():
            return rows[rows["value"].notna()].iloc[0]
    return None
