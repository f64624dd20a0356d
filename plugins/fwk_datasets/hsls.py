"""HSLS:09 (NCES, public-use): is a ninth-grader's mathematics score above the median? From four files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import Block, encoded, number, one_hot
from fwk_datasets.files import check_columns, check_count, member_of_zip, read_csv, refused

MEDIAN = 50.97165
"""Of the 21,444 observed scores (x1txmtscor); y is a score above it."""

LITE = (
    "sexbin", "racebin", "x1paredu", "x1hhnumber", "x1famincome", "x1poverty185", "x1ses", "x1stuedexpct",
    "x1paredexpct", "x1region", "x1mthid", "x1mthuti", "x1mtheff", "x1schoolbel", "x1par2edu", "x1p1relation",
    "x1par1emp", "x1stu30occ2",
)  # fmt: skip
MADE_OF = {"sexbin": "x1sex", "racebin": "x1race"}
COMPLETE = ("x1famincome", "x1mthid", "x1mthuti", "x1mtheff", "x1schoolbel", "x1stu30occ2")
CORE_NUMBERS = (
    "edm_x1stage", "edm_x1ses_u", "edm_x1schooleng", "edm_x1schoolcli", "edm_x1mthint", "edm_x1sciid", "edm_x1sciuti",
    "edm_x1scieff", "edm_x1sciint", "edm_x1problem", "edm_s1mscore",
)  # fmt: skip
CORE_LEVELS = {
    "edm_x1control": ("Catholic or other private", "Public"),
    "edm_x1locale": ("City", "Rural", "Suburb", "Town"),
    "edm_s1m8grade": ("A", "B", "Below D", "C", "Class was not graded", "D"),
}
ATTITUDES = (
    "X1MTHID", "X1MTHUTI", "X1MTHEFF", "X1PAR2EDU", "X1FAMINCOME", "X1P1RELATION", "X1PAR1EMP", "X1SCHOOLBEL",
    "X1STU30OCC2",
)  # fmt: skip

MERGED = ("hsls09_merged.csv", "8d980ae974409925c96b5af5cc4aad800be0793c4d06e4589342905d851dac68")
SCALED = ("hsls09_attitudes_scaled.csv", "8f863664eed64a2ce3a57a095960c6255c8199d898b349fe5f1c2e354222a01f")
NCES = "hsls_17_student_pets_sr_v1_0.csv"
NCES_ROWS = 23_503
NCES_URL = "https://nces.ed.gov/EDAT/Data/Zip/HSLS_2017_PETS_SR_v1_0_CSV_Datasets.zip"
NCES_ADVICE = (
    f"the public-use CSV data sets of HSLS:09 (2017), about 300 MB, with {NCES} in the archive; NCES's data usage "
    "agreement applies"
)
_SMALL = "data/hsls_small.csv of github.com/edquant/edh7916, commit 5b03a88"
_ATTITUDES = "datasets/HSLS/code/pkl_data/hsls_orig.pkl of github.com/haewon55/FairMIPForest, commit 2bae78c"
_IMPUTED = (
    "01_data/02_processed_data/25_{train,test}_0101_imputed_pmm_nr_dropped.csv of github.com/cgpan/HSLSdropout, commit "
    "296e3e1"
)
_KEPT = "this project keeps it beside its repository (hsls/), and no script makes it again:"
_INSTEAD = "without it there is `hsls`, with the 18 features of hsls-lite from NCES's own file"
EXTRACT_ADVICE = {
    MERGED[0]: f"{_KEPT} joined by student from {_SMALL}; {_ATTITUDES}; and {_IMPUTED}; {_INSTEAD}",
    SCALED[0]: f"{_KEPT} written out from {_ATTITUDES}; {_INSTEAD}",
}


@dataclass(frozen=True)
class HslsLite:
    """21,444 students with an observed score: 18 observed features, missing values left missing (NaN).

    Raw columns: stu_id, x1sex (1 male), x1race (1-8; 2 Asian, 3 Black, 8 White), x1txmtscor, gradebin, racebin (1 White
    or Asian), sexbin (1 male), the features in NCES's codes, and later columns of the merged file.

    complete  only the 13,654 students with family income, the four attitudes and the expected occupation present; no
              second parent (x1par2edu missing) is then a value of its own, 0
    """

    complete: bool = False

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The merged file's rows, all or the complete ones."""
        rows = _read_extract(shelf, *MERGED)
        return _complete(rows) if self.complete else rows

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """18 features; y is a score above the median."""
        return encoded(_lite(rows), (rows["gradebin"] == 1).to_numpy())


@dataclass(frozen=True)
class HslsCore:
    """15,906 students: the 18 features of hsls-lite, and 23 made of the file of Pan and Zhang (EDM 2024).

    Nearest in size and breadth to the table of Alghamdi et al. (14,509 students), and not that table. Caution: what was
    missing in the edm_ columns was filled by their authors from all other columns, the score included, so a little of
    the label may be in them.
    """

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The merged file's rows that the file of 2024 has, too."""
        rows = _read_extract(shelf, *MERGED)
        return rows[rows["edm_part"].notna()].reset_index(drop=True)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """41 features; y is a score above the median."""
        return encoded(self._blocks(rows), (rows["gradebin"] == 1).to_numpy())

    def _blocks(self, rows: pd.DataFrame) -> Iterator[Block]:
        yield from _lite(rows)
        for name in CORE_NUMBERS:
            yield number(rows, name)
        for name, levels in CORE_LEVELS.items():
            yield one_hot(rows, name, levels)


