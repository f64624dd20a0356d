"""Outcomes that last: one transaction each, so that being killed at any moment loses nothing that was finished."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from fwk.api import Mistake
from fwk.points import Failure, Outcome, Run, from_json, to_json


class Store:
    """Outcomes by key, in `outcomes.sqlite` of the output folder. One process at a time.

    Raises Mistake if another comparison is writing to the folder, or the file is not ours.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "outcomes.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(self._path, timeout=1, isolation_level=None)
        except (sqlite3.Error, OSError) as error:
            raise Mistake(f"{self._path} cannot be opened ({error}); give another folder with --output") from error
        try:
            self._begin()
        except sqlite3.OperationalError as error:
            self._base.close()
            raise Mistake(
                f"{self._path} cannot be written ({error}); if another comparison is writing there, wait for it or "
                "give another folder with --output"
            ) from error
        except sqlite3.DatabaseError as error:
            self._base.close()
            raise Mistake(f"{self._path}: {error}; move it away, or give another folder with --output") from error

    def _begin(self) -> None:
        for setting in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            self._base.execute(f"PRAGMA {setting}")
        self._base.execute("BEGIN EXCLUSIVE")
        self._base.execute(
            "CREATE TABLE IF NOT EXISTS outcomes (key TEXT PRIMARY KEY, failed INTEGER NOT NULL, record TEXT NOT NULL)"
        )
        self._base.execute("SELECT key, failed, record FROM outcomes LIMIT 1")
        self._base.execute("COMMIT")

    def put(self, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes: all of them at once, or none. Raises Mistake if there is no room."""
        rows = [(o.run.key, isinstance(o, Failure), to_json(o)) for o in outcomes]
        try:
            with self._base:
                self._base.execute("BEGIN")
                self._base.executemany("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", rows)
        except sqlite3.OperationalError as error:
            raise Mistake(
                f"{self._path}: {error}; what was finished before is kept: make room, and run again"
            ) from error

    def get(self, run: Run) -> Outcome | None:
        """The outcome of a run, under the labels that it has now; None if it is still to be done."""
        row = self._base.execute("SELECT record FROM outcomes WHERE key = ?", (run.key,)).fetchone()
        return dataclasses.replace(from_json(row[0]), run=run) if row else None

    def forget(self, *, failures_only: bool = False) -> None:
        """Forget everything, or the failures."""
        self._base.execute("DELETE FROM outcomes" + (" WHERE failed" if failures_only else ""))

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()
