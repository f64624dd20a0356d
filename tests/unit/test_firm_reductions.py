"""The exponentiated-gradient reduction: what fairlearn's randomised rule is, exactly."""

import pickle
import warnings

import numpy as np
import pytest
from fairlearn.metrics import equalized_odds_difference
from fairlearn.reductions import EqualizedOdds, ExponentiatedGradient
from firm_tables import (
    LOGISTIC,
    NEIGHBOURS,
    a_firm,
    biased,
    eqod_max,
    error,
    fitted,
    one_group,
    rates,
    swapped,
    without,
)

from fwk import Decider, Labelled, Refusal
from fwk_firm_side.reductions import MOMENTS, Reductions, cards, quiet_pandas


@pytest.fixture(scope="module")
def train() -> Labelled:
    return biased(800)


@pytest.fixture(scope="module")
def rule(train: Labelled) -> Decider:
    return fitted(Reductions(difference_bound=0.02), train)


def test_the_rule_is_the_mean_of_fairlearns_own_random_predictions(train: Labelled, rule: Decider) -> None:
    with quiet_pandas():
        theirs = ExponentiatedGradient(
            LOGISTIC.make(0), EqualizedOdds(difference_bound=0.02), eps=0.02, max_iter=5, nu=1e-6
        ).fit(train.X, train.y.astype(int), sensitive_features=train.minority)
    draws = np.array([theirs.predict(train.X, random_state=seed) for seed in range(400)])
    P = rule(train.people)
    assert len(np.unique(P)) > 2  # randomised indeed
    # 400 draws of a coin: standard error 0.025 at most
    assert np.abs(draws.mean(axis=0) - P).max() < 0.025 * 5
    assert abs(draws.mean() - P.mean()) < 0.002


def test_the_constraint_holds_on_the_train_part(train: Labelled, rule: Decider) -> None:
    cell = rates(rule(train.people), train)
    everybody = np.array([rule(train.people)[train.y == y].mean() for y in (False, True)])
    assert np.abs(cell - everybody).max() <= 0.02 + 0.01  # the bound, and the duality gap


def test_it_is_fairer_than_the_ordinary_rule_and_costs_some_error(train: Labelled, rule: Decider) -> None:
    ordinary = a_firm().fit(train).predict(train.X).astype(float)
    assert eqod_max(rule(train.people), train) < eqod_max(ordinary, train) / 4
    assert error(ordinary, train) <= error(rule(train.people), train) < error(ordinary, train) + 0.1
    assert eqod_max(ordinary, train) == pytest.approx(
        equalized_odds_difference(train.y, ordinary, sensitive_features=train.minority)
    )


def test_a_larger_bound_costs_less_error(train: Labelled) -> None:
    errors = [error(fitted(Reductions(difference_bound=b), train)(train.people), train) for b in (0.01, 0.1, 0.5)]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("constraint", MOMENTS)
def test_every_constraint_shrinks_the_gap_that_it_names(train: Labelled, constraint: str) -> None:
    def gap(P: np.ndarray) -> float:
        mistakes = np.where(train.y, 1 - P, P)
        chosen, of = {
            "equalized_odds": (P, slice(None)),
            "demographic_parity": (P, slice(None)),
            "true_positive_rate_parity": (P, train.y),
            "false_positive_rate_parity": (P, ~train.y),
            "error_rate_parity": (mistakes, slice(None)),
        }[constraint]
        if constraint == "equalized_odds":
            return eqod_max(P, train)
        return abs(float(chosen[of][train.minority[of]].mean() - chosen[of][~train.minority[of]].mean()))

    ordinary = a_firm().fit(train).predict(train.X).astype(float)
    P = fitted(Reductions(constraint=constraint, difference_bound=0.005), train)(train.people)
    assert gap(P) < max(0.03, gap(ordinary) / 3)


def test_the_rule_does_not_look_at_the_group_and_can_be_pickled(train: Labelled, rule: Decider) -> None:
    np.testing.assert_array_equal(rule(swapped(train.people)), rule(train.people))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(rule))(train.people), rule(train.people))


def test_equal_input_gives_equal_numbers_in_any_order_of_rows(train: Labelled, rule: Decider) -> None:
    np.testing.assert_array_equal(fitted(Reductions(difference_bound=0.02), train)(train.people), rule(train.people))
    order = np.random.default_rng(1).permutation(len(train))
    shuffled = fitted(Reductions(difference_bound=0.02), train.take(order))
    np.testing.assert_allclose(shuffled(train.people), rule(train.people), atol=1e-6)


def test_a_table_or_learner_that_cannot_serve_is_refused_with_the_reason(train: Labelled) -> None:
    with pytest.raises(Refusal, match="two groups are needed"):
        fitted(Reductions(), one_group(train))
    with pytest.raises(Refusal, match="of the minority in the train part has the label 1"):
        fitted(Reductions(), without(train, minority=True, y=True))
    with pytest.raises(Refusal, match=r"KNeighborsClassifier\.fit takes no sample_weight"):
        fitted(Reductions(), train, a_firm(NEIGHBOURS))


def test_a_constraint_that_needs_no_such_label_serves_all_the_same(train: Labelled) -> None:
    table = without(train, minority=True, y=True)
    fitted(Reductions(constraint="demographic_parity", difference_bound=0.1), table)
    fitted(Reductions(constraint="false_positive_rate_parity", difference_bound=0.1), table)


def test_a_wrong_knob_is_named_with_what_it_can_be() -> None:
    with pytest.raises(ValueError, match="constraint is 'equal_odds'; it can be: equalized_odds"):
        Reductions(constraint="equal_odds")
    with pytest.raises(ValueError, match="difference_bound is 0"):
        Reductions(difference_bound=0)


def test_only_pandas_announcements_from_fairlearn_are_hidden() -> None:
    with quiet_pandas(), pytest.warns(UserWarning, match="seen"):
        warnings.warn("seen", UserWarning, stacklevel=1)


def test_every_value_of_the_sweep_makes_a_method() -> None:
    (card,) = cards()
    assert all(card.make(**{card.knob: value}) for value in card.sweep)
