"""The fair tree as a scikit-learn estimator, and the rules of the specification one at a time."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import _num_samples

from fare_plain import PlainGrower
from fwk_firm_side.fare import FairTreeClassifier, FairTreeEncoder


def people(n: int = 600, d: int = 4, seed: int = 0) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    s = rng.integers(0, 2, n)
    X = rng.normal(size=(n, d)) + 0.8 * s[:, None] * (np.arange(d) == 0)
    y = (X[:, 0] + X[:, -1] + rng.normal(size=n) > 0.4).astype(int)
    return X.astype(np.float32), y, s


X, Y, S = people()


def tree(**knobs: Any) -> FairTreeClassifier:
    return FairTreeClassifier(**{"min_samples_leaf": 10, "max_leaf_nodes": 20, **knobs})


class Alternating:
    """scikit-learn's checks call fit(X, y): people belong to the two groups in turn."""

    def fit(self, X: Any, y: Any) -> Any:
        return super().fit(X, y, sensitive_features=np.arange(_num_samples(X)) % 2)  # type: ignore[misc]


class Classifier(Alternating, FairTreeClassifier):
    pass


class Encoder(Alternating, FairTreeEncoder):
    pass


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([kind(gamma=0.0, min_samples_leaf=1) for kind in (Classifier, Encoder)])
def test_scikit_learns_own_checks_pass_on_it(estimator: Any, check: Any) -> None:
    check(estimator)


def test_parameters_are_those_of_the_constructor_and_survive_cloning() -> None:
    knobs = {"gamma": 0.5, "max_leaf_nodes": 7, "min_samples_leaf": 3, "criterion": "eo", "categorical_features": [1],
             "min_gain": None, "random_state": 5}  # fmt: skip
    assert FairTreeClassifier(**knobs).get_params() == knobs
    assert clone(FairTreeEncoder(**knobs)).get_params() == knobs
    assert FairTreeClassifier().get_params() == {
        "gamma": 0.85, "max_leaf_nodes": 200, "min_samples_leaf": 100, "criterion": "dp", "categorical_features": None,
        "min_gain": 1e-12, "random_state": None,
    }  # fmt: skip


def test_nothing_is_answered_before_fit() -> None:
    for call in ("apply", "predict", "predict_proba"):
        with pytest.raises(NotFittedError):
            getattr(FairTreeClassifier(), call)(X)
    with pytest.raises(NotFittedError):
        FairTreeEncoder().transform(X)


def test_a_copy_by_pickle_answers_alike_and_input_is_left_alone() -> None:
    given = X.copy(), Y.copy(), S.copy()
    fitted = tree(gamma=0.3).fit(*given[:2], sensitive_features=given[2])
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.apply(X), fitted.apply(given[0]))
    for one, other in zip(given, (X, Y, S), strict=True):
        np.testing.assert_array_equal(one, other)


def test_read_only_columnwise_and_double_tables_give_the_same_tree() -> None:
    expected = tree(gamma=0.3).fit(X, Y, sensitive_features=S).apply(X)
    sealed = X.copy()
    sealed.flags.writeable = False
    for table in (sealed, np.asfortranarray(X), X.astype(np.float64), np.repeat(X, 2, axis=1)[:, ::2], X.tolist()):
        np.testing.assert_array_equal(tree(gamma=0.3).fit(table, Y, sensitive_features=S).apply(table), expected)


def test_labels_and_groups_may_be_words() -> None:
    fitted = tree(gamma=0.3).fit(X, np.array(["no", "yes"])[Y], sensitive_features=np.array(["b", "a"])[S].tolist())
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert fitted.groups_.tolist() == ["a", "b"]
    plain = tree(gamma=0.3).fit(X, Y, sensitive_features=S)
    np.testing.assert_array_equal(fitted.predict(X) == "yes", plain.predict(X) == 1)


def test_probabilities_are_the_shares_of_the_leaf_and_predictions_its_majority() -> None:
    fitted = tree(gamma=0.3).fit(X, Y, sensitive_features=S)
    leaves = fitted.apply(X)
    for leaf in range(fitted.n_leaves_):
        share = Y[leaves == leaf].mean()
        np.testing.assert_allclose(np.unique(fitted.predict_proba(X)[leaves == leaf], axis=0), [[1 - share, share]])
        assert set(fitted.predict(X)[leaves == leaf]) == {int(share > 0.5)}


