"""The rankers against brute force and the papers' formulas."""

from __future__ import annotations

import math
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from fwk import Labelled, Note, People, Refusal, UserView, plugins, relabel
from fwk_user_side.chance import Random
from fwk_user_side.classifiers import KamiranCalders, RbProb
from fwk_user_side.neighbours import LuongKnn, RbDist, RbLabel

LOGISTIC = "sklearn.linear_model.LogisticRegression"


def a_table(rng: np.random.Generator, n: int, minority: bool, categorical: tuple[int, ...] = ()) -> Labelled:
    X = rng.normal(size=(n, 3))
    y = X[:, 0] + rng.normal(size=n) > 0
    y[:2] = [True, False]
    return Labelled(People(X, np.full(n, minority), ("a", "b", "c"), categorical), y)


def a_view(members: Labelled, majority: Labelled) -> UserView:
    own = np.flatnonzero(~members.y)
    search = relabel.Search(members.X[own], own, majority, members, 0)
    return UserView(members, members.X[own], majority, search)


def view_of(seed: int, n_majority: int = 60, n_members: int = 20) -> UserView:
    rng = np.random.default_rng(seed)
    return a_view(a_table(rng, n_members, True), a_table(rng, n_majority, False))


def by_hand(point: Any, among: Labelled, k: int, leave_out: int | None = None) -> tuple[list[float], list[bool]]:
    """Distances and labels of the k nearest, with a plain sort."""
    others = [i for i in range(len(among)) if i != leave_out]
    order = sorted(others, key=lambda i: math.dist(point, among.X[i]))[:k]
    return [math.dist(point, among.X[i]) for i in order], [bool(among.y[i]) for i in order]


@given(seed=st.integers(0, 10_000), k=st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_neighbour_scores_equal_the_formulas_by_brute_force(seed: int, k: int) -> None:
    view = view_of(seed, n_majority=40)
    rng = np.random.default_rng(0)
    accepted = view.majority.take(view.majority.y)
    label, dist, luong = (method(k).score(view, rng) for method in (RbLabel, RbDist, lambda k: LuongKnn(k, -1)))
    for i, own in enumerate(np.flatnonzero(~view.collective.y)):
        x = view.candidates[i]
        theirs = by_hand(x, view.majority, k)[1]
        assert label[i] == sum(theirs)
        near = by_hand(x, accepted, k)[0]
        assert dist[i] == pytest.approx(-sum(near) / len(near))
        ours = by_hand(x, view.collective, k, leave_out=int(own))[1]
        assert luong[i] == pytest.approx(sum(theirs) / len(theirs) - sum(ours) / len(ours))


def test_luong_leaves_out_exactly_those_below_the_threshold() -> None:
    view = view_of(1, n_members=100)
    rng = np.random.default_rng(0)
    everyone = LuongKnn(k=5, threshold=-1).score(view, rng)
    some = LuongKnn(k=5, threshold=0.2).score(view, rng)
    assert np.isfinite(everyone).all()
    fifths = np.rint(5 * everyone)  # exact: shares of five neighbours
    assert 0 < (fifths == 1).sum() < (fifths >= 1).sum() < len(some), "the table has scores on, above and below .2"
    np.testing.assert_array_equal(some, np.where(fifths >= 1, everyone, -np.inf))


def test_luong_treats_a_candidate_with_favoured_majority_twins_as_discriminated_against() -> None:
    columns = ("a",)
    members = Labelled(People(np.array([[0.0], [0.1], [5.0], [5.1]]), np.ones(4, bool), columns), np.zeros(4, bool))
    majority = Labelled(
        People(np.array([[0.0], [0.1], [5.0], [5.1]]), np.zeros(4, bool), columns), np.array([1, 1, 0, 0], dtype=bool)
    )
    scores = LuongKnn(k=2, threshold=0.5).score(a_view(members, majority), np.random.default_rng(0))
    assert scores.tolist() == [1.0, 1.0, -math.inf, -math.inf]


def test_k_beyond_the_records_is_clamped_with_a_note_and_uses_all_of_them() -> None:
    view = view_of(2, n_majority=7)
    with pytest.warns(Note, match="k = 50 clamped to 7"):
        scores = RbLabel(k=50).score(view, np.random.default_rng(0))
    assert set(scores) == {float(view.majority.y.sum())}


def test_rb_prob_is_the_learner_trained_on_the_known_majority_alone() -> None:
    view = view_of(3)
    scores = RbProb(LOGISTIC).score(view, np.random.default_rng(0))
    model = LogisticRegression().fit(view.majority.X, view.majority.y)
    np.testing.assert_allclose(scores, model.predict_proba(view.candidates)[:, 1], atol=1e-4)


def test_kamiran_calders_is_the_learner_trained_on_majority_and_collective() -> None:
    view = view_of(4)
    scores = KamiranCalders(LOGISTIC).score(view, np.random.default_rng(0))
    X, y = np.r_[view.majority.X, view.collective.X], np.r_[view.majority.y, view.collective.y]
    model = LogisticRegression().fit(X, y)
    np.testing.assert_allclose(scores, model.predict_proba(view.candidates)[:, 1], atol=1e-4)


@pytest.mark.parametrize("known", [2, 39])
def test_rb_prob_with_too_few_known_to_split_is_flagged_as_constant(known: int) -> None:
    view = view_of(5, n_majority=known)
    scores = RbProb().score(view, np.random.default_rng(0))
    assert len(set(scores)) == 1
    with pytest.warns(Note, match="constant ranking"):
        relabel.ranking(scores, len(scores), np.random.default_rng(0))


def test_rb_prob_with_forty_known_of_both_labels_can_split() -> None:
    X = np.repeat([0.0, 1.0], 20)[:, None]
    majority = Labelled(People(X, np.zeros(40, bool), ("a",)), X[:, 0] > 0)
    members = Labelled(People(np.array([[-1.0], [2.0]]), np.ones(2, bool), ("a",)), np.zeros(2, bool))
    low, high = RbProb().score(a_view(members, majority), np.random.default_rng(0))
    assert low < 0.01 < 0.99 < high


@pytest.mark.parametrize("label", [False, True])
def test_rb_prob_scores_a_majority_of_one_label_as_that_label(label: bool) -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(50, 3))
    majority = Labelled(People(X, np.zeros(50, bool), ("a", "b", "c")), np.full(50, label))
    scores = RbProb().score(a_view(a_table(rng, 20, True), majority), rng)
    assert set(scores) == {float(label)}


