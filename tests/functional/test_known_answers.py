"""Numbers that others found, reached again; `pytest -m slow`.

The collective: for Adult (pooled, 80/20, race among the features, alpha .3) this project was given, as known answers
and without their source, that EqOd falls from .075 to .017, .029 and .020 by M = 75 with RB-prob, RB-label and RB-dist,
and to .068 with random flips, at an error of .134.

The firm: Alghamdi, Hsu, Jeong, Wang, Michalak, Asoodeh and Calmon, "Beyond Adult and COMPAS: Fair Multi-Class
Prediction via Information Projection", NeurIPS 2022, and the baselines of its repository HsiangHsu/Fair-Projection: ten
random 70/30 splits (`random_state` 0 to 9, not stratified) of the whole cleaned table, the group among the features,
learners with `random_state=42`. Accuracy, EqOd (mean) and SP: means and (population) standard deviations over splits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng
from sklearn.model_selection import train_test_split

from fwk.compare import compare
from fwk.evaluate import decide, measure
from fwk.execute import Options
from fwk.firm import Learner, Training, hard_rule
from fwk.plugins import load_plugins
from fwk.prepare import Wishes
from fwk.progress import Lines
from fwk.shelf import Folders
from fwk.tables import Table, make_table
from fwk_firm_side.reductions import Reductions

BOOSTING = Learner("sklearn.ensemble.GradientBoostingClassifier", {"random_state": 42})
FOREST = Learner(
    "sklearn.ensemble.RandomForestClassifier", {"random_state": 42, "n_estimators": 10, "min_samples_leaf": 10}
)
UNBOUND = Reductions(difference_bound=2, eps=2, max_iter=50, nu=None)

NEEDS = "compas"

pytestmark = pytest.mark.slow


def a_table(name: str, minority: str, shelf: Any) -> Table:
    card = load_plugins(()).datasets[name]
    source = card.make()
    return make_table(card, source, source.read(shelf), minority=minority, keep=card.keep)


def statistics(table: Table, learner: Learner, method: Any = None) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of accuracy, EqOd and SP over the ten splits, to four digits."""
    metrics = load_plugins(()).metrics.values()
    found = []
    for number in range(10):
        rows = train_test_split(np.arange(len(table.people)), test_size=0.3, random_state=number)
        train, test = (table.people.take(part) for part in rows)
        firm = Training(learner, seed=42)
        rule = method.fit(train, firm, default_rng(0)) if method else hard_rule(firm.fit(train))
        values: Any = measure(decide(rule, test.people), test, metrics)
        found.append([1 - values["error"], values["eqod"], values["sp"]])
    return np.mean(found, axis=0).round(4).tolist(), np.std(found, axis=0).round(4).tolist()


@pytest.mark.parametrize(
    ("learner", "means", "deviations"),
    [
        (BOOSTING, [0.8612, 0.0678, 0.1613], [0.0029, 0.0114, 0.0054]),
        (FOREST, [0.8563, 0.0636, 0.1485], None),
    ],
    ids=["gradient boosting", "random forest"],
)
def test_adult_by_gender(learner: Learner, means: list[float], deviations: list[float] | None) -> None:
    table = a_table("adult", "sex == 'Female'", None)
    assert table.people.X.shape == (46_447, 20)
    found = statistics(table, learner)
    assert found[0] == means
    assert deviations in (None, found[1])


def test_compas_by_race_with_reductions_that_bound_nothing(shelf: Folders) -> None:
    table = a_table("compas", "race == 'African-American'", shelf)
    assert table.people.X.shape == (5_278, 6)
    means, deviations = statistics(table, BOOSTING, UNBOUND)
    assert means == [0.6803, 0.2046, 0.2492]
    assert deviations == [0.0077, 0.0252, 0.0234]


def test_informed_rankings_halve_the_eqod_of_adult_with_75_flips(tmp_path: Path) -> None:
    config = tmp_path / "adult.yaml"
    config.write_text(
        "{name: adult, repeats: 40, datasets: [{name: adult, test: 0.2}], budgets: [75], audit: [], bootstrap: 0, "
        "methods: [baseline, rb-prob, {name: rb-label, k: 20}, {name: rb-dist, k: 20}, random]}"
    )
    result = compare(Wishes(config, tmp_path / "out", Options(2), track=False), Lines(print))
    user = result.points[result.points["side"] == "user"]
    eqod = user.groupby(["method", "flips"])["test.eqod"].mean().unstack()
    left = eqod[75] / eqod[0]
    assert user.loc[user["flips"] == 0, "test.error"].mean() == pytest.approx(0.134, abs=0.002)
    assert (left.drop("random") < 0.5).all()
    assert left["random"] > 0.8
    signed = user.assign(
        tpr=user["test.tpr.majority"] - user["test.tpr.minority"],
        fpr=user["test.fpr.majority"] - user["test.fpr.minority"],
    )  # the gap of the mean rates, without what noise in small test cells adds to the mean of gaps
    gaps = signed.groupby(["flips", "method"])[["tpr", "fpr"]].mean().abs().mean(axis=1)
    assert gaps[0].to_numpy() == pytest.approx(0.075, abs=0.007)
    assert gaps[75].to_dict() == pytest.approx(
        {"rb-prob": 0.017, "rb-label": 0.029, "rb-dist": 0.020, "random": 0.068}, abs=0.007
    )
