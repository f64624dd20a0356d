"""What is logged, recomputed from the tables by hand; the saved view; what `fwk ui` starts. MLflow is not opened."""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import a_run, points_table
from fwk.api import Mistake
from fwk.fronts import answer, choose_fronts, hypervolume
from fwk.points import Point, table_of
from fwk.track import DataInfo, MethodRun, Ui, method_runs, score_name, serve, ui
from fwk.track.log import metric_name, undefined
from fwk.track.view import view_state

POINTS = points_table(repeats=3)
FRONTS = choose_fronts(POINTS)
ANSWER = answer(FRONTS)
RUNS = {run.name: run for run in method_runs(POINTS, FRONTS, ANSWER)}


def rows_of(method: str) -> pd.DataFrame:
    return POINTS[POINTS["method"] == method]


def test_importing_the_tracker_imports_no_mlflow() -> None:
    code = "import sys, fwk, fwk.track; sys.exit(any(name.split('.')[0] == 'mlflow' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_method_is_one_run_baseline_first_then_users_then_firms() -> None:
    assert sorted(RUNS) == sorted(POINTS["method"].unique())
    assert next(iter(RUNS)) == "baseline"
    assert [run.tags["fwk.side"] for run in RUNS.values()] == ["firm", "user", "user", "user", "firm", "firm"]


def test_a_curve_is_the_mean_over_repeats_in_the_order_of_the_sweep() -> None:
    for method, run in RUNS.items():
        rows = rows_of(method)
        orders = sorted(rows["order"].unique())
        for name in ("error", "eqod", "eqod_max", "sp"):
            by_hand = [np.mean(rows.loc[rows["order"] == order, f"test.{name}"].to_numpy()) for order in orders]
            assert run.steps[f"curve/{name}"] == pytest.approx(by_hand)


def test_a_front_holds_points_of_the_curve_by_rising_error_that_were_chosen_on_validation() -> None:
    for method, run in RUNS.items():
        means = (
            rows_of(method).groupby("order")[["validation.error", "validation.eqod", "test.error", "test.eqod"]].mean()
        )
        chosen = [
            tuple(row[["test.error", "test.eqod"]])
            for _, row in means.iterrows()
            if not any(
                (other["validation.error"] <= row["validation.error"])
                and (other["validation.eqod"] <= row["validation.eqod"])
                and (
                    other["validation.error"] + other["validation.eqod"]
                    < row["validation.error"] + row["validation.eqod"]
                )
                for _, other in means.iterrows()
            )
        ]
        front = list(zip(run.steps["front/error"], run.steps["front/eqod"], strict=True))
        assert np.array(front) == pytest.approx(np.array(sorted(chosen)))


def test_the_front_for_sp_stands_beside_the_one_for_eqod() -> None:
    for run in RUNS.values():
        steps = [tuple(step) for step in np.column_stack([run.steps["front-sp/error"], run.steps["front-sp/sp"]])]
        curve = [tuple(step) for step in np.column_stack([run.steps["curve/error"], run.steps["curve/sp"]])]
        assert set(np.round(steps, 12).ravel()) <= set(np.round(curve, 12).ravel())
        assert list(run.steps["front-sp/error"]) == sorted(run.steps["front-sp/error"])


def test_the_swept_knob_and_the_flips_are_steps_too() -> None:
    budgets = sorted(float(setting) for setting in rows_of("rb-prob")["setting"].unique())
    assert list(RUNS["rb-prob"].steps["curve/budget"]) == budgets == list(RUNS["rb-prob"].steps["curve/flips"])
    assert max(RUNS["reductions"].steps["curve/strength"]) == 1
    assert not any(name.endswith("/") for name in RUNS["baseline"].steps)


def test_a_swept_knob_without_numbers_is_no_series() -> None:
    runs = [a_run("adult", "m", "firm", 0, swept="kind", setting=kind, order=place) for place, kind in enumerate("ab")]
    found = {f"{part}.{name}": 0.1 for part in ("validation", "test") for name in ("error", "eqod", "sp")}
    points = table_of(Point(run, found) for run in runs)
    (run,) = method_runs(points, choose_fronts(points))
    assert "curve/kind" not in run.steps
    assert run.params["sweep"] == "a, b"


