"""A data set's raw rows -> the encoded table with group, label and traits under audit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fwk.api import Bools, Dataset, Encoded, Floats, Ints, Labelled, Mistake, People, Source
from fwk.expressions import check_missing, columns_in, listed, marked
from fwk.hints import nearest_name

MOST_VALUES = 50
"""Values that a column under audit may have."""


@dataclass(frozen=True, eq=False)
class Table:
    """Everybody in a data set, ready to be split.

    people       features, group, traits and labels, (n,)
    published    (n,) True for the published test part; None where none was published
    fingerprint  identifies the content
    mark         the feature that was added to tell the group, as no other was made of its columns; "" if there is none
    """

    people: Labelled
    published: Bools | None
    fingerprint: str
    mark: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Rows, features, and people by group and label."""
        y, minority = self.people.y, self.people.minority
        return {
            "rows": len(y),
            "features": self.people.X.shape[1],
            "majority": int((~minority).sum()),
            "majority_positive": int((y & ~minority).sum()),
            "minority": int(minority.sum()),
            "minority_positive": int((y & minority).sum()),
        }

    @property
    def described(self) -> str:
        """Its counts in words, and whether the group's mark is a feature that was added."""
        n = self.counts
        added = f", of which {self.mark!r} is the group's mark, added" if self.mark else ""
        return (
            f"{n['rows']:,} rows, {n['features']} features{added}; minority {n['minority']:,} "
            f"({n['minority_positive']:,} with y = 1), majority {n['majority']:,} ({n['majority_positive']:,})"
        )


def make_table(
    card: Dataset,
    source: Source,
    rows: pd.DataFrame,
    *,
    minority: str = "",
    keep: str | None = None,
    group_in_X: bool = True,
    audit: tuple[str, ...] | None = None,
) -> Table:
    """Filter, encode and mark a data set.

    rows             what `source` read
    minority, keep   expressions over the raw columns; the card's by default
    group_in_X       whether features made from the columns of `minority` stay, and any that has two values and tells
                     the group from them; if there are none, the mark is added
    audit            raw columns to carry as traits; the card's by default

    Raises Mistake, which starts with the key of the config that is to blame, for an expression or column that does not
    fit, people whose group is missing, and for a table without features, or without both groups and labels.
    """
    minority, keep = minority or card.minority, card.keep if keep is None else keep
    if not minority:
        raise Mistake(f"minority: data set {card.name!r} needs an expression over its columns: {listed(rows)}")
    _check_columns(rows, card, audit, **({"keep": keep} if keep else {}), minority=minority)
    if keep:
        rows = rows[marked(rows, keep, "keep")].reset_index(drop=True)
        if rows.empty:
            raise Mistake(f"keep: {keep!r} keeps no row")
    encoded = source.encode(rows)
    group, columns = marked(rows, minority, "minority"), columns_in(minority, rows)
    check_missing(rows, minority, columns)
    people, mark = _people(encoded, group, columns, group_in_X, _traits(rows, card, audit))
    labelled = Labelled(people, np.asarray(encoded.y, dtype=bool))
    _check_groups(labelled, minority)
    return Table(labelled, encoded.test, fingerprint(labelled, encoded.test), mark)


def _check_columns(rows: pd.DataFrame, card: Dataset, audit: tuple[str, ...] | None, **expressions: str) -> None:
    """Raise one Mistake with all that does not fit the columns, as the first rows show it."""
    faults: list[str] = []
    for key, expression in expressions.items():
        try:
            marked(rows.iloc[:100], expression, key)
        except Mistake as mistake:
            faults += mistake.args
    wanted = card.audit if audit is None else audit
    if absent := [name for name in wanted if name not in rows.columns]:
        hint = nearest_name(absent[0], map(str, rows.columns))
        named = ", ".join(map(repr, absent))
        faults.append(f"audit: data set {card.name!r} has no column {named}{hint}; it has: {listed(rows)}")
    if faults:
        raise Mistake(*faults)


