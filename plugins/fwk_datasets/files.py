"""Published files as they lie on a shelf, plain, gzip or in a zip archive; damaged and foreign ones are named."""

from __future__ import annotations

import gzip
import io
import shutil
import warnings
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd


def refused(path: Path, why: str) -> ValueError:
    """What to raise for a file that is not what was published."""
    return ValueError(
        f"{path} is damaged, or not the published file: {why}. Remove it, or put the published file there"
    )


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Whatever a reader says of the content of `path` becomes a ValueError that names it (`refused`)."""
    try:
        yield
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise refused(path, f"its gzip form is broken ({_first_line(error)})") from error
    except UnicodeError as error:
        raise refused(path, f"not UTF-8 text ({_first_line(error)})") from error
    except (ValueError, pd.errors.ParserWarning) as error:
        raise refused(path, _first_line(error)) from error


def read_bytes(path: Path) -> bytes:
    """The content, unpacked where the name ends in .gz. Raises ValueError naming a damaged file."""
    with reading(path):
        return gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()


def read_csv(path: Path, text: str | None = None, **how: Any) -> pd.DataFrame:  # how: pandas' own keywords
    """The table in the file, or in `text` where that was made of the file. Raises ValueError naming the file."""
    with reading(path), warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # lines of more fields than the header has
        rows: pd.DataFrame = pd.read_csv(
            path if text is None else io.StringIO(text), index_col=False, low_memory=False, **how
        )
        return rows


def check_columns(rows: pd.DataFrame, expected: Iterable[str], path: Path) -> None:
    """Raises ValueError naming the file and the first column that it lacks."""
    if lacking := [name for name in expected if name not in rows.columns]:
        raise refused(path, f"it has no column {lacking[0]!r}")


def check_numbers(rows: pd.DataFrame, columns: Iterable[str], path: Path) -> None:
    """Raises ValueError naming the file and the first of `columns` that holds something else than numbers."""
    for name in columns:
        strange = rows[name][pd.to_numeric(rows[name], errors="coerce").isna() & rows[name].notna()]
        if len(strange):
            raise refused(
                path, f"column {name!r} holds {strange.iloc[0]!r} in row {strange.index[0] + 1}, not a number"
            )


def check_values(rows: pd.DataFrame, column: str, known: Collection[object], path: Path) -> None:
    """Raises ValueError naming the file and the first value of `column` that is not `known`, or missing."""
    strange = rows[column][~rows[column].isin(list(known))]
    if len(strange):
        first, listed = strange.tolist()[0], ", ".join(map(repr, known))
        raise refused(path, f"column {column!r} holds {first!r} in row {strange.index[0] + 1}; known: {listed}")


def check_count(rows: pd.DataFrame, expected: int, path: Path, what: str = "rows") -> None:
    """Raises ValueError naming the file, how many rows were found in it, and how many were published."""
    if len(rows) != expected:
        raise refused(path, f"it has {len(rows):,} {what}, the published file has {expected:,}")


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


def _first_line(error: BaseException | Warning) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
