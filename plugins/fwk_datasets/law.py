"""Law School (LSAC National Longitudinal Bar Passage Study, 1998): does a law student pass the bar examination?"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import Block, encoded, flag
from fwk_datasets.files import check_columns, check_count, check_numbers, check_values, read_csv
from fwk_datasets.flat import Nominal, blocks, check_nominal, settled

FILE = "law_school_clean.csv"
URL = f"https://raw.githubusercontent.com/tailequy/fairness_dataset/main/experiments/data/{FILE}"
ROWS = 20_798
NUMBERS = ("decile1b", "decile3", "lsat", "ugpa", "zfygpa", "zgpa", "fulltime", "fam_inc", "male")


@dataclass(frozen=True)
class Law:
    """20,798 students, 11 attributes, in the cleaned form of Le Quy et al. (2022); y is a passed examination.

    No copy could be had when this was written, so no checksum is known: a file is checked by its columns and rows, the
    first download is trusted as it comes, and later copies are held against it.

    nominal  how the tier of the school (1 to 6) is encoded: "one-hot" or "ordinal"
    """

    nominal: Nominal = "one-hot"

    def __post_init__(self) -> None:
        check_nominal(self.nominal)

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The published columns; race is White or Non-White, male 1 or 0. Raises ValueError for a foreign file."""
        path = shelf.find(FILE, url=URL)
        rows = read_csv(path)
        check_columns(rows, (*NUMBERS, "tier", "race", "pass_bar"), path)
        check_count(rows, ROWS, path)
        check_numbers(rows, NUMBERS, path)
        check_values(rows, "pass_bar", (0, 1), path)
        return settled(rows, ["tier"])

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """Nine numbers, the tier, and race (1 White)."""
        features: list[Block] = [*blocks(rows, (*NUMBERS, "tier"), self.nominal), flag(rows, "race", "White")]
        return encoded(features, (rows["pass_bar"] == 1).to_numpy())


CARD = Dataset(
    name="law-school",
    make=Law,
    minority="race == 'Non-White'",
    audit=("race", "male"),
    favourable="a passed bar examination",
    publisher="Law School Admission Council; cleaned by Le Quy, T. et al., repository tailequy/fairness_dataset",
    terms="the repository states none that was found",
    citation=(
        "Wightman, L. F. (1998). LSAC National Longitudinal Bar Passage Study; Le Quy, T. et al. (2022). A survey on "
        "datasets for fairness-aware machine learning"
    ),
    files={FILE: (URL, "")},
    counts={"rows_read": ROWS, "rows": ROWS},
)
