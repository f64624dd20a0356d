"""Files as they lie on a shelf: plain or gzip, alone or in a zip archive."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path


def read_bytes(path: Path) -> bytes:
    """The content, unpacked where the name ends in .gz."""
    return gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()


def member_of_zip(name: str) -> Callable[[Path, Path], None]:
    """How to take the file called `name`, in whatever folder, out of a zip archive: (archive, target) -> None."""

    def unpack(archive: Path, target: Path) -> None:
        with zipfile.ZipFile(archive) as packed:
            inside = [entry for entry in packed.namelist() if entry.rpartition("/")[2] == name]
            if not inside:
                raise ValueError(f"the archive holds no {name}, but {', '.join(packed.namelist()[:10])}")
            with packed.open(inside[0]) as file, target.open("wb") as out:
                shutil.copyfileobj(file, out)

    return unpack
