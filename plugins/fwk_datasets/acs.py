"""ACSIncome (U.S. Census Bureau, ACS PUMS): does a person have an income above 50,000 dollars?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import Block, encoded, nominal, number
from fwk_datasets.files import check_columns, check_count, check_numbers, member_of_zip, read_csv

FEATURES = ("AGEP", "COW", "SCHL", "MAR", "OCCP", "POBP", "RELP", "WKHP", "SEX", "RAC1P")

SAMPLE = "acsincome_2018_us_40pct.parquet"
SAMPLE_SHA256 = "aa8afc260dcd25bde8f25a048862f2d803058e629630e1139ae192172069b2fc"
SAMPLE_ADVICE = (
    "a 40 % sample of all states that this project keeps beside its repository (acsincome/), made of "
    "datasets/FolkTables/ACSIncome.{validation,test}.parquet of github.com/dssg/aequitas, commit 4dc71c6, by no script "
    "that is here; without it, take the Census Bureau's own files: `fwk datasets fetch acs-income --knob "
    "origin=census`, and origin: census in a config"
)
CENSUS = "https://www2.census.gov/programs-surveys/acs/data/pums"
YEARS = (2014, 2015, 2016, 2017, 2018)  # from 2019 on, RELSHIPP takes the place of RELP

STATES = {
    "AL": "01", "AK": "02", "AZ": "04", "AR": "05", "CA": "06", "CO": "08", "CT": "09", "DE": "10", "FL": "12",
    "GA": "13", "HI": "15", "ID": "16", "IL": "17", "IN": "18", "IA": "19", "KS": "20", "KY": "21", "LA": "22",
    "ME": "23", "MD": "24", "MA": "25", "MI": "26", "MN": "27", "MS": "28", "MO": "29", "MT": "30", "NE": "31",
    "NV": "32", "NH": "33", "NJ": "34", "NM": "35", "NY": "36", "NC": "37", "ND": "38", "OH": "39", "OK": "40",
    "OR": "41", "PA": "42", "RI": "44", "SC": "45", "SD": "46", "TN": "47", "TX": "48", "UT": "49", "VT": "50",
    "VA": "51", "WA": "53", "WV": "54", "WI": "55", "WY": "56", "PR": "72",
}  # fmt: skip
"""Postal code -> code in the names of the Census Bureau's files; by state name, Puerto Rico last."""

_COUNTS = (
    22_268, 3_546, 33_277, 13_929, 195_665, 31_306, 19_785, 4_713, 98_925, 50_915, 7_731, 8_265, 67_016, 35_022,
    17_745, 15_807, 22_006, 20_667, 7_002, 33_042, 40_114, 50_008, 31_021, 13_189, 31_664, 5_463, 10_785, 14_807,
    7_966, 47_781, 8_711, 103_021, 52_067, 4_455, 62_135, 17_917, 21_919, 68_308, 5_712, 24_879, 4_899, 34_003,
    135_924, 16_337, 3_767, 46_144, 39_944, 8_103, 32_690, 3_064, 9_071,
)  # fmt: skip
ROWS_2018 = dict(zip(STATES, _COUNTS, strict=True))
"""Rows of the task by state in the files of 2018, 1-Year: 1,664,500 in all."""

LEVELS: dict[str, Sequence[int]] = {
    "COW": range(1, 10),
    "MAR": range(1, 6),
    "RELP": range(18),
    "RAC1P": range(1, 10),
    "OCCP": (
        10, 500, 800, 1005, 1305, 1600, 2001, 2100, 2205, 2600, 3000, 3601, 3700, 4000, 4200, 4330, 4700, 5000, 6005,
        6200, 6800, 7000, 7700, 9005, 9800,
    ),
    "POBP": (*range(1, 100), 100, 200, 300, 400, 500),
}  # fmt: skip
"""Codes of the nominal columns; of OCCP and POBP the first code of each group."""


