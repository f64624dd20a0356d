"""Features of pictures: the penultimate layer of torchvision's ResNet-18 (pip install 'fwk[images]')."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

WIDTH = 512
IMAGENET = "IMAGENET1K_V1"
Network = Any  # a torch module, whose types mypy --strict does not take here: a batch of images -> (n, 512)


class ExtractionError(Exception):
    """Why no features could be made of the images, and what to do."""


def installed() -> bool:
    """Whether torch and torchvision are."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "torchvision"))


def write_features(images: Sequence[Path], target: Path, unfinished: Path) -> None:
    """Write the features of the images, in their order, with the weights of ImageNet: `target`, .npy, (n, 512) float32.

    unfinished  see `extract`

    Raises ExtractionError for an image that is missing or cannot be read, and for weights that cannot be had.
    """
    network, prepare = penultimate(IMAGENET)

    def progress(done: int, of: int) -> None:
        print(f"\rfeatures of {done} of {of} images", end="" if done < of else "\n", file=sys.stderr, flush=True)

    np.save(target, extract(images, network, prepare, progress=progress, unfinished=unfinished))
    unfinished.unlink(missing_ok=True)


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
                is only taken up for the same weights and the same images in the same order and batches

    Raises ExtractionError naming an image that is missing or cannot be read.
    """
    if absent := next((path for path in images if not path.is_file()), None):
        raise ExtractionError(f"there is no image {absent}; all that metadata.csv names have to lie beside it")
    torch = _imported("torch")
    fingerprint = _fingerprint(images, network, batch)
    done = _taken_up(unfinished, fingerprint)
    features = [done] if len(done) else []
    for start in range(len(done), len(images), batch):
        prepared = [prepare(image) for image in _opened(images[start : start + batch])]
        with torch.inference_mode():
            answer = network(torch.stack(prepared))
        features.append(np.asarray(answer, dtype=np.float32))
        if unfinished is not None:
            whole = unfinished.with_name(f"part-{unfinished.name}")
            np.savez(whole, features=np.concatenate(features), of=np.asarray(fingerprint))
            os.replace(whole, unfinished)
        if progress is not None:
            progress(min(start + batch, len(images)), len(images))
    return np.concatenate(features) if features else np.empty((0, WIDTH), dtype=np.float32)


def penultimate(weights: str | None) -> tuple[Network, Callable[[Any], Any]]:
    """ResNet-18 without its last layer, and how its authors prepare an image for it.

    weights  IMAGENET (torchvision fetches them), or None for random ones (tests)

    Raises ExtractionError where torch or torchvision cannot be imported, or the weights cannot be fetched.
    """
    models = _imported("torchvision.models")
    try:
        network = models.resnet18(weights=weights)
    except (OSError, RuntimeError) as error:  # no connection, or a damaged file
        raise ExtractionError(
            f"torchvision could not fetch ResNet-18's weights {weights} ({error}); try again with a connection, or put "
            "the file that it asks for into the folder hub/checkpoints below TORCH_HOME (~/.cache/torch)"
        ) from error
    network.fc = _imported("torch.nn").Identity()
    return network.eval(), models.ResNet18_Weights.IMAGENET1K_V1.transforms()


def _imported(name: str) -> Any:  # a module of torch or torchvision, untyped here; imported only where it is needed
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as error:  # a torchvision built for another torch gives a RuntimeError
        raise ExtractionError(
            f"features of images need torch and torchvision, built for each other, and {name} cannot be imported "
            f"({error}); pip install 'fwk[images]'"
        ) from error


def _opened(paths: Sequence[Path]) -> Iterator[Any]:  # PIL images
    image = _imported("PIL.Image")  # a dependency of torchvision
    for path in paths:
        try:
            with image.open(path) as opened:
                yield opened.convert("RGB")
        except OSError as error:
            raise ExtractionError(f"the image {path} cannot be read: {error}") from error


def _fingerprint(images: Sequence[Path], network: Network, batch: int) -> str:
    """Identifies what is extracted: the images by their paths, the weights by their content."""
    digest = hashlib.sha256("\n".join([str(batch), *map(str, images)]).encode())
    for name, weights in network.state_dict().items():
        digest.update(name.encode() + np.asarray(weights).tobytes())
    return digest.hexdigest()


def _taken_up(unfinished: Path | None, fingerprint: str) -> npt.NDArray[np.float32]:
    if unfinished is not None and unfinished.exists():
        with (
            suppress(OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile),  # damaged: begin anew
            unfinished.open("rb") as file,
            np.load(file, allow_pickle=False) as kept,
        ):
            if str(kept["of"]) == fingerprint:
                return np.asarray(kept["features"], dtype=np.float32)
    return np.empty((0, WIDTH), dtype=np.float32)
