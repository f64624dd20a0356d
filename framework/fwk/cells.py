"""What a worker does: rank candidates, or fit once and measure. Whatever a plugin raises comes back as a record."""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from fwk.api import Certified, Floats, Ints
from fwk.check import Space
from fwk.entries import Entry
from fwk.evaluate import Measures
from fwk.firm import hard_rule
from fwk.points import Failure, Outcome, Point, Run
from fwk.relabel import Collective, Search, flip, ranking, view
from fwk.remarks import remarks
from fwk.split import seed_of, stream
from fwk.stage import Place, Stage, limit, stage


@dataclass(frozen=True, eq=False)
class Trouble:
    """What a plugin raised."""

    kind: str
    message: str
    traceback: str

    def failure(self, run: Run, seconds: float = 0.0) -> Failure:
        """The record of it for a run that it cost."""
        return Failure(run, self.kind, self.message, self.traceback, seconds)


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows of the train part whose labels may flip, first to last, of so many candidates."""

    rows: Ints
    candidates: int
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, eq=False)
class Shared:
    """What several runs start from, worked out in so many seconds; rankings only from a RankCell."""

    seconds: float
    rankings: Sequence[Ranked | Trouble] = ()


@dataclass(frozen=True, eq=False)
class Request:
    """One ranking that is wanted."""

    alpha: float
    entry: Entry
    chosen: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, eq=False)
class RankCell:
    """All rankings of one repeat over the same known majority and space: they share the neighbour searches."""

    place: Place
    repeat: int
    known: int | None
    space: Space
    requests: tuple[Request, ...]
    timeout: float | None

    def do(self) -> Shared:
        """One answer a request, in their order."""
        start = time.perf_counter()
        try:
            with limit(self.timeout), remarks() as notes:
                ground = stage(self.place, self.repeat)
                train = ground.train_in(self.space)
                pool = ground.collective(max(request.alpha for request in self.requests), self.known)
                search = _search(train, pool, seed_of(self.place.seed, "neighbours", self.repeat))
        except Exception as error:  # noqa: BLE001  # the plugin border: the space is a plugin's
            return Shared(time.perf_counter() - start, [_trouble(error)] * len(self.requests))
        with suppress(Exception), limit(self.timeout):  # who needs neighbours and cannot have them fails by itself
            if k := _largest_k(self.requests):
                search.prepare(k)
        seconds = time.perf_counter() - start
        return Shared(seconds, [self._rank(ground, train, pool, search, request, notes) for request in self.requests])

    def _rank(
        self, ground: Stage, train: Any, pool: Collective, search: Search, request: Request, of_space: list[str]
    ) -> Ranked | Trouble:
        what = (request.entry.card.name, request.alpha, self.known, self.repeat)
        start = time.perf_counter()
        try:
            with limit(self.timeout), remarks() as notes:
                collective = ground.collective(request.alpha, self.known)
                candidates = collective.candidates
                if len(candidates) == 0:
                    return Ranked(candidates, 0, ("the collective has no member with y = 0 to flip",), 0.0)
                own = np.searchsorted(collective.members, candidates)
                part = search.of(np.searchsorted(pool.candidates, candidates), train.take(collective.members), own)
                method = request.entry.build(dict(request.chosen))
                scores = method.score(view(train, collective, part), stream(self.place.seed, "method", *what))
                order = ranking(scores, len(candidates), stream(self.place.seed, "ties", self.repeat))
        except Exception as error:  # noqa: BLE001  # the plugin border: a stranger's ranker
            return _trouble(error)
        return Ranked(candidates[order], len(candidates), (*of_space, *notes), time.perf_counter() - start)


@dataclass(frozen=True, eq=False)
class BaseCell:
    """What firm-side methods start from: the base model, and its held-out scores where one needs them."""

    place: Place
    repeat: int
    out_of_fold: bool
    timeout: float | None

    def do(self) -> Shared:
        """Nothing to record: who needs the base and cannot have it fails by itself, with the reason."""
        start = time.perf_counter()
        with suppress(Exception), limit(self.timeout), remarks():
            ground = stage(self.place, self.repeat)
            ground.firm.fit(ground.train)
            if self.out_of_fold:
                ground.firm.out_of_fold(ground.train)
        return Shared(time.perf_counter() - start)


@dataclass(frozen=True, eq=False)
class FlipCell:
    """One fit on relabelled data, and the runs whose flips these are (several rankings can agree; 0 is the base)."""

    place: Place
    repeat: int
    rows: Ints
    runs: tuple[tuple[Run, int, int, tuple[str, ...], float], ...]  # run, flips, candidates, notes, ranking seconds
    timeout: float | None

    def do(self) -> list[Outcome]:
        """One outcome a run."""
        start = time.perf_counter()
        try:
            with limit(self.timeout), remarks() as warned:
                ground = stage(self.place, self.repeat)
                relabelled = ground.train.relabelled(flip(ground.train.y, self.rows))
                started = time.perf_counter()
                model = (ground.firm.train if len(self.rows) else ground.firm.fit)(relabelled)
                fitted = time.perf_counter()
                accept = ground.accepted_by(hard_rule(model))
                decided = time.perf_counter()
                measures = ground.measures(accept)
        except Exception as error:  # noqa: BLE001  # the border to a learner that the config names
            trouble = _trouble(error)
            spent = time.perf_counter() - start
            return [trouble.failure(run, 0.0 if n else spent) for n, (run, *_) in enumerate(self.runs)]
        points: list[Outcome] = []
        for run, flips, candidates, notes, ranking_seconds in self.runs:
            first = not points
            points.append(
                Point(
                    run,
                    measures | _roles(ground, accept, run),
                    flips,
                    candidates,
                    seconds=fitted - started if first else 0.0,
                    deciding_seconds=decided - fitted if first else 0.0,
                    ranking_seconds=ranking_seconds,
                    notes=(*notes, *warned),
                )
            )
        return points


@dataclass(frozen=True, eq=False)
class FirmCell:
    """One fit of a firm-side method at one setting."""

    place: Place
    repeat: int
    entry: Entry
    run: Run
    timeout: float | None

    def do(self) -> list[Outcome]:
        """Its one outcome."""
        start = time.perf_counter()
        run = self.run
        try:
            with limit(self.timeout), remarks() as notes:
                ground = stage(self.place, self.repeat)
                chosen = {name: dict(run.knobs)[name] for name, _ in self.entry.tuned}
                method = self.entry.build(chosen, run.setting)
                rng = stream(self.place.seed, "method", run.card, run.repeat)
                started = time.perf_counter()
                rule = method.fit(ground.train, ground.firm, rng)
                fitted = time.perf_counter()
                accept = ground.accepted_by(rule)
                decided = time.perf_counter()
                measures = ground.measures(accept)
                measures |= _roles(ground, accept, run) | _certificates(rule, ground, measures)
        except Exception as error:  # noqa: BLE001  # the plugin border: a stranger's method
            return [_trouble(error).failure(run, time.perf_counter() - start)]
        return [
            Point(
                run,
                measures,
                seconds=fitted - started,
                deciding_seconds=decided - fitted,
                notes=tuple(notes),
            )
        ]


Cell = RankCell | BaseCell | FlipCell | FirmCell


def _roles(ground: Stage, accept: Mapping[str, Floats], run: Run) -> Measures:
    if "train" not in accept:
        return {}
    collective = ground.collective(run.alpha, run.majority_known) if run.alpha is not None else None
    return ground.roles(accept["train"], collective)


def _certificates(rule: Any, ground: Stage, measures: Measures) -> Measures:
    """Bounds that a rule gives on its own unfairness, on the test people, as `test.certified_<metric>`; and whether the
    measured value obeys each, 1 or 0, as `test.obeys_<metric>`.
    """
    if not isinstance(rule, Certified):
        return {}
    found: Measures = {}
    for name, bound in rule.certificates(ground.test.people.without_traits(), ground.test.y).items():
        if not name.startswith("certified_"):
            raise ValueError(
                f"the rule certifies {name!r}; call it certified_<metric>, so that it hides no measured value"
            )
        found[f"test.{name}"] = float(bound)
        measured = measures.get(f"test.{name.removeprefix('certified_')}")
        if measured is not None:
            found[f"test.{name.replace('certified_', 'obeys_')}"] = float(measured <= bound)
    return found


def _search(train: Any, pool: Collective, seed: int) -> Search:
    members = train.take(pool.members)
    own: Ints = np.searchsorted(pool.members, pool.candidates)
    return Search(train.X[pool.candidates], own, train.take(pool.known), members, seed)


def _largest_k(requests: tuple[Request, ...]) -> int:
    asked = [dict((*request.entry.knobs, *request.chosen)).get("k") for request in requests]
    return max((k for k in asked if isinstance(k, int)), default=0)


def _trouble(error: BaseException) -> Trouble:
    return Trouble(type(error).__name__, str(error) or "no message", traceback.format_exc())