def test_the_smaller_label_wins_a_draw() -> None:
    constant = np.zeros((4, 1))
    fitted = tree().fit(constant, ["b", "a", "a", "b"], sensitive_features=[0, 1, 0, 1])
    assert set(fitted.predict(constant)) == {"a"}


@pytest.mark.parametrize("seed", range(10))
def test_without_fairness_it_is_scikit_learns_tree(seed: int) -> None:
    own, label, group = people(500, 1, seed)
    ours = FairTreeClassifier(0.0, 15, 20, min_gain=None).fit(own, label, sensitive_features=group)
    theirs = DecisionTreeClassifier(max_leaf_nodes=15, min_samples_leaf=20, random_state=0).fit(own, label)
    assert theirs.get_n_leaves() > 5
    assert adjusted_rand_score(ours.apply(own), theirs.apply(own)) == 1


def test_caring_for_fairness_only_makes_one_cell_of_everybody() -> None:
    fitted = FairTreeEncoder(gamma=1.0).fit(X, Y, sensitive_features=S)
    assert fitted.n_leaves_ == 1
    np.testing.assert_array_equal(fitted.transform(X), np.tile(np.median(X, axis=0), (len(X), 1)))


def test_more_gamma_tells_less_of_the_group() -> None:
    def told(gamma: float) -> float:
        leaves = tree(gamma=gamma).fit(X, Y, sensitive_features=S).apply(X)
        share = np.array([np.bincount(leaves[s == S], minlength=20) / (s == S).sum() for s in (0, 1)])
        return float(np.abs(share[0] - share[1]).sum() / 2)

    assert told(0.0) > told(0.5) > told(0.9)


def test_pure_nodes_are_split_for_nothing_by_the_official_rule_and_not_by_ours() -> None:
    x = np.arange(64, dtype=float)[:, None]
    y, s = np.repeat([0, 1], 32), np.tile([0, 0, 0, 1], 16)
    official = FairTreeClassifier(0.5, 10, 1, min_gain=None).fit(x, y, sensitive_features=s)
    ours = FairTreeClassifier(0.5, 10, 1).fit(x, y, sensitive_features=s)
    assert official.n_leaves_ == 10
    assert ours.n_leaves_ == 2


def test_values_closer_than_1e7_are_never_parted_though_a_chain_of_them_reaches_far() -> None:
    chain = (np.arange(100) * 5e-8)[:, None]
    label = np.repeat([0, 1], 50)
    fitted = FairTreeClassifier(0.0, 5, 1).fit(chain, label, sensitive_features=np.arange(100) % 2)
    assert fitted.n_leaves_ == 1
    assert FairTreeClassifier(0.0, 5, 1).fit(chain * 4, label, sensitive_features=np.arange(100) % 2).n_leaves_ == 2


def test_a_number_on_the_threshold_goes_left() -> None:
    fitted = FairTreeClassifier(0.0, 2, 1).fit([[0.0], [1.0]] * 2, [0, 1] * 2, sensitive_features=[0, 0, 1, 1])
    assert fitted.tree_.threshold[0] == 0.5
    assert fitted.apply([[0.5], [np.nextafter(np.float32(0.5), np.float32(1))]]).tolist() == [0, 1]


def test_codes_that_a_node_has_not_go_left_if_even_and_right_if_odd_and_unknown_ones_left() -> None:
    codes = np.repeat([1, 2, 5, 8], 10)[:, None]
    label = np.repeat([1, 0, 0, 1], 10)
    fitted = FairTreeClassifier(0.0, 2, 1, categorical_features=[0]).fit(
        codes, label, sensitive_features=np.arange(40) % 2
    )
    sides = dict(zip(range(1, 12), fitted.apply(np.arange(1, 12)[:, None]).tolist(), strict=True))
    assert [sides[code] for code in (2, 5, 1, 8)] == [0, 0, 1, 1]  # order A: mean label 0 first
    assert [sides[code] for code in (3, 4, 6, 7)] == [1, 0, 0, 1]
    assert [sides[code] for code in (9, 10, 11)] == [0, 0, 0]
    assert fitted.apply([[0]]).tolist() == [0]


