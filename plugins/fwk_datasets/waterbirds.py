"""Waterbirds: birds of water and land before water and land, as 512 features of images or their components."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from fwk import Dataset, Encoded, Floats, Shelf
from fwk_datasets.encoding import Block, encoded

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

WIDTH = 512
FOLDERS = ("waterbird_complete95_forest2water2", "waterbirds")
METADATA_ADVICE = (
    "metadata.csv of waterbird_complete95_forest2water2, from the archive that github.com/kohpangwei/group_DRO links to"
)
FEATURES = ("waterbirds_resnet18.npy", "waterbirds_resnet18.npz", "waterbirds_resnet18.parquet")
FEATURES_ADVICE = (
    f"an array of {WIDTH} numbers for each row of metadata.csv, as {', '.join(FEATURES[1:])} or .npy; made from the "
    "images by `python -m fwk_datasets.waterbirds_images`"
)


@dataclass(frozen=True)
class Waterbirds:
    """11,788 images, 512 features each: a feature file of the user's and the published metadata.csv.

    Raw columns: those of metadata.csv (y 1 water bird, place 1 water, split 0 train, 1 validation, 2 test), and the
    features f000 to f511. The test part is the published one; the published validation part belongs to the rest.
    Neither y nor place is among the features, so the group is not either: set `group_in_X: false` to keep it out.

    favourable  "landbird" or "waterbird". With the default, the minority (water in the background) is the smaller
                group and the one whose members are seldom labelled favourably in the train part
    """

    favourable: Literal["landbird", "waterbird"] = "landbird"

    def __post_init__(self) -> None:
        if self.favourable not in BIRDS:
            raise ValueError(f"favourable is {self.favourable!r}; it can be: {', '.join(BIRDS)}")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """metadata.csv and, beside it, the features. Raises ValueError where either is not what it should be."""
        metadata = _read_metadata(shelf)
        return _beside(metadata, _read_features(shelf, len(metadata)), "f")

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
        metadata = _read_metadata(shelf)
        features = _read_features(shelf, len(metadata))
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


def _read_metadata(shelf: Shelf) -> pd.DataFrame:
    path = _first_on(shelf, [f"{folder}/metadata.csv" for folder in FOLDERS], METADATA_ADVICE)
    metadata = pd.read_csv(path)
    if missing := {"img_filename", "y", "split", "place"} - set(metadata.columns):
        raise ValueError(f"{path} is not Waterbirds' metadata: it has no column {sorted(missing)[0]!r}")
    counts = group_counts(metadata)
    for group, published in PUBLISHED.items():
        if counts.get(group, 0) != published:
            raise ValueError(
                f"{path} is not the published assignment of backgrounds: it has {counts.get(group, 0)} of "
                f"{' / '.join(group)}, published are {published} ({METADATA_ADVICE})"
            )
    return metadata


def _read_features(shelf: Shelf, n: int) -> Floats:
    path = _first_on(shelf, FEATURES, FEATURES_ADVICE)
    try:
        features = np.asarray(_load(path), dtype=np.float64)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
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
    content = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    loaded = np.load(io.BytesIO(content), allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        return loaded
    if len(loaded.files) != 1:
        raise ValueError(f"it holds the arrays {', '.join(loaded.files)}; one is expected")
    return loaded[loaded.files[0]]


def _first_on(shelf: Shelf, names: Sequence[str], advice: str) -> Path:
    """The first of `names` that the shelf has."""
    for name in names:
        with suppress(FileNotFoundError):
            return shelf.find(name)
    return shelf.find(names[0], advice=advice)


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
        publisher="Sagawa, Koh, Hashimoto and Liang, group_DRO; images from CUB-200-2011 (Caltech) and Places (MIT)",
        terms="metadata MIT; images under the terms of CUB-200-2011 and Places (non-commercial research)",
        citation=(
            "Sagawa, S., Koh, P. W., Hashimoto, T. B. and Liang, P. (2020). Distributionally robust neural networks "
            "for group shifts. ICLR 2020"
        ),
        counts={"rows_read": 11_788, "rows": 11_788, "minority": 4_737, "favourable": 9_125, "test_rows": 5_794},
    )


CARDS = (_card("waterbirds", Waterbirds), _card("waterbirds-pca", WaterbirdsPca))
