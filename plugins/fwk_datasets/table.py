"""A user's own table as a data set without code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from fwk import Bools, Dataset, Encoded, Mistake, Shelf
from fwk_datasets.table_file import nearest, read_table
from fwk_datasets.table_kinds import KINDS, Kind, feature, settle

Value = str | bool | int | float
Fault = tuple[str, str]
"""The knob to blame ("path": the file itself), and what is wrong."""


@dataclass(frozen=True)
class Table:
    """A CSV (.csv, .tsv, plain or .gz) or parquet file; the minority is given in the config by an expression over it.

    path        the file
    label       the label's column
    favourable  the value, or the list of values, of the label that everybody wants
    drop        columns that are no features; expressions and audits can still use them
    types       by column: numeric, boolean, nominal, or the list of its levels in order. Inferred where not given:
                numbers are numeric; text with two levels is one 0/1 feature, with more (up to 255) nominal
    missing_values  texts that mean missing, beside the empty field, NA, NaN, null and the like
    separator   between the fields; a comma, or a tab in .tsv, where not given
    encoding    of the text

    Missing values stay missing (NaN). Rows in messages are counted from 1, below the header.
    """

    path: str
    label: str
    favourable: Value | Sequence[Value]
    drop: Sequence[str] = ()
    types: Mapping[str, Kind] = field(default_factory=dict)
    missing_values: Sequence[str] = ()
    separator: str = ""
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        for name in ("drop", "missing_values"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        if isinstance(self.favourable, (list, tuple)):
            object.__setattr__(self, "favourable", tuple(self.favourable))
        if self.favourable in ((), ""):
            raise ValueError("favourable is empty; give the value of the label that everybody wants")
        if self.label in self.drop:
            raise ValueError(f"the label {self.label!r} is in drop; it is no feature anyway, so leave it out there")
        if self.label in self.types:
            raise ValueError(f"the label {self.label!r} is in types; a label needs none, favourable says what counts")
        for column, kind in self.types.items():
            _check_kind(column, kind)

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The file's rows. Text columns that become features are categories of all their levels.

        Raises Mistake for knobs that ask for what the file does not have, and ValueError for faults of the file alone;
        with file, column, row, value and remedy, all faults of columns at once.
        """
        path = Path(self.path).expanduser()
        rows = read_table(path, self.separator, self.encoding, self.missing_values)
        faults = self._absent(rows)
        settled = {}
        if not faults:
            faults = [*_label_faults(rows, self.label, self.favourable)]
            for name in self._features(rows):
                try:
                    settled[name] = settle(rows[name], self.types.get(name))
                except ValueError as fault:
                    faults.append(("types" if name in self.types else "path", str(fault)))
        if any(knob != "path" for knob, _ in faults):
            raise Mistake(*(f"{knob}: {path}: {fault}" for knob, fault in faults))
        if faults:
            raise ValueError("\n  ".join([f"{path}: {faults[0][1]}", *(fault for _, fault in faults[1:])]))
        return rows.assign(**settled)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """A feature for each column that is neither the label nor dropped; numbers as they are, nominal as category."""
        names = self._features(rows)
        features = pd.DataFrame({name: feature(rows[name], self.types.get(name)) for name in names}, index=rows.index)
        y = _is_favourable(rows[self.label], self.favourable)
        return Encoded(features.reset_index(drop=True), {name: name for name in names}, y)

    def _features(self, rows: pd.DataFrame) -> list[str]:
        return [name for name in rows.columns if name != self.label and name not in self.drop]

    def _absent(self, rows: pd.DataFrame) -> list[Fault]:
        asked = {self.label: "label", **dict.fromkeys(self.types, "types"), **dict.fromkeys(self.drop, "drop")}
        faults = [
            (knob, f"there is no column {name!r}{nearest(name, rows.columns)}")
            for name, knob in asked.items()
            if name not in rows.columns
        ]
        if not faults and not self._features(rows):
            faults = [("drop", "no column is left for features; drop fewer")]
        return faults


def _check_kind(column: str, kind: Kind) -> None:
    if isinstance(kind, str):
        if kind not in KINDS:
            raise ValueError(
                f"types: {column} is {kind!r}{nearest(kind, KINDS)}; or give the list of its levels in order"
            )
    elif len(kind) < 2 or len({str(level) for level in kind}) < len(kind):
        raise ValueError(f"types: {column} has the order {list(kind)}; give at least two levels, each once")


def _label_faults(rows: pd.DataFrame, label: str, favourable: Value | Sequence[Value]) -> list[Fault]:
    """What is wrong with the label."""
    labels = rows[label]
    if labels.isna().any():
        row = int(np.argmax(labels.isna()))
        gaps = f"{int(labels.isna().sum())} of {len(rows)} rows, first in row {row + 1}"
        return [("path", f"the label {label!r} is missing in {gaps}; remove these rows from the file")]
    occurring = labels.map(_text).value_counts()
    listed = ", ".join(f"{value!r} ({count})" for value, count in occurring.head(10).items())
    listed += ", ..." if len(occurring) > 10 else ""
    wanted = _wanted(favourable)
    if unknown := [value for value in wanted if value not in occurring.index]:
        said = f"the favourable value {unknown[0]!r} does not occur in the label {label!r}; there are: {listed}"
        return [("favourable", said)]
    if len(occurring) == 1:
        return [("path", f"the label {label!r} is {occurring.index[0]!r} in every row, so there is nothing to learn")]
    if len(wanted) == len(occurring):
        said = f"every value of the label {label!r} is favourable ({listed}); leave out those that are not"
        return [("favourable", said)]
    return []


def _is_favourable(labels: pd.Series, favourable: Value | Sequence[Value]) -> Bools:
    wanted = labels.map(_text).isin(_wanted(favourable))
    return np.asarray(wanted.to_numpy(), dtype=np.bool_)


def _wanted(favourable: Value | Sequence[Value]) -> list[str]:
    listed = favourable if isinstance(favourable, (list, tuple)) else [favourable]
    return list(dict.fromkeys(_text(value) for value in listed))


def _text(value: object) -> str:
    """A label's value as text, so that 1, 1.0 and "1" are one value, and True and "true"."""
    if isinstance(value, (bool, np.bool_)):
        return str(value).lower()
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return text.lower() if text in ("True", "False", "TRUE", "FALSE") else text


CARD = Dataset(
    name="table",
    make=Table,
    publisher="the user",
    terms="as the user has them",
)
