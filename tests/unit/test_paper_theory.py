"""Formulas of the mixture against simulation and brute force, and what the simulation's rows must obey."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from fwk.api import Mistake
from fwk.paper.mixture import NearestOfTwo, majority_rule_eqod, posterior, success_bound
from fwk.paper.simulation import Simulation
from fwk.paper.theory import COARSE, IDEAL, fits

SETTINGS = dataclasses.replace(COARSE, p=150, m=60, held_out=300, seeds=1, draws=400)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return Simulation(tmp_path_factory.mktemp("theory"), SETTINGS).table()


@pytest.mark.parametrize(("mu", "psi"), [(2.0, 2.0), (1.0, 1.5), (1.5, 1.0), (0.3, 0.0)])
def test_the_majority_rules_eqod_is_what_people_drawn_from_the_mixture_show(mu: float, psi: float) -> None:
    rng = np.random.default_rng(0)
    n = 400_000
    accepted = {}
    for group in (1, -1):
        for y in (1, -1):
            x = rng.normal(size=(n, 2)) + y * np.array([mu, group * psi])
            accepted[group, y] = (x @ [mu, psi] > 0).mean()
    eqod = sum(abs(accepted[1, y] - accepted[-1, y]) for y in (1, -1)) / 2
    assert majority_rule_eqod(mu, psi) == pytest.approx(eqod, abs=0.004)


def test_the_majority_rules_eqod_without_any_signal_is_zero() -> None:
    assert majority_rule_eqod(0, 0) == 0


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_chances_are_those_of_bayes_rule(share: float) -> None:
    mu, psi = 1.3, 0.7
    x = np.random.default_rng(0).normal(size=(50, 3)) * 2

    def density(y: int, side: int) -> np.ndarray:
        return stats.multivariate_normal([y * mu, y * side * psi, 0]).pdf(x)

    minority = np.arange(50) % 3 == 0
    side = np.where(minority, -1, 1)
    up, down = (np.where(minority, density(y, -1), density(y, 1)) for y in (1, -1))
    np.testing.assert_allclose(posterior(x, mu, psi, minority), up / (up + down))
    assert ((posterior(x, mu, psi, minority) > 0.5) == (mu * x[:, 0] + side * psi * x[:, 1] > 0)).all()
    up, down = (share * density(y, -1) + (1 - share) * density(y, 1) for y in (1, -1))
    np.testing.assert_allclose(posterior(x, mu, psi, share), up / (up + down))


@pytest.mark.parametrize("seed", range(200))
def test_the_best_rule_never_has_less_success_than_the_bound(seed: int) -> None:
    """Brute force over worlds of a few x, each with a counterfactual, where members relabel well and badly."""
    rng = np.random.default_rng(seed)
    n, alpha = 6, float(rng.uniform(0.05, 1))
    weight, here = rng.dirichlet(np.ones(n)), rng.random(n)
    there = np.clip(here + rng.normal(scale=0.2, size=n), 0, 1)
    ideal = there > 0.5
    wrong = rng.random(n) * rng.integers(0, 2, n)  # the share of members at x whose label is not the ideal one
    reported = np.where(ideal, 1 - wrong, wrong)
    decided = alpha * reported + (1 - alpha) * here > 0.5
    success = weight @ (decided == ideal)
    tau, rho = weight @ np.abs(here - there), weight @ wrong
    assert success >= success_bound(alpha, tau, rho) - 1e-12


@pytest.mark.parametrize("gap", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.3])
def test_no_bound_is_higher_where_labels_differ_just_enough(gap: float, wrong: float) -> None:
    """One x, where the majority gets y = 1 by a hair: a collective that is a little too small has no success."""
    here, there, hair = 0.5 - gap, 0.5 + 1e-9, 1e-6
    enough = gap / (gap + 0.5 - wrong)  # alpha (1 - wrong) + (1 - alpha) here is then one half
    for alpha, success in ((enough - hair, 0.0), (enough + hair, 1.0)):
        decided = alpha * (1 - wrong) + (1 - alpha) * here > 0.5
        assert float(decided) == success
        bound = success_bound(alpha, there - here, wrong)
        assert bound <= success
        assert bound == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("dimension", [2, 3, 4, 10, 40])
@pytest.mark.parametrize(("mu", "psi"), [(1.0, 1.0), (2.0, 2.0), (0.5, 1.5), (2.0, 0.7)])
@pytest.mark.parametrize("projected", [False, True])
def test_the_nearer_of_two_is_what_a_simulation_shows(dimension: int, mu: float, psi: float, projected: bool) -> None:
    of = NearestOfTwo(mu, psi, dimension, projected)
    error, draws = of.error(), 60_000
    simulated = of.simulate(np.random.default_rng(1), draws)
    assert error == pytest.approx(simulated, abs=4.5 * math.sqrt(error * (1 - error) / draws) + 1e-4)
    assert of.error(nodes=50) == pytest.approx(error, abs=3e-4)


@pytest.mark.parametrize("norm", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("dimension", [2, 7])
def test_equal_norms_leave_a_coin_before_the_projection(norm: float, dimension: int) -> None:
    assert NearestOfTwo(norm, norm, dimension).error() == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("dimension", [2, 5, 30])
def test_the_projection_does_not_feel_psi_and_helps_whenever_there_is_some(dimension: int) -> None:
    errors = [NearestOfTwo(1.5, psi, dimension).error() for psi in (0.2, 0.8, 1.5, 3.0)]
    after = {NearestOfTwo(1.5, psi, dimension, projected=True).error() for psi in (0.2, 0.8, 1.5, 3.0)}
    assert len(after) == 1
    assert errors == sorted(errors)
    assert after.pop() < errors[0]


def test_more_dimensions_make_the_nearer_of_two_worse_and_more_signal_better() -> None:
    by_dimension = [NearestOfTwo(1.5, 1.5, d, projected=True).error() for d in (2, 3, 6, 20, 100)]
    assert by_dimension == sorted(by_dimension)
    by_signal = [NearestOfTwo(mu, 1.0, 6, projected=True).error() for mu in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert by_signal[0] == pytest.approx(0.5)
    assert by_signal == sorted(by_signal, reverse=True)


def test_on_a_line_the_nearer_of_two_is_a_sum_of_two_normal_probabilities() -> None:
    # x, r ~ N(m, 1), o ~ N(-m, 1): o is nearer if o < r and 2x < o + r, or both the other way round
    m = 0.8
    rng = np.random.default_rng(2)
    x, r, o = (rng.normal(size=500_000) + sign * m for sign in (1, 1, -1))
    assert NearestOfTwo(m, 0.0, 2, projected=True).error() == pytest.approx((abs(x - o) < abs(x - r)).mean(), abs=3e-3)
    wrong = stats.norm.cdf(-math.sqrt(2) * m)
    tie = stats.norm.cdf(-2 * m / math.sqrt(6))
    assert NearestOfTwo(m, 0.0, 2, projected=True).error() == pytest.approx(wrong * (1 - tie) + (1 - wrong) * tie)


def test_all_flips_make_every_ranking_the_same(table: pd.DataFrame) -> None:
    everybody = table[(table["share"] == 1.0) & table["what"].isin(["success", "eqod", "label_error"])]
    spread = everybody.groupby(["what", "in_X", "alpha", "seed"])["value"].nunique()
    assert (spread == 1).all()


def test_shares_are_shares_and_every_setting_has_its_rows(table: pd.DataFrame) -> None:
    assert table.loc[table["what"] != "bound", "value"].between(0, 1).all()
    trained = table[table["what"] == "success"]
    assert len(trained) == fits(SETTINGS)
    closed = table[(table["what"] == "nearest") & table["closed"].eq(True)]
    assert len(closed) == 2 * len(SETTINGS.dimensions) * len(SETTINGS.norms)


def test_an_ideal_collective_errs_nowhere_and_everybodys_success_is_that_of_the_majority(table: pd.DataFrame) -> None:
    ideal = table[table["ranker"] == IDEAL]
    assert (ideal.loc[ideal["what"] == "label_error", "value"] == 0).all()
    assert sorted(ideal["alpha"].unique()) == sorted(SETTINGS.alphas)
    of_all = ideal[(ideal["alpha"] == 1) & ideal["in_X"].eq(True)].set_index("what")["value"]
    assert of_all["bound"] == 1
    assert of_all["success"] > 0.85, "the best rule would have 1; a learner on 60 people comes near"


def test_bounds_follow_from_what_was_measured(table: pd.DataFrame) -> None:
    (tau,) = table.loc[(table["what"] == "tau") & table["in_X"].eq(True), "value"]
    seen = table[table["in_X"].eq(True) & table["ranker"].ne("nobody")].set_index(["ranker", "alpha", "share"])
    bound, rho = (seen.loc[seen["what"] == what, "value"] for what in ("bound", "label_error"))
    alpha = bound.index.get_level_values("alpha").to_numpy()
    np.testing.assert_allclose(bound, 1 - 2 * (1 - alpha) * tau / alpha - 2 * rho)
    assert table[table["in_X"].eq(False)].query("what == 'bound'").empty, "it presumes a rule that sees the group"


def test_what_was_simulated_is_kept_for_the_same_settings_only(tmp_path: Path) -> None:
    small = dataclasses.replace(SETTINGS, rankers=("random",), alphas=(1.0,), shares=())
    simulation = Simulation(tmp_path, small)
    found = simulation.table()
    assert list(tmp_path.iterdir()) == [simulation.path]
    simulation.path.touch()
    written = simulation.path.stat().st_mtime_ns
    pd.testing.assert_frame_equal(simulation.table(), found)
    assert simulation.path.stat().st_mtime_ns == written
    assert simulation.seconds(1) == 0
    assert simulation.seconds(1, fresh=True) > 0
    other = Simulation(tmp_path, dataclasses.replace(small, draws=300))
    assert not other.path.exists()
    assert other.seconds(1) > 0
    simulation.forget()
    assert list(tmp_path.iterdir()) == []


def test_two_workers_and_an_interruption_change_no_number_of_the_simulation(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    simulation = Simulation(tmp_path, SETTINGS)
    said: list[str] = []

    def interrupted(text: str) -> None:
        said.append(text)
        if len(said) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulation.table(say=interrupted)
    assert len(list(tmp_path.iterdir())) == 2, "two of three pieces"
    before = Simulation(tmp_path / "nothing", SETTINGS).seconds(1)
    assert 0 < simulation.seconds(1) < before
    pd.testing.assert_frame_equal(simulation.table(jobs=2, say=said.append), table)
    assert said == ["theory: 1 of 3 parts", "theory: 2 of 3 parts", "theory: 3 of 3 parts"]
    assert list(tmp_path.iterdir()) == [simulation.path]


def test_the_estimate_counts_every_fit_of_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a second a fit and a second for each of the neighbours' norms, and the draws themselves for nothing."""
    monkeypatch.setattr(
        "fwk.paper.simulation._timed",
        lambda piece, _: float(fits(piece.settings) if piece.seed is not None else len(piece.settings.norms)),
    )
    simulation = Simulation(tmp_path, COARSE)
    assert simulation.seconds(1) == pytest.approx(fits(COARSE) + len(COARSE.norms))
    assert simulation.seconds(2) == pytest.approx((fits(COARSE) + len(COARSE.norms)) / 2)


def test_a_simulation_without_its_cards_says_which_are_missing(tmp_path: Path) -> None:
    simulation = Simulation(tmp_path, SETTINGS, ("fwk-user-side",))
    for wanted in (simulation.table, lambda: simulation.seconds(1)):
        with pytest.raises(Mistake, match="rb-prob, rb-label, rb-dist, random"):
            wanted()
