"""Each experiment of the paper on small made people: its page, its picture, what it costs, and how it ends."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from typer.testing import CliRunner, Result

from fwk.cli import app
from fwk.paper import parts
from fwk.paper.experiments import EXPERIMENTS
from fwk.shelf import Folders

CONFIGS_HERE = Path(__file__).parents[2] / "configs" / "paper"
LOGISTIC = "sklearn.linear_model.LogisticRegression"
RB = ["rb-prob", {"name": "rb-label", "k": 5}, {"name": "rb-dist", "k": 5}]
PEOPLE: dict[str, Any] = {"name": "gmm4", "called": "small", "p": 300, "m": 120, "held_out": 200}
BASE: dict[str, Any] = {
    "repeats": 2, "resplit": False, "select": "test", "bootstrap": 0, "audit": [], "budgets": [3, 10, 1.0],
    "datasets": [PEOPLE], "learner": {"path": LOGISTIC},
}  # fmt: skip


def grown(mu: float, psi: float) -> dict[str, Any]:
    made = [{"name": "gmm4", "called": f"{p}, {seed}", "p": p, "m": 60, "mu": mu, "psi": psi, "seed": seed,
             "held_out": 200, "group_in_X": False} for p in (100, 1000) for seed in range(2)]  # fmt: skip
    return {"datasets": made, "repeats": 1, "methods": ["baseline", "random"], "alpha": 1.0, "budgets": [1.0]}


CONFIGS: dict[str, dict[str, Any]] = {
    "alpha-small": {"methods": ["baseline", *RB, "random"], "alpha": [0.05, 0.3, 1.0]},
    "flips-small": {"methods": ["baseline", *RB, "random", "kamiran-calders", {"name": "luong-knn", "k": 5}]},
    "flips-gone": {"methods": ["baseline", *RB, "random"], "datasets": ["waterbirds-pca"]},
    "knowledge-small": {"methods": ["baseline", *RB], "majority_known": [10, 100, "all"]},
    "firm-small": {"methods": ["baseline", *RB, "reweighing", "calibrated-eqodds"]},
    "representation-small": {"methods": ["baseline", *RB], "space": ["encoded", {"method": "lfr"}]},
    "gmm4-equal": grown(2.0, 2.0),
    "gmm4-unequal": grown(4.0, 2.0),
    "toy-toy": {
        "datasets": [{"name": "toy", "called": f"{seed}", "seed": seed, "p": 105, "m": 32, "held_out": 300,
                      "group_in_X": False} for seed in range(3)],
        "methods": ["baseline", {"name": "rb-prob", "learner": LOGISTIC}, "random"], "repeats": 1, "alpha": 1.0,
        "budgets": [2, 6, 8],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the configs, in which every experiment is reproduced once."""
    folder = tmp_path_factory.mktemp("reproduce")
    configs = folder / "configs" / "paper"
    configs.mkdir(parents=True)
    for name, config in CONFIGS.items():
        (configs / f"{name}.yaml").write_text(json.dumps({"name": name, **BASE, **config}), encoding="utf-8")
    return folder


