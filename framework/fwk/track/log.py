"""Logging: what a method gave is one finished run, what the comparison gave is another, and a view shows them."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from fwk.track.home import ARTIFACTS, Client, open_experiment, told
from fwk.track.series import DataInfo, MethodRun, Summary
from fwk.track.view import VIEW_TAG, view_state

LIMITS = {"param": 6000, "tag": 8000}
"""Characters of a value that MLflow keeps."""

BATCH = 1000
"""Metric values in one request, MLflow's limit."""

PAGE = 1000
"""Runs in one answer to a search."""


@dataclass(frozen=True)
class Tracker:
    """An open experiment.

    uri         where runs go, as MLflow writes it
    folder      the folder that holds mlruns/; None where MLflow keeps the artifacts itself (a server, another database)
    experiment  its id
    execution   tells this set of runs from earlier ones
    """

    client: Client
    uri: str
    folder: Path | None
    comparison: str
    experiment: str
    execution: str

    def log_method(self, run: MethodRun) -> str:
        """Log all of a method at once, as a finished run. Values that are not finite are left out, and a tag says so.

        Returns the run's id. Raises TrackError.
        """
        tags = {**run.tags, "fwk.undefined": undefined(run), "mlflow.runColor": run.colour}
        with self._run(run.name, "method", tags) as run_id:
            self._log_values(run_id, run.steps, run.scores, run.params)
            if run.data is not None:
                self.client.log_inputs(run_id, [_data_input(run.data)])
        return run_id

    def log_summary(self, summary: Summary) -> str:
        """Log the answer and the files beside the methods, and point the saved view at them: this completes the set.

        Returns the run's id. Raises TrackError.
        """
        tables = json.dumps([{"path": f"{name}.json", "type": "table"} for name in summary.tables])
        tags = {"mlflow.note.content": summary.note, "mlflow.loggedArtifacts": tables}
        with self._run(f"summary of {self.comparison}", "summary", tags) as run_id:
            self._log_values(run_id, {}, summary.scores, summary.params)
            self._log_files(run_id, summary)
        with told(self.uri):
            runs = self._revived()
            scores = sorted({name for run in runs for name in run.data.metrics if "/" not in name})
            state = view_state(self.comparison, self.execution, int(time.time() * 1000), scores, summary.rank_by)
            self.client.set_experiment_tag(self.experiment, VIEW_TAG, state)
        return run_id

    @contextmanager
    def _run(self, name: str, kind: str, tags: Mapping[str, str]) -> Iterator[str]:
        ours = {"fwk.comparison": self.comparison, "fwk.execution": self.execution, "fwk.kind": kind,
                "mlflow.source.name": "fwk compare", "mlflow.source.type": "LOCAL"}  # fmt: skip
        with told(self.uri):
            created = self.client.create_run(self.experiment, run_name=name, tags=_clipped({**tags, **ours}, "tag"))
            run_id = str(created.info.run_id)
            try:
                yield run_id
            except BaseException:
                with suppress(Exception):  # the first error is the one to tell
                    self.client.set_terminated(run_id, "FAILED")
                raise
            self.client.set_terminated(run_id, "FINISHED")

    def _log_values(
        self, run_id: str, steps: Mapping[str, Any], scores: Mapping[str, float], params: Mapping[str, str]
    ) -> None:
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        series = {**steps, **{name: (value,) for name, value in scores.items()}}
        values = [
            Metric(metric_name(name), float(value), now, step)
            for name, sequence in series.items()
            for step, value in enumerate(sequence)
            if math.isfinite(value)
        ]
        told_params = [Param(metric_name(name), text) for name, text in _clipped(params, "param").items()]
        for start in range(0, len(told_params), 100):
            self.client.log_batch(run_id, params=told_params[start : start + 100])
        for start in range(0, len(values), BATCH):
            self.client.log_batch(run_id, metrics=values[start : start + BATCH])

    def _log_files(self, run_id: str, summary: Summary) -> None:
        tables = {f"{name}.json": table.to_json(orient="split", index=False) for name, table in summary.tables.items()}
        if self.folder is None:
            for path in summary.files:
                self.client.log_artifact(run_id, str(path))
            for name, text in tables.items():
                self.client.log_text(run_id, text, name)
            return
        # MLflow would resolve the relative location against the working folder of this process
        place = self.folder / ARTIFACTS / self.experiment / run_id / "artifacts"
        place.mkdir(parents=True, exist_ok=True)
        for path in summary.files:
            shutil.copy2(path, place)
        for name, text in tables.items():
            (place / name).write_text(text, encoding="utf-8")

    def _runs(self, filter_string: str) -> list[Any]:
        found = self.client.search_runs([self.experiment], filter_string, max_results=PAGE)
        runs = list(found)
        while found.token:
            found = self.client.search_runs([self.experiment], filter_string, max_results=PAGE, page_token=found.token)
            runs += found
        return runs

    def _bury(self) -> None:
        """Mark the runs of executions that never came to their summary."""
        others = self._runs(f"tags.`fwk.execution` != '{self.execution}'")
        complete = {
            run.data.tags["fwk.execution"]
            for run in others
            if run.data.tags.get("fwk.kind") == "summary" and run.info.status == "FINISHED"
        }
        for run in others:
            if run.data.tags["fwk.execution"] not in complete and run.info.status in ("RUNNING", "FINISHED"):
                self.client.set_terminated(run.info.run_id, "KILLED")

    def _revived(self) -> list[Any]:
        """The runs of this execution; what another one, at work at the same time, buried of them is taken back."""
        runs = self._runs(f"tags.`fwk.execution` = '{self.execution}'")
        for run in runs:
            if run.info.status == "KILLED":
                self.client.set_terminated(run.info.run_id, "FINISHED")
        return runs


