"""Runs in real MLflow stores: what comes back, after a move, a kill, a second writer; on a server; under `fwk ui`."""

from __future__ import annotations

import http.server
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fwk.track import DataInfo, MethodRun, Summary, Tracker, TrackError, open_tracker

# MLflow's own database models, under SQLAlchemy 2.1
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")

ERRORS = (0.134, 0.135, 0.137)
RUN = MethodRun(
    "rb-prob",
    tags={"fwk.side": "user", "fwk.notes": ""},
    params={"knob.k": "5", "sweep": "0, 8"},
    steps={"front/error": ERRORS, "front/eqod": (0.07, math.nan, 0.02), "curve/eqod": (math.inf, 0.05)},
    scores={"best eqod within 0.5pp": 0.02, "hypervolume eqod": math.nan},
    data=DataInfo("adult", "f00d" * 8, "UCI, CC BY 4.0", {"rows": 46447}),
    colour="#0072b2",
)
PEOPLE = ("Alice", "Bob")


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store in which nothing was logged: making one takes seconds."""
    folder = tmp_path_factory.mktemp("empty")
    open_tracker(None, folder, "nothing")
    return folder


@pytest.fixture
def folder(empty_store: Path, tmp_path: Path) -> Path:
    """A fresh folder that holds an empty store."""
    shutil.copytree(empty_store / "mlruns", tmp_path / "store" / "mlruns")
    return tmp_path / "store"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text("<h1>rb-prob</h1>", encoding="utf-8")
    return path


def summary_of(report: Path) -> Summary:
    table = pd.DataFrame({"method": ["rb-prob"], "eqod": [0.02]})
    return Summary(
        "# Answer\n\nrb-prob", (report,), {"answer": table}, {"points": 12.0}, rank_by="best eqod within 0.5pp"
    )


def the_runs(tracker: Tracker) -> list[Any]:
    return list(tracker.client.search_runs([tracker.experiment]))


def statuses(tracker: Tracker) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for run in the_runs(tracker):
        found.setdefault(run.data.tags["fwk.execution"], []).append(run.info.status)
    return {execution: sorted(states) for execution, states in found.items()}


def steps_of(tracker: Tracker, run_id: str, metric: str) -> dict[int, float]:
    return {entry.step: entry.value for entry in tracker.client.get_metric_history(run_id, metric)}


def test_what_was_logged_comes_back_step_by_step(folder: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    run_id = tracker.log_method(RUN)
    run = tracker.client.get_run(run_id)
    assert steps_of(tracker, run_id, "front/error") == dict(enumerate(ERRORS))
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "rb-prob"
    assert run.data.params == {"knob.k": "5", "sweep": "0, 8"}
    assert run.data.metrics["best eqod within 0.5pp"] == 0.02
    assert run.data.tags["fwk.comparison"] == "adult"
    assert run.data.tags["mlflow.runColor"] == "#0072b2"
    assert "fwk.notes" not in run.data.tags
    assert not any("parentRunId" in tag for tag in run.data.tags)


def test_what_is_not_finite_is_left_out_and_told(folder: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    run_id = tracker.log_method(RUN)
    run = tracker.client.get_run(run_id)
    assert steps_of(tracker, run_id, "front/eqod") == {0: 0.07, 2: 0.02}
    assert steps_of(tracker, run_id, "curve/eqod") == {1: 0.05}
    assert "hypervolume eqod" not in run.data.metrics
    told = "front/eqod at 1 of 3 steps, curve/eqod at 1 of 2 steps, hypervolume eqod"
    assert run.data.tags["fwk.undefined"] == told


def test_the_data_set_is_told_without_a_row_of_it(folder: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    (given,) = tracker.client.get_run(tracker.log_method(RUN)).inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == ("adult", ("f00d" * 8)[:12])
    assert given.dataset.profile == '{"rows": 46447}'
    assert given.dataset.source == '{"uri": "UCI, CC BY 4.0"}'


def test_more_values_than_one_request_takes_are_all_logged(folder: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    values = [place / 7 for place in range(2500)]
    params = {f"p{place}": str(place) for place in range(230)}
    run_id = tracker.log_method(MethodRun("long", steps={"curve/error": values}, params=params))
    assert tracker.client.get_run(run_id).data.params == params
    assert steps_of(tracker, run_id, "curve/error") == dict(enumerate(values))


def test_texts_longer_than_mlflow_keeps_are_cut_and_say_so(folder: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    long = MethodRun("m", tags={"fwk.notes": "x" * 9000}, params={"sweep": "1, " * 3000})
    run = tracker.client.get_run(tracker.log_method(long))
    assert len(run.data.tags["fwk.notes"]) == 8000
    assert len(run.data.params["sweep"]) == 6000
    assert run.data.tags["fwk.notes"].endswith("(cut)")
    assert run.data.params["sweep"].endswith("(cut)")


def test_the_summary_holds_the_note_the_files_and_the_tables(folder: Path, report: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    tracker.log_method(RUN)
    run = tracker.client.get_run(tracker.log_summary(summary_of(report)))
    kept = folder / run.info.artifact_uri
    assert run.data.tags["mlflow.note.content"].startswith("# Answer")
    assert run.data.metrics == {"points": 12.0}
    assert (kept / "report.html").read_bytes() == report.read_bytes()
    assert pd.read_json(kept / "answer.json", orient="split").to_dict("list") == {"method": ["rb-prob"], "eqod": [0.02]}


def test_the_working_folder_does_not_matter_to_what_is_written(
    folder: Path, report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    tracker = open_tracker(None, folder, "adult")
    tracker.log_method(RUN)
    tracker.log_summary(summary_of(report))
    assert list(elsewhere.iterdir()) == []
    assert len(list((folder / "mlruns/artifacts").rglob("report.html"))) == 1


def test_the_environment_sends_no_runs_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    tracker = open_tracker(None, folder, "adult")
    tracker.log_method(RUN)
    assert len(the_runs(tracker)) == 1


def test_a_second_execution_adds_a_set_and_the_view_shows_the_newest(folder: Path, report: Path) -> None:
    for execution in ("first", "second"):
        tracker = open_tracker(None, folder, "adult", execution)
        tracker.log_method(RUN)
        tracker.log_summary(summary_of(report))
    assert statuses(tracker) == {"first": ["FINISHED"] * 2, "second": ["FINISHED"] * 2}
    views = [tag for tag in tracker.client.get_experiment(tracker.experiment).tags if "sharedViewState" in tag]
    assert len(views) == 1


def test_a_comparison_is_one_experiment_and_others_are_left_alone(folder: Path) -> None:
    one, other = open_tracker(None, folder, "adult", "dead"), open_tracker(None, folder, "compas")
    one.log_method(RUN)
    other.log_method(RUN)
    open_tracker(None, folder, "compas")
    assert one.experiment != other.experiment
    assert statuses(one) == {"dead": ["FINISHED"]}


def test_an_experiment_that_was_deleted_is_restored(folder: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    tracker.client.delete_experiment(tracker.experiment)
    assert open_tracker(None, folder, "adult").experiment == tracker.experiment
    tracker.log_method(RUN)


def test_a_method_that_cannot_be_logged_is_a_failed_run(folder: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    with pytest.raises(TrackError, match="could not store runs"):
        tracker.log_method(MethodRun("m", steps={"": (0.5,)}))
    assert [run.info.status for run in the_runs(tracker)] == ["FAILED"]


def test_executions_of_more_runs_than_one_answer_holds_are_all_seen(
    folder: Path, report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fwk.track.log.PAGE", 2)
    dead = open_tracker(None, folder, "adult", "dead")
    for _ in range(5):
        dead.log_method(RUN)
    tracker = open_tracker(None, folder, "adult", "alive")
    tracker.log_summary(summary_of(report))
    assert statuses(tracker) == {"dead": ["KILLED"] * 5, "alive": ["FINISHED"]}


def test_an_experiment_of_the_same_name_that_another_process_makes_in_between_is_used() -> None:
    from mlflow.entities import Experiment
    from mlflow.exceptions import MlflowException

    from fwk.track.home import _experiment

    class Client:
        made: Experiment | None = None

        def get_experiment_by_name(self, name: str) -> Experiment | None:
            return self.made

        def create_experiment(self, name: str, tags: dict[str, str]) -> str:
            self.made = Experiment("12", name, "", "active", tags=[])
            raise MlflowException("UNIQUE constraint failed: experiments.name")

        def set_experiment_tag(self, experiment: str, key: str, value: str) -> None:
            assert (experiment, key, value) == ("12", "fwk.comparison", "adult")

    assert _experiment(Client(), "adult") == "12"


def test_a_database_that_another_process_made_first_is_kept(tmp_path: Path) -> None:
    from fwk.track.home import _place

    (tmp_path / "draft").write_text("second")
    (tmp_path / "database").write_text("first")
    _place(tmp_path / "draft", tmp_path / "database")
    assert (tmp_path / "database").read_text() == "first"


def test_a_file_system_without_hard_links_gets_its_database_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fwk.track.home import _place

    def no_links(*paths: Path) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    (tmp_path / "draft").write_text("ours")
    _place(tmp_path / "draft", tmp_path / "database")
    assert (tmp_path / "database").read_text() == "ours"


KILLED = """
import os, signal, sys
from pathlib import Path
from fwk.track import MethodRun, open_tracker
tracker = open_tracker(None, Path(sys.argv[1]), "adult", "killed")
tracker.log_method(MethodRun("whole", steps={"front/error": (0.1, 0.2)}))
log_batch = type(tracker.client).log_batch
def die(*args, **kwargs):
    log_batch(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)
