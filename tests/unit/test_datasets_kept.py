"""Rows that are slow to read are kept, and serve again only where the same files would be read with the same code."""

import importlib
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from published_files import bank_file, publish

from fwk import Encoded, Shelf, Source, code
from fwk.kept import read_rows
from fwk.shelf import Folders
from fwk_datasets import compas
from fwk_datasets.acs import AcsIncome
from fwk_datasets.bank import Bank
from fwk_datasets.compas import Compas
from fwk_datasets.hsls import HslsCore
from fwk_datasets.table import Table

READ: list[str] = []


@dataclass(frozen=True)
class Slow:
    """A source that takes its time."""

    file: str = "a.csv"
    times: int = 1

    def read(self, shelf: Shelf) -> pd.DataFrame:
        READ.append(self.file)
        rows = pd.read_csv(shelf.find(self.file))
        time.sleep(0.02)
        return pd.concat([rows] * self.times, ignore_index=True)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        raise AssertionError


@pytest.fixture
def shelf(tmp_path: Path) -> Folders:
    READ.clear()
    (tmp_path / "data").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "data" / name).write_text(f"x,y\n1,{name}\n2,\n")
    return Folders(tmp_path / "data", tmp_path / "cache", fetch=False)


def _slowly(source: Source, shelf: Folders) -> pd.DataFrame:
    return read_rows(source, shelf, slow=0.001)


def test_a_second_reading_takes_the_kept_rows(shelf: Folders) -> None:
    first = _slowly(Slow(), shelf)
    assert _slowly(Slow(), shelf).equals(first)
    assert READ == ["a.csv"]


def test_other_knobs_other_content_and_lost_files_are_read_again(shelf: Folders) -> None:
    assert shelf.data is not None
    _slowly(Slow(), shelf)
    assert len(_slowly(Slow(times=2), shelf)) == 4
    assert _slowly(Slow("b.csv"), shelf)["y"][0] == "b.csv"
    (shelf.data / "a.csv").write_text("x,y\n9,new\n")
    assert _slowly(Slow(), shelf)["x"].tolist() == [9]
    (shelf.data / "a.csv").unlink()
    with pytest.raises(FileNotFoundError):
        _slowly(Slow(), shelf)
    assert len(READ) == 5


def test_an_edit_of_a_reader_in_a_single_file_reads_again(
    shelf: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form in which docs/plugins.md shows a plugin: one module, which may build on another."""
    monkeypatch.syspath_prepend(str(tmp_path))
    base = "import time, pandas as pd\nclass Base:\n    def rows(self, shelf):\n        time.sleep(0.02)\n"
    base += "        return pd.read_csv(shelf.find('a.csv'))[['x']] * {}\n"
    reader = "from my_base import Base\nclass Reader(Base):\n    def read(self, shelf):\n"
    reader += "        return self.rows(shelf) * {}\n"

    def read(first: int, second: int) -> list[int]:
        (tmp_path / "my_base.py").write_text(base.format(first), encoding="utf-8")
        (tmp_path / "my_reader.py").write_text(reader.format(second), encoding="utf-8")
        for name in ("my_base", "my_reader"):
            sys.modules.pop(name, None)
        code._reached.cache_clear()
        importlib.invalidate_caches()
        return _slowly(importlib.import_module("my_reader").Reader(), shelf)["x"].tolist()

    assert (read(1, 1), read(1, 10), read(30, 10)) == ([1, 2], [10, 20], [300, 600])


def test_another_folder_gives_its_own_rows(shelf: Folders, tmp_path: Path) -> None:
    assert len(_slowly(Slow(), shelf)) == 2
    (tmp_path / "other").mkdir()
    other = Folders(tmp_path / "other", shelf.cache, fetch=False)
    with pytest.raises(FileNotFoundError):
        _slowly(Slow(), other)
    (tmp_path / "other" / "a.csv").write_text("x,y\n1,1\n2,2\n3,3\n")
    assert len(_slowly(Slow(), other)) == 3
    assert len(_slowly(Slow(), shelf)) == 2
    with pytest.raises(FileNotFoundError):
        _slowly(Slow(), Folders(None, shelf.cache, fetch=False))


def test_an_equal_copy_in_another_folder_serves_the_kept_rows(shelf: Folders, tmp_path: Path) -> None:
    assert shelf.data is not None
    first = _slowly(Slow(), shelf)
    shutil.copytree(shelf.data, tmp_path / "other" / "deep")
    assert _slowly(Slow(), Folders(tmp_path / "other", shelf.cache, fetch=False)).equals(first)
    assert READ == ["a.csv"]


@dataclass(frozen=True)
class Either:
    """A source that takes the first of two files that is here."""

    def read(self, shelf: Shelf) -> pd.DataFrame:
        try:
            return pd.read_csv(shelf.find("first.csv"))
        except FileNotFoundError:
            return pd.read_csv(shelf.find("a.csv"))

    def encode(self, rows: pd.DataFrame) -> Encoded:
        raise AssertionError


def test_a_file_that_was_not_here_and_is_now_is_read(shelf: Folders) -> None:
    assert shelf.data is not None
    assert read_rows(Either(), shelf, slow=0)["x"].tolist() == [1, 2]
    (shelf.data / "first.csv").write_text("x\n7\n")
    assert read_rows(Either(), shelf, slow=0)["x"].tolist() == [7]


def test_damaged_kept_rows_are_read_again(shelf: Folders) -> None:
    first = _slowly(Slow(), shelf)
    for path in (shelf.cache / "rows").iterdir():
        path.write_bytes(b"{}" if path.suffix == ".json" else b"not parquet")
    assert _slowly(Slow(), shelf).equals(first)
    assert len(READ) == 2


def test_what_is_quick_to_read_is_not_kept(shelf: Folders) -> None:
    read_rows(Slow(), shelf, slow=60)
    assert not shelf.cache.exists()


def test_a_users_own_table_is_never_copied(shelf: Folders) -> None:
    assert shelf.data is not None
    path = shelf.data / "own.csv"
    path.write_text("x,y\n" + "".join(f"{i % 7},{'yes' if i % 2 else 'no'}\n" for i in range(50)))
    read_rows(Table(path=str(path), label="y", favourable="yes"), shelf, slow=0)
    assert not shelf.cache.exists()


@pytest.mark.parametrize("source", [Compas(), HslsCore(), AcsIncome("WY")], ids=str)
def test_real_rows_come_back_exactly_and_without_identities(tmp_path: Path, data_folder: Path, source: Source) -> None:
    shelf = Folders(data_folder, tmp_path / "cache", fetch=False)
    first = read_rows(source, shelf, slow=0)
    assert len(list((shelf.cache / "rows").glob("*.parquet"))) == 1
    again = read_rows(source, shelf, slow=0)
    assert again.equals(first)
    assert (again.dtypes == first.dtypes).all()
    table, table_again = source.encode(first), source.encode(again)
    assert table_again.features.equals(table.features)
    assert (table_again.y == table.y).all()
    for kept in (shelf.cache / "rows").glob("*.parquet"):
        assert not compas.IDENTIFYING & set(pd.read_parquet(kept).columns)


def test_settled_categories_come_back_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch)
    (tmp_path / "bank-full.csv").write_bytes(bank_file())
    shelf = Folders(tmp_path, tmp_path / "cache", fetch=False)
    first = read_rows(Bank(), shelf, slow=0)
    assert len(list((shelf.cache / "rows").glob("*.parquet"))) == 1
    assert read_rows(Bank(), shelf, slow=0).equals(first)
