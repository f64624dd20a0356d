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
from fwk.config import dump
from fwk.environment import environment
from fwk.execute import execute
from fwk.fronts import answer, choose_fronts
from fwk.plan import in_X_axis
from fwk.points import Failure, Outcome, Point, table_of
from fwk.prepare import Prepared, Wishes, prepare
from fwk.progress import Watch
from fwk.report import answer_markdown, draw_front, write_report
from fwk.store import Store
from fwk.tables import Table
from fwk.track import DataInfo, Summary, method_runs, open_tracker


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
