"""What holds for every split."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fwk.api import Bools
from fwk.split import seed_of, split, stream


@st.composite
def published_or_share(draw: st.DrawFn, n: int) -> float | Bools:
    """A share, or a mask that leaves people on both sides."""
    if draw(st.booleans()):
        return draw(st.floats(0.1, 0.6))
    marked = draw(st.integers(1, n - 10))
    return np.random.default_rng(marked).permutation(n) < marked


@given(data=st.data(), n=st.integers(30, 300), seed=st.integers(), validation=st.floats(0.1, 0.6))
def test_parts_are_disjoint_ascending_and_cover_everybody(
    data: st.DataObject, n: int, seed: int, validation: float
) -> None:
    test = data.draw(published_or_share(n))
    parts = split(n, stream(seed, "split", 0), test=test, validation=validation)
    everyone = np.concatenate([parts.train, parts.validation, parts.test])
    assert sorted(everyone.tolist()) == list(range(n))
    for part in (parts.train, parts.validation, parts.test):
        assert (np.diff(part) > 0).all()
    if isinstance(test, float):
        assert len(parts.test) == round(test * n)
    else:
        np.testing.assert_array_equal(parts.test, np.flatnonzero(test))
    assert len(parts.validation) == round(validation * (n - len(parts.test)))


@given(data=st.data(), n=st.integers(30, 300), seed=st.integers())
def test_the_seed_alone_decides(data: st.DataObject, n: int, seed: int) -> None:
    test = data.draw(published_or_share(n))
    first, again = (split(n, stream(seed, "split", 2), test=test) for _ in range(2))
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


@given(seed=st.integers(), what=st.lists(st.one_of(st.text(), st.integers(), st.none(), st.floats(allow_nan=False))))
def test_seeds_are_what_libraries_take(seed: int, what: list[str | int | float | None]) -> None:
    assert 0 <= seed_of(seed, *what) < 2**31
