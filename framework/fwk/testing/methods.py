"""Checks of any method, user side or firm side. Every check runs on tables of its own, drawn by fixed seeds."""

from __future__ import annotations

import dataclasses
import json
import pickle
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from fwk.api import FirmSide, Floats, Refusal, UserSide
from fwk.testing.checking import Broken, attempt
from fwk.testing.order import order_matters
from fwk.testing.trials import Trial


@dataclass(frozen=True)
class Subject:
    """A method under check.

    card    its card
    knobs   knobs that differ from their defaults
    trials  draws the ordinary tables, of which the method must serve at least one; anew for each check
    odd     draws the small and degenerate tables, which it may refuse
    """

    card: UserSide | FirmSide
    knobs: Mapping[str, Any]
    trials: Callable[[], Sequence[Trial]]
    odd: Callable[[], Iterator[Trial]]

    def make(self, **knobs: Any) -> Any:  # a Relabeler or a FirmMethod
        """The method; Broken if it cannot be built."""
        knobs = {**self.knobs, **knobs}
        given = ", ".join(f"{knob}={value!r}" for knob, value in knobs.items())
        return attempt(f"{self.card.name}({given}) cannot be built", self.card.make, **knobs)

    def outcome(self, trial: Trial, method: Any, seed: int = 0) -> Floats:
        """What comes out of a run. Raises Refusal, or Broken for whatever else the method raises."""
        return attempt(f"on {trial.name}", trial.run, method, seed)

    def served(self) -> Iterator[tuple[Trial, Floats]]:
        """The ordinary trials that the method serves, with what comes out. Broken if it refuses them all."""
        trials, refusals = self.trials(), []
        for trial in trials:
            try:
                outcome = self.outcome(trial, self.make())
            except Refusal as refusal:
                refusals.append(f"{trial.name}: {refusal}")
                continue
            yield trial, outcome
        if len(refusals) == len(trials):
            raise Broken(f"refuses every ordinary table ({'; '.join(refusals)})")


def outcomes_are_valid(subject: Subject) -> str:
    """User side: one score a candidate, finite or -inf. Firm side: one P(accept) a person, in [0, 1]."""
    for trial, outcome in subject.served():
        attempt(f"on {trial.name}", trial.verify, outcome)
    return ""


def knobs_are_frozen(subject: Subject) -> str:
    """The method is a frozen dataclass: equal knobs make equal, hashable methods; knobs can be written to a record."""
    method = subject.make()
    kind = type(method)
    parameters = getattr(kind, "__dataclass_params__", None)
    if parameters is None or not parameters.frozen:
        raise Broken(f"{kind.__name__} is not a frozen dataclass; write @dataclass(frozen=True), knobs as its fields")
    attempt(f"{kind.__name__} cannot be hashed (make knobs tuples, numbers and text)", hash, method)
    if subject.make() != method or hash(subject.make()) != hash(method):
        raise Broken(f"two {kind.__name__} with equal knobs are not equal; leave out eq=False and fields that differ")
    knobs = {knob.name: getattr(method, knob.name) for knob in dataclasses.fields(method)}
    attempt("knobs cannot be written as JSON (use numbers, text, None, tuples)", json.dumps, knobs)
    return ""


def grids_are_accepted(subject: Subject) -> str:
    """Every value of `sweep` and of the `tune` grids builds a method; the ends and the middle of each are run."""
    trial, refused = next(subject.served())[0], []
    for knob, grid in grids(subject.card).items():
        attempt(f"values of {knob} cannot be written as JSON", json.dumps, grid)
        for value in grid:
            subject.make(**{knob: value})
        for value in thinned(grid):
            method = subject.make(**{knob: value})
            try:
                outcome = attempt(f"{knob} = {value!r} on {trial.name}", trial.run, method, 0)
            except Refusal as refusal:
                refused.append(f"{knob} = {value!r} ({refusal})")
                continue
            attempt(f"{knob} = {value!r} on {trial.name}", trial.verify, outcome)
    return f"refuses: {'; '.join(refused)}" if refused else ""


def survives_pickling(subject: Subject) -> str:
    """A pickled copy is equal and does the same: methods travel to worker processes."""
    method = subject.make()
    copy = attempt("cannot be pickled", _pickled, method)
    if copy != method:
        raise Broken("a pickled copy is not equal to the method")
    for trial, outcome in subject.served():
        _require_same(outcome, subject.outcome(trial, copy), f"on {trial.name}, a pickled copy gives something else")
    return ""


