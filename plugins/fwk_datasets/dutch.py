"""Dutch Census of 2001: does a person work in a prestigious occupation?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import Block, encoded, flag
from fwk_datasets.files import check_columns, check_count, check_values, read_bytes, read_csv, reading, refused
from fwk_datasets.flat import Nominal, blocks, check_nominal, settled

FILE = "dutch_census_2001.arff"
URL = f"https://raw.githubusercontent.com/tailequy/fairness_dataset/main/Dutch_census/{FILE}"
COLUMNS = (
    "sex", "age", "household_position", "household_size", "prev_residence_place", "citizenship", "country_birth",
    "edu_level", "economic_status", "cur_eco_activity", "Marital_status", "occupation",
)  # fmt: skip
ROWS = 60_420
ORDERED = ("age", "edu_level")  # classes whose codes are in order


@dataclass(frozen=True)
class Dutch:
    """60,420 people, 11 attributes in the census's codes (sex 1 male, 2 female; age in 5-year classes).

    y is an occupation of the groups 2_1 (managers and professionals), against 5_4_9. edu_level 9 stands for unknown.
    No copy could be had when this was written, so no checksum is known: a file is checked by its columns and rows, the
    first download is trusted as it comes, and later copies are held against it.

    nominal  "one-hot" or "ordinal" (codes in order, told to learners that take nominal columns)
    """

    nominal: Nominal = "one-hot"

    def __post_init__(self) -> None:
        check_nominal(self.nominal)

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The 12 published columns, codes as numbers. Raises ValueError for a foreign file."""
        path = shelf.find(FILE, url=URL)
        rows = _read_arff(path)
        check_columns(rows, COLUMNS, path)
        check_count(rows, ROWS, path)
        check_values(rows, "occupation", ("2_1", "5_4_9"), path)
        return settled(rows, [name for name in COLUMNS[1:-1] if name not in ORDERED])

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """Sex (1 male), age and education as numbers, eight nominal columns."""
        features: list[Block] = [flag(rows, "sex", 1), *blocks(rows, COLUMNS[1:-1], self.nominal)]
        return encoded(features, (rows["occupation"] == "2_1").to_numpy())


def _read_arff(path: Path) -> pd.DataFrame:
    """The data of an ARFF file without quoted names or values."""
    with reading(path):
        header, mark, data = read_bytes(path).decode().partition("@data")
    names = re.findall(r"(?im)^@attribute\s+(\S+)", header)
    if not (mark and names):
        raise refused(path, "it is no ARFF file, with lines @attribute and @data")
    return read_csv(path, data, names=names, header=None)


CARD = Dataset(
    name="dutch",
    make=Dutch,
    minority="sex == 2",
    audit=("sex",),
    favourable="a prestigious occupation",
    publisher="Statistics Netherlands, Virtual Census 2001; prepared by Le Quy, T. et al., tailequy/fairness_dataset",
    terms="the repository states none that was found",
    citation=(
        "Van der Laan, P. (2000). The 2001 census in the Netherlands; Le Quy, T. et al. (2022). A survey on datasets "
        "for fairness-aware machine learning"
    ),
    files={FILE: (URL, "")},
    counts={"rows_read": ROWS, "rows": ROWS},
)
