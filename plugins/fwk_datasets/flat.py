"""Flat tables of numbers and nominal columns: levels are settled on reading, so that any rows encode alike later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import pandas as pd

from fwk_datasets.encoding import Block, nominal, number, one_hot

Nominal = Literal["one-hot", "ordinal"]


def settled(rows: pd.DataFrame, nominal_columns: Iterable[str] = ()) -> pd.DataFrame:
    """Text columns, and the named ones, as categories of all their values, in order."""
    text = [str(name) for name in rows.columns if not pd.api.types.is_numeric_dtype(rows[name])]
    return rows.astype(dict.fromkeys([*text, *nominal_columns], "category"))


def blocks(rows: pd.DataFrame, names: Iterable[str], how: Nominal) -> Iterator[Block]:
    """Features of the settled columns `names`: numbers as they are, nominal ones one-hot or as codes in order."""
    for name in names:
        if not isinstance(rows[name].dtype, pd.CategoricalDtype):
            yield number(rows, name)
        elif how == "one-hot":
            yield one_hot(rows, name, list(rows[name].cat.categories))
        else:
            yield nominal(rows, name, list(rows[name].cat.categories))


def check_nominal(how: str) -> None:
    """Raises ValueError for a word that is not a `Nominal`."""
    if how not in ("one-hot", "ordinal"):
        raise ValueError(f"nominal is {how!r}; it can be: one-hot, ordinal")
