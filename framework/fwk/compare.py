"""The straight line from a config to points, fronts, files and tracked runs."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from fwk.api import Mistake
from fwk.environment import environment
from fwk.execute import execute
from fwk.facts import facts_of, origin_of, resolved
from fwk.fronts import answer, choose_fronts
from fwk.points import Failure, Outcome, Point, table_of
from fwk.prepare import Prepared, Wishes, prepare
from fwk.progress import Watch
from fwk.report import answer_markdown, draw_front, write_report
from fwk.store import Store
from fwk.track import DataInfo, Summary, Tracker, method_runs, open_tracker, score_name


@dataclass(frozen=True)
class Result:
    """All that is known afterwards."""

    prepared: Prepared
    points: pd.DataFrame
    fronts: pd.DataFrame
    answers: pd.DataFrame
    failures: pd.DataFrame

    @property
    def page(self) -> Path:
        """The report."""
        return self.prepared.output / "report.html"


def compare(wishes: Wishes, watch: Watch) -> Result:
    """Run a comparison, or finish an interrupted one. Raises Mistake for what a user can mend."""
    started = time.monotonic()
    prepared = prepare(wishes)
    _say_what_lacks(prepared, watch)
    tracker = _tracker(prepared, wishes)  # before training, so that a server that does not answer costs no time
    outcomes = _outcomes(prepared, wishes, watch)
    points = table_of(o for o in outcomes if isinstance(o, Point))
    failures = table_of(o for o in outcomes if isinstance(o, Failure))
    watch.say("choosing fronts, writing the report")
    measured = points if points.empty else points[~points["tuning"]]
    fronts = choose_fronts(measured, select=prepared.plan.config.select)
    result = Result(prepared, points, fronts, answer(fronts), failures)
    files = _write(result, time.monotonic() - started)
    if tracker is not None:
        watch.say("logging to MLflow")
        _track(tracker, result, files)
    return result


def _say_what_lacks(prepared: Prepared, watch: Watch) -> None:
    """Broken plugins and what the quick form does without. Raises Mistake if no data set can be had."""
    if all(ground.table is None for ground in prepared.plan.grounds):
        reasons = dict.fromkeys(str(error) for error in prepared.plan.missing.values())
        raise Mistake(f"no data set can be had: {'; '.join(reasons)}")
    for plugin in prepared.registry.broken:
        watch.say(f"left out, it is broken: plugin {plugin.name}: {plugin.trouble}; `fwk plugins` says more")
    if prepared.comparison.left_out:
        watch.say(f"--quick leaves out {', '.join(prepared.comparison.left_out)}")


def _tracker(prepared: Prepared, wishes: Wishes) -> Tracker | None:
    config = prepared.plan.config
    uri = wishes.tracking_uri or config.tracking_uri
    return open_tracker(uri or None, Path.cwd(), config.name) if wishes.track else None


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


def _write(result: Result, seconds: float) -> list[Path]:
    prepared, folder = result.prepared, result.prepared.output
    config, facts = prepared.plan.config, environment(prepared.registry)
    for name, table in (("points", result.points), ("fronts", result.fronts), ("failures", result.failures)):
        whole, part = folder / f"{name}.parquet", folder / f"{name}.parquet.part"
        table.to_parquet(part, compression="zstd")
        os.replace(part, whole)
    (folder / "config.yaml").write_text(resolved(prepared), encoding="utf-8")
    (folder / "environment.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    if len(result.fronts):
        draw_front(result.fronts, folder / "front.png")
    title = config.description or config.name
    measured = facts_of(prepared, facts, seconds)
    write_report(result.page, result.points, result.fronts, result.answers, result.failures, measured, title=title)
    names = ("points.parquet", "fronts.parquet", "failures.parquet", "config.yaml", "environment.json", "front.png")
    return [*(path for name in names if (path := folder / name).exists()), result.page]


def _track(tracker: Tracker, result: Result, files: Iterable[Path]) -> None:
    runs = method_runs(result.points, result.fronts, result.answers, _data_info(result.prepared))
    for run in runs:
        tracker.log_method(run)
    tables = {"answer": result.answers, "failures": result.failures.drop(columns="traceback", errors="ignore")}
    tracker.log_summary(
        Summary(
            note=answer_markdown(result.answers),
            files=tuple(files),
            tables={name: table for name, table in tables.items() if len(table)},
            rank_by=score_name("eqod", 0.005),
        )
    )


def _data_info(prepared: Prepared) -> dict[str, DataInfo]:
    return {
        label: DataInfo(label, table.fingerprint, origin_of(prepared, label), table.counts)
        for label, table in prepared.first_tables().items()
    }
