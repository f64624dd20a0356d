"""HSLS:09: every count of the data note, and NCES's own file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from fwk import Dataset, Encoded, Source
from fwk.shelf import Folders
from fwk_datasets.hsls import (
    ATTITUDES_CARD,
    CARD,
    CARDS,
    CORE_CARD,
    LITE_CARD,
    NCES,
    Hsls,
    HslsAttitudes,
    HslsCore,
    HslsLite,
)

NEEDS = "hsls"


def _counted(rows: pd.DataFrame, table: Encoded, card: Dataset) -> list[float]:
    """Rows, majority, its y = 1 and rate, minority, its y = 1 and rate, overall rate."""
    minority, y = rows.eval(card.minority).to_numpy(), table.y
    figures: list[float] = [len(rows)]
    for group in (~minority, minority):
        figures += [group.sum(), y[group].sum(), y[group].mean()]
    return [*figures, y.mean()]


@pytest.mark.parametrize(
    ("source", "card", "features", "counts"),
    [
        (HslsLite(), LITE_CARD, 18, [21_444, 13_526, 7_654, 0.565873, 7_918, 3_068, 0.387472, 0.5]),
        (HslsLite(complete=True), LITE_CARD, 18, [13_654, 9_065, 5_686, 0.627248, 4_589, 2_124, 0.462846, 0.571994]),
        (HslsCore(), CORE_CARD, 41, [15_906, 10_212, 6_141, 0.601351, 5_694, 2_362, 0.414823, 0.534578]),
        (HslsAttitudes(), ATTITUDES_CARD, 9, [21_444, 11_854, 6_400, 0.539902, 9_590, 4_322, 0.450678, 0.5]),
    ],
    ids=["lite", "lite complete", "core", "attitudes"],
)
def test_groups_and_labels_are_counted(
    shelf: Folders, source: Source, card: Dataset, features: int, counts: list[float]
) -> None:
    rows = source.read(shelf)
    table = source.encode(rows)
    assert table.features.shape == (counts[0], features)
    assert _counted(rows, table, card) == pytest.approx(counts, abs=5e-7)
    assert table.test is None


@pytest.mark.parametrize("card", [LITE_CARD, CORE_CARD, ATTITUDES_CARD], ids=lambda card: str(card.name))
def test_the_cards_count_what_is_there(shelf: Folders, card: Dataset) -> None:
    source = card.make()
    rows = source.read(shelf)
    assert card.counts == {
        "rows_read": len(rows), "rows": len(rows), "minority": rows.eval(card.minority).sum(),
        "favourable": source.encode(rows).y.sum(),
    }  # fmt: skip
    assert set(card.audit) <= set(rows.columns)


def test_the_label_is_a_score_above_the_median_of_all_observed_scores(shelf: Folders) -> None:
    rows = HslsLite().read(shelf)
    assert rows["x1txmtscor"].median() == pytest.approx(50.97165)
    assert (HslsLite().encode(rows).y == (rows["x1txmtscor"] > rows["x1txmtscor"].median())).all()


def test_races_sexes_and_gaps_are_counted(shelf: Folders) -> None:
    rows = HslsLite().read(shelf)
    assert rows["x1race"].value_counts().to_dict() == {
        1: 163, 2: 1_672, 3: 2_218, 4: 204, 5: 3_311, 6: 1_912, 7: 110, 8: 11_854
    }  # fmt: skip
    assert rows["x1sex"].value_counts().to_dict() == {1: 10_887, 2: 10_557}
    gaps = rows.isna().sum()
    parents = ["x1paredu", "x1hhnumber", "x1famincome", "x1poverty185", "x1paredexpct", "x1p1relation", "x1par1emp"]
    assert (gaps[parents] == 5_015).all()
    assert gaps[["x1par2edu", "x1mtheff", "x1mthuti", "x1schoolbel", "x1stu30occ2", "x1mthid", "x1stdob"]].tolist() == [
        8_555, 2_685, 2_642, 764, 426, 285, 7
    ]  # fmt: skip


def test_complete_tables_have_no_gap(shelf: Folders) -> None:
    complete = HslsLite(complete=True)
    features = complete.encode(complete.read(shelf)).features
    assert not features.isna().any().any()
    assert (features["x1par2edu"] == 0).sum() > 0


def test_neither_scores_nor_identifiers_nor_doubles_are_features(shelf: Folders) -> None:
    forbidden = {"x1txmtscor", "stu_id", "x1race", "x1sex", "x1stdob", "edm_part", "edm_na_prop", "gradebin"}
    for card in (LITE_CARD, CORE_CARD, ATTITUDES_CARD):
        source = card.make()
        table = source.encode(source.read(shelf))
        assert not forbidden & set(table.features.columns)
        groups = {name: raw for name, raw in table.sources.items() if raw in forbidden}
        assert groups == ({} if card is ATTITUDES_CARD else {"sexbin": "x1sex", "racebin": "x1race"})


def test_one_hot_blocks_of_the_core_name_every_row_once(shelf: Folders) -> None:
    source = HslsCore()
    table = source.encode(source.read(shelf))
    for column, levels in (("edm_x1control", 2), ("edm_x1locale", 4), ("edm_s1m8grade", 6)):
        block = table.features[[name for name, source in table.sources.items() if source == column]]
        assert block.shape[1] == levels
        assert (block.sum(axis=1) == 1).all()


@pytest.mark.parametrize("source", [HslsLite(), HslsCore(), HslsAttitudes()], ids=str)
def test_a_row_is_encoded_the_same_in_any_company(shelf: Folders, source: Source) -> None:
    rows = source.read(shelf)
    chosen = np.random.default_rng(0).permutation(len(rows))[:300]
    whole, part = source.encode(rows), source.encode(rows.iloc[chosen])
    assert part.features.equals(whole.features.iloc[chosen].reset_index(drop=True))
    assert (part.y == whole.y[chosen]).all()


def _as_nces_publishes(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in NCES's form: upper case, reserve codes for gaps, and students without a score."""
    names = [name for name in rows.columns if not name.startswith("edm_")]
    published = rows[names].drop(columns=["gradebin", "racebin", "sexbin"])
    codes = np.where(np.arange(len(rows)) % 2, -9, -8)
    published = published.apply(lambda column: column.fillna(pd.Series(codes)))
    untested = published.head(23_503 - len(published)).assign(x1txmtscor=-8, x1sex=-9, x1race=-9)
    return pd.concat([untested, published]).rename(columns=str.upper).assign(X4OTHER="whatever")


