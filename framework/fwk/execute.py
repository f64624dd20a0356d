"""Runs -> points and failures: in parallel, each durable at once, resumable, whatever a plugin does."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fwk.api import FirmSide, Ints, Metric
from fwk.cells import BaseCell, Cell, FirmCell, FlipCell, RankCell, Ranked, Request, Shared, Trouble
from fwk.plan import Curve, Ground, Plan, tested
from fwk.points import Failure, Outcome, Point, Run
from fwk.relabel import flips
from fwk.stage import Place, store_table
from fwk.store import Store
from fwk.workers import answers, check_backend, working_folder

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """How to work, none of which changes a number.

    jobs      worker processes
    backend   joblib's: loky (processes here), or one registered with joblib, such as dask
    """

    jobs: int = 1
    backend: str = "loky"
    timeout: float | None = None


@dataclass
class _Work:
    """One execution under way."""

    plan: Plan
    store: Store
    folder: Path
    metrics: tuple[Metric, ...]
    options: Options
    rankings: dict[Hashable, Ranked | Trouble] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)
    shared: dict[tuple[Place, int], float] = field(default_factory=dict)  # seconds that no point carries yet

    def place(self, ground: Ground) -> Place:
        """The ground's table on disk, written when first asked for."""
        if id(ground) not in self.places:
            self.places[id(ground)] = place_of(self.plan, ground, self.folder, self.metrics)
        return self.places[id(ground)]


def place_of(plan: Plan, ground: Ground, folder: Path, metrics: tuple[Metric, ...]) -> Place:
    """Write a ground's table below `folder`, and say what workers need to use it.

    Raises ValueError if a published test part is asked for and there is none.
    """
    assert ground.table is not None  # curves without a table have failed before
    test = tested(ground.table, ground.data)
    arrays = folder / ground.fingerprint
    if not arrays.exists():
        store_table(ground.table, arrays)
    config = plan.config
    return Place(
        folder=arrays,
        models=folder / "models",
        learner=ground.learner,
        metrics=metrics,
        seed=config.seed,
        resplit=config.resplit,
        test=test if isinstance(test, float) else None,
        validation=config.validation,
        impute=ground.data.spec.missing == "impute",
        bootstrap=config.bootstrap,
    )


def execute(plan: Plan, store: Store, metrics: Iterable[Metric], options: Options) -> Iterator[Outcome]:
    """Yield every outcome of the plan once, as it comes: stored ones first. Trials come with `run.tuning` set.

    The order depends on the workers; the outcomes do not. Raises Mistake for a backend that joblib does not know.
    """
    check_backend(options.backend)
    with working_folder() as folder:
        work = _Work(plan, store, folder, tuple(metrics), options)
        curves = []
        for curve in plan.curves:
            if (trouble := _cannot_start(work, curve)) is None:
                curves.append(curve)
            else:
                yield from _lost(curve, plan.repeats, trouble)
        yield from _first_wave(work, curves)
        yield from _tuned_wave(work, curves)


def _cannot_start(work: _Work, curve: Curve) -> Trouble | None:
    ground = curve.ground
    if (error := work.plan.missing.get((ground.data.label, ground.group_in_X))) is not None:
        return Trouble(type(error).__name__, str(error), "")
    try:
        work.place(ground)
    except ValueError as error:
        return Trouble(type(error).__name__, str(error), "")
    return None


def _lost(curve: Curve, repeats: int, trouble: Trouble) -> list[Outcome]:
    chosen = next(curve.entry.candidates())
    return [trouble.failure(run) for repeat in range(repeats) for run in curve.runs(repeat, chosen)]


def _first_wave(work: _Work, curves: Sequence[Curve]) -> Iterator[Outcome]:
    """Everything whose knobs are known: curves without tuning, and the trials of those with."""
    wanted = [
        (curve, chosen, run)
        for curve in curves
        for repeat in range(work.plan.repeats)
        for chosen, runs in ([*curve.trial_runs(repeat)] or [({}, curve.runs(repeat, {}))])
        for run in runs
    ]
    yield from _work_out(work, wanted)


