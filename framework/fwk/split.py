"""Seeded parts: who trains, who validates, who tests. Everything random in a comparison starts from `stream`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk.api import Bools, Ints


def stream(seed: int, *what: str | int | float | None) -> Generator:
    """The random stream of `what` under `seed`: depends on nothing else, so no order or worker changes a number.

    >>> int(stream(0, "split", 1).integers(100)) == int(stream(0, "split", 1).integers(100))
    True
    """
    return np.random.default_rng(seed_of(seed, *what))


def seed_of(seed: int, *what: str | int | float | None) -> int:
    """A seed for libraries that want a number, in [0, 2**31)."""
    digest = hashlib.blake2b(json.dumps([seed, *what]).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 2**31


@dataclass(frozen=True, eq=False)
class Parts:
    """Row numbers of the three parts, ascending and disjoint; together they are all rows."""

    train: Ints
    validation: Ints
    test: Ints


def split(n: int, rng: Generator, *, test: float | Bools, validation: float = 0.15) -> Parts:
    """Cut n rows.

    test        the share drawn for the test part, or the mask of the published one
    validation  the share of the rest that becomes the validation part

    Raises ValueError if a part would be empty.
    """
    if isinstance(test, float):
        drawn = rng.permutation(n)
        tested, rest = np.split(drawn, [round(test * n)])
    else:
        tested, rest = np.flatnonzero(test), rng.permutation(np.flatnonzero(~test))
    validated, trained = np.split(rest, [round(validation * len(rest))])
    for name, rows in (("test", tested), ("validation", validated), ("train", trained)):
        if len(rows) == 0:
            raise ValueError(f"the {name} part of {n} rows is empty; give a larger table or other shares")
    return Parts(np.sort(trained), np.sort(validated), np.sort(tested))
