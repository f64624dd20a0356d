"""Fetches a file from its publisher: in pieces that a later call continues, checked, and put in place whole."""

from __future__ import annotations

import gzip
import hashlib
import os
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

PIECE = 1 << 20  # bytes
PATIENCE = 60.0  # seconds without an answer
TRIES = 3

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and the bytes that there will be, None where the publisher does not say."""


class DownloadError(OSError):
    """A file could not be fetched, and why."""


def download(url: str, target: Path, sha256: str | None = None, progress: Progress | None = None) -> str:
    """Fetch `url` into `target`, and return the sha256 of its content (see `content_sha256`).

    What has come lies beside the target as `<name>.part`; the next call, or the next of three tries, continues it where
    the publisher serves ranges and still has that version. A damaged file, or one with another sha256, is removed and
    named. Only one process at a time may fetch a target.

    Raises DownloadError with url and cause.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    for attempt in range(1, TRIES + 1):
        try:
            _continue(url, part, progress)
            break
        except urllib.error.HTTPError as error:
            raise DownloadError(f"{url} answers {error.code} {error.reason}") from error
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            if attempt == TRIES:
                came = f"; {part.stat().st_size:,} bytes came and are kept for the next try" if part.exists() else ""
                raise DownloadError(f"{url} could not be fetched: {error}{came}") from error
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


def content_sha256(path: Path, packed: bool | None = None) -> str:
    """The sha256 of a file's content: of a gzip file (`packed`, or by its name) that of what is packed in it."""
    digest = hashlib.sha256()
    packed = path.name.endswith(".gz") if packed is None else packed
    with gzip.open(path, "rb") if packed else path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _continue(url: str, part: Path, progress: Progress | None) -> None:
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
        length = answer.headers.get("Content-Length")
        whole = there + int(length) if length else None
        with part.open("ab" if there else "wb") as file:
            while piece := answer.read(PIECE):
                file.write(piece)
                there += len(piece)
                if progress is not None:
                    progress(there, whole)
    if whole is not None and there < whole:
        raise ConnectionError(f"the connection ended at {there:,} of {whole:,} bytes")


def _version_file(part: Path) -> Path:
    return part.with_name(f"{part.name}.version")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _version_file(part).unlink(missing_ok=True)