def fwk(place: Path, *arguments: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("FWK_DATA", str(place / "no data"))
        patch.setenv("FWK_CACHE", str(place / "no cache"))
        (place / "no data").mkdir(exist_ok=True)
        return CliRunner().invoke(app, ["reproduce", *arguments], catch_exceptions=False)


def quick(place: Path, experiment: str, *more: str) -> Result:
    return fwk(place, experiment, "--quick", "--no-track", "-j", "1", *more)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_makes_a_page_with_its_picture(place: Path, name: str) -> None:
    result = quick(place, name)
    assert result.exit_code == (1 if name == "flips" else 0), result.output
    page = place / "results" / "paper" / f"{name}-quick.html"
    assert page.name in result.output
    html = page.read_text(encoding="utf-8")
    assert EXPERIMENTS[name].statement.split(".")[0].split("'")[0] in html
    assert "A quick run" in html
    assert ("2 draws of fewer people, at fewer settings. It shows" in html) == (name == "theory")
    assert html.count('src="data:image/png;base64,') == 1
    assert not re.search(r'(src|href)="(?!data:|#|[\w./-]+/report\.html")', html), "nothing from elsewhere"
    for report in re.findall(r'href="([\w./-]+/report\.html)"', html):
        assert (page.parent / report).exists()
    pixels = imread(page.with_suffix(".png"))
    assert pixels.shape[0] > 300
    assert pixels[..., :3].std() > 0.05
    assert html.count("<table>") >= 1


REAL = [f"{name}-compas" for name in ("alpha", "flips", "knowledge", "firm", "representation")] + [
    "gmm4-equal",
    "toy-toy",
]


@pytest.mark.parametrize("part", REAL)
def test_the_configs_that_come_along_run(part: str, data_folder: Path, tmp_path: Path) -> None:
    name, config = part.partition("-")[0], CONFIGS_HERE / f"{part}.yaml"
    (tmp_path / config.name).write_text(config.read_text("utf-8"), encoding="utf-8")
    where = ("--configs", str(tmp_path), "--output", str(tmp_path / "out"), "--data", str(data_folder))
    result = fwk(tmp_path, name, "--quick", "--no-track", "-j", "2", *where)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "out" / f"{name}-quick.png").exists()
    page = (tmp_path / "out" / f"{name}-quick.html").read_text(encoding="utf-8")
    assert "Missing: " not in page
    assert "not run" not in page
    further = {"gmm4": "35 of 50", "toy": "27 of 30"}.get(name)
    done = f"3 draws of each data set, without {further} draws" if further else "2 repeats and coarse sweeps"
    assert f"A quick run: {done}" in page
    if name == "toy":
        assert "have none of the settings that the test needs" not in page, "six flips"


def test_a_page_says_what_else_is_stored(place: Path, tmp_path: Path) -> None:
    config = {"name": "alpha-other", **BASE, **CONFIGS["alpha-small"]}
    (tmp_path / "alpha-other.yaml").write_text(json.dumps(config), encoding="utf-8")
    quick(place, "alpha", "--output", str(tmp_path / "out"))
    page = tmp_path / "out" / "alpha-quick.html"
    assert "not on this page" not in page.read_text(encoding="utf-8")
    quick(place, "alpha", "--output", str(tmp_path / "out"), "--configs", str(tmp_path))
    assert "not on this page, as it was made from other configs: alpha-small-quick." in page.read_text(encoding="utf-8")


def test_what_is_ahead_is_said_before_it_is_done(place: Path) -> None:
    result = fwk(place, "gmm4", "toy", "--plan", "--quick")
    assert result.exit_code == 0
    assert re.search(r"gmm4-equal +\d+ +\d+", result.output)
    assert re.search(r"3 of 3 parts: \d+ fits at most", result.output)
    assert "page" not in result.output


