"""The configs of the paper's experiments: they are sound, keep the paper's protocol, and agree with each other."""

from __future__ import annotations

import dataclasses
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from fakes_core import sound
from fwk.check import Comparison
from fwk.draft import read_config
from fwk.paper.experiments import EXPERIMENTS
from fwk.plan import quick
from fwk.plugins import Registry, load_plugins
from fwk_datasets.waterbirds import WaterbirdsPca

FOLDER = Path(__file__).parents[2] / "configs" / "paper"
PARTS = sorted(path for path in FOLDER.glob("*-*.yaml"))
SETS = ("acs-ca", "acs-us", "adult", "compas", "hsls-core", "hsls-lite", "waterbirds-pca")
ON_DATA = ("alpha", "flips", "knowledge", "firm", "representation")
RESPLIT = ("adult", "compas", "hsls-lite")
OF_THE_SET = ("name", "description", "output", "datasets", "budgets")
LARGEST = ("repeats", "alpha", "methods")  # what acs-us may have less of


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_plugins()


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return content


def experiment(path: Path) -> str:
    return path.stem.partition("-")[0]


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_every_config_is_sound_and_is_called_as_its_file(path: Path, registry: Registry) -> None:
    comparison: Comparison = sound(read_config(path), registry)
    assert experiment(path) in EXPERIMENTS
    assert comparison.config.name == path.stem
    assert comparison.config.output == f"results/paper/{path.stem}"


@pytest.mark.parametrize("path", [path for path in PARTS if experiment(path) in ("gmm4", "toy")], ids=lambda p: p.stem)
def test_the_quick_form_keeps_a_few_draws_of_every_size_and_the_flips_that_claims_need(
    path: Path, registry: Registry
) -> None:
    whole = sound(read_config(path), registry)
    coarse = quick(whole)
    sizes = [item.spec.knobs["p"] for item in coarse.data]
    assert dict.fromkeys(sizes) == dict.fromkeys(item.spec.knobs["p"] for item in whole.data)
    assert {sizes.count(size) for size in sizes} == {3}
    assert len({item.spec.knobs["seed"] for item in coarse.data}) == 3, "the same draws at every size"
    assert [item.spec for item in coarse.data] == coarse.config.datasets
    assert coarse.config.budgets == whole.config.budgets
    further = len(whole.data) - len(coarse.data)
    assert coarse.left_out == (f"{further} of {len(whole.data)} draws (data sets that differ in their seed only)",)


def test_the_quick_form_keeps_data_sets_that_differ_in_more_than_their_seed(registry: Registry) -> None:
    whole = sound(read_config(FOLDER / "flips-adult.yaml"), registry)
    (data,) = whole.data
    named = [dataclasses.replace(data, label=f"{i}", position=i) for i in range(5)]
    coarse = quick(dataclasses.replace(whole, data=tuple(named)))
    assert (len(coarse.data), coarse.draws) == (5, 0)
    assert len(coarse.config.budgets) == 6


def test_every_experiment_has_a_config_for_every_data_set() -> None:
    assert {path.stem for path in PARTS} == {
        *(f"{name}-{data}" for name in ON_DATA for data in SETS), "gmm4-equal", "gmm4-long-mu", "gmm4-long-psi",
        "toy-toy", *(f"flips-{data}-resplit" for data in RESPLIT),
    }  # fmt: skip


@pytest.mark.parametrize("name", ON_DATA)
def test_configs_of_an_experiment_differ_in_their_data_only(name: str) -> None:
    by_set = {data: read(FOLDER / f"{name}-{data}.yaml") for data in SETS}
    common = {key: value for key, value in by_set["adult"].items() if key not in OF_THE_SET}
    for data, config in by_set.items():
        kept = {key: value for key, value in config.items() if key not in OF_THE_SET}
        if data == "acs-us":
            kept, expected = ({k: v for k, v in of.items() if k not in LARGEST} for of in (kept, common))
            assert kept == expected
        else:
            assert kept == common
        assert config["repeats"] == (3 if data == "acs-us" else 10)
        assert (config["resplit"], config["select"]) == (False, "test")


@pytest.mark.parametrize("data", RESPLIT)
def test_new_splits_change_nothing_else(data: str) -> None:
    one, new = read(FOLDER / f"flips-{data}.yaml"), read(FOLDER / f"flips-{data}-resplit.yaml")
    assert (one.pop("resplit"), new.pop("resplit")) == (False, True)
    assert new["datasets"][0].pop("called") == f"{data} (new splits)"
    for key in ("name", "description", "output"):
        assert one.pop(key) != new.pop(key)
    assert one == new


@pytest.mark.parametrize("data", SETS)
def test_a_data_set_is_the_same_in_every_experiment(data: str) -> None:
    assert len({str(read(FOLDER / f"{name}-{data}.yaml")["datasets"]) for name in ON_DATA}) == 1


def test_waterbirds_has_the_papers_85_features() -> None:
    (spec,) = read(FOLDER / "flips-waterbirds-pca.yaml")["datasets"]
    assert spec == {"name": "waterbirds-pca", "group_in_X": False}
    assert WaterbirdsPca().components == 85


def test_budgets_of_all_experiments_are_counts_but_for_the_whole_pool() -> None:
    for path in PARTS:
        budgets = read(path)["budgets"]
        assert all(isinstance(budget, int) or budget == 1.0 for budget in budgets), path.stem
        assert budgets[:-1] == sorted(budgets[:-1]), path.stem


def test_the_axes_are_the_papers() -> None:
    adult = {name: read(FOLDER / f"{name}-adult.yaml") for name in ON_DATA}
    assert adult["alpha"]["alpha"] == [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0]
    assert adult["knowledge"]["majority_known"] == [10, 50, 100, 500, 1000, "all"]
    assert adult["representation"]["space"] == ["encoded", {"method": "fare"}]
    assert {0.3} == {config["alpha"] for name, config in adult.items() if name != "alpha"}
    assert adult["flips"]["methods"] == [
        "baseline", "rb-prob", "rb-label", "rb-dist", "random", "kamiran-calders", "luong-knn",
    ]  # fmt: skip
    named = [method if isinstance(method, str) else method["name"] for method in adult["firm"]["methods"]]
    assert {"rb-prob", "rb-label", "rb-dist", "fare", "lfr", "calibrated-eqodds", "reductions"} <= set(named)


def test_the_mixtures_differ_in_their_norms_only() -> None:
    made = {path.stem: read(path)["datasets"] for path in PARTS if experiment(path) == "gmm4"}
    norms = {name: {(spec["mu"], spec["psi"]) for spec in specs} for name, specs in made.items()}
    assert norms == {"gmm4-equal": {(2.0, 2.0)}, "gmm4-long-mu": {(4.0, 2.0)}, "gmm4-long-psi": {(2.0, 4.0)}}
    for specs in made.values():
        sizes = [(spec["p"], spec["seed"]) for spec in specs]
        assert len(sizes) == len(set(sizes))
        assert [len(list(draws)) for _, draws in groupby(sizes, key=lambda size: size[0])] == [10] * 5
        assert all(spec["group_in_X"] is False for spec in specs)
