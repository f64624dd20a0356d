"""The certificate: it holds as often as it says, says something, and is careful where nothing is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fwk_firm_side.fare import certificate
from fwk_firm_side.fare.certificate import proportion

CELLS = 12


def world(seed: int, groups: int = 2) -> Any:
    """P(cell | group, label), P(group, label): (groups, 2, cells), (groups, 2)."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(CELLS), (groups, 2)), rng.dirichlet(np.full(2 * groups, 20.0)).reshape(groups, 2)


def drawn(rng: np.random.Generator, of: Any, n: int) -> tuple[Any, Any, Any]:
    cell_of, share = of
    s, y = np.divmod(rng.choice(share.size, n, p=share.ravel()), 2)
    cells = (rng.random(n)[:, None] > cell_of[s, y].cumsum(axis=1)[:, :-1]).sum(axis=1)
    return cells, s, y


def most_unfair(of: Any, criterion: str) -> float:
    """What the most unfair classifier of the cells reaches in the population: total variation between groups."""
    cell_of, share = of
    by_group = np.einsum("gyc,gy->gc", cell_of, share) / share.sum(axis=1)[:, None]
    if criterion == "dp":
        return max(float(np.abs(one - other).sum() / 2) for one in by_group for other in by_group)
    unfair = np.abs(cell_of[0] - cell_of[1]).sum(axis=1) / 2
    return float(unfair[1] if criterion == "eopp" else unfair.mean())


def certified(rng: np.random.Generator, of: Any, sizes: tuple[int, int, int], **knobs: Any) -> float:
    (a, b, c), (d, e, f), (g, h, i) = (drawn(rng, of, n) for n in sizes)
    return certificate(a, b, d, e, g, s_test=h, y_tree=c, y_val=f, y_test=i, n_cells=CELLS, **knobs)


@pytest.mark.parametrize("interval", ["clopper-pearson", "hoeffding"])
@pytest.mark.parametrize("criterion", ["dp", "eopp", "eo"])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_it_holds_at_least_as_often_as_it_says(criterion: str, confidence: float, interval: str) -> None:
    rng, repeats = np.random.default_rng(1), 150
    held = 0
    for repeat in range(repeats):
        of = world(repeat)
        knobs = {"criterion": criterion, "confidence": confidence, "interval": interval}
        held += certified(rng, of, (600, 500, 400), **knobs) >= most_unfair(of, criterion)
    assert binomtest(held, repeats, confidence, "less").pvalue > 0.01


def test_it_holds_for_three_groups_in_pairs() -> None:
    rng = np.random.default_rng(2)
    worlds = [world(seed, groups=3) for seed in range(60)]
    held = [certified(rng, of, (900, 800, 700)) >= most_unfair(of, "dp") for of in worlds]
    assert np.mean(held) >= 0.95


@pytest.mark.parametrize("criterion", ["dp", "eopp", "eo"])
def test_it_comes_close_to_the_truth_with_many_people(criterion: str) -> None:
    of = world(3)
    bound = certified(np.random.default_rng(3), of, (400_000,) * 3, criterion=criterion)
    assert most_unfair(of, criterion) <= bound <= most_unfair(of, criterion) + 0.06


def test_more_confidence_is_dearer() -> None:
    bounds = [certified(np.random.default_rng(4), world(4), (5000,) * 3, confidence=c) for c in (0.5, 0.9, 0.95, 0.999)]
    assert bounds == sorted(bounds)
    assert len(set(bounds)) == 4


def test_the_number_is_that_of_its_definition_computed_plainly() -> None:
    rng, of = np.random.default_rng(5), world(5)
    (a, b, _), (d, e, _), (g, _, _) = (drawn(rng, of, n) for n in (700, 600, 500))
    low, high = binomtest(int((b == 0).sum()), 700).proportion_ci(1 - 0.005)
    alpha, beta = 1 / (2 * low), 1 / (2 * (1 - high))
    told = []
    for cell in range(CELLS):
        ci = binomtest(int(((d == cell) & (e == 0)).sum()), int((d == cell).sum())).proportion_ci(1 - 0.04 / CELLS)
        told.append(min(max(alpha * ci.high, beta * (1 - ci.low)), max(alpha, beta)))
    mean = np.mean([told[cell] for cell in g])
    expected = 2 * (mean + (max(told) - min(told)) * np.sqrt(np.log(1 / 0.005) / (2 * 500))) - 1
    assert certificate(a, b, d, e, g, n_cells=CELLS) == pytest.approx(expected, abs=1e-12)


