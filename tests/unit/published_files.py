"""Files of the form in which data sets are published, with made-up people in them; and what makes readers take them."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from fwk import Source
from fwk_datasets import acs, bank, compas, dutch, hsls, kdd, law
from fwk_datasets.waterbirds import BIRDS, PARTS, PLACES, PUBLISHED, Waterbirds

N = 400


@dataclass(frozen=True)
class Made:
    """A data set, its file's name, what is in it, and the names of the other files that it needs."""

    source: Source
    name: str
    content: bytes
    beside: Mapping[str, bytes]


def bank_file() -> bytes:
    rng = np.random.default_rng(0)
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
    return _csv(pd.DataFrame(rows), sep=";", quoting=2)


def law_file() -> bytes:
    rng = np.random.default_rng(1)
    rows = {name: rng.normal(size=N).round(2) for name in law.NUMBERS} | {
        "male": rng.integers(0, 2, N), "tier": rng.integers(1, 7, N), "race": rng.choice(["White", "Non-White"], N),
        "pass_bar": rng.choice([0, 1], N),
    }  # fmt: skip
    return _csv(pd.DataFrame(rows))


def dutch_file() -> bytes:
    rng = np.random.default_rng(2)
    levels = {
        "sex": [2, 1], "age": [4, 10, 17], "household_position": [1110, 1220], "household_size": [111, 126],
        "prev_residence_place": [1, 2, 9], "citizenship": [1, 2, 3], "country_birth": [1, 2, 3], "edu_level": [0, 5, 9],
        "economic_status": [111, 224], "cur_eco_activity": [131, 200], "Marital_status": [1, 2, 3, 4],
        "occupation": ["5_4_9", "2_1"],
    }  # fmt: skip
    rows = pd.DataFrame({name: rng.choice(values, N) for name, values in levels.items()})
    header = [f"@attribute {name} {{{','.join(map(str, values))}}}" for name, values in levels.items()]
    return ("\n".join(["@relation dutch", "", *header, "", "@data", ""]) + "\n").encode() + _csv(rows, header=False)


def kdd_file(part: str) -> bytes:
    rng = np.random.default_rng(len(part))
    rows = pd.DataFrame(index=range(N))
    for name in kdd.COLUMNS:
        rows[name] = rng.choice(["?", "Not in universe", "Children or Armed Forces"], N)
    for name in (*kdd.CODES, "age", "wage_per_hour", "capital_gains", "weeks_worked", "instance_weight"):
        rows[name] = rng.integers(0, 52, N)
    rows["sex"] = rng.choice(["Female", "Male"], N)
    rows["income"] = rng.choice(["- 50000.", "50000+."], N)
    return "".join(", ".join(map(str, row)) + "\n" for row in rows.itertuples(index=False)).encode()


def compas_file() -> bytes:
    """As ProPublica publishes it: with names, birth dates and case numbers, all of them `Secret`."""
    rng = np.random.default_rng(3)
    rows = {"id": range(N)} | {name: [f"Secret {name} {row}" for row in range(N)] for name in compas.IDENTIFYING}
    return _csv(pd.DataFrame(rows | {"race": "Caucasian", "is_recid": rng.integers(0, 2, N)}))


def hsls_file() -> bytes:
    rng = np.random.default_rng(4)
    names = ["stu_id", "x1sex", "x1race", "x1txmtscor", *hsls.LITE[2:]]
    return _csv(pd.DataFrame({name.upper(): rng.integers(-9, 9, N) for name in names}).assign(X4OTHER="whatever"))


def made_people(n: int = N) -> pd.DataFrame:
    """A person file of the ACS, with every kind of person that the task leaves out."""
    rng = np.random.default_rng(5)
    rows = {
        "AGEP": rng.integers(0, 95, n), "COW": rng.integers(1, 9, n), "SCHL": rng.integers(1, 25, n),
        "MAR": rng.integers(1, 6, n), "OCCP": rng.choice([10, 9830], n), "POBP": rng.choice([1, 554], n),
        "RELP": rng.integers(0, 18, n), "WKHP": rng.choice([np.nan, 1, 40], n), "SEX": rng.integers(1, 3, n),
        "RAC1P": rng.integers(1, 10, n), "PINCP": rng.choice([np.nan, -50, 100, 101, 50_000, 50_001], n),
        "PWGTP": rng.integers(0, 3, n), "SERIALNO": np.arange(n),
    }  # fmt: skip
    return pd.DataFrame(rows)


def waterbirds_file() -> bytes:
    rows = [
        (BIRDS.index(bird), PLACES.index(place), PARTS.index(part))
        for (part, bird, place), size in PUBLISHED.items()
        for _ in range(size)
    ]
    made = pd.DataFrame(rows, columns=["y", "place", "split"])
    return _csv(made.assign(img_filename=[f"{row:05d}.jpg" for row in range(len(made))]))


MADE: Mapping[str, Callable[[], Made]] = {
    "bank": lambda: Made(bank.Bank(), "bank-full.csv", bank_file(), {}),
    "law-school": lambda: Made(law.Law(), law.FILE, law_file(), {}),
    "dutch": lambda: Made(dutch.Dutch(), dutch.FILE, dutch_file(), {}),
    "kdd-census": lambda: Made(
        kdd.KddCensus(), kdd.PARTS["train"], kdd_file("train"), {kdd.PARTS["test"]: kdd_file("test")}
    ),
    "compas": lambda: Made(compas.Compas(), compas.PUBLISHED, compas_file(), {}),
    "hsls": lambda: Made(hsls.Hsls(), hsls.NCES, hsls_file(), {}),
    "acs-income": lambda: Made(
        acs.AcsIncome("WY", origin="census"), "2018/1-Year/psam_p56.csv", _csv(made_people()), {}
    ),
    "waterbirds": lambda: Made(Waterbirds(), "waterbirds/metadata.csv", waterbirds_file(), {}),
}  # fmt: skip


def publish(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the readers take the made-up files for the published ones: their sizes and checksums."""
    monkeypatch.setattr(law, "ROWS", N)
    monkeypatch.setattr(dutch, "ROWS", N)
    monkeypatch.setattr(kdd, "ROWS", dict.fromkeys(kdd.PARTS, N))
    monkeypatch.setattr(hsls, "NCES_ROWS", N)
    monkeypatch.setitem(acs.ROWS_2018, "WY", len(acs.income_task(made_people())))
    monkeypatch.setitem(bank.SHA256, "all", hashlib.sha256(bank_file()).hexdigest())
    monkeypatch.setattr(compas, "REDACTED_SHA256", hashlib.sha256(compas.redact(compas_file())).hexdigest())


def _csv(rows: pd.DataFrame, **how: object) -> bytes:
    text = io.StringIO()
    rows.to_csv(text, **{"index": False, **how})
    return text.getvalue().encode()
