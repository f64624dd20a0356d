"""Data sets that come along, by the same door as a stranger's: published ones, made-up ones, and a user's own table."""

from __future__ import annotations

from collections.abc import Iterable

from fwk import Card, hookimpl
from fwk_datasets import (
    acs,
    adult,
    bank,
    compas,
    dutch,
    gaussians,
    german,
    hsls,
    kdd,
    law,
    table,
    waterbirds,
)


@hookimpl
def fwk_cards() -> Iterable[Card]:
    """One card a data set."""
    yield adult.CARD
    yield compas.CARD
    yield from hsls.CARDS
    yield acs.CARD
    yield from waterbirds.CARDS
    yield from gaussians.CARDS
    yield from (german.CARD, bank.CARD, law.CARD, dutch.CARD, kdd.CARD)
    yield table.CARD
