"""How raw columns become features: as they are, one-hot, or as nominal codes. Levels are given, never inferred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fwk import Bools, Encoded


@dataclass(frozen=True, eq=False)
class Block:
    """Features that come from one raw column: the column's name, and a table of them, (n, ...)."""

    source: str
    features: pd.DataFrame


def number(rows: pd.DataFrame, column: str, name: str = "", source: str = "") -> Block:
    """The column as it is, as float64; called `name`, or as the column. `source` as in `flag`."""
    return Block(source or column, pd.DataFrame({name or column: rows[column].astype(np.float64)}))


def flag(rows: pd.DataFrame, column: str, one: object, name: str = "", source: str = "") -> Block:
    """1 where the column equals `one`, else 0; `source` is the raw column that the column was made of, if any."""
    return Block(source or column, pd.DataFrame({name or column: (rows[column] == one).astype(np.float64)}))


def one_hot(rows: pd.DataFrame, column: str, levels: Sequence[object]) -> Block:
    """One feature `column=level` for each of `levels`, present in `rows` or not.

    Raises ValueError naming a value that is none of them.
    """
    _check_levels(rows[column], levels)
    return Block(
        column, pd.DataFrame({f"{column}={level}": (rows[column] == level).astype(np.float64) for level in levels})
    )


def nominal(rows: pd.DataFrame, column: str, levels: Sequence[object], name: str = "") -> Block:
    """The column as a category with `levels`, in that order; missing stays missing.

    Raises ValueError naming a value that is none of them.
    """
    _check_levels(rows[column], levels)
    values = pd.Categorical(rows[column], categories=list(levels))
    return Block(column, pd.DataFrame({name or column: values}, index=rows.index))


def encoded(blocks: Iterable[Block], y: Bools, test: Bools | None = None) -> Encoded:
    """The blocks side by side, with labels and, where one was published, the mark of the test part."""
    kept = list(blocks)
    sources: Mapping[str, str] = {str(name): block.source for block in kept for name in block.features.columns}
    features = pd.concat([block.features for block in kept], axis="columns").reset_index(drop=True)
    return Encoded(features, sources, np.asarray(y, dtype=np.bool_), test)


def _check_levels(values: pd.Series, levels: Sequence[object]) -> None:
    strange = values[values.notna() & ~values.isin(list(levels))]
    if len(strange):
        known = ", ".join(map(repr, levels[:12])) + (", ..." if len(levels) > 12 else "")
        raise ValueError(
            f"column {values.name!r} has the value {strange.iloc[0]!r} in row {strange.index[0]}, which the data set "
            f"does not know; it knows {known}. The file is not the published one"
        )
