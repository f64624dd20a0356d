"""ACSIncome: every count of the data note, and the Census Bureau's own files."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from published_files import made_people, publish
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from fwk.shelf import Folders
from fwk_datasets import acs
from fwk_datasets.acs import CARD, FEATURES, LEVELS, STATES, AcsIncome, income_task

NEEDS = "acsincome"

FULL = """AL 22268, AK 3546, AZ 33277, AR 13929, CA 195665, CO 31306, CT 19785, DE 4713, FL 98925, GA 50915, HI 7731,
ID 8265, IL 67016, IN 35022, IA 17745, KS 15807, KY 22006, LA 20667, ME 7002, MD 33042, MA 40114, MI 50008, MN 31021,
MS 13189, MO 31664, MT 5463, NE 10785, NV 14807, NH 7966, NJ 47781, NM 8711, NY 103021, NC 52067, ND 4455, OH 62135,
OK 17917, OR 21919, PA 68308, RI 5712, SC 24879, SD 4899, TN 34003, TX 135924, UT 16337, VT 3767, VA 46144, WA 39944,
WV 8103, WI 32690, WY 3064, PR 9071"""
"""Rows of each state in the full table, in its order."""


@pytest.fixture(scope="module")
def rows(shelf: Folders) -> pd.DataFrame:
    return AcsIncome().read(shelf)


@pytest.mark.parametrize(
    ("states", "n", "white", "white_1", "other", "other_1", "rates"),
    [
        ((), 665_800, 519_017, 202_902, 146_783, 42_612, (0.390935, 0.290306, 0.368750)),
        ("CA", 78_266, 48_355, 21_574, 29_911, 10_547, (0.446159, 0.352613, 0.410408)),
        ("TX", 54_370, 42_336, 16_352, 12_034, 3_554, (0.386243, 0.295330, 0.366121)),
        ("NY", 41_208, 29_451, 13_218, 11_757, 3_837, (0.448813, 0.326359, 0.413876)),
        ("FL", 39_570, 31_680, 11_357, 7_890, 1_732, (0.358491, 0.219518, 0.330781)),
        ("AL", 8_907, 6_795, 2_387, 2_112, 396, (0.351288, 0.187500, 0.312451)),
        ("HI", 3_092, 830, 396, 2_262, 810, (0.477108, 0.358090, 0.390039)),
        ("SD", 1_960, 1_776, 492, 184, 23, (0.277027, 0.125000, 0.262755)),
        ("WY", 1_226, 1_127, 421, 99, 19, (0.373558, 0.191919, 0.358891)),
    ],
)
def test_states_are_counted(
    shelf: Folders, states: Any, n: int, white: int, white_1: int, other: int, other_1: int, rates: tuple[float, ...]
) -> None:
    chosen = AcsIncome(states).read(shelf)
    table = AcsIncome(states).encode(chosen)
    minority, y = chosen.eval(CARD.minority).to_numpy(), table.y
    assert table.features.shape == (n, 10)
    assert ((~minority).sum(), y[~minority].sum(), minority.sum(), y[minority].sum()) == (
        white, white_1, other, other_1
    )  # fmt: skip
    assert (y[~minority].mean(), y[minority].mean(), y.mean()) == pytest.approx(rates, abs=5e-7)
    assert table.test is None


def test_races_sexes_sums_and_parts_are_counted(rows: pd.DataFrame) -> None:
    def counted(column: str) -> dict[int, tuple[int, int]]:
        by = rows.groupby(column)["LABEL"].agg(["size", "sum"])
        return {int(code): (int(n), int(ones)) for code, n, ones in by.itertuples()}

    assert counted("RAC1P") == {
        1: (519_017, 202_902), 2: (59_124, 14_515), 3: (4_739, 1_042), 4: (363, 68), 5: (867, 170),
        6: (38_474, 17_178), 7: (1_133, 286), 8: (25_338, 4_460), 9: (16_745, 4_893),
    }  # fmt: skip
    assert counted("SEX") == {1: (346_838, 153_375), 2: (318_962, 92_139)}
    names = ["AGEP", "SCHL", "OCCP", "POBP", "RELP", "WKHP", "COW", "MAR"]
    assert rows[names].sum().tolist() == [
        28_923_200, 12_394_047, 2_780_788_429, 43_860_755, 1_486_197, 25_517_238, 1_385_135, 1_676_958
    ]  # fmt: skip
    assert rows["PART"].value_counts().to_dict() == {"test": 332_900, "validation": 332_900}


def test_white_against_black_is_a_matter_of_two_expressions(rows: pd.DataFrame) -> None:
    kept = rows[rows.eval("RAC1P in [1, 2]")]
    y, black = AcsIncome().encode(kept).y, kept.eval("RAC1P == 2").to_numpy()
    assert ((~black).sum(), black.sum(), y[black].sum()) == (519_017, 59_124, 14_515)
    assert (y[~black].mean(), y[black].mean()) == pytest.approx((0.390935, 0.245501), abs=5e-7)


def test_states_lie_where_the_full_table_has_them(rows: pd.DataFrame) -> None:
    sizes = {entry.split()[0]: int(entry.split()[1]) for entry in FULL.replace("\n", " ").split(", ")}
    assert list(sizes) == list(STATES)
    assert sum(sizes.values()) == 1_664_500
    ends = np.cumsum(list(sizes.values()))
    by_position = np.asarray(list(sizes))[np.searchsorted(ends, rows["SRC_INDEX"].to_numpy(), side="right")]
    assert (by_position == rows["ST"].astype(str).to_numpy()).all()
    parts = rows.groupby(["ST", "PART"], observed=True).size()
    for (state, _), count in parts.items():
        assert abs(count - 0.2 * sizes[state]) <= 1


def test_the_card_counts_what_is_there(rows: pd.DataFrame) -> None:
    assert CARD.counts == {
        "rows_read": len(rows), "rows": len(rows), "minority": rows.eval(CARD.minority).sum(),
        "favourable": AcsIncome().encode(rows).y.sum(),
    }  # fmt: skip


def test_numbers_are_the_census_codes(rows: pd.DataFrame) -> None:
    features = AcsIncome().encode(rows).features
    assert list(features.columns) == list(FEATURES)
    assert (features == rows[list(FEATURES)]).all().all()


def test_nominal_codes_become_categories_that_learners_take(rows: pd.DataFrame) -> None:
    few = rows.sample(20_000, random_state=0)
    table = AcsIncome(codes="nominal").encode(few)
    nominal = [name for name, dtype in table.features.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)]
    assert nominal == ["COW", "MAR", "OCCP", "POBP", "RELP", "RAC1P"]
    for name in nominal:
        assert list(table.features[name].cat.categories) == list(LEVELS[name])
        assert not table.features[name].isna().any()
    for name in ("COW", "MAR", "RELP", "RAC1P"):
        assert table.features[name].astype(int).tolist() == few[name].tolist()
    codes = np.column_stack(
        [table.features[c].cat.codes + 1 if c in nominal else table.features[c] for c in table.features]
    )
    model = HistGradientBoostingClassifier(categorical_features=[1, 3, 4, 5, 6, 9], max_iter=5)
    assert model.fit(codes, table.y).score(codes, table.y) > 0.75


def test_occupations_and_birthplaces_fall_into_groups() -> None:
    people = pd.DataFrame({name: [1, 1, 1, 1] for name in FEATURES}).assign(
        OCCP=[10, 440, 9760, 9830], POBP=[6, 72, 110, 554], LABEL=0
    )
    features = AcsIncome(codes="nominal").encode(people).features
    assert features["OCCP"].tolist() == [10, 10, 9005, 9800]
    assert features["POBP"].tolist() == [6, 72, 100, 500]


def test_a_row_is_encoded_the_same_in_any_company(rows: pd.DataFrame) -> None:
    chosen = np.random.default_rng(0).permutation(len(rows))[:500]
    for source in (AcsIncome(), AcsIncome(codes="nominal")):
        whole, part = source.encode(rows), source.encode(rows.iloc[chosen])
        assert part.features.equals(whole.features.iloc[chosen].reset_index(drop=True))


def test_the_task_keeps_working_people_over_16_with_an_income() -> None:
    people = made_people(5_000)
    kept = [
        (row.AGEP, row.PINCP, row.WKHP)
        for row in people.itertuples()
        if row.AGEP > 16 and row.PINCP > 100 and row.WKHP > 0 and row.PWGTP >= 1
    ]
    task = income_task(people)
    assert list(zip(task["AGEP"], task["PINCP"], task["WKHP"], strict=True)) == kept
    assert task["LABEL"].tolist() == [int(income > 50_000) for _, income, _ in kept]
    assert 0 < task["LABEL"].mean() < 1


@pytest.mark.parametrize(("year", "name"), [(2018, "psam_p56.csv"), (2015, "ss15pwy.csv")])
def test_census_files_are_fetched_state_by_state_and_kept_as_folktables_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, year: int, name: str
) -> None:
    people = made_people()
    folder = tmp_path / "census" / str(year) / "1-Year"
    folder.mkdir(parents=True)
    text = io.StringIO()
    people.to_csv(text, index=False)
    with zipfile.ZipFile(folder / "csv_pwy.zip", "w") as archive:
        archive.writestr("README.pdf", "read me")
        archive.writestr(name, text.getvalue())
    publish(monkeypatch)
    monkeypatch.setattr(acs, "CENSUS", (tmp_path / "census").as_uri())
    said: list[str] = []
    source = AcsIncome("WY", origin="census", year=year)
    rows = source.read(Folders(None, tmp_path / "cache", say=said.append))
    assert (tmp_path / "cache" / str(year) / "1-Year" / name).exists()
    assert "no checksum" in said[-1]
    assert len(rows) == len(income_task(people))
    assert set(rows["ST"]) == {"WY"}
    assert source.encode(rows).features.shape[1] == 10
    again = source.read(Folders(tmp_path / "cache", tmp_path / "other", fetch=False))
    assert again.equals(rows)


def test_a_foreign_census_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "2018" / "1-Year").mkdir(parents=True)
    (tmp_path / "2018" / "1-Year" / "psam_p06.csv").write_text("a,b\n1,2\n")
    with pytest.raises(
        ValueError, match=r"psam_p06\.csv is damaged, or not the published file: it has no column 'AGEP'"
    ):
        AcsIncome("CA", origin="census").read(Folders(tmp_path, tmp_path / "cache", fetch=False))


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"states": ["CA", "California"]}, "knows no state 'California'; postal codes are: AL, AK"),
        ({"codes": "one-hot"}, "codes is 'one-hot'; it can be: numbers, nominal"),
        ({"origin": "folktables"}, "origin is 'folktables'; it can be: sample, census"),
        ({"origin": "census", "year": 2021}, "year is 2021; it can be: 2014, 2015, 2016, 2017, 2018"),
        ({"year": 2017}, "the sample is of 2018, 1-Year"),
    ],
)
def test_wrong_knobs_are_named(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        AcsIncome(**knobs)
    assert message in str(caught.value)


def test_a_missing_sample_says_what_else_would_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="fwk datasets fetch acs-income --knob origin=census"):
        AcsIncome().read(Folders(tmp_path, tmp_path / "cache", fetch=False))


@pytest.mark.slow
def test_the_baseline_reaches_the_published_sanity_values(shelf: Folders) -> None:
    rows = AcsIncome("CA").read(shelf)
    table = AcsIncome("CA").encode(rows)
    X, y, minority = table.features.to_numpy(), table.y, rows.eval(CARD.minority).to_numpy()
    figures = []
    for seed in range(3):
        train, test = train_test_split(np.arange(len(y)), test_size=0.2, random_state=seed)
        guess = HistGradientBoostingClassifier(random_state=0).fit(X[train], y[train]).predict(X[test])
        gaps = [
            guess[~minority[test] & (y[test] == label)].mean() - guess[minority[test] & (y[test] == label)].mean()
            for label in (True, False)
        ]
        accepted = guess[~minority[test]].mean() - guess[minority[test]].mean()
        figures.append([(guess != y[test]).mean(), *gaps, np.abs(gaps).mean(), accepted])
    assert np.mean(figures, axis=0) == pytest.approx([0.1736, 0.0752, 0.0579, 0.0666, 0.1253], abs=4e-3)
