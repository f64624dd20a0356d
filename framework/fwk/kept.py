"""Keeps the raw rows of data sets that are slow to read, as parquet, by the content of what they were read from."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow

from fwk.api import Source
from fwk.download import content_sha256
from fwk.shelf import Folders

SLOW = 2.0  # seconds


@dataclass(frozen=True)
class _Noting:
    """A shelf that notes what it handed out."""

    shelf: Folders
    handed: list[Path] = field(default_factory=list)

    def find(self, name: str, **asked: Any) -> Path:  # the keywords of Shelf.find, passed on as they are
        path = self.shelf.find(name, **asked)
        self.handed.append(path)
        return path


def read_rows(source: Source, shelf: Folders, slow: float = SLOW) -> pd.DataFrame:
    """`source.read(shelf)`, or the rows that it gave before.

    Kept are rows whose reading took longer than `slow` seconds and that came from files of the shelf, so a user's own
    table is never copied. They serve again only while those files have the same content, the source the same knobs, and
    the package that the source comes from the same code; and only where parquet gives them back exactly.
    """
    entry = shelf.cache / "rows" / _identity(source)
    if (rows := _kept(entry)) is not None:
        return rows
    noting = _Noting(shelf)
    begin = time.perf_counter()
    rows = source.read(noting)
    if noting.handed and time.perf_counter() - begin > slow:
        _keep(entry, rows, noting.handed)
    return rows


def _identity(source: Source) -> str:
    """The source's class, knobs, and the code of its package."""
    kind = type(source)
    named = [kind.__module__, kind.__qualname__, _knobs(source)]
    digest = hashlib.sha256(json.dumps(named, default=repr).encode())
    module = sys.modules.get(kind.__module__.partition(".")[0])
    for folder in getattr(module, "__path__", []):
        for path in sorted(Path(folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _knobs(source: object) -> dict[str, object]:
    if dataclasses.is_dataclass(source) and not isinstance(source, type):
        return {knob.name: getattr(source, knob.name) for knob in dataclasses.fields(source)}
    return {}


def _kept(entry: Path) -> pd.DataFrame | None:
    try:
        inputs = json.loads(entry.with_suffix(".json").read_text(encoding="utf-8"))
        if all(content_sha256(Path(path)) == sha256 for path, sha256 in inputs.items()):
            return pd.read_parquet(entry.with_suffix(".parquet"))
    except (OSError, EOFError, ValueError, pyarrow.ArrowException):
        return None  # nothing kept, a file moved or damaged: read again
    return None


def _keep(entry: Path, rows: pd.DataFrame, inputs: list[Path]) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    part = entry.with_suffix(f".{os.getpid()}.part")
    try:
        rows.to_parquet(part, compression="zstd")
        again = pd.read_parquet(part)
        if again.equals(rows) and (again.dtypes == rows.dtypes).all():
            os.replace(part, entry.with_suffix(".parquet"))
            noted = {str(path.resolve()): content_sha256(path) for path in inputs}
            part.write_text(json.dumps(noted), encoding="utf-8")
            os.replace(part, entry.with_suffix(".json"))
    except (OSError, ValueError, TypeError, pyarrow.ArrowException):
        return  # rows that parquet cannot hold, or no room: they are read again next time
    finally:
        part.unlink(missing_ok=True)