def open_tracker(tracking_uri: str | None, folder: Path, comparison: str, execution: str | None = None) -> Tracker:
    """Open, or create, the experiment of a comparison: in `folder`/mlruns, or where `tracking_uri` says.

    The default store can be moved or copied with its folder. A `tracking_uri` may be a server (http://...) or any
    database that MLflow knows; artifacts are then kept as MLflow does. The environment variable MLFLOW_TRACKING_URI is
    not looked at, so that runs go nowhere that the config does not say. `execution` is any text; by default a new one.

    Raises TrackError: the server does not answer, the database is of another MLflow, the folder is not writable.
    """
    client, uri, experiment = open_experiment(tracking_uri, folder, comparison)
    name = execution or f"{time.strftime('%Y-%m-%d %H:%M:%S')} {uuid4().hex[:6]}"
    tracker = Tracker(client, uri, None if tracking_uri else folder.resolve(), comparison, experiment, name)
    with told(uri):
        tracker._bury()
    return tracker


def undefined(run: MethodRun) -> str:
    """Which values of a run are NaN or infinite, in words: "curve/eqod at 2 of 9 steps, hypervolume"."""
    holes = {name: sum(not math.isfinite(value) for value in values) for name, values in run.steps.items()}
    steps = [f"{name} at {count} of {len(run.steps[name])} steps" for name, count in holes.items() if count]
    return ", ".join([*steps, *(name for name, value in run.scores.items() if not math.isfinite(value))])


def metric_name(name: str) -> str:
    """The name with whatever MLflow does not take replaced by "_".

    >>> metric_name("front/tpr (women) @ 30+")
    'front/tpr _women_ _ 30_'
    """
    return "".join(letter if letter.isalnum() or letter in "_/.- :" else "_" for letter in name)


def _clipped(texts: Mapping[str, str], kind: str) -> dict[str, str]:
    """Without the empty ones; what is longer than MLflow keeps is cut, and says so."""
    limit, mark = LIMITS[kind], " ... (cut)"
    return {
        name: text if len(text) <= limit else text[: limit - len(mark)] + mark for name, text in texts.items() if text
    }


def _data_input(data: DataInfo) -> Any:
    """A chip in MLflow's list: what the data set is, with none of its rows."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"uri": data.source or data.name})
    dataset = Dataset(data.name, data.fingerprint[:12], "code", source, profile=json.dumps(dict(data.profile)))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "comparison")])
