"""Which warnings end up on the points."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from fwk.api import Note
from fwk.remarks import remarks


def test_notes_and_warnings_for_users_are_collected_and_deprecations_are_not() -> None:
    with remarks() as found:
        warnings.warn("k clamped to 9", Note, stacklevel=1)
        warnings.warn("first line\nsecond", UserWarning, stacklevel=1)
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        warnings.warn("soon", FutureWarning, stacklevel=1)
        np.float64(1) / np.float64(0)
    assert found[:2] == ["k clamped to 9", "UserWarning: first line"]
    assert found[2].startswith("RuntimeWarning: divide by zero")
    assert len(found) == 3


def test_the_same_remark_stands_once_and_there_are_at_most_ten() -> None:
    with remarks() as found:
        for number in [*range(20), *range(20)]:
            warnings.warn(f"remark {number}", Note, stacklevel=1)
    assert found == [f"remark {number}" for number in range(10)]


def test_a_body_that_raises_is_let_through() -> None:
    with pytest.raises(ZeroDivisionError), remarks():
        raise ZeroDivisionError
