"""The records of a comparison: a run (what is to be measured), a point (what came out), a failure (what did not)."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Knobs = tuple[tuple[str, Any], ...]

SCENARIO = ("dataset", "group_in_X", "learner", "alpha", "majority_known", "space")
"""Columns that say what surrounds a method. The last three are None for the firm side, which they do not touch."""

CURVE = (*SCENARIO, "method", "card", "side", "stage", "plugin", "version", "swept")
"""Columns that are equal along one curve (a method's sweep in one scenario)."""


@dataclass(frozen=True)
class Run:
    """One point to be measured.

    dataset         its label in this comparison; `fingerprint` identifies the encoded content
    group_in_X      whether the sensitive attribute is among the features
    learner         the firm's learner, as text
    alpha, majority_known, space   the collective's share, what it knows (None = all), its distances; None on firm side
    method, card    the label in this comparison, and the card's name
    knobs           all knobs that are not swept, by name
    swept, setting  the swept knob ("budget" on the user side, "" for none) and its value here
    order           the position of `setting` in the sweep
    tuning          True for a trial whose only use is to choose knobs on the validation part
    """

    dataset: str
    fingerprint: str
    group_in_X: bool
    learner: str
    method: str
    card: str
    side: Literal["user", "firm"]
    stage: str
    plugin: str
    version: str
    knobs: Knobs
    swept: str
    setting: int | float | str | None
    order: int
    repeat: int
    protocol: str
    alpha: float | None = None
    majority_known: int | None = None
    space: str | None = None
    tuning: bool = False

    @property
    def key(self) -> str:
        """Identifies the result: equal keys, equal numbers. Labels, order and purpose do not enter."""
        content = dataclasses.asdict(self)
        for passing in ("dataset", "method", "order", "tuning"):
            del content[passing]
        return hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Point:
    """What a run gave.

    measures         "<part>.<name>" -> value, None where it is undefined
    flips            labels flipped, of so many candidates
    seconds          of fitting; 0 where the fit was shared with a run that carries them
    deciding_seconds of applying the rule to everybody; 0 likewise
    ranking_seconds  of ranking the candidates, which all budgets share
    shared_seconds   of what methods share (base model, held-out scores, neighbour search), on one point a repeat
    """

    run: Run
    measures: Mapping[str, float | None]
    flips: int = 0
    candidates: int = 0
    seconds: float = 0.0
    deciding_seconds: float = 0.0
    ranking_seconds: float = 0.0
    shared_seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """One flat row, as in points.parquet."""
        return {**_identity(self.run), "flips": self.flips, "candidates": self.candidates, "seconds": self.seconds,
                "deciding_seconds": self.deciding_seconds, "ranking_seconds": self.ranking_seconds,
                "shared_seconds": self.shared_seconds, "notes": "; ".join(self.notes), **self.measures}  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """Why a run gave nothing: the exception's type, its message, and the whole traceback."""

    run: Run
    kind: str
    message: str
    traceback: str = ""
    seconds: float = 0.0

    def row(self) -> dict[str, Any]:
        """One flat row, as in failures.parquet."""
        return {**_identity(self.run), "kind": self.kind, "message": self.message, "traceback": self.traceback,
                "seconds": self.seconds}  # fmt: skip


Outcome = Point | Failure


def _identity(run: Run) -> dict[str, Any]:
    row = {f.name: getattr(run, f.name) for f in dataclasses.fields(run)}
    row["knobs"] = json.dumps(dict(run.knobs), sort_keys=True)
    row["setting"] = "" if run.setting is None else str(run.setting)
    return {"key": run.key, **row}


def table_of(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """One wide row an outcome, whatever order they came in: by curve, knobs, sweep position and repeat.

    Columns stand in the order in which the rows have them.
    """
    rows = [outcome.row() for outcome in outcomes]
    table = pd.DataFrame(rows)
    if table.empty:
        return table
    for column in ("alpha", "majority_known"):
        table[column] = table[column].astype("Float64")
    measures = [name for name in table.columns if "." in name]
    table[measures] = table[measures].astype(float)
    table = table.sort_values([*CURVE, "knobs", "order", "repeat"], kind="stable")
    columns = dict.fromkeys(itertools.chain.from_iterable(rows[position] for position in table.index))
    return table[list(columns)].reset_index(drop=True)


def to_json(outcome: Outcome) -> str:
    """The record as text; floats come back to the last bit."""
    return json.dumps({"record": type(outcome).__name__, **dataclasses.asdict(outcome)})


def from_json(text: str) -> Outcome:
    """The record that `to_json` wrote."""
    content = json.loads(text)
    record = content.pop("record")
    run = content.pop("run")
    run["knobs"] = tuple((key, _frozen(value)) for key, value in run["knobs"])
    if record == "Point":
        content["notes"] = tuple(content["notes"])
        return Point(run=Run(**run), **content)
    return Failure(run=Run(**run), **content)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