def test_a_plan_downloads_nothing_and_says_what_a_run_would_download(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(Folders, "_download", lambda *given: asked.append(given))
    for name, data in (("alpha-compas", ["compas"]), ("alpha-mixed", ["compas", PEOPLE])):
        config = {"name": name, **BASE, "datasets": data, "methods": ["baseline"]}
        (tmp_path / f"{name}.yaml").write_text(json.dumps(config), encoding="utf-8")
    result = fwk(place, "alpha", "--plan", "--no-track", "--configs", str(tmp_path))
    assert not asked
    assert result.exit_code == 0, "nothing is missing that a run would not fetch"
    assert re.search(r"alpha-compas +unknown +unknown +not here, downloadable", result.output)
    assert re.search(r"alpha-mixed +\d+ +\d+", result.output)
    said = " ".join(result.output.split())
    assert "not here, downloadable: alpha-compas: the file compas-scores-two-years.csv is not here" in said
    assert "1 of 2 parts: " in said
    assert "1 part unknown: a run downloads the data" in said
    by_hand = fwk(place, "flips", "--plan", "--no-track")
    assert by_hand.exit_code == 1
    assert re.search(r"flips-gone +\d+ +\d+ +left out", by_hand.output)


def test_seconds_are_estimated_on_request(place: Path) -> None:
    result = fwk(place, "flips", "--plan", "--time", "--quick", "-j", "1")
    assert re.search(r"about [\d,]+ seconds", result.output)
    assert "seconds, about" in result.output


def test_what_is_stored_is_not_estimated_again(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "estimate", lambda *_: 123.0)
    where = ("alpha", "--quick", "--plan", "--output", str(tmp_path))

    def about(*more: str) -> str:
        return "".join(re.findall(r"about ([\d,]+) seconds", fwk(place, *where, *more).output))

    assert about("--time") == "123"
    quick(place, "alpha", "--output", str(tmp_path))
    assert about("--time") == "0"
    assert about("--time", "--fresh") == "123"
    assert about() == "", "a quick run is short"


def test_a_data_set_that_is_not_here_costs_only_its_own_part(place: Path) -> None:
    result = quick(place, "flips")
    assert result.exit_code == 1
    html = (place / "results" / "paper" / "flips-quick.html").read_text(encoding="utf-8")
    assert "Missing: " in html
    assert "flips-gone: " in html
    assert "flips-small-quick/report.html" in html
    assert not (place / "results" / "paper" / "flips-gone-quick").exists()


def test_the_same_command_trains_nothing_again(place: Path) -> None:
    quick(place, "alpha")
    points = place / "results" / "paper" / "alpha-small-quick" / "points.parquet"
    before = pd.read_parquet(points)
    quick(place, "alpha")
    pd.testing.assert_frame_equal(pd.read_parquet(points), before)


def test_the_least_over_flips_is_that_of_the_points(place: Path) -> None:
    quick(place, "alpha")
    folder = place / "results" / "paper"
    points = pd.read_parquet(folder / "alpha-small-quick" / "points.parquet")
    rows = points[(points["method"] == "rb-dist") & (points["alpha"] == 0.3) & ~points["tuning"]]
    by_setting = rows.groupby("setting")["test.eqod"]
    least = by_setting.mean().min()
    html = (folder / "alpha-quick.html").read_text(encoding="utf-8")
    (cells,) = re.findall(r"rb-dist</td><td[^>]*>0\.3</td><td[^>]*>([\d.]+)</td><td[^>]*>([\d.]+)", html)
    assert float(cells[0]) == pytest.approx(100 * least, abs=0.0051)
    assert float(cells[1]) == pytest.approx(100 * np.std(by_setting.get_group(by_setting.mean().idxmin()), ddof=1),
                                            abs=0.0051)  # fmt: skip


def test_an_experiment_that_does_not_exist_is_a_mistake_with_the_nearest_name(place: Path) -> None:
    result = fwk(place, "flops")
    assert result.exit_code == 2
    assert "did you mean 'flips'" in result.output


def test_a_folder_without_configs_is_a_mistake(place: Path, tmp_path: Path) -> None:
    result = fwk(place, "flips", "--configs", str(tmp_path))
    assert result.exit_code == 2
    assert "--configs" in result.output


def test_a_faulty_config_is_a_mistake_before_anything_is_trained(place: Path, tmp_path: Path) -> None:
    for name, methods in (("toy-a", ["baseline"]), ("toy-b", ["baselin"])):
        config = {**BASE, "methods": methods}
        (tmp_path / f"{name}.yaml").write_text(json.dumps(config), encoding="utf-8")
    result = fwk(place, "toy", "--configs", str(tmp_path), "--output", str(tmp_path / "out"), "--no-track")
    assert result.exit_code == 2
    assert "toy-b.yaml" in result.output
    assert not (tmp_path / "out").exists()


def test_what_fails_in_a_part_is_told_and_costs_only_itself(place: Path, tmp_path: Path) -> None:
    nobody = {"alpha": 0.001}
    some, none = ["baseline", "rb-dist"], ["rb-dist"]
    for name, methods in (("knowledge-some", some), ("knowledge-none", none)):
        config = {"name": name, **BASE, **nobody, "methods": methods}
        (tmp_path / f"{name}.yaml").write_text(json.dumps(config), encoding="utf-8")
    result = quick(place, "knowledge", "--configs", str(tmp_path), "--output", str(tmp_path / "out"))
    assert result.exit_code == 1
    html = (tmp_path / "out" / "knowledge-quick.html").read_text(encoding="utf-8")
    assert re.search(r"knowledge-some: \d+ cells failed: rb-dist \(\d+\): alpha = 0\.001 of", html)
    assert re.search("knowledge-none: no run gave a point: alpha = 0.001 of", html)


def test_theory_without_its_methods_says_what_is_missing(place: Path, tmp_path: Path) -> None:
    result = quick(place, "theory", "--without", "fwk-user-side", "--output", str(tmp_path))
    assert result.exit_code == 1
    assert "needs rb-prob, rb-label, rb-dist, random" in (tmp_path / "theory-quick.html").read_text(encoding="utf-8")


def test_guides_are_drawn_on_request_only(place: Path) -> None:
    quick(place, "representation")
    picture = place / "results" / "paper" / "representation-quick.png"
    without = picture.read_bytes()
    quick(place, "representation", "--guides")
    assert picture.read_bytes() != without


def test_claims_are_judged_by_what_is_stored(place: Path, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "claims.md"
    nothing = fwk(place, "--claims", "--output", str(tmp_path / "empty"), "--page", str(page))
    assert nothing.exit_code == 0
    assert f"claims  {page}: 0 of 20 could be tested; 19 not run" in nothing.output
    assert "**holds" not in page.read_text(encoding="utf-8").split("|", 1)[1]
    for name in ("flips", "gmm4"):
        quick(place, name)
    judged = fwk(place, "--claims", "--quick", "--page", str(page))
    assert judged.exit_code == 0
    text = page.read_text(encoding="utf-8")
    assert "A quick run" in text
    assert "small: 2 repeats, on one split" in text
    assert "gmm4, |mu| 2, |psi| 2" in text.replace("\\", "")
    assert "`fwk compare --config configs/race-in-x.yaml`" in text
    assert "cannot be tested here" in judged.output
    tested = re.search(r"(\d+) of 20 could be tested", judged.output.rpartition(f"claims  {page}: ")[2])
    assert tested
    assert int(tested[1]) == sum(
        text.count(f"| **{verdict}** |") for verdict in ("holds", "holds in part", "does not hold")
    )


@pytest.mark.parametrize(("words", "written"), [
    ((), "results/paper/claims.md"),
    (("--output", "mine"), "mine/claims.md"),
    (("--quick",), "results/paper/claims-quick.md"),
    (("--output", "mine", "--page", "verdicts.md"), "verdicts.md"),
])  # fmt: skip
def test_claims_lie_beside_the_results_and_never_replace_the_verdicts_of_a_clone(
    tmp_path: Path, words: tuple[str, ...], written: str
) -> None:
    ours = tmp_path / "docs" / "claims.md"
    ours.parent.mkdir()
    ours.write_text("what was measured in weeks", encoding="utf-8")
    result = fwk(tmp_path, "--claims", *words)
    assert result.exit_code == 0
    assert f"claims  {written}: 0 of 20 could be tested" in result.output
    assert "# The paper's claims" in (tmp_path / written).read_text(encoding="utf-8")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md") if path != ours] == [written]
    assert ours.read_text(encoding="utf-8") == "what was measured in weeks"


@pytest.mark.parametrize(("words", "said"), [
    (("flips", "--claims"), "--claims judges all that is stored; name no experiment (here: flips)"),
    (("flips", "--page", "claims.md"), "--page says where --claims writes; give both"),
    (("--claims", "--page", "."), "cannot be written"),
])  # fmt: skip
def test_what_does_not_go_with_claims_is_a_mistake(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    result = fwk(tmp_path, *words)
    assert result.exit_code == 2
    assert said in result.output
    assert not list(tmp_path.rglob("claims*.md"))
