"""COMPAS: every count of the data note, and no identity anywhere."""

import io
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from published_files import N, compas_file, publish
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split

from fwk import Encoded
from fwk.shelf import Folders
from fwk_datasets import compas
from fwk_datasets.compas import CARD, IDENTIFYING, Compas, redact

NEEDS = "compas"


@pytest.fixture(scope="module")
def raw(shelf: Folders) -> pd.DataFrame:
    return Compas().read(shelf)


@pytest.fixture(scope="module")
def kept(raw: pd.DataFrame) -> pd.DataFrame:
    return raw[raw.eval(CARD.keep)]


@pytest.fixture(scope="module")
def table(kept: pd.DataFrame) -> Encoded:
    return Compas().encode(kept)


def test_rows_are_counted_step_by_step(raw: pd.DataFrame, kept: pd.DataFrame) -> None:
    assert raw.shape == (7_214, 46)
    near = raw[raw["days_b_screening_arrest"].between(-30, 30)]
    assert len(near) == 6_172
    assert len(near[(near["is_recid"] != -1) & (near["c_charge_degree"] != "O")]) == 6_172
    assert near["race"].value_counts().to_dict() == {
        "African-American": 3_175, "Caucasian": 2_103, "Hispanic": 509, "Other": 343, "Asian": 31,
        "Native American": 11,
    }  # fmt: skip
    assert len(kept) == 5_278


@pytest.mark.parametrize(
    ("label", "black_1", "white_1", "black_rate", "white_rate", "rate"),
    [
        ("is_recid", 1_773, 874, 0.558425, 0.415597, 0.501516),
        ("two_year_recid", 1_661, 822, 0.523150, 0.390870, 0.470443),
    ],
)
def test_groups_and_labels_are_counted(
    kept: pd.DataFrame, label: Any, black_1: int, white_1: int, black_rate: float, white_rate: float, rate: float
) -> None:
    again = ~Compas(label).encode(kept).y
    minority = kept.eval(CARD.minority).to_numpy()
    assert (minority.sum(), (~minority).sum()) == (3_175, 2_103)
    assert (again[minority].sum(), again[~minority].sum()) == (black_1, white_1)
    rates = (again[minority].mean(), again[~minority].mean(), again.mean())
    assert rates == pytest.approx((black_rate, white_rate, rate), abs=5e-7)


def test_features_are_those_of_alghamdi(raw: pd.DataFrame, kept: pd.DataFrame, table: Encoded) -> None:
    features = table.features
    assert list(features.columns) == [
        "age", "c_charge_degree", "race", "gender", "priors_count", "length_of_stay"
    ]  # fmt: skip
    assert features.shape == (5_278, 6)
    assert not features.isna().any().any()
    assert (features["c_charge_degree"] == 1).sum() == 3_440
    assert (features["c_charge_degree"] == -1).sum() == 5_278 - 3_440
    assert features["gender"].sum() == 4_247
    assert features["race"].sum() == 2_103
    sums = features[["age", "priors_count", "length_of_stay"]].sum()
    assert sums.tolist() == [181_824, 18_270, 79_808]
    assert (features["age"].min(), features["age"].max()) == (18, 80)
    assert (features["priors_count"].min(), features["priors_count"].max()) == (0, 38)
    assert (features["length_of_stay"].min(), features["length_of_stay"].max()) == (-1, 799)
    assert (features["length_of_stay"] == -1).sum() == 160
    near = raw[raw["days_b_screening_arrest"].between(-30, 30)]
    assert (Compas().encode(near).features["length_of_stay"] == -1).sum() == 183
    assert table.sources["race"] == "race"
    assert table.test is None


def test_the_card_counts_what_is_there(raw: pd.DataFrame, kept: pd.DataFrame, table: Encoded) -> None:
    assert CARD.counts == {
        "rows_read": len(raw), "rows": len(kept), "minority": kept.eval(CARD.minority).sum(),
        "favourable": table.y.sum(),
    }  # fmt: skip


def test_a_row_is_encoded_the_same_in_any_company(kept: pd.DataFrame, table: Encoded) -> None:
    chosen = np.random.default_rng(0).permutation(len(kept))[:200]
    part = Compas().encode(kept.iloc[chosen])
    assert part.features.equals(table.features.iloc[chosen].reset_index(drop=True))
    assert (part.y == table.y[chosen]).all()


def test_rows_without_a_known_outcome_are_refused(raw: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="is_recid = -1 have no known outcome"):
        Compas().encode(raw.head(3).assign(is_recid=[0, -1, 1]))


def test_a_label_that_compas_does_not_have_is_named() -> None:
    label: Any = "recid"
    with pytest.raises(ValueError, match="no label 'recid'; it has: is_recid, two_year_recid"):
        Compas(label)


