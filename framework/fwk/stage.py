"""Where a cell is worked out: a table on disk, shared by memory map, cut into its parts for one repeat."""

from __future__ import annotations

import hashlib
import json
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from fwk.api import Bools, Floats, Ints, Labelled, Metric, People
from fwk.check import Space
from fwk.evaluate import Measures, by_trait, decide, measure, rates
from fwk.firm import Learner, Training
from fwk.relabel import Collective, gather
from fwk.split import seed_of, split, stream
from fwk.tables import Table, impute


@dataclass(frozen=True)
class Place:
    """What a worker needs to set a stage: small, so it travels with every cell.

    folder      the table's arrays
    test        the share of the test part; None for the published one
    models      folder of fitted models that cells share
    """

    folder: Path
    models: Path
    learner: Learner
    metrics: tuple[Metric, ...]
    seed: int
    resplit: bool
    test: float | None
    validation: float
    impute: bool
    bootstrap: int

    def __hash__(self) -> int:
        return hash((self.folder, self.learner.name, self.seed, self.resplit, self.test, self.validation, self.impute))


def store_table(table: Table, folder: Path) -> None:
    """Write a table's arrays where workers map them."""
    folder.mkdir(parents=True, exist_ok=True)
    people = table.people.people
    np.save(folder / "X.npy", people.X)
    published = np.zeros(len(people), dtype=bool) if table.published is None else table.published
    np.savez(folder / "marks.npz", minority=people.minority, y=table.people.y, published=published)
    pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in people.traits.items()}).to_parquet(
        folder / "traits.parquet"
    )
    (folder / "columns.json").write_text(json.dumps([people.columns, people.categorical]))


class Stage:
    """The parts of one repeat, and the firm. Everything random in it derives from (seed, what, repeat)."""

    def __init__(self, place: Place, repeat: int) -> None:
        self.place, self.repeat = place, repeat
        parts = _parts(place, repeat if place.resplit else 0)
        self.train = parts["train"].without_traits()
        self.validation, self.test = parts["validation"], parts["test"]
        self.audited = bool(self.test.people.traits)
        seed = seed_of(place.seed, "learner", repeat)
        self.firm = Training(place.learner, seed, place.models, self.train.people.categorical)
        self._spaces: dict[str, Labelled] = {}

    def collective(self, alpha: float, known: int | None) -> Collective:
        """The collective of this repeat; larger alphas contain smaller ones, and more known members fewer."""
        joining, knowing = (stream(self.place.seed, what, self.repeat) for what in ("collective", "known majority"))
        return gather(self.train, alpha, known, joining, knowing)

    def train_in(self, space: Space) -> Labelled:
        """The train part in the space that distances are measured in; nominal columns stay codes where it has them."""
        if space.name not in self._spaces:
            self._spaces[space.name] = self._moved(space)
        return self._spaces[space.name]

    def measures(self, accept: dict[str, Floats]) -> Measures:
        """Every measure of a rule, given P(accept) of the validation and test people."""
        found: Measures = {}
        for part, people in (("validation", self.validation), ("test", self.test)):
            tested = part == "test" and self.place.bootstrap > 0
            rng = stream(self.place.seed, "bootstrap", self.repeat) if tested else None
            values = measure(accept[part], people, self.place.metrics, rng=rng, draws=self.place.bootstrap)
            found |= {f"{part}.{name}": value for name, value in values.items()}
        audit = by_trait(accept["test"], self.test.y, self.test.people.traits)
        return found | {f"test.{name}": value for name, value in audit.items()}

    def roles(self, accept: Floats, collective: Collective | None) -> Measures:
        """Rates in the train part, by true label, of the collective, the other minority and the majority."""
        minority = self.train.minority
        member = np.zeros(len(minority), dtype=bool)
        if collective is not None:
            member[collective.members] = True
        groups = {"collective": member, "other minority": minority & ~member, "majority": ~minority}
        found: Measures = {}
        for name, group in groups.items():
            if group.any():
                found |= rates(f"train.audit[{name}]", accept, self.train.y, group)
        return found

    def accepted_by(self, rule: object) -> dict[str, Floats]:
        """P(accept) of the validation and test people, and of the train part where an audit is asked for."""
        parts = {"validation": self.validation, "test": self.test}
        if self.audited:
            parts["train"] = self.train
        return {name: decide(rule, people.people) for name, people in parts.items()}

    def _moved(self, space: Space) -> Labelled:
        if space.name == "encoded":
            return self.train
        X = self.train.X
        names, nominal = self.train.people.columns, self.train.people.categorical
        if space.name == "standardised":
            spread = np.nanstd(X, axis=0)
            Z = (X - np.nanmean(X, axis=0)) / np.where(spread > 0, spread, 1)
            Z[:, nominal] = X[:, nominal]
        else:
            assert space.method is not None  # a space that is no built-in is a method's
            rng = stream(self.place.seed, "method", space.method.card.name, self.repeat)
            Z = np.asarray(space.method.build({}).represent(self.train, self.firm, rng)(self.train.people), dtype=float)
            names, nominal = tuple(f"z{i}" for i in range(Z.shape[1])), ()
        return Labelled(People(Z, self.train.minority, names, nominal), self.train.y)


