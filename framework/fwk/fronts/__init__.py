"""Fronts of (error, unfairness), both minimised: who is dominated, what a front is worth, and the answer."""

from fwk.fronts.answers import answer, leader
from fwk.fronts.choose import choose_fronts, mean_over_repeats
from fwk.fronts.geometry import REFERENCE, attainment, convex_envelope, hypervolume, non_dominated
from fwk.fronts.scenario import Scenario, baseline_of, curve_numbers, curves, scenarios, zero_budget

__all__ = [
    "REFERENCE",
    "Scenario",
    "answer",
    "attainment",
    "baseline_of",
    "choose_fronts",
    "convex_envelope",
    "curve_numbers",
    "curves",
    "hypervolume",
    "leader",
    "mean_over_repeats",
    "non_dominated",
    "scenarios",
    "zero_budget",
]
