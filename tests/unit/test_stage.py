"""The parts on disk, spaces, roles, and the limit on time."""

from __future__ import annotations

import dataclasses
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from fakes_core import TREE, a_table, registry
from fwk.check import Space
from fwk.firm import Learner
from fwk.split import split, stream
from fwk.stage import Place, Stage, _cut, limit, stage, store_table
from fwk.tables import Table


def a_place(folder: Path, table: Table, **changes: object) -> Place:
    store_table(table, folder)
    learner = Learner(TREE["path"], TREE["params"])
    place = Place(folder, folder / "models", learner, tuple(registry().metrics.values()), 0, True, 0.2, 0.15, False, 10)
    return dataclasses.replace(place, **changes)  # type: ignore[arg-type]


def test_the_parts_are_those_of_the_table(tmp_path: Path) -> None:
    table = a_table(200, traits=True)
    ground = Stage(a_place(tmp_path, table), 3)
    parts = split(200, stream(0, "split", 3), test=0.2, validation=0.15)
    for name in ("train", "validation", "test"):
        expected, found = table.people.take(getattr(parts, name)), getattr(ground, name)
        np.testing.assert_array_equal(found.X, expected.X)
        np.testing.assert_array_equal(found.y, expected.y)
        np.testing.assert_array_equal(found.minority, expected.minority)
        assert (found.people.columns, found.people.categorical) == (table.people.people.columns, (2,))
    assert ground.train.people.traits == {}
    np.testing.assert_array_equal(ground.test.people.traits["sex"], table.people.take(parts.test).people.traits["sex"])


def test_the_published_part_is_the_test_part(tmp_path: Path) -> None:
    table = a_table(200, published=np.arange(200) % 5 == 0)
    ground = Stage(a_place(tmp_path, table, test=None), 0)
    np.testing.assert_array_equal(ground.test.X, table.people.X[::5])


def test_nobody_can_write_into_what_workers_share(tmp_path: Path) -> None:
    ground = Stage(a_place(tmp_path, a_table(100)), 0)
    for array in (ground.train.X, ground.train.y, ground.test.minority):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_split_is_cut_once_and_two_workers_that_cut_it_at_once_agree(tmp_path: Path) -> None:
    place = a_place(tmp_path, a_table(100))
    first = Stage(place, 0)
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir() and path.name != "models"]
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    _cut(place, 0, folder)
    second = Stage(place, 0)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    np.testing.assert_array_equal(first.train.X, second.train.X)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [folder]


def test_gaps_are_filled_in_every_part_from_the_train_part(tmp_path: Path) -> None:
    table = a_table(200, gaps=True)
    place = a_place(tmp_path, table)
    assert np.isnan(Stage(place, 0).train.X).any()
    filled = Stage(dataclasses.replace(place, impute=True), 0)
    median = np.nanmedian(Stage(place, 0).train.X[:, 1])
    for name in ("train", "validation", "test"):
        was, now = getattr(Stage(place, 0), name).X, getattr(filled, name).X
        np.testing.assert_array_equal(now, np.where(np.isnan(was), median, was))


def test_the_standardised_space_has_mean_0_and_deviation_1_and_constants_stay_finite(tmp_path: Path) -> None:
    table = a_table(200, nominal=False)
    X = table.people.X.copy()
    X[:, 1] = 7.0
    people = dataclasses.replace(table.people.people, X=X)
    constant = dataclasses.replace(table, people=dataclasses.replace(table.people, people=people))
    moved = Stage(a_place(tmp_path, constant), 0).train_in(Space("standardised"))
    np.testing.assert_allclose(moved.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(moved.X.std(axis=0), [1, 0, 1, 1], atol=1e-12)
    assert moved.people.columns == table.people.people.columns


def test_nominal_columns_keep_their_codes_and_their_role_in_the_standardised_space(tmp_path: Path) -> None:
    ground = Stage(a_place(tmp_path, a_table(200)), 0)
    moved = ground.train_in(Space("standardised"))
    assert moved.people.categorical == ground.train.people.categorical == (2,)
    np.testing.assert_array_equal(moved.X[:, 2], ground.train.X[:, 2])
    np.testing.assert_allclose(moved.X[:, [0, 1, 3]].std(axis=0), 1)


def test_a_space_is_made_once(tmp_path: Path) -> None:
    ground = Stage(a_place(tmp_path, a_table(100)), 0)
    assert ground.train_in(Space("encoded")) is ground.train
    assert ground.train_in(Space("standardised")) is ground.train_in(Space("standardised"))


def test_roles_of_an_empty_group_are_left_out(tmp_path: Path) -> None:
    ground = Stage(a_place(tmp_path, a_table(150)), 0)
    accept = np.ones(len(ground.train))
    alone = ground.roles(accept, None)
    assert {name.partition("]")[0] for name in alone} == {"train.audit[other minority", "train.audit[majority"}
    everybody = ground.roles(accept, ground.collective(1.0, None))
    assert {name.partition("]")[0] for name in everybody} == {"train.audit[collective", "train.audit[majority"}
    some = ground.roles(accept, ground.collective(0.4, None))
    sizes = [some[f"train.audit[{role}].n"] for role in ("collective", "other minority", "majority")]
    assert sum(size or 0 for size in sizes) == len(ground.train)


def test_the_train_part_is_asked_about_only_where_an_audit_is_wanted(tmp_path: Path) -> None:
    asked: list[int] = []

    def rule(people: object) -> np.ndarray:
        asked.append(len(people))  # type: ignore[arg-type]
        return np.zeros(len(people))  # type: ignore[arg-type]

    plain = Stage(a_place(tmp_path / "plain", a_table(100)), 0)
    audited = Stage(a_place(tmp_path / "audited", a_table(100, traits=True)), 0)
    assert (set(plain.accepted_by(rule)), set(audited.accepted_by(rule))) == (
        {"validation", "test"}, {"validation", "test", "train"},
    )  # fmt: skip
    assert asked == [12, 20, 12, 20, 68]


def test_places_are_keys_and_stages_are_kept(tmp_path: Path) -> None:
    place = a_place(tmp_path, a_table(100))
    assert stage(place, 0) is stage(dataclasses.replace(place), 0)
    assert stage(place, 0) is not stage(place, 1)
    assert stage(place, 0) is not stage(dataclasses.replace(place, seed=1), 0)


def test_what_takes_too_long_is_stopped_and_the_clock_with_it() -> None:
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"took longer than timeout: 0\.1 s"), limit(0.1):
        time.sleep(10)
    assert time.monotonic() - start < 5
    with limit(0.1):
        pass
    time.sleep(0.15)  # nothing rings any more


def test_without_a_limit_or_outside_the_main_thread_nothing_is_stopped() -> None:
    with limit(None):
        pass
    ended = []

    def work() -> None:
        with limit(0.05):
            time.sleep(0.1)
        ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True]


def test_what_a_body_raises_is_let_through() -> None:
    with pytest.raises(KeyError), limit(5):
        raise KeyError
