"""Checks of data sets. A data set whose files are not at hand is not checked, and the result says so."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from fwk.api import Dataset, Encoded, Shelf, Source
from fwk.tables import Table, make_table
from fwk.testing.checking import Broken, attempt


class NotHere(Exception):
    """The data set's files are not at hand."""


@dataclass(frozen=True, eq=False)
class Stock:
    """A data set under check: read once, shared by its checks."""

    card: Dataset
    knobs: Mapping[str, Any]
    shelf: Shelf

    def make(self) -> Source:
        """The data set with its knobs."""
        return attempt(f"{self.card.name} cannot be built", self.card.make, **self.knobs)

    def read(self) -> pd.DataFrame:
        """The raw rows, read anew. Raises NotHere if a file is missing."""
        rows = attempt("read", _read, self.make(), self.shelf)
        if isinstance(rows, FileNotFoundError):
            raise NotHere(str(rows)) from rows
        return rows

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The raw rows. Raises NotHere if a file is missing."""
        return self.read()

    @cached_property
    def kept(self) -> pd.DataFrame:
        """The rows that `keep` keeps, numbered anew, as `encode` gets them."""
        if not self.card.keep:
            return self.rows
        return attempt(f"keep: {self.card.keep!r}", self.rows.query, self.card.keep).reset_index(drop=True)

    @cached_property
    def table(self) -> Table:
        """The table that a comparison would use."""
        return attempt("make_table", make_table, self.card, self.make(), self.rows)

    def encoded(self) -> Encoded:
        """The kept rows, encoded."""
        return attempt("encode", self.make().encode, self.kept)


def _read(source: Source, shelf: Shelf) -> pd.DataFrame | FileNotFoundError:
    try:
        return source.read(shelf)
    except FileNotFoundError as missing:
        return missing


def reads_the_same_twice(stock: Stock) -> str:
    """Two readings are equal, and the knobs are a frozen dataclass that pickles."""
    source = stock.make()
    parameters = getattr(type(source), "__dataclass_params__", None)
    if parameters is None or not parameters.frozen:
        raise Broken(f"{type(source).__name__} is not a frozen dataclass; write @dataclass(frozen=True)")
    if attempt("cannot be pickled", _pickled, source) != source:
        raise Broken("a pickled copy is not equal")
    if not stock.read().equals(stock.rows):
        raise Broken("two readings differ")
    return ""


def encodes_every_row(stock: Stock) -> str:
    """One row of features, one label and one test mark a row; numbers or categories; sources are raw columns."""
    encoded, n = stock.encoded(), len(stock.kept)
    features = encoded.features
    shapes = {"features": len(features), "y": len(encoded.y)}
    shapes |= {} if encoded.test is None else {"test": len(encoded.test)}
    if wrong := {name: length for name, length in shapes.items() if length != n}:
        raise Broken(f"{n} rows were kept, but {', '.join(f'{k} has {v}' for k, v in wrong.items())}")
    if strange := [str(c) for c in features if not _takes(features[c])]:
        raise Broken(f"features {', '.join(strange)} are neither numbers nor categories")
    if np.asarray(encoded.y).dtype != bool:
        raise Broken(f"y is {np.asarray(encoded.y).dtype}; it is boolean, True = the favourable outcome")
    foreign = {str(c): encoded.sources.get(str(c)) for c in features if encoded.sources.get(str(c)) not in stock.rows}
    if foreign:
        raise Broken(f"sources must name the raw column of every feature; not so for {foreign}")
    return ""


def leaves_rows_alone(stock: Stock) -> str:
    """Encoding writes nothing into the rows, and gives the same twice."""
    before = stock.rows.copy(deep=True)
    first, again = stock.encoded(), stock.encoded()
    if not stock.rows.equals(before):
        raise Broken("encode writes into the rows that it is handed; copy first")
    if not (first.features.equals(again.features) and np.array_equal(first.y, again.y)):
        raise Broken("two encodings of the same rows differ")
    return ""


def rows_are_encoded_by_themselves(stock: Stock) -> str:
    """A row's features do not depend on which other rows are kept, nor do the columns."""
    encoded, half = stock.encoded(), np.arange(len(stock.kept)) % 2 == 0
    part = attempt("encode of every other row", stock.make().encode, stock.kept[half].reset_index(drop=True))
    if len(encoded.features) != len(half) or len(part.features) != half.sum():
        raise Broken("it encodes more or fewer rows than it is handed")
    if list(part.features.columns) != list(encoded.features.columns):
        raise Broken("the features' names depend on which rows are kept; fix the values of nominal columns")
    whole = encoded.features[half].reset_index(drop=True)
    for name in whole:
        if not _codes(whole[name]).equals(_codes(part.features[name].reset_index(drop=True))):
            raise Broken(f"feature {name!r} of a row depends on which other rows are kept; nothing is fitted in encode")
    return ""


def groups_can_be_marked(stock: Stock) -> str:
    """`minority`, `keep` and `audit` fit the raw columns; both groups have both labels."""
    if not stock.card.minority:
        return "not checked: the card leaves `minority` to the config"
    unlisted = [name for name in stock.card.audit if name not in stock.rows]
    if unlisted:
        raise Broken(f"audit names {', '.join(unlisted)}, which are no raw columns")
    counts = stock.table.counts
    return "" if min(counts["minority"], counts["majority"]) >= 30 else f"a group has under 30 people: {counts}"


def counts_hold(stock: Stock) -> str:
    """The card's `counts` are those of the data at hand."""
    if not stock.card.counts:
        return "not checked: the card gives no counts"
    known = counted(stock)
    wrong = [
        f"{name} is {known[name]:,}, expected {expected:,}"
        for name, expected in stock.card.counts.items()
        if name in known and known[name] != expected
    ]
    if wrong:
        raise Broken(f"another version, or a damaged copy: {'; '.join(wrong)}")
    unknown = sorted(set(stock.card.counts) - set(known))
    return f"not checked: {', '.join(unknown)} (known here: {', '.join(known)})" if unknown else ""


def counted(stock: Stock) -> dict[str, int]:
    """Every count by which a card can describe its data."""
    table = stock.table
    published = {} if table.published is None else {"test_rows": int(table.published.sum())}
    favourable = int(table.people.y.sum())
    return {"rows_read": len(stock.rows), **table.counts, "favourable": favourable, **published}


CHECKS: dict[str, Callable[[Stock], str]] = {
    "reads-the-same-twice": reads_the_same_twice,
    "encodes-every-row": encodes_every_row,
    "rows-are-left-alone": leaves_rows_alone,
    "rows-by-themselves": rows_are_encoded_by_themselves,
    "groups": groups_can_be_marked,
    "counts": counts_hold,
}


def when_here(test: Callable[[Stock], str]) -> Callable[[Stock], str]:
    """The same check, which passes with a remark where the files are not at hand."""

    def act(stock: Stock) -> str:
        try:
            return test(stock)
        except NotHere as missing:
            return f"not checked: {missing}"

    return act


def _takes(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype) or pd.api.types.is_numeric_dtype(column)


def _codes(column: pd.Series) -> pd.Series:
    return column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column


def _pickled(source: Source) -> Source:
    copy: Source = pickle.loads(pickle.dumps(source))
    return copy
