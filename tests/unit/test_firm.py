"""The ordinary learner: what a dotted path gives, what is trained once, and rules made of models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from fakes_core import CountingTree, people
from fwk.api import Labelled, Note, People, Refusal
from fwk.firm import Learner, Training, fold_numbers, hard_rule, positive_probability
from fwk.remarks import remarks


def counting(tmp_path: Path) -> Learner:
    return Learner("fakes_core.CountingTree", {"log": str(tmp_path / "fits")})


def fits(tmp_path: Path) -> int:
    log = tmp_path / "fits"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_the_default_learner_is_histogram_gradient_boosting_with_default_parameters() -> None:
    assert Learner().make(7).get_params() == HistGradientBoostingClassifier(random_state=7).get_params()


def test_parameters_win_over_the_seed_and_the_nominal_columns() -> None:
    params = {"random_state": 1, "categorical_features": [0], "max_iter": 3}
    made = Learner(params=params).make(7, categorical=(2,))
    assert {name: made.get_params()[name] for name in params} == params


def test_nominal_columns_are_named_to_learners_that_take_them() -> None:
    assert Learner().make(0, categorical=(2, 3)).categorical_features == [2, 3]
    tree = Learner("sklearn.tree.DecisionTreeClassifier").make(5, categorical=(2, 3))
    assert isinstance(tree, DecisionTreeClassifier)
    assert tree.random_state == 5


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        (
            "sklearn.linear_model.LogisticRegresion",
            {},
            "no class at .*LogisticRegresion'.*full dotted path",
        ),
        ("sklear.linear_model.LogisticRegression", {}, r"No module named 'sklear'"),
        ("LogisticRegression", {}, "give the full dotted path"),
        ("", {}, "give the full dotted path"),
        ("numpy.mean", {}, r"'numpy.mean' is not a scikit-learn classifier \(a class with fit and predict\)"),
        ("pathlib.Path", {}, "is not a scikit-learn classifier"),
        ("sklearn.tree.DecisionTreeRegressor", {}, "predicts numbers, not labels; give a classifier"),
        (
            "sklearn.tree.DecisionTreeClassifier",
            {"max_dept": 3},
            r"no parameter max_dept; did you mean 'max_depth'\?; it has: criterion",
        ),
        (
            "fakes_core.Keywords",
            {"max_dept": 3},
            r"no parameter max_dept; did you mean 'max_depth'\?; it has: log, max_",
        ),
        ("fakes_core.Untold", {"depth": 3}, r"Untold takes \*\*parameters without saying which .*get_params"),
    ],
)
def test_a_wrong_learner_is_refused_with_what_would_be_right(path: str, params: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Learner(path, params).make(0)


def test_parameters_behind_keywords_are_known_by_what_the_class_tells() -> None:
    made = Learner("fakes_core.Keywords", {"max_depth": 2}).make(7)
    assert made.get_params() == {"log": "", "max_depth": 2, "random_state": 7}


def test_a_class_that_cannot_be_made_without_arguments_is_known_by_its_signature() -> None:
    path = "sklearn.ensemble.VotingClassifier"
    assert Learner(path, {"estimators": [("one", LogisticRegression())], "voting": "soft"}).make(0).voting == "soft"
    with pytest.raises(ValueError, match=r"no parameter votin; did you mean 'voting'\?"):
        Learner(path, {"votin": "soft"}).make(0)


def test_a_learner_is_called_by_its_class_and_parameters() -> None:
    assert Learner().name == "HistGradientBoostingClassifier"
    assert Learner("a.b.Tree", {"max_depth": 3, "criterion": "gini"}).name == "Tree(max_depth=3, criterion=gini)"


def test_a_firm_trains_what_scikit_learn_trains() -> None:
    train = people(200)
    model = Training(Learner(), 3, categorical=(2,)).fit(train)
    expected = HistGradientBoostingClassifier(random_state=3, categorical_features=[2]).fit(
        train.X, train.y.astype(int)
    )
    np.testing.assert_array_equal(model.predict_proba(train.X), expected.predict_proba(train.X))
    unseeded = Training(Learner(), 3).estimator()
    assert unseeded.get_params() == HistGradientBoostingClassifier(random_state=3).get_params()


def test_equal_tables_are_trained_once(tmp_path: Path) -> None:
    firm = Training(counting(tmp_path), 0)
    train = people(100)
    model = firm.fit(train)
    copy = Labelled(
        People(train.X.copy(), train.minority, train.people.columns, train.people.categorical), train.y.copy()
    )
    assert firm.fit(copy) is model
    assert fits(tmp_path) == 1


def test_another_label_feature_weight_seed_or_learner_is_trained_again(tmp_path: Path) -> None:
    train, learner = people(100), counting(tmp_path)
    X, y = train.X.copy(), train.y.copy()
    X[5, 0] += 1e-9
    y[5] = ~y[5]
    other_X = Labelled(People(X, train.minority, train.people.columns), train.y)
    weights = np.ones(100)
    firm = Training(learner, 0, tmp_path / "models")
    for table, weight in (
        (train, None),
        (other_X, None),
        (train.relabelled(y), None),
        (train, weights),
        (train, 2 * weights),
    ):
        firm.fit(table, weight)
    assert fits(tmp_path) == 5
    Training(learner, 1, tmp_path / "models").fit(train)
    deeper = Learner(learner.path, {**learner.params, "max_depth": 5})
    Training(deeper, 0, tmp_path / "models").fit(train)
    assert fits(tmp_path) == 7


def test_models_are_shared_through_a_folder(tmp_path: Path) -> None:
    train, learner = people(100), counting(tmp_path)
    first, second = (Training(learner, 0, tmp_path / "models") for _ in range(2))
    one, other = first.fit(train), second.fit(train)
    assert fits(tmp_path) == 1
    np.testing.assert_array_equal(one.predict_proba(train.X), other.predict_proba(train.X))
    assert not list((tmp_path / "models").glob("*.part"))


def test_what_nobody_asks_for_again_is_not_kept(tmp_path: Path) -> None:
    train = people(100)
    firm = Training(counting(tmp_path), 0, tmp_path / "models")
    firm.train(train)
    firm.train(train)
    assert fits(tmp_path) == 2
    assert not (tmp_path / "models").exists()


def test_weights_count_as_copies() -> None:
    train = people(150)
    weights = np.random.default_rng(0).integers(1, 4, len(train))
    firm = Training(Learner("sklearn.naive_bayes.GaussianNB"), 0)
    copies = train.take(np.repeat(np.arange(len(train)), weights))
    np.testing.assert_allclose(
        firm.fit(train, weights.astype(float)).predict_proba(train.X), firm.fit(copies).predict_proba(train.X)
    )


def test_weighting_for_a_learner_without_weights_is_refused() -> None:
    firm = Training(Learner("sklearn.neighbors.KNeighborsClassifier"), 0)
    with pytest.raises(Refusal, match="KNeighborsClassifier takes no sample_weight, and this method weights people"):
        firm.fit(people(50), np.ones(50))


def test_nobody_is_scored_by_a_model_that_met_them(tmp_path: Path) -> None:
    """A tree without limits knows everybody that it met by heart; labels here are coin flips."""
    rng = np.random.default_rng(0)
    n = 500
    train = Labelled(People(rng.normal(size=(n, 2)), rng.random(n) < 0.4, ("a", "b")), rng.random(n) < 0.5)
    learner = Learner("fakes_core.CountingTree", {"log": str(tmp_path / "fits"), "max_depth": None})
    firm = Training(learner, 0)
    held_out = firm.out_of_fold(train)
    assert 0.4 < ((held_out > 0.5) == train.y).mean() < 0.6
    assert (positive_probability(firm.fit(train), train.X) == train.y).all()
    assert fits(tmp_path) == 6
    np.testing.assert_array_equal(firm.out_of_fold(train), held_out)
    assert fits(tmp_path) == 6, "computed once a table"


def test_out_of_fold_scores_equal_a_loop_over_the_folds() -> None:
    train = people(120)
    firm = Training(Learner("sklearn.tree.DecisionTreeClassifier", {"max_depth": 3}), 4)
    found = firm.out_of_fold(train, folds=3)
    number = fold_numbers(train.y, train.minority, 3, 4)
    for fold in range(3):
        rest, held = train.take(number != fold), number == fold
        model = DecisionTreeClassifier(max_depth=3, random_state=4).fit(rest.X, rest.y.astype(int))
        np.testing.assert_array_equal(found[held], model.predict_proba(train.X[held])[:, 1])


def test_folds_hold_equal_shares_of_each_group_and_label() -> None:
    train = people(300)
    number = fold_numbers(train.y, train.minority, 5, 0)
    for group in (False, True):
        for label in (False, True):
            counts = np.bincount(number[(train.minority == group) & (train.y == label)].astype(int), minlength=5)
            assert counts.max() - counts.min() <= 1
    assert not np.array_equal(number, fold_numbers(train.y, train.minority, 5, 1))


def test_a_firm_tells_the_folds_of_its_held_out_scores() -> None:
    train = people(120)
    learner = Learner("sklearn.naive_bayes.GaussianNB")
    firm, other = Training(learner, 4), Training(learner, 5)
    fold = firm.fold_of(train, 3)
    assert sorted(np.bincount(fold)) == [40, 40, 40]
    first = positive_probability(firm.fit(train.take(fold != 0)), train.X[fold == 0])
    np.testing.assert_array_equal(firm.out_of_fold(train, 3)[fold == 0], first)
    np.testing.assert_array_equal(fold, Training(learner, 4).fold_of(train, 3))
    assert not np.array_equal(fold, other.fold_of(train, 3))
    with pytest.raises(Refusal, match="need as many people; there are 2"):
        firm.fold_of(train.take(np.arange(2)), 3)


@pytest.mark.parametrize("size", [1, 3, 4])
def test_cells_smaller_than_the_folds_spread_over_some_of_them(size: int) -> None:
    minority = np.arange(100) < size
    y = np.arange(100) % 2 == 0
    number = fold_numbers(y, minority, 5, 0)
    assert set(number.tolist()) == {0, 1, 2, 3, 4}
    assert np.bincount(number.astype(int)).tolist() == [20] * 5


def test_models_that_met_one_class_say_so_with_certainty() -> None:
    train = people(60)
    for label in (True, False):
        same = train.relabelled(np.full(60, label))
        for path in ("sklearn.ensemble.HistGradientBoostingClassifier", "sklearn.tree.DecisionTreeClassifier"):
            model = Training(Learner(path), 0).fit(same)
            assert set(positive_probability(model, train.X)) == {float(label)}
            assert set(hard_rule(model)(train.people)) == {float(label)}


def test_a_rule_accepts_whom_the_model_predicts() -> None:
    train = people(200, nominal=False)
    model = LogisticRegression().fit(train.X, train.y.astype(int))
    accept = hard_rule(model)(train.people)
    assert set(accept) == {0.0, 1.0}
    np.testing.assert_array_equal(accept == 1, model.predict(train.X) == 1)
    np.testing.assert_array_equal(accept == 1, positive_probability(model, train.X) > 0.5)


def test_probabilities_of_a_model_without_them_are_refused() -> None:
    train = people(100)
    with pytest.raises(Refusal, match=r"LinearSVC gives no probabilities \(predict_proba\)"):
        positive_probability(LinearSVC().fit(train.X, train.y), train.X)


def test_the_column_of_the_favourable_class_is_found_by_its_name() -> None:
    model = DummyClassifier(strategy="prior").fit(np.zeros((4, 1)), [1, 1, 1, 0])
    np.testing.assert_allclose(positive_probability(model, np.zeros((2, 1))), [0.75, 0.75])


def test_the_counting_tree_counts(tmp_path: Path) -> None:
    CountingTree(log=str(tmp_path / "fits")).fit(np.zeros((2, 1)), [0, 1])
    assert fits(tmp_path) == 1


def test_held_out_scores_are_kept_for_other_workers_and_not_for_other_groups(tmp_path: Path) -> None:
    train, learner = people(100), counting(tmp_path)
    scores = Training(learner, 0, tmp_path / "models").out_of_fold(train)
    np.testing.assert_array_equal(Training(learner, 0, tmp_path / "models").out_of_fold(train), scores)
    assert fits(tmp_path) == 5
    regrouped = Labelled(
        People(train.X, np.roll(train.minority, 1), train.people.columns, train.people.categorical), train.y
    )
    other = Training(learner, 0, tmp_path / "models").out_of_fold(regrouped)
    np.testing.assert_array_equal(other, Training(learner, 0).out_of_fold(regrouped))
    assert not np.array_equal(other, scores)


def test_held_out_scores_of_fewer_people_than_folds_are_refused() -> None:
    with pytest.raises(Refusal, match="held-out scores in 5 folds need as many people; there are 4"):
        Training(Learner(), 0).out_of_fold(people(60).take(np.arange(4)))


@pytest.mark.filterwarnings("always")
def test_what_training_warns_of_is_noted_by_everybody_who_uses_the_model(tmp_path: Path) -> None:
    learner = Learner("sklearn.linear_model.LogisticRegression", {"max_iter": 1})
    firm, other = (Training(learner, 0, tmp_path / "models") for _ in range(2))
    for ask in (firm.fit, firm.fit, other.fit, firm.out_of_fold, other.out_of_fold):
        with pytest.warns(Note, match=r"^ConvergenceWarning: lbfgs failed to converge"):
            ask(people(100, nominal=False))
    with remarks() as raw:
        firm.train(people(100, nominal=False))
    with remarks() as repeated:
        firm.fit(people(100, nominal=False))
    assert raw == repeated