@dataclass(frozen=True)
class AcsIncome:
    """People over 16 at work with an income above 100 dollars; ten features, as in folktables (Ding et al., 2021).

    Raw columns: the features in Census codes (RAC1P 1 White, 2 Black, ...; SEX 1 male), LABEL (1 = income above 50,000
    dollars), ST (postal code of the state), and by origin PART and SRC_INDEX, or PINCP (dollars).

    states   postal codes; () for all 50 states and Puerto Rico
    codes    "numbers": Census codes as numbers, as folktables has them; "nominal": COW, MAR, RELP and RAC1P as nominal
             columns, OCCP in 25 groups of occupations, POBP as the state or, outside, the part of the world (a learner
             takes at most 255 levels)
    origin   "sample": a random 40 % of 2018's table, 665,800 rows, in one file; "census": the Census Bureau's own
             files, one a state, downloaded where they are missing (folktables' folders serve as well)
    year, horizon   of the Census Bureau's files: 2014 to 2018; "1-Year" or "5-Year"
    """

    states: Sequence[str] = ()
    codes: Literal["numbers", "nominal"] = "numbers"
    origin: Literal["sample", "census"] = "sample"
    year: int = 2018
    horizon: Literal["1-Year", "5-Year"] = "1-Year"

    def __post_init__(self) -> None:
        states = (self.states,) if isinstance(self.states, str) else tuple(self.states)
        object.__setattr__(self, "states", states)
        if unknown := [state for state in states if state not in STATES]:
            raise ValueError(f"acs-income knows no state {unknown[0]!r}; postal codes are: {', '.join(STATES)}")
        for knob, allowed in (("codes", ("numbers", "nominal")), ("origin", ("sample", "census")), ("year", YEARS),
                              ("horizon", ("1-Year", "5-Year"))):  # fmt: skip
            if getattr(self, knob) not in allowed:
                raise ValueError(f"{knob} is {getattr(self, knob)!r}; it can be: {', '.join(map(str, allowed))}")
        if self.origin == "sample" and (self.year, self.horizon) != (2018, "1-Year"):
            raise ValueError("the sample is of 2018, 1-Year; other years come with origin: census")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The rows of the chosen states; the sample in its own order, the Census Bureau's files in the order asked."""
        if self.origin == "census":
            return pd.concat([self._read_state(shelf, state) for state in self.states or STATES], ignore_index=True)
        rows = pd.read_parquet(shelf.find(SAMPLE, sha256=SAMPLE_SHA256, advice=SAMPLE_ADVICE))
        return rows[rows["ST"].isin(self.states)].reset_index(drop=True) if self.states else rows

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """Ten features; y is an income above 50,000 dollars."""
        return encoded(self._blocks(rows), (rows["LABEL"] == 1).to_numpy())

    def _blocks(self, rows: pd.DataFrame) -> Iterator[Block]:
        for name in FEATURES:
            if self.codes == "numbers" or name not in LEVELS:
                yield number(rows, name)
            elif name in ("OCCP", "POBP"):
                yield nominal(rows.assign(**{name: _group(rows[name], LEVELS[name])}), name, LEVELS[name])
            else:
                yield nominal(rows, name, LEVELS[name])

    def _read_state(self, shelf: Shelf, state: str) -> pd.DataFrame:
        name = f"psam_p{STATES[state]}.csv" if self.year >= 2017 else f"ss{self.year % 100}p{state.lower()}.csv"
        path = shelf.find(
            f"{self.year}/{self.horizon}/{name}",
            url=f"{CENSUS}/{self.year}/{self.horizon}/csv_p{state.lower()}.zip",
            advice=f"{name} is in that archive",
            unpack=member_of_zip(name),
        )
        rows = income_task(_read_people(path))
        if (self.year, self.horizon) == (2018, "1-Year"):
            check_count(rows, ROWS_2018[state], path, "people of the task")
        return rows.assign(ST=state)


def income_task(people: pd.DataFrame) -> pd.DataFrame:
    """The rows of the task ACSIncome, with LABEL: AGEP > 16, PINCP > 100, WKHP > 0, PWGTP >= 1."""
    kept = people.query("AGEP > 16 and PINCP > 100 and WKHP > 0 and PWGTP >= 1")
    return kept.assign(LABEL=(kept["PINCP"] > 50_000).astype(np.int64)).drop(columns="PWGTP")


def _read_people(path: Path) -> pd.DataFrame:
    names = (*FEATURES, "PINCP", "PWGTP")
    people = read_csv(path, usecols=lambda name: name in names)
    check_columns(people, names, path)
    check_numbers(people, names, path)
    return people


def _group(codes: pd.Series, starts: Sequence[int]) -> pd.Series:
    """The first code of the group that each code falls into."""
    place = np.searchsorted(np.asarray(starts), codes.to_numpy(), side="right") - 1
    return pd.Series(np.asarray(starts)[np.maximum(place, 0)], index=codes.index, name=codes.name)


CARD = Dataset(
    name="acs-income",
    make=AcsIncome,
    minority="RAC1P != 1",
    audit=("RAC1P", "SEX"),
    favourable="an income over 50,000 dollars",
    publisher="U.S. Census Bureau, American Community Survey, Public Use Microdata Sample, person file",
    terms="U.S. government public-use microdata: cite the source, no attempt to identify anybody",
    citation=(
        "Ding, F., Hardt, M., Miller, J. and Schmidt, L. (2021). Retiring Adult: New datasets for fair machine "
        "learning. NeurIPS 2021"
    ),
    files={
        SAMPLE: (SAMPLE_ADVICE, SAMPLE_SHA256),
        "psam_p??.csv": (f"one a state with origin: census, from {CENSUS}", ""),
    },
    counts={"rows_read": 665_800, "rows": 665_800, "minority": 146_783, "favourable": 245_514},
)
