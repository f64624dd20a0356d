"""What warnings say, collected for the points."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from fwk.api import Note

MOST = 10


@contextmanager
def remarks() -> Iterator[list[str]]:
    """Collect what a method wants noted, and warnings that a user should know of; libraries' deprecations are not.

    The list is filled when the body ends: texts that differ, at most ten.
    """
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    for warning in caught:
        if issubclass(warning.category, Note):
            text = str(warning.message)
        elif issubclass(warning.category, UserWarning | RuntimeWarning):
            text = f"{warning.category.__name__}: {str(warning.message).splitlines()[0]}"
        else:
            continue
        if text not in found and len(found) < MOST:
            found.append(text)
