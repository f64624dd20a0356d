"""Post-processors on a small firm: what they share, and what each does to it."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from firm_tables import (
    MARGIN_ONLY,
    a_firm,
    biased,
    eqod_max,
    error,
    fitted,
    one_group,
    rates,
    swapped,
    table,
    without,
)
from sklearn.linear_model import LogisticRegression

from fwk import FirmMethod, Labelled, Note, People, Refusal, positive_probability
from fwk.firm import Learner
from fwk.testing.trials import SteadyFirm
from fwk_firm_side import calibrated, eqodds_thresholds, reject_option, relaxed_eqodds
from fwk_firm_side.calibrated import CalibratedEqualizedOdds, mix_rate
from fwk_firm_side.eqodds_thresholds import EqualizedOddsThresholds
from fwk_firm_side.reductions import quiet_pandas
from fwk_firm_side.reject_option import RejectOption
from fwk_firm_side.relaxed_eqodds import RelaxedEqualizedOdds
from fwk_firm_side.roc import RandomThreshold, hull
from fwk_firm_side.rules import interpolated
from fwk_firm_side.scaling import calibration_error, scaling
from fwk_firm_side.scores import held_out

pytestmark = pytest.mark.filterwarnings("ignore::fwk.api.Note")

METHODS: list[FirmMethod] = [
    CalibratedEqualizedOdds(),
    CalibratedEqualizedOdds(recalibrate="isotonic", cost="fpr", share=0.5),
    CalibratedEqualizedOdds(recalibrate="sigmoid", cost="weighted", calibrate="holdout"),
    EqualizedOddsThresholds(),
    EqualizedOddsThresholds("demographic_parity", interpolation=0.3),
    RelaxedEqualizedOdds(0.05),
    RelaxedEqualizedOdds(0.05, "mean", calibrate="holdout"),
    RejectOption(),
]
FITTED_ON_SCORES = METHODS[:-1]


@pytest.fixture(scope="module")
def train() -> Labelled:
    return biased(900)


@pytest.fixture(scope="module")
def others() -> People:
    return biased(300, seed=1).people


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_rule_gives_probabilities_whatever_the_order_and_company_of_people(
    method: FirmMethod, train: Labelled, others: People
) -> None:
    rule = fitted(method, train)
    P = rule(others)
    assert P.shape == (300,)
    assert ((P >= 0) & (P <= 1)).all()
    np.testing.assert_array_equal(rule(others.take(np.arange(300)[::-1])), P[::-1])
    np.testing.assert_array_equal(rule(others.take(np.arange(7))), P[:7])
    np.testing.assert_array_equal(rule(others), P)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(rule))(others), P)
    np.testing.assert_array_equal(fitted(method, train, seed=5)(others), P)  # nothing is drawn


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_rule_looks_at_the_group(method: FirmMethod, train: Labelled, others: People) -> None:
    rule = fitted(method, train)
    assert not np.array_equal(rule(swapped(others)), rule(others))


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_single_group_or_a_learner_without_probabilities_is_refused(method: FirmMethod, train: Labelled) -> None:
    with pytest.raises(Refusal, match="two groups are needed"):
        fitted(method, one_group(train))
    with pytest.raises(Refusal, match="LinearSVC gives no probabilities"):
        fitted(method, train, a_firm(MARGIN_ONLY))


@pytest.mark.parametrize("method", FITTED_ON_SCORES, ids=str)
@pytest.mark.parametrize("label", [False, True])
def test_a_group_without_a_label_is_refused(method: FirmMethod, train: Labelled, label: bool) -> None:
    with pytest.raises(Refusal, match=f"of the minority in the train part has the label {int(label)}"):
        fitted(method, without(train, minority=True, y=label))


def test_a_holdout_that_misses_a_cell_is_refused(train: Labelled) -> None:
    cell = np.flatnonzero(train.minority & train.y)
    few = train.take(np.setdiff1d(np.arange(len(train)), cell[3:]))  # three of them: none is held out
    with pytest.raises(Refusal, match="of the minority in the train part has the label 1"):
        fitted(RelaxedEqualizedOdds(0.1, calibrate="holdout"), few)


@pytest.mark.parametrize("module", [calibrated, eqodds_thresholds, reject_option, relaxed_eqodds])
def test_the_least_fair_end_of_a_sweep_is_the_ordinary_rule_where_the_card_starts_from_it(
    module, train: Labelled, others: People
) -> None:
    (card,) = module.cards()
    assert (card.stage, card.sees_group) == ("post", True)
    assert "base" in card.needs
    if module is relaxed_eqodds:
        return
    rule = fitted(card.make(**{card.knob: 0.0}), train)
    np.testing.assert_array_equal(rule(others), a_firm().fit(train).predict(others.X).astype(float))


@pytest.mark.parametrize(
    ("method", "knob"), [(EqualizedOddsThresholds(), "interpolation"), (CalibratedEqualizedOdds(), "share")]
)
def test_interpolation_is_exact_for_every_person(
    method: FirmMethod, knob: str, train: Labelled, others: People
) -> None:
    base, fair = (fitted(replace(method, **{knob: s}), train)(others) for s in (0.0, 1.0))
    for s in (0.25, 0.6):
        P = fitted(replace(method, **{knob: s}), train)(others)
        np.testing.assert_allclose(P, (1 - s) * base + s * fair, atol=1e-12)


def test_interpolation_ends_are_the_two_rules_themselves() -> None:
    def base(people: People) -> np.ndarray:
        return np.zeros(len(people))

    def fair(people: People) -> np.ndarray:
        return np.ones(len(people))

    assert interpolated(base, fair, 0.0) is base
    assert interpolated(base, fair, 1.0) is fair


def test_held_out_scores_of_a_memorising_learner_know_nothing_of_random_labels() -> None:
    rng = np.random.default_rng(0)
    noise = table(rng.normal(size=(1000, 2)), rng.random(1000) < 0.3, rng.random(1000) < 0.5)
    nearest = a_firm(Learner("sklearn.neighbors.KNeighborsClassifier", {"n_neighbors": 1}))
    assert (positive_probability(nearest.fit(noise), noise.X) == noise.y).all()  # it has learned them by heart
    for calibrate in ("out-of-fold", "holdout"):
        scored = held_out(noise, nearest, calibrate)
        assert abs((scored.scores == scored.table.y).mean() - 0.5) < 0.12


def test_one_person_in_five_of_each_cell_is_held_out_drawn_by_the_seed(train: Labelled) -> None:
    people = [held_out(train, a_firm(seed=seed), "holdout").table for seed in (0, 0, 1)]
    for chosen in people:
        for group in (False, True):
            for y in (False, True):
                cell, inside = ((t.minority == group) & (t.y == y) for t in (train, chosen))
                assert abs(inside.sum() - cell.sum() / 5) < 1
    np.testing.assert_array_equal(people[0].X, people[1].X)
    both = np.isin(people[2].X[:, 0], people[0].X[:, 0]).mean()
    assert both == pytest.approx(0.2, abs=0.15), "another seed holds others out"


def test_held_out_scores_are_those_of_a_model_that_met_nobody_of_them(train: Labelled) -> None:
    scored = held_out(train, a_firm(), "holdout")
    rest = train.take(~np.isin(train.X[:, 0], scored.table.X[:, 0]))  # features are continuous
    assert len(rest) + len(scored.table) == len(train)
    model = LogisticRegression(max_iter=500, random_state=0).fit(rest.X, rest.y.astype(int))
    np.testing.assert_allclose(scored.scores, model.predict_proba(scored.table.X)[:, 1])


def test_a_holdout_that_depends_on_rows_and_not_on_their_order_gives_the_same_rule(train: Labelled) -> None:
    """With a firm whose folds do not depend on the order, as the conformance checks'."""
    order = np.random.default_rng(0).permutation(len(train))
    one, other = (held_out(t, SteadyFirm(), "holdout") for t in (train, train.take(order)))
    np.testing.assert_array_equal(np.sort(one.table.X[:, 0]), np.sort(other.table.X[:, 0]))
    np.testing.assert_array_equal(np.sort(one.scores), np.sort(other.scores))


