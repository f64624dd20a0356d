"""The one hook through which everything enters, built-ins too."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from fwk.api import Card

hookspec = pluggy.HookspecMarker("fwk")
hookimpl = pluggy.HookimplMarker("fwk")


@hookspec
def fwk_cards() -> Iterable[Card]:  # type: ignore[empty-body]  # a hook specification has no body
    """Yield the cards of the methods, data sets and measures that this plugin brings."""
