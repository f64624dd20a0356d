"""FARE as a firm's method."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from firm_tables import a_firm, biased, one_group, swapped, table

from fwk import Certified, Labelled, Note, People, Refusal, hard_rule
from fwk.plugins import load_plugins
from fwk_firm_side.fare import FairTreeClassifier
from fwk_firm_side.fare.method import CERTIFIED, Fare, FareRule, cards
from fwk_firm_side.fare.recode import Recoding, group_copies, row_keys, split_shares

TRAIN = biased(3000)
NEW = biased(3000, seed=1)


def fare(**knobs: Any) -> Fare:
    return Fare(**{"gamma": 0.5, "min_samples_leaf": 40, **knobs})


def rule(method: Fare, train: Labelled = TRAIN, seed: int = 0) -> FareRule:
    return method.fit(train, a_firm(), np.random.default_rng(seed))


def parity_gap(accepted: Any, people: People) -> float:
    return float(abs(accepted[people.minority].mean() - accepted[~people.minority].mean()))


def test_fit_gives_one_decision_a_cell_and_does_not_look_at_the_group() -> None:
    fitted = rule(fare())
    P = fitted(NEW.people)
    cells = fitted.cells.cells(NEW.people)
    assert set(P) <= {0.0, 1.0}
    assert len(np.unique(cells)) > 3
    assert all(len(set(P[cells == cell])) == 1 for cell in np.unique(cells))
    np.testing.assert_array_equal(fitted(swapped(NEW.people)), P)


def test_the_tree_is_grown_on_its_share_and_the_learner_trained_on_everybody() -> None:
    fitted = rule(fare())
    tree, aside = split_shares(TRAIN, 0.3, np.random.default_rng(0))
    assert len(aside) == 900
    assert len(tree) == 2100
    alone = FairTreeClassifier(0.5, 200, 40).fit(tree.X[:, :2], tree.y, sensitive_features=tree.minority)
    np.testing.assert_array_equal(fitted.cells.cells(NEW.people), alone.apply(NEW.X[:, :2]))
    learned = a_firm().fit(Labelled(fitted.cells.people(TRAIN.people), TRAIN.y))
    np.testing.assert_array_equal(fitted(NEW.people), learned.predict(fitted.cells(NEW.people)) == 1)


def test_certificates_bound_the_rule_and_say_something() -> None:
    for gamma in (0.3, 0.7, 0.9):
        fitted = rule(fare(gamma=gamma, max_leaf_nodes=6, min_samples_leaf=300))
        bounds = fitted.certificates(NEW.people, NEW.y)
        assert set(bounds) == {"certified_sp", "certified_eopp", "certified_eqod"}
        assert parity_gap(fitted(NEW.people), NEW.people) <= bounds["certified_sp"] < 1
    assert set(fitted.certificates(NEW.people)) == {"certified_sp"}


def test_certificates_are_clipped_and_absent_where_nobody_was_kept_aside() -> None:
    crowded = rule(fare(gamma=0.0, min_samples_leaf=1, max_leaf_nodes=500), biased(300))
    assert crowded.certificates(NEW.people)["certified_sp"] == 1
    assert rule(fare(certificate_share=0.0)).certificates(NEW.people) == {}
    assert crowded.certificates(NEW.people.take(np.arange(0))) == {}


def test_more_gamma_is_fairer_on_new_people_and_in_the_certificate() -> None:
    gaps, bounds = [], []
    for gamma in (0.0, 0.6, 0.9):
        fitted = rule(fare(gamma=gamma, max_leaf_nodes=8, min_samples_leaf=200))
        gaps.append(parity_gap(fitted(NEW.people), NEW.people))
        bounds.append(fitted.certificates(NEW.people)["certified_sp"])
    assert gaps[0] > gaps[2]
    assert bounds[0] > bounds[1] > bounds[2]


def test_one_cell_is_noted_as_the_rule_is_constant() -> None:
    with pytest.warns(Note, match="the fair tree has one cell"):
        fitted = rule(fare(gamma=1.0))
    assert len(set(fitted(NEW.people))) == 1


def test_represent_gives_the_vectors_that_fit_uses() -> None:
    cells = fare().represent(TRAIN, a_firm(), np.random.default_rng(0))
    Z = cells(NEW.people)
    assert Z.shape == (3000, 2)
    np.testing.assert_array_equal(Z, rule(fare()).cells(NEW.people))
    assert len(np.unique(Z, axis=0)) <= cells.encoder.n_leaves_


def test_columns_that_copy_the_group_are_left_out_unless_wanted() -> None:
    assert group_copies(TRAIN).tolist() == [2]
    renamed = TRAIN.X.copy()
    renamed[:, 2] = np.where(TRAIN.minority, -3, 8)
    assert group_copies(table(renamed, TRAIN.minority, TRAIN.y)).tolist() == [2]
    renamed[0, 2] = 8 if TRAIN.minority[0] else -3
    assert group_copies(table(renamed, TRAIN.minority, TRAIN.y)).tolist() == []
    kept = rule(fare(gamma=0.0, drop_group_copy=False))
    assert kept.cells(NEW.people).shape == (3000, 3)
    assert rule(fare(gamma=0.0)).cells.people(NEW.people).columns == ("skill", "quarter")


def test_shares_are_drawn_from_people_whatever_order_they_come_in() -> None:
    order = np.random.default_rng(5).permutation(len(TRAIN))
    one, other = (split_shares(people, 0.3, np.random.default_rng(0))[1] for people in (TRAIN, TRAIN.take(order)))
    np.testing.assert_array_equal(one.X, other.X)
    np.testing.assert_array_equal(rule(fare())(NEW.people), rule(fare(), TRAIN.take(order))(NEW.people))
    assert len(set(row_keys(TRAIN).tolist())) == len(TRAIN)
    seeds = [split_shares(TRAIN, 0.3, np.random.default_rng(seed))[1] for seed in (0, 1)]
    assert not np.array_equal(seeds[0].X, seeds[1].X)


def test_rare_missing_and_unknown_codes_share_a_code_and_the_rest_count_from_one() -> None:
    codes = np.repeat([2.0, 4.0, 7.0, 9.0, np.nan], [10, 8, 3, 1, 2])
    X = np.column_stack([np.arange(24.0), codes])
    people = People(X, np.arange(24) % 2 == 0, ("x", "job"), (1,))
    recoding = Recoding.of(people, np.array([0, 1]), 5)
    assert recoding(people)[:, 1].tolist() == [1.0] * 10 + [2.0] * 8 + [3.0] * 6
    new = People(np.array([[0.0, 4.0], [0.0, 5.0], [0.0, np.nan]]), np.array([True, False, True]), ("x", "job"), (1,))
    assert recoding(new)[:, 1].tolist() == [2.0, 3.0, 3.0]
    frequent = Recoding.of(people.take(np.arange(18)), np.array([0, 1]), 5)
    assert frequent(new)[:, 1].tolist() == [2.0, 0.0, 0.0]
    np.testing.assert_array_equal(people.X[:, 1], codes)


def test_nominal_columns_are_split_by_sets_of_codes() -> None:
    rng = np.random.default_rng(0)
    job = rng.integers(1, 7, 4000).astype(float)
    y = np.isin(job, [2, 5]) ^ (rng.random(4000) < 0.05)
    people = People(np.column_stack([rng.normal(size=4000), job]), rng.random(4000) < 0.4, ("x", "job"), (1,))
    fitted = rule(fare(max_leaf_nodes=2), Labelled(people, y))
    assert ((fitted(people) == 1) == np.isin(job, [2, 5])).all()
    assert fitted.cells.people(people).categorical == (1,)


def test_a_pickled_rule_decides_alike() -> None:
    fitted = rule(fare())
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy(NEW.people), fitted(NEW.people))
    assert copy.certificates(NEW.people) == fitted.certificates(NEW.people)


def test_tables_that_it_cannot_serve_are_refused_with_the_reason() -> None:
    with pytest.raises(Refusal, match="two groups are needed"):
        rule(fare(), one_group(TRAIN))
    gaps = TRAIN.X.copy()
    gaps[:7, 0] = np.nan
    with pytest.raises(Refusal, match=r"missing or larger ones in x0 \(\d+\)"):
        rule(fare(), table(gaps, TRAIN.minority, TRAIN.y))
    with pytest.raises(Refusal, match="no feature is left but the group"):
        rule(fare(), table(TRAIN.X[:, 2:], TRAIN.minority, TRAIN.y))
    with pytest.raises(Refusal, match="has the label 1"):
        rule(fare(criterion="eopp"), TRAIN.relabelled(TRAIN.y & ~TRAIN.minority))


def test_numbers_too_close_to_be_told_apart_are_noted() -> None:
    tiny = TRAIN.X * [1.0, 1e-7, 1.0]
    with pytest.warns(Note, match="rescale x1"):
        rule(fare(), table(tiny, TRAIN.minority, TRAIN.y))


@pytest.mark.parametrize(
    "knobs", [{"gamma": 2}, {"max_leaf_nodes": 1}, {"criterion": "sp"}, {"certificate_share": 1}, {"confidence": 1}]
)
def test_faulty_knobs_are_named(knobs: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(knobs))):
        Fare(**knobs)


def test_the_card_sweeps_gamma_densely_near_one() -> None:
    (card,) = cards()
    assert (card.name, card.knob, card.stage, card.sees_group) == ("fare", "gamma", "pre", False)
    assert min(card.sweep) == 0
    assert max(card.sweep) == 1
    assert sum(gamma >= 0.9 for gamma in card.sweep) >= 4
    assert card.make() == Fare()


def test_every_bound_it_certifies_is_on_a_measure_that_is_taken() -> None:
    """Otherwise nothing would say whether the measured value obeys the bound."""
    assert {name.removeprefix("certified_") for name in CERTIFIED.values()} <= set(load_plugins().metrics)


def test_its_rule_is_known_to_certify_and_an_ordinary_one_is_not() -> None:
    assert isinstance(rule(fare()), Certified)
    assert not isinstance(hard_rule(None), Certified)
