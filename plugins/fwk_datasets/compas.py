"""COMPAS (ProPublica): who is recorded with a new offence within two years? Identities are dropped on reading."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from fwk import Dataset, Encoded, Shelf
from fwk_datasets.encoding import Block, encoded, flag, number
from fwk_datasets.files import read_bytes, reading

PUBLISHED = "compas-scores-two-years.csv"
REDACTED = "compas-scores-two-years.redacted.csv"
REDACTED_SHA256 = "30eb20d79ba476ec24979ea00d0e77ef74fb5adc0ee843fd0d00079465a6089d"
URL = "https://raw.githubusercontent.com/propublica/compas-analysis/master/compas-scores-two-years.csv"

IDENTIFYING = frozenset({"name", "first", "last", "dob", "c_case_number", "r_case_number", "vr_case_number"})


@dataclass(frozen=True)
class Compas:
    """7,214 rows x 46 columns: ProPublica's two-year file without names, birth dates and court case numbers.

    These seven columns are dropped before anything else looks at a row, whether the file comes from the user's folder
    or from the publisher; a download is kept in its redacted form only.

    Encoding: age, c_charge_degree (felony 1, else -1), race (Caucasian 1, else 0), gender (Male 1), priors_count,
    length_of_stay in jail (whole days, rounded down, -1 where the dates are crossed); not scaled. As Alghamdi et al.
    (NeurIPS 2022), with the labels turned round: favourable is no recidivism.

    label  "is_recid" (any recorded new offence), or "two_year_recid"
    """

    label: Literal["is_recid", "two_year_recid"] = "is_recid"

    def __post_init__(self) -> None:
        if self.label not in ("is_recid", "two_year_recid"):
            raise ValueError(f"compas has no label {self.label!r}; it has: is_recid, two_year_recid")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The 46 columns that identify nobody. Of the two columns that the publisher repeats, the second ends in .1."""
        return pd.read_csv(io.BytesIO(_redacted(shelf)), low_memory=False)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """Six features; y is no recidivism. Raises ValueError for rows without a label (is_recid = -1)."""
        if (rows[self.label] < 0).any():
            raise ValueError(f"compas: rows with {self.label} = -1 have no known outcome; keep: 'is_recid != -1'")
        return encoded(_blocks(rows), (rows[self.label] == 0).to_numpy())


def redact(published: bytes) -> bytes:
    """ProPublica's file without the columns that identify people; every other field as it stands, lines end in LF.

    Raises ValueError, without quoting the file, where it lacks one of them, or a row has more or fewer fields.
    """
    try:
        lines = [line for line in csv.reader(io.StringIO(published.decode("utf-8-sig"), newline="")) if line]
    except csv.Error as error:
        raise ValueError(f"it cannot be cut into fields ({error})") from error
    header = lines[0] if lines else []
    if not set(header) >= IDENTIFYING:
        raise ValueError(f"it lacks the columns {', '.join(sorted(IDENTIFYING - set(header)))}")
    for row, line in enumerate(lines):
        if len(line) != len(header):
            raise ValueError(f"row {row} has {len(line)} fields, the header {len(header)}")
    kept = [place for place, name in enumerate(header) if name not in IDENTIFYING]
    names = [f"{header[place]}.1" if header[place] in header[:place] else header[place] for place in kept]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([line[place] for place in kept] for line in lines[1:])
    return text.getvalue().encode()


def _redacted(shelf: Shelf) -> bytes:
    """The redacted file's content: as it is, or made of the published one."""
    own_name = f"ProPublica's file belongs there under its own name, {PUBLISHED}"
    try:
        return read_bytes(shelf.find(REDACTED, sha256=REDACTED_SHA256, advice=own_name))
    except FileNotFoundError:
        path = shelf.find(PUBLISHED, url=URL, keep=(REDACTED, _checked))
    content = read_bytes(path)
    if path.name == REDACTED:
        return content
    with reading(path):
        return _checked(content)


def _checked(published: bytes) -> bytes:
    """The file without identities. Raises ValueError where it is not ProPublica's."""
    content = redact(published)
    found = hashlib.sha256(content).hexdigest()
    if found != REDACTED_SHA256:
        raise ValueError(f"without identities it has sha256 {found}, expected {REDACTED_SHA256}")
    return content


def _blocks(rows: pd.DataFrame) -> list[Block]:
    stay = pd.to_datetime(rows["c_jail_out"]) - pd.to_datetime(rows["c_jail_in"])
    felony = np.where(rows["c_charge_degree"] == "F", 1.0, -1.0)
    return [
        number(rows, "age"),
        Block("c_charge_degree", pd.DataFrame({"c_charge_degree": felony}, index=rows.index)),
        flag(rows, "race", "Caucasian"),
        flag(rows, "sex", "Male", name="gender"),
        number(rows, "priors_count"),
        Block("c_jail_out", pd.DataFrame({"length_of_stay": stay.dt.days.astype(np.float64)}, index=rows.index)),
    ]


CARD = Dataset(
    name="compas",
    make=Compas,
    minority="race == 'African-American'",
    keep=(
        "-30 <= days_b_screening_arrest <= 30 and is_recid != -1 and c_charge_degree != 'O' "
        "and race in ['African-American', 'Caucasian']"
    ),
    audit=("race", "sex"),
    favourable="no recidivism",
    publisher="ProPublica, compas-analysis, 2016; public records of Broward County, Florida",
    terms=(
        "the publisher states no licence that was found; holds real people, whose names are dropped on reading: never "
        "kept or shown"
    ),
    citation="Angwin, J., Larson, J., Mattu, S. and Kirchner, L. (2016). Machine Bias. ProPublica",
    files={
        PUBLISHED: (URL, ""),
        REDACTED: ("made of it on reading, without identities", REDACTED_SHA256),
    },
    counts={"rows_read": 7_214, "rows": 5_278, "minority": 3_175, "favourable": 2_631},
)
