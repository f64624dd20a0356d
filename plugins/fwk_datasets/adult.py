"""UCI Adult (Census Income): does a person earn more than 50,000 dollars a year? It comes along with the package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import numpy as np
import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import Block, encoded, flag, nominal, number, one_hot

TRAIN_ROWS = 32_561  # adult.data; the rows of adult.test follow

LEVELS = {
    "workclass": (
        "?", "Federal-gov", "Local-gov", "Never-worked", "Private", "Self-emp-inc", "Self-emp-not-inc", "State-gov",
        "Without-pay",
    ),
    "education": (
        "10th", "11th", "12th", "1st-4th", "5th-6th", "7th-8th", "9th", "Assoc-acdm", "Assoc-voc", "Bachelors",
        "Doctorate", "HS-grad", "Masters", "Preschool", "Prof-school", "Some-college",
    ),
    "marital_status": (
        "Divorced", "Married-AF-spouse", "Married-civ-spouse", "Married-spouse-absent", "Never-married", "Separated",
        "Widowed",
    ),
    "occupation": (
        "?", "Adm-clerical", "Armed-Forces", "Craft-repair", "Exec-managerial", "Farming-fishing", "Handlers-cleaners",
        "Machine-op-inspct", "Other-service", "Priv-house-serv", "Prof-specialty", "Protective-serv", "Sales",
        "Tech-support", "Transport-moving",
    ),
    "relationship": ("Husband", "Not-in-family", "Other-relative", "Own-child", "Unmarried", "Wife"),
    "race": ("Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White"),
    "sex": ("Female", "Male"),
    "native_country": (
        "?", "Cambodia", "Canada", "China", "Columbia", "Cuba", "Dominican-Republic", "Ecuador", "El-Salvador",
        "England", "France", "Germany", "Greece", "Guatemala", "Haiti", "Holand-Netherlands", "Honduras", "Hong",
        "Hungary", "India", "Iran", "Ireland", "Italy", "Jamaica", "Japan", "Laos", "Mexico", "Nicaragua",
        "Outlying-US(Guam-USVI-etc)", "Peru", "Philippines", "Poland", "Portugal", "Puerto-Rico", "Scotland", "South",
        "Taiwan", "Thailand", "Trinadad&Tobago", "United-States", "Vietnam", "Yugoslavia",
    ),
}  # fmt: skip
"""Values of the nominal columns, as published, in alphabetical order; "?" is the publisher's mark for missing."""

RAW_NUMBERS = ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week")


@dataclass(frozen=True)
class Adult:
    """48,842 rows: 15 published columns, and `part` ("train" for adult.data, "test" for adult.test).

    Columns are called as published with `_` for `-`, so that expressions need no quotes (`hours_per_week > 40`); `?`
    stays; income is "<=50K" or ">50K" in both parts (adult.test has a full stop behind it). Favourable: ">50K".

    encoding  "alghamdi": the table of Alghamdi et al. (NeurIPS 2022): without fnlwgt, workclass, occupation,
              education and native_country; race 1 = White, else 0; gender 1 = Male; marital status (7) and relationship
              (6) one-hot; 20 features. With White and Black rows only, 46,447 rows.
              "full": all 14 columns.
    nominal   how "full" encodes the eight nominal columns: "one-hot" (108 features), or "ordinal": one column each of
              codes in alphabetical order, told to learners that take nominal columns (14 features)
    """

    encoding: Literal["alghamdi", "full"] = "alghamdi"
    nominal: Literal["one-hot", "ordinal"] = "one-hot"

    def __post_init__(self) -> None:
        if self.encoding not in ("alghamdi", "full"):
            raise ValueError(f"adult has no encoding {self.encoding!r}; it has: alghamdi, full")
        if self.nominal not in ("one-hot", "ordinal"):
            raise ValueError(f"nominal is {self.nominal!r}; it can be: one-hot, ordinal")
        if self.encoding == "alghamdi" and self.nominal == "ordinal":
            raise ValueError("the encoding alghamdi is one-hot; nominal: ordinal goes with encoding: full")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """Both parts, adult.data first. The shelf is not asked: the file comes along."""
        with resources.files("fwk_datasets").joinpath("data/adult.parquet").open("rb") as file:
            rows = pd.read_parquet(file)
        rows = rows.astype(dict.fromkeys(RAW_NUMBERS, np.int64))
        part = np.where(np.arange(len(rows)) < TRAIN_ROWS, "train", "test")
        return rows.assign(part=part)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """20 features (alghamdi), or 14 columns' worth (full); y is income > 50,000; test is adult.test."""
        blocks = _alghamdi(rows) if self.encoding == "alghamdi" else _full(rows, self.nominal)
        return encoded(blocks, (rows["income"] == ">50K").to_numpy(), (rows["part"] == "test").to_numpy())


def _alghamdi(rows: pd.DataFrame) -> Iterator[Block]:
    for column in ("age", "education_num"):
        yield number(rows, column)
    yield flag(rows, "race", "White")
    yield flag(rows, "sex", "Male", name="gender")
    for column in ("capital_gain", "capital_loss", "hours_per_week"):
        yield number(rows, column)
    for column in ("marital_status", "relationship"):
        yield one_hot(rows, column, LEVELS[column])


def _full(rows: pd.DataFrame, how: Literal["one-hot", "ordinal"]) -> Iterator[Block]:
    for column in rows.columns.drop(["income", "part"]):
        if column not in LEVELS:
            yield number(rows, column)
        elif how == "one-hot":
            yield one_hot(rows, column, LEVELS[column])
        else:
            yield nominal(rows, column, LEVELS[column])


CARD = Dataset(
    name="adult",
    make=Adult,
    minority="race == 'Black'",
    keep="race in ['White', 'Black']",
    audit=("race", "sex"),
    favourable="an income over 50,000 dollars",
    test="adult.test",
    publisher="UCI Machine Learning Repository, data set Adult (Census Income); R. Kohavi and B. Becker, 1996",
    terms="Creative Commons Attribution 4.0 (CC BY 4.0)",
    citation="Becker, B. and Kohavi, R. (1996). Adult. UCI Machine Learning Repository. DOI 10.24432/C5XW20",
    counts={"rows_read": 48_842, "rows": 46_447, "minority": 4_685, "favourable": 11_173, "test_rows": 15_507},
)