@dataclass(frozen=True)
class HslsAttitudes:
    """21,444 students, the nine features of Jeong, Wang and Calmon (AAAI 2022), min-max scaled, gaps left missing.

    racebin 1 = White, 0 = all others. No feature of theirs is made of it, so the mark of the group is added as one,
    `minority`; set `group_in_X: false` to leave it out. y is a score above the median.
    """

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """Nine features, racebin, gradebin, stu_id and the row number in NCES's file."""
        return _read_extract(shelf, *SCALED)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """Nine features in [0, 1]."""
        return encoded((number(rows, name) for name in ATTITUDES), (rows["gradebin"] == 1).to_numpy())


@dataclass(frozen=True)
class Hsls:
    """NCES's own public-use file, in codes: the 18 features of hsls-lite of all students with an observed score.

    Values of -7 and below are NCES's reserve codes: missing. Columns are called as NCES calls them, in lower case;
    gradebin, racebin and sexbin are added as in hsls-lite. (The table of 14,509 students of Alghamdi et al. was made by
    its authors from this file with an imputation that they did not publish; it cannot be made again here.)

    complete  as for hsls-lite
    """

    complete: bool = False

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The rows with a score. Raises ValueError for a copy with labels in place of codes."""
        rows = _read_nces(shelf.find(NCES, url=NCES_URL, advice=NCES_ADVICE, unpack=member_of_zip(NCES)))
        rows = rows[rows["x1txmtscor"].notna()].reset_index(drop=True)
        rows = rows.assign(
            gradebin=(rows["x1txmtscor"] > MEDIAN).astype(np.int64),
            racebin=rows["x1race"].isin([2, 8]).astype(np.int64),
            sexbin=(rows["x1sex"] == 1).astype(np.int64),
        )
        return _complete(rows) if self.complete else rows

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """18 features; y is a score above the median."""
        return HslsLite().encode(rows)


def _lite(rows: pd.DataFrame) -> Iterator[Block]:
    return (number(rows, name, source=MADE_OF.get(name, "")) for name in LITE)


def _read_extract(shelf: Shelf, name: str, sha256: str) -> pd.DataFrame:
    return read_csv(shelf.find(name, sha256=sha256, advice=EXTRACT_ADVICE[name]))


def _read_nces(path: Path) -> pd.DataFrame:
    names = ["stu_id", "x1sex", "x1race", "x1txmtscor", *(name for name in LITE if name not in MADE_OF)]
    rows = read_csv(path, usecols=lambda name: name.lower() in names).rename(columns=str.lower)
    check_columns(rows, names, path)
    rows = rows[names]
    for name in names:
        if not pd.api.types.is_numeric_dtype(rows[name]):
            raise refused(
                path,
                f"{name.upper()} holds {rows[name].iloc[0]!r}; this copy has labels in place of codes, NCES publishes "
                f"the other at {NCES_URL}",
            )
    check_count(rows, NCES_ROWS, path, "students")
    return rows.where(rows > -7)


def _complete(rows: pd.DataFrame) -> pd.DataFrame:
    complete = rows[rows[list(COMPLETE)].notna().all(axis="columns")].reset_index(drop=True)
    return complete.assign(x1par2edu=complete["x1par2edu"].fillna(0))


_PUBLISHER = "U.S. Department of Education, National Center for Education Statistics (NCES), HSLS:09 public-use file"
_TERMS = (
    "NCES data usage agreement: statistical purposes only, no attempt to identify anybody, no linking with "
    "individually identifiable data"
)
_FAVOURABLE = "a mathematics score above the median"
_CITATION = "Ingels, S. J. et al. (2011). High School Longitudinal Study of 2009 (HSLS:09): Base-Year. NCES 2011-328"

LITE_CARD = Dataset(
    name="hsls-lite",
    make=HslsLite,
    minority="racebin == 0",
    audit=("x1race", "x1sex"),
    favourable=_FAVOURABLE,
    publisher=_PUBLISHER,
    terms=_TERMS,
    citation=_CITATION,
    files={MERGED[0]: (EXTRACT_ADVICE[MERGED[0]], MERGED[1])},
    counts={"rows_read": 21_444, "rows": 21_444, "minority": 7_918, "favourable": 10_722},
)
CORE_CARD = Dataset(
    name="hsls-core",
    make=HslsCore,
    minority="racebin == 0",
    audit=("x1race", "x1sex"),
    favourable=_FAVOURABLE,
    publisher=f"{_PUBLISHER}; imputed columns: Pan, C. and Zhang, Z.",
    terms=_TERMS,
    citation=f"{_CITATION}; Pan, C. and Zhang, Z. (2024). Examining the algorithmic fairness in predicting high school "
    "dropouts. EDM 2024",
    files=LITE_CARD.files,
    counts={"rows_read": 15_906, "rows": 15_906, "minority": 5_694, "favourable": 8_503},
)
ATTITUDES_CARD = Dataset(
    name="hsls-attitudes",
    make=HslsAttitudes,
    minority="racebin == 0",
    audit=("racebin",),
    favourable=_FAVOURABLE,
    publisher=f"{_PUBLISHER}; scaled extract: Jeong, H., Wang, H. and Calmon, F. P.",
    terms=_TERMS,
    citation=f"{_CITATION}; Jeong, H., Wang, H. and Calmon, F. P. (2022). Fairness without imputation. AAAI 2022",
    files={SCALED[0]: (EXTRACT_ADVICE[SCALED[0]], SCALED[1])},
    counts={"rows_read": 21_444, "rows": 21_444, "minority": 9_590, "favourable": 10_722},
)
CARD = replace(LITE_CARD, name="hsls", make=Hsls, files={NCES: (NCES_URL, "")})
CARDS = (CARD, LITE_CARD, CORE_CARD, ATTITUDES_CARD)
