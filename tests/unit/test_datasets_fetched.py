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
import pandas as pd
import pytest

from fwk import Dataset, Source
from fwk.shelf import Folders
from fwk_datasets import bank, dutch, kdd, law

N = 400


def _bank(rng: np.random.Generator) -> bytes:
    rows = {
        "age": rng.integers(18, 90, N), "job": rng.choice(["admin.", "unknown", "student"], N),
        "marital": rng.choice(["married", "single", "divorced"], N),
        "education": rng.choice(["primary", "unknown"], N), "default": rng.choice(["no", "yes"], N),
        "balance": rng.integers(-900, 9_000, N), "housing": rng.choice(["no", "yes"], N),
        "loan": rng.choice(["no", "yes"], N), "contact": rng.choice(["cellular", "unknown"], N),
        "day": rng.integers(1, 31, N), "month": rng.choice(["may", "oct"], N), "duration": rng.integers(1, 999, N),
        "campaign": rng.integers(1, 9, N), "pdays": -1, "previous": 0,
        "poutcome": rng.choice(["failure", "unknown"], N), "y": rng.choice(["no", "yes"], N),
    }  # fmt: skip
    text = io.StringIO()
    pd.DataFrame(rows).to_csv(text, sep=";", index=False, quoting=2)
    return text.getvalue().encode()


def _law(rng: np.random.Generator) -> bytes:
    rows = {name: rng.normal(size=N).round(2) for name in law.NUMBERS} | {
        "tier": rng.integers(1, 7, N), "race": rng.choice(["White", "Non-White"], N), "pass_bar": rng.choice([0, 1], N)
    }  # fmt: skip
    text = io.StringIO()
    pd.DataFrame(rows).to_csv(text, index=False)
    return text.getvalue().encode()


def _dutch(rng: np.random.Generator) -> bytes:
    levels = {
        "sex": [2, 1], "age": [4, 10, 17], "household_position": [1110, 1220], "household_size": [111, 126],
        "prev_residence_place": [1, 2, 9], "citizenship": [1, 2, 3], "country_birth": [1, 2, 3], "edu_level": [0, 5, 9],
        "economic_status": [111, 224], "cur_eco_activity": [131, 200], "Marital_status": [1, 2, 3, 4],
        "occupation": ["5_4_9", "2_1"],
    }  # fmt: skip
    rows = pd.DataFrame({name: rng.choice(values, N) for name, values in levels.items()})
    header = [f"@attribute {name} {{{','.join(map(str, values))}}}" for name, values in levels.items()]
    data = rows.to_csv(index=False, header=False)
    return ("\n".join(["@relation dutch", "", *header, "", "@data", ""]) + "\n" + data).encode()


def _kdd(rng: np.random.Generator, n: int = N) -> bytes:
    rows = pd.DataFrame(index=range(n))
    for name in kdd.COLUMNS:
        rows[name] = rng.choice(["?", "Not in universe", "Children or Armed Forces"], n)
    for name in (*kdd.CODES, "age", "wage_per_hour", "capital_gains", "weeks_worked", "instance_weight"):
        rows[name] = rng.integers(0, 52, n)
    rows["sex"] = rng.choice(["Female", "Male"], n)
    rows["income"] = rng.choice(["- 50000.", "50000+."], n)
    return "".join(", ".join(map(str, row)) + "\n" for row in rows.itertuples(index=False)).encode()


def _zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("bank-names.txt", "read me")
        archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """All four publishers, in a folder of this machine."""
    rng = np.random.default_rng(0)
    site = tmp_path / "site"
    site.mkdir()
    (site / "bank.zip").write_bytes(_zipped("bank/bank-full.csv", _bank(rng)))
    (site / law.FILE).write_bytes(_law(rng))
    (site / dutch.FILE).write_bytes(_dutch(rng))
    for name in kdd.PARTS.values():
        (site / f"{name}.gz").write_bytes(gzip.compress(_kdd(rng)))
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


@pytest.mark.parametrize("name", ALL)
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
        (bank.Bank(), "bank-full.csv", _without_column(";")(_bank(np.random.default_rng(0))), "no column 'age'"),
        (law.Law(), law.FILE, _without_column(",")(_law(np.random.default_rng(0))), "no column 'decile1b'"),
        (dutch.Dutch(), dutch.FILE, b"@relation x\n@attribute sex {1,2}\n@data\n1\n2\n", "no column 'age'"),
        (dutch.Dutch(), dutch.FILE, b"sex,age\n1,2\n", "is not an ARFF file"),
        (kdd.KddCensus(), "census-income.data", b"1, 2, 3\n", "has 3 columns, the published file 42"),
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
    (tmp_path / "bank.csv").write_bytes(_bank(np.random.default_rng(0)))
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