@pytest.mark.parametrize(
    "constraint",
    ["equalized_odds", "true_positive_rate_parity", "false_positive_rate_parity", "demographic_parity"],
)
def test_thresholds_decide_as_fairlearn_draws(train: Labelled, constraint: str) -> None:
    model = LogisticRegression(max_iter=500).fit(train.X, train.y.astype(int))
    scores = model.predict_proba(train.X)[:, 1]
    majority, minority = eqodds_thresholds.thresholds(scores, train.y, train.minority, constraint)
    P = np.where(train.minority, minority.accept(scores), majority.accept(scores))
    with quiet_pandas():
        theirs = ThresholdOptimizer(estimator=model, constraints=constraint, prefit=True).fit(
            train.X, train.y.astype(int), sensitive_features=train.minority
        )
        draws = [theirs.predict(train.X, sensitive_features=train.minority, random_state=seed) for seed in range(300)]
    mean = np.mean(draws, axis=0)
    assert (mean[P == 0] == 0).all()
    assert (mean[P == 1] == 1).all()
    np.testing.assert_allclose(mean, P, atol=5 * 0.5 / np.sqrt(300))
    assert abs(mean.mean() - P.mean()) < 0.003


def test_thresholds_on_held_out_scores_are_fairer_on_new_people(train: Labelled) -> None:
    new = biased(4000, seed=3)
    base, fair = (fitted(EqualizedOddsThresholds(interpolation=s), train)(new.people) for s in (0.0, 1.0))
    assert eqod_max(fair, new) < eqod_max(base, new) / 2
    half = fitted(EqualizedOddsThresholds(interpolation=0.5), train)(new.people)
    np.testing.assert_allclose(rates(half, new), (rates(base, new) + rates(fair, new)) / 2, atol=1e-12)


def test_relaxed_odds_buy_fairness_with_error_on_new_people(train: Labelled) -> None:
    new = biased(4000, seed=3)
    strict, free = (fitted(RelaxedEqualizedOdds(r), train)(new.people) for r in (0.0, 1.0))
    assert eqod_max(strict, new) < eqod_max(free, new) / 2
    assert error(free, new) < error(strict, new)