def same_seed_same_numbers(subject: Subject) -> str:
    """Equal seeds give equal numbers to the last bit, on a second run too, whatever the global generators are at."""
    for trial, _ in subject.served():
        method = subject.make()
        with _global_seed(1):
            first = subject.outcome(trial, method)
        with _global_seed(2):
            other = subject.outcome(trial, subject.make())
            again = subject.outcome(trial, method)
        _require_same(first, other, f"on {trial.name}, two runs with one seed differ; draw from `rng` and nothing else")
        _require_same(first, again, f"on {trial.name}, a second run differs; keep nothing between calls")
    return ""


def input_is_left_alone(subject: Subject) -> str:
    """Nothing that a method is handed is different afterwards."""
    for trial in subject.trials():
        before = [array.copy() for array in trial.arrays()]
        try:
            subject.outcome(trial, subject.make())
        except Refusal:
            continue
        for was, now in zip(before, trial.arrays(), strict=True):
            _require_same(was, now, f"on {trial.name}, it writes into its input; copy first")
    next(subject.served())
    return ""


def row_order_does_not_matter(subject: Subject) -> str:
    """The same people in another order come out the same; or alike, if the method draws at random (`order_matters`)."""
    for trial, outcome in subject.served():
        attempt(f"on {trial.name}", trial.verify, outcome)
        method = subject.make()

        def straight(seed: int, trial: Trial = trial, method: Any = method) -> Floats:
            return trial.comparable(subject.outcome(trial, method, seed))

        def shuffled(seed: int, trial: Trial = trial, method: Any = method) -> Floats:
            return trial.comparable(attempt(f"on {trial.name}, shuffled", trial.shuffled, method, seed))

        if trouble := order_matters(straight, shuffled, trial.near):
            raise Broken(f"on {trial.name}, {trouble}")
    return ""


def odd_tables_are_served_or_refused(subject: Subject) -> str:
    """On small and degenerate tables the outcome is valid, or a Refusal says why there is none."""
    troubles, refused = [], []
    for trial in subject.odd():
        try:
            outcome = subject.outcome(trial, subject.make())
            attempt(f"on {trial.name}", trial.verify, outcome)
        except Refusal as refusal:
            refused.append(f"{trial.name} ({refusal})")
        except Broken as broken:
            troubles.append(str(broken))
    if troubles:
        raise Broken("; ".join(troubles) + '; raise fwk.Refusal("why") where the method cannot serve')
    return f"refuses: {'; '.join(refused)}" if refused else ""


COMMON: dict[str, Callable[[Subject], str]] = {
    "knobs-are-frozen": knobs_are_frozen,
    "outcomes-are-valid": outcomes_are_valid,
    "grids-are-accepted": grids_are_accepted,
    "survives-pickling": survives_pickling,
    "same-seed-same-numbers": same_seed_same_numbers,
    "input-is-left-alone": input_is_left_alone,
    "row-order-does-not-matter": row_order_does_not_matter,
    "odd-tables": odd_tables_are_served_or_refused,
}


def grids(card: UserSide | FirmSide) -> dict[str, tuple[Any, ...]]:
    """Every knob that a comparison may set by itself, with its values."""
    swept = {card.knob: card.sweep} if isinstance(card, FirmSide) and card.knob else {}
    return {**card.tune, **swept}


def thinned(grid: Sequence[Any]) -> list[Any]:
    """Ends and middle.

    >>> thinned([1, 2, 3, 4, 5])
    [1, 3, 5]
    """
    return [grid[i] for i in sorted({0, len(grid) // 2, len(grid) - 1})]


def _pickled(method: Any) -> Any:  # any method
    return pickle.loads(pickle.dumps(method))


def _require_same(one: Floats, other: Floats, trouble: str) -> None:
    if not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
        raise Broken(trouble)


@contextmanager
def _global_seed(seed: int) -> Iterator[None]:
    """Put numpy's and Python's global generators into a known state, and back as they were."""
    legacy, plain = np.random.get_state(), random.getstate()  # noqa: NPY002  # the point is the global generator
    np.random.seed(seed)  # noqa: NPY002  # same
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(legacy)  # noqa: NPY002  # same
        random.setstate(plain)
