"""The whole line on a user's own table: files, tables that agree with each other, exit statuses, what can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from sklearn.tree import DecisionTreeClassifier
from typer.testing import CliRunner

from fakes_core import OWN_TABLE, TREE, people_csv
from fwk.cli import app
from fwk.split import seed_of, split, stream

Fwk = Callable[..., Result]
CONFIG: dict[str, Any] = {
    "description": "Who is hired, in a made table.", "datasets": [OWN_TABLE],
    "methods": ["baseline", "random", "rb-dist"],
    "learner": TREE, "repeats": 2, "budgets": [5, 20], "alpha": 0.5, "bootstrap": 50, "audit": ["race", "sex"],
}  # fmt: skip


@pytest.fixture
def fwk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fwk:
    """The command, in a folder with people.csv and c.yaml."""
    monkeypatch.chdir(tmp_path)
    people_csv(tmp_path)
    write(tmp_path)
    return lambda *words: CliRunner().invoke(app, words)


def write(folder: Path, **changes: Any) -> None:
    (folder / "c.yaml").write_text(json.dumps({**CONFIG, **changes}), encoding="utf-8")


def compared(fwk: Fwk, *words: str, status: int = 0) -> Result:
    result = fwk("compare", "-c", "c.yaml", "--no-track", "-j", "1", *words)
    assert result.exit_code == status, (result.output, result.exception)
    return result


def points(folder: str = "results/c") -> pd.DataFrame:
    return pd.read_parquet(Path(folder) / "points.parquet")


def lasting(folder: str = "results/c") -> pd.DataFrame:
    table = points(folder)
    return table.drop(columns=[name for name in table if name.endswith("seconds")])


def test_a_comparison_leaves_its_files_and_ends_with_the_answer(fwk: Fwk) -> None:
    result = compared(fwk)
    assert {path.name for path in Path("results/c").iterdir()} == {
        "points.parquet", "fronts.parquet", "failures.parquet", "config.yaml", "environment.json", "front.png",
        "report.html", "outcomes.sqlite",
    }  # fmt: skip
    assert "EqOd" in result.output
    assert result.output.rstrip().endswith("report  results/c/report.html")
    assert not Path("mlruns").exists()
    assert Path("results/c/front.png").read_bytes().startswith(b"\x89PNG")
    page = Path("results/c/report.html").read_text(encoding="utf-8")
    assert "Who is hired, in a made table." in page
    assert len(pd.read_parquet("results/c/failures.parquet")) == 0
    facts = json.loads(Path("results/c/environment.json").read_text(encoding="utf-8"))
    assert set(facts) == {"python", "platform", "cores", "packages", "plugins", "commit"}


def test_the_resolved_config_gives_the_same_points(fwk: Fwk, tmp_path: Path) -> None:
    compared(fwk)
    Path("c.yaml").write_text(Path("results/c/config.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    compared(fwk, "-o", "again")
    pd.testing.assert_frame_equal(lasting("again"), lasting(), check_exact=True)


def test_the_points_are_those_of_a_loop_over_the_csv(fwk: Fwk) -> None:
    """The baseline, from the csv and the words of the protocol alone."""
    compared(fwk)
    rows = pd.read_csv("people.csv")
    features = rows[["skill", "luck"]].assign(
        race=(rows["race"] == "White").astype(float), sex=(rows["sex"] == "M").astype(float)
    )
    X, y, black = features.to_numpy(), (rows["hired"] == "yes").to_numpy(), (rows["race"] == "Black").to_numpy()
    table = points()
    for repeat in range(2):
        parts = split(len(rows), stream(0, "split", repeat), test=0.2)
        model = DecisionTreeClassifier(max_depth=4, random_state=seed_of(0, "learner", repeat)).fit(
            X[parts.train], y[parts.train]
        )
        row = table[(table["method"] == "baseline") & (table["repeat"] == repeat)].iloc[0]
        for name, part in (("validation", parts.validation), ("test", parts.test)):
            accept = model.predict(X[part])
            assert row[f"{name}.error"] == pytest.approx(np.mean(accept != y[part]))
            rates = [accept[black[part] == group].mean() for group in (True, False)]
            assert row[f"{name}.sp"] == pytest.approx(abs(rates[0] - rates[1]))


def test_the_fronts_are_points_and_failures_are_kept_apart(fwk: Fwk, tmp_path: Path) -> None:
    write(tmp_path, methods=["baseline", "rb-dist"], alpha=[0.5, 0.001])
    result = compared(fwk, status=1)
    assert "cells failed: rb-dist" in result.output
    table, fronts = points(), pd.read_parquet("results/c/fronts.parquet")
    failures = pd.read_parquet("results/c/failures.parquet")
    assert set(failures["alpha"]) == {0.001}
    assert failures["message"].str.contains(r"alpha = 0\.001 of \d+ minority members .* is nobody").all()
    assert set(table["alpha"].dropna()) == {0.5}
    assert set(fronts["method"]) <= set(table["method"])
    assert "0.001" in Path("results/c/report.html").read_text(encoding="utf-8")


def test_failures_of_trials_count_as_failures_too(fwk: Fwk, tmp_path: Path) -> None:
    """With gaps, no candidate of k can be tried; nothing of that is silent."""
    rows = pd.read_csv("people.csv")
    rows.loc[::5, "luck"] = np.nan
    rows.to_csv("people.csv", index=False)
    compared(fwk, status=1)
    failures = pd.read_parquet("results/c/failures.parquet")
    assert failures["tuning"].any()
    assert set(failures["method"]) == {"rb-dist"}
    assert failures["message"].str.contains("luck have missing values; set `missing: impute`").all()


def test_running_again_fits_nothing_and_changes_nothing(fwk: Fwk) -> None:
    compared(fwk)
    before, spent = lasting(), points()["seconds"]
    compared(fwk)
    pd.testing.assert_frame_equal(lasting(), before, check_exact=True)
    pd.testing.assert_series_equal(points()["seconds"], spent, check_exact=True)


def test_fresh_starts_over(fwk: Fwk) -> None:
    compared(fwk)
    before, spent = lasting(), points()["seconds"]
    compared(fwk, "--fresh")
    pd.testing.assert_frame_equal(lasting(), before, check_exact=True)
    assert points()["seconds"].tolist() != spent.tolist()


def test_failed_cells_are_tried_again_only_when_asked_to(fwk: Fwk, tmp_path: Path) -> None:
    """A timeout is not part of a key: with more time, the same cells can succeed."""
    write(tmp_path, methods=["baseline"], timeout=1e-6)
    compared(fwk, status=1)
    failures = pd.read_parquet("results/c/failures.parquet")
    assert set(failures["message"]) == {"took longer than timeout: 1e-06 s"}
    write(tmp_path, methods=["baseline"])
    compared(fwk, status=1)
    compared(fwk, "--retry-failed")
    assert len(points()) == 2


def test_new_methods_join_what_is_there(fwk: Fwk, tmp_path: Path) -> None:
    compared(fwk)
    before = points().set_index("key")["seconds"]
    write(tmp_path, methods=["rb-label", "rb-dist", "random", "baseline"])
    compared(fwk)
    after = points()
    kept = after[after["key"].isin(before.index)].set_index("key")["seconds"]
    assert set(after["method"]) == {"rb-label", "rb-dist", "random", "baseline"}
    assert len(kept) == len(before)
    assert kept.sort_index().tolist() == before.sort_index().tolist()


def test_a_change_in_the_data_is_noticed(fwk: Fwk) -> None:
    compared(fwk)
    before = set(points()["key"])
    rows = pd.read_csv("people.csv")
    rows.loc[7, "skill"] += 0.001
    rows.to_csv("people.csv", index=False)
    compared(fwk)
    assert not before & set(points()["key"])


def test_two_workers_write_the_same_tables(fwk: Fwk) -> None:
    compared(fwk, "-o", "one")
    compared(fwk, "-o", "two", "-j", "2")
    pd.testing.assert_frame_equal(lasting("two"), lasting("one"), check_exact=True)
    fronts = [pd.read_parquet(f"{name}/fronts.parquet") for name in ("one", "two")]
    one, two = (table.loc[:, [not name.endswith("seconds") for name in table]] for table in fronts)
    pd.testing.assert_frame_equal(two, one, check_exact=True)


def test_quick_goes_to_a_folder_of_its_own(fwk: Fwk, tmp_path: Path) -> None:
    write(tmp_path, repeats=9, budgets="auto")
    compared(fwk, "--quick")
    assert points("results/c-quick")["repeat"].max() == 1
    assert not Path("results/c").exists()


def test_quiet_prints_nothing_and_lines_say_where_things_stand(fwk: Fwk) -> None:
    assert compared(fwk, "--quiet").output == ""
    said = compared(fwk, "--fresh").output.splitlines()
    assert said[0] == "c: 22 cells, at most 16 fits"
    assert said[1].startswith("22 of 22 cells, ")


def test_tracked_runs_are_logged_below_the_working_folder(fwk: Fwk) -> None:
    result = fwk("compare", "-c", "c.yaml", "-j", "1")
    assert result.exit_code == 0, result.output
    assert Path("mlruns/mlflow.db").exists()
    assert result.output.rstrip().endswith("browse  fwk ui")


def test_without_tracking_mlflow_is_not_imported(fwk: Fwk, tmp_path: Path) -> None:
    program = (
        "import sys; from fwk.cli import app\n"
        "try: app(['compare', '-c', 'c.yaml', '--no-track', '-q', '-j', '1'])\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "assert 'mlflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr


def test_a_broken_plugin_is_named_and_the_comparison_goes_on(
    fwk: Fwk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "site" / "fwk_broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fwk-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fwk]\nbroken = fwk_broken_nowhere\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    result = compared(fwk)
    assert "left out, it is broken: plugin broken: ModuleNotFoundError" in result.output.replace("\n", " ")
    assert "fwk_broken_nowhere" in Path("results/c/report.html").read_text(encoding="utf-8")
    assert "broken" not in compared(fwk, "--without", "broken").output


# ---- plan


def test_a_plan_trains_nothing_and_counts_what_will_be_done(fwk: Fwk) -> None:
    result = fwk("plan", "-c", "c.yaml")
    assert result.exit_code == 0
    assert not Path("results").exists()
    table = result.output.partition("\n\n")[0]
    rows = {line.split()[0]: line.split()[1:] for line in table.splitlines()}
    assert rows["baseline"] == ["firm", "1", "1", "2", "0", "0"]
    assert rows["random"] == ["user", "3", "1", "6", "4", "0"]
    assert rows["rb-dist"] == ["user", "3", "4", "6", "4", "6"]
    assert "14 points over 2 repeats" in result.output
    assert "at most 16 fits" in " ".join(result.output.split())


def test_a_plan_can_estimate_the_time(fwk: Fwk) -> None:
    result = fwk("plan", "-c", "c.yaml", "--time", "-j", "2")
    assert result.exit_code == 0
    assert "estimate: " in result.output
    assert not Path("results").exists()


def test_a_quick_plan_is_smaller(fwk: Fwk, tmp_path: Path) -> None:
    write(tmp_path, repeats=9)
    assert "over 2 repeats" in fwk("plan", "-c", "c.yaml", "--quick").output
