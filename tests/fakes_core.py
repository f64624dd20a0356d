"""Made-up people, methods, a data set and learners for tests of the core; the module is itself a plugin."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator
from sklearn.tree import DecisionTreeClassifier

from fwk import (
    Bools,
    Card,
    Dataset,
    Decider,
    Encoded,
    Firm,
    FirmSide,
    Floats,
    Labelled,
    Metric,
    People,
    Refusal,
    Shelf,
    UserSide,
    UserView,
    hard_rule,
    hookimpl,
)
from fwk.api import Cells
from fwk.check import Comparison, check
from fwk.draft import Draft, read_config
from fwk.execute import Options, execute
from fwk.firm import positive_probability
from fwk.plan import Plan, in_X_axis, plan
from fwk.plugins import Registry, load_plugins
from fwk.points import Failure, Outcome, Point, table_of
from fwk.store import Store
from fwk.tables import Table, fingerprint, make_table

TREE: dict[str, Any] = {"path": "sklearn.tree.DecisionTreeClassifier", "params": {"max_depth": 4}}
COLUMNS = ("skill", "luck", "district", "group")
PASSING = ("seconds", "deciding_seconds", "ranking_seconds", "shared_seconds")
"""Columns of the points that tell how long something took."""


def people(n: int = 300, seed: int = 0, *, traits: bool = False, gaps: bool = False, nominal: bool = True) -> Labelled:
    """n people, a third of them minority, who are accepted less often; everybody's skill differs."""
    rng = np.random.default_rng(seed)
    minority = rng.random(n) < 0.35
    skill, luck = rng.normal(size=(2, n))
    district = rng.integers(1, 5, n).astype(float)
    y = skill + 0.4 * luck - 0.6 * minority + rng.normal(scale=0.5, size=n) > 0
    for row, (group, label) in enumerate([(False, False), (False, True), (True, False), (True, True)]):
        minority[row], y[row] = group, label
    X = np.column_stack([skill, luck, district, minority]).astype(np.float64)
    if gaps:
        X[::7, 1] = np.nan
    seen = {"sex": np.where(luck > 0, "F", "M").astype(object)} if traits else {}
    return Labelled(People(X, minority, COLUMNS, (2,) if nominal else (), seen), y)


def a_table(n: int = 300, seed: int = 0, published: Bools | None = None, **given: bool) -> Table:
    """`people` as a loaded data set."""
    everybody = people(n, seed, **given)
    return Table(everybody, published, fingerprint(everybody, published))


def shuffled(table: Labelled, seed: int = 1) -> tuple[Labelled, Any]:
    """The same people in another order, and that order."""
    order = np.random.default_rng(seed).permutation(len(table))
    return table.take(order), order


class NoShelf:
    """Made data sets need no files."""

    def find(self, name: str, **_: Any) -> Path:
        raise AssertionError(f"asked for {name}")


@dataclass(frozen=True)
class Made:
    """A data set without files."""

    n: int = 300
    seed: int = 0
    published: bool = False
    gaps: bool = False
    scale: float = 1.0

    def read(self, shelf: Shelf) -> pd.DataFrame:
        drawn = people(self.n, self.seed, traits=True, gaps=self.gaps)
        rows = pd.DataFrame(drawn.X[:, :3], columns=["skill", "luck", "district"])
        race = np.where(drawn.minority, "Black", "White")
        return rows.assign(race=race, sex=drawn.people.traits["sex"], y=drawn.y)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        features = (self.scale * rows[["skill", "luck"]]).assign(race=(rows["race"] == "Black").astype(float))
        test = np.arange(len(rows)) % 4 == 0 if self.published else None
        return Encoded(features, {name: str(name) for name in features}, rows["y"].to_numpy(dtype=bool), test)


@dataclass(frozen=True)
class NotThere:
    """A data set whose file is missing."""

    def read(self, shelf: Shelf) -> pd.DataFrame:
        raise FileNotFoundError("no file people.csv")

    def encode(self, rows: pd.DataFrame) -> Encoded:
        raise AssertionError("never read")


