"""Checks of what only firm-side methods promise: rules for strangers, claims on the card, representations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from fwk.api import FirmSide, Floats, Labelled, People, Refusal, Representer
from fwk.evaluate import decide
from fwk.testing import tables
from fwk.testing.checking import Broken, attempt
from fwk.testing.methods import Subject, thinned
from fwk.testing.trials import Market, SteadyFirm


def strangers_are_decided_one_by_one(subject: Subject) -> str:
    """The rule decides people unlike any it was fitted on, one person alone as in the crowd, and in any order."""
    for market, _ in _served(subject):
        rule = attempt(f"on {market.name}", market.rule, subject.make(), 0)
        strangers = tables.strangers(40, 60, nominal=bool(market.train.people.categorical))
        for who, people in (("people of its kind", market.people), ("people unlike the train part", strangers)):
            where = f"on {market.name}, {who}"
            together = _decided(where, rule, people)
            backwards = _decided(f"{where}, backwards", rule, people.take(np.arange(len(people))[::-1]))[::-1]
            alone = np.array([_decided(f"{where}, one alone", rule, people.take(np.array([i])))[0] for i in range(5)])
            if not (market.near(together, backwards) and np.allclose(together[:5], alone, atol=1e-6)):
                raise Broken(f"{where}: P(accept) depends on who else is decided; decide each person by themselves")
            _decided(f"{where}, nobody", rule, people.take(np.arange(0)))
    return ""


def sees_the_group_as_claimed(subject: Subject) -> str:
    """`sees_group=False`: nobody's P(accept) changes when everybody's group mark is swapped; True: somebody's does."""
    card, looks = _card(subject), False
    for where, market, method in _settings(subject):
        try:
            rule = attempt(where, market.rule, method, 0)
        except Refusal:
            continue
        swapped = dataclasses.replace(market.people, minority=~market.people.minority)
        as_is, other = _decided(where, rule, market.people), _decided(where, rule, swapped)
        if np.array_equal(as_is, other):
            continue
        looks = True
        if not card.sees_group:
            changed = int((as_is != other).sum())
            raise Broken(
                f"{where}: the card claims sees_group=False, but swapping everyone's `people.minority` changes "
                f"{changed} of {len(as_is)} decisions; claim True, or leave the group out of the rule"
            )
    if card.sees_group and not looks:
        return "the card claims sees_group=True, but no decision on these tables depends on `people.minority`"
    return ""


def needs_are_as_claimed(subject: Subject) -> str:
    """What the card says in `needs` is what the method asks the firm for: the base model, the out-of-fold scores."""
    used: set[str] = set()
    for where, market, method in _settings(subject):
        firm = SteadyFirm(market.train.people.categorical)
        try:
            attempt(where, method.fit, market.train, firm, np.random.default_rng(0))
        except Refusal:
            continue
        used |= {_shared(what, table, weight, market.train) for what, table, weight in firm.asked}
    used -= {""}
    claimed: set[str] = set(_card(subject).needs)
    if unused := sorted(claimed - used):
        raise Broken(f"the card needs {', '.join(unused)}, but the method never asks for it; leave it out of `needs`")
    if unclaimed := sorted(used - claimed):
        return f"the method also starts from {', '.join(unclaimed)}; add it to `needs`, and it is trained once for all"
    return ""


def represents_people_one_by_one(subject: Subject) -> str:
    """If the method learns a representation: finite numbers, each person by themselves, same seed same rows."""
    if not isinstance(subject.make(), Representer):
        return "not checked: the method learns no representation"
    for market, _ in _served(subject):
        where = f"on {market.name}, represent"
        first, again = _represented(where, subject.make(), market), _represented(where, subject.make(), market)
        Z = np.asarray(attempt(where, first, market.people))
        if Z.ndim != 2 or len(Z) != len(market.people) or not np.isfinite(Z).all():
            shape = f"of shape {Z.shape}" if np.isfinite(Z).all() else "with NaN or infinite numbers"
            raise Broken(f"{where}: {len(market.people)} people gave an array {shape}; one finite row a person")
        if not np.array_equal(Z, again(market.people)):
            raise Broken(f"{where}: two runs with one seed differ; draw from `rng` and nothing else")
        if not np.allclose(Z[:1], first(market.people.take(np.array([0]))), atol=1e-6):
            raise Broken(f"{where}: a person's row depends on who else is represented")
    return ""


ONLY: dict[str, Callable[[Subject], str]] = {
    "strangers": strangers_are_decided_one_by_one,
    "sees-group-as-claimed": sees_the_group_as_claimed,
    "needs-as-claimed": needs_are_as_claimed,
    "representation": represents_people_one_by_one,
}


def _served(subject: Subject) -> Iterator[tuple[Market, Floats]]:
    for trial, outcome in subject.served():
        assert isinstance(trial, Market)  # the firm side is tried on markets only
        yield trial, outcome


def _settings(subject: Subject) -> Iterator[tuple[str, Market, Any]]:
    """The method by default, and at both ends and the middle of its sweep, on every ordinary table that it serves."""
    card = _card(subject)
    knobs: list[dict[str, Any]] = [{}]
    if card.knob and card.knob not in subject.knobs:
        knobs += [{card.knob: value} for value in thinned(card.sweep)]
    for market, _ in _served(subject):
        for setting in knobs:
            at = "".join(f", {knob} = {value!r}" for knob, value in setting.items())
            yield f"on {market.name}{at}", market, subject.make(**setting)


def _card(subject: Subject) -> FirmSide:
    assert isinstance(subject.card, FirmSide)  # these checks are for firm-side cards only
    return subject.card


def _decided(where: str, rule: Any, people: People) -> Floats:
    return attempt(where, decide, rule, people)


def _shared(what: str, table: Labelled, weight: Floats | None, train: Labelled) -> str:
    """The shared fit that a request to the firm stands for, "" if for none."""
    as_it_is = np.array_equal(table.X, train.X, equal_nan=True) and np.array_equal(table.y, train.y)
    if not as_it_is or weight is not None:
        return ""
    return "out-of-fold" if what == "out-of-fold" else "base"


def _represented(where: str, method: Representer, market: Market) -> Callable[[People], Floats]:
    firm = SteadyFirm(market.train.people.categorical)
    return attempt(where, method.represent, market.train, firm, np.random.default_rng(0))
