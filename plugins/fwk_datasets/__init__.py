"""Data sets that come along, by the same door as a stranger's: Adult, ..., and a user's own table."""

from __future__ import annotations

from collections.abc import Iterable

from fwk import Card, hookimpl
from fwk_datasets import acs, adult, compas, gaussians, hsls, table, waterbirds


@hookimpl
def fwk_cards() -> Iterable[Card]:
    """One card a data set."""
    yield adult.CARD
    yield compas.CARD
    yield from hsls.CARDS
    yield acs.CARD
    yield from waterbirds.CARDS
    yield from gaussians.CARDS
    yield table.CARD