@lru_cache(maxsize=3)
def stage(place: Place, repeat: int) -> Stage:
    """The stage of a repeat; a worker keeps the last few."""
    return Stage(place, repeat)


@contextmanager
def limit(seconds: float | None) -> Iterator[None]:
    """Raise TimeoutError in the body after `seconds`. Needs POSIX signals and the main thread; else no limit."""
    if seconds is None or not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise TimeoutError(f"took longer than timeout: {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


PARTS = ("train", "validation", "test")


def _parts(place: Place, number: int) -> dict[str, Labelled]:
    """The parts of a split, by name, with X mapped from disk: whoever needs a split first cuts it for all workers."""
    cut = [place.seed, number, place.test, place.validation, place.impute]
    folder = place.folder / hashlib.blake2b(json.dumps(cut).encode(), digest_size=8).hexdigest()
    if not folder.exists():
        _cut(place, number, folder)
    everybody, rows = _marks(place.folder), np.load(folder / "rows.npz")
    return {part: _part(everybody, rows[part], folder / f"{part}.npy") for part in PARTS}


def _cut(place: Place, number: int, folder: Path) -> None:
    """Write the parts of a split, whole or not at all."""
    X = np.load(place.folder / "X.npy", mmap_mode="r")
    everybody = _marks(place.folder)
    test = everybody.published if place.test is None else place.test
    parts = split(len(X), stream(place.seed, "split", number), test=test, validation=place.validation)
    if place.impute:
        X = impute(np.asarray(X), parts.train, everybody.categorical)
    with tempfile.TemporaryDirectory(dir=place.folder) as draft:
        draft_parts = Path(draft) / "parts"
        draft_parts.mkdir()
        for part in PARTS:
            np.save(draft_parts / f"{part}.npy", X[getattr(parts, part)])
        np.savez(draft_parts / "rows.npz", train=parts.train, validation=parts.validation, test=parts.test)
        with suppress(OSError):  # another worker was first
            draft_parts.rename(folder)


def _part(everybody: _Marks, rows: Ints, X: Path) -> Labelled:
    people = People(
        np.asarray(np.load(X, mmap_mode="r")),
        everybody.minority[rows],
        everybody.columns,
        everybody.categorical,
        {name: values[rows] for name, values in everybody.traits.items()},
    )
    return Labelled(people, everybody.y[rows])


@dataclass(frozen=True, eq=False)
class _Marks:
    """What is known of everybody beside X."""

    minority: Bools
    y: Bools
    published: Bools
    traits: dict[str, npt.NDArray[np.object_]]
    columns: tuple[str, ...]
    categorical: tuple[int, ...]


@lru_cache(maxsize=2)
def _marks(folder: Path) -> _Marks:
    columns, categorical = json.loads((folder / "columns.json").read_text())
    marks = np.load(folder / "marks.npz")
    traits = pd.read_parquet(folder / "traits.parquet")
    by_name = {str(name): traits[name].to_numpy(dtype=object) for name in traits}
    return _Marks(marks["minority"], marks["y"], marks["published"], by_name, tuple(columns), tuple(categorical))