def impute(X: Floats, train: Ints, categorical: tuple[int, ...]) -> Floats:
    """X with gaps filled from the train rows: the median, or the most frequent code (the smallest of equals)."""
    filled = X.copy()
    for column in np.flatnonzero(np.isnan(X).any(axis=0)):
        seen = X[train, column]
        seen = seen[~np.isnan(seen)]
        if len(seen) == 0:
            raise Mistake(f"column {column} of X has no value in the train part to impute from; drop it")
        if column in categorical:
            values, count = np.unique(seen, return_counts=True)
            value = values[count.argmax()]
        else:
            value = np.median(seen)
        filled[np.isnan(X[:, column]), column] = value
    return filled


def fingerprint(people: Labelled, published: Bools | None) -> str:
    """Identifies a table by content: features, names, group, labels, traits, published part."""
    digest = hashlib.blake2b(digest_size=16)
    header = [people.X.shape, people.people.columns, people.people.categorical, list(people.people.traits)]
    digest.update(json.dumps(header).encode())
    arrays: list[npt.NDArray[np.generic]] = [people.X, people.minority, people.y]
    arrays += [] if published is None else [published]
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    for values in people.people.traits.values():
        digest.update(pd.util.hash_array(np.asarray(values, dtype=object), categorize=True).tobytes())
    return digest.hexdigest()


def _people(
    encoded: Encoded,
    group: Bools,
    group_columns: set[str],
    group_in_X: bool,
    traits: Mapping[str, npt.NDArray[np.object_]],
) -> tuple[People, str]:
    """Who they are, and the name of the group's mark if it was added."""
    features, mark = encoded.features, ""
    made_of_group = [
        name
        for i, name in enumerate(features.columns)
        if {str(name), encoded.sources.get(str(name))} & group_columns or _tells(features.iloc[:, i], group)
    ]
    if not group_in_X:
        features = features.drop(columns=made_of_group)
    elif not made_of_group:
        mark = next(name for name in ("minority", "minority (group)", "(minority)") if name not in features)
        features = features.assign(**{mark: group.astype(float)})
    if features.empty:
        raise Mistake(f"group_in_X: without {', '.join(made_of_group)} no feature is left; keep the group among them")
    nominal = tuple(i for i, dtype in enumerate(features.dtypes) if isinstance(dtype, pd.CategoricalDtype))
    X = np.column_stack([_numbers(features.iloc[:, i]) for i in range(features.shape[1])])
    return People(X, group, tuple(map(str, features.columns)), nominal, dict(traits)), mark


def _tells(feature: pd.Series, group: Bools) -> bool:
    """Whether a feature is the group by another name: two values, each of them of one group only."""
    if feature.iloc[:1000].nunique(dropna=False) > 2:
        return False
    codes, values = pd.factorize(feature, use_na_sentinel=False)
    return len(values) == 2 and len(np.unique(2 * codes + group)) == 2


def _numbers(column: pd.Series) -> Floats:
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy().astype(np.float64) + 1
        return np.where(codes == 0, np.nan, codes)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def _traits(rows: pd.DataFrame, card: Dataset, audit: tuple[str, ...] | None) -> dict[str, npt.NDArray[np.object_]]:
    wanted = card.audit if audit is None else audit
    for name in wanted:
        if (number := rows[name].nunique()) > MOST_VALUES:
            raise Mistake(
                f"audit: column {name!r} of data set {card.name!r} has {number:,} values, more than {MOST_VALUES}: no "
                "breakdown by it could be read; leave it out, or put it in bins first"
            )
    return {
        name: np.array(["missing" if pd.isna(value) else str(value) for value in rows[name]], dtype=object)
        for name in wanted
    }


def _check_groups(people: Labelled, minority: str) -> None:
    for name, member in (("minority", people.minority), ("majority", ~people.minority)):
        if not member.any():
            raise Mistake(f"minority: {minority!r} leaves nobody in the {name}; check the values it compares with")
        if people.y[member].all() or not people.y[member].any():
            raise Mistake(
                f"minority: {minority!r}: everybody in the {name} has the same label; nothing can be compared"
            )
