"""For the command line: the state of data sets, what is in them, how they are fetched; knobs given as text."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from fwk.api import Dataset, Mistake
from fwk.kept import read_rows
from fwk.plugins import Registry, knobs_of
from fwk.shelf import Folders, data_folder, state_of
from fwk.show import table
from fwk.tables import make_table


def states(registry: Registry, data: Path | None) -> dict[str, str]:
    """here, downloadable, by hand, or what is wrong; a set that needs knobs is a config's to give."""
    return {card.name: _state(card, shelf(data)) for card in registry.datasets.values()}


def describe(console: Console, card: Dataset, data: Path | None) -> None:
    """Columns, and counts by group and label, of a data set that is here."""
    if not _needs_nothing(card) or not card.minority:
        console.print("\nIts counts depend on the knobs that a config gives.", highlight=False)
        return
    source, folders = card.make(), shelf(data)
    if (state := _state(card, folders)) != "here":
        console.print(f"\nnot here: {state}", highlight=False)
        return
    raw = read_rows(source, folders)
    made = make_table(card, source, raw)
    rows = [(name.replace("_", " "), f"{count:,}") for name, count in made.counts.items()]
    console.print()
    table(console, ("as encoded by default", "count"), rows)
    console.print(f"raw columns: {', '.join(map(str, raw.columns))}", highlight=False)


def fetch(console: Console, card: Dataset, data: Path | None) -> None:
    """Download what a data set lacks. Raises Mistake with what to do by hand."""
    if not _needs_nothing(card):
        raise Mistake(f"data set {card.name!r} has nothing to fetch: a config names its file")
    try:
        rows = card.make().read(shelf(data))
    except Exception as error:  # the plugin border: a data set's reader
        raise Mistake(f"data set {card.name!r} cannot be read: {str(error) or type(error).__name__}") from error
    console.print(f"{card.name} is here: {len(rows):,} rows", highlight=False)


def _state(card: Dataset, folders: Folders) -> str:
    if not _needs_nothing(card):
        return "your own"
    try:
        return state_of(card.make(), folders)
    except Exception as error:  # noqa: BLE001  # the plugin border: a data set's reader
        return f"faulty: {str(error) or type(error).__name__}"


def _needs_nothing(card: Dataset) -> bool:
    return inspect.Parameter.empty not in knobs_of(card).values()


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
