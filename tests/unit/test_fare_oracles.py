"""FARE against outputs of the official code, in ../shared/oracles/fare (see its README)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from fwk_firm_side.fare import FairTreeClassifier, FairTreeEncoder, certificate

ORACLES = Path(__file__).parents[3] / "shared" / "oracles" / "fare"
NAMES = ("cont", "mixed", "ties", "compas_race")
ROBUST = {"cont": 69, "mixed": 56, "ties": 73, "compas_race": 73}
SHARES = ("tree", "val", "test")

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason=f"the official outputs are not at {ORACLES}")


@lru_cache
def load(name: str) -> dict[str, Any]:
    with np.load(ORACLES / f"{name}.npz") as file:
        return dict(file)


def fit(name: str, gamma: float, k: int, n: int, criterion: str = "dp", kind: Any = FairTreeClassifier) -> Any:
    data = load(f"data/{name}")
    tree = kind(gamma, int(k), int(n), criterion, data["cat_pos"], min_gain=None)
    return tree.fit(data["X_tree"], data["y_tree"], sensitive_features=data["s_tree"])


@pytest.mark.parametrize("name", NAMES)
def test_every_robust_configuration_parts_people_as_the_official_tree_does(name: str) -> None:
    data, official = load(f"data/{name}"), load(f"{name}.dp")
    robust = np.flatnonzero(official["robust"])
    assert len(robust) == ROBUST[name]
    for c in robust:
        tree = fit(name, official["gamma"][c], official["k"][c], official["n"][c])
        for share in SHARES:
            assert adjusted_rand_score(official[f"leaf_{share}"][c], tree.apply(data[f"X_{share}"])) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_configuration_equals_the_official_tree_node_by_node_as_ties_are_settled_alike(name: str) -> None:
    data, official = load(f"data/{name}"), load(f"{name}.dp")
    assert len(official["gamma"]) == 84
    for c in range(84):
        tree = fit(name, official["gamma"][c], official["k"][c], official["n"][c])
        nodes = slice(*official["node_off"][c : c + 2])
        for share in SHARES:
            np.testing.assert_array_equal(tree.apply(data[f"X_{share}"]), official[f"leaf_{share}"][c])
        grown = tree.tree_
        np.testing.assert_array_equal(grown.left, official["left"][nodes])
        np.testing.assert_array_equal(np.where(grown.feature < 0, -2, grown.feature), official["feature"][nodes])
        np.testing.assert_array_equal(grown.impurity, official["impurity"][nodes])
        np.testing.assert_array_equal(grown.counts[:, 1].sum(axis=1), official["count_y1"][nodes])
        numeric = ~np.isnan(grown.threshold)
        np.testing.assert_array_equal(grown.threshold[numeric], official["threshold"][nodes][numeric])
        inner = grown.feature >= 0
        np.testing.assert_allclose(grown.gain[inner], official["improvement"][nodes][inner], rtol=0, atol=1e-16)


def test_a_table_of_codes_sends_absent_codes_where_the_official_tree_does() -> None:
    official = load("mixed.dp")
    for c in np.flatnonzero(official["k"] == 50):
        tree = fit("mixed", official["gamma"][c], official["k"][c], official["n"][c]).tree_
        words = official["side"][slice(*official["node_off"][c : c + 2])]
        for node in np.flatnonzero(tree.side >= 0):
            bits = np.unpackbits(words[node].view(np.uint8), bitorder="little")[: tree.codes[node]]
            own = tree.goes_left[tree.side[node] : tree.side[node] + tree.codes[node]]
            np.testing.assert_array_equal(own[1:], bits[1:] == 0)


@pytest.mark.parametrize("criterion", ["eopp", "eo"])
@pytest.mark.parametrize("name", ["cont", "mixed", "compas_race"])
def test_corrected_criteria_part_people_as_the_independent_reference_does(name: str, criterion: str) -> None:
    data, reference = load(f"data/{name}"), load(f"ref_fixed.{name}.{criterion}")
    for c in range(8):
        tree = fit(name, reference["gamma"][c], reference["k"][c], reference["n"][c], criterion)
        assert adjusted_rand_score(reference["leaf_tree"][c], tree.apply(data["X_tree"])) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("k", "n"), [(8, 20), (50, 20), (200, 100)])
def test_leaf_vectors_are_the_official_medians_and_modes(name: str, k: int, n: int) -> None:
    encoder = fit(name, 0.85, k, n, kind=FairTreeEncoder)
    official = load("reps_gamma0.85")[f"{name}_k{k}_n{n}"]
    np.testing.assert_array_equal(encoder.leaf_vectors_, official)
    X = load(f"data/{name}")["X_test"]
    np.testing.assert_array_equal(encoder.transform(X), official[encoder.apply(X)])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("criterion", ["dp", "eopp", "eo"])
def test_certificates_equal_the_official_ones_wherever_there_is_one(name: str, criterion: str) -> None:
    data, official = load(f"data/{name}"), load(f"{name}.dp")
    bounds = official[f"cert_{criterion}_cellid"]
    given = np.flatnonzero(~np.isnan(bounds))
    assert len(given) >= 50
    own = [
        certificate(
            official["leaf_tree"][c], data["s_tree"], official["leaf_val"][c], data["s_val"], official["leaf_test"][c],
            criterion=criterion, y_tree=data["y_tree"], y_val=data["y_val"], y_test=data["y_test"],  # type: ignore[arg-type]
        )
        for c in given
    ]  # fmt: skip
    np.testing.assert_allclose(own, bounds[given], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_majority_labels_of_the_cells_err_and_discriminate_as_the_official_ones(name: str) -> None:
    data, robust = load(f"data/{name}"), load(f"{name}.dp")["robust"]
    table = json.loads((ORACLES / f"downstream.{name}.dp.json").read_text())
    y, s = data["y_test"], data["s_test"]
    for row in np.array(table["rows"])[robust]:
        gamma, k, n, *_, error, eqod, sp = row
        accepted = fit(name, gamma, k, n).predict(data["X_test"])
        gaps = [abs(accepted[(s == 1) & (y == v)].mean() - accepted[(s == 0) & (y == v)].mean()) for v in (0, 1)]
        own = [(accepted != y).mean(), np.mean(gaps), abs(accepted[s == 1].mean() - accepted[s == 0].mean())]
        np.testing.assert_allclose(own, [error, eqod, sp], rtol=0, atol=1e-9)