def test_scores_are_those_of_the_answer_and_the_front() -> None:
    for method, run in RUNS.items():
        row = ANSWER[
            (ANSWER["method"] == method) & (ANSWER["unfairness"] == "eqod") & (ANSWER["budget"] == 0.005)
        ].iloc[0]
        assert run.scores["best eqod within 0.5pp"] == pytest.approx(row["value"], nan_ok=True)
        assert run.scores["best eqod within 0.5pp: error"] == pytest.approx(row["error"], nan_ok=True)
        assert run.scores["best eqod within 0.5pp: flips"] == pytest.approx(row["flips"], nan_ok=True)
        front = np.column_stack([run.steps["front/error"], run.steps["front/eqod"]])
        assert run.scores["hypervolume eqod"] == pytest.approx(hypervolume(front))
        assert run.scores["seconds"] == pytest.approx(rows_of(method)["seconds"].sum())


def test_names_say_what_differs_between_scenarios_and_only_that() -> None:
    points = points_table(repeats=2, alphas=(0.1, 0.3), datasets=("adult", "compas"), user=("rb-prob",), firm=("lfr",))
    fronts = choose_fronts(points)
    runs = method_runs(points, fronts, answer(fronts), {"adult": DataInfo("adult", "f00d")})
    names = [run.name for run in runs]
    assert len(set(names)) == len(names) == 2 * (1 + 2 + 1)
    assert {"baseline, adult", "lfr, compas", "rb-prob, adult, alpha 0.1", "rb-prob, compas, alpha 0.3"} <= set(names)
    assert all((run.data is not None) == ("adult" in run.name) for run in runs)
    assert len({run.colour for run in runs}) == len(runs)


def test_knobs_that_were_tuned_to_several_values_are_all_told() -> None:
    assert set(RUNS["rb-dist"].params["knob.k"].split(" | ")) == {"5", "20"}
    assert RUNS["rb-dist"].params["repeats"] == "3"
    assert RUNS["rb-dist"].tags["fwk.side"] == "user"
    assert RUNS["random"].tags["fwk.notes"] == "the ranking is constant"


def test_trials_for_tuning_are_not_logged() -> None:
    trial = rows_of("rb-dist").assign(tuning=True, method="trial")
    assert [run.name for run in method_runs(pd.concat([POINTS, trial]), FRONTS)] == list(RUNS)
    assert method_runs(trial, FRONTS.iloc[:0]) == []
    assert method_runs(pd.DataFrame(), pd.DataFrame()) == []


def test_a_mean_over_fewer_repeats_is_told() -> None:
    points = POINTS.copy()
    hole = (points["method"] == "rb-prob") & (points["order"] == 2) & (points["repeat"] == 1)
    points.loc[hole, ["test.eqod", "validation.eqod"]] = np.nan
    runs = {run.name: run for run in method_runs(points, choose_fronts(points))}
    assert runs["rb-prob"].tags["fwk.partial"] == "means over fewer than 3 repeats: eqod at 1 of 8 settings"
    assert runs["rb-dist"].tags["fwk.partial"] == ""


def test_a_measure_that_is_nowhere_defined_stays_undefined_and_is_told() -> None:
    points = POINTS.copy()
    points.loc[points["method"] == "rb-prob", ["test.eqod", "validation.eqod"]] = np.nan
    fronts = choose_fronts(points)
    (run,) = [run for run in method_runs(points, fronts, answer(fronts)) if run.name == "rb-prob"]
    assert all(math.isnan(value) for value in run.steps["curve/eqod"])
    assert "front/eqod" not in run.steps
    assert "curve/eqod at 8 of 8 steps" in undefined(run)
    assert "best eqod within 0.5pp" in undefined(run)
    assert "undefined at every setting" in run.tags["fwk.notes"]


def test_without_fronts_and_answers_there_are_the_curves_alone() -> None:
    for run in method_runs(POINTS, FRONTS.iloc[:0]):
        assert {name.split("/")[0] for name in run.steps} == {"curve"}
        assert list(run.scores) == ["seconds"]


