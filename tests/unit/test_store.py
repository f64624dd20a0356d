"""Outcomes that last."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from fakes import a_run
from fwk.api import Mistake
from fwk.points import Failure, Outcome, Point
from fwk.store import Store


def outcome(repeat: int, error: float = 0.1) -> Point:
    return Point(a_run("adult", "baseline", "firm", repeat), {"test.error": error, "test.eqod": None}, notes=("a", "b"))


def known(folder: Path, runs: list[Outcome]) -> list[Outcome | None]:
    store = Store(folder)
    try:
        return [store.get(one.run) for one in runs]
    finally:
        store.close()


def test_what_is_put_is_there_for_the_next_process(tmp_path: Path) -> None:
    failure = Failure(a_run("adult", "lfr", "firm", 0), "Refusal", "why", "trace", 1.5)
    store = Store(tmp_path / "new" / "folder")
    store.put([outcome(0), failure])
    store.put([outcome(1, 1 / 3)])
    store.close()
    asked = [outcome(0), failure, outcome(1, 1 / 3)]
    assert known(tmp_path / "new" / "folder", asked) == asked


def test_what_was_never_put_is_none(tmp_path: Path) -> None:
    assert known(tmp_path, [outcome(0)]) == [None]


def test_an_outcome_comes_back_under_the_labels_of_today(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put([outcome(0)])
    renamed = dataclasses.replace(outcome(0).run, method="other", dataset="census", order=7, tuning=True)
    found = store.get(renamed)
    store.close()
    assert found == dataclasses.replace(outcome(0), run=renamed)


def test_the_last_outcome_of_a_run_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put([Failure(outcome(0).run, "Refusal", "why")])
    store.put([outcome(0)])
    assert store.get(outcome(0).run) == outcome(0)
    store.forget(failures_only=True)
    assert store.get(outcome(0).run) == outcome(0), "it is no failure any more"
    store.close()


def test_failures_or_everything_can_be_forgotten(tmp_path: Path) -> None:
    failure = Failure(a_run("adult", "lfr", "firm", 0), "Refusal", "why")
    store = Store(tmp_path)
    store.put([outcome(0), failure])
    store.forget(failures_only=True)
    assert [store.get(outcome(0).run), store.get(failure.run)] == [outcome(0), None]
    store.forget()
    store.close()
    assert known(tmp_path, [outcome(0)]) == [None]


def test_outcomes_are_put_together_or_not_at_all(tmp_path: Path) -> None:
    store = Store(tmp_path)
    unwritable = dataclasses.replace(outcome(1), notes=(object(),))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        store.put([outcome(0), unwritable])
    assert store.get(outcome(0).run) is None
    store.put([outcome(0)])
    store.close()


def test_a_full_disk_loses_nothing_that_was_finished_before(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put([outcome(0)])
    store._base.execute("PRAGMA max_page_count = 8")  # pages of 4 kB
    with pytest.raises(Mistake, match="database or disk is full; what was finished before is kept: make room"):
        store.put([dataclasses.replace(outcome(1), notes=("x" * 100_000,))])
    assert (store.get(outcome(0).run), store.get(outcome(1).run)) == (outcome(0), None)
    store.close()
    assert known(tmp_path, [outcome(0)]) == [outcome(0)]


def test_one_comparison_writes_at_a_time(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put([outcome(0)])
    with pytest.raises(Mistake, match=r"outcomes.sqlite cannot be written .*if another comparison is writing there"):
        Store(tmp_path)
    store.close()
    Store(tmp_path).close()


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outcomes.sqlite"
    path.write_text("a letter of some length, and no database at all\n" * 30)
    with pytest.raises(Mistake, match=r"outcomes.sqlite: file is not a database; move it away"):
        Store(tmp_path)
    assert path.read_text().startswith("a letter")
    path.unlink()
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE outcomes (day TEXT)")
    base.close()
    with pytest.raises(Mistake, match=r"outcomes.sqlite cannot be written \(no such column: key\)"):
        Store(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Mistake, match=r"cannot be opened .*give another folder with --output"):
        Store(tmp_path / "file" / "folder")
    (tmp_path / "taken" / "outcomes.sqlite").mkdir(parents=True)
    with pytest.raises(Mistake, match=r"cannot be opened"):
        Store(tmp_path / "taken")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_being_killed_loses_nothing_that_was_put(tmp_path: Path) -> None:
    program = """
        import os, signal, sys
        from pathlib import Path
        from fakes import a_run
        from fwk.points import Point
        from fwk.store import Store
        store = Store(Path(sys.argv[1]))
        for repeat in range(10_000):
            store.put([Point(a_run("adult", "baseline", "firm", repeat), {"test.error": repeat / 7})])
            print(repeat, flush=True)
            if repeat == 40:
                os.kill(os.getpid(), signal.SIGKILL)
    """
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    killed = subprocess.run(
        [sys.executable, "-c", dedent(program), str(tmp_path)],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    assert killed.stdout.split() == [str(repeat) for repeat in range(41)]
    expected = [dataclasses.replace(outcome(repeat, repeat / 7), notes=()) for repeat in range(41)]
    found = known(tmp_path, list(expected))
    assert [point.measures["test.error"] for point in found if isinstance(point, Point)] == [r / 7 for r in range(41)]
