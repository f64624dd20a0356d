"""Damaged and foreign files: every data set that reads files from a shelf refuses them, by name and with a remedy."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from published_files import MADE, N, publish
from rich.console import Console

from fwk import Dataset, Encoded, Shelf
from fwk.api import Mistake
from fwk.library import fetch
from fwk.shelf import Folders

Damage = Callable[[bytes], bytes]


def _with_one_more_field(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    separator = b";" if b";" in lines[-1] else b","
    lines[-3] = b"1" + separator + lines[-3]
    return b"".join(lines)


DAMAGES: dict[str, tuple[str, Damage]] = {
    "half": ("", lambda content: content[: len(content) // 2]),
    "without its last row": ("", lambda content: b"".join(content.splitlines(keepends=True)[:-1])),
    "with a longer row": ("", _with_one_more_field),
    "with a byte of latin-1": ("", lambda content: content[:-30] + b"\xe9" + content[-30:]),
    "empty": ("", lambda _: b""),
    "a line of blanks": ("", lambda _: b"   \n"),
    "junk": ("", lambda _: np.random.default_rng(0).bytes(9_000)),
    "HTML": (
        "",
        lambda _: b"<!DOCTYPE html>\n<html><head><title>404, not found</title></head>\n<body></body></html>\n",
    ),
    "a cut gzip file": (".gz", lambda content: gzip.compress(content)[: len(content) // 20]),
    "a gzip file without its end": (".gz", lambda content: gzip.compress(content)[:-4]),
    "a gzip file with a changed byte": (
        ".gz",
        lambda content: (packed := gzip.compress(content))[:200] + bytes([packed[200] ^ 255]) + packed[201:],
    ),
    "no gzip file": (".gz", lambda content: content),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    publish(monkeypatch)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def _put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _shelf(folder: Path) -> Folders:
    return Folders(folder, folder.parent / "cache", fetch=False)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", [name for name in MADE if name != "waterbirds"])  # it needs features, too
def test_the_sound_file_is_read(folder: Path, name: str, packed: bool) -> None:
    made = MADE[name]()
    for called, content in {made.name: made.content, **made.beside}.items():
        _put(folder, f"{called}.gz" if packed else called, gzip.compress(content) if packed else content)
    rows = made.source.read(_shelf(folder))
    assert 0 < len(rows) <= 2 * N


# of hsls and acs-income a few columns are read, and pandas lets longer rows be
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (name, damage)
        for name in MADE
        for damage in DAMAGES
        if not (damage == "with a longer row" and name in ("hsls", "acs-income"))
    ],
)
def test_a_damaged_file_is_refused_by_name(folder: Path, name: str, damage: str) -> None:
    made = MADE[name]()
    for called, content in made.beside.items():
        _put(folder, called, content)
    ending, harm = DAMAGES[damage]
    path = _put(folder, made.name + ending, harm(made.content))
    with pytest.raises(ValueError) as caught:
        made.source.read(_shelf(folder))
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "Remove it, or put the published file there" in message or "not the published assignment" in message
    assert "Secret" not in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["law-school", "dutch", "kdd-census"])
def test_a_file_torn_within_its_last_label_is_refused(folder: Path, name: str) -> None:
    made = MADE[name]()
    for called, content in made.beside.items():
        _put(folder, called, content)
    path = _put(folder, made.name, made.content[:-3])
    with pytest.raises(ValueError, match=f"in row {N}; known: ") as caught:
        made.source.read(_shelf(folder))
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("name", "found", "expected"),
    [
        ("law-school", "it has 399 rows", "400"),
        ("dutch", "it has 399 rows", "400"),
        ("kdd-census", "it has 399 rows", "400"),
        ("hsls", "it has 399 students", "400"),
    ],
)
def test_another_number_of_rows_is_told(folder: Path, name: str, found: str, expected: str) -> None:
    made = MADE[name]()
    _put(folder, made.name, DAMAGES["without its last row"][1](made.content))
    with pytest.raises(ValueError, match=f"{found}, the published file has {expected}"):
        made.source.read(_shelf(folder))


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("acs-income", b"AGEP", b"AGE", "it has no column 'AGEP'"),
        ("waterbirds", b"0,0,0,", b"bird,0,0,", "column 'y' holds 'bird' in row 1; known: 0, 1"),
        ("waterbirds", b"0,0,0,", b"7,0,0,", "column 'y' holds 7 in row 1; known: 0, 1"),
        ("waterbirds", b"0,0,0,", b"0,,0,", "column 'place' holds nan in row 1; known: 0, 1"),
    ],
)
def test_a_strange_value_is_told_with_its_place(folder: Path, name: str, old: bytes, new: bytes, said: str) -> None:
    made = MADE[name]()
    path = _put(folder, made.name, made.content.replace(old, new, 1))
    with pytest.raises(ValueError) as caught:
        made.source.read(_shelf(folder))
    assert str(caught.value).startswith(f"{path} is damaged, or not the published file: {said}")


def test_text_among_the_ages_of_a_census_file_is_told(folder: Path) -> None:
    made = MADE["acs-income"]()
    header, first, rest = made.content.split(b"\n", 2)
    torn = b"old," + first.partition(b",")[2]
    _put(folder, made.name, b"\n".join([header, torn, rest]))
    with pytest.raises(ValueError, match="column 'AGEP' holds 'old' in row 1, not a number"):
        made.source.read(_shelf(folder))


def test_a_blank_last_line_is_no_damage(folder: Path) -> None:
    for name in ("compas", "law-school", "dutch", "kdd-census", "acs-income", "hsls"):
        made = MADE[name]()
        for called, content in made.beside.items():
            _put(folder, called, content)
        _put(folder, made.name, made.content + b"\n")
        assert len(made.source.read(_shelf(folder)))


class Torn:
    """A reader that does not say what is wrong."""

    def read(self, shelf: Shelf) -> pd.DataFrame:
        raise EOFError

    def encode(self, rows: pd.DataFrame) -> Encoded:
        raise AssertionError


def test_whatever_a_reader_raises_is_a_mistake_of_the_command_line() -> None:
    with pytest.raises(Mistake, match="data set 'torn' cannot be read: EOFError"):
        fetch(Console(), Dataset("torn", Torn), None)