def test_fronts_of_a_curve_that_the_points_do_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="'method': 'stranger'"):
        method_runs(POINTS, FRONTS.assign(method="stranger"))
    with pytest.raises(ValueError, match="answer has a curve"):
        method_runs(POINTS, FRONTS, ANSWER.assign(version="2"))


def test_tables_that_went_through_parquet_give_the_same_runs(tmp_path: Path) -> None:
    for name, table in {"points": POINTS, "fronts": FRONTS, "answer": ANSWER}.items():
        table.to_parquet(tmp_path / name)
    again = method_runs(*(pd.read_parquet(tmp_path / name) for name in ("points", "fronts", "answer")))
    assert [repr(run) for run in again] == [repr(run) for run in RUNS.values()]


@given(st.text(min_size=1, max_size=40))
def test_a_metric_name_has_only_what_mlflow_documents_as_allowed(name: str) -> None:
    made = metric_name(name)
    assert len(made) == len(name)
    assert all(letter.isalnum() or letter in "_-./: " for letter in made)
    assert all(old == new for old, new in zip(name, made, strict=True) if new != "_")


@given(st.lists(st.sampled_from([0.5, math.nan, math.inf, -math.inf]), min_size=1))
def test_what_is_not_finite_is_counted(values: list[float]) -> None:
    missing = sum(not np.isfinite(value) for value in values)
    told = undefined(MethodRun("m", steps={"curve/eqod": values}, scores={"best": values[0]}))
    assert (f"curve/eqod at {missing} of {len(values)} steps" in told) == (missing > 0)
    assert told.endswith("best") == (not np.isfinite(values[0]))


def unpacked(tag: str) -> Any:
    shared = json.loads(tag)
    kind, packed = shared["state"].split(";")
    assert kind == "deflate"
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_the_view_draws_error_against_unfairness_for_one_execution() -> None:
    state = unpacked(view_state("adult", "run 7", 1_795_000_000_000, ["seconds"], "best eqod"))
    axes = [(chart["selectedXAxisMetricKey"], chart["metricKey"]) for chart in state["compareRunCharts"]]
    assert axes[:2] == [("front/eqod", "front/error"), ("front-sp/sp", "front-sp/error")]
    assert "run 7" in state["searchFilter"]
    assert state["orderByKey"] == "metrics.`best eqod`"
    sections = [section["uuid"] for section in state["compareRunSections"]]
    assert all(chart["metricSectionId"] in sections for chart in state["compareRunCharts"])
    assert len({chart["uuid"] for chart in state["compareRunCharts"]}) == len(axes)


def test_the_axes_of_the_view_are_metrics_that_are_logged() -> None:
    state = unpacked(view_state("adult", "e", 0))
    for chart in state["compareRunCharts"]:
        across = chart["selectedXAxisMetricKey"]
        assert {chart["metricKey"], across or chart["metricKey"]} <= set(RUNS["rb-prob"].steps)
        assert (chart["xAxisKey"] == "metric") == bool(across)


def test_a_view_fits_into_an_experiment_tag() -> None:
    assert (
        len(view_state("a" * 500, "e" * 100, 0, [score_name("eqod", budget) for budget in np.linspace(0, 1, 40)]))
        < 20_000
    )


def a_store(folder: Path, *comparisons: str) -> Path:
    """The tables of a store that are looked at, one run a comparison, the last one the newest; "half" has no view."""
    (folder / "mlruns").mkdir(parents=True)
    connection = sqlite3.connect(folder / "mlruns/mlflow.db")
    connection.execute("CREATE TABLE experiment_tags (key, value, experiment_id)")
    connection.execute("CREATE TABLE runs (experiment_id, start_time)")
    for place, name in enumerate(comparisons):
        experiment = 10 - place
        connection.execute("INSERT INTO experiment_tags VALUES ('fwk.comparison', ?, ?)", (name, experiment))
        if name != "half":
            connection.execute(
                "INSERT INTO experiment_tags VALUES ('mlflow.sharedViewState.fwk', '{}', ?)", (experiment,)
            )
        connection.execute("INSERT INTO runs VALUES (?, ?)", (experiment, place))
    connection.commit()
    connection.close()
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_ui_shows_the_newest_comparison_or_the_one_asked_for(tmp_path: Path) -> None:
    folder, port = a_store(tmp_path, "adult", "compas"), free_port()
    assert ui(folder, port).address.startswith(f"http://127.0.0.1:{port}/#/experiments/9/runs?viewStateShareKey=")
    assert ui(folder, port, "adult").address.startswith(f"http://127.0.0.1:{port}/#/experiments/10/runs?")


