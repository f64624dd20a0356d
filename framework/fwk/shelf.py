"""Where data files come from: a folder that the user names, the cache, or the publisher."""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pandas as pd

from fwk.api import Shelf, Source
from fwk.download import DownloadError, Progress, content_sha256, download

Unpack = Callable[[Path, Path], None]

State = Literal["here", "downloadable", "by hand"]


class MissingFileError(FileNotFoundError):
    """A file is not here. `url` is where it could be downloaded from, "" where it has to be fetched by hand."""

    def __init__(self, message: str, url: str = "") -> None:
        super().__init__(message)
        self.url = url


def _say(message: str) -> None:
    print(message, file=sys.stderr)


@dataclass(frozen=True)
class Folders:
    """A shelf of folders; a file may lie in a sub-folder, plain or as .gz.

    data      the user's folder (`--data`, or the environment variable FWK_DATA); None for none
    cache     where downloads go
    fetch     whether to download what is missing
    say       told what is downloaded, and what could not be checked
    progress  told how far a download is
    """

    data: Path | None = field(default_factory=lambda: data_folder())
    cache: Path = field(default_factory=lambda: cache_folder())
    fetch: bool = True
    say: Callable[[str], None] = _say
    progress: Progress | None = None

    def find(
        self,
        name: str,
        *,
        sha256: str | None = None,
        url: str | None = None,
        advice: str = "",
        unpack: Unpack | None = None,
    ) -> Path:
        """The file called `name` (or `name`.gz): in the user's folder, in the cache, or downloaded from `url`.

        sha256  of the content (unpacked, where it is found as .gz). A file with another one is never returned. Where
                none is known, the first download is trusted: its sum is noted beside it, said, and checked from then on
        advice  how a person gets the file, for the message
        unpack  (what was downloaded, where to write) makes the file of the download, which is removed in any case

        Raises MissingFileError (a FileNotFoundError) that says which file, from where, into which folder; ValueError
        for a file with another content than expected.
        """
        if self.data is not None and not self.data.is_dir():
            raise MissingFileError(f"the data folder {self.data} (--data or FWK_DATA) does not exist")
        wrong = []
        for path in self._candidates(name):
            expected = sha256 or _noted(path)
            if expected is None:
                return path
            found = _sum_of(path)
            if found == expected:
                return path
            wrong.append(f"{path} has sha256 {found}, expected {expected}")
        if wrong:
            raise ValueError(
                f"{'; '.join(wrong)}: a damaged copy, or another version. Remove it, or put the published file there"
                + _origin(url, advice)
            )
        if url and self.fetch:
            try:
                return self._download(name, sha256, url, unpack)
            except DownloadError as error:
                raise self._missing(name, url, advice, error) from error
        raise self._missing(name, url, advice)

    def _candidates(self, name: str) -> Iterator[Path]:
        """Files of that name, the user's before the cache's, outer before inner."""
        plain = name.removesuffix(".gz")
        for folder in (self.data, self.cache):
            if folder is not None and folder.is_dir():
                for called in (name, plain if name != plain else f"{name}.gz"):
                    found = [path for path in folder.rglob(Path(called).name) if path.is_file()]
                    fitting = [path for path in found if path.parts[-len(Path(called).parts) :] == Path(called).parts]
                    yield from sorted(fitting, key=lambda path: (len(path.parts), path))

    def _download(self, name: str, sha256: str | None, url: str, unpack: Unpack | None) -> Path:
        target = self.cache / (f"{name}.gz" if url.endswith(".gz") and not name.endswith(".gz") else name)
        self.say(f"downloading {name} from {url}")
        if unpack is None:
            found = download(url, target, sha256, self.progress)
        else:
            found = self._download_and_unpack(target, sha256, url, unpack)
        if sha256 is None:
            _note(target, found)
            self.say(
                f"no checksum of {name} is known, so this download was trusted as it came (sha256 {found}); later "
                "copies are checked against it"
            )
        return target

    def _download_and_unpack(self, target: Path, sha256: str | None, url: str, unpack: Unpack) -> str:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="download-") as folder:
            raw, made = Path(folder, "raw"), Path(folder, target.name)
            download(url, raw, progress=self.progress)
            try:
                unpack(raw, made)
            except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
                raise DownloadError(
                    f"{url} is not what it was: {target.name} cannot be made of it ({error})"
                ) from error
            found = content_sha256(made)
            if sha256 is not None and found != sha256:
                raise DownloadError(
                    f"{url} is not what it was: {target.name} made of it has sha256 {found}, expected {sha256}"
                )
            os.replace(made, target)
        return found

    def _missing(self, name: str, url: str | None, advice: str, cause: DownloadError | None = None) -> MissingFileError:
        looked = [f"{self.data} (--data or FWK_DATA)"] if self.data is not None else []
        looked.append(f"{self.cache} (cache)")
        failed = f" The download failed: {cause}." if cause is not None else ""
        into = self.data if self.data is not None else "a folder that you name with --data or FWK_DATA"
        return MissingFileError(
            f"the file {name} is not here; looked in {' and '.join(looked)} and below.{failed} Put it into {into}"
            + _origin(url, advice),
            url or "",
        )


def state_of(source: Source, shelf: Folders) -> State:
    """Whether a data set can be read now, after a download, or only once a person has put a file into a folder.

    Raises ValueError where a file is here and is not what it should be.
    """
    try:
        source.read(Folders(shelf.data, shelf.cache, fetch=False))
    except MissingFileError as missing:
        return "downloadable" if missing.url else "by hand"
    return "here"


def fetch(source: Source, shelf: Shelf) -> pd.DataFrame:
    """The source's raw rows; whatever has to be downloaded for them is in the cache afterwards."""
    return source.read(shelf)


def data_folder() -> Path | None:
    """The user's folder by the environment variable FWK_DATA, or None."""
    named = os.environ.get("FWK_DATA", "")
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """Where downloads go: FWK_CACHE, else `fwk` in the platform's folder for caches."""
    if named := os.environ.get("FWK_CACHE", ""):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "fwk" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fwk"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fwk"


def _origin(url: str | None, advice: str) -> str:
    parts = [f"it is published at {url}" if url else "", advice]
    said = "; ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _sum_of(path: Path) -> str:
    try:
        return content_sha256(path)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return "unknown (its gzip file is damaged)"


def _noted(path: Path) -> str | None:
    note = path.with_name(f"{path.name}.sha256")
    return note.read_text(encoding="ascii").split()[0] if note.exists() else None


def _note(path: Path, sha256: str) -> None:
    path.with_name(f"{path.name}.sha256").write_text(f"{sha256}  {path.name}\n", encoding="ascii")
