"""Theorems of the post-processors, over random small tables of scores."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwk import Bools, Floats
from fwk_firm_side.calibrated import mix_rate
from fwk_firm_side.eqodds_thresholds import thresholds
from fwk_firm_side.relaxed_eqodds import least_error
from fwk_firm_side.roc import Hull, RandomThreshold, hull

patient = settings(deadline=None)  # the first solve imports the solver
EXACT = 1e-8  # what the solver is asked for, with room for sums


@dataclass(frozen=True, eq=False)
class Scores:
    """Held-out scores of people: what a post-processor is fitted on."""

    scores: Floats
    y: Bools
    minority: Bools

    def hulls(self) -> tuple[Hull, Hull]:
        first, second = (hull(self.scores[m], self.y[m]) for m in (~self.minority, self.minority))
        return first, second

    def decide(self, rules: tuple[RandomThreshold, RandomThreshold]) -> Floats:
        return np.where(self.minority, rules[1].accept(self.scores), rules[0].accept(self.scores))

    def gaps(self, P: Floats) -> tuple[float, float]:
        of = [[P[(self.minority == g) & (self.y == y)].mean() for g in (False, True)] for y in (False, True)]
        return abs(of[0][0] - of[0][1]), abs(of[1][0] - of[1][1])

    def error(self, P: Floats) -> float:
        return float(np.where(self.y, 1 - P, P).mean())


@st.composite
def tables(draw: st.DrawFn, most: int = 9, levels: int = 6) -> Scores:
    """People with few distinct scores, so that ties abound; every (group, label) cell has somebody."""
    cells = [draw(st.lists(st.integers(0, levels), min_size=1, max_size=most)) for _ in range(4)]
    scores = np.concatenate([np.array(cell) / levels for cell in cells])
    minority = np.repeat([False, False, True, True], [len(cell) for cell in cells])
    y = np.repeat([False, True, False, True], [len(cell) for cell in cells])
    return Scores(scores, y, minority)


def every_threshold(scores: Floats) -> list[float]:
    return [np.inf, *(np.unique(scores) - 1e-3), -np.inf]


@given(tables())
@patient
def test_the_hull_is_reached_by_its_thresholds_and_lies_above_every_other(table: Scores) -> None:
    for group in (False, True):
        s, y = table.scores[table.minority == group], table.y[table.minority == group]
        found = hull(s, y)
        assert (found.fpr[0], found.tpr[0], found.fpr[-1], found.tpr[-1]) == (0, 0, 1, 1)
        for t, f, r in zip(found.thresholds, found.fpr, found.tpr, strict=True):
            assert ((s[~y] > t).mean(), (s[y] > t).mean()) == (f, r)
        height = max_height(found)
        for t in every_threshold(s):
            assert (s[y] > t).mean() <= height((s[~y] > t).mean()) + 1e-12
        slopes = np.diff(found.tpr) / np.where(np.diff(found.fpr) > 0, np.diff(found.fpr), 1e-300)
        assert (np.diff(slopes) < 0).all()  # corners only, none on a line between others


def max_height(curve: Hull):
    """The height of the hull at a false positive rate; the top of the first vertical piece at 0."""

    def height(f: float) -> float:
        at_zero = curve.tpr[curve.fpr == 0].max()
        x, y = curve.fpr[curve.fpr > 0], curve.tpr[curve.fpr > 0]
        return float(np.interp(f, [0, *x], [at_zero, *y]))

    return height


@given(tables(), st.floats(0, 1), st.sampled_from(["max", "mean"]))
@patient
def test_the_constraint_holds_on_the_people_it_was_solved_on_for_every_r(table: Scores, r: float, kind: str) -> None:
    gaps = table.gaps(table.decide(least_error(table.hulls(), r, kind)))
    assert (max(gaps) if kind == "max" else sum(gaps) / 2) <= r + EXACT


@given(tables(), st.lists(st.floats(0, 1), min_size=2, max_size=5), st.sampled_from(["max", "mean"]))
@patient
def test_the_error_falls_as_r_grows(table: Scores, rs: list[float], kind: str) -> None:
    errors = [table.error(table.decide(least_error(table.hulls(), r, kind))) for r in sorted(rs)]
    assert all(later <= earlier + EXACT for earlier, later in itertools.pairwise(errors))


@given(tables(), st.floats(0, 1))
@patient
def test_a_mean_gap_of_r_allows_more_than_two_gaps_of_r(table: Scores, r: float) -> None:
    strict, loose = (table.error(table.decide(least_error(table.hulls(), r, kind))) for kind in ("max", "mean"))
    assert loose <= strict + EXACT


@given(tables(), st.sampled_from(["max", "mean"]))
@patient
def test_r_1_is_the_best_of_all_thresholds(table: Scores, kind: str) -> None:
    found = table.error(table.decide(least_error(table.hulls(), 1.0, kind)))
    best = min(
        table.error(np.where(table.minority, table.scores > b, table.scores > a).astype(float))
        for a, b in itertools.product(every_threshold(table.scores), repeat=2)
    )
    assert found == pytest.approx(best, abs=EXACT)


@given(tables())
@patient
def test_r_0_is_the_exact_equalized_odds_optimum(table: Scores) -> None:
    """Where both hulls allow it, the best common (f, t) lies on the lower of the two hulls, at a corner of either or
    where they cross: all are tried."""
    first, second = table.hulls()
    heights = max_height(first), max_height(second)
    corners = np.unique([0.0, *first.fpr, *second.fpr])
    crossings = []
    for a, b in itertools.pairwise(corners):
        above_a, above_b = heights[0](a) - heights[1](a), heights[0](b) - heights[1](b)
        if above_a * above_b < 0:
            crossings.append(a + (b - a) * above_a / (above_a - above_b))
    positives = table.y.mean()
    errors = [(1 - positives) * f + positives * (1 - min(h(f) for h in heights)) for f in [*corners, *crossings]]
    P = table.decide(least_error(table.hulls(), 0.0, "max"))
    assert table.error(P) == pytest.approx(min(errors), abs=EXACT)
    assert max(table.gaps(P)) <= EXACT


@given(tables(most=5, levels=3), st.floats(0, 1), st.sampled_from(["max", "mean"]))
@settings(max_examples=25, deadline=None)
def test_no_mixture_of_two_thresholds_a_group_that_meets_the_constraint_errs_less(
    table: Scores, r: float, kind: str
) -> None:
    found = table.error(table.decide(least_error(table.hulls(), r, kind)))
    options = {}
    for group in (False, True):
        s = table.scores[table.minority == group]
        pairs = itertools.combinations_with_replacement(every_threshold(s), 2)
        rules = [RandomThreshold(pair, (w, 1 - w)) for pair in pairs for w in (0, 0.25, 0.5, 0.75)]
        points = {tuple(rates_of(rule, table, group)): rule for rule in rules}
        options[group] = list(points)
    n = len(table.y)
    sizes = {g: [((table.minority == g) & (table.y == y)).sum() for y in (False, True)] for g in (False, True)}
    for a, b in itertools.product(options[False], options[True]):
        gaps = abs(a[0] - b[0]), abs(a[1] - b[1])
        if (max(gaps) if kind == "max" else sum(gaps) / 2) <= r:
            wrong = sum(sizes[g][0] * p[0] + sizes[g][1] * (1 - p[1]) for g, p in ((False, a), (True, b)))
            assert found <= wrong / n + EXACT


def rates_of(rule: RandomThreshold, table: Scores, group: bool) -> list[float]:
    P = rule.accept(table.scores)
    return [P[(table.minority == group) & (table.y == y)].mean() for y in (False, True)]


@given(tables(most=30, levels=20))
@settings(max_examples=25, deadline=None)
def test_fairlearns_optimum_is_ours_at_r_0_up_to_its_grid(table: Scores) -> None:
    ours = table.error(table.decide(least_error(table.hulls(), 0.0, "max")))
    P = table.decide(thresholds(table.scores, table.y, table.minority, "equalized_odds", grid_size=1000))
    assert max(table.gaps(P)) <= EXACT
    # its false positive rates are multiples of 1/1000, and the hulls rise by at most (number of negatives) a unit there
    assert ours - EXACT <= table.error(P) <= ours + (1 + (~table.y).sum()) / 1000


@given(tables(), st.sampled_from(["fnr", "fpr", "weighted"]))
@patient
def test_the_mix_rate_makes_the_expected_costs_equal(table: Scores, cost: str) -> None:
    mix = mix_rate(table.scores, table.y, table.minority, cost)
    assert 0 <= mix.rate <= 1
    withheld = table.minority == mix.minority
    expected = np.where(withheld, (1 - mix.rate) * table.scores + mix.rate * mix.base_rate, table.scores)
    before, after = costs(table, table.scores, cost), costs(table, expected, cost)
    if 0 <= mix.unclipped <= 1:
        assert after[0] == pytest.approx(after[1], abs=1e-9)
    elif mix.unclipped > 1:  # as near as it gets
        assert after[int(mix.minority)] <= after[1 - int(mix.minority)] + 1e-9
    else:
        assert after == before
    assert before[int(mix.minority)] <= before[1 - int(mix.minority)] + 1e-12  # the better-off group pays


def costs(table: Scores, scores: Floats, cost: str) -> list[float]:
    """Generalised costs by group, written over people instead of rates: h for negatives, 1 - h for positives."""
    found = []
    for group in (False, True):
        h, y = scores[table.minority == group], table.y[table.minority == group]
        wrong = np.where(y, 1 - h, h)
        found.append({"fnr": wrong[y].mean(), "fpr": wrong[~y].mean(), "weighted": wrong.mean()}[cost])
    return found


@given(tables(), st.randoms(use_true_random=False))
@patient
def test_nothing_depends_on_the_order_of_people(table: Scores, random) -> None:
    order = list(range(len(table.y)))
    random.shuffle(order)
    other = Scores(table.scores[order], table.y[order], table.minority[order])
    assert least_error(other.hulls(), 0.1, "max") == least_error(table.hulls(), 0.1, "max")
    theirs, ours = (mix_rate(t.scores, t.y, t.minority, "weighted") for t in (other, table))
    assert (theirs.minority, theirs.rate) == (ours.minority, pytest.approx(ours.rate, abs=1e-9))
