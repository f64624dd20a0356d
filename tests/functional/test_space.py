"""Distances in what a firm's method learns: rankings compared with brute force in the representation itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.ensemble import HistGradientBoostingClassifier

from fwk.cells import RankCell, Ranked, Request
from fwk.execute import Options, execute, place_of
from fwk.plan import Plan
from fwk.plugins import load_plugins
from fwk.points import Point
from fwk.prepare import Wishes, prepare
from fwk.split import stream
from fwk.stage import Stage
from fwk.store import Store

LEARNED: dict[str, dict[str, Any]] = {
    "fare": {"method": "fare", "gamma": 0.5, "min_samples_leaf": 20},
    "lfr": {"method": "lfr"},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def planned(**config: Any) -> Plan:
    """A small comparison on the mixture, whose spaces and rankings are given."""
    given = {
        "datasets": [{"name": "gmm4", "p": 400, "m": 200, "dimension": 3}], "methods": ["baseline", "rb-dist"],
        "repeats": 1, "budgets": [3, 10], "bootstrap": 0, "audit": [], "alpha": 0.5,
        "learner": {"path": "sklearn.linear_model.LogisticRegression"}, **config,
    }  # fmt: skip
    Path("c.yaml").write_text(json.dumps(given), encoding="utf-8")
    return prepare(Wishes(Path("c.yaml"))).plan


def ranked(plan: Plan, folder: Path, card: str) -> tuple[Stage, Any, Ranked]:
    """The first repeat's stage, the representation of its train part, and who flips first."""
    curve = next(curve for curve in plan.curves if curve.entry.card.name == card)
    place = place_of(plan, curve.ground, folder, ())
    stage = Stage(place, 0)
    assert curve.space is not None
    assert curve.space.method is not None
    rng = stream(place.seed, "method", curve.space.method.card.name, 0)
    Z = curve.space.method.build({}).represent(stage.train, stage.firm, rng)(stage.train.people)
    chosen = tuple(next(curve.entry.candidates()).items())
    (answer,) = RankCell(place, 0, None, curve.space, (Request(0.5, curve.entry, chosen),), None).do().rankings
    assert isinstance(answer, Ranked)
    return stage, np.asarray(Z), answer


@pytest.mark.parametrize("name", LEARNED)
def test_distances_are_those_of_the_representation_of_the_train_part(name: str, tmp_path: Path) -> None:
    plan = planned(space=LEARNED[name], methods=[{"name": "rb-dist", "k": 3}])
    stage, Z, answer = ranked(plan, tmp_path / "arrays", "rb-dist")
    assert Z.shape[0] == len(stage.train)
    accepted = Z[~stage.train.minority & stage.train.y]
    by_hand = np.sort(cdist(Z[answer.rows], accepted), axis=1)[:, :3].mean(axis=1)
    assert (np.diff(by_hand) >= -1e-9).all(), "nearest first"
    collective = stage.collective(0.5, None)
    assert set(answer.rows) == set(collective.candidates)
    assert by_hand.std() > 0
    encoded = np.sort(cdist(stage.train.X[answer.rows], stage.train.X[~stage.train.minority & stage.train.y]), axis=1)
    assert (np.diff(encoded[:, :3].mean(axis=1)) < 0).any(), "another order than as encoded"


@pytest.mark.parametrize("name", LEARNED)
def test_rb_prob_is_trained_on_the_representation(name: str, tmp_path: Path) -> None:
    plan = planned(space=LEARNED[name], methods=["rb-prob"])
    stage, Z, answer = ranked(plan, tmp_path / "arrays", "rb-prob")
    known = ~stage.train.minority
    model = HistGradientBoostingClassifier(random_state=0).fit(Z[known], stage.train.y[known])
    scores = model.predict_proba(Z[answer.rows])[:, 1]
    assert (np.diff(scores) <= 1e-9).all(), "likeliest first; with this few people no randomness enters the learner"


@pytest.mark.parametrize("space", ["encoded", "standardised"])
@pytest.mark.parametrize("method", ["rb-dist", "rb-prob"])
def test_a_users_levels_may_be_called_anything(space: str, method: str, tmp_path: Path) -> None:
    """The levels of a text column are coded by the alphabet; who flips first must not depend on it."""
    rng = np.random.default_rng(0)
    town, skill, other = rng.integers(0, 4, 300), rng.normal(size=300), rng.random(300) < 0.4
    hired = np.where(skill + (town == 2) + rng.normal(scale=0.5, size=300) > 0.5, "yes", "no")
    rows = pd.DataFrame({"skill": skill, "race": np.where(other, "Black", "White"), "hired": hired})
    table = {"name": "table", "path": "t.csv", "label": "hired", "favourable": "yes", "minority": "race == 'Black'"}
    found = []
    for names in (["aa", "bb", "cc", "dd"], ["cc", "aa", "dd", "bb"]):
        rows.assign(town=np.asarray(names)[town]).to_csv("t.csv", index=False)
        plan = planned(datasets=[table], methods=[method], space=space)
        curve = plan.curves[0]
        assert curve.space is not None
        place = place_of(plan, curve.ground, tmp_path / names[0], ())
        chosen = tuple(next(curve.entry.candidates()).items())
        (answer,) = RankCell(place, 0, None, curve.space, (Request(0.5, curve.entry, chosen),), None).do().rankings
        assert isinstance(answer, Ranked)
        found.append(answer.rows)
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", LEARNED)
def test_only_the_ranking_moves_into_the_space(name: str, tmp_path: Path) -> None:
    plan = planned(space=["encoded", LEARNED[name]], methods=["baseline", {"name": "rb-dist", "k": 3}])
    store = Store(tmp_path / "store")
    outcomes = list(execute(plan, store, load_plugins().metrics.values(), Options()))
    store.close()
    points = [outcome for outcome in outcomes if isinstance(outcome, Point)]
    assert len(points) == len(outcomes) == 1 + 2 * 3
    spaces = {point.run.space for point in points if point.run.side == "user"}
    assert len(spaces) == 2
    assert len({point.run.key for point in points}) == len(points)
    base = [p.measures["test.error"] for p in points if p.run.setting == 0 or p.run.method == "baseline"]
    assert len(base) == 3
    assert len(set(base)) == 1, "the firm trains on the table as it is"


def test_the_space_is_learned_once_a_repeat_for_all_k_and_budgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(space=LEARNED["lfr"], methods=["rb-prob", "rb-label", "rb-dist"], repeats=2)
    assert plan.curves[0].space is not None
    assert plan.curves[0].space.method is not None
    card = plan.curves[0].space.method.card.make
    calls, original = [], card.represent  # type: ignore[attr-defined]  # a class with represent
    monkeypatch.setattr(card, "represent", lambda *given: calls.append(1) or original(*given))
    store = Store(tmp_path / "store")
    outcomes = list(execute(plan, store, load_plugins().metrics.values(), Options()))
    store.close()
    assert all(isinstance(outcome, Point) for outcome in outcomes)
    assert len(calls) == 2
