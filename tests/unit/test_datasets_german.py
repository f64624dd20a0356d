"""German Credit: the copy that comes along, and what is known of it."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import fwk_datasets
from fwk_datasets.german import CARD, German


class NoShelf:
    """The file comes along, so nobody may ask for one."""

    def find(self, name: str, **_: Any) -> Path:
        raise AssertionError(f"asked for {name}")


def test_the_published_file_can_be_rebuilt_byte_for_byte() -> None:
    rows = German().read(NoShelf()).drop(columns="sex")
    text = "".join(" ".join(map(str, row)) + "\n" for row in rows.itertuples(index=False)).encode()
    assert len(text) == 79_793
    assert hashlib.sha256(text).hexdigest() == "b21f3d81db8071257d5ff1deaeba1fd4303b62712e6fcc9715c7a86202cb5871"


def test_the_file_is_small_and_has_its_terms_beside_it() -> None:
    folder = Path(fwk_datasets.__file__).parent / "data"
    assert (folder / "german.parquet").stat().st_size < 20_000
    assert "CC BY 4.0" in (folder / "german.LICENSE.md").read_text(encoding="utf-8")


def test_risks_ages_and_sexes_are_those_that_are_published() -> None:
    """700 good risks, 310 women, 190 people of 25 and under: Kamiran and Calders (2009), Le Quy et al. (2022)."""
    rows = German().read(NoShelf())
    table = German().encode(rows)
    assert CARD.counts == {
        "rows_read": len(rows), "rows": len(rows), "minority": rows.eval(CARD.minority).sum(),
        "favourable": table.y.sum(),
    }  # fmt: skip
    assert (rows["sex"] == "female").sum() == 310
    young = rows.eval(CARD.minority).to_numpy()
    assert table.y[young].mean() < table.y[~young].mean()


@pytest.mark.parametrize("source", [German(), German("ordinal")], ids=str)
def test_a_row_is_encoded_the_same_in_any_company(source: German) -> None:
    rows = source.read(NoShelf())
    chosen = np.random.default_rng(0).permutation(1_000)[:40]
    whole, part = source.encode(rows), source.encode(rows.iloc[chosen])
    assert part.features.equals(whole.features.iloc[chosen].reset_index(drop=True))
    assert (part.y == whole.y[chosen]).all()


def test_every_value_is_in_the_features() -> None:
    rows = German().read(NoShelf())
    one_hot, ordinal = German().encode(rows), German("ordinal").encode(rows)
    assert ordinal.features.shape == (1_000, 20)
    for column in rows.columns.drop(["personal_status_sex", "credit", "sex"]):
        block = one_hot.features[[name for name, source in one_hot.sources.items() if source == column]]
        if isinstance(rows[column].dtype, pd.CategoricalDtype):
            assert block.idxmax(axis=1).str.removeprefix(f"{column}=").tolist() == rows[column].tolist()
            assert ordinal.features[column].tolist() == rows[column].tolist()
        else:
            assert block[column].tolist() == rows[column].tolist()
    assert (one_hot.features["sex"] == (rows["sex"] == "male")).all()


def test_a_wrong_knob_is_named() -> None:
    how: Any = "dummies"
    with pytest.raises(ValueError, match="nominal is 'dummies'; it can be: one-hot, ordinal"):
        German(how)
