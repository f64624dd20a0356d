"""Config, plugins and data -> everything that is known before training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fwk.api import FirmSide, Mistake
from fwk.check import Comparison, Data, check
from fwk.config import DatasetSpec
from fwk.draft import Fault, Place, read_config
from fwk.execute import Options
from fwk.kept import read_rows
from fwk.plan import Plan, Tables, fewest_majority, in_X_axis, plan, quick
from fwk.plugins import Registry, knobs_of, load_plugins
from fwk.shelf import Folders, data_folder
from fwk.tables import Table, make_table


@dataclass(frozen=True)
class Wishes:
    """What is asked of one comparison, beside its config.

    output        folder of the results; None: what the config says
    coarse        2 repeats or a few draws, and thinned sweeps, under the name with -quick
    fresh         forget earlier results; retry_failed: forget the failures among them
    track         log to MLflow
    without       plugins to leave out
    fetch         download what is missing
    """

    config: Path
    output: Path | None = None
    options: Options = Options()
    coarse: bool = False
    fresh: bool = False
    retry_failed: bool = False
    track: bool = True
    tracking_uri: str = ""
    without: tuple[str, ...] = ()
    data: Path | None = None
    fetch: bool = True


@dataclass(frozen=True)
class Prepared:
    """All that is known before training."""

    registry: Registry
    comparison: Comparison
    tables: Tables
    plan: Plan
    output: Path

    def first_tables(self) -> dict[str, Table]:
        """The table of each data set that could be loaded, by label."""
        found = {data.label: self.tables[data.label, in_X_axis(data)[0]] for data in self.comparison.data}
        return {label: table for label, table in found.items() if isinstance(table, Table)}


def prepare(wishes: Wishes) -> Prepared:
    """Read, check, load and plan; nothing is trained. Raises Mistake."""
    registry = load_plugins(wishes.without)
    draft = read_config(wishes.config)
    asked, faults = check(draft, registry)
    sound = not faults and not draft.faults
    comparison = quick(asked) if wishes.coarse and sound else asked
    shelf = Folders(data=wishes.data or data_folder(), fetch=wishes.fetch and sound)
    tables: Tables = {
        (data.label, in_X): _loaded(comparison, data, in_X, shelf)
        for data in comparison.data
        for in_X in in_X_axis(data)
    }
    draft.raise_faults([*faults, *_faults(comparison, tables), *_too_many_known(asked, tables)])
    planned = plan(comparison, registry, tables, coarse=wishes.coarse)
    output = wishes.output or Path(comparison.config.output or Path("results") / comparison.config.name)
    return Prepared(registry, comparison, tables, planned, output)


def _loaded(comparison: Comparison, data: Data, in_X: bool, shelf: Folders) -> Table | Exception:
    """A table, or why it cannot be had: it costs its own cells only."""
    audit = comparison.config.audit
    try:
        return make_table(
            data.card,
            data.source,
            read_rows(data.source, shelf),
            minority=data.spec.minority,
            keep=data.spec.keep,
            group_in_X=in_X,
            audit=None if audit is None else tuple(audit),
        )
    except Exception as error:  # noqa: BLE001  # the plugin border: a data set's reader
        return error


def _faults(comparison: Comparison, tables: Tables) -> Iterator[Fault]:
    """What the config asks of a table that it does not have: unlike a missing file, that is for the user to mend.

    Tables go by label: where two data sets share one, which is a fault already, neither is looked at.
    """
    labels = [data.label for data in comparison.data]
    for data in (data for data in comparison.data if labels.count(data.label) == 1):
        place: Place = ("datasets", data.position)
        for in_X in in_X_axis(data):
            table = tables[data.label, in_X]
            if isinstance(table, Mistake):
                yield from (_fault(place, data, str(said)) for said in table.args)
            elif isinstance(table, Table) and data.spec.test == "published" and table.published is None:
                yield Fault((*place, "test"), "no test part was published; give a share, such as 0.2")


def _fault(place: Place, data: Data, said: str) -> Fault:
    """A message that starts with a key, at that key; any other at the data set."""
    key, _, message = said.partition(": ")
    if key in DatasetSpec.model_fields or key in knobs_of(data.card):
        return Fault((*place, key), message)
    return Fault(("audit",), message) if key == "audit" else Fault(place, said)


def _too_many_known(asked: Comparison, tables: Tables) -> Iterator[Fault]:
    """Numbers of majority members to be known that a train part does not have."""
    config = asked.config
    if not any(config.knowns()) or all(isinstance(entry.card, FirmSide) for entry in asked.methods):
        return
    for data in asked.data:
        table = tables.get((data.label, in_X_axis(data)[0]))  # None for a draw that the quick form does without
        most = fewest_majority(table, config, data) if isinstance(table, Table) else None
        for position, known in enumerate(config.knowns()):
            if known is not None and most is not None and known > most:
                place: Place = ("majority_known", *([position] if isinstance(config.majority_known, list) else []))
                has = f"the train part of {data.label} has {most} in the majority"
                yield Fault(place, f"{known} is too many: {has}; give a number up to {most}, or all")
