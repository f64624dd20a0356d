"""Fetches a file from its publisher: in pieces that a later call continues, checked, and put in place whole.

By the standard library alone: one dependency less, for ranges, checksums and renaming are all that is needed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import os
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, TypeVar

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

Got = TypeVar("Got")

PIECE = 1 << 20  # bytes
PATIENCE = 60.0  # seconds without an answer
TRIES = 3
EVERY = 10.0  # seconds between two lines about a download

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and the bytes that there will be, None where the publisher does not say."""


class DownloadError(OSError):
    """A file could not be fetched, and why."""


def download(url: str, target: Path, progress: Progress, sha256: str | None = None) -> str:
    """Fetch `url` into `target`, and return the sha256 of its content (see `content_sha256`).

    What has come lies beside the target as `<name>.part`; the next call, or the next of three tries, continues it where
    the publisher serves ranges and still has that version. A damaged file, or one with another sha256, is removed and
    named. Only one process at a time may fetch a target, which the shelf sees to.

    Raises DownloadError with url and cause.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    _patiently(url, lambda: _continue(url, part, progress), lambda: part.stat().st_size if part.exists() else 0)
    try:
        found = content_sha256(part, packed=target.name.endswith(".gz"))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        _forget(part)
        raise DownloadError(f"{url} gave a damaged gzip file ({error}); it was removed") from error
    if sha256 is not None and found != sha256:
        _forget(part)
        raise DownloadError(f"{url} gave a file with sha256 {found}, expected {sha256}; it was removed")
    os.replace(part, target)
    _forget(part)
    return found


def download_bytes(url: str, progress: Progress) -> bytes:
    """What is at `url`, in memory alone: for what must never lie on a disk. Raises DownloadError with url and cause."""

    def whole() -> bytes:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            came = io.BytesIO()
            _receive(answer, 0, came, progress)
            return came.getvalue()

    return _patiently(url, whole, lambda: 0)


@contextmanager
def telling(name: str) -> Iterator[Progress]:
    """Tells on stderr how far the download of `name` is: a bar in a terminal, elsewhere a line every ten seconds."""
    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Bar(*columns, console=console, transient=True) as bar:
            task = bar.add_task(escape(name), total=None)
            yield lambda there, whole: bar.update(task, completed=there, total=whole)
    else:
        yield _Lines(name)


def content_sha256(path: Path, packed: bool | None = None) -> str:
    """The sha256 of a file's content: of a gzip file (`packed`, or by its name) that of what is packed in it."""
    digest = hashlib.sha256()
    packed = path.name.endswith(".gz") if packed is None else packed
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _continue(url: str, part: Path, progress: Progress) -> None:
    """Add what is missing to `part`, if the publisher still serves the version that it began with; else begin again."""
    there = part.stat().st_size if part.exists() else 0
    version = _version_file(part)
    if there and not version.exists():
        there = 0
    headers = {"Range": f"bytes={there}-", "If-Range": version.read_text(encoding="latin-1")} if there else {}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if not (there and error.code == 416):  # 416: nothing behind what is there
            raise
        if error.headers.get("Content-Range", "").rpartition("/")[2] != str(there):
            _forget(part)
            _continue(url, part, progress)
        return
    with answer:
        if getattr(answer, "status", None) != 206:
            there = 0  # the whole file comes, whatever was asked
            mark = answer.headers.get("ETag", "") or answer.headers.get("Last-Modified", "")
            _forget(part)
            if mark and not mark.startswith("W/"):
                version.write_text(mark, encoding="latin-1")
        with part.open("ab" if there else "wb") as file:
            _receive(answer, there, file, progress)


def _receive(answer: Any, there: int, file: IO[bytes], progress: Progress) -> None:  # answer: urlopen gives no type
    """Write what comes behind the `there` bytes of before. Raises ConnectionError where less comes than announced."""
    length = answer.headers.get("Content-Length")
    whole = there + int(length) if length else None
    while piece := answer.read(PIECE):
        file.write(piece)
        there += len(piece)
        progress(there, whole)
    if whole is not None and there < whole:
        raise ConnectionError(f"the connection ended at {there:,} of {whole:,} bytes")


def _patiently(url: str, get: Callable[[], Got], kept: Callable[[], int]) -> Got:
    """What `get` gives, at the latest of three tries; `kept` tells how many bytes the next one need not fetch."""
    for attempt in itertools.count(1):
        try:
            return get()
        except urllib.error.HTTPError as error:
            raise DownloadError(f"{url} answers {error.code} {error.reason}") from error
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            if attempt == TRIES:
                came = f"; {kept():,} bytes came and are kept for the next try" if kept() else ""
                raise DownloadError(f"{url} could not be fetched: {error}{came}") from error
    raise AssertionError("unreachable")


@dataclass
class _Lines:
    """Says now and then how far a download is."""

    name: str
    said: float = field(default_factory=time.monotonic)

    def __call__(self, there: int, whole: int | None) -> None:
        if time.monotonic() - self.said >= EVERY:
            self.said = time.monotonic()
            of = f" of {decimal(whole)}" if whole is not None else ""
            print(f"{self.name}: {decimal(there)}{of}", file=sys.stderr, flush=True)


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)
