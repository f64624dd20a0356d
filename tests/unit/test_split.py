"""Who trains, who validates, who tests."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from fwk.split import Parts, seed_of, split, stream


def test_shares_are_of_all_rows_and_of_the_rest() -> None:
    parts = split(1000, stream(0, "split", 0), test=0.2, validation=0.15)
    assert (len(parts.test), len(parts.validation), len(parts.train)) == (200, 120, 680)


def test_the_published_part_is_the_test_part() -> None:
    published = np.arange(100) % 4 == 0
    parts = split(100, stream(0, "split", 0), test=published)
    np.testing.assert_array_equal(parts.test, np.flatnonzero(published))
    other = split(100, stream(0, "split", 1), test=published)
    np.testing.assert_array_equal(other.test, parts.test)
    assert other.validation.tolist() != parts.validation.tolist()


@pytest.mark.parametrize(
    ("n", "test", "validation", "empty"),
    [(3, 0.1, 0.15, "test"), (10, 0.2, 0.01, "validation"), (10, np.ones(10, bool), 0.15, "validation"),
     (10, 0.2, 0.99, "train"), (0, 0.2, 0.15, "test")],
)  # fmt: skip
def test_an_empty_part_is_refused_by_name(n: int, test: float, validation: float, empty: str) -> None:
    with pytest.raises(ValueError, match=f"the {empty} part of {n} rows is empty; give a larger table"):
        split(n, stream(0), test=test, validation=validation)


def test_streams_differ_by_seed_and_by_what() -> None:
    given = [(0,), (1,), (0, "split"), (0, "split", 1), (0, "split", "1"), (0, "split", None), (0, "split", 1.5)]
    drawn = {stream(*what).integers(2**62) for what in given}
    assert len(drawn) == len(given)


def test_seeds_are_equal_in_another_process() -> None:
    program = "from fwk.split import seed_of; print(seed_of(3, 'a', 0.1, None))"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(other.stdout) == seed_of(3, "a", 0.1, None)


def test_parts_say_nothing_of_each_other_when_compared() -> None:
    parts = split(50, stream(0), test=0.2)
    assert parts == parts
    assert parts != Parts(parts.train, parts.validation, parts.test), "arrays are not compared by ==, so parts are not"
