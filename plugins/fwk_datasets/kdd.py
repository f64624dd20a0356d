"""Census-Income (KDD), UCI: does a person have an income above 50,000 dollars? From the surveys of 1994 and 1995."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import encoded
from fwk_datasets.files import check_count, check_values, read_csv, refused
from fwk_datasets.flat import Nominal, blocks, check_nominal, settled

URL = "https://archive.ics.uci.edu/ml/machine-learning-databases/census-income-mld"
PARTS = {"train": "census-income.data", "test": "census-income.test"}
ROWS = {"train": 199_523, "test": 99_762}
INCOMES = ("- 50000.", "50000+.", "- 50000", "50000+")
COLUMNS = (
    "age", "class_of_worker", "industry_code", "occupation_code", "education", "wage_per_hour", "enrolled_last_week",
    "marital_status", "major_industry", "major_occupation", "race", "hispanic_origin", "sex", "labor_union",
    "unemployment_reason", "full_or_part_time", "capital_gains", "capital_losses", "dividends", "tax_filer",
    "previous_region", "previous_state", "household_detail", "household_summary", "instance_weight", "migration_msa",
    "migration_region", "migration_within_region", "same_house", "migration_sunbelt", "employer_size",
    "family_under_18", "country_father", "country_mother", "country_self", "citizenship", "own_business",
    "veterans_questionnaire", "veterans_benefits", "weeks_worked", "year", "income",
)  # fmt: skip
CODES = ("industry_code", "occupation_code", "own_business", "veterans_benefits", "year")


@dataclass(frozen=True)
class KddCensus:
    """299,285 people in two published parts (199,523 and 99,762), 40 attributes; y is an income above 50,000 dollars.

    Raw columns: the 42 published ones (`?` and "Not in universe" stay), and part ("train" or "test"). instance_weight
    is no feature, as the publisher asks. No copy could be had when this was written, so no checksum is known: a file is
    checked by its columns and rows, the first download is trusted as it comes, and later copies are held against it.

    nominal  "one-hot" or "ordinal" (codes in order, told to learners that take nominal columns)
    """

    nominal: Nominal = "one-hot"

    def __post_init__(self) -> None:
        check_nominal(self.nominal)

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """Both parts, the train part first. Raises ValueError for a file of another form."""
        parts = []
        for part, name in PARTS.items():
            path = shelf.find(name, url=f"{URL}/{name}.gz")
            rows = read_csv(path, header=None, skipinitialspace=True, keep_default_na=False)
            if rows.shape[1] != len(COLUMNS):
                raise refused(path, f"it has {rows.shape[1]} columns, the published file has {len(COLUMNS)}")
            rows = rows.set_axis(list(COLUMNS), axis="columns")
            check_count(rows, ROWS[part], path)
            check_values(rows, "income", INCOMES, path)
            parts.append(rows.assign(part=part))
        return settled(pd.concat(parts, ignore_index=True), CODES)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """40 columns' worth of features; the published test part."""
        names = [name for name in COLUMNS[:-1] if name != "instance_weight"]
        y = rows["income"].astype(str).str.startswith("50000+").to_numpy()
        return encoded(blocks(rows, names, self.nominal), y, (rows["part"] == "test").to_numpy())


CARD = Dataset(
    name="kdd-census",
    make=KddCensus,
    minority="sex == 'Female'",
    audit=("sex", "race"),
    favourable="an income over 50,000 dollars",
    test=PARTS["test"],
    publisher="UCI Machine Learning Repository, Census-Income (KDD); U.S. Census Bureau",
    terms="Creative Commons Attribution 4.0 (CC BY 4.0)",
    citation="Census-Income (KDD) (2000). UCI Machine Learning Repository. DOI 10.24432/C5N30T",
    files={name: (f"{URL}/{name}.gz", "") for name in PARTS.values()},
    counts={"rows_read": sum(ROWS.values()), "rows": sum(ROWS.values()), "test_rows": ROWS["test"]},
)