type(tracker.client).log_batch = die
tracker.log_method(MethodRun("half", steps={"front/error": (0.1, 0.2)}))
"""


def test_what_a_killed_execution_left_is_marked_and_what_is_whole_stays(folder: Path, report: Path) -> None:
    whole = open_tracker(None, folder, "adult", "whole")
    whole.log_method(RUN)
    whole.log_summary(summary_of(report))
    foreign = whole.client.create_run(whole.experiment).info.run_id
    died = subprocess.run([sys.executable, "-c", KILLED, str(folder)], check=False)
    assert died.returncode == -signal.SIGKILL
    tracker = open_tracker(None, folder, "adult", "again")
    tracker.log_method(RUN)
    tracker.log_summary(summary_of(report))
    assert tracker.client.get_run(foreign).info.status == "RUNNING"
    tracker.client.delete_run(foreign)
    assert statuses(tracker) == {"whole": ["FINISHED"] * 2, "killed": ["KILLED"] * 2, "again": ["FINISHED"] * 2}


def test_an_execution_that_another_took_for_dead_is_whole_in_the_end(folder: Path, report: Path) -> None:
    slow = open_tracker(None, folder, "adult", "slow")
    slow.log_method(RUN)
    quick = open_tracker(None, folder, "adult", "quick")
    assert statuses(slow) == {"slow": ["KILLED"]}
    quick.log_summary(summary_of(report))
    slow.log_summary(summary_of(report))
    assert statuses(slow) == {"slow": ["FINISHED"] * 2, "quick": ["FINISHED"]}


OPEN = "import sys; from pathlib import Path; from fwk.track import *; "
LOG = OPEN + "open_tracker(None, Path(sys.argv[1]), 'adult').log_method(MethodRun('m', steps={'front/error': (0.1,)}))"


def test_several_processes_may_make_the_store_at_once(tmp_path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", LOG, str(tmp_path)]) for _ in range(3)]
    assert [writer.wait(timeout=300) for writer in writers] == [0, 0, 0]
    assert len(the_runs(open_tracker(None, tmp_path, "adult"))) == 3
    assert sorted(path.name for path in (tmp_path / "mlruns").iterdir()) == ["mlflow.db"]


WATCHED = """
import sys
calls = []
outward = ("socket.connect", "socket.getaddrinfo")
sys.addaudithook(lambda event, args: calls.append((event, args)) if event in outward else None)
"""


def test_logging_calls_nobody(tmp_path: Path) -> None:
    quiet = ("CI", "GITHUB", "PYTEST", "DO_NOT_TRACK", "MLFLOW", "TF_BUILD", "JENKINS")
    env = {name: value for name, value in os.environ.items() if not name.startswith(quiet)}
    code = WATCHED + LOG + "\nimport time; time.sleep(1)\nassert not calls, calls"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=env, check=True)


@pytest.mark.parametrize(
    ("uri", "told"),
    [("http://127.0.0.1:9", "refused"), ("http://no-such-host.invalid", "no-such-host"), ("foo://x", "foo://x")],
)
def test_a_place_that_does_not_exist_is_told_at_once(uri: str, told: str, tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(TrackError, match=told):
        open_tracker(uri, tmp_path, "adult")
    assert time.monotonic() - started < 30


def test_a_comparison_without_a_name_is_told(folder: Path) -> None:
    with pytest.raises(TrackError, match="Invalid experiment name"):
        open_tracker(None, folder, "")


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers, but is no MLflow."""

    def do_GET(self) -> None:
        self.send_error(401)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        """Nothing."""


