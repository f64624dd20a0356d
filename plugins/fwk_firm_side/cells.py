"""Counts of the (group, label) cells of a table, and orders of its people that do not depend on the order of rows."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from fwk import Bools, Floats, Ints, Labelled


def counts(train: Labelled) -> Ints:
    """(2, 2) people, indexed [minority, y]."""
    return np.bincount(2 * train.minority.astype(np.int64) + train.y, minlength=4).reshape(2, 2).astype(np.int64)


def independent(n: Ints) -> Floats:
    """(2, 2) people that each cell would hold if the label did not depend on the group: n_g n_y / n. Groups and labels
    keep their sizes (Kamiran and Calders 2012).

    >>> independent(np.array([[40, 40], [20, 0]])).tolist()
    [[48.0, 32.0], [12.0, 8.0]]
    """
    return np.asarray(np.outer(n.sum(axis=1), n.sum(axis=0)) / n.sum(), dtype=np.float64)


def inside(train: Labelled, minority: bool, y: bool) -> Bools:
    """(n,) True for the people of one cell."""
    return np.asarray((train.minority == minority) & (train.y == y))


def shuffled(train: Labelled, rng: Generator) -> Ints:
    """Everybody's position, in random order. The same people come out in the same order however the rows were ordered,
    but for people who are alike in everything.
    """
    by_content = np.lexsort((train.y, train.minority, *train.X.T))
    return np.asarray(by_content[rng.permutation(len(train))], dtype=np.int64)


def ranked(train: Labelled, scores: Floats, rng: Generator) -> Ints:
    """Everybody's position, highest score first; equal scores in random order, whatever the order of rows."""
    order = shuffled(train, rng)
    return order[np.argsort(-scores[order], kind="stable")]
