"""Waterbirds: birds of water and land before water and land, as 512 features of images or their components."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow
from sklearn.decomposition import PCA

from fwk import Dataset, Encoded, Floats, Shelf
from fwk_datasets import waterbirds_images
from fwk_datasets.encoding import Block, encoded
from fwk_datasets.files import check_columns, check_values, read_bytes, read_csv

PARTS = ("train", "validation", "test")
BIRDS, PLACES = ("landbird", "waterbird"), ("land", "water")
PUBLISHED: Mapping[tuple[str, str, str], int] = {
    ("train", "landbird", "land"): 3_498, ("train", "landbird", "water"): 184,
    ("train", "waterbird", "land"): 56, ("train", "waterbird", "water"): 1_057,
    ("validation", "landbird", "land"): 467, ("validation", "landbird", "water"): 466,
    ("validation", "waterbird", "land"): 133, ("validation", "waterbird", "water"): 133,
    ("test", "landbird", "land"): 2_255, ("test", "landbird", "water"): 2_255,
    ("test", "waterbird", "land"): 642, ("test", "waterbird", "water"): 642,
}  # fmt: skip
"""Images by part, bird and background (Sagawa et al., 2020)."""

WIDTH = waterbirds_images.WIDTH
FOLDERS = ("waterbird_complete95_forest2water2", "waterbirds")
METADATA_ADVICE = (
    "metadata.csv of waterbird_complete95_forest2water2, from the archive that github.com/kohpangwei/group_DRO links to"
)
FEATURES = ("waterbirds_resnet18.npy", "waterbirds_resnet18.npz", "waterbirds_resnet18.parquet")
FEATURES_ADVICE = (
    f"an array of {WIDTH} numbers for each row of metadata.csv, as .npy, .npz or .parquet; it is made of the images, "
    "where these lie beside metadata.csv and torch and torchvision are installed: pip install 'fwk[images]'"
)


@dataclass(frozen=True)
class Waterbirds:
    """11,788 images, 512 features each: the published metadata.csv, and a feature file or the images beside it.

    Without a feature file of the user's, features are extracted from the images when they are first read, and kept in
    the cache: the penultimate layer of torchvision's ResNet-18 with ImageNet's weights (pip install 'fwk[images]').

    Raw columns: those of metadata.csv (y 1 water bird, place 1 water, split 0 train, 1 validation, 2 test), and the
    features f000 to f511. The test part is the published one; the published validation part belongs to the rest.
    No feature is made of y or place, so the mark of the group is added as one, `minority`, beside the 512; set
    `group_in_X: false` to leave it out.

    favourable  "landbird" or "waterbird". With the default, the minority (water in the background) is the smaller
                group and the one whose members are seldom labelled favourably in the train part
    """

    favourable: Literal["landbird", "waterbird"] = "landbird"

    def __post_init__(self) -> None:
        if self.favourable not in BIRDS:
            raise ValueError(f"favourable is {self.favourable!r}; it can be: {', '.join(BIRDS)}")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """metadata.csv and, beside it, the features.

        Raises FileNotFoundError where something is missing, ValueError where it is not what it should be.
        """
        return _beside(*_read(shelf), "f")

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """The 512 features; y is the favourable bird."""
        return _encode(rows, "f", self.favourable)


@dataclass(frozen=True)
class WaterbirdsPca:
    """The first principal components (85: about 75 % of the variance in the paper) of the features of `waterbirds`.

    Raw columns as there, with p000 to p084 for the features. The components are scikit-learn's, fitted on the published
    train part alone (the paper does not say on which), before any row is left out.

    components  how many
    favourable  as for waterbirds
    """

    components: int = 85
    favourable: Literal["landbird", "waterbird"] = "landbird"

    def __post_init__(self) -> None:
        Waterbirds(self.favourable)
        if not 1 <= self.components <= WIDTH:
            raise ValueError(f"components is {self.components}; it can be 1 to {WIDTH}")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """metadata.csv and, beside it, the components."""
        metadata, features = _read(shelf)
        train = (metadata["split"] == PARTS.index("train")).to_numpy()
        pca = PCA(self.components, svd_solver="full").fit(features[train])
        return _beside(metadata, pca.transform(features), "p")

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """The components; y is the favourable bird."""
        return _encode(rows, "p", self.favourable)


def group_counts(metadata: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    """Images by part, bird and background."""
    codes = metadata[["split", "y", "place"]].to_numpy()
    groups, sizes = np.unique(codes, axis=0, return_counts=True)
    return {
        (PARTS[part], BIRDS[bird], PLACES[place]): int(size)
        for (part, bird, place), size in zip(groups, sizes, strict=True)
    }


def _read(shelf: Shelf) -> tuple[pd.DataFrame, Floats]:
    """The rows of metadata.csv, and their features, (n, 512)."""
    path = _first_on(shelf, [f"{folder}/metadata.csv" for folder in FOLDERS], METADATA_ADVICE)
    metadata = _read_metadata(path)
    images = [path.parent / name for name in metadata["img_filename"]]
    return metadata, _read_features(_feature_file(shelf, images), len(metadata))


def _read_metadata(path: Path) -> pd.DataFrame:
    metadata = read_csv(path)
    check_columns(metadata, ("img_filename", "y", "split", "place"), path)
    for column, names in (("y", BIRDS), ("split", PARTS), ("place", PLACES)):
        check_values(metadata, column, range(len(names)), path)
    counts = group_counts(metadata)
    for group, published in PUBLISHED.items():
        if counts.get(group, 0) != published:
            raise ValueError(
                f"{path} is not the published assignment of backgrounds: it has {counts.get(group, 0)} of "
                f"{' / '.join(group)}, published are {published} ({METADATA_ADVICE})"
            )
    return metadata


def _feature_file(shelf: Shelf, images: Sequence[Path]) -> Path:
    """The user's file, or one that is made of the images and kept in the cache."""

    def extract(_: Path, target: Path) -> None:
        unfinished = target.parents[1] / f"{FEATURES[0]}.unfinished.npz"  # an interrupted call loses target's folder
        waterbirds_images.write_features(images, target, unfinished)

    if not (images[0].is_file() and waterbirds_images.installed()):
        return _first_on(shelf, FEATURES, FEATURES_ADVICE)
    try:
        return _first_on(shelf, FEATURES, FEATURES_ADVICE, url=images[0].absolute().as_uri(), unpack=extract)
    except waterbirds_images.ExtractionError as error:
        raise ValueError(str(error)) from error


