"""What FARE does to a train part before its tree: shares, columns, codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from fwk import Floats, Ints, Labelled, People, Refusal

Codes = npt.NDArray[np.int64]


def split_shares(train: Labelled, share: float, rng: Generator) -> tuple[Labelled, Labelled]:
    """The people the tree is fitted on, and the first int(share * n) of a random order, kept for the certificate.

    Who is kept depends on what people are and on `rng`, not on the order of rows; equal people stand for one another.
    """
    order = np.argsort(row_keys(train), kind="stable")[rng.permutation(len(train))]
    kept = int(share * len(train))
    return train.take(order[kept:]), train.take(order[:kept])


def row_keys(table: Labelled) -> npt.NDArray[np.uint64]:
    """A number of each person's features, group and label, equal for equal people, (n,)."""
    keys = np.zeros(len(table), np.uint64)
    for values in (*table.X.T, table.minority, table.y):
        bits = (np.asarray(values, dtype=np.float64) + 0.0).view(np.uint64)  # + 0.0: -0 becomes 0
        keys = (keys ^ bits) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def group_copies(train: Labelled) -> Ints:
    """Positions of the columns with two values, one that everybody in the minority has, and one of everybody else."""
    X, minority = train.X, train.minority
    ours, theirs = X[np.argmax(minority)], X[np.argmin(minority)]
    copies = (X[minority] == ours).all(axis=0) & (X[~minority] == theirs).all(axis=0) & (ours != theirs)
    return np.flatnonzero(copies)


@dataclass(frozen=True, eq=False)
class Recoding:
    """people -> what the tree is given, (n, d').

    columns  positions of the columns that are kept, (d',)
    nominal  which of these are nominal, positions 0 .. d'-1
    levels   for each nominal one, ascending, the codes that get a code 1, 2, ... of their own; a missing one is 0
    merged   for each nominal one, whether the others share the next code; if not they become 0, which goes left always
    """

    columns: Ints
    nominal: tuple[int, ...]
    levels: tuple[Floats, ...]
    merged: tuple[bool, ...]

    @staticmethod
    def of(people: People, columns: Ints, rare: int) -> Recoding:
        """Fitted to the people that the tree is fitted on; codes of fewer than `rare` of them are merged."""
        nominal = tuple(np.flatnonzero(np.isin(columns, people.categorical)).tolist())
        counted = [np.unique(np.nan_to_num(people.X[:, columns[j]], nan=0.0), return_counts=True) for j in nominal]
        levels = tuple(codes[count >= rare] for codes, count in counted)
        return Recoding(columns, nominal, levels, tuple(bool((count < rare).any()) for _, count in counted))

    def __call__(self, people: People) -> Floats:
        """(n, d'). Raises Refusal where a number is missing, or too large."""
        X = people.X[:, self.columns].copy()
        for j, levels, merged in zip(self.nominal, self.levels, self.merged, strict=True):
            codes = np.nan_to_num(X[:, j], nan=0.0)
            place = np.searchsorted(levels, codes)
            known = np.isin(codes, levels)
            X[:, j] = np.where(known, place + 1, len(levels) + 1 if merged else 0)
        wrong = ~(np.abs(X) <= np.finfo(np.float32).max)
        if wrong.any():
            names = ", ".join(
                f"{people.columns[self.columns[j]]} ({wrong[:, j].sum()})" for j in np.flatnonzero(wrong.any(axis=0))
            )
            raise Refusal(
                f"a fair tree compares numbers up to 3.4e38, and there are missing or larger ones in {names}; "
                "set `missing: impute` for the data set, or leave out the columns"
            )
        return X