def test_cells_without_people_count_as_if_they_told_the_group() -> None:
    cells, s = np.repeat([0, 1], 500), np.tile([0, 1], 500)
    known = certificate(cells, s, cells, s, cells)
    unknown = certificate(cells, s, cells[:500], s[:500], cells)
    assert known < 0.3
    assert unknown >= 0.5  # that of the half whose cell may tell everything
    more = certificate(cells, s, cells, s, cells, n_cells=3)
    assert more > known
    assert certificate(cells, s, cells, s, np.zeros(1000)) < known + 0.2
    assert np.isfinite(certificate(cells, s, cells, s, [7]))


def test_names_of_cells_and_groups_do_not_matter() -> None:
    rng, of = np.random.default_rng(6), world(6)
    (a, b, _), (d, e, _), (g, _, _) = (drawn(rng, of, n) for n in (700, 600, 500))
    expected = certificate(a, b, d, e, g, n_cells=CELLS)
    words = np.array(list("klmnopabcdef"))
    assert certificate(words[a], b == 1, words[d], e == 1, words[g], n_cells=CELLS) == pytest.approx(
        expected, abs=1e-12
    )


def test_a_missing_group_or_nobody_to_count_makes_it_infinite() -> None:
    cells, s = np.zeros(50, int), np.tile([0, 1], 25)
    assert certificate(cells, s * 0, cells, s * 0, cells) == np.inf
    assert certificate(cells, s * 0, cells, s, cells) == np.inf
    assert certificate(cells, s, cells, s, cells[:0]) == np.inf
    for criterion in ("eopp", "eo"):
        labels = {"y_tree": s * 0, "y_val": s, "y_test": s}
        assert certificate(cells, s, cells, s, cells, criterion=criterion, **labels) == np.inf  # type: ignore[arg-type]
    assert certificate(cells, s, cells[:0], s[:0], cells) >= 1


@given(st.integers(0, 30), st.integers(0, 30), st.floats(0.001, 0.5))
def test_intervals_are_those_of_clopper_and_pearson(x: int, more: int, error: float) -> None:
    low, high = proportion(x, x + more, error, "clopper-pearson")
    if x + more == 0:
        assert (low, high) == (0, 1)
        return
    exact = binomtest(x, x + more).proportion_ci(1 - error)
    np.testing.assert_allclose([low, high], [exact.low, exact.high], atol=1e-9)
    wide_low, wide_high = proportion(x, x + more, error, "hoeffding")
    assert 0 <= wide_low <= x / (x + more) <= wide_high <= 1


@pytest.mark.parametrize(
    ("knobs", "message"),
    [
        ({"confidence": 1.0}, "confidence=1.0 must lie strictly between 0 and 1"),
        ({"criterion": "sp"}, "criterion='sp' is none of 'dp', 'eopp', 'eo'"),
        ({"criterion": "eo"}, "eopp and eo need y_tree"),
        ({"criterion": "eopp", "y_tree": [1, 2, 0, 1]}, r"y_tree must be 0 or 1, and holds \[0, 1, 2\]"),
        ({"interval": "wald"}, "interval='wald' is neither"),
        ({"n_cells": 1}, "n_cells=1, but the shares have 2 different cells"),
        ({"y_tree": [1]}, "one value a person is needed"),
    ],
)
def test_faulty_input_is_named(knobs: dict[str, Any], message: str) -> None:
    share = [0, 1, 0, 1], [0, 0, 1, 1]
    with pytest.raises(ValueError, match=message):
        certificate(*share, *share, share[0], **knobs)


def test_three_groups_need_those_of_the_last_share_and_know_dp_only() -> None:
    cells, s = np.zeros(6, int), np.tile([0, 1, 2], 2)
    with pytest.raises(ValueError, match="compared in pairs, which needs s_test"):
        certificate(cells, s, cells, s, cells)
    with pytest.raises(ValueError, match="eo is for two groups, and there are 3"):
        certificate(cells, s, cells, s, cells, criterion="eo")
