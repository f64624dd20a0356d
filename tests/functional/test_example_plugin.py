"""A stranger's plugin, end to end: built, installed beside fwk in a fresh environment, found, checked, compared."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "examples" / "fwk-near-accepted"

CONFIG = """
repeats: 2
bootstrap: 0
budgets: [5, 20, 0.5]
learner: {path: sklearn.tree.DecisionTreeClassifier, params: {max_depth: 4}}
datasets:
  - {name: table, path: people.csv, label: hired, favourable: "yes", minority: group == 'B', test: 0.3}
methods:
  - {name: near-accepted, tune: false, k: 5}
  - {name: rb-dist, tune: false, k: 5}
  - {name: near-accepted, called: near-tuned}
"""


class House:
    """A fresh environment that sees what is installed here, with fwk and the example from wheels of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
        venv.create(folder / "env", with_pip=True, symlinks=os.name != "nt")
        purelib = self.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
        Path(purelib, "libraries_from_outside.pth").write_text(sysconfig.get_path("purelib") + "\n")
        example = shutil.copytree(EXAMPLE, folder / "example", ignore=shutil.ignore_patterns("__pycache__", ".*"))
        wheels = [self.built(REPOSITORY, "fwk-"), self.built(example, "fwk_near_accepted-")]
        self.run("python", "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--force-reinstall", *wheels)

    def built(self, project: Path, prefix: str) -> str:
        """The path of a wheel built from a project folder."""
        self.run("python", "-m", "build", "--wheel", "--no-isolation", "--outdir", "wheels", str(project))
        (wheel,) = (self.folder / "wheels").glob(f"{prefix}*.whl")
        return str(wheel)

    def run(self, command: str, *arguments: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """What a command of the environment printed; it runs in the house's folder and does not see this checkout."""
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "FWK_WITHOUT")}
        done = subprocess.run(
            [str(self.bin / command), *arguments],
            cwd=self.folder,
            env={**clean, "OMP_NUM_THREADS": "1", "COLUMNS": "200", "FWK_CACHE": str(self.folder / "cache")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == status, f"{command} {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    return House(tmp_path_factory.mktemp("house"))


def test_both_come_from_their_own_wheels_and_not_from_this_checkout(house: House) -> None:
    printed = house.run("python", "-c", "import fwk, fwk_near; print(fwk.__file__); print(fwk_near.__file__)").stdout
    places = [Path(line) for line in printed.split()]
    assert len(places) == 2
    assert all(house.folder / "env" in place.parents for place in places), places


def test_the_stranger_is_listed_with_its_distribution_and_version(house: House) -> None:
    listed = json.loads(house.run("fwk", "plugins", "--json").stdout)
    (near,) = [plugin for plugin in listed if plugin["name"] == "near"]
    assert near["distribution"] == "fwk-near-accepted"
    assert near["version"] == "1.0.0"
    assert near["state"] == "ok"


def test_the_stranger_conforms_and_its_own_tests_pass(house: House) -> None:
    assert "passed" in house.run("fwk", "check", "near-accepted").stdout
    assert "3 passed" in house.run("python", "-m", "pytest", "-q", "example").stdout


def test_a_comparison_includes_the_stranger_and_its_twin_agrees(house: House) -> None:
    people().to_csv(house.folder / "people.csv", index=False)
    (house.folder / "compare.yaml").write_text(CONFIG)
    house.run("fwk", "compare", "--config", "compare.yaml", "--output", "out", "--no-track", "--quiet")
    points = pd.read_parquet(house.folder / "out" / "points.parquet")
    points = points[~points["tuning"].astype(bool)]
    curves = {name: rows.sort_values(["repeat", "order"]) for name, rows in points.groupby("method")}
    assert {"near-accepted", "rb-dist", "near-tuned"} <= set(curves)
    near, twin = curves["near-accepted"], curves["rb-dist"]
    assert set(near["plugin"]) == {"near"}
    assert len(near) == 2 * 4, "two repeats, and three budgets beside none"
    for column in ("test.error", "test.eqod", "validation.eqod", "flips"):
        np.testing.assert_array_equal(near[column], twin[column])  # rb-dist is the same formula
    knobs = {json.loads(text)["k"] for text in curves["near-tuned"]["knobs"]}
    assert knobs <= {1, 5, 20}, "tuned over the grid of its card"
    assert (house.folder / "out" / "report.html").is_file()


def test_leaving_the_stranger_out_makes_its_name_unknown(house: House) -> None:
    people().to_csv(house.folder / "people.csv", index=False)
    (house.folder / "compare.yaml").write_text(CONFIG)
    arguments = ("--config", "compare.yaml", "--output", "other", "--no-track", "--without", "near")
    refused = house.run("fwk", "compare", *arguments, status=2)
    assert "no method 'near-accepted'" in refused.stderr
    assert "Traceback" not in refused.stderr


def people() -> pd.DataFrame:
    """800 applicants, a third in group B, who are hired less often."""
    rng = np.random.default_rng(0)
    n = 800
    in_b = rng.random(n) < 0.35
    skill, luck = rng.normal(size=n) - 0.5 * in_b, rng.normal(size=n)
    hired = skill + 0.5 * luck - 0.5 * in_b + rng.logistic(scale=0.4, size=n) > 0
    return pd.DataFrame(
        {"skill": skill, "luck": luck, "group": np.where(in_b, "B", "A"), "hired": np.where(hired, "yes", "no")}
    )
