"""Keeps the raw rows of data sets that are slow to read, as parquet, by the content of the files that gave them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow

from fwk.alone import alone
from fwk.api import Source
from fwk.code import digest
from fwk.download import content_sha256
from fwk.shelf import Folders

SLOW = 2.0  # seconds


@dataclass(frozen=True)
class _Asked:
    """A file that a source asked the shelf for, and what it got."""

    name: str
    sha256: str | None
    path: Path | None

    def note(self) -> list[str | None]:
        """Name, the sum that was asked for, and that of the content that came; None where there was no such file."""
        found = None if self.path is None else self.sha256 or content_sha256(self.path)
        return [self.name, self.sha256, found]


@dataclass(frozen=True)
class _Noting:
    """A shelf that notes what it was asked for."""

    shelf: Folders
    asked: list[_Asked] = field(default_factory=list)

    def find(self, name: str, sha256: str | None = None, **more: Any) -> Path:  # the other keywords of Shelf.find
        path = None
        try:
            path = self.shelf.find(name, sha256=sha256, **more)
        finally:
            self.asked.append(_Asked(name, sha256, path))
        return path


def read_rows(source: Source, shelf: Folders, slow: float = SLOW) -> pd.DataFrame:
    """`source.read(shelf)`, or the rows that it gave before.

    Kept are rows whose reading took longer than `slow` seconds and that came from files of the shelf, so a user's own
    table is never copied. They serve again only where the shelf, asked for the same files, would hand out the same
    content again, while the source has the same knobs and the same code, and where parquet gives them back exactly.
    """
    entry = shelf.cache / "rows" / _identity(source)
    if (rows := _kept(entry, shelf)) is not None:
        return rows
    noting = _Noting(shelf)
    begin = time.perf_counter()
    rows = source.read(noting)
    if any(asked.path for asked in noting.asked) and time.perf_counter() - begin > slow:
        _keep(entry, rows, noting.asked)
    return rows


def _identity(source: Source) -> str:
    """The source's class, knobs, and its code."""
    kind = type(source)
    named = [kind.__module__, kind.__qualname__, _knobs(source), digest([kind.__module__])]
    return hashlib.sha256(json.dumps(named, default=repr).encode()).hexdigest()[:32]


def _knobs(source: object) -> dict[str, object]:
    if dataclasses.is_dataclass(source) and not isinstance(source, type):
        return {knob.name: getattr(source, knob.name) for knob in dataclasses.fields(source)}
    return {}


def _kept(entry: Path, shelf: Folders) -> pd.DataFrame | None:
    here = dataclasses.replace(shelf, fetch=False)
    try:
        notes = json.loads(entry.with_suffix(".json").read_text(encoding="utf-8"))
        if notes and all(_ask(here, name, sha256).note() == [name, sha256, found] for name, sha256, found in notes):
            return pd.read_parquet(entry.with_suffix(".parquet"))
    except (OSError, EOFError, ValueError, zlib.error, pyarrow.ArrowException):
        return None  # nothing kept, or a file that is damaged: read again
    return None


def _ask(shelf: Folders, name: str, sha256: str | None) -> _Asked:
    noting = _Noting(shelf)
    with suppress(FileNotFoundError):
        noting.find(name, sha256)
    return noting.asked[0]


def _keep(entry: Path, rows: pd.DataFrame, asked: list[_Asked]) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    part = entry.with_suffix(f".{os.getpid()}.part")
    try:
        rows.to_parquet(part, compression="zstd")
        again = pd.read_parquet(part)
        if again.equals(rows) and (again.dtypes == rows.dtypes).all():
            notes = json.dumps([one.note() for one in asked])
            with alone(entry):
                entry.with_suffix(".json").unlink(missing_ok=True)  # killed here, nothing is kept
                os.replace(part, entry.with_suffix(".parquet"))
                part.write_text(notes, encoding="utf-8")
                os.replace(part, entry.with_suffix(".json"))
    except (OSError, ValueError, TypeError, pyarrow.ArrowException):
        return  # rows that parquet cannot hold, or no room: they are read again next time
    finally:
        part.unlink(missing_ok=True)
