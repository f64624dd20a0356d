"""Waterbirds: the loader on made features with the published group counts, and the variant of the data folder.

Neither images nor real features can be had here, so nothing about the real features is tested.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from fwk.shelf import Folders
from fwk_datasets import waterbirds_images
from fwk_datasets.waterbirds import BIRDS, CARDS, PARTS, PLACES, PUBLISHED, Waterbirds, WaterbirdsPca, group_counts

NEEDS = "waterbirds"


@pytest.fixture(scope="module")
def metadata() -> pd.DataFrame:
    """Rows like those of metadata.csv, with the published counts, shuffled."""
    rows = [
        {"y": BIRDS.index(bird), "place": PLACES.index(place), "split": PARTS.index(part)}
        for (part, bird, place), size in PUBLISHED.items()
        for _ in range(size)
    ]
    made = pd.DataFrame(rows).sample(frac=1, random_state=0, ignore_index=True)
    names = [f"{row:05d}.jpg" for row in range(len(made))]
    return made.assign(img_id=range(1, len(made) + 1), img_filename=names, place_filename=names)


@pytest.fixture(scope="module")
def features(metadata: pd.DataFrame) -> np.ndarray:
    rng = np.random.default_rng(0)
    made = rng.normal(size=(len(metadata), 512)).astype(np.float32)
    made[:, 0] += 3 * metadata["y"]
    made[:, 1] += 3 * metadata["place"]
    return made


@pytest.fixture
def shelf(tmp_path: Path, metadata: pd.DataFrame, features: np.ndarray) -> Folders:
    folder = tmp_path / "waterbird_complete95_forest2water2"
    folder.mkdir()
    metadata.to_csv(folder / "metadata.csv", index=False)
    np.save(tmp_path / "waterbirds_resnet18.npy", features)
    return Folders(tmp_path, tmp_path / "cache", fetch=False)


def test_the_published_parts_have_the_published_sizes() -> None:
    sizes = {part: sum(n for group, n in PUBLISHED.items() if group[0] == part) for part in PARTS}
    assert sizes == {"train": 4_795, "validation": 1_199, "test": 5_794}
    assert sum(sizes.values()) == 11_788


def test_groups_parts_and_features_are_those_of_the_files(
    shelf: Folders, metadata: pd.DataFrame, features: np.ndarray
) -> None:
    rows = Waterbirds().read(shelf)
    table = Waterbirds().encode(rows)
    assert group_counts(rows) == PUBLISHED
    assert (table.features.to_numpy() == features).all()
    assert table.features.shape == (11_788, 512)
    assert (table.y == (metadata["y"] == 0)).all()
    assert (Waterbirds("waterbird").encode(rows).y == (metadata["y"] == 1)).all()
    assert table.test is not None
    assert (table.test == (metadata["split"] == 2)).all()
    assert CARDS[0].counts == {
        "rows_read": len(rows), "rows": len(rows), "minority": rows.eval(CARDS[0].minority).sum(),
        "favourable": table.y.sum(), "test_rows": table.test.sum(),
    }  # fmt: skip


def test_the_minority_is_smaller_and_seldom_labelled_favourably_in_the_train_part(shelf: Folders) -> None:
    rows = Waterbirds().read(shelf)
    train = (rows["split"] == 0).to_numpy()
    y, minority = Waterbirds().encode(rows).y[train], rows.eval(CARDS[0].minority).to_numpy()[train]
    assert minority.mean() < 0.5
    assert y[minority].mean() < 0.2 < 0.9 < y[~minority].mean()


@pytest.mark.parametrize("ending", ["npz", "parquet"])
def test_features_come_in_any_of_three_forms(shelf: Folders, features: np.ndarray, ending: str) -> None:
    assert shelf.data is not None
    (shelf.data / "waterbirds_resnet18.npy").unlink()
    path = shelf.data / f"waterbirds_resnet18.{ending}"
    if ending == "npz":
        np.savez(path, features=features)
    else:
        pd.DataFrame(features).rename(columns=str).to_parquet(path)
    assert (Waterbirds().encode(Waterbirds().read(shelf)).features.to_numpy() == features).all()


def test_components_are_fitted_on_the_train_part_alone(
    shelf: Folders, metadata: pd.DataFrame, features: np.ndarray
) -> None:
    source = WaterbirdsPca(components=20)
    table = source.encode(source.read(shelf))
    X = features.astype(np.float64)
    train = X[metadata["split"] == 0]
    _, _, directions = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)
    expected = (X - train.mean(axis=0)) @ directions[:20].T
    assert np.abs(table.features.to_numpy()) == pytest.approx(np.abs(expected), abs=1e-8)
    assert list(table.features.columns) == [f"p{place:03d}" for place in range(20)]
    everybody = PCA(20, svd_solver="full").fit_transform(X)
    assert not np.allclose(np.abs(table.features.to_numpy()), np.abs(everybody), atol=1e-3)


@pytest.mark.parametrize("source", [Waterbirds(), WaterbirdsPca(5)], ids=str)
def test_a_row_is_encoded_the_same_in_any_company(shelf: Folders, source: Waterbirds | WaterbirdsPca) -> None:
    rows = source.read(shelf)
    chosen = np.random.default_rng(0).permutation(len(rows))[:50]
    whole, part = source.encode(rows), source.encode(rows.iloc[chosen])
    assert part.features.equals(whole.features.iloc[chosen].reset_index(drop=True))


def test_the_variant_in_the_data_folder_has_the_counts_of_the_note_and_is_refused(
    tmp_path: Path, data_folder: Path
) -> None:
    path = data_folder / "waterbirds" / "waterbirds_metadata_variant.csv.gz"
    variant = pd.read_csv(path)
    counts = group_counts(variant)
    assert [counts[part, bird, place] for part in PARTS for bird in BIRDS for place in PLACES] == [
        3_525, 186, 54, 1_030, 452, 452, 147, 148, 2_255, 2_255, 642, 642
    ]  # fmt: skip
    (tmp_path / "waterbirds").mkdir()
    variant.to_csv(tmp_path / "waterbirds" / "metadata.csv", index=False)
    with pytest.raises(ValueError, match="not the published assignment of backgrounds: it has 3525 of train / land"):
        Waterbirds().read(Folders(tmp_path, tmp_path / "cache", fetch=False))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (np.zeros((11_788, 2_048)), "holds an array of shape (11788, 2048); metadata.csv asks for (11788, 512)"),
        (np.zeros((100, 512)), "holds an array of shape (100, 512)"),
        (np.where(np.arange(11_788)[:, None] == 6, np.nan, np.zeros((1, 512))), "infinite value in row 7"),
        (np.full((2, 2), "text"), "cannot be read as an array of numbers"),
    ],
)
def test_wrong_features_are_named(shelf: Folders, made: Any, message: str) -> None:
    assert shelf.data is not None
    np.save(shelf.data / "waterbirds_resnet18.npy", made)
    with pytest.raises(ValueError) as caught:
        Waterbirds().read(shelf)
    assert message in str(caught.value)


def test_a_damaged_feature_file_or_foreign_metadata_is_named(shelf: Folders) -> None:
    assert shelf.data is not None
    (shelf.data / "waterbirds_resnet18.npy").write_bytes(b"not an array")
    with pytest.raises(ValueError, match="cannot be read as an array of numbers"):
        Waterbirds().read(shelf)
    (shelf.data / "waterbird_complete95_forest2water2" / "metadata.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="it has no column 'img_filename'"):
        Waterbirds().read(shelf)


def test_missing_files_say_what_they_are_and_how_to_make_them(shelf: Folders, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="waterbird_complete95_forest2water2, from the archive"):
        Waterbirds().read(Folders(None, tmp_path / "empty", fetch=False))
    assert shelf.data is not None
    (shelf.data / "waterbirds_resnet18.npy").unlink()
    with pytest.raises(FileNotFoundError, match=r"python -m fwk_datasets.waterbirds_images"):
        Waterbirds().read(shelf)


def test_wrong_knobs_are_named() -> None:
    bird: Any = "duck"
    with pytest.raises(ValueError, match="favourable is 'duck'; it can be: landbird, waterbird"):
        WaterbirdsPca(favourable=bird)
    with pytest.raises(ValueError, match="components is 600; it can be 1 to 512"):
        WaterbirdsPca(600)


def test_the_extractor_runs_on_drawn_images_with_random_weights(tmp_path: Path) -> None:
    """The code path only: what real images and real weights give cannot be tested here."""
    pytest.importorskip("torchvision", reason="torch and torchvision are not installed")
    from PIL import Image

    rng = np.random.default_rng(0)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        Image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(tmp_path / name)
    network, prepare = waterbirds_images.penultimate(None)
    paths = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg", "a.jpg")]
    seen: list[tuple[int, int]] = []
    one_by_one = waterbirds_images.extract(paths, network, prepare, batch=1)
    by_three = waterbirds_images.extract(paths, network, prepare, batch=3, progress=lambda *at: seen.append(at))
    assert by_three.shape == (4, 512)
    assert by_three == pytest.approx(one_by_one, abs=1e-4)
    assert (one_by_one[0] == one_by_one[3]).all()
    assert seen == [(3, 4), (4, 4)]


def test_an_interrupted_extraction_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / f"{i}.jpg" for i in range(5)]
    for path in paths:
        path.touch()

    class Torch:  # stands in for torch: what the extractor asks of it
        stack = staticmethod(np.stack)

        class inference_mode:  # noqa: N801  # torch's name
            def __enter__(self) -> None: ...
            def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(waterbirds_images.importlib, "import_module", lambda name: Torch)
    monkeypatch.setattr(waterbirds_images, "_opened", lambda batch: iter(batch))
    calls: list[int] = []

    def network(batch: np.ndarray) -> np.ndarray:
        calls.append(len(batch))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return np.repeat(batch[:, None], 512, axis=1)

    def prepare(path: Path) -> np.ndarray:
        return np.float32(int(path.stem))

    kept = tmp_path / "unfinished.npz"
    with pytest.raises(KeyboardInterrupt):
        waterbirds_images.extract(paths, network, prepare, batch=2, unfinished=kept)
    found = waterbirds_images.extract(paths, network, prepare, batch=2, unfinished=kept)
    assert calls == [2, 2, 2, 1]
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert not kept.exists()
    paths[2].unlink()
    with pytest.raises(FileNotFoundError, match=r"no image .*2\.jpg"):
        waterbirds_images.extract(paths, network, prepare)
