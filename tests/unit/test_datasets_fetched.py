"""Bank, law school, Dutch and KDD census: the loaders, on made-up files of the published form.

No copy of these sets could be had, so nothing is said here about their content.
"""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from published_files import N, bank_file, dutch_file, kdd_file, law_file, publish

from fwk import Dataset, Source
from fwk.shelf import Folders
from fwk_datasets import bank, dutch, kdd, law


def _zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bank-names.txt", "read me")
        archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """All four publishers, in a folder of this machine."""
    publish(monkeypatch)
    site = tmp_path / "site"
    site.mkdir()
    (site / "bank.zip").write_bytes(_zipped("bank/bank-full.csv", bank_file()))
    (site / law.FILE).write_bytes(law_file())
    (site / dutch.FILE).write_bytes(dutch_file())
    for part, name in kdd.PARTS.items():
        (site / f"{name}.gz").write_bytes(gzip.compress(kdd_file(part)))
    monkeypatch.setattr(bank, "URL", (site / "bank.zip").as_uri())
    monkeypatch.setattr(law, "URL", (site / law.FILE).as_uri())
    monkeypatch.setattr(dutch, "URL", (site / dutch.FILE).as_uri())
    monkeypatch.setattr(kdd, "URL", site.as_uri())
    return Folders(None, tmp_path / "cache", say=lambda _: None)


ALL = {
    "bank": (bank.CARD, bank.Bank(), bank.Bank(nominal="ordinal"), 16),
    "law": (law.CARD, law.Law(), law.Law("ordinal"), 11),
    "dutch": (dutch.CARD, dutch.Dutch(), dutch.Dutch("ordinal"), 11),
    "kdd": (kdd.CARD, kdd.KddCensus(), kdd.KddCensus("ordinal"), 40),
}


@pytest.mark.parametrize("name", ALL)
def test_a_download_becomes_features_labels_and_groups(shelf: Folders, name: str) -> None:
    card, one_hot, ordinal, columns = ALL[name]
    rows = one_hot.read(shelf)
    wide, narrow = one_hot.encode(rows), ordinal.encode(rows)
    assert narrow.features.shape == (len(rows), columns)
    assert wide.features.shape[1] >= columns
    assert set(wide.sources.values()) == set(narrow.sources.values())
    minority = rows.eval(card.minority)
    assert 0 < minority.mean() < 1
    assert 0 < wide.y.mean() < 1
    assert set(card.audit) <= set(rows.columns)


@pytest.mark.parametrize("name", ALL)
def test_a_row_is_encoded_the_same_in_any_company(shelf: Folders, name: str) -> None:
    _, one_hot, ordinal, _ = ALL[name]
    rows = one_hot.read(shelf)
    chosen = np.random.default_rng(1).permutation(len(rows))[:25]
    for source in (one_hot, ordinal):
        whole, part = source.encode(rows), source.encode(rows.iloc[chosen])
        assert part.features.equals(whole.features.iloc[chosen].reset_index(drop=True))
        assert (part.y == whole.y[chosen]).all()


@pytest.mark.parametrize("name", ["law", "dutch", "kdd"])
def test_downloads_without_a_known_checksum_are_held_to_the_first_one(shelf: Folders, name: str) -> None:
    source = ALL[name][1]
    source.read(shelf)
    offline = Folders(None, shelf.cache, fetch=False)
    assert len(source.read(offline)) == (2 * N if name == "kdd" else N)
    note = next(path for path in sorted(shelf.cache.rglob("*.sha256")))
    kept = note.with_suffix("")
    content = kept.read_bytes()
    other = gzip.compress(b"other") if kept.name.endswith(".gz") else content + b"\n"
    kept.write_bytes(other)
    with pytest.raises(ValueError, match="has sha256"):
        source.read(offline)


def test_labels_and_parts_are_read_as_published(shelf: Folders) -> None:
    for name, favourable in (
        ("bank", lambda rows: rows["y"] == "yes"),
        ("law", lambda rows: rows["pass_bar"] == 1),
        ("dutch", lambda rows: rows["occupation"] == "2_1"),
        ("kdd", lambda rows: rows["income"] == "50000+."),
    ):
        source: Any = ALL[name][1]
        rows = source.read(shelf)
        assert (source.encode(rows).y == favourable(rows)).all()
    rows = kdd.KddCensus().read(shelf)
    table = kdd.KddCensus().encode(rows)
    assert table.test is not None
    assert (table.test == (np.arange(2 * N) >= N)).all()
    assert "instance_weight" not in table.sources.values()


def test_the_length_of_a_call_can_be_left_out(shelf: Folders) -> None:
    rows = bank.Bank().read(shelf)
    assert "duration" in bank.Bank().encode(rows).features
    assert "duration" not in bank.Bank(duration=False).encode(rows).features


def _without_column(separator: str) -> Callable[[bytes], bytes]:
    def cut(content: bytes) -> bytes:
        return b"\n".join(line.partition(separator.encode())[2] for line in content.splitlines()) + b"\n"

    return cut


@pytest.mark.parametrize(
    ("source", "file", "content", "message"),
    [
        (bank.Bank(), "bank-full.csv", _without_column(";")(bank_file()), "has sha256 .* expected d1513ec6"),
        (law.Law(), law.FILE, _without_column(",")(law_file()), "no column 'decile1b'"),
        (dutch.Dutch(), dutch.FILE, b"@relation x\n@attribute sex {1,2}\n@data\n1\n2\n", "no column 'age'"),
        (dutch.Dutch(), dutch.FILE, b"sex,age\n1,2\n", "it is no ARFF file"),
        (kdd.KddCensus(), "census-income.data", b"1, 2, 3\n", "it has 3 columns, the published file has 42"),
    ],
)
def test_a_foreign_file_is_named(tmp_path: Path, source: Source, file: str, content: bytes, message: str) -> None:
    (tmp_path / file).write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        source.read(Folders(tmp_path, tmp_path / "cache", fetch=False))
    assert file in str(caught.value)


@pytest.mark.parametrize("card", [bank.CARD, law.CARD, dutch.CARD, kdd.CARD], ids=lambda card: str(card.name))
def test_a_missing_file_says_where_it_is_published(tmp_path: Path, card: Dataset) -> None:
    with pytest.raises(FileNotFoundError, match="it is published at https://"):
        card.make().read(Folders(tmp_path, tmp_path / "cache", fetch=False))


def test_another_file_in_place_of_the_tenth_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bank.csv").write_bytes(bank_file())
    with pytest.raises(ValueError, match=r"bank\.csv has sha256 .*, expected dc8d576e"):
        bank.Bank("tenth").read(Folders(tmp_path, tmp_path / "cache", fetch=False))


def test_a_wrong_customer_knob_is_named() -> None:
    few: Any = "some"
    with pytest.raises(ValueError, match="customers is 'some'; it can be: all, tenth"):
        bank.Bank(few)


def test_an_archive_without_the_file_names_what_it_holds(shelf: Folders, tmp_path: Path) -> None:
    (tmp_path / "site" / "bank.zip").write_bytes(_zipped("other.csv", b"x"))
    with pytest.raises(FileNotFoundError, match=r"holds no bank-full\.csv, but bank-names\.txt, other\.csv"):
        bank.Bank().read(shelf)
    (tmp_path / "site" / "bank.zip").write_bytes(b"<html>not an archive</html>")
    with pytest.raises(FileNotFoundError, match=r"bank-full\.csv cannot be made of it"):
        bank.Bank().read(shelf)
    assert [path for path in shelf.cache.rglob("*") if path.is_file()] == []
