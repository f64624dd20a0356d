"""For the command line: the state of data sets, what is in them, how they are fetched; knobs given as text."""

from __future__ import annotations

import dataclasses
import inspect
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from fwk.api import Dataset, Encoded, Mistake, Source
from fwk.entries import frozen, no_knob
from fwk.kept import read_rows
from fwk.plugins import Registry, knobs_of
from fwk.shelf import Folders, MissingFileError, data_folder
from fwk.show import card_in_full, table
from fwk.tables import make_table

NO_KNOBS: Mapping[str, Any] = {}


def states(registry: Registry, data: Path | None) -> dict[str, str]:
    """here, downloadable, by hand, faulty (and why), or your own: a set that needs knobs is a config's to give.

    Raises Mistake where `data` is no folder.
    """
    folders = shelf(data)
    return {card.name: _state(card, folders) for card in registry.datasets.values()}


def describe(
    console: Console, registry: Registry, card: Dataset, data: Path | None, knobs: Mapping[str, Any] = NO_KNOBS
) -> bool:
    """The card; columns, and counts by group and label, of a data set that is here; what to do for one that is not.

    Of one whose minority only a config gives: what each column is. Returns False where that cannot be read.

    Raises Mistake for wrong knobs, or where `data` is no folder.
    """
    source, folders = _source(card, knobs), shelf(data)
    card_in_full(console, registry, card)
    console.print()
    if source is None:
        command = f"fwk datasets {card.name}{_as_options({**dict.fromkeys(_required(card), ...), **knobs})}"
        said = f"It needs {', '.join(_lacking(card, knobs))}. `{command}` shows what is in it."
        console.print(said, highlight=False, markup=False, soft_wrap=True)
        return True
    state, found = look(source, folders)
    if isinstance(found, str) and state == "faulty" and not card.minority:
        console.print(found, style="red", highlight=False, markup=False, soft_wrap=True)
        return False
    if isinstance(found, str):
        console.print(f"not here: {state}: {found}", highlight=False, markup=False, soft_wrap=True)
        if state == "downloadable":
            command = f"fwk datasets fetch {card.name}{_as_options(knobs)}"
            console.print(f"`{command}` downloads it.", highlight=False, markup=False, soft_wrap=True)
        return True
    if not card.minority:
        return _preview(console, source, found)
    made = make_table(card, source, found)
    rows = [(name.replace("_", " "), f"{count:,}") for name, count in made.counts.items()]
    table(console, ("as encoded with these knobs" if knobs else "as encoded by default", "count"), rows)
    console.print(f"raw columns: {', '.join(map(str, found.columns))}", highlight=False)
    return True


def _preview(console: Console, source: Source, found: pd.DataFrame) -> bool:
    """What each raw column is, and how many labels are favourable; or what is wrong, and False."""
    try:
        encoded = source.encode(found)
    except Exception as error:  # noqa: BLE001  # the plugin border: a data set's encoder
        console.print(_said(error), style="red", highlight=False, markup=False, soft_wrap=True)
        return False
    table(console, ("column", "as a feature", "values", "missing"), _columns(found, encoded))
    favourable = int(encoded.y.sum())
    console.print(
        f"\n{len(found):,} rows; label: {favourable:,} favourable, {len(found) - favourable:,} not. A config gives the "
        "minority, as an expression over the columns.",
        highlight=False,
    )
    return True


def _columns(rows: pd.DataFrame, encoded: Encoded) -> Iterator[tuple[str, str, str, str]]:
    """Each raw column, the kind of the feature that is made of it, how many values it has, and gaps."""
    kinds: dict[str, list[str]] = {}
    for name, dtype in encoded.features.dtypes.items():
        kind = "nominal" if isinstance(dtype, pd.CategoricalDtype) else "number"
        kinds.setdefault(encoded.sources.get(str(name), str(name)), []).append(kind)
    for column in rows.columns:
        kind = ", ".join(dict.fromkeys(kinds.get(str(column), ["none"])))
        yield str(column), kind, f"{rows[column].nunique():,}", f"{int(rows[column].isna().sum()):,}"


