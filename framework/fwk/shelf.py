"""Where data files come from: a folder that the user names, the cache, or the publisher."""

from __future__ import annotations

import dataclasses
import gzip
import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fwk.alone import alone
from fwk.api import Mistake
from fwk.download import DownloadError, Progress, content_sha256, download, download_bytes, telling

Unpack = Callable[[Path, Path], None]
Keep = tuple[str, Callable[[bytes], bytes]]


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
    progress  name of a file -> what is told how far its download is, while that is on

    Raises Mistake where the user's folder is none.
    """

    data: Path | None = field(default_factory=lambda: data_folder())
    cache: Path = field(default_factory=lambda: cache_folder())
    fetch: bool = True
    say: Callable[[str], None] = _say
    progress: Callable[[str], AbstractContextManager[Progress]] = telling

    def __post_init__(self) -> None:
        if self.data is not None and not self.data.is_dir():
            raise Mistake(f"there is no data folder {self.data}; name an existing one with --data or FWK_DATA")

    def find(
        self,
        name: str,
        *,
        sha256: str | None = None,
        url: str | None = None,
        advice: str = "",
        unpack: Unpack | None = None,
        keep: Keep | None = None,
    ) -> Path:
        """The file called `name` (or `name`.gz): in the user's folder, in the cache, or downloaded from `url`.

        sha256  of the content (unpacked, where it is found as .gz). A file with another one is never returned. Where
                none is known, the first download is trusted: its sum is noted beside it, said, and from then on every
                copy of what is published at `url` is held against it, the user's, too
        advice  how a person gets the file, for the message
        unpack  (what was downloaded, where to write) makes the file of the download, which is then removed
        keep    (name, content of the download -> what of it is kept under that name); a ValueError says that the
                content is not what was published. Nothing else of the download is ever written

        Raises MissingFileError (a FileNotFoundError) that says which file, from where, into which folder; ValueError
        for a file with another content than expected.
        """
        wrong = []
        for path in self._candidates(name):
            note = None if sha256 is not None else self._note_on(path, name, url)
            expected = sha256 if note is None else _noted(note)
            if expected is None or (found := _sum_of(path)) == expected:
                return path
            first = "" if note is None else f" as the first download had (remove {note} to trust another)"
            wrong.append(f"{path} has sha256 {found}, expected {expected}{first}")
        if wrong:
            raise ValueError(
                f"{'; '.join(wrong)}: a damaged copy, or another version. Remove it, or put the published file there"
                + _origin(url, advice)
            )
        if not (url and self.fetch):
            raise self._missing(name, url, advice)
        with alone(self.cache / name, lambda: self.say(f"another process fetches {name}: waiting for it")) as waited:
            if waited:
                with suppress(FileNotFoundError):
                    return dataclasses.replace(self, fetch=False).find(name, sha256=sha256, url=url)
            try:
                return self._download(name, sha256, url, unpack, keep)
            except DownloadError as error:
                raise self._missing(name, url, advice, error) from error

    def _candidates(self, name: str) -> Iterator[Path]:
        """Files of that name, the user's before the cache's, outer before inner."""
        plain = name.removesuffix(".gz")
        names = (name, plain if name != plain else f"{name}.gz")
        if self.data is not None:
            for called in map(Path, names):
                found = [path for path in self.data.rglob(called.name) if path.is_file()]
                fitting = [path for path in found if path.parts[-len(called.parts) :] == called.parts]
                yield from sorted(fitting, key=lambda path: (len(path.parts), path))
        yield from (path for called in names if (path := self.cache / called).is_file())

    def _note_on(self, path: Path, name: str, url: str | None) -> Path | None:
        """The note of a first download's sum: beside the file, or, of a published one, beside the one in the cache."""
        plain = name.removesuffix(".gz")
        published = (self.cache / plain, self.cache / f"{plain}.gz") if url else ()
        return next((note for place in (path, *published) if (note := _note_of(place)).is_file()), None)

    def _download(self, name: str, sha256: str | None, url: str, unpack: Unpack | None, keep: Keep | None) -> Path:
        for stale in self.cache.glob("download-*"):  # of a killed call of former days: a whole file, identities and all
            shutil.rmtree(stale, ignore_errors=True)
        made_here = self.data is not None and url.startswith(self.data.absolute().as_uri())  # of the user's own files
        self.say(f"making {name}, kept in {self.cache}" if made_here else f"downloading {name} from {url}")
        if keep is not None:
            return self._download_in_memory(name, url, *keep)
        if unpack is not None:
            target = self.cache / name
            found = self._download_and_unpack(target, sha256, url, unpack)
        else:
            target = self.cache / (f"{name}.gz" if url.endswith(".gz") and not name.endswith(".gz") else name)
            with self.progress(name) as progress:
                found = download(url, target, progress, sha256)
        if sha256 is None:
            _note_of(target).write_text(f"{found}  {target.name}\n", encoding="ascii")
        if sha256 is None and not made_here:
            self.say(
                f"no checksum of {name} is known, so this download was trusted as it came (sha256 {found}); later "
                "copies are checked against it"
            )
        return target

    def _download_in_memory(self, name: str, url: str, kept: str, part_of: Callable[[bytes], bytes]) -> Path:
        with self.progress(name) as progress:
            came = download_bytes(url, progress)
        try:
            content = part_of(came)
        except ValueError as error:
            raise DownloadError(f"{url} is not what it was ({error})") from error
        target = self.cache / kept
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        part.write_bytes(content)
        os.replace(part, target)
        return target

    def _download_and_unpack(self, target: Path, sha256: str | None, url: str, unpack: Unpack) -> str:
        archive = target.with_name(f"{target.name}.archive")
        if not archive.exists():
            with self.progress(target.name) as progress:
                download(url, archive, progress)
        left = f"unpacking-{target.name}-"
        for stale in target.parent.glob(f"{left}*"):
            shutil.rmtree(stale, ignore_errors=True)
        try:
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=left) as folder:
                made = Path(folder, target.name)
                unpack(archive, made)
                found = content_sha256(made)
                if sha256 is not None and found != sha256:
                    raise ValueError(f"it has sha256 {found}, expected {sha256}")
                os.replace(made, target)
        except (gzip.BadGzipFile, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile) as error:
            archive.unlink()
            raise DownloadError(f"{url} is not what it was: {target.name} cannot be made of it ({error})") from error
        except OSError as error:
            raise DownloadError(f"{target.name} cannot be made of what came, which is kept ({error})") from error
        archive.unlink()
        return found

    def _missing(self, name: str, url: str | None, advice: str, cause: DownloadError | None = None) -> MissingFileError:
        looked = [f"{self.data} and below (--data or FWK_DATA)"] if self.data is not None else []
        looked.append(f"{self.cache} (cache)")
        failed = f" The download failed: {cause}." if cause is not None else ""
        into = self.data if self.data is not None else "a folder that you name with --data or FWK_DATA"
        return MissingFileError(
            f"the file {name} is not here; looked in {' and '.join(looked)}.{failed} Put it into {into}"
            + _origin(url, advice),
            url or "",
        )


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


def _note_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _noted(note: Path) -> str:
    return note.read_text(encoding="ascii").split()[0]