def test_the_alternating_order_finds_a_split_that_the_order_by_label_misses() -> None:
    # Codes 1 and 2 are of one group each; mixing them, and 3 with 4, separates labels without telling the group.
    code = np.repeat([1, 2, 3, 4], 100)
    group = np.concatenate([np.repeat([0, 1], [90, 10]), np.repeat([0, 1], [10, 90])] * 2)
    label = np.concatenate([np.arange(100) < share for share in (20, 30, 60, 75)]).astype(int)
    fitted = FairTreeClassifier(0.5, 2, 1, categorical_features=[0])
    sides = fitted.fit(code[:, None], label, sensitive_features=group).apply([[1], [2], [3], [4]])
    assert sides[0] == sides[1] != sides[2] == sides[3]


def test_more_than_511_codes_are_welcome() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(1, 2001, 6000)
    label = (codes % 7 < 3).astype(int)
    knobs = {"gamma": 0.3, "max_leaf_nodes": 4, "min_samples_leaf": 5}
    table = np.column_stack([codes, rng.normal(size=6000)]).astype(np.float32)
    fitted = FairTreeClassifier(**knobs, categorical_features=[0]).fit(
        table, label, sensitive_features=rng.integers(0, 2, 6000)
    )
    assert (fitted.predict(table) == label).all()


@pytest.mark.parametrize("marked", [[1], ["job"], [False, True], np.array([1]), [-1]])
def test_categories_are_known_by_position_name_or_mask(marked: Any) -> None:
    table = pd.DataFrame({"x": X[:, 0], "job": 1 + (np.abs(X[:, 1]) * 2).astype(int) % 3})
    fitted = tree(categorical_features=marked).fit(table, Y, sensitive_features=S)
    np.testing.assert_array_equal(
        fitted.apply(table), tree(categorical_features=[1]).fit(table, Y, sensitive_features=S).apply(table)
    )
    assert fitted.feature_names_in_.tolist() == ["x", "job"]


def test_columns_of_category_dtype_are_nominal_whatever_their_values_are_called() -> None:
    code = 1 + (np.abs(X[:, 1]) * 2).astype(int) % 3
    words = pd.Categorical(np.array(["-", "clerk", "nurse", "cook"])[code], categories=["clerk", "nurse", "cook"])
    table = pd.DataFrame({"x": X[:, 0], "job": words})
    fitted = FairTreeEncoder(0.2, 20, 10).fit(table, Y, sensitive_features=S)
    by_code = FairTreeEncoder(0.2, 20, 10, categorical_features=[1])
    numbers = np.column_stack([X[:, 0], code])
    np.testing.assert_array_equal(fitted.apply(table), by_code.fit(numbers, Y, sensitive_features=S).apply(numbers))
    other = table.assign(job=pd.Categorical(table["job"].astype(str), categories=["cook", "clerk", "pilot", "nurse"]))
    np.testing.assert_array_equal(fitted.apply(other), fitted.apply(table))
    unknown = table.assign(job="pilot")
    np.testing.assert_array_equal(fitted.apply(unknown), by_code.apply(np.column_stack([X[:, 0], np.zeros(len(X))])))
    assert fitted.get_feature_names_out().tolist() == ["x", "job"]


def test_leaf_vectors_are_medians_and_the_smallest_of_the_most_frequent_codes() -> None:
    table = np.column_stack([X[:, :2], 1 + (np.abs(X[:, 2]) * 2).astype(int)]).astype(np.float32)
    encoder = FairTreeEncoder(0.3, 8, 20, categorical_features=[2]).fit(table, Y, sensitive_features=S)
    Z = encoder.transform(table)
    for leaf in range(encoder.n_leaves_):
        own = table[encoder.apply(table) == leaf]
        codes, count = np.unique(own[:, 2], return_counts=True)
        expected = [*np.median(own[:, :2], axis=0), codes[count.argmax()]]
        np.testing.assert_array_equal(Z[encoder.apply(table) == leaf], [expected] * len(own))