def _read_features(path: Path, n: int) -> Floats:
    try:
        features = np.asarray(_load(path), dtype=np.float64)
    except (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile, pyarrow.ArrowException) as error:
        raise ValueError(f"{path} cannot be read as an array of numbers: {error}") from error
    if features.shape != (n, WIDTH):
        raise ValueError(f"{path} holds an array of shape {features.shape}; metadata.csv asks for ({n}, {WIDTH})")
    if not np.isfinite(features).all():
        row = int(np.argmax(~np.isfinite(features).all(axis=1)))
        raise ValueError(f"{path} has a missing or infinite value in row {row + 1}; extract the features again")
    return features


def _load(path: Path) -> object:
    name = path.name.removesuffix(".gz")
    if name.endswith(".parquet"):
        return pd.read_parquet(path).to_numpy()
    loaded = np.load(io.BytesIO(read_bytes(path)), allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    if len(loaded.files) != 1:
        raise ValueError(f"it holds the arrays {', '.join(loaded.files)}; one is expected")
    return loaded[loaded.files[0]]


def _first_on(
    shelf: Shelf,
    names: Sequence[str],
    advice: str,
    url: str | None = None,
    unpack: Callable[[Path, Path], None] | None = None,
) -> Path:
    """The first of `names` that the shelf has; or the first of all, made of what is at `url`."""
    for name in names:
        with suppress(FileNotFoundError):
            return shelf.find(name)
    return shelf.find(names[0], advice=advice, url=url, unpack=unpack)


def _beside(metadata: pd.DataFrame, features: Floats, letter: str) -> pd.DataFrame:
    names = [f"{letter}{place:03d}" for place in range(features.shape[1])]
    return pd.concat([metadata, pd.DataFrame(features, columns=names, index=metadata.index)], axis="columns")


def _encode(rows: pd.DataFrame, letter: str, favourable: str) -> Encoded:
    names = [name for name in rows.columns if len(name) == 4 and name[0] == letter and name[1:].isdigit()]
    blocks = [Block(name, rows[[name]]) for name in names]
    y = (rows["y"] == BIRDS.index(favourable)).to_numpy()
    return encoded(blocks, y, (rows["split"] == PARTS.index("test")).to_numpy())


def _card(name: str, make: type[Waterbirds] | type[WaterbirdsPca]) -> Dataset:
    return Dataset(
        name=name,
        make=make,
        minority="place == 1",
        audit=("place",),
        favourable="landbird",
        test="split 2 of metadata.csv",
        publisher="Sagawa, Koh, Hashimoto and Liang, group_DRO; images from CUB-200-2011 (Caltech) and Places (MIT)",
        terms="metadata MIT; images under the terms of CUB-200-2011 and Places (non-commercial research)",
        citation=(
            "Sagawa, S., Koh, P. W., Hashimoto, T. B. and Liang, P. (2020). Distributionally robust neural networks "
            "for group shifts. ICLR 2020"
        ),
        files={"metadata.csv": (METADATA_ADVICE, ""), FEATURES[0]: (FEATURES_ADVICE, "")},
        counts={"rows_read": 11_788, "rows": 11_788, "minority": 4_737, "favourable": 9_125, "test_rows": 5_794},
    )


CARDS = (_card("waterbirds", Waterbirds), _card("waterbirds-pca", WaterbirdsPca))
