"""Adult: the copy that comes along, and every count of the data note."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

import fwk_datasets
from fwk import Encoded
from fwk_datasets.adult import CARD, LEVELS, Adult


class NoShelf:
    """The file comes along, so nobody may ask for one."""

    def find(self, name: str, **_: Any) -> Path:
        raise AssertionError(f"asked for {name}")


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    return Adult().read(NoShelf())


@pytest.fixture(scope="module")
def kept(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[raw.eval(CARD.keep)]


@pytest.fixture(scope="module")
def table(kept: pd.DataFrame) -> Encoded:
    return Adult().encode(kept)


def _published(rows: pd.DataFrame, first: str, behind: str) -> bytes:
    lines = [", ".join(map(str, row)) + behind for row in rows.drop(columns="part").itertuples(index=False)]
    return (first + "\n".join(lines) + "\n\n").encode()


def test_the_publishers_files_can_be_rebuilt_byte_for_byte(raw: pd.DataFrame) -> None:
    train = _published(raw[raw["part"] == "train"], "", "")
    test = _published(raw[raw["part"] == "test"], "|1x3 Cross validator\n", ".")
    assert (len(train), len(test)) == (3_974_305, 2_003_153)
    assert hashlib.sha256(train).hexdigest() == "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d"
    assert hashlib.sha256(test).hexdigest() == "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05"


def test_the_file_that_comes_along_is_small_and_has_its_terms_beside_it() -> None:
    folder = Path(fwk_datasets.__file__).parent / "data"
    assert (folder / "adult.parquet").stat().st_size < 1_000_000
    assert pd.read_parquet(folder / "adult.parquet").shape == (48_842, 15)
    terms = (folder / "adult.LICENSE.md").read_text(encoding="utf-8")
    assert "CC BY 4.0" in terms
    assert "10.24432/C5XW20" in terms


def test_question_marks_stand_where_the_note_counts_them(raw: pd.DataFrame) -> None:
    missing = raw.drop(columns="part") == "?"
    assert missing.sum()[missing.any()].to_dict() == {"workclass": 2_799, "occupation": 2_809, "native_country": 857}
    assert missing.any(axis=1).groupby(raw["part"]).sum().to_dict() == {"train": 2_399, "test": 1_221}


def test_dropped_races_are_counted(raw: pd.DataFrame) -> None:
    dropped = raw[~raw.eval(CARD.keep)]
    assert dropped.groupby(["part", "race"]).size().to_dict() == {
        ("train", "Amer-Indian-Eskimo"): 311, ("train", "Asian-Pac-Islander"): 1_039, ("train", "Other"): 271,
        ("test", "Amer-Indian-Eskimo"): 159, ("test", "Asian-Pac-Islander"): 480, ("test", "Other"): 135,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("part", "rows", "white", "white_1", "black", "black_1", "rate"),
    [
        (None, 46_447, 41_762, 10_607, 4_685, 566, 0.240554),
        ("train", 30_940, 27_816, 7_117, 3_124, 387, 0.242534),
        ("test", 15_507, 13_946, 3_490, 1_561, 179, 0.236603),
    ],
)
def test_groups_and_labels_are_counted(
    kept: pd.DataFrame, table: Encoded, part: str | None, rows: int, white: int, white_1: int, black: int,
    black_1: int, rate: float,
) -> None:  # fmt: skip
    assert table.test is not None
    here = np.ones(len(kept), dtype=bool) if part is None else table.test == (part == "test")
    minority = kept.eval(CARD.minority).to_numpy()
    y = table.y
    assert (here.sum(), (here & ~minority).sum(), (here & minority).sum()) == (rows, white, black)
    assert ((here & ~minority & y).sum(), (here & minority & y).sum()) == (white_1, black_1)
    assert y[here].mean() == pytest.approx(rate, abs=5e-7)


def test_all_rows_before_cleaning_are_counted(raw: pd.DataFrame) -> None:
    favourable = raw["income"] == ">50K"
    assert favourable.mean() == pytest.approx(0.239282, abs=5e-7)
    assert raw["race"].value_counts()[["White", "Black"]].tolist() == [41_762, 4_685]
    assert favourable.groupby(raw["race"]).sum()[["White", "Black"]].tolist() == [10_607, 566]


def test_gender_is_counted(table: Encoded) -> None:
    assert table.test is not None
    male = table.features["gender"].to_numpy() == 1
    for here, counts in (
        (np.ones(len(male), dtype=bool), (31_112, 9_499, 15_335, 1_674)),
        (~table.test, (20_743, 6_386, 10_197, 1_118)),
        (table.test, (10_369, 3_113, 5_138, 556)),
    ):
        men, women = here & male, here & ~male
        assert (men.sum(), (men & table.y).sum(), women.sum(), (women & table.y).sum()) == counts


def test_dummies_are_counted_and_alphabetical(table: Encoded) -> None:
    sums = table.features.sum()
    marital = {
        "Divorced": 6_393, "Married-AF-spouse": 36, "Married-civ-spouse": 21_317, "Married-spouse-absent": 535,
        "Never-married": 15_250, "Separated": 1_466, "Widowed": 1_450,
    }  # fmt: skip
    relationship = {
        "Husband": 18_869, "Not-in-family": 12_028, "Other-relative": 1_320, "Own-child": 7_208, "Unmarried": 4_845,
        "Wife": 2_177,
    }  # fmt: skip
    expected = {f"marital_status={k}": v for k, v in marital.items()}
    expected |= {f"relationship={k}": v for k, v in relationship.items()}
    assert list(table.features.columns[7:]) == list(expected)
    assert sums.iloc[7:].to_dict() == expected


def test_means_are_those_of_the_note(table: Encoded) -> None:
    means = {
        "age": 38.732577, "education_num": 10.065795, "capital_gain": 1070.385708, "capital_loss": 87.956359,
        "hours_per_week": 40.452150,
    }  # fmt: skip
    for name, mean in means.items():
        assert table.features[name].mean() == pytest.approx(mean, abs=5e-7)


def test_the_shape_is_that_of_alghamdi(table: Encoded) -> None:
    assert table.features.shape == (46_447, 20)
    assert not table.features.isna().any().any()


def test_the_card_counts_what_is_there(raw: pd.DataFrame, kept: pd.DataFrame, table: Encoded) -> None:
    assert table.test is not None
    assert CARD.counts == {
        "rows_read": len(raw), "rows": len(kept), "minority": kept.eval(CARD.minority).sum(),
        "favourable": table.y.sum(), "test_rows": table.test.sum(),
    }  # fmt: skip
    assert set(CARD.audit) <= set(raw.columns)


def test_the_baseline_reaches_the_published_sanity_values(kept: pd.DataFrame, table: Encoded) -> None:
    assert table.test is not None
    X, y, test = table.features.to_numpy(), table.y, table.test
    minority = kept.eval(CARD.minority).to_numpy()[test]
    predicted = HistGradientBoostingClassifier(random_state=0).fit(X[~test], y[~test]).predict(X[test])
    gap = [
        predicted[~minority & (y[test] == label)].mean() - predicted[minority & (y[test] == label)].mean()
        for label in (True, False)
    ]
    assert (predicted != y[test]).mean() == pytest.approx(0.1348, abs=2e-3)
    assert [*gap, np.abs(gap).mean()] == pytest.approx([0.0827, 0.0414, 0.0621], abs=6e-3)
    assert predicted[~minority].mean() - predicted[minority].mean() == pytest.approx(0.1221, abs=6e-3)


@pytest.mark.parametrize(("nominal", "features"), [("one-hot", 108), ("ordinal", 14)])
def test_the_full_encoding_keeps_every_column_and_value(raw: pd.DataFrame, nominal: Any, features: int) -> None:
    table = Adult("full", nominal).encode(raw)
    assert table.features.shape == (48_842, features)
    assert set(table.sources.values()) == set(raw.columns) - {"income", "part"}
    for column in LEVELS:
        if nominal == "ordinal":
            assert table.features[column].astype(str).tolist() == raw[column].tolist()
        else:
            block = table.features[[name for name, source in table.sources.items() if source == column]]
            assert (block.sum(axis=1) == 1).all()
            assert block.idxmax(axis=1).str.removeprefix(f"{column}=").tolist() == raw[column].tolist()


@pytest.mark.parametrize("source", [Adult(), Adult("full"), Adult("full", "ordinal")], ids=str)
@settings(deadline=None, max_examples=15)
@given(chosen=st.lists(st.integers(0, 48_841), max_size=40))
def test_a_row_is_encoded_the_same_in_any_company(source: Adult, chosen: list[int]) -> None:
    rows = Adult().read(NoShelf())
    whole, part = source.encode(rows), source.encode(rows.iloc[chosen])
    assert list(part.features.columns) == list(whole.features.columns)
    assert (part.features.dtypes == whole.features.dtypes).all()
    assert part.features.equals(whole.features.iloc[chosen].reset_index(drop=True))
    assert whole.test is not None
    assert part.test is not None
    assert (part.y == whole.y[chosen]).all()
    assert (part.test == whole.test[chosen]).all()


def test_features_of_race_name_race_as_their_source(table: Encoded) -> None:
    assert {name for name, source in table.sources.items() if source == "race"} == {"race"}
    assert {name for name, source in table.sources.items() if source == "sex"} == {"gender"}
    assert list(table.sources) == list(table.features.columns)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"encoding": "alghamidi"}, "no encoding 'alghamidi'; it has: alghamdi, full"),
        ({"encoding": "full", "nominal": "codes"}, "nominal is 'codes'; it can be: one-hot, ordinal"),
        ({"nominal": "ordinal"}, "goes with encoding: full"),
    ],
)
def test_wrong_knobs_are_named(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Adult(**knobs)


def test_a_value_that_adult_does_not_have_is_named(raw: pd.DataFrame) -> None:
    strange = raw.assign(marital_status=raw["marital_status"].where(raw.index != 7, "It's complicated"))
    with pytest.raises(ValueError, match=r"'marital_status' has the value \"It's complicated\" in row 7"):
        Adult().encode(strange)
