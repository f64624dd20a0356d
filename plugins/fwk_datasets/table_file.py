"""A user's file, CSV or parquet, as a table; what is wrong with a file is said with its name, place and remedy."""

from __future__ import annotations

import difflib
import gzip
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow

from fwk import Mistake

TEXT_ENDINGS = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
SEPARATORS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}


def read_table(path: Path, separator: str = "", encoding: str = "utf-8", missing: Sequence[str] = ()) -> pd.DataFrame:
    """The file as a table, columns called by its header.

    separator  between the fields of a text file; "" for a comma (.csv) or a tab (.tsv)
    missing    texts that mean missing, beside the empty field and pandas' own (NA, NaN, null, ...)

    Raises Mistake, which starts with the key to blame, where there is no such file, it is of no kind that can be read,
    or there is no such encoding; ValueError where it is no table: empty, no rows, not text in `encoding`, uneven rows,
    a column name twice.
    """
    _check_there(path)
    rows = _read_parquet(path) if path.name.endswith(".parquet") else _read_text(path, separator, encoding, missing)
    rows.columns = pd.Index([str(name).strip() for name in rows.columns])
    if twice := rows.columns[rows.columns.duplicated()].unique().tolist():
        raise ValueError(f"{path}: the column name {twice[0]!r} occurs twice; rename one of the columns")
    if rows.empty:
        raise ValueError(f"{path}: the table has {len(rows.columns)} columns and no rows")
    return rows.reset_index(drop=True)


def nearest(name: str, known: Iterable[str]) -> str:
    """A remark on what was perhaps meant: "; did you mean 'income'?", or what there is.

    >>> nearest("incom", ["age", "income"])
    "; did you mean 'income'?"
    >>> nearest("zzz", ["age", "income"])
    '; there are: age, income'
    """
    names = list(known)
    if close := difflib.get_close_matches(name, names, n=1):
        return f"; did you mean {close[0]!r}?"
    return f"; there are: {', '.join(names[:30])}{', ...' if len(names) > 30 else ''}" if names else ""


def _check_there(path: Path) -> None:
    if path.is_dir():
        raise Mistake(f"path: {path} is a folder; give the file in it")
    if not path.exists():
        there = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else None
        hint = f"; the folder {path.parent} does not exist either" if there is None else nearest(path.name, there)
        raise Mistake(f"path: no file {path}{hint}")
    if not path.name.endswith((*TEXT_ENDINGS, ".parquet")):
        endings = ", ".join((*TEXT_ENDINGS, ".parquet"))
        raise Mistake(f"path: {path}: can read {endings}; convert the file to one of them")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: the file is empty")


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise ValueError(f"{path}: not a readable parquet file ({_first_line(error)})") from error


def _read_text(path: Path, separator: str, encoding: str, missing: Sequence[str]) -> pd.DataFrame:
    separator = separator or ("\t" if ".tsv" in path.name else ",")
    header = _header(path, separator, encoding)
    with _faults_explained(path, encoding, len(header)), warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)  # rows with more fields than the header
        rows = pd.read_csv(
            path,
            sep=separator,
            encoding=_without_mark(encoding),
            na_values=list(missing),
            skipinitialspace=True,
            low_memory=False,
            index_col=False,
        )
    rows.columns = pd.Index(header)  # as written: pandas renames repeated names
    return rows


def _header(path: Path, separator: str, encoding: str) -> list[str]:
    """The names in the first line."""
    with _faults_explained(path, encoding, None):
        top = pd.read_csv(
            path,
            sep=separator,
            encoding=_without_mark(encoding),
            header=None,
            nrows=1,
            dtype=str,
            skipinitialspace=True,
            keep_default_na=False,
        )
    names = [str(name) or f"Unnamed: {place}" for place, name in enumerate(top.iloc[0])]
    if len(names) == 1:
        for other, word in SEPARATORS.items():
            if other != separator and other in names[0]:
                raise ValueError(
                    f"{path}: one column only, {names[0]!r}; its fields seem to be separated by {word}: "
                    f"set separator: {other!r}"
                )
    return names


@contextmanager
def _faults_explained(path: Path, encoding: str, fields: int | None) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        raise ValueError(
            f"{path}: not {encoding} text ({_first_line(error)}); set encoding, such as latin-1 or cp1252"
        ) from error
    except LookupError as error:
        raise Mistake(f"encoding: {path}: there is no encoding {encoding!r}; try utf-8, latin-1 or cp1252") from error
    except pd.errors.EmptyDataError as error:
        raise ValueError(f"{path}: the file holds no table") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: the gzip file is damaged ({_first_line(error)}); fetch it again") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        expected = f"rows of {fields} fields, as the header has" if fields else "fields"
        raise ValueError(
            f"{path}: cannot be cut into {expected} ({_first_line(error)}); quote fields that hold the separator, or "
            "set separator"
        ) from error


def _without_mark(encoding: str) -> str:
    return "utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
