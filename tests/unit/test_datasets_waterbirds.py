"""Waterbirds: the loader on made features with the published group counts, and the variant of the data folder.

Neither images nor real features can be had here, so nothing about the real features is tested. The extractor is: with
torch and torchvision, if they are installed, on drawn images and random weights; and with stand-ins for them.
"""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from fwk.library import look
from fwk.shelf import Folders
from fwk_datasets import waterbirds, waterbirds_images
from fwk_datasets.waterbirds import BIRDS, CARDS, PARTS, PLACES, PUBLISHED, Waterbirds, WaterbirdsPca, group_counts
from fwk_datasets.waterbirds_images import ExtractionError

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
    with pytest.raises(FileNotFoundError, match=r"where these lie beside metadata\.csv .* pip install 'fwk\[images\]'"):
        Waterbirds().read(shelf)


def test_wrong_knobs_are_named() -> None:
    bird: Any = "duck"
    with pytest.raises(ValueError, match="favourable is 'duck'; it can be: landbird, waterbird"):
        WaterbirdsPca(favourable=bird)
    with pytest.raises(ValueError, match="components is 600; it can be 1 to 512"):
        WaterbirdsPca(600)


def drawn(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Images of noise."""
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for name in names:
        image.fromarray(rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(folder / name)
    return [folder / name for name in names]


def test_the_extractor_runs_on_drawn_images_with_random_weights(tmp_path: Path) -> None:
    """The code path only: what real images and real weights give cannot be tested here."""
    pytest.importorskip("torchvision", reason="torch and torchvision are not installed")
    network, prepare = waterbirds_images.penultimate(None)
    paths = drawn(tmp_path, ("a.jpg", "b.jpg", "c.jpg"))
    paths.append(paths[0])
    seen: list[tuple[int, int]] = []
    one_by_one = waterbirds_images.extract(paths, network, prepare, batch=1)
    by_three = waterbirds_images.extract(paths, network, prepare, batch=3, progress=lambda *at: seen.append(at))
    assert by_three.shape == (4, 512)
    assert by_three == pytest.approx(one_by_one, abs=1e-4)
    assert (one_by_one[0] == one_by_one[3]).all()
    assert seen == [(3, 4), (4, 4)]
    other, _ = waterbirds_images.penultimate(None)
    named = {waterbirds_images._fingerprint(paths, which, 1) for which in (network, other, network)}
    assert len(named) == 2, "other weights, another fingerprint"
    paths[1].write_bytes(b"no image")
    with pytest.raises(ExtractionError, match=r"the image .*b\.jpg cannot be read"):
        waterbirds_images.extract(paths, network, prepare)


def test_pictures_become_a_table_with_random_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of the way, with torchvision, on twelve images: one of each part, bird and background."""
    pytest.importorskip("torchvision", reason="torch and torchvision are not installed")
    metadata = published(tmp_path / "waterbirds", 1, monkeypatch)
    images = drawn(tmp_path / "waterbirds", tuple(metadata["img_filename"]))
    random_ones = waterbirds_images.penultimate(None)
    monkeypatch.setattr(waterbirds_images, "penultimate", lambda weights: random_ones)
    rows = Waterbirds().read(Folders(tmp_path, tmp_path / "cache", say=lambda text: None))
    found = Waterbirds().encode(rows).features.to_numpy()
    assert found == pytest.approx(waterbirds_images.extract(images, *random_ones), abs=1e-5)
    assert found.std(axis=0).max() > 0


class Network:
    """Stands in for ResNet-18: 512 times the number that an image is. It can be interrupted at its second call."""

    def __init__(self, weight: float = 1.0, interrupted: bool = False) -> None:
        self.weight = weight
        self.interrupted = interrupted
        self.calls: list[int] = []

    def state_dict(self) -> dict[str, np.ndarray]:
        return {"weight": np.asarray(self.weight)}

    def __call__(self, batch: np.ndarray) -> np.ndarray:
        self.calls.append(len(batch))
        if self.interrupted and len(self.calls) == 2:
            raise KeyboardInterrupt
        return self.weight * np.repeat(batch[:, None], 512, axis=1)


def number_of(path: Path) -> np.ndarray:
    """Stands in for the preparation of an image."""
    return np.float32(int(path.stem))


@pytest.fixture
def fake_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands in for torch, and for PIL: what the extractor asks of them."""

    class Torch:
        stack = staticmethod(np.stack)

        class inference_mode:  # noqa: N801  # torch's name
            def __enter__(self) -> None: ...
            def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(waterbirds_images, "_imported", lambda name: Torch)
    monkeypatch.setattr(waterbirds_images, "_opened", lambda batch: iter(batch))
    monkeypatch.setattr(waterbirds_images, "installed", lambda: True)


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.jpg" for i in range(5)]
    for path in paths:
        path.touch()
    return paths


@pytest.mark.usefixtures("fake_torch")
def test_an_interrupted_extraction_goes_on_where_it_was(tmp_path: Path, images: list[Path]) -> None:
    kept, network = tmp_path / "unfinished.npz", Network(interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        waterbirds_images.extract(images, network, number_of, batch=2, unfinished=kept)
    found = waterbirds_images.extract(images, network, number_of, batch=2, unfinished=kept)
    assert network.calls == [2, 2, 2, 1]
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4]
    kept.write_bytes(kept.read_bytes()[:-9])
    assert waterbirds_images.extract(images, Network(), number_of, unfinished=kept).tolist() == found.tolist()
    images[2].unlink()
    with pytest.raises(ExtractionError, match=r"there is no image .*2\.jpg"):
        waterbirds_images.extract(images, network, number_of)


@pytest.mark.usefixtures("fake_torch")
@pytest.mark.parametrize("changed", ["weights", "batch", "images"])
def test_an_extraction_with_anything_else_begins_anew(tmp_path: Path, images: list[Path], changed: str) -> None:
    kept, second = tmp_path / "unfinished.npz", Network(3.0 if changed == "weights" else 1.0)
    with pytest.raises(KeyboardInterrupt):
        waterbirds_images.extract(images, Network(interrupted=True), number_of, batch=2, unfinished=kept)
    assert kept.exists()
    if changed == "images":
        images.reverse()
    batch = 1 if changed == "batch" else 2
    found = waterbirds_images.extract(images, second, number_of, batch=batch, unfinished=kept)
    assert sum(second.calls) == 5
    assert found[:, 0].tolist() == [second.weight * int(path.stem) for path in images]


def published(folder: Path, each: int, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """metadata.csv in a folder, as if `each` images of each part, bird and background had been published."""
    monkeypatch.setattr(waterbirds, "PUBLISHED", dict.fromkeys(PUBLISHED, each))
    groups = [(PARTS.index(part), BIRDS.index(bird), PLACES.index(place)) for part, bird, place in PUBLISHED] * each
    names = [f"{row}.jpg" for row in range(len(groups))]
    made = pd.DataFrame(groups, columns=["split", "y", "place"]).assign(img_filename=names)
    folder.mkdir()
    made.to_csv(folder / "metadata.csv", index=False)
    return made


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    """144 (empty) images beside metadata.csv, and no features."""
    for name in published(tmp_path / "waterbirds", 12, monkeypatch)["img_filename"]:
        (tmp_path / "waterbirds" / name).touch()
    return Folders(tmp_path, tmp_path / "cache", say=lambda text: None)


@pytest.mark.usefixtures("fake_torch")
def test_features_are_made_of_the_images_once_and_kept_in_the_cache(
    pictures: Folders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    network = Network(interrupted=True)
    monkeypatch.setattr(waterbirds_images, "penultimate", lambda weights: (network, number_of))
    assert look(Waterbirds(), pictures)[0] == "downloadable"
    assert network.calls == [], "to ask for the state extracts nothing"
    with pytest.raises(KeyboardInterrupt):
        Waterbirds().read(pictures)
    rows = Waterbirds().read(pictures)
    assert network.calls == [64, 64, 64, 16], "the batch that was interrupted, again"
    assert rows["f511"].tolist() == list(range(144))
    assert capsys.readouterr().err.endswith("features of 144 of 144 images\n")
    assert [path.name for path in pictures.cache.glob("*.np[yz]")] == ["waterbirds_resnet18.npy"]
    assert look(Waterbirds(), pictures)[0] == "here"
    WaterbirdsPca(2).read(pictures)
    assert len(network.calls) == 4


def test_images_without_torch_say_what_to_install(pictures: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waterbirds_images, "installed", lambda: False)
    with pytest.raises(FileNotFoundError, match=r"torch and torchvision are installed: pip install 'fwk\[images\]'"):
        Waterbirds().read(pictures)
    assert look(Waterbirds(), pictures)[0] == "by hand"


@pytest.mark.usefixtures("fake_torch")
def test_an_image_that_lacks_is_named(pictures: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waterbirds_images, "penultimate", lambda weights: (Network(), number_of))
    assert pictures.data is not None
    (pictures.data / "waterbirds" / "7.jpg").unlink()
    with pytest.raises(ValueError, match=r"^there is no image .*/7\.jpg; all that metadata\.csv names"):
        Waterbirds().read(pictures)


def test_a_torchvision_that_cannot_be_imported_or_has_no_weights_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def importing(error: Exception) -> Callable[[str], Any]:
        def module(name: str) -> Any:
            raise error

        return module

    for error in (
        ImportError("No module named 'torchvision'"),
        RuntimeError("operator torchvision::nms does not exist"),
    ):
        monkeypatch.setattr(waterbirds_images.importlib, "import_module", importing(error))
        with pytest.raises(ExtractionError, match=r"built for each other.*torchvision.*pip install 'fwk\[images\]'"):
            waterbirds_images.penultimate(None)

    def resnet18(weights: str) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(waterbirds_images.importlib, "import_module", lambda name: SimpleNamespace(resnet18=resnet18))
    with pytest.raises(ExtractionError, match=r"fetch ResNet-18's weights IMAGENET1K_V1 \(no route to host\);"):
        waterbirds_images.penultimate(waterbirds_images.IMAGENET)
