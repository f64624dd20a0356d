"""Pre-processors and the grid search on a small firm."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from firm_tables import NEIGHBOURS, Recorder, a_firm, biased, eqod_max, fitted, one_group, swapped, table, without

from fwk import FirmMethod, FirmSide, Floats, Labelled, Note, People, Refusal
from fwk_firm_side import correlation_remover, grid_search, massaging, reweighing, sampling
from fwk_firm_side.cells import counts
from fwk_firm_side.correlation_remover import CorrelationRemover
from fwk_firm_side.grid_search import GridSearch
from fwk_firm_side.massaging import Massaging
from fwk_firm_side.reweighing import Reweighing, weights
from fwk_firm_side.sampling import Oversampling, PreferentialSampling, Undersampling, UniformSampling

CARDS = {
    card.name: card
    for module in (massaging, reweighing, sampling, correlation_remover, grid_search)
    for card in module.cards()
}
PRE = [card for card in CARDS.values() if card.stage == "pre"]
ALL = [card.make() for card in CARDS.values()]


@pytest.fixture(scope="module")
def train() -> Labelled:
    return biased(900)


@pytest.fixture(scope="module")
def others() -> People:
    return biased(300, seed=1).people


def trained_on(method: FirmMethod, train: Labelled) -> tuple[Labelled, Floats | None]:
    firm = Recorder()
    fitted(method, train, firm)
    return firm.tables[-1], firm.weights[-1]


@pytest.mark.parametrize("method", ALL, ids=str)
def test_a_rule_decides_about_each_person_alone_and_is_the_same_under_the_same_seed(
    method: FirmMethod, train: Labelled, others: People
) -> None:
    rule = fitted(method, train, seed=3)
    P = rule(others)
    assert set(np.unique(P)) <= {0.0, 1.0}
    np.testing.assert_array_equal(rule(others.take(np.arange(300)[::-1])), P[::-1])
    np.testing.assert_array_equal(fitted(method, train, seed=3)(others), P)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(rule))(others), P)


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_a_rule_looks_at_the_group_only_if_its_card_says_so(card: FirmSide, train: Labelled, others: People) -> None:
    rule = fitted(card.make(), train)
    assert np.array_equal(rule(swapped(others)), rule(others)) != card.sees_group


@pytest.mark.parametrize("method", ALL, ids=str)
def test_a_single_group_is_refused(method: FirmMethod, train: Labelled) -> None:
    with pytest.raises(Refusal, match="two groups are needed"):
        fitted(method, one_group(train))


@pytest.mark.parametrize(
    "method", [Reweighing(), UniformSampling(), PreferentialSampling(), Undersampling(), Oversampling(), GridSearch()]
)
def test_a_group_without_a_label_is_refused(method: FirmMethod, train: Labelled) -> None:
    with pytest.raises(Refusal, match="of the minority in the train part has the label 1"):
        fitted(method, without(train, minority=True, y=True))


@pytest.mark.parametrize("card", PRE, ids=lambda card: card.name)
def test_the_first_setting_of_a_sweep_is_the_ordinary_rule(card: FirmSide, train: Labelled, others: People) -> None:
    assert card.sweep[0] == 0
    changed, weight = trained_on(card.make(**{card.knob: 0.0}), train)
    np.testing.assert_array_equal(changed.X, train.X)
    np.testing.assert_array_equal(changed.y, train.y)
    assert weight is None
    rule = fitted(card.make(**{card.knob: 0.0}), train)
    np.testing.assert_array_equal(rule(others), a_firm().fit(train).predict(others.X).astype(float))


@pytest.mark.parametrize("card", PRE, ids=lambda card: card.name)
def test_nothing_is_written_into_the_table(card: FirmSide, train: Labelled) -> None:
    before = copy.deepcopy((train.X, train.y, train.minority))
    fitted(card.make(), train)
    for was, now in zip(before, (train.X, train.y, train.minority), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("method", [Massaging(), Reweighing(), UniformSampling(), Undersampling(), Oversampling()])
def test_what_is_trained_on_has_no_discrimination_left(method: FirmMethod, train: Labelled) -> None:
    changed, weight = trained_on(method, train)
    w = np.ones(len(changed)) if weight is None else weight
    rate = [np.average(changed.y[changed.minority == g], weights=w[changed.minority == g]) for g in (False, True)]
    assert abs(rate[0] - rate[1]) < 0.005
    assert abs(train.y[train.minority].mean() - train.y[~train.minority].mean()) > 0.3


@pytest.mark.parametrize("name", ["massaging", "reweighing", "uniform-sampling", "oversampling", "grid-search"])
def test_some_setting_is_fairer_than_the_ordinary_rule_on_new_people(name: str, train: Labelled) -> None:
    new = biased(4000, seed=3)
    card = CARDS[name]
    gaps = [eqod_max(fitted(card.make(**{card.knob: value}), train)(new.people), new) for value in card.sweep]
    ordinary = a_firm().fit(train).predict(new.X).astype(float)
    assert min(gaps) < eqod_max(ordinary, new) / 2


def test_massaging_twice_the_number_reverses_the_discrimination(train: Labelled) -> None:
    changed, _ = trained_on(Massaging(2.0), train)
    was = train.y[~train.minority].mean() - train.y[train.minority].mean()
    now = changed.y[~changed.minority].mean() - changed.y[changed.minority].mean()
    assert now == pytest.approx(-was, abs=0.01)


def test_massaging_says_so_where_there_is_nothing_to_do_or_not_enough_people() -> None:
    X = np.arange(12.0).reshape(-1, 1)
    minority = np.arange(12) % 2 == 0
    favoured = table(X, minority, np.where(minority, X[:, 0] > 2, X[:, 0] > 8))
    with pytest.warns(Note, match="do not favour the majority"):
        changed, _ = trained_on(Massaging(), favoured)
    np.testing.assert_array_equal(changed.y, favoured.y)
    minority = np.arange(12) < 2
    harmed = table(X, minority, ~minority)  # M = (10 * 2 - 0) / 12 = 1.67, and only two can be promoted
    with pytest.warns(Note, match="3 pairs cut to 2"):
        fitted(Massaging(2.0), harmed)


def test_the_worked_example_of_reweighing() -> None:
    """Kamiran and Calders 2012, the job applications: 10 people, 5 women with 2 positives, 5 men with 4. A woman with a
    positive label weighs (5/10)(6/10)/(2/10) = 1.5, a man with one 0.75, a woman without 2/3, a man without 2."""
    minority = np.repeat([True, False], 5)
    y = np.array([1, 1, 0, 0, 0, 1, 1, 1, 1, 0], dtype=bool)
    w = weights(table(np.zeros((10, 1)), minority, y))
    np.testing.assert_allclose(w, [1.5, 1.5, 2 / 3, 2 / 3, 2 / 3, 0.75, 0.75, 0.75, 0.75, 2])


def test_reweighing_trains_with_the_weights_and_a_learner_without_them_is_refused(train: Labelled) -> None:
    changed, weight = trained_on(Reweighing(0.5), train)
    assert changed is train
    np.testing.assert_array_equal(weight, weights(train, 0.5))
    for method in (Reweighing(), GridSearch()):
        with pytest.raises(Refusal, match="takes no sample_weight"):
            fitted(method, train, a_firm(NEIGHBOURS))


def test_preferential_sampling_touches_those_near_the_border(train: Labelled) -> None:
    scores = a_firm().fit(train).predict_proba(train.X)[:, 1]
    changed, _ = trained_on(PreferentialSampling(0.3), train)
    position = {tuple(x): i for i, x in enumerate(train.X.tolist())}
    times = np.bincount([position[tuple(x)] for x in changed.X.tolist()], minlength=len(train))
    for minority, y, grows in ((True, True, True), (False, False, True), (True, False, False), (False, True, False)):
        cell = (train.minority == minority) & (train.y == y)
        distance = scores if y else -scores  # smallest nearest to the border
        touched, left = cell & (times != 1), cell & (times == 1)
        assert touched.any()
        assert (times[touched] > 1).all() if grows else (times[touched] == 0).all()
        assert distance[touched].max() <= distance[left].min()


def test_under_and_oversampling_go_from_size_to_size_in_equal_ratios(train: Labelled) -> None:
    n = counts(train)
    for method, goal in ((Undersampling(0.5), n.min(axis=0)), (Oversampling(0.5), n.max(axis=0))):
        changed, _ = trained_on(method, train)
        np.testing.assert_array_equal(counts(changed), np.rint(np.sqrt(n * goal)))
    changed, _ = trained_on(Undersampling(1.0, balance="cells"), train)
    np.testing.assert_array_equal(counts(changed), np.full((2, 2), n.min()))


def test_no_feature_is_correlated_with_the_group_once_alpha_is_1(train: Labelled) -> None:
    changed, _ = trained_on(CorrelationRemover(1.0), train)
    centred = changed.X - changed.X.mean(axis=0)
    assert np.abs(centred.T @ (train.minority - train.minority.mean())).max() < 1e-8
    half, _ = trained_on(CorrelationRemover(0.5), train)
    np.testing.assert_allclose(half.X, (train.X + changed.X) / 2, atol=1e-12)
    by_hand = train.X - np.outer(
        train.minority - train.minority.mean(),
        train.X[train.minority].mean(axis=0) - train.X[~train.minority].mean(axis=0),
    )
    np.testing.assert_allclose(changed.X, by_hand, atol=1e-9)


def test_nominal_codes_and_missing_values_have_no_correlation_to_remove(train: Labelled) -> None:
    nominal = Labelled(replace(train.people, categorical=(1,)), train.y)
    with pytest.raises(Refusal, match=r"nominal columns .*\(quarter\)"):
        fitted(CorrelationRemover(), nominal)
    X = np.array(train.X)
    X[3, 0] = np.nan
    with pytest.raises(Refusal, match="missing in: skill"):
        fitted(CorrelationRemover(), Labelled(replace(train.people, X=X), train.y))


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_every_value_of_a_sweep_makes_a_method_and_a_wrong_one_is_named(card: FirmSide) -> None:
    for value in card.sweep:
        card.make(**{card.knob: value})
    with pytest.raises(ValueError, match=f"{card.knob} is 7; it must lie between 0 and"):
        card.make(**{card.knob: 7})
