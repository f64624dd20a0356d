"""How a method is run for a check: on the user side a collective that ranks, on the firm side a firm that trains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from fwk.api import Classifier, Floats, Ints, Labelled, Nearest, People, Refusal, UserView
from fwk.evaluate import decide
from fwk.firm import Learner, Training
from fwk.relabel import Search, ranking
from fwk.testing import tables

LEARNER = Learner("sklearn.tree.DecisionTreeClassifier", {"max_depth": 5, "min_samples_leaf": 5})
"""Fast, takes missing values and weights, and its scores tie: hard on a method in the right places."""

Arrays = list[npt.NDArray[Any]]  # Any: booleans and floats


class Trial(Protocol):
    """One table, and one way to run a method on it. What a method raises passes through."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def run(self, method: Any, seed: int) -> Floats:
        """What comes out for each person, (n,), unchecked."""

    def verify(self, outcome: Floats) -> None:
        """Raises ValueError for an outcome that the framework would not take."""

    def arrays(self) -> Arrays:
        """Everything that a run could write into."""

    def shuffled(self, method: Any, seed: int) -> Floats:
        """The outcome of a run on the rows in an order that the seed draws, in this trial's order of people."""

    def comparable(self, outcome: Floats) -> Floats:
        """An outcome as finite numbers whose differences mean something."""

    def near(self, one: Floats, other: Floats) -> bool:
        """Whether two outcomes are the same but for rounding."""


@dataclass(frozen=True, eq=False)
class Collective:
    """A user-side trial: scores of the candidates among `members`, who know `majority`."""

    name: str
    members: Labelled
    majority: Labelled

    @cached_property
    def view(self) -> UserView:
        """What the collective sees; one neighbour search, shared by every run, as in a comparison."""
        own = np.flatnonzero(~self.members.y)
        search = Search(self.members.X[own], own, self.majority, self.members, 0)
        return UserView(self.members, self.members.X[own], self.majority, search)

    def run(self, method: Any, seed: int) -> Floats:
        """The scores, (n_candidates,)."""
        return np.asarray(method.score(self.view, np.random.default_rng(seed)), dtype=np.float64)

    def verify(self, outcome: Floats) -> None:
        """Raises ValueError unless there is one finite score or -inf a candidate."""
        ranking(outcome, len(self.view.candidates), np.random.default_rng(0))

    def arrays(self) -> Arrays:
        """The view's tables and candidates, and the neighbour lists that all methods share."""
        found = [*_arrays(self.members), *_arrays(self.majority), self.view.candidates]
        for nearest in self._neighbours():
            found += [nearest.distance, nearest.y]
        return found

    def shuffled(self, method: Any, seed: int) -> Floats:
        """Scores in this trial's order of candidates, from members and majority in other orders."""
        rng = np.random.default_rng([seed, 1])
        order = rng.permutation(len(self.members))
        other = Collective(self.name, self.members.take(order), self.majority.take(rng.permutation(len(self.majority))))
        scores = np.full(len(self.members), np.nan)
        scores[order[~other.members.y]] = other.run(method, seed)
        return scores[~self.members.y]

    def comparable(self, outcome: Floats) -> Floats:
        """Ranks in (0, 1]: scores mean their order, and -inf is the last place."""
        return np.asarray(rankdata(np.nan_to_num(outcome, nan=-np.inf)) / max(1, len(outcome)), dtype=np.float64)

    def near(self, one: Floats, other: Floats) -> bool:
        """Equal -inf, and scores equal to one part in a million."""
        return bool(np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True))

    def _neighbours(self) -> Iterator[Nearest]:
        for search in (self.view.nearest.among_majority, self.view.nearest.among_accepted):
            yield search(10)


@dataclass(frozen=True, eq=False)
class Market:
    """A firm-side trial: P(accept) of `people` by the rule that a firm makes from `train`."""

    name: str
    train: Labelled
    people: People

    def rule(self, method: Any, seed: int) -> Any:  # a Decider, until `decide` has checked what it gives
        """The rule that the method fits, with a firm that trains small trees."""
        return method.fit(self.train, SteadyFirm(self.train.people.categorical), np.random.default_rng(seed))

    def run(self, method: Any, seed: int) -> Floats:
        """P(accept) of `people`, (n,)."""
        return np.asarray(self.rule(method, seed)(self.people), dtype=np.float64)

    def verify(self, outcome: Floats) -> None:
        """Raises ValueError unless there is one number in [0, 1] a person."""
        decide(lambda _: outcome, self.people)

    def arrays(self) -> Arrays:
        """The train part, and the people who are decided."""
        return [*_arrays(self.train), self.people.X, self.people.minority]

    def shuffled(self, method: Any, seed: int) -> Floats:
        """P(accept) of `people` by a rule fitted on the train part in another order."""
        order = np.random.default_rng([seed, 1]).permutation(len(self.train))
        return Market(self.name, self.train.take(order), self.people).run(method, seed)

    def comparable(self, outcome: Floats) -> Floats:
        """P(accept) as it is."""
        return np.nan_to_num(outcome)

    def near(self, one: Floats, other: Floats) -> bool:
        """Differing by at most .01 a person on average: rounding may move one person in a hundred over a border."""
        return one.shape == other.shape and float(np.abs(one - other).mean()) <= 0.01


