"""Made-up outcomes of a comparison: the tables that come out of `execute`, without training anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from fwk.points import Failure, Outcome, Point, Run, table_of

USER = ("rb-prob", "rb-dist", "random")
FIRM = ("reductions", "lfr")
GROUPS = ("race=White", "race=Black", "sex=Male", "sex=Female", "race=Black & sex=Female", "race=White & sex=Male")
ROLES = ("collective", "other minority", "majority")

# how far the unfairness falls at best, the share of the pool at which it does, and what that costs in error
SHAPES = {"rb-prob": (0.8, 0.08, 0.002), "rb-dist": (0.7, 0.1, 0.003), "random": (0.15, 0.9, 0.004)}
PRICES = {"reductions": (0.75, 0.004), "lfr": (0.6, 0.06)}


def points_table(
    repeats: int = 2,
    settings: int = 8,
    user: Sequence[str] = USER,
    firm: Sequence[str] = FIRM,
    alphas: Sequence[float] = (0.3,),
    datasets: Sequence[str] = ("adult",),
    audits: bool = True,
    seed: int = 0,
) -> pd.DataFrame:
    """A points table as `execute` gives it: a baseline, user-side curves over M (with M = 0), firm-side sweeps."""
    return table_of(points(repeats, settings, user, firm, alphas, datasets, audits, seed))


def points(
    repeats: int,
    settings: int,
    user: Sequence[str],
    firm: Sequence[str],
    alphas: Sequence[float],
    datasets: Sequence[str],
    audits: bool,
    seed: int,
) -> list[Outcome]:
    """The points of `points_table`, as records."""
    rng = np.random.default_rng(seed)
    found: list[Outcome] = []
    for number, dataset in enumerate(datasets):
        for repeat in range(repeats):
            start = (0.134 + 0.03 * number + rng.normal(0, 0.001), 0.075 + 0.02 * number + rng.normal(0, 0.004))
            before = measures(rng, *start, 0.0, audits)
            found.append(Point(a_run(dataset, "baseline", "firm", repeat), before, seconds=0.6))
            for alpha in alphas:
                for method in user:
                    found += _user_curve(rng, dataset, method, alpha, repeat, settings, start, before, audits)
            for method in firm:
                found += _firm_sweep(rng, dataset, method, repeat, settings, start, audits)
    return found


def a_run(dataset: str, method: str, side: Any, repeat: int, **changes: Any) -> Run:
    """A run with everything filled in that does not matter here."""
    given: dict[str, Any] = {
        "fingerprint": "f00d", "group_in_X": True, "learner": "HistGradientBoostingClassifier", "card": method,
        "stage": "user" if side == "user" else "none" if method == "baseline" else "in", "plugin": "fakes",
        "version": "1", "knobs": (), "swept": "", "setting": None, "order": 0, "protocol": "p", **changes,
    }  # fmt: skip
    return Run(dataset=dataset, method=method, side=side, repeat=repeat, **given)


def measures(rng: Generator, error: float, eqod: float, share: float, audits: bool) -> dict[str, float | None]:
    """Measures on both parts around a true error and eqod; `share` in [0, 1] moves the audits."""
    found: dict[str, float | None] = {}
    for part, noise in (("validation", 0.002), ("test", 0.001)):
        for name, value in (("error", error), ("eqod", eqod), ("eqod_max", 1.4 * eqod), ("sp", eqod + 0.04)):
            near = abs(value + rng.normal(0, noise))
            found[f"{part}.{name}"] = near
            if part == "test" and name != "eqod_max":
                found |= {f"test.{name}.low": near - 0.006, f"test.{name}.high": near + 0.008}
        for group, rate in (("majority", 0.25), ("minority", 0.25 - eqod)):
            found |= {f"{part}.acceptance.{group}": rate, f"{part}.tpr.{group}": 0.6, f"{part}.fpr.{group}": 0.08}
            found |= {f"{part}.n.{group}.0": 800.0, f"{part}.n.{group}.1": 25.0 if group == "minority" else 300.0}
    if audits:
        for index, name in enumerate([*(f"test.audit[{g}]" for g in GROUPS), *(f"train.audit[{r}]" for r in ROLES)]):
            size = 4000.0 / (index + 1) ** 2
            gain = share * (0.1 if "Black" in name or "collective" in name else -0.01)
            found |= {f"{name}.n": size, f"{name}.n_positive": size // 4, f"{name}.acceptance": 0.2 + gain,
                      f"{name}.tpr": 0.6 + gain, f"{name}.fpr": 0.07 + gain / 2, f"{name}.error": error}  # fmt: skip
    return found


def _user_curve(
    rng: Generator, dataset: str, method: str, alpha: float, repeat: int, settings: int,
    start: tuple[float, float], before: dict[str, float | None], audits: bool,
) -> list[Outcome]:  # fmt: skip
    depth, best, price = SHAPES.get(method, (rng.uniform(0.2, 0.85), rng.uniform(0.05, 0.4), rng.uniform(0, 0.006)))
    pool = int(2000 * alpha)
    k = (("k", 5 if repeat % 2 else 20),) if method == "rb-dist" else ()
    curve: list[Outcome] = []
    for order, budget in enumerate(budgets(pool, settings)):
        share = budget / pool
        unfairness = start[1] * (1 - depth + depth * abs(1 - share / best) ** 1.5) if share < 2 * best else start[1]
        run = a_run(dataset, method, "user", repeat, alpha=alpha, space="encoded", knobs=k, swept="budget",
                    setting=budget, order=order)  # fmt: skip
        found = before if budget == 0 else measures(rng, start[0] + price * share, unfairness, share, audits)
        notes = ("the ranking is constant",) if method == "random" and order == 1 else ()
        curve.append(Point(run, found, flips=budget, candidates=pool, seconds=0.6, notes=notes))
    return curve


def _firm_sweep(
    rng: Generator, dataset: str, method: str, repeat: int, settings: int, start: tuple[float, float], audits: bool
) -> list[Outcome]:
    depth, price = PRICES.get(method, (rng.uniform(0.1, 0.9), rng.uniform(0, 0.03)))
    sweep: list[Outcome] = []
    for order, strength in enumerate(np.linspace(0, 1, settings).round(3)):
        run = a_run(dataset, method, "firm", repeat, swept="strength", setting=float(strength), order=order)
        found = measures(rng, start[0] + price * strength, start[1] * (1 - depth * strength), 0.3 * strength, audits)
        sweep.append(Point(run, found, seconds=12.5))
    return sweep


def budgets(pool: int, settings: int) -> list[int]:
    """M = 0, then geometric up to the pool."""
    return [0, *np.unique(np.geomspace(8, pool, settings - 1).round().astype(int)).tolist()]


def failures_table(repeats: int = 2, dataset: str = "adult", message: str = "no prototype moved") -> pd.DataFrame:
    """A failures table: a method that refused in every repeat."""
    trace = 'Traceback (most recent call last):\n  File "fare.py", line 1, in fit\nfwk.api.Refusal: ' + message
    return table_of(
        Failure(a_run(dataset, "fare", "firm", repeat, swept="gamma", setting=0.5), "Refusal", message, trace, 1.5)
        for repeat in range(repeats)
    )