def test_a_comparison_that_never_came_to_its_summary_is_shown_without_the_view(tmp_path: Path) -> None:
    assert "viewStateShareKey" not in ui(a_store(tmp_path, "adult", "half"), free_port()).address


def test_the_ui_listens_on_this_machine_only_and_calls_nobody(tmp_path: Path) -> None:
    page = ui(a_store(tmp_path, "adult"), free_port())
    assert page.command[page.command.index("--host") + 1] == "127.0.0.1"
    assert page.env["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert page.folder == tmp_path
    assert "sqlite:///mlruns/mlflow.db" in page.command


def test_the_ui_takes_another_port_when_its_own_is_taken(tmp_path: Path) -> None:
    folder = a_store(tmp_path, "adult")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        page = ui(folder, taken)
    assert str(taken) not in page.command
    assert page.base in page.address


def test_the_ui_takes_a_free_port_for_0(tmp_path: Path) -> None:
    page = ui(a_store(tmp_path, "adult"), 0)
    assert int(page.base.rpartition(":")[2]) > 0
    assert page.base in page.address


def test_a_folder_without_runs_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="run `fwk compare` first"):
        ui(tmp_path)
    with pytest.raises(Mistake, match="holds no comparison yet"):
        ui(a_store(tmp_path / "empty"))
    with pytest.raises(Mistake, match="no comparison 'adlut'; it holds adult, compas"):
        ui(a_store(tmp_path / "two", "compas", "adult"), comparison="adlut")


SERVER = """
import http.server, sys
class Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Healthy)
[server.handle_request() for _ in range(int(sys.argv[2]))]
sys.exit(7)
"""


def a_page(folder: Path, code: str, *arguments: str) -> Ui:
    base = f"http://127.0.0.1:{free_port()}"
    command = (sys.executable, "-c", code, base.rsplit(":", 1)[1], *arguments)
    return Ui(command, dict(os.environ), folder, base, f"{base}/#/experiments/1/runs")


def test_the_address_is_said_once_the_server_answers(tmp_path: Path) -> None:
    said: list[str] = []
    page = a_page(tmp_path, SERVER, "1")
    assert serve(page, said.append) == 7
    assert said[-1] == f"Open {page.address}"


def test_a_server_that_does_not_start_is_told(tmp_path: Path) -> None:
    said: list[str] = []
    assert serve(a_page(tmp_path, "import sys; sys.exit(3)"), said.append) == 3
    assert "did not start" in said[-1]


def test_a_server_that_never_answers_is_given_up_and_ended(tmp_path: Path) -> None:
    said: list[str] = []
    mark = tmp_path / "alive"
    code = f"import time, pathlib; time.sleep(2); pathlib.Path({str(mark)!r}).touch()"
    assert serve(a_page(tmp_path, code), said.append, patience=0.5) == 1
    assert "did not start" in said[-1]
    time.sleep(2)
    assert not mark.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_server_and_the_handlers_are_put_back(number: signal.Signals, tmp_path: Path) -> None:
    def stop(text: str) -> None:
        if text.startswith("Open"):
            os.kill(os.getpid(), number)

    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    page = a_page(tmp_path, SERVER, "1000")
    assert serve(page, stop) == 0
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", int(page.base.rsplit(":", 1)[1])))


def test_a_server_that_ignores_the_polite_signal_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(text: str) -> None:
        if text.startswith("Open"):
            raise KeyboardInterrupt

    monkeypatch.setattr("fwk.track.serving.GRACE", 0.5)
    page = a_page(tmp_path, "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVER, "1000")
    assert serve(page, stop) == 0
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", int(page.base.rsplit(":", 1)[1])))


def test_what_is_logged_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        RUNS["random"].name = "other"  # type: ignore[misc]  # the point of the test