def _tuned_wave(work: _Work, curves: Sequence[Curve]) -> Iterator[Outcome]:
    """The curves of those that tune, with what the trials chose."""
    wanted: list[tuple[Curve, dict[str, Any], Run]] = []
    for curve in curves:
        for repeat in range(work.plan.repeats if curve.entry.tuned else 0):
            chosen, trouble = _choice(work, curve, repeat)
            runs = curve.runs(repeat, chosen)
            if trouble is None:
                wanted += [(curve, chosen, run) for run in runs]
            else:
                yield from (dataclasses.replace(trouble, run=run, seconds=0.0) for run in runs)
    yield from _work_out(work, wanted)


def _choice(work: _Work, curve: Curve, repeat: int) -> tuple[dict[str, Any], Failure | None]:
    """The candidate whose mean of the tuning metric over the trials is least, the first of equals; undefined loses.

    A Failure comes beside it if no candidate could be tried.
    """
    name = f"validation.{work.plan.config.tune.metric}"
    best: tuple[float, dict[str, Any]] | None = None
    failure: Failure | None = None
    fallback = next(curve.entry.candidates())
    for chosen, runs in curve.trial_runs(repeat):
        outcomes = [work.store.get(run) for run in runs]
        values = [outcome.measures[name] for outcome in outcomes if isinstance(outcome, Point)]
        failure = failure or next((o for o in outcomes if isinstance(o, Failure)), None)
        defined = [value for value in values if value is not None]
        if len(defined) == len(runs) and (best is None or np.mean(defined) < best[0]):
            best = (float(np.mean(defined)), chosen)
    if best is not None:
        return best[1], None
    if failure is None:
        run = curve.runs(repeat, fallback)[0]
        failure = Failure(run, "Undefined", f"{name} is undefined in every trial, so no knob can be chosen; fix the "
                          f"knob ({', '.join(knob for knob, _ in curve.entry.tuned)}) in the config")  # fmt: skip
    return fallback, failure


def _work_out(work: _Work, wanted: Sequence[tuple[Curve, dict[str, Any], Run]]) -> Iterator[Outcome]:
    """Yield the outcome of each wanted run: stored, or worked out now."""
    todo = []
    for curve, chosen, run in wanted:
        if (outcome := work.store.get(run)) is not None:
            yield outcome
        else:
            todo.append((curve, chosen, run))
    _prepare(work, todo)
    by_flips: dict[Hashable, tuple[Place, int, Ints, list[Any]]] = {}
    cells: list[Cell] = []
    for curve, chosen, run in todo:
        place = work.place(curve.ground)
        if curve.alpha is None:
            cells.append(FirmCell(place, run.repeat, curve.entry, run, work.options.timeout))
            continue
        ranked = work.rankings[_ranking_key(curve, run.repeat, chosen)]
        if isinstance(ranked, Trouble):
            yield from _keep(work, [ranked.failure(run)])
            continue
        count = flips(_budget(run), ranked.candidates, len(ranked.rows))
        rows = np.sort(ranked.rows[:count])
        group = by_flips.setdefault((id(curve.ground), run.repeat, rows.tobytes()), (place, run.repeat, rows, []))
        group[3].append((run, count, ranked.candidates, _notes(run, count, ranked), ranked.seconds))
    cells.sort(key=_dearest_first)
    quick: list[Cell] = [FlipCell(*group[:3], tuple(group[3]), work.options.timeout) for group in by_flips.values()]
    for cell, outcomes in _drive(work, spread(cells, quick)):
        yield from _keep(work, _with_shared(work, cell, outcomes))


def _prepare(work: _Work, todo: Sequence[tuple[Curve, dict[str, Any], Run]]) -> None:
    """What several runs start from: rankings, and the base model of each repeat."""
    requests: dict[Hashable, dict[Hashable, Request]] = {}
    together: dict[Hashable, tuple[Curve, int]] = {}
    bases: dict[Hashable, BaseCell] = {}
    for curve, chosen, run in todo:
        card = curve.entry.card
        if curve.alpha is None:
            if isinstance(card, FirmSide) and card.needs:
                key = (id(curve.ground), run.repeat)
                held_out = "out-of-fold" in card.needs or (key in bases and bases[key].out_of_fold)
                bases[key] = BaseCell(work.place(curve.ground), run.repeat, held_out, work.options.timeout)
            continue
        ranking = _ranking_key(curve, run.repeat, chosen)
        if ranking not in work.rankings:
            shared: Hashable = (id(curve.ground), run.repeat, curve.known, curve.space)
            together[shared] = (curve, run.repeat)
            asked = requests.setdefault(shared, {})
            asked.setdefault(ranking, Request(curve.alpha, curve.entry, tuple(sorted(chosen.items()))))
    cells: dict[Cell, list[Hashable]] = {base: [] for base in bases.values()}
    for shared, asked in requests.items():
        curve, repeat = together[shared]
        assert curve.space is not None  # user-side curves have a space
        place, wanted = work.place(curve.ground), tuple(asked.values())
        cells[RankCell(place, repeat, curve.known, curve.space, wanted, work.options.timeout)] = list(asked)
    for cell, found in _drive(work, list(cells)):
        work.rankings |= dict(zip(cells[cell], found.rankings, strict=True))
        ground = (cell.place, cell.repeat)
        work.shared[ground] = work.shared.get(ground, 0.0) + found.seconds


