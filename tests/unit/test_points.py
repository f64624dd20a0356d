"""Records: what identifies a run, and rows and texts that lose nothing."""

from __future__ import annotations

import dataclasses
import itertools
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fakes import a_run
from fwk.points import CURVE, SCENARIO, Failure, Point, Run, from_json, table_of, to_json

RUN = a_run("adult", "rb-dist", "user", 3, alpha=0.3, majority_known=None, space="encoded", knobs=(("k", 5),),
            swept="budget", setting=75, order=4)  # fmt: skip
CHANGES: dict[str, Any] = {
    "fingerprint": "beef", "group_in_X": False, "learner": "Tree", "card": "rb-label", "side": "firm", "stage": "pre",
    "plugin": "p", "version": "2", "knobs": (("k", 6),), "swept": "gamma", "setting": 76, "repeat": 4, "protocol": "q",
    "alpha": 0.4, "majority_known": 7, "space": "standardised",
}  # fmt: skip
PASSING: dict[str, Any] = {"dataset": "census", "method": "mine", "order": 9, "tuning": True}


def test_every_field_of_a_run_is_known_to_this_test() -> None:
    assert {field.name for field in dataclasses.fields(Run)} == {*CHANGES, *PASSING}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_decides_a_result_is_in_its_key(name: str) -> None:
    assert dataclasses.replace(RUN, **{name: CHANGES[name]}).key != RUN.key


@pytest.mark.parametrize("name", PASSING)
def test_labels_order_and_purpose_are_not_in_the_key(name: str) -> None:
    assert dataclasses.replace(RUN, **{name: PASSING[name]}).key == RUN.key


def test_a_count_and_a_share_are_different_budgets() -> None:
    assert dataclasses.replace(RUN, setting=1).key != dataclasses.replace(RUN, setting=1.0).key


def test_keys_are_equal_in_another_process() -> None:
    program = f"from fwk.points import Run; print(Run(**{dataclasses.asdict(RUN)!r}).key)"
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == RUN.key


def test_records_come_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    measures: dict[str, float | None] = {
        f"test.m{i}": float(x) for i, x in enumerate(rng.normal(size=50) * 10.0 ** rng.integers(-300, 300, 50))
    }
    point = Point(RUN, {**measures, "test.none": None}, 75, 840, 0.1, 0.2, 0.3, 0.4, ("a; b", 'quote "x"', "ü"))
    assert from_json(to_json(point)) == point
    failure = Failure(RUN, "ValueError", "what\nhappened", "Traceback ...\n", 2.5)
    assert from_json(to_json(failure)) == failure


def test_a_record_comes_back_with_lists_of_knobs_as_tuples() -> None:
    run = dataclasses.replace(RUN, knobs=(("layers", (3, 4)), ("k", None)))
    assert from_json(to_json(Point(run, {}))).run == run


def test_a_row_says_everything_that_identifies_it() -> None:
    row = Point(RUN, {"test.error": 0.1, "test.eqod": None}, 75, 840, notes=("x", "y")).row()
    assert {field.name for field in dataclasses.fields(Run)} <= set(row)
    assert (row["key"], row["setting"], json.loads(row["knobs"])) == (RUN.key, "75", {"k": 5})
    assert (row["flips"], row["candidates"], row["notes"], row["test.eqod"]) == (75, 840, "x; y", None)
    failed = Failure(RUN, "Refusal", "why", "trace", 1.0).row()
    assert (failed["kind"], failed["message"], failed["traceback"], failed["seconds"]) == (
        "Refusal",
        "why",
        "trace",
        1.0,
    )


def test_a_table_is_the_same_whatever_order_the_outcomes_came_in() -> None:
    axes = itertools.product(("b", "a"), (1, 0), (2, 10, 0), (0.3, None))
    points = [
        Point(
            dataclasses.replace(RUN, method=m, repeat=repeat, order=order, setting=order, alpha=alpha), {"test.x": 0.1}
        )
        for m, repeat, order, alpha in axes
    ]
    table = table_of(points)
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(len(points))
        pd.testing.assert_frame_equal(table_of(points[i] for i in order), table)
    first = table[(table["method"] == "a") & table["alpha"].notna()]
    assert first["order"].tolist() == [0, 0, 2, 2, 10, 10]
    assert first["repeat"].tolist() == [0, 1] * 3


def test_columns_stand_in_an_order_that_does_not_depend_on_who_came_first() -> None:
    plain = Point(a_run("adult", "baseline", "firm", 0), {"test.error": 0.2})
    audited = Point(RUN, {"test.audit[x].n": 2.0, "test.error": 0.1})
    assert list(table_of([plain, audited]).columns) == list(table_of([audited, plain]).columns)


def test_undefined_values_are_missing_in_the_table_and_columns_keep_their_types() -> None:
    points = [Point(RUN, {"test.error": 0.1, "test.eqod": None}),
              Point(a_run("a", "b", "firm", 0), {"test.error": 0.2, "test.eqod": None, "test.more": 1.0})]  # fmt: skip
    table = table_of(points)
    assert table["test.eqod"].isna().all()
    assert table["test.eqod"].dtype == np.float64
    assert table["test.more"].isna().sum() == 1
    assert (str(table["alpha"].dtype), str(table["majority_known"].dtype)) == ("Float64", "Float64")
    assert sorted(table["setting"]) == ["", "75"]
    assert set(CURVE) | set(SCENARIO) <= set(table.columns)


def test_a_table_of_nothing_is_empty() -> None:
    assert table_of([]).empty


def test_points_survive_parquet(tmp_path: Any) -> None:
    table = table_of([Point(RUN, {"test.error": 0.1, "test.eqod": None})])
    table.to_parquet(tmp_path / "points.parquet")
    back = pd.read_parquet(tmp_path / "points.parquet")
    assert back["test.error"].tolist() == [0.1]
    assert back.loc[0, "key"] == RUN.key