def _published(raw: pd.DataFrame, ends: str) -> bytes:
    """A file like ProPublica's, with made-up people in it."""
    frame = raw.rename(columns={"decile_score.1": "decile_score", "priors_count.1": "priors_count"})
    for place, name in enumerate(["name", "first", "last", "dob", "c_case_number", "r_case_number", "vr_case_number"]):
        frame.insert(place * 3 + 1, name, [f"Secret {name} {row}" for row in range(len(frame))])
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator=ends)
    return text.getvalue().encode()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_identities_are_dropped_on_reading(shelf: Folders, tmp_path: Path, ends: str) -> None:
    text = pd.read_csv(shelf.find(compas.REDACTED), dtype=str, keep_default_na=False)
    (tmp_path / "compas").mkdir()
    (tmp_path / "compas" / compas.PUBLISHED).write_bytes(_published(text, ends))
    rows = Compas().read(Folders(tmp_path, tmp_path / "cache", fetch=False))
    assert rows.equals(Compas().read(shelf))
    assert not IDENTIFYING & set(rows.columns)
    assert not rows.astype(str).apply(lambda column: column.str.contains("Secret")).any().any()
    assert not (tmp_path / "cache").exists()


def test_a_download_is_kept_in_its_redacted_form_only(
    shelf: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = pd.read_csv(shelf.find(compas.REDACTED), dtype=str, keep_default_na=False)
    publisher = tmp_path / "publisher.csv"
    publisher.write_bytes(_published(text, "\r\n"))
    monkeypatch.setattr(compas, "URL", publisher.as_uri())
    said: list[str] = []
    fetching = Folders(None, tmp_path / "cache", say=said.append)
    assert Compas().read(fetching).equals(Compas().read(shelf))
    assert [path.name for path in (tmp_path / "cache").rglob("*")] == [compas.REDACTED]
    assert b"Secret" not in (tmp_path / "cache" / compas.REDACTED).read_bytes()
    assert "Secret" not in " ".join(said)


def test_a_killed_download_leaves_no_identity_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch)
    (tmp_path / "publisher.csv").write_bytes(compas_file())
    monkeypatch.setattr(compas, "URL", (tmp_path / "publisher.csv").as_uri())
    monkeypatch.setattr("fwk.download.PIECE", len(compas_file()) // 3)

    def kill(there: int, whole: int | None) -> None:
        if there > len(compas_file()) // 2:
            raise KeyboardInterrupt

    (tmp_path / "cache").mkdir()
    with pytest.raises(KeyboardInterrupt):
        Compas().read(Folders(None, tmp_path / "cache", progress=lambda _: nullcontext(kill)))
    assert list((tmp_path / "cache").iterdir()) == []
    assert len(Compas().read(Folders(None, tmp_path / "cache"))) == N
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [compas.REDACTED]


def test_the_published_file_under_the_redacted_ones_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(monkeypatch)
    (tmp_path / compas.REDACTED).write_bytes(compas_file())
    with pytest.raises(ValueError, match=f"ProPublica's file belongs there under its own name, {compas.PUBLISHED}"):
        Compas().read(Folders(tmp_path, tmp_path / "cache", fetch=False))


def test_a_foreign_file_is_named_without_quoting_it(shelf: Folders, tmp_path: Path) -> None:
    text = pd.read_csv(shelf.find(compas.REDACTED), dtype=str, keep_default_na=False).head(50)
    (tmp_path / compas.PUBLISHED).write_bytes(_published(text, "\n"))
    with pytest.raises(ValueError, match="not the published file: without identities it has sha256") as caught:
        Compas().read(Folders(tmp_path, tmp_path / "cache", fetch=False))
    assert "Secret" not in str(caught.value)
    with pytest.raises(ValueError, match="it lacks the columns"):
        redact(b"a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"it cannot be cut into fields \(field larger than field limit"):
        redact(b"a" * 140_000)


def test_a_missing_file_says_where_it_is_published(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Compas().read(Folders(tmp_path, tmp_path / "cache", fetch=False))
    assert str(caught.value).startswith(f"the file {compas.PUBLISHED} is not here")
    assert compas.URL in str(caught.value)
    assert compas.REDACTED not in str(caught.value)


def test_the_baseline_reaches_the_published_sanity_values(kept: pd.DataFrame, table: Encoded) -> None:
    X, y, minority = table.features.to_numpy(), ~table.y, kept.eval(CARD.minority).to_numpy()
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
    assert np.mean(figures, axis=0) == pytest.approx([0.3283, -0.2407, -0.1461, 0.1934, -0.2328], abs=4e-3)
