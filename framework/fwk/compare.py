"""The straight line from a config to points, fronts, files and tracked runs."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fwk.api import Dataset, Mistake
from fwk.check import Comparison, check
from fwk.config import dump, read_config
from fwk.environment import environment
from fwk.execute import Options, execute
from fwk.fronts import answer, choose_fronts
from fwk.plan import Plan, Tables, in_X_axis, plan, quick
from fwk.plugins import Registry, load_plugins
from fwk.points import Failure, Outcome, Point, table_of
from fwk.progress import Watch
from fwk.report import answer_markdown, draw_front, write_report
from fwk.series import DataInfo, Summary, method_runs
from fwk.shelf import Folders, data_folder
from fwk.store import Store
from fwk.tables import Table, make_table
from fwk.track import open_tracker


@dataclass(frozen=True)
class Wishes:
    """What is asked of one comparison, beside its config.

    output        folder of the results; None: what the config says
    coarse        2 repeats and thinned sweeps, under the name with -quick
    fresh         forget earlier results; retry_failed: forget the failures among them
    track         log to MLflow
    without       plugins to leave out
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


@dataclass(frozen=True)
class Prepared:
    """All that is known before training."""

    registry: Registry
    comparison: Comparison
    tables: Tables
    plan: Plan
    output: Path


@dataclass(frozen=True)
class Result:
    """All that is known afterwards. `page` is the report, `view` what opens the runs in MLflow ("" if not tracked)."""

    prepared: Prepared
    points: pd.DataFrame
    fronts: pd.DataFrame
    answers: pd.DataFrame
    failures: pd.DataFrame
    page: Path
    tracked: str


def prepare(wishes: Wishes) -> Prepared:
    """Read, check, load and plan; nothing is trained. Raises Mistake."""
    registry = load_plugins(wishes.without)
    comparison = check(read_config(wishes.config), registry)
    if wishes.coarse:
        comparison = quick(comparison)
    shelf = Folders(data=wishes.data or data_folder())
    tables: Tables = {
        (data.label, in_X): _loaded(comparison, number, in_X, shelf)
        for number, data in enumerate(comparison.data)
        for in_X in in_X_axis(data)
    }
    planned = plan(comparison, registry, tables, coarse=wishes.coarse)
    output = wishes.output or Path(comparison.config.output or Path("results") / comparison.config.name)
    return Prepared(registry, comparison, tables, planned, output)


def compare(wishes: Wishes, watch: Watch) -> Result:
    """Run a comparison, or finish an interrupted one. Raises Mistake for what a user can mend."""
    started = time.time()
    prepared = prepare(wishes)
    outcomes = _outcomes(prepared, wishes, watch)
    points = table_of(o for o in outcomes if isinstance(o, Point))
    failures = table_of(o for o in outcomes if isinstance(o, Failure) and not o.run.tuning)
    if points.empty:
        reasons = "; ".join(dict.fromkeys(failures["message"])) if len(failures) else "nothing was asked for"
        raise Mistake(f"no run gave a point: {reasons}")
    watch.say("choosing fronts, drawing")
    fronts = choose_fronts(points[~points["tuning"]], select=prepared.plan.config.select)
    answers = answer(fronts)
    files = _write(prepared, points, fronts, answers, failures, time.time() - started)
    tracked = _track(prepared, wishes, points, fronts, answers, failures, files) if wishes.track else ""
    return Result(prepared, points, fronts, answers, failures, prepared.output / "report.html", tracked)


def _loaded(comparison: Comparison, number: int, in_X: bool, shelf: Folders) -> Table | Exception:
    """A table, or why it cannot be had: it costs its own cells only."""
    data, audit = comparison.data[number], comparison.config.audit
    try:
        return make_table(
            data.card,
            data.source,
            shelf,
            minority=data.spec.minority,
            keep=data.spec.keep,
            group_in_X=in_X,
            audit=None if audit is None else tuple(audit),
        )
    except Exception as error:  # noqa: BLE001  # the plugin border: a data set's reader
        return error


def _outcomes(prepared: Prepared, wishes: Wishes, watch: Watch) -> list[Outcome]:
    config = prepared.plan.config
    store = Store(prepared.output)
    try:
        if wishes.fresh or wishes.retry_failed:
            store.forget(failures_only=not wishes.fresh)
        options = dataclasses.replace(wishes.options, timeout=config.timeout)
        watch.start(prepared.plan)
        with watch:
            return [watch.saw(o) for o in execute(prepared.plan, store, prepared.registry.metrics.values(), options)]
    finally:
        store.close()


def _write(
    prepared: Prepared,
    points: pd.DataFrame,
    fronts: pd.DataFrame,
    answers: pd.DataFrame,
    failures: pd.DataFrame,
    seconds: float,
) -> list[Path]:
    folder = prepared.output
    for name, table in (("points", points), ("fronts", fronts), ("failures", failures)):
        table.to_parquet(folder / f"{name}.parquet", compression="zstd")
    facts = environment(prepared.registry)
    (folder / "config.yaml").write_text(dump(prepared.plan.config), encoding="utf-8")
    (folder / "environment.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    draw_front(points, fronts, folder / "front.png")
    write_report(
        folder / "report.html",
        points,
        fronts,
        failures,
        {
            "name": prepared.plan.config.name,
            "description": prepared.plan.config.description,
            "config": dump(prepared.plan.config),
            "environment": facts,
            "data": {name: info.profile for name, info in _data_info(prepared).items()},
            "seconds": seconds,
            "broken plugins": [f"{p.name} ({p.distribution} {p.version}): {p.trouble}" for p in prepared.registry.broken],
        },
    )
    names = ("points.parquet", "fronts.parquet", "failures.parquet", "config.yaml", "environment.json", "front.png")
    return [folder / name for name in (*names, "report.html")]


def _track(
    prepared: Prepared,
    wishes: Wishes,
    points: pd.DataFrame,
    fronts: pd.DataFrame,
    answers: pd.DataFrame,
    failures: pd.DataFrame,
    files: Iterable[Path],
) -> str:
    config = prepared.plan.config
    uri = wishes.tracking_uri or config.tracking_uri
    tracker = open_tracker(uri or None, Path.cwd(), config.name)
    for run in method_runs(points, fronts, answers, _data_info(prepared)):
        tracker.log_method(run)
    tables = {"answer": answers, "failures": failures.drop(columns="traceback", errors="ignore")}
    tracker.log_summary(
        Summary(answer_markdown(answers), tuple(files), {k: t for k, t in tables.items() if len(t)}, rank_by="")
    )
    return tracker.view_url()


def _data_info(prepared: Prepared) -> dict[str, DataInfo]:
    found = {}
    for data in prepared.comparison.data:
        table = prepared.tables[data.label, in_X_axis(data)[0]]
        if isinstance(table, Table):
            found[data.label] = DataInfo(data.label, table.fingerprint, _origin(data.card), table.counts)
    return found


def _origin(card: Dataset) -> str:
    return "; ".join(text for text in (card.publisher, card.terms, card.citation) if text)
