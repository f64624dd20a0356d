"""Every installed method, data set and measure, every check; ours and strangers' alike."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from fwk.api import Card
from fwk.plugins import knobs_of, load_plugins
from fwk.shelf import Folders
from fwk.testing import Check, checks_of

SLOW = {"lfr-holisticai": "starts jax in a process of its own for every fit"}
"""Methods whose checks take minutes, and why."""

EXTRA = {"lfr-holisticai": "holisticai", "calibrated-eqodds-holisticai": "holisticai"}
"""Methods that need an extra, and the module that tells whether it is installed."""

SHARED = Path(__file__).parents[3] / "shared" / "data"


def cards() -> list[Card]:
    registry = load_plugins()
    return [*registry.methods.values(), *registry.datasets.values(), *registry.metrics.values()]


def every_check() -> Iterator[object]:
    folder = SHARED if SHARED.is_dir() and "FWK_DATA" not in os.environ else None
    shelf = Folders(**({"data": folder} if folder else {}), fetch=False)
    for card in cards():
        if lacking(card):
            continue
        marks = [pytest.mark.slow] if card.name in SLOW else []
        if card.name in EXTRA and find_spec(EXTRA[card.name]) is None:
            marks.append(pytest.mark.skip(f"{card.name} needs pip install 'fwk[{EXTRA[card.name]}]'"))
        for check in checks_of(card, shelf=shelf):
            yield pytest.param(check, id=f"{card.name}-{check.name}", marks=marks)


def lacking(card: Card) -> list[str]:
    """Knobs without a default: such a data set is checked by tests of its own."""
    knobs = knobs_of(card) if hasattr(card, "make") else {}
    return [name for name, default in knobs.items() if default is inspect.Parameter.empty]


def test_no_installed_plugin_is_broken() -> None:
    assert not [(plugin.name, plugin.trouble) for plugin in load_plugins().broken]


@pytest.mark.parametrize("check", list(every_check()))
def test_a_card_keeps_its_promise(check: Check) -> None:
    result = check.result()
    assert result.passed, result.message
    if "is not here" in result.message:
        pytest.skip(result.message)


def test_only_a_users_own_table_cannot_be_checked_by_name() -> None:
    assert [card.name for card in cards() if lacking(card)] == ["table"]
