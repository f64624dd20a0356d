"""Methods of the firm: before, in and after training. One module a method or family; each exports `cards()`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from fwk import Card, hookimpl

MODULES = (
    "fare.method",
    "lfr",
    "lfr_holisticai",
    "massaging",
    "reweighing",
    "sampling",
    "correlation_remover",
    "reductions",
    "grid_search",
    "calibrated",
    "calibrated_holisticai",
    "eqodds_thresholds",
    "relaxed_eqodds",
    "reject_option",
)
"""Modules that export `cards() -> Iterable[Card]`. Heavy imports wait there until a method is fitted."""


@hookimpl
def fwk_cards() -> Iterable[Card]:
    """The cards of every module, in order."""
    for name in MODULES:
        yield from import_module(f"{__name__}.{name}").cards()