@pytest.mark.parametrize("method", [RbProb(), RbProb("sklearn.tree.DecisionTreeClassifier"), KamiranCalders()])
def test_the_order_of_the_known_rows_changes_no_score(method: RbProb | KamiranCalders) -> None:
    view = view_of(8, n_majority=300)
    shuffled = a_view(view.collective, view.majority.take(np.random.default_rng(1).permutation(300)))
    again = method.score(shuffled, np.random.default_rng(0))
    np.testing.assert_array_equal(method.score(view, np.random.default_rng(0)), again)


def test_nominal_columns_are_named_to_a_learner_that_takes_them() -> None:
    rng = np.random.default_rng(9)
    X = np.c_[rng.integers(1, 6, 400).astype(float), rng.normal(size=400)]
    odd = X[:, 0] % 2 == 1
    people = People(X, np.zeros(400, bool), ("code", "noise"), (0,))
    members = Labelled(People(X[:10], np.ones(10, bool), ("code", "noise"), (0,)), np.zeros(10, bool))
    method = RbProb(params={"max_iter": 1, "max_leaf_nodes": 2})
    scores = method.score(a_view(members, Labelled(people, odd)), rng)
    assert (scores[odd[:10]].min(initial=1)) > scores[~odd[:10]].max(initial=0), "one split parts odd from even codes"


def test_random_scores_are_uniform_and_follow_the_seed() -> None:
    view = view_of(10, n_members=3000)
    first, same = (Random().score(view, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, same)
    assert 0 <= first.min() < 0.01 < 0.99 < first.max() < 1
    assert first.mean() == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RbLabel(k=0), "k = 0"),
        (lambda: RbDist(k=2.5), "k = 2.5"),  # type: ignore[arg-type]  # what a config may hold
        (lambda: LuongKnn(threshold=3), "threshold = 3"),
        (lambda: RbProb("sklearn.nowhere.Model"), "no class at 'sklearn.nowhere.Model'"),
        (lambda: KamiranCalders(params={"depth": 3}), "no parameter depth"),
    ],
)
def test_a_wrong_knob_is_named_when_the_method_is_built(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_refusals_say_what_would_help() -> None:
    rng = np.random.default_rng(0)
    members, nobody = a_table(rng, 10, True), a_table(rng, 10, False).take(np.array([], dtype=int))
    for method in (RbProb(), RbLabel(), RbDist(), LuongKnn()):
        with pytest.raises(Refusal, match=r"no .*majority member"):
            method.score(a_view(members, nobody), rng)
    rejected = a_table(rng, 10, False).relabelled(np.zeros(10, bool))
    with pytest.raises(Refusal, match="with y = 1"):
        RbDist().score(a_view(members, rejected), rng)
    with pytest.raises(Refusal, match="other members"):
        LuongKnn().score(a_view(members.take(np.array([1])), a_table(rng, 30, False)), rng)


@pytest.mark.parametrize("kind", [RbProb, KamiranCalders])
@pytest.mark.parametrize(
    ("learner", "params"),
    [("sklearn.svm.LinearSVC", None), ("sklearn.linear_model.SGDClassifier", {"loss": "hinge"})],
)
def test_a_learner_without_probabilities_is_found_when_the_method_is_built(
    kind: Any, learner: str, params: dict[str, Any] | None
) -> None:
    name = learner.rpartition(".")[2]
    with pytest.raises(ValueError, match=rf"learner {name}.* gives no probabilities .*LogisticRegression would do"):
        kind(learner, params)
    assert kind("sklearn.linear_model.SGDClassifier", {"loss": "log_loss"})


def test_every_card_makes_a_hashable_picklable_method_and_its_grid_is_accepted() -> None:
    import fwk_user_side

    cards = list(fwk_user_side.fwk_cards())
    assert [card.name for card in cards] == ["rb-prob", "kamiran-calders", "rb-label", "rb-dist", "luong-knn", "random"]
    for card in cards:
        assert pickle.loads(pickle.dumps(card.make())) == card.make()
        assert hash(card.make()) == hash(card.make())
        for knob, grid in card.tune.items():
            assert knob in plugins.knobs_of(card)
            for value in grid:
                assert getattr(card.make(**{knob: value}), knob) == value


def test_informed_rankers_put_likely_accepted_candidates_first() -> None:
    view = view_of(11, n_majority=800, n_members=200)
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in (RbProb(), RbLabel(), RbDist(), KamiranCalders(), LuongKnn(threshold=-1)):
            order = np.argsort(-method.score(view, rng))
            half = len(order) // 2
            first, last = view.candidates[order[:half], 0].mean(), view.candidates[order[half:], 0].mean()
            assert first > last, f"{type(method).__name__}: feature a raises P(y = 1), so it should lead"
