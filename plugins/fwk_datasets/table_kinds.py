"""What a column of a user's table is: numeric, boolean, nominal or ordered; inferred, or as declared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pandas.api import types

Kind = Literal["numeric", "boolean", "nominal"] | Sequence[str]
KINDS = ("numeric", "boolean", "nominal")

MOST_LEVELS = 255  # as many as scikit-learn's HistGradientBoosting takes
TRUE, FALSE = frozenset({"true", "yes", "y", "t", "1", "1.0"}), frozenset({"false", "no", "n", "f", "0", "0.0"})
DISTINCT = 0.9  # share of distinct values from which text identifies people
FEW = 20  # rows or levels below which nothing can be told from how many values are distinct
IDENTIFIER = re.compile(r"(^|[\W_])(id|uuid|guid|key|index|row|nr|no)$|^unnamed: ?\d+$", re.IGNORECASE)


def settle(column: pd.Series, kind: Kind | None) -> pd.Series:
    """The column with a dtype that says its kind, whatever rows are taken of it later: numbers and booleans stay; text
    becomes a category of all levels (ordered where an order is declared).

    kind  declared, or None to infer it

    Raises ValueError (without the file's name) for a column that cannot be a feature, with a row counted from 1, its
    value, and what to do.
    """
    held = types.infer_dtype(column, skipna=True)
    if column.notna().sum() == 0:
        raise ValueError(f"{_named(column)} has no value in any row; add it to drop")
    if held in ("mixed", "mixed-integer", "bytes", "unknown-array"):
        raise ValueError(_mixed(column))
    if held.startswith(("date", "time", "period", "interval")):
        raise ValueError(
            f"{_named(column)} holds {held} values; turn them into numbers (years, days), or add it to drop"
        )
    if kind is None:
        return _inferred(column, held)
    if kind == "numeric":
        return _numeric(column)
    if kind == "boolean":
        _truth(column)
        return column
    if kind == "nominal":
        return _levels(column)
    return _ordered(column, [str(level) for level in kind])


def feature(column: pd.Series, kind: Kind | None) -> pd.Series:
    """The settled column as a feature: float64, or a category for three levels and more (also two, if declared)."""
    if kind == "boolean":
        return _truth(column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        if column.cat.ordered or (kind is None and len(column.cat.categories) <= 2):
            codes = column.cat.codes.astype(np.float64)
            return codes.where(codes >= 0)
        return column
    return _floats(column)


def _inferred(column: pd.Series, held: str) -> pd.Series:
    if held in ("integer", "floating", "decimal"):
        numbers = _numeric(column)
        if held == "integer" and _numbers_rows(column):
            raise ValueError(
                f"{_named(column)} gives every row a number of its own, so it identifies rows; add it to drop, or "
                f"declare types: {{{column.name}: numeric}}"
            )
        return numbers
    if types.is_bool_dtype(column.dtype):
        return column
    if held == "string":
        _refuse_stray_text(column)
    return _levels(column)


def _numeric(column: pd.Series) -> pd.Series:
    """Numbers with their own dtype; text that reads as numbers, too."""
    numbers = column if types.is_numeric_dtype(column.dtype) else pd.to_numeric(column, errors="coerce")
    wrong = column.notna() & numbers.isna()
    if wrong.any():
        raise ValueError(
            f"{_named(column)} is declared numeric, but {_first(column, wrong)}; correct it, list it in "
            "missing_values, or declare the column nominal"
        )
    infinite = np.isinf(_floats(numbers))
    if infinite.any():
        raise ValueError(
            f"{_named(column)} is infinite in {int(infinite.sum())} of {len(column)} rows, first in row "
            f"{int(np.argmax(infinite)) + 1}; replace these values, or list them in missing_values"
        )
    return numbers


def _truth(column: pd.Series) -> pd.Series:
    words = column.astype(object).map(lambda value: str(value).strip().casefold(), na_action="ignore")
    wrong = column.notna() & ~words.isin(list(TRUE | FALSE))
    if wrong.any():
        raise ValueError(f"{_named(column)} is declared boolean, but {_first(column, wrong)}; yes and no, true and "
                         "false, 1 and 0 are understood")  # fmt: skip
    return words.isin(list(TRUE)).astype(np.float64).where(column.notna())


def _levels(column: pd.Series) -> pd.Series:
    settled = column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")
    levels, present = len(settled.cat.categories), int(column.notna().sum())
    if levels > FEW and levels >= DISTINCT * present:
        raise ValueError(
            f"{_named(column)} has {levels} different values in {present} rows, so it names or describes single rows "
            f"(row 1 is {column.iloc[0]!r}); add it to drop"
        )
    if levels > MOST_LEVELS:
        raise ValueError(
            f"{_named(column)} is nominal with {levels} levels, and learners take at most {MOST_LEVELS}; group rare "
            "levels, or add it to drop" + (", or declare it numeric" if types.is_numeric_dtype(column.dtype) else "")
        )
    return settled


def _ordered(column: pd.Series, levels: list[str]) -> pd.Series:
    words = column.astype(object).map(_plain, na_action="ignore")
    wrong = column.notna() & ~words.isin(levels)
    if wrong.any():
        raise ValueError(f"{_named(column)} is declared ordered {' < '.join(levels)}, but {_first(column, wrong)}")
    return pd.Series(pd.Categorical(words, categories=levels, ordered=True), index=column.index, name=column.name)


def _refuse_stray_text(column: pd.Series) -> None:
    """A column of numbers with some words in it is a mistake, not a nominal column."""
    levels = pd.Series(column.dropna().unique())
    words = pd.to_numeric(levels, errors="coerce").isna()
    if len(levels) > FEW and 0 < words.sum() <= (1 - DISTINCT) * len(levels):
        stray = column.isin(levels[words])
        raise ValueError(
            f"{_named(column)} holds numbers, but {_first(column, stray)}; correct it, list it in missing_values, or "
            f"declare types: {{{column.name}: nominal}}"
        )


def _numbers_rows(column: pd.Series) -> bool:
    """Whether whole numbers identify rows: all distinct, and consecutive or in a column called like an identifier."""
    if not column.is_unique or column.isna().any() or len(column) < FEW:
        return False
    return int(column.max()) - int(column.min()) == len(column) - 1 or bool(IDENTIFIER.search(str(column.name)))


def _floats(column: pd.Series) -> pd.Series:
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(values, index=column.index, name=column.name)


def _plain(value: object) -> str:
    """A value as people write it: 1.0 is "1"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _mixed(column: pd.Series) -> str:
    kinds = column.dropna().map(lambda value: type(value).__name__)
    first, other = kinds.index[0], kinds.index[int(np.argmax(kinds != kinds.iloc[0]))]
    return (
        f"{_named(column)} mixes kinds of values: row {first + 1} is {column[first]!r} ({kinds[first]}), row "
        f"{other + 1} is {column[other]!r} ({kinds[other]}); make them one kind, or add the column to drop"
    )


def _first(column: pd.Series, where: pd.Series) -> str:
    row = int(np.argmax(where.to_numpy()))
    return f"row {row + 1} is {column.iloc[row]!r} ({int(where.sum())} such rows)"


def _named(column: pd.Series) -> str:
    return f"column {column.name!r}"
