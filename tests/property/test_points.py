"""What holds for every record."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fakes import a_run
from fwk.points import Failure, Point, Run, from_json, to_json

VALUES = st.one_of(st.none(), st.booleans(), st.integers(-10, 10), st.floats(allow_nan=False), st.text(max_size=8))
KNOBS = st.dictionaries(st.text(min_size=1, max_size=5), st.one_of(VALUES, st.tuples(VALUES, VALUES)), max_size=4)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    given: dict[str, Any] = {
        "knobs": tuple(sorted(draw(KNOBS).items())),
        "setting": draw(VALUES),
        "order": draw(st.integers(0, 9)),
        "alpha": draw(st.one_of(st.none(), st.floats(0, 1))),
        "majority_known": draw(st.one_of(st.none(), st.integers(1, 99))),
        "tuning": draw(st.booleans()),
    }
    side = draw(st.sampled_from(["user", "firm"]))
    return a_run(draw(st.text(max_size=5)), draw(st.text(max_size=5)), side, draw(st.integers(0, 9)), **given)


@given(runs(), st.dictionaries(st.text(), st.one_of(st.none(), st.floats(allow_nan=False))), st.lists(st.text()))
def test_any_point_comes_back_as_it_was(run: Run, measures: dict[str, float | None], notes: list[str]) -> None:
    point = Point(run, measures, notes=tuple(notes))
    assert from_json(to_json(point)) == point


@given(runs(), st.text(), st.text(), st.text())
def test_any_failure_comes_back_as_it_was(run: Run, kind: str, message: str, trace: str) -> None:
    failure = Failure(run, kind, message, trace)
    assert from_json(to_json(failure)) == failure


@given(runs(), runs())
def test_keys_are_equal_exactly_where_what_decides_is_equal(one: Run, other: Run) -> None:
    def deciding(run: Run) -> str:
        content = dataclasses.asdict(dataclasses.replace(run, dataset="", method="", order=0, tuning=False))
        return repr(sorted(content.items()))

    assert (one.key == other.key) == (deciding(one) == deciding(other))
    assert from_json(to_json(Point(one, {}))).run.key == one.key


@given(runs(), st.floats())
def test_numbers_that_are_none_come_back_too(run: Run, value: float) -> None:
    back = from_json(to_json(Point(run, {"test.x": value})))
    assert isinstance(back, Point)
    found = back.measures["test.x"]
    assert found is not None
    assert found == value or (math.isnan(found) and math.isnan(value))
