"""LFR: the objective against a plain computation, what the minimum means, and the rules that come out."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from firm_tables import a_firm, biased, fitted, one_group, swapped, table
from scipy.optimize import minimize
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fwk import Labelled, Note, People, Refusal
from fwk_firm_side.lfr import Lfr, OwnRule, Reconstruction, distinct, standardised, unfolded
from fwk_firm_side.lfr_objective import STAGES, Objective, Prototypes, Rows, Weights, learn

TRAIN = biased(400)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def learned(train: Labelled = TRAIN, A_z: float = 50.0, k: int = 3, starts: int = 2, seed: int = 0) -> Prototypes:
    rows = standardised(train, "one-hot")[1]
    return learn(rows, Weights(0.01, 1.0, A_z), k=k, starts=starts, max_iter=150, rng=rng(seed))[0]


def value(prototypes: Prototypes, A_z: float = 50.0, train: Labelled = TRAIN) -> float:
    rows = standardised(train, "one-hot")[1]
    return Objective(rows, Weights(0.01, 1.0, A_z), len(prototypes.w))(prototypes.flat())[0]


def disparity(prototypes: Prototypes, train: Labelled = TRAIN) -> float:
    """L_z, from the memberships of each person."""
    M = prototypes.memberships(standardised(train, "one-hot")[0](train.people))
    return float(np.abs(M[train.minority].mean(axis=0) - M[~train.minority].mean(axis=0)).mean())


def test_the_objective_is_that_of_the_paper_with_means_for_sums() -> None:
    prototypes = Prototypes(rng(1).uniform(0.1, 0.9, 3), rng(2).normal(size=(3, 3)))
    X = StandardScaler().fit_transform(TRAIN.X)
    loss_y, loss_x, share = 0.0, {False: 0.0, True: 0.0}, {False: np.zeros(3), True: np.zeros(3)}
    for x, y, group in zip(X, TRAIN.y, TRAIN.minority.tolist(), strict=True):
        closeness = [np.exp(-np.linalg.norm(x - v)) for v in prototypes.V]
        M = [c / sum(closeness) for c in closeness]
        x_hat = sum(m * v for m, v in zip(M, prototypes.V, strict=True))
        y_hat = sum(m * w for m, w in zip(M, prototypes.w, strict=True))
        size = int((TRAIN.minority == group).sum())
        loss_x[group] += float(np.sum((x - x_hat) ** 2)) / (3 * size)
        loss_y -= float(np.log(y_hat if y else 1 - y_hat)) / len(TRAIN)
        share[group] += np.array(M) / size
    loss_z = sum(abs(share[True][k] - share[False][k]) for k in range(3)) / 3
    expected = 0.01 * sum(loss_x.values()) + loss_y + 50 * loss_z
    assert value(prototypes) == pytest.approx(expected, rel=1e-12)


def test_a_smoothed_objective_lies_below_by_at_most_the_smoothing() -> None:
    objective = Objective(standardised(TRAIN, "one-hot")[1], Weights(0.01, 1.0, 50.0), 3)
    parameters = rng().uniform(size=12)
    for smoothing, _ in STAGES:
        assert 0 <= objective(parameters)[0] - objective(parameters, smoothing)[0] <= 50 * smoothing


def test_the_membership_of_a_person_at_a_prototype_is_no_trouble() -> None:
    rows = standardised(TRAIN, "one-hot")[1]
    at_people = Prototypes(np.full(3, 0.5), rows.X[[0, 0, 5]])
    found, gradient = Objective(rows, Weights(1.0, 1.0, 1.0), 3)(at_people.flat())
    assert np.isfinite(found)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() < 100


def test_more_starts_never_end_higher() -> None:
    ends = [value(learned(starts=starts)) for starts in (1, 2, 4)]
    assert ends == sorted(ends, reverse=True)


def test_smoothing_the_kinks_leads_lower_than_the_plain_descent_from_the_same_start() -> None:
    rows = standardised(TRAIN, "one-hot")[1]
    objective = Objective(rows, Weights(0.01, 1.0, 50.0), 3)
    start = np.concatenate([rng().uniform(size=3), rng(1).normal(size=9)])
    plain = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * 3 + [(None, None)] * 9)
    assert value(learned(starts=1)) < plain.fun


def test_every_prototype_accepts_a_share_between_none_and_all() -> None:
    for A_z in (0.0, 50.0):
        w = learned(A_z=A_z).w
        assert (w >= 0).all()
        assert (w <= 1).all()


def test_dearer_disparity_is_less_disparity() -> None:
    found = [disparity(learned(A_z=A_z, starts=4)) for A_z in (0.0, 0.3, 50.0)]
    assert found[0] > found[1] + 0.01
    assert found[1] > found[2]
    assert found[2] < 1e-3


def test_with_parity_of_prototypes_both_groups_have_equal_mean_scores() -> None:
    prototypes = learned()
    score = prototypes.score(standardised(TRAIN, "one-hot")[0](TRAIN.people))
    assert score[TRAIN.minority].mean() == pytest.approx(score[~TRAIN.minority].mean(), abs=1e-3)


def test_without_the_price_on_disparity_the_own_rule_predicts_the_label() -> None:
    people = biased(2000, seed=1)
    wrong = np.mean(fitted(Lfr(A_z=0.0, A_x=0.0, decide="own"), TRAIN)(people.people) != people.y)
    logistic = fitted_logistic_error(people)
    assert wrong < logistic + 0.03


def fitted_logistic_error(people: Labelled) -> float:
    return float(np.mean(a_firm().fit(TRAIN).predict(people.X) != people.y))


def test_the_order_of_rows_changes_no_bit_of_the_representation() -> None:
    order = rng(3).permutation(len(TRAIN))
    one, other = (Lfr().represent(t, a_firm(), rng()) for t in (TRAIN, TRAIN.take(order)))
    assert np.array_equal(one(TRAIN.people)[order], other(TRAIN.people.take(order)))


def test_one_seed_gives_one_representation_and_another_seed_another() -> None:
    one, again, other = (Lfr().represent(TRAIN, a_firm(), rng(seed))(TRAIN.people) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_units_do_not_matter() -> None:
    scaled = table(TRAIN.X * [1e3, 1e-3, 7.0] + [5.0, -2.0, 0.0], TRAIN.minority, TRAIN.y)
    assert value(learned(scaled)) == pytest.approx(value(learned()), rel=1e-2)


def test_the_space_is_scikit_learns_one_hot_encoding_and_standard_scaling() -> None:
    codes = rng().integers(1, 4, len(TRAIN)).astype(float)
    people = People(np.column_stack([codes, TRAIN.X]), TRAIN.minority, ("c", "a", "b", "group"), (0,))
    space, rows = standardised(Labelled(people, TRAIN.y), "one-hot")
    indicators = OneHotEncoder(sparse_output=False).fit_transform(codes[:, None])
    expected = StandardScaler().fit_transform(np.column_stack([TRAIN.X, indicators]))
    np.testing.assert_allclose(space(people), expected, atol=1e-12)
    assert sorted(map(tuple, rows.X.round(9))) == sorted(set(map(tuple, space(people).round(9))))


def test_a_code_that_nobody_had_in_training_is_no_level() -> None:
    levels = ((0, np.array([1.0, 2.0])),)
    assert unfolded(np.array([[3.0]]), levels).tolist() == [[0.0, 0.0]]


def test_nominal_codes_can_be_taken_as_numbers() -> None:
    people = People(TRAIN.X[:, [2, 0]] + 1, TRAIN.minority, ("c", "a"), (0,))
    assert standardised(Labelled(people, TRAIN.y), "codes")[1].X.shape[1] == 2
    assert standardised(Labelled(people, TRAIN.y), "one-hot")[1].X.shape[1] == 3


def test_equal_people_are_counted_not_repeated() -> None:
    X = np.array([[1.0], [2.0], [1.0], [1.0]])
    minority, y = np.array([False, False, False, True]), np.array([True, False, False, True])
    rows = distinct(table(X, minority, y))
    assert list(zip(rows.X[:, 0], rows.minority, rows.count, rows.accepted, strict=True)) == [
        (1, False, 2, 1), (1, True, 1, 1), (2, False, 1, 0),
    ]  # fmt: skip


def test_the_learner_rule_is_the_learner_on_the_reconstruction() -> None:
    people = biased(300, seed=5)
    represent = Lfr(A_z=0.2).represent(TRAIN, a_firm(), rng())
    model = a_firm().fit(Labelled(as_people(represent(TRAIN.people), TRAIN), TRAIN.y))
    expected = model.predict(represent(people.people))
    assert np.array_equal(fitted(Lfr(A_z=0.2), TRAIN)(people.people), expected)


def as_people(X: np.ndarray, like: Labelled) -> People:
    return People(X, like.minority, tuple(f"r{i}" for i in range(X.shape[1])))


def test_the_own_rule_accepts_whose_score_exceeds_a_half() -> None:
    rule = fitted(Lfr(A_z=0.2, decide="own"), TRAIN)
    assert isinstance(rule, OwnRule)
    prototypes, space = rule.reconstruction.prototypes, rule.reconstruction.space
    score = prototypes.memberships(space(TRAIN.people)) @ prototypes.w
    assert np.array_equal(rule(TRAIN.people), (score > 0.5).astype(float))
    assert set(rule(TRAIN.people)) == {0.0, 1.0}


@pytest.mark.parametrize("decide", ["own", "learner"])
def test_a_rule_pickles_decides_nobody_and_does_not_look_at_the_group(decide: str) -> None:
    rule = fitted(Lfr(A_z=0.2, decide=decide), TRAIN)  # type: ignore[arg-type]  # the parametrised strings are the literals
    before = rule(TRAIN.people)
    assert np.array_equal(pickle.loads(pickle.dumps(rule))(TRAIN.people), before)
    assert np.array_equal(rule(swapped(TRAIN.people)), before)


def test_a_person_is_represented_the_same_alone_and_in_a_crowd() -> None:
    represent = Lfr().represent(TRAIN, a_firm(), rng())
    alone = np.vstack([represent(TRAIN.people.take(np.array([i]))) for i in range(20)])
    assert np.array_equal(alone, represent(TRAIN.people)[:20])
    assert represent(TRAIN.people.take(np.arange(0))).shape == (0, 3)


def test_a_reconstruction_that_is_one_point_is_noted() -> None:
    everyone_alike = table(np.ones((40, 2)), TRAIN.minority[:40], TRAIN.y[:40])
    with pytest.warns(Note, match="reconstructs everybody alike"):
        P = fitted(Lfr(), everyone_alike)(everyone_alike.people)
    assert len(set(P)) == 1


def test_more_prototypes_than_people_are_no_trouble() -> None:
    few = biased(6, share=0.5, seed=2)
    assert np.isfinite(Lfr(k=9).represent(few, a_firm(), rng())(few.people)).all()


def test_missing_values_are_refused_by_name_in_training_and_at_decision_time() -> None:
    X = np.where(np.arange(len(TRAIN))[:, None] % 4 == [9, 1, 9], np.nan, TRAIN.X)
    gaps = table(X, TRAIN.minority, TRAIN.y, ("skill", "quarter", "group"))
    with pytest.raises(Refusal, match=r"quarter \(100\); set `missing: impute`"):
        fitted(Lfr(), gaps)
    rule = fitted(Lfr(), TRAIN)
    with pytest.raises(Refusal, match="quarter"):
        rule(gaps.people)


def test_one_group_or_no_features_are_refused() -> None:
    with pytest.raises(Refusal, match="two groups are needed"):
        fitted(Lfr(), one_group(TRAIN))
    with pytest.raises(Refusal, match="no features"):
        fitted(Lfr(), table(TRAIN.X[:, :0], TRAIN.minority, TRAIN.y))


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"k": 0}, "k is 0"),
        ({"A_z": -1.0}, "A_z is -1.0"),
        ({"starts": 0}, "starts is 0"),
        ({"decide": "both"}, "decide is 'both'; it can be: learner, own"),
        ({"nominal": "hash"}, "nominal is 'hash'"),
    ],
)
def test_knobs_out_of_range_are_named(knobs: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lfr(**knobs)  # type: ignore[arg-type]  # wrong on purpose


def test_a_representation_is_a_reconstruction_in_standardised_features() -> None:
    represent = Lfr(A_z=0.0, A_x=100.0, A_y=0.0, k=12).represent(TRAIN, a_firm(), rng())
    assert isinstance(represent, Reconstruction)
    X = StandardScaler().fit_transform(TRAIN.X)
    assert np.mean((represent(TRAIN.people) - X) ** 2) < 0.5 * np.mean((X - X.mean(axis=0)) ** 2)


def test_two_people_two_apart_are_told_apart_as_well_as_the_triangle_inequality_lets_them() -> None:
    """With k = 2, L_y is a softplus of minus the difference of distances, which lies between -2 and 2 at best."""
    rows = Rows(np.array([[-1.0], [1.0]]), np.array([True, False]), np.array([5.0, 5.0]), np.array([0.0, 5.0]))
    prototypes, loss = learn(rows, Weights(0.0, 1.0, 0.0), k=2, starts=2, max_iter=200, rng=rng())
    assert loss == pytest.approx(np.log1p(np.exp(-2)), rel=1e-6)
    assert prototypes.score(rows.X).round().tolist() == [0.0, 1.0]
