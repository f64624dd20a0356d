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
from fwk.paper.mixture import NearestOfTwo, majority_rule_eqod
from fwk.paper.theory import COARSE, fits, simulate, simulated
from fwk.plugins import load_plugins

SETTINGS = dataclasses.replace(COARSE, p=150, m=60, held_out=300, seeds=1, draws=400)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return simulate(load_plugins(), SETTINGS)


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
    everybody = table[(table["share"] == 1.0) & table["what"].isin(["agreement", "eqod", "mismatch"])]
    spread = everybody.groupby(["what", "in_X", "alpha", "seed"])["value"].nunique()
    assert (spread == 1).all()


def test_shares_are_shares_and_every_setting_has_its_rows(table: pd.DataFrame) -> None:
    assert table["value"].between(0, 1).all()
    trained = table[table["what"] == "agreement"]
    assert len(trained) == fits(SETTINGS)
    closed = table[(table["what"] == "nearest") & table["closed"].eq(True)]
    assert len(closed) == 2 * len(SETTINGS.dimensions) * len(SETTINGS.norms)


def test_what_was_simulated_is_kept_for_the_same_settings_only(tmp_path: Path, table: pd.DataFrame) -> None:
    registry = load_plugins()
    pd.testing.assert_frame_equal(simulated(tmp_path, registry, SETTINGS), table)
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    simulated(tmp_path, registry, SETTINGS)
    assert kept.stat().st_mtime_ns == written
    simulated(tmp_path, registry, dataclasses.replace(SETTINGS, rankers=("random",), draws=300))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_simulation_without_its_cards_says_which_are_missing() -> None:
    with pytest.raises(Mistake, match="rb-prob, rb-label, rb-dist, random"):
        simulate(load_plugins(("fwk-user-side",)), SETTINGS)
