"""Sampling of (group, label) cells: uniform and preferential, under and over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.random import Generator

from fwk import Card, Decider, Firm, FirmMethod, FirmSide, Floats, Ints, Labelled, hard_rule, positive_probability
from fwk_firm_side.cells import counts, independent, inside, ranked, shuffled
from fwk_firm_side.checks import between, need_labels, one_of

Balance = Literal["labels", "cells"]
KAMIRAN = "Kamiran and Calders, Data preprocessing techniques for classification without discrimination, KAIS 2012"


@dataclass(frozen=True)
class UniformSampling:
    """Kamiran and Calders, "Data preprocessing techniques for classification without discrimination", KAIS 2012.

    Each (group, label) cell is brought to the size n_g n_y / n at which the label does not depend on the group. A cell
    that shrinks loses people at random; one that grows repeats people at random, nobody more than once oftener than
    another.

    share  swept; how far each cell goes from its size to that one: 0 is the ordinary rule, 1 the paper's method
    """

    share: float = 1.0

    def __post_init__(self) -> None:
        between("share", self.share, 0, 1)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule of the sample. Raises Refusal where a group has nobody of a label."""
        need_labels(train)
        order = shuffled(train, rng)
        return _rule(train, firm, whole(towards_independence(counts(train), self.share)), lambda y: order)


@dataclass(frozen=True)
class PreferentialSampling:
    """The same sizes as `UniformSampling`, but those near the border are dropped and repeated first (same paper).

    A ranker, here the ordinary model, is trained on everybody; of the positives the lowest-scored are nearest to the
    border, of the negatives the highest-scored.

    share  swept; how far each cell goes from its size to that one: 0 is the ordinary rule, 1 the paper's method
    """

    share: float = 1.0

    def __post_init__(self) -> None:
        between("share", self.share, 0, 1)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule of the sample. Raises Refusal where a group has nobody of a label, or the learner gives no
        probabilities.
        """
        need_labels(train)
        down = ranked(train, positive_probability(firm.fit(train), train.X), rng)
        goal = whole(towards_independence(counts(train), self.share))
        return _rule(train, firm, goal, lambda y: down[::-1] if y else down)


@dataclass(frozen=True)
class Undersampling:
    """Random undersampling of (group, label) cells: the larger ones lose people at random.

    balance  "labels": among the people of each label, both groups become as many as the smaller one is, so that the
             label no longer depends on the group; "cells": all four cells become as large as the smallest, which
             changes the share of positives too (what imbalanced-learn does when group and label are one class)
    share    swept; how far each cell goes from its size n to that one, m, in ratios: n (m / n)^share, 0 to 1; 0 is the
             ordinary rule. (In differences, nearly all would happen at the far end.)

    Ours, as the drawing is ten lines and nothing else of imbalanced-learn would be used.
    """

    share: float = 1.0
    balance: Balance = "labels"

    def __post_init__(self) -> None:
        _check(self.share, self.balance)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule of the sample. Raises Refusal where a group has nobody of a label."""
        return _evened(train, firm, rng, np.min, self)


@dataclass(frozen=True)
class Oversampling:
    """Random oversampling of (group, label) cells: the smaller ones repeat people at random, nobody more than once
    oftener than another. Knobs as those of `Undersampling`, towards the larger group or the largest cell.
    """

    share: float = 1.0
    balance: Balance = "labels"

    def __post_init__(self) -> None:
        _check(self.share, self.balance)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The ordinary rule of the sample. Raises Refusal where a group has nobody of a label."""
        return _evened(train, firm, rng, np.max, self)


def towards_independence(n: Ints, share: float) -> Floats:
    """(2, 2) sizes of cells, a share of the way from n to those at which the label does not depend on the group."""
    return n + share * (independent(n) - n)


def balanced(n: Ints, end: Callable[..., Floats], balance: Balance) -> Floats:
    """(2, 2) sizes of cells [minority, y] when the smaller ones are as large as the largest (`end` is np.max), or the
    larger ones as small as the smallest (np.min).

    >>> balanced(np.array([[40, 30], [20, 10]]), np.min, "labels").tolist()
    [[20, 10], [20, 10]]
    >>> balanced(np.array([[40, 30], [20, 10]]), np.max, "cells").tolist()
    [[40, 40], [40, 40]]
    """
    return np.broadcast_to(end(n, axis=0) if balance == "labels" else end(n), (2, 2))


def whole(size: Floats) -> Ints:
    """Sizes of cells as whole numbers, at least one person each."""
    return np.maximum(np.rint(size), 1).astype(np.int64)


def sample(train: Labelled, size: Ints, first: Callable[[bool], Ints]) -> Ints:
    """Positions of a sample with so many people in each cell; `first(y)` orders people, whom to touch first."""
    return np.sort(
        np.concatenate(
            [
                _resized(order[inside(train, minority, y)[order]], int(size[int(minority), int(y)]))
                for y in (False, True)
                for minority, order in ((False, first(y)), (True, first(y)))
            ]
        )
    )


def _resized(cell: Ints, size: int) -> Ints:
    """The cell without its first people, or with its first people repeated, as often as it takes."""
    return cell[len(cell) - size :] if size <= len(cell) else np.resize(cell, size)


def _check(share: float, balance: str) -> None:
    between("share", share, 0, 1)
    one_of("balance", balance, Balance)


def _evened(
    train: Labelled, firm: Firm, rng: Generator, end: Callable[..., Floats], knobs: Undersampling | Oversampling
) -> Decider:
    """The rule of a sample whose cells go towards `end` of their sizes."""
    need_labels(train)
    order, n = shuffled(train, rng), counts(train)
    goal = whole(n * (balanced(n, end, knobs.balance) / n) ** knobs.share)
    return _rule(train, firm, goal, lambda y: order)


def _rule(train: Labelled, firm: Firm, size: Ints, first: Callable[[bool], Ints]) -> Decider:
    return hard_rule(firm.fit(train.take(sample(train, size, first))))


def cards() -> Iterable[Card]:
    """Four cards."""
    even = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    yield _card("uniform-sampling", UniformSampling, even, KAMIRAN)
    early = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
    yield _card("preferential-sampling", PreferentialSampling, early, KAMIRAN)
    yield _card("undersampling", Undersampling, even)
    yield _card("oversampling", Oversampling, even)


def _card(name: str, make: Callable[..., FirmMethod], sweep: tuple[float, ...], paper: str = "") -> FirmSide:
    return FirmSide(name, make, "pre", sees_group=False, knob="share", sweep=sweep, needs=("base",), paper=paper)