@pytest.mark.parametrize("complete", [False, True])
def test_ncess_own_file_gives_the_lite_table(shelf: Folders, tmp_path: Path, complete: bool) -> None:
    _as_nces_publishes(HslsLite().read(shelf)).to_csv(tmp_path / NCES, index=False)
    user = Folders(tmp_path, tmp_path / "cache", fetch=False)
    whole, lite = Hsls(complete).read(user), HslsLite(complete).read(shelf)
    assert Hsls(complete).encode(whole).features.equals(HslsLite(complete).encode(lite).features)
    assert (Hsls(complete).encode(whole).y == HslsLite(complete).encode(lite).y).all()
    assert whole.eval(CARD.minority).tolist() == lite.eval(LITE_CARD.minority).tolist()


def test_a_copy_with_labels_or_without_columns_is_refused(shelf: Folders, tmp_path: Path) -> None:
    user = Folders(tmp_path, tmp_path / "cache", fetch=False)
    codes = _as_nces_publishes(HslsLite().read(shelf))
    codes.assign(X1SEX="Male").to_csv(tmp_path / NCES, index=False)
    with pytest.raises(ValueError, match="X1SEX holds 'Male'; this copy has labels in place of codes"):
        Hsls().read(user)
    codes.drop(columns="X1RACE").to_csv(tmp_path / NCES, index=False)
    with pytest.raises(ValueError, match=r"not the published file: it has no column 'x1race'"):
        Hsls().read(user)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    shelf = Folders(tmp_path, tmp_path / "cache", fetch=False)
    for card in CARDS:
        with pytest.raises(FileNotFoundError, match=r"Put it into .* \(.*\)"):
            card.make().read(shelf)


@pytest.mark.parametrize(
    ("source", "card", "expected"),
    [
        (HslsCore(), CORE_CARD, [0.2466, 0.2019, 0.1369, 0.1694, 0.2529]),
        (HslsLite(), LITE_CARD, [0.2660, 0.2139, 0.1550, 0.1844, 0.2603]),
    ],
    ids=["core", "lite"],
)
def test_the_baseline_reaches_the_published_sanity_values(
    shelf: Folders, source: Source, card: Dataset, expected: list[float]
) -> None:
    rows = source.read(shelf)
    table = source.encode(rows)
    X, y, minority = table.features.to_numpy(), table.y, rows.eval(card.minority).to_numpy()
    figures = []
    for seed in range(10):
        train, test = train_test_split(np.arange(len(y)), test_size=0.2, random_state=seed)
        guess = HistGradientBoostingClassifier(random_state=0).fit(X[train], y[train]).predict(X[test])
        gaps = [
            guess[~minority[test] & (y[test] == label)].mean() - guess[minority[test] & (y[test] == label)].mean()
            for label in (True, False)
        ]
        accepted = guess[~minority[test]].mean() - guess[minority[test]].mean()
        figures.append([(guess != y[test]).mean(), *gaps, np.abs(gaps).mean(), accepted])
    assert np.mean(figures, axis=0) == pytest.approx(expected, abs=4e-3)
