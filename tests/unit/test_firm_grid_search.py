"""The grid search over multipliers, against the same grid trained by hand."""

import copy

import numpy as np
import pandas as pd
import pytest
from fairlearn.reductions import EqualizedOdds
from firm_tables import Recorder, a_firm, biased, error, fitted

from fwk import Firm, Labelled
from fwk_firm_side.grid_search import GridSearch, SharedTraining, multipliers
from fwk_firm_side.reductions import quiet_pandas


@pytest.fixture(scope="module")
def train() -> Labelled:
    return biased(900)


def test_grid_search_chooses_the_best_of_its_grid_by_fairlearns_rule(train: Labelled) -> None:
    """Every classifier of the grid trained by hand on the costs of Agarwal et al., with the multipliers spelled out."""
    limit, steps, w = 1.0, 2, 0.3
    found = []
    for a in range(-steps, steps + 1):
        for b in range(-steps, steps + 1):
            if abs(a) + abs(b) <= steps:
                cost = np.where(train.y, 1.0, -1.0)  # gain of accepting
                for unit, y in ((a, False), (b, True)):
                    event = train.y == y
                    share = (event & train.minority).sum() / event.sum()
                    cost = cost + event * (unit * limit / steps) * (share - train.minority)
                model = a_firm().fit(train.relabelled(cost > 0), np.abs(cost))
                P = model.predict(train.X).astype(float)
                gaps = [
                    abs(P[event & (train.minority == g)].mean() - P[event].mean())
                    for event in (train.y, ~train.y)
                    for g in (False, True)
                ]
                found.append(((1 - w) * error(P, train) + w * max(gaps), P))
    assert len(found) == 2 * steps * (steps + 1) + 1
    P = fitted(GridSearch(constraint_weight=w, limit=limit, steps=steps), train)(train.people)
    best = min(found, key=lambda one: one[0])[1]
    np.testing.assert_array_equal(P, best)


def test_settings_of_the_weight_share_the_grid(train: Labelled) -> None:
    firm = Recorder()
    for w in (0.0, 0.5):
        fitted(GridSearch(constraint_weight=w, steps=1), train, firm)
    asked = [(table.y.tobytes(), weight.tobytes()) for table, weight in zip(firm.tables, firm.weights, strict=True)]
    assert len(asked) == 10
    assert len(set(asked)) == 5  # and the firm trains equal ones once


def test_the_grid_does_not_depend_on_whose_row_comes_first(train: Labelled) -> None:
    grids = []
    for rows in (np.argsort(train.minority), np.argsort(~train.minority)):
        part = train.take(rows)
        with quiet_pandas():
            loaded = EqualizedOdds(difference_bound=0.0)
            loaded.load_data(part.X, pd.Series(part.y.astype(int)), sensitive_features=part.minority.astype(int))
        grids.append(multipliers(loaded.prob_group_event, loaded.index, 1.0, 2))
    np.testing.assert_allclose(grids[0].to_numpy(), grids[1].to_numpy())


def test_a_copy_of_the_shared_learner_trains_with_the_same_firm(train: Labelled) -> None:
    firm: Firm = a_firm()
    learner = copy.deepcopy(SharedTraining(firm, train.people))
    assert learner.firm is firm
    learner.fit(train.X, train.y.astype(int), np.ones(len(train)))
    assert learner.model is firm.fit(train, np.ones(len(train)))