class SteadyFirm:
    """A `Firm` whose models depend on the rows and not on their order, so that only the method can. It takes notes.

    asked  what the method asked for: tables to fit (with their weights), and "out-of-fold"
    """

    def __init__(self, categorical: tuple[int, ...] = ()) -> None:
        self._training = Training(LEARNER, 0, None, categorical)
        self.asked: list[tuple[str, Labelled, Floats | None]] = []

    def estimator(self) -> Classifier:
        """An unfitted tree, seeded."""
        return self._training.estimator()

    def fit(self, table: Labelled, sample_weight: Floats | None = None) -> Classifier:
        """A tree; it can be trained on anybody, but not on nobody."""
        self.asked.append(("fit", table, sample_weight))
        order = _canonical(table)
        return self._training.fit(table.take(order), None if sample_weight is None else sample_weight[order])

    def out_of_fold(self, table: Labelled, folds: int = 5) -> Floats:
        """Held-out scores. Raises Refusal for a table that cannot be cut into folds: no fault of the method's."""
        self.asked.append(("out-of-fold", table, None))
        order = _canonical(table)
        scores = np.empty(len(table))
        try:
            scores[order] = self._training.out_of_fold(table.take(order), folds)
        except ValueError as error:
            raise Refusal(f"{len(table)} people cannot be cut into {folds} folds: {error}") from error
        return scores

    def fold_of(self, table: Labelled, folds: int = 5) -> Ints:
        """The folds of these scores. Raises Refusal as `out_of_fold`."""
        order = _canonical(table)
        fold = np.empty(len(table), dtype=np.int64)
        fold[order] = self._training.fold_of(table.take(order), folds)
        return fold


def collectives() -> list[Collective]:
    """The ordinary user-side trials."""
    return [_collective(f"table {i + 1}", tables.ordinary(i, 260, nominal=bool(i))) for i in range(2)]


def odd_collectives() -> Iterator[Collective]:
    """User-side trials in which something is missing, tiny or tied."""
    for name, table in tables.odd():
        if (table.minority & ~table.y).any():
            yield _collective(name, table)
    whole = tables.ordinary(7, 160)
    members, majority = whole.take(whole.minority), whole.take(~whole.minority)
    candidates, others = members.take(~members.y), members.take(members.y)
    yield Collective("a single candidate", _joined(candidates.take(np.arange(1)), others), majority)
    yield Collective("a collective of one", candidates.take(np.arange(1)), majority)
    yield Collective("one known majority member", members, majority.take(np.arange(1)))
    yield Collective("no known majority member", members, majority.take(np.arange(0)))


def markets() -> list[Market]:
    """The ordinary firm-side trials."""
    return [
        Market(
            f"table {i + 1}",
            tables.ordinary(10 + i, 400, nominal=bool(i)),
            tables.ordinary(20 + i, 200, nominal=bool(i)).people,
        )
        for i in range(2)
    ]


def odd_markets() -> Iterator[Market]:
    """Firm-side trials in which something is missing, tiny or tied; the rule meets ordinary people."""
    for name, table in tables.odd():
        people = tables.ordinary(30, 50).people
        same = People(people.X[:, : table.X.shape[1]], people.minority, table.people.columns, table.people.categorical)
        yield Market(name, table, same)


def _collective(name: str, table: Labelled) -> Collective:
    return Collective(name, table.take(table.minority), table.take(~table.minority))


def _joined(first: Labelled, second: Labelled) -> Labelled:
    people = first.people
    X, minority = np.concatenate([first.X, second.X]), np.concatenate([first.minority, second.minority])
    return Labelled(People(X, minority, people.columns, people.categorical), np.concatenate([first.y, second.y]))


def _arrays(table: Labelled) -> Arrays:
    return [table.X, table.minority, table.y]


def _canonical(table: Labelled) -> Ints:
    """An order of the rows that depends on their content only."""
    return np.lexsort((table.minority, table.y, *table.X.T))