def test_a_seed_settles_ties_between_equal_columns_and_nothing_else() -> None:
    own, label, group = people(4000)
    twins = np.column_stack([own, own[:, :1]])

    def grown(seed: Any) -> FairTreeClassifier:
        knobs = {"gamma": 0.3, "min_samples_leaf": 200, "random_state": seed}
        return tree(**knobs).fit(twins, label, sensitive_features=group)

    by_seed = [grown(seed) for seed in range(8)]
    assert len({tuple(fitted.tree_.feature) for fitted in by_seed}) > 1
    assert all(adjusted_rand_score(fitted.apply(twins), by_seed[0].apply(twins)) == 1 for fitted in by_seed)
    drawn = [grown(np.random.RandomState(0)).tree_.feature for _ in range(2)]
    np.testing.assert_array_equal(*drawn)
    np.testing.assert_array_equal(grown(None).tree_.feature, grown(43).tree_.feature)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"gamma": 1.5}, "gamma=1.5 must lie between 0"),
        ({"max_leaf_nodes": 1}, "max_leaf_nodes=1 must be at least 2"),
        ({"min_samples_leaf": 0}, "min_samples_leaf=0 must be at least 1"),
        ({"criterion": "sp"}, "criterion='sp' is none of dp, eopp, eo"),
        ({"categorical_features": [0]}, "column 0 is categorical, and holds"),
        ({"categorical_features": [9]}, "categorical_features holds 9, and X has 4 columns"),
        ({"categorical_features": ["job"]}, "categorical_features names 'job'"),
        ({"categorical_features": [True]}, r"the mask categorical_features has shape \(1,\), and X has 4 columns"),
    ],
)
def test_faulty_knobs_are_named_with_what_would_be_right(knobs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tree(**knobs).fit(X, Y, sensitive_features=S)


def test_faulty_tables_are_refused() -> None:
    with pytest.raises(TypeError, match="sensitive_features"):
        tree().fit(X, Y)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        tree().fit(X, Y, sensitive_features=S[:-1])
    with pytest.raises(ValueError, match="NaN"):
        tree().fit(np.where(X > 2, np.nan, X), Y, sensitive_features=S)
    with pytest.raises(ValueError, match="is for two labels, and y has 3"):
        tree(criterion="eo").fit(X, Y + S, sensitive_features=S)
    with pytest.raises(ValueError, match="600 different groups are more than 255"):
        tree().fit(X, Y, sensitive_features=np.arange(len(X)))
    with pytest.raises(ValueError, match="2 labels times 200 groups are more than 255 cells"):
        tree().fit(X, Y, sensitive_features=np.arange(len(X)) % 200)


def test_one_group_or_one_label_still_makes_a_tree() -> None:
    alone = tree(gamma=0.5).fit(X, Y, sensitive_features=np.zeros(len(X)))
    unfair = tree(gamma=0.0).fit(X, Y, sensitive_features=S)
    np.testing.assert_array_equal(alone.apply(X), unfair.apply(X))
    assert tree(gamma=0.5).fit(X, np.ones(len(X)), sensitive_features=S).n_leaves_ == 1


def test_conditional_criteria_never_make_a_leaf_without_a_label_they_condition_on() -> None:
    for criterion, needed in (("eopp", (1,)), ("eo", (0, 1))):
        leaves = tree(gamma=0.2, criterion=criterion, min_samples_leaf=1).fit(X, Y, sensitive_features=S).apply(X)
        for label in needed:
            assert set(leaves) == set(leaves[label == Y])


def test_many_values_are_split_as_plainly_inside_bins_too() -> None:
    own, label, group = people(3000, 6, 1)
    own[:, 5] = np.round(own[:, 5], 1)
    for criterion in ("dp", "eopp", "eo"):
        plain = PlainGrower(0.7, 60, 5, criterion).grow(own, label, group)
        ours = FairTreeClassifier(0.7, 60, 5, criterion).fit(own, label, sensitive_features=group)
        np.testing.assert_array_equal(ours.apply(own), plain.apply(own))


def test_importing_the_plugin_loads_no_numba() -> None:
    code = "import sys, fwk_firm_side.fare; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
