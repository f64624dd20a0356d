"""German Credit (UCI Statlog): is a customer a good credit risk? It comes along with the package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

import numpy as np
import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import Block, encoded, flag
from fwk_datasets.flat import Nominal, blocks, check_nominal, settled

WOMEN = ("A92", "A95")  # codes of personal_status_sex


@dataclass(frozen=True)
class German:
    """1,000 customers, 20 attributes in UCI's codes (A11, A12, ...), and `sex`, read out of personal_status_sex.

    y is a good risk (credit 1; 2 is bad). The column personal_status_sex is a feature as `sex` (1 male) only; what else
    it says about the personal status is left out. Privileged, as in Kamiran and Calders (2009), are those over 25.

    nominal  "one-hot" or "ordinal" (codes in order, told to learners that take nominal columns)
    """

    nominal: Nominal = "one-hot"

    def __post_init__(self) -> None:
        check_nominal(self.nominal)

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The 21 published columns and sex. The shelf is not asked: the file comes along."""
        with resources.files("fwk_datasets").joinpath("data/german.parquet").open("rb") as file:
            rows = settled(pd.read_parquet(file))
        sex = np.where(rows["personal_status_sex"].isin(WOMEN), "female", "male")
        return rows.assign(sex=sex)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """19 columns' worth of features and sex; y is a good risk."""
        names = rows.columns.drop(["personal_status_sex", "credit", "sex"])
        features: list[Block] = [
            *blocks(rows, names, self.nominal),
            flag(rows, "sex", "male", source="personal_status_sex"),
        ]
        return encoded(features, (rows["credit"] == 1).to_numpy())


CARD = Dataset(
    name="german",
    make=German,
    minority="age <= 25",
    audit=("sex",),
    favourable="a good risk",
    publisher="UCI Machine Learning Repository, Statlog (German Credit Data); H. Hofmann, 1994",
    terms="Creative Commons Attribution 4.0 (CC BY 4.0)",
    citation="Hofmann, H. (1994). Statlog (German Credit Data). UCI Machine Learning Repository. DOI 10.24432/C5NC77",
    counts={"rows_read": 1_000, "rows": 1_000, "minority": 190, "favourable": 700},
)
