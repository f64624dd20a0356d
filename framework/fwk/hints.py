"""The nearest valid name, for messages about a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest_name(name: str, known: Iterable[str]) -> str:
    """A hint such as `; did you mean 'rb-prob'?`, or nothing.

    >>> nearest_name("rb-porb", ["rb-prob", "random"])
    "; did you mean 'rb-prob'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