def _ranking_key(curve: Curve, repeat: int, chosen: dict[str, Any]) -> Hashable:
    knobs = json.dumps(chosen, sort_keys=True)
    return (id(curve.ground), repeat, curve.alpha, curve.known, curve.space, curve.entry.label, knobs)


def _budget(run: Run) -> int | float:
    assert isinstance(run.setting, int | float)  # the user side is swept over budgets
    return run.setting


def _notes(run: Run, count: int, ranked: Ranked) -> tuple[str, ...]:
    if isinstance(run.setting, int) and count < run.setting:
        return (*ranked.notes, f"budget {run.setting} reaches all {count} candidates that may flip")
    return ranked.notes


def spread(dear: Sequence[T], quick: Sequence[T]) -> list[T]:
    """The dear ones evenly among the first two thirds: no long tail, and a rate that says how long all will take.

    >>> "".join(spread("DD", "qqqqqqq"))
    'DqqDqqqqq'
    """
    total = len(dear) + len(quick)
    step = max(1.0, 2 / 3 * total / max(1, len(dear)))
    places = {int(number * step) for number in range(len(dear))}
    ones, others = iter(dear), iter(quick)
    return [next(ones if place in places else others) for place in range(total)]


def _dearest_first(cell: Cell) -> int:
    """In-processing methods train many times."""
    return {"in": 0, "pre": 1, "post": 2}.get(cell.run.stage, 3) if isinstance(cell, FirmCell) else 4


def _with_shared(work: _Work, cell: Cell, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """The first point of a repeat carries the seconds of what its runs share."""
    if not outcomes or not isinstance(outcomes[0], Point):
        return outcomes
    seconds = work.shared.pop((cell.place, cell.repeat), 0.0)
    return [dataclasses.replace(outcomes[0], shared_seconds=seconds), *outcomes[1:]]


def _keep(work: _Work, outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    work.store.put(outcomes)
    yield from outcomes


def _drive(work: _Work, cells: Sequence[Cell]) -> Iterator[tuple[Cell, Any]]:
    """Work out cells, here or in workers; a cell whose worker dies is tried once more, alone, and then fails."""
    marks = work.folder / "running"
    left = dict(enumerate(cells))
    while left:
        try:
            for number, answer in answers(left, work.options.jobs, work.options.backend, marks):
                yield left.pop(number), answer
        except TerminatedWorkerError:
            suspects = [int(mark.name) for mark in marks.iterdir() if int(mark.name) in left]
            for number in suspects or list(left):
                cell = left.pop(number)
                yield cell, _alone(work, number, cell, marks)


def _alone(work: _Work, number: int, cell: Cell, marks: Path) -> Any:
    """A cell in workers of its own: if one dies again, it is this cell that kills it; or one of its rankings, each
    tried alone."""
    try:
        ((_, answer),) = answers({number: cell}, work.options.jobs, work.options.backend, marks)
        return answer
    except TerminatedWorkerError as error:
        trouble = Trouble("WorkerDied", "its process was killed, twice; is there enough memory? see --jobs", str(error))
        if isinstance(cell, RankCell):
            single = [dataclasses.replace(cell, requests=(request,)) for request in cell.requests]
            if len(single) == 1:
                return Shared(0.0, [trouble])
            parts = [_alone(work, number, part, marks) for part in single]
            return Shared(sum(part.seconds for part in parts), [answer for part in parts for answer in part.rankings])
        if isinstance(cell, BaseCell):
            return Shared(0.0)
        runs = [run for run, *_ in cell.runs] if isinstance(cell, FlipCell) else [cell.run]
        return [trouble.failure(run) for run in runs]


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
