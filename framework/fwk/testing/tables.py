"""Tables that methods are checked on, drawn by fixed seeds: ordinary ones, and the odd ones that life brings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fwk.api import Bools, Floats, Labelled, People

COLUMNS = ("skill", "luck", "noise", "district", "group")
NOMINAL = (3,)
DISTRICTS = 4


def ordinary(seed: int, n: int, *, nominal: bool = False) -> Labelled:
    """n people, a third of them minority, who are accepted less often; no two rows are equal.

    nominal  whether `district` (codes 1..4) is told to be nominal
    """
    rng = np.random.default_rng(seed)
    minority = rng.random(n) < 0.35
    skill = rng.normal(size=n) - 0.7 * minority
    luck, noise = rng.normal(size=(2, n))
    district = rng.integers(1, DISTRICTS + 1, n)
    y = skill + 0.5 * luck + 0.3 * (district > 2) - 0.4 * minority + rng.logistic(scale=0.4, size=n) > 0
    for row, (group, label) in enumerate([(False, False), (False, True), (True, False), (True, True)]):
        minority[row], y[row] = group, label
    X = np.column_stack([skill, luck, noise, district, minority]).astype(np.float64)
    return Labelled(People(X, minority, COLUMNS, NOMINAL if nominal else ()), y)


def strangers(seed: int, n: int, *, nominal: bool = False) -> People:
    """People unlike any of the train part: far outside its ranges, some from a district that nobody trained on."""
    people = ordinary(seed, n, nominal=nominal).people
    X = people.X * 5 + 1
    X[:, 3] = np.where(np.arange(n) % 5 == 0, DISTRICTS + 1, people.X[:, 3])
    X[:, 4] = people.X[:, 4]
    return given_features(people, X)


def odd() -> Iterator[tuple[str, Labelled]]:
    """Train parts that are small or degenerate, each with what is odd about it."""
    whole = ordinary(5, 160)
    yield "four people, one of each group and label", whole.take(np.arange(4))
    yield "twelve people, three of each group and label", whole.take(_of_each_cell(whole, 3))
    for group, mark in (("majority", False), ("minority", True)):
        for label in (True, False):
            kept = (whole.minority != mark) | (whole.y != label)
            yield f"nobody in the {group} with y = {int(label)}", whole.take(kept)
        yield f"nobody in the {group}", whole.take(whole.minority != mark)
    yield "one member of the minority", whole.take(~whole.minority | (np.arange(len(whole)) == 2))
    for label in (True, False):
        yield f"everybody has y = {int(label)}", whole.relabelled(np.full(len(whole), label))
    yield "a constant feature", _with_column(whole, 1, np.ones(len(whole)))
    yield "everybody has the same features", Labelled(given_features(whole.people, np.ones_like(whole.X)), whole.y)
    yield "every person twice", whole.take(np.repeat(np.arange(len(whole)), 2))
    yield "a feature that is the label", _with_column(whole, 2, whole.y.astype(np.float64))
    yield (
        "features of very different size",
        Labelled(given_features(whole.people, whole.X * [1e6, 1, 1e-6, 1, 1]), whole.y),
    )
    yield "one feature", Labelled(People(whole.X[:, :1], whole.minority, COLUMNS[:1]), whole.y)
    gaps = np.where(np.arange(len(whole)) % 7 == 0, np.nan, whole.X[:, 0])
    yield "missing values", _with_column(whole, 0, gaps)
    yield "a nominal feature", ordinary(6, 160, nominal=True)


def given_features(people: People, X: Floats) -> People:
    """The same people with other features."""
    return People(X, people.minority, people.columns, people.categorical)


def _with_column(table: Labelled, column: int, values: Floats) -> Labelled:
    X = table.X.copy()
    X[:, column] = values
    return Labelled(given_features(table.people, X), table.y)


def _of_each_cell(table: Labelled, number: int) -> Bools:
    """Marks the first `number` people of each group and label."""
    cell = 2 * table.minority + table.y
    chosen = np.zeros(len(table), dtype=bool)
    for value in range(4):
        chosen[np.flatnonzero(cell == value)[:number]] = True
    return chosen