@dataclass(frozen=True)
class Skill:
    """Ranks by skill; optionally, those with bad luck never flip."""

    unlucky: bool = True

    def score(self, view: UserView, rng: Generator) -> Floats:
        scores = view.candidates[:, 0].copy()
        if not self.unlucky:
            scores[view.candidates[:, 1] < 0] = -np.inf
        return scores


@dataclass(frozen=True)
class SkillToo:
    """Another ranker that comes to the very same flips as `Skill`."""

    def score(self, view: UserView, rng: Generator) -> Floats:
        return 10 * view.candidates[:, 0] + 3


@dataclass(frozen=True)
class Chance:
    """Ranks at random, by the seed it is given."""

    def score(self, view: UserView, rng: Generator) -> Floats:
        return rng.random(len(view.candidates))


@dataclass(frozen=True)
class Indifferent:
    """Every candidate is as good as any other."""

    def score(self, view: UserView, rng: Generator) -> Floats:
        return np.zeros(len(view.candidates))


@dataclass(frozen=True)
class Near:
    """Ranks by the labels of k neighbours; k is tuned."""

    k: int = 5

    def score(self, view: UserView, rng: Generator) -> Floats:
        return np.asarray(view.nearest.among_majority(self.k).y.mean(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Weighted:
    """Ranks by weights, a mapping by column; which is tuned."""

    weights: Mapping[str, float] | None = field(default=None, hash=False)

    def score(self, view: UserView, rng: Generator) -> Floats:
        weights = self.weights or {"0": 1.0}
        return sum((weight * view.candidates[:, int(column)] for column, weight in weights.items()), np.zeros(1))


@dataclass(frozen=True)
class Direction:
    """Ranks by skill or against it; `sign` is tuned, and only one choice is sensible."""

    sign: int = 1

    def score(self, view: UserView, rng: Generator) -> Floats:
        return np.asarray(self.sign * view.candidates[:, 0], dtype=np.float64)


@dataclass(frozen=True)
class BadRanker:
    """Does `what` is wrong: raises, refuses, gives NaN or too few scores, sleeps, or kills its process."""

    what: str = "raise"

    def score(self, view: UserView, rng: Generator) -> Floats:
        misbehave(self.what)
        scores = np.zeros(len(view.candidates))
        return {"nan": scores * np.nan, "short": scores[1:], "inf": scores + np.inf}[self.what]


@dataclass(frozen=True)
class BadMethod:
    """A firm-side method that goes wrong at strengths from `at`: see `misbehave`; "two" accepts with P = 2."""

    what: str = "raise"
    at: float = 0.0
    strength: float = 0.0

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        if self.strength >= self.at:
            if self.what == "two":
                return lambda people, /: np.full(len(people), 2.0)
            misbehave(self.what)
        return hard_rule(firm.fit(train))


def misbehave(what: str) -> None:
    if what == "raise":
        raise ZeroDivisionError("a bug of the method")
    if what == "refuse":
        raise Refusal("strength 0.5 is too much for 12 people; give more")
    if what == "sleep":
        time.sleep(60)
    if what == "exit":
        os._exit(3)
    if what == "sigkill":
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Mixed:
    """The rule of a Lottery: the base's score, mixed with a coin."""

    model: Any  # a fitted classifier
    strength: float

    def __call__(self, people: People, /) -> Floats:
        return (1 - self.strength) * positive_probability(self.model, people.X) + self.strength / 2


@dataclass(frozen=True)
class Lottery:
    """A randomised rule between the ordinary score and a coin."""

    strength: float = 0.0

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return Mixed(firm.fit(train), self.strength)


@dataclass(frozen=True)
class Noisy:
    """A rule that rests on the rng alone."""

    strength: float = 0.0

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        p = float(rng.random())
        return lambda people, /: np.full(len(people), p)


@dataclass(frozen=True)
class Doubled:
    """Learns a representation: skill twice as wide, and nothing else."""

    width: float = 2.0

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return hard_rule(firm.fit(train))

    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Callable[[People], Floats]:
        return lambda people: self.width * people.X[:, :1]


@dataclass(frozen=True)
class Everybody:
    """Accepts everybody, and certifies bounds."""

    bounds: tuple[tuple[str, float], ...]

    def __call__(self, people: People, /) -> Floats:
        return np.ones(len(people))

    def certificates(self, people: People, y: Bools) -> dict[str, float]:
        assert len(people) == len(y)
        return dict(self.bounds)


@dataclass(frozen=True)
class Certified:
    """A method whose rule certifies bounds."""

    bounds: tuple[tuple[str, float], ...] = (
        ("certified_eqod", 0.25),
        ("certified_error", 0.01),
        ("certified_other", 1),
    )

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        return Everybody(self.bounds)


class CountingTree(DecisionTreeClassifier):
    """A decision tree that writes a line to `log` whenever it is fitted, with what it was fitted on."""

    def __init__(self, log: str = "", max_depth: int = 4, random_state: int | None = None) -> None:
        super().__init__(max_depth=max_depth, random_state=random_state)
        self.log = log

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        with open(self.log, "a", encoding="ascii") as log:
            log.write(f"{np.asarray(X).sum():.6f} {int(np.asarray(y).sum())} {hash(np.asarray(y).tobytes())}\n")
        return super().fit(X, y, sample_weight=sample_weight)


class Keywords(CountingTree):
    """A tree in XGBClassifier's form: what is not in the signature is known by get_params()."""

    def __init__(self, *, log: str = "", **kwargs: Any) -> None:
        super().__init__(log=log, **kwargs)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("log", "max_depth", "random_state")}


class Untold:
    """A classifier that takes anything and tells nothing."""

    def __init__(self, **kwargs: Any) -> None: ...

    def fit(self, X: Any, y: Any) -> Any: ...

    def predict(self, X: Any) -> Any: ...


def accepted(cells: Cells) -> Floats:
    """Share of everybody who is accepted."""
    return np.asarray(cells.accepted.sum(axis=(-1, -2)) / cells.n.sum(axis=(-1, -2)))


@hookimpl
def fwk_cards() -> Iterable[Card]:
    yield Dataset(name="made", make=Made, minority="race == 'Black'", audit=("sex",))
    yield Dataset(name="not-there", make=NotThere, minority="race == 'Black'")
    yield Metric(name="accepted", measure=accepted, formula="mean", zero="nobody", undefined="never", unfairness=False)
    for name, ranker in (("skill", Skill), ("skill-too", SkillToo), ("chance", Chance), ("indifferent", Indifferent)):
        yield UserSide(name=name, make=ranker)
    yield UserSide(name="near", make=Near, tune={"k": (1, 5, 20)})
    yield UserSide(name="direction", make=Direction, tune={"sign": (1, -1)})
    yield UserSide(name="weighted", make=Weighted)
    yield UserSide(name="bad-ranker", make=BadRanker)
    sweep = (0.0, 0.5, 1.0)
    yield FirmSide(name="lottery", make=Lottery, stage="post", sees_group=False, knob="strength", sweep=sweep,
                   needs=("base",))  # fmt: skip
    yield FirmSide(name="noisy", make=Noisy, stage="in", sees_group=False, knob="strength", sweep=sweep)
    yield FirmSide(name="bad-method", make=BadMethod, stage="pre", sees_group=False, knob="strength", sweep=sweep)
    yield FirmSide(name="certified", make=Certified, stage="in", sees_group=False)
    yield FirmSide(name="doubled", make=Doubled, stage="pre", sees_group=False, tune={"width": (2.0, 3.0)})


def registry() -> Registry:
    """The framework's own plugin and the fakes, through the one door."""
    return load_plugins(found=[EntryPoint("fwk", "fwk.builtin", "fwk"), EntryPoint("fakes", "fakes_core", "fwk")])


def sound(draft: Draft, registry: Registry) -> Comparison:
    """A comparison without faults. Raises Mistake with every fault, as `prepare` does."""
    comparison, faults = check(draft, registry)
    draft.raise_faults(faults)
    return comparison


@dataclass
class Bench:
    """A folder to run comparisons in. `config` is laid over quick defaults."""

    folder: Path
    registry: Registry = field(default_factory=registry)

    def comparison(self, **config: Any) -> Comparison:
        """The comparison that a config file of this content asks for."""
        given = {
            "datasets": ["made"], "methods": ["baseline", "skill", "lottery"], "repeats": 2, "budgets": [5, 20],
            "bootstrap": 20, "learner": TREE, "alpha": 0.5, **config,
        }  # fmt: skip
        path = self.folder / "c.yaml"
        path.write_text(json.dumps(given), encoding="utf-8")
        return sound(read_config(path), self.registry)

    def plan(self, **config: Any) -> Plan:
        """Its plan, with the data sets read."""
        comparison = self.comparison(**config)
        tables: dict[tuple[str, bool], Table | Exception] = {}
        for data in comparison.data:
            for in_X in in_X_axis(data):
                try:
                    tables[data.label, in_X] = make_table(
                        data.card, data.source, data.source.read(NoShelf()), group_in_X=in_X
                    )
                except OSError as error:
                    tables[data.label, in_X] = error
        return plan(comparison, self.registry, tables)

    def outcomes(self, planned: Plan, store: str = "store", **options: Any) -> list[Outcome]:
        """Everything that executing a plan yields, in the order in which it came."""
        return list(self.stream(planned, store, **options))

    def stream(self, planned: Plan, store: str = "store", **options: Any) -> Iterator[Outcome]:
        """The same, as it comes."""
        kept = Store(self.folder / store)
        try:
            yield from execute(planned, kept, self.registry.metrics.values(), Options(**options))
        finally:
            kept.close()


def lasting(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """The table of outcomes without what a clock says."""
    table = table_of(outcomes)
    return table.drop(columns=[name for name in table if name.endswith("seconds")])


def points_of(outcomes: Iterable[Outcome], **given: Any) -> list[Point]:
    """The points that are no trials, of the runs with the given attributes."""
    return [o for o in outcomes if isinstance(o, Point) and not o.run.tuning and _fits(o, given)]


def failures_of(outcomes: Iterable[Outcome], **given: Any) -> list[Failure]:
    """The failures of the runs with the given attributes."""
    return [o for o in outcomes if isinstance(o, Failure) and _fits(o, given)]


def _fits(outcome: Outcome, given: Mapping[str, Any]) -> bool:
    return all(getattr(outcome.run, name) == value for name, value in given.items())


def assert_same(found: Sequence[Outcome], expected: Sequence[Outcome]) -> None:
    """Equal to the last bit, in every column that no clock writes."""
    pd.testing.assert_frame_equal(lasting(found), lasting(expected), check_exact=True)


def people_csv(folder: Path, n: int = 400, seed: int = 0) -> Path:
    """`people` as a user's own table, `people.csv`: skill, luck, race, sex and hired."""
    drawn = people(n, seed, traits=True)
    rows = pd.DataFrame(drawn.X[:, :2].round(4), columns=["skill", "luck"])
    race, hired = np.where(drawn.minority, "Black", "White"), np.where(drawn.y, "yes", "no")
    path = folder / "people.csv"
    rows.assign(race=race, sex=drawn.people.traits["sex"], hired=hired).to_csv(path, index=False)
    return path


OWN_TABLE = {
    "name": "table",
    "path": "people.csv",
    "label": "hired",
    "favourable": "yes",
    "minority": "race == 'Black'",
}


GROWN: list[Floats] = []  # what a process of growers has taken


@dataclass(frozen=True)
class Grower:
    """Work that takes 200 MB more each time, over a second, and keeps them."""

    def do(self) -> int:
        GROWN.append(np.ones(25_000_000))
        time.sleep(1.1)
        return os.getpid()


@dataclass(frozen=True)
class Square:
    """A cell whose answer is a square and its process."""

    number: int

    def do(self) -> tuple[int, int]:
        return self.number**2, os.getpid()
