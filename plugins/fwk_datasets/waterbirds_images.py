"""Makes the feature file of Waterbirds from its images: the penultimate layer of torchvision's ResNet-18.

    python -m fwk_datasets.waterbirds_images waterbird_complete95_forest2water2 waterbirds_resnet18.npy

The folder is the published one, with metadata.csv in it. Needs torch and torchvision (pip install torch torchvision).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

WIDTH = 512
Network = Callable[[Any], Any]  # torch ships no types that mypy --strict takes here: a batch of images -> (n, 512)


def extract(
    images: Sequence[Path],
    network: Network,
    prepare: Callable[[Any], Any],  # a PIL image -> a torch tensor, (3, height, width)
    *,
    batch: int = 64,
    progress: Callable[[int, int], None] | None = None,
    unfinished: Path | None = None,
) -> npt.NDArray[np.float32]:
    """Features of the images, in their order, (n, 512) float32.

    unfinished  a file in which finished batches are kept, so that an interrupted extraction goes on where it was; it
                is only taken up for the same images in the same order and batches, and removed at the end

    Raises FileNotFoundError or ValueError naming an image that is missing or cannot be read.
    """
    if absent := next((path for path in images if not path.is_file()), None):
        raise FileNotFoundError(f"no image {absent}; the folder should hold all that metadata.csv names")
    torch: Any = importlib.import_module("torch")  # untyped here, and imported only where it is needed
    fingerprint = hashlib.sha256("\n".join([str(batch), *map(str, images)]).encode()).hexdigest()
    done = _taken_up(unfinished, fingerprint)
    features = [done] if len(done) else []
    for start in range(len(done), len(images), batch):
        prepared = [prepare(image) for image in _opened(images[start : start + batch])]
        with torch.inference_mode():
            answer = network(torch.stack(prepared))  # noqa: PD013  # torch's stack, not pandas'
        features.append(np.asarray(answer, dtype=np.float32))
        if unfinished is not None:
            whole = unfinished.with_name(f"part-{unfinished.name}")
            np.savez(whole, features=np.concatenate(features), of=np.asarray(fingerprint))
            os.replace(whole, unfinished)
        if progress is not None:
            progress(min(start + batch, len(images)), len(images))
    if unfinished is not None:
        unfinished.unlink(missing_ok=True)
    return np.concatenate(features) if features else np.empty((0, WIDTH), dtype=np.float32)


def penultimate(weights: str | None) -> tuple[Network, Callable[[Any], Any]]:
    """ResNet-18 without its last layer, and how its authors prepare an image for it.

    weights  "IMAGENET1K_V1" (torchvision fetches them), or None for random ones (tests)
    """
    models: Any = importlib.import_module("torchvision.models")  # untyped, as above
    identity: Any = importlib.import_module("torch.nn").Identity
    network = models.resnet18(weights=weights)
    network.fc = identity()
    return network.eval(), models.ResNet18_Weights.IMAGENET1K_V1.transforms()


def _opened(paths: Sequence[Path]) -> Iterator[Any]:  # PIL images
    image: Any = importlib.import_module("PIL.Image")  # a dependency of torchvision
    for path in paths:
        try:
            with image.open(path) as opened:
                yield opened.convert("RGB")
        except OSError as error:
            raise ValueError(f"the image {path} cannot be read: {error}") from error


def _taken_up(unfinished: Path | None, fingerprint: str) -> npt.NDArray[np.float32]:
    if unfinished is not None and unfinished.exists():
        with np.load(unfinished, allow_pickle=False) as kept:
            if str(kept["of"]) == fingerprint:
                return np.asarray(kept["features"], dtype=np.float32)
    return np.empty((0, WIDTH), dtype=np.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the features of every row of metadata.csv."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the published folder, with metadata.csv")
    parser.add_argument("target", type=Path, help="the feature file to write (.npy)")
    parser.add_argument("--batch", type=int, default=64, help="images at a time")
    parser.add_argument("--weights", default="IMAGENET1K_V1", help="torchvision's weights; 'random' for none")
    given = parser.parse_args(arguments)
    names = pd.read_csv(given.folder / "metadata.csv")["img_filename"]
    network, prepare = penultimate(None if given.weights == "random" else given.weights)

    def progress(done: int, of: int) -> None:
        print(f"\r{done} of {of} images", end="" if done < of else "\n", file=sys.stderr)

    features = extract(
        [given.folder / name for name in names],
        network,
        prepare,
        batch=given.batch,
        progress=progress,
        unfinished=given.target.with_name(f"{given.target.stem}.unfinished.npz"),
    )
    np.save(given.target, features)
    print(f"{given.target}: {features.shape[0]} x {features.shape[1]}")


if __name__ == "__main__":
    main()
