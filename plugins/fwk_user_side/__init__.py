"""Rankers of a collective, by the same door as a stranger's: whose label flips first."""

from __future__ import annotations

from collections.abc import Iterable

from fwk import Card, hookimpl
from fwk_user_side import chance, classifiers, neighbours


@hookimpl
def fwk_cards() -> Iterable[Card]:
    """One card a ranker."""
    yield from classifiers.CARDS
    yield from neighbours.CARDS
    yield chance.CARD