def fetch(console: Console, card: Dataset, data: Path | None, knobs: Mapping[str, Any] = NO_KNOBS) -> None:
    """Download what a data set lacks. Raises Mistake with what to do by hand, and for wrong knobs."""
    source, folders = _source(card, knobs), shelf(data)
    if source is None:
        raise Mistake(f"data set {card.name!r} has nothing to fetch: a config names its file")
    try:
        rows = read_rows(source, folders)
    except MissingFileError as error:
        raise Mistake(str(error)) from error
    except Exception as error:  # the plugin border: a data set's reader
        raise Mistake(f"data set {card.name!r} cannot be read: {_said(error)}") from error
    console.print(f"{card.name} is here: {len(rows):,} rows", highlight=False)


def _state(card: Dataset, folders: Folders) -> str:
    try:
        source = _source(card, NO_KNOBS)
    except Mistake as mistake:
        return f"faulty: {mistake}"
    if source is None:
        return "your own"
    state, found = look(source, folders)
    return f"{state}: {found}" if state == "faulty" else state


def look(source: Source, folders: Folders) -> tuple[str, pd.DataFrame | str]:
    """Whether a data set can be read now, after a download, or only once a person has put a file into a folder.

    With its rows, or what is missing or wrong.
    """
    try:
        return "here", read_rows(source, dataclasses.replace(folders, fetch=False))
    except MissingFileError as missing:
        return "downloadable" if missing.url else "by hand", str(missing)
    except Exception as error:  # noqa: BLE001  # the plugin border: a data set's reader
        return "faulty", _said(error)


def _source(card: Dataset, knobs: Mapping[str, Any]) -> Source | None:
    """The data set with these knobs; None where one without a default is lacking. Raises Mistake for wrong ones."""
    known = knobs_of(card)
    if unknown := [name for name in knobs if name not in known]:
        raise Mistake(no_knob(card, unknown[0]))
    if _lacking(card, knobs):
        return None
    try:
        return card.make(**{name: frozen(value) for name, value in knobs.items()})
    except Exception as error:  # the plugin border: a stranger's constructor
        raise Mistake(f"data set {card.name!r} cannot be set up: {_said(error)}") from error


def _required(card: Dataset) -> list[str]:
    """Knobs without a default."""
    return [name for name, default in knobs_of(card).items() if default is inspect.Parameter.empty]


def _lacking(card: Dataset, knobs: Mapping[str, Any]) -> list[str]:
    return [name for name in _required(card) if name not in knobs]


def _as_options(knobs: Mapping[str, Any]) -> str:
    """Knobs as they are given on the command line; `...` for a value that is to be filled in.

    >>> print(_as_options({"path": ..., "states": ["CA"]}).strip())
    --knob path=... --knob 'states=["CA"]'
    """
    values = {name: "..." if value is ... else json.dumps(value) for name, value in knobs.items()}
    return "".join(f" --knob {shlex.quote(f'{name}={value}')}" for name, value in values.items())


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def shelf(data: Path | None) -> Folders:
    """The folders to look for files in: the given one, or FWK_DATA's, and the cache."""
    return Folders(data=data or data_folder())


def knobs_given(texts: Sequence[str]) -> dict[str, Any]:
    """NAME=VALUE, each value as YAML reads it. Raises Mistake for anything else.

    >>> knobs_given(["k=5", "cost=fnr"])
    {'k': 5, 'cost': 'fnr'}
    """
    pairs = [text.partition("=") for text in texts]
    if wrong := [text for text, (_, equals, _) in zip(texts, pairs, strict=True) if not equals]:
        raise Mistake(f"--knob {wrong[0]}: write it as NAME=VALUE")
    try:
        return {name.strip(): YAML(typ="safe", pure=True).load(value) for name, _, value in pairs}
    except YAMLError as error:
        raise Mistake(f"--knob: not a value that YAML reads: {str(error).splitlines()[0]}") from error