def test_a_server_that_wants_to_know_who_asks_is_told_as_what_it_says(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            with pytest.raises(TrackError, match="401"):
                open_tracker(f"http://127.0.0.1:{server.server_port}", tmp_path, "adult")
        finally:
            server.shutdown()


@pytest.mark.parametrize("content", [b"this is no database" * 100, "folder"])
def test_a_store_that_is_none_is_told(content: bytes | str, tmp_path: Path) -> None:
    database = tmp_path / "mlruns" / "mlflow.db"
    database.parent.mkdir()
    if isinstance(content, bytes):
        database.write_bytes(content)
    else:
        database.mkdir()
    started = time.monotonic()
    with pytest.raises(TrackError, match="could not store runs"):
        open_tracker(None, tmp_path, "adult")
    assert time.monotonic() - started < 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def a_server(folder: Path, *options: str) -> Iterator[str]:
    """A bare `mlflow server` in `folder`, its address."""
    base = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", base.rsplit(":", 1)[1]]
    env = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([*command, "--workers", "1", *options], cwd=folder, env=env, stdout=log, stderr=log,
                                  start_new_session=True)  # fmt: skip
        try:
            answers(base, server)
            yield base
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)


def answers(base: str, server: subprocess.Popen[Any]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the server ended"
        try:
            urllib.request.urlopen(f"{base}/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not answer within two minutes")


def download(base: str, run_id: str, path: str) -> bytes:
    with urllib.request.urlopen(f"{base}/get-artifact?path={path}&run_id={run_id}", timeout=30) as answer:
        return bytes(answer.read())


def listed(base: str, run_id: str) -> set[str]:
    """The artifacts that MLflow's pages list."""
    with urllib.request.urlopen(f"{base}/ajax-api/2.0/mlflow/artifacts/list?run_id={run_id}", timeout=30) as answer:
        return {item["path"] for item in json.load(answer)["files"]}


def test_a_remote_server_takes_the_runs_and_the_artifacts(tmp_path: Path, report: Path) -> None:
    ours = tmp_path / "ours"
    with a_server(tmp_path, "--backend-store-uri", "sqlite:///remote.db") as base:
        tracker = open_tracker(base, ours, "adult", "dead")
        tracker.log_method(RUN)
        tracker = open_tracker(base, ours, "adult", "alive")
        run_id = tracker.log_method(RUN)
        summary = tracker.log_summary(summary_of(report))
        assert steps_of(tracker, run_id, "front/error") == dict(enumerate(ERRORS))
        assert statuses(tracker) == {"dead": ["KILLED"], "alive": ["FINISHED"] * 2}
        assert {item.path for item in tracker.client.list_artifacts(summary)} == {"report.html", "answer.json"}
        assert download(base, summary, "report.html") == report.read_bytes()
    assert not ours.exists()


SERVE = "import sys; from pathlib import Path; from fwk.track import serve, ui; "
UI = SERVE + "sys.exit(serve(ui(Path(sys.argv[1]), int(sys.argv[2]))))"


@contextmanager
def the_ui(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`fwk ui` without its command line: the address that it prints, and the process."""
    with (folder / "ui.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-c", UI, str(folder), str(free_port())], stdout=subprocess.PIPE,
                                   stderr=log, text=True)  # fmt: skip
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            yield next(line.split()[1] for line in lines if line.startswith("Open ")), process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def test_a_moved_folder_shows_its_runs_and_artifacts_and_takes_new_ones(folder: Path, report: Path) -> None:
    tracker = open_tracker(None, folder, "adult")
    run_id = tracker.log_method(RUN)
    summary = tracker.log_summary(summary_of(report))
    moved = folder.parent / "another machine"
    folder.rename(moved)
    code = "import mlflow, sys; print(mlflow.artifacts.load_text(f'runs:/{sys.argv[1]}/report.html'))"
    env = {**os.environ, "MLFLOW_TRACKING_URI": "sqlite:///mlruns/mlflow.db", "MLFLOW_DISABLE_TELEMETRY": "true"}
    client = subprocess.run([sys.executable, "-c", code, summary], cwd=moved, env=env, capture_output=True, check=True)
    assert client.stdout.strip() == report.read_bytes()
    again = open_tracker(None, moved, "adult")
    again.log_method(RUN)
    newer = again.log_summary(summary_of(report))
    with the_ui(moved) as (address, _):
        base = address.split("/#/")[0]
        for run in (summary, newer):
            assert download(base, run, "report.html") == report.read_bytes()
        server = open_tracker(base, moved, "adult", "looking")
        assert listed(base, summary) == {"report.html", "answer.json"}
        assert steps_of(server, run_id, "front/error") == dict(enumerate(ERRORS))
    assert not folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_ui_ends_with_whoever_started_it(number: signal.Signals, folder: Path) -> None:
    open_tracker(None, folder, "adult").log_method(RUN)
    with the_ui(folder) as (address, process):
        base = address.split("/#/")[0]
        urllib.request.urlopen(base, timeout=30).close()
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(base, timeout=5)
