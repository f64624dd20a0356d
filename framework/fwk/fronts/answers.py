"""Fronts -> the answer: which method gives the least unfairness within an error budget, and at what price."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from fwk.fronts.choose import FIGURES, FRONT_COLUMNS, headline
from fwk.fronts.scenario import baseline_of, curves, scenarios

ANSWER_COLUMNS = (
    "scenario",
    "budget",
    *(name for name in FRONT_COLUMNS if name not in ("scope", "repeat", "complete", "on_envelope")),
    "of_repeats",
    "baseline_error",
    "baseline_value",
    "baseline_select_value",
    "reason",
)


def answer(fronts: pd.DataFrame, budgets: Sequence[float] = (0.005, 0.01)) -> pd.DataFrame:
    """The answer: for each method the least unfairness within an error budget over the baseline.

    Of each curve the setting is taken that minimises the mean unfairness subject to mean excess error <= budget (ties:
    less error, fewer flips), both on the part that selects; the figures beside it are those on test, so `excess`
    can exceed the budget there.

    One row a (scenario, measure of unfairness, budget, method), sorted by `value`; `scenario` and `budget` and the
    baseline's `baseline_error` and `baseline_value` on test, and `baseline_select_value` on the part that selects, come
    with the columns of `choose_fronts` (scope "mean"). Which method is best is for `leader` to say, which does not look
    at test.
    A method that is never within the budget, or was nowhere defined, keeps its row, with the `reason` and no figures.
    `of_repeats` is the most repeats of any row: a method that failed in some has fewer `repeats`, and figures of other
    people than the rest.
    """
    rows = []
    for scenario in scenarios(fronts):
        means = fronts[scenario.rows & fronts["scope"].eq("mean").to_numpy(dtype=bool)]
        for unfairness, table in means.groupby("unfairness", sort=False):
            for budget in budgets:
                context = {"scenario": scenario.name, "unfairness": unfairness, "budget": budget}
                rows.append(_answer(table, budget).assign(**context))
    if not rows:
        return pd.DataFrame(columns=list(ANSWER_COLUMNS))
    return pd.concat(rows, ignore_index=True)[[*ANSWER_COLUMNS, *headline(fronts)]]


def leader(rows: pd.DataFrame, acting: str) -> pd.Series | None:
    """The best row of a side ("user", "firm") among those of `answer` for one scenario, measure and budget: the least
    unfairness on the part that selects (ties: less error there, fewer flips).

    A method that lacks repeats which others have is not called best: it may have failed where the problem is hard. None
    if no method has less unfairness there than the baseline.
    """
    better = rows["select_value"] < rows["baseline_select_value"]
    whole = rows["repeats"] == rows["of_repeats"]
    side = rows[(rows["side"] == acting) & (rows["card"] != "baseline") & better & whole]
    ranked = side.sort_values(["select_value", "select_error", "flips", "method"], kind="stable")
    return None if ranked.empty else ranked.iloc[0]


def _answer(table: pd.DataFrame, budget: float) -> pd.DataFrame:
    choices = [_choice(curve, budget) for curve in curves(table)]
    chosen = table.loc[[row for row, _ in choices]].assign(reason=[reason for _, reason in choices])
    nothing = chosen["reason"] != ""
    chosen.loc[nothing, [*FIGURES, *headline(table), "flips"]] = np.nan
    chosen.loc[nothing, ["setting", "knobs"]] = ["", "[]"]
    chosen.loc[nothing, "on_front"] = False
    chosen["of_repeats"] = table["repeats"].max()
    before = baseline_of(table)
    chosen["baseline_error"] = np.nan if before is None else before["error"]
    chosen["baseline_value"] = np.nan if before is None else before["value"]
    chosen["baseline_select_value"] = np.nan if before is None else before["select_value"]
    return chosen.sort_values(["value", "error", "method"], kind="stable", na_position="last")


def _choice(curve: pd.DataFrame, budget: float) -> tuple[Hashable, str]:
    """The label of the chosen row and "", or of any row and the reason why none can be chosen."""
    within = curve[curve["complete"] & (curve["select_excess"] <= budget + 1e-12)]
    if len(within):
        return within.sort_values(["select_value", "select_error", "flips", "order"], kind="stable").index[0], ""
    return curve.index[0], _why_not(curve[curve["complete"]], budget)


def _why_not(defined: pd.DataFrame, budget: float) -> str:
    if defined.empty:
        return "error or unfairness undefined at every setting"
    least = defined["select_excess"].min()
    if np.isnan(least):
        return "no baseline to compare with"
    return (
        f"never within +{100 * budget:g} percentage points of the baseline's error (at best {100 * least:+.2f} on "
        f"{defined['select'].iloc[0]})"
    )
