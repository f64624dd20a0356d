"""Expressions over raw columns, such as race == 'Black': what they mark, what they name, and where gaps count."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fwk.api import Bools, Mistake
from fwk.hints import nearest_name

MOST_TRIED = 50
"""Values tried in the place of a missing one."""


def marked(rows: pd.DataFrame, expression: str, key: str) -> Bools:
    """Which rows an expression marks, (n,). Raises Mistake that starts with the key, and says what to write."""
    if "@" in expression:
        raise Mistake(f"{key}: {expression!r}: '@' is not allowed; write values out")
    try:
        mask = rows.eval(expression, engine="python", local_dict={}, global_dict={})
    except Exception as error:  # pandas raises what its parser meets, SyntaxError to TypeError
        unknown = re.match(r"name '(\w+)' is not defined", str(error))
        near = nearest_name(unknown[1], map(str, rows.columns)) if unknown else _unquoted(expression, rows)
        raise Mistake(
            f"{key}: {expression!r} cannot be evaluated ({type(error).__name__}: {error}){near}; "
            f"the columns are: {listed(rows)}; write it like \"race == 'Black'\""
        ) from error
    if isinstance(mask, pd.Series) and pd.api.types.is_bool_dtype(mask.dtype):
        return np.asarray(mask.to_numpy(dtype=bool, na_value=False))
    kind = mask.dtype if isinstance(mask, pd.Series) else type(mask).__name__
    one = re.fullmatch(r"(\w+|`[^`]+`)\s*=\s*([^=].*)", expression.strip())
    hint = f"write == to compare: {one[1]} == {one[2]}" if one else "compare a column with a value: race == 'Black'"
    raise Mistake(f"{key}: {expression!r} gives {kind}, not true or false for each row; {hint}")


def _unquoted(expression: str, rows: pd.DataFrame) -> str:
    """A hint at a column whose name is no word, which an expression names without backquotes."""
    odd = [name for name in map(str, rows.columns) if not name.isidentifier() and name in expression]
    return f" - the name {odd[0]!r} has to stand in backquotes: `{odd[0]}`" if odd else ""


def columns_in(expression: str, rows: pd.DataFrame) -> set[str]:
    """The columns that an expression names, bare or in backquotes; words in quotes, methods and numbers are none."""
    tree, names = _parsed(expression)
    named = {names.get(node.id, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return named & set(map(str, rows.columns))


def _parsed(expression: str) -> tuple[ast.AST, dict[str, str]]:
    """An expression that pandas can evaluate, and the columns that stand for its names in backquotes."""
    quoted = {f"column_{number}_": name for number, name in enumerate(re.findall(r"`([^`]+)`", expression))}
    for stand_in, name in quoted.items():
        expression = expression.replace(f"`{name}`", stand_in)
    return ast.parse(expression.strip(), mode="eval"), quoted


def check_missing(rows: pd.DataFrame, minority: str, columns: set[str]) -> None:
    """Raise Mistake for people whose group hangs on a missing value, unless the expression speaks of missing ones.

    It hangs on it where some value in its place, of those that occur or stand in the expression, or beside these, would
    put them into the other group.
    """
    tree, names = _parsed(minority)
    spoken_of = {names.get(name, name) for name in _spoken_of(tree)}
    written = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    for column in rows.columns:
        gaps = rows[rows[column].isna()] if str(column) in columns - spoken_of else rows.iloc[:0]
        if gaps.empty:
            continue
        told, unsure = marked(gaps, minority, "minority"), np.zeros(len(gaps), dtype=bool)
        for value in _in_place(rows[column].dropna(), written):
            unsure |= marked(gaps.assign(**{str(column): value}), minority, "minority") != told
        if number := int(unsure.sum()):
            name = str(column) if str(column).isidentifier() else f"`{column}`"
            raise Mistake(
                f"minority: {minority!r}: {number:,} of {len(rows):,} rows have no {column}, so it is not known whose "
                f"they are; leave them out (keep: {name}.notna()), or let the expression say where they belong, with "
                f"{name}.isna()"
            )


def _spoken_of(tree: ast.AST) -> Iterator[str]:
    """Names whose missing values an expression speaks of: `x.isna()`, `x.fillna(...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("isna", "isnull", "notna", "notnull", "fillna"):
            yield from (name.id for name in ast.walk(node.value) if isinstance(name, ast.Name))


def _in_place(values: pd.Series, written: Sequence[object]) -> list[Any]:  # values of a column
    """What could stand where a value is missing: for numbers both ends, those written, and what lies around them."""
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        ends = [float(values.min()), float(values.max())] if len(values) else []
        marks = sorted({*ends, *(float(value) for value in written if isinstance(value, int | float))})
        between = [(low + high) / 2 for low, high in itertools.pairwise(marks)]
        return [*marks, *between, *([marks[0] - 1, marks[-1] + 1] if marks else [])]
    return [*values.unique()[:MOST_TRIED], *(value for value in written if isinstance(value, str))]


def listed(rows: pd.DataFrame) -> str:
    """The names of the columns; of many, the first."""
    names = [str(name) for name in rows.columns]
    return ", ".join(names[:40]) + (f", and {len(names) - 40} more" if len(names) > 40 else "")