def test_a_random_threshold_accepts_with_the_weight_of_the_thresholds_below_the_score() -> None:
    rule = RandomThreshold((np.inf, 0.7, 0.2, -np.inf), (0.1, 0.2, 0.3, 0.4))
    np.testing.assert_allclose(rule.accept(np.array([0.1, 0.2, 0.5, 0.7, 0.9])), [0.4, 0.4, 0.7, 0.7, 0.9])


def test_a_threshold_between_neighbouring_floats_still_parts_them() -> None:
    low = 0.5
    high = np.nextafter(low, 1)
    corner = hull(np.array([low, high]), np.array([False, True]))
    np.testing.assert_array_equal(corner.fpr, [0, 0, 1])
    assert low <= corner.thresholds[1] < high


def test_the_mix_rate_of_a_worked_example() -> None:
    """Majority: positives score .8 and .6, negatives .2 and .0, so c_fn = .3 and mu = 1/2. Minority: positives .5, .3,
    negatives .3, .1, so c_fn = .6. The majority pays: alpha = (.6 - .3) / (1/2 - .3) = 1.5, clipped to 1. With false
    positives c_fp = .1 against .2: alpha = (.2 - .1) / (1/2 - .1) = 1/4. Weighted: (.1 + .3)/2 = .2 against
    (.2 + .6)/2 = .4, and the trivial cost is 1/2: alpha = (.4 - .2) / (.5 - .2) = 2/3."""
    scores = np.array([0.8, 0.6, 0.2, 0.0, 0.5, 0.3, 0.3, 0.1])
    y = np.array([True, True, False, False] * 2)
    minority = np.repeat([False, True], 4)
    found = {cost: mix_rate(scores, y, minority, cost) for cost in ("fnr", "fpr", "weighted")}
    assert not any(mix.minority for mix in found.values())
    assert found["fnr"].unclipped == pytest.approx(1.5)
    assert found["fnr"].rate == 1.0
    assert found["fpr"].rate == pytest.approx(0.25)
    assert found["weighted"].rate == pytest.approx(2 / 3)


def test_withholding_accepts_those_of_a_group_by_its_base_rate_and_leaves_the_others_alone(train: Labelled) -> None:
    base = a_firm().fit(train).predict(train.X)
    scored = held_out(train, a_firm(), "out-of-fold")
    mix = mix_rate(scored.scores, train.y, train.minority, "fpr")
    P = fitted(CalibratedEqualizedOdds("fpr", share=0.5), train)(train.people)
    touched = train.minority == mix.minority
    np.testing.assert_array_equal(P[~touched], base[~touched])
    constant = float(train.y[touched].mean() > 0.5)
    np.testing.assert_allclose(P[touched], (1 - mix.rate / 2) * base[touched] + mix.rate / 2 * constant)


def test_calibration_is_reported_and_a_clipped_mix_rate_too(train: Labelled) -> None:
    with pytest.warns(Note) as notes:
        fitted(CalibratedEqualizedOdds("fnr"), train)
    texts = [str(note.message) for note in notes]
    assert texts[0].startswith("calibration error of the base scores: majority 0.")
    assert texts[1].startswith("mix rate ")
    assert "clipped to 1: even without scores the majority is better off than the minority" in texts[1]


@pytest.mark.parametrize("how", ["isotonic", "sigmoid"])
def test_recalibration_repairs_scores_that_are_off(how: str) -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(4000)
    y = rng.random(4000) < truth
    odds = truth / (1 - truth)
    off = odds**3 / (1 + odds**3)  # overconfident: three times the log-odds
    assert calibration_error(truth, y) < 0.02 < 0.1 < calibration_error(off, y)
    repaired = scaling(off, y, how)(off)
    assert calibration_error(repaired, y) < 0.02
    assert (np.diff(repaired[np.argsort(off, kind="stable")]) >= -1e-12).all()


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.5])
def test_inside_the_margin_the_group_decides_and_outside_the_model(train: Labelled, margin: float) -> None:
    model = a_firm().fit(train)
    p = model.predict_proba(train.X)[:, 1]
    expected = [
        float(group) if max(score, 1 - score) < 0.5 + margin else float(score > 0.5)
        for score, group in zip(p, train.minority, strict=True)
    ]
    np.testing.assert_array_equal(fitted(RejectOption(margin), train)(train.people), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RelaxedEqualizedOdds(r=1.5), r"r is 1\.5; it must lie between 0 and 1"),
        (lambda: RelaxedEqualizedOdds(constraint="mid"), "constraint is 'mid'; it can be: max, mean"),
        (lambda: EqualizedOddsThresholds(calibrate="none"), "calibrate is 'none'; it can be: out-of-fold, holdout"),
        (lambda: CalibratedEqualizedOdds(cost="tpr"), "cost is 'tpr'; it can be: fnr, fpr, weighted"),
        (lambda: RejectOption(0.7), r"margin is 0\.7; it must lie between 0 and 0\.5"),
    ],
)
def test_a_wrong_knob_is_named_with_what_it_can_be(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
