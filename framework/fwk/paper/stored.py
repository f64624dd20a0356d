"""What was measured for an experiment, as it lies in the results folder: one part for each config."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow
from ruamel.yaml import YAML

from fwk.api import Mistake
from fwk.config import Config


@dataclass(frozen=True, eq=False)
class Part:
    """The points of one config, without trials for tuning.

    name    <experiment>-<data set>, which is also the folder's name
    points  rows as in points.parquet; knobs that the config gives to its data sets are columns `of_<knob>`
    """

    name: str
    points: pd.DataFrame
    config: Config
    failures: pd.DataFrame = field(default_factory=pd.DataFrame)


def read_part(folder: Path) -> Part | None:
    """The part in a folder; None if nothing was measured there. Raises Mistake naming a table that is damaged."""
    if not (folder / "points.parquet").exists() or not (folder / "config.yaml").exists():
        return None
    config = Config.model_validate(YAML(typ="safe", pure=True).load(folder.joinpath("config.yaml").read_text("utf-8")))
    points = _table(folder / "points.parquet")
    if points.empty:
        return None
    failures = folder / "failures.parquet"
    return Part(
        folder.name,
        with_knobs(points[~points["tuning"].astype(bool)].reset_index(drop=True), config),
        config,
        _table(failures) if failures.exists() else pd.DataFrame(),
    )


def _table(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise Mistake(f"{path} is damaged ({error}); remove it and run its experiment again: cells are kept") from error


def with_knobs(points: pd.DataFrame, config: Config) -> pd.DataFrame:
    """The points with a column `of_<knob>` for every knob that the config gives to a data set."""
    knobs = {spec.called or spec.name: spec.knobs for spec in config.datasets}
    named = dict.fromkeys(name for given in knobs.values() for name in given)
    return points.assign(
        **{
            f"of_{name}": points["dataset"].map({label: _plain(given.get(name)) for label, given in knobs.items()})
            for name in named
        }
    )


def together(parts: Iterable[Part]) -> pd.DataFrame:
    """All points in one table; a data set's label is preceded by the part's name where two parts share one."""
    given = list(parts)
    labels = [label for part in given for label in part.points["dataset"].unique()]
    twice = {label for label in labels if labels.count(label) > 1}
    tables = [
        part.points.assign(
            dataset=[f"{part.name}: {label}" if label in twice else label for label in part.points["dataset"]]
        )
        for part in given
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, list | dict) else value
