"""The tables of fronts, recomputed from the points by hand: means over repeats, which points are chosen, the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fakes import a_run, points_table
from fwk.fronts import REFERENCE, answer, choose_fronts, hypervolume, leader, mean_over_repeats, scenarios
from fwk.points import Point, table_of
from fwk.report.answers import how_to_read, short_tables

POINTS = points_table(repeats=3)
FRONTS = choose_fronts(POINTS)


def points_of(*values: tuple[str, int, int, float, float], **changes: Any) -> pd.DataFrame:
    """Points (method, setting, repeat, error, eqod) that are alike on both parts; eqod below 0 is undefined."""
    outcomes = []
    for method, setting, repeat, error, eqod in values:
        unfairness = None if eqod < 0 else eqod
        found = {f"{part}.{name}": value for part in ("validation", "test")
                 for name, value in (("error", error), ("eqod", unfairness))}  # fmt: skip
        swept = "" if method == "baseline" else "strength"
        run = a_run("adult", method, "firm", repeat, swept=swept, setting=setting, order=setting, **changes)
        outcomes.append(Point(run, found))
    return table_of(outcomes)


def mean_row(fronts: pd.DataFrame, method: str, setting: str, unfairness: str = "eqod") -> pd.Series:
    rows = fronts[(fronts["scope"] == "mean") & (fronts["unfairness"] == unfairness)]
    (_, row), *others = rows[(rows["method"] == method) & (rows["setting"] == setting)].iterrows()
    assert not others
    return row


def test_means_spreads_and_counts_are_those_of_the_repeats() -> None:
    means = mean_over_repeats(POINTS)
    assert len(means) == len(POINTS.drop_duplicates(["method", "setting"]))
    for _, row in means.iterrows():
        same = POINTS[(POINTS["method"] == row["method"]) & (POINTS["setting"] == row["setting"])]
        assert row["repeats"] == row["test.eqod.count"] == len(same) == 3
        assert row["test.eqod"] == pytest.approx(np.mean(same["test.eqod"].to_numpy()))
        assert row["test.sp.sd"] == pytest.approx(np.std(same["test.sp"].to_numpy(), ddof=1))
        assert row["flips"] == same["flips"].iloc[0]


def test_an_undefined_measure_is_averaged_where_it_is_defined_and_the_count_says_so() -> None:
    means = mean_over_repeats(points_of(("a", 0, 0, 0.1, 0.2), ("a", 0, 1, 0.3, -1), ("a", 0, 2, 0.2, 0.4)))
    assert means.loc[0, "test.eqod"] == pytest.approx(0.3)
    assert means.loc[0, "test.eqod.count"] == 2
    assert means.loc[0, "test.error.count"] == means.loc[0, "repeats"] == 3


def test_repeats_with_different_tuned_knobs_are_one_row_that_lists_them() -> None:
    row = mean_over_repeats(POINTS).query("method == 'rb-dist'").iloc[0]
    assert json.loads(row["knobs"]) == [[{"k": 20}, 2], [{"k": 5}, 1]]


def test_trials_for_tuning_are_in_no_mean_and_on_no_front() -> None:
    trials = POINTS.assign(tuning=True)
    trials[["test.error", "validation.error"]] = 0.0
    with_trials = pd.concat([POINTS, trials])
    pd.testing.assert_frame_equal(mean_over_repeats(with_trials), mean_over_repeats(POINTS))
    pd.testing.assert_frame_equal(choose_fronts(with_trials), FRONTS)


def test_a_setting_twice_in_a_repeat_is_refused_with_its_name() -> None:
    with pytest.raises(ValueError, match=r"a was measured twice at strength setting '4' in repeat 1"):
        mean_over_repeats(points_of(("a", 4, 1, 0.1, 0.1), ("a", 4, 1, 0.2, 0.1)))


@pytest.mark.parametrize("select", ["validation", "test"])
def test_points_on_a_front_are_those_that_nobody_dominates_on_the_part_that_selects(select: str) -> None:
    fronts = choose_fronts(POINTS, select=select)
    assert set(fronts["select"]) == {select}
    for (_, unfairness, repeat), curve in fronts[fronts["scope"] == "repeat"].groupby(
        ["method", "unfairness", "repeat"]
    ):
        raw = POINTS[(POINTS["method"] == curve["method"].iloc[0]) & (POINTS["repeat"] == repeat)]
        pairs = {row.setting: (row.e, row.u) for row in
                 raw.rename(columns={f"{select}.error": "e", f"{select}.{unfairness}": "u"}).itertuples()}  # fmt: skip
        free = {setting for setting, (e, u) in pairs.items()
                if not any(f <= e and v <= u and (f, v) != (e, u) for f, v in pairs.values())}  # fmt: skip
        assert set(curve.loc[curve["on_front"], "setting"]) == free
        chosen = raw[raw["setting"].isin(free)][["test.error", f"test.{unfairness}"]].to_numpy()
        assert curve["hypervolume"].tolist() == pytest.approx([hypervolume(chosen, REFERENCE)] * len(curve))


def test_the_mean_front_is_chosen_on_validation_means_and_reports_test_means() -> None:
    means = mean_over_repeats(POINTS).set_index(["method", "setting"])
    rows = FRONTS[(FRONTS["scope"] == "mean") & (FRONTS["unfairness"] == "sp")]
    for row in rows.itertuples():
        of = means.loc[(row.method, row.setting)]
        assert (row.select_error, row.select_value) == pytest.approx((of["validation.error"], of["validation.sp"]))
        assert (row.error, row.value) == pytest.approx((of["test.error"], of["test.sp"]))
        assert (row.value_low, row.value_high) == pytest.approx((of["test.sp.low"], of["test.sp.high"]))
        assert row.value_sd == pytest.approx(of["test.sp.sd"])
        assert rows.loc[row.Index, "test.eqod"] == pytest.approx(of["test.eqod"])
        assert row.value_min <= row.value <= row.value_max


def test_corners_of_the_envelope_are_on_the_front() -> None:
    assert FRONTS.loc[FRONTS["on_envelope"], "on_front"].all()
    assert FRONTS["on_envelope"].sum() < FRONTS["on_front"].sum()


def test_an_undefined_point_is_on_no_front() -> None:
    fronts = choose_fronts(points_of(("a", 0, 0, 0.0, -1), ("a", 1, 0, 0.1, 0.1)), unfairness=["eqod"])
    assert fronts.loc[fronts["setting"] == "0", "on_front"].tolist() == [False, False]
    assert fronts.loc[fronts["setting"] == "1", "on_front"].tolist() == [True, True]


def test_a_setting_that_lacks_a_repeat_is_not_on_the_mean_front_however_lucky() -> None:
    points = points_of(("a", 0, 0, 0.2, 0.2), ("a", 0, 1, 0.2, 0.2), ("a", 1, 0, 0.0, 0.0), ("a", 2, 0, 0.1, -1))
    fronts = choose_fronts(points, unfairness=["eqod"])
    means = fronts[fronts["scope"] == "mean"].set_index("setting")
    assert means["repeats"].to_dict() == {"0": 2, "1": 1, "2": 0}
    assert means["complete"].to_dict() == means["on_front"].to_dict() == {"0": True, "1": False, "2": False}
    assert fronts.query("scope == 'repeat' and setting == '1'")["on_front"].all()


def test_a_repeat_that_is_undefined_at_every_setting_costs_only_itself() -> None:
    points = points_of(*(("a", setting, repeat, 0.1 * setting, -1 if repeat else 0.3 - 0.1 * setting)
                         for setting in range(3) for repeat in range(2)))  # fmt: skip
    assert choose_fronts(points, unfairness=["eqod"]).query("scope == 'mean'")["on_front"].all()


def test_excess_error_is_paired_with_the_baseline_of_the_same_repeat() -> None:
    points = points_of(("baseline", 0, 0, 0.10, 0.5), ("baseline", 0, 1, 0.20, 0.5), ("a", 0, 1, 0.21, 0.1))
    row = mean_row(choose_fronts(points, unfairness=["eqod"]), "a", "0")
    assert (row["excess"], row["select_excess"]) == pytest.approx((0.01, 0.01))


def test_budget_zero_stands_in_for_a_baseline_that_failed() -> None:
    without = choose_fronts(POINTS[POINTS["card"] != "baseline"])
    with_it = FRONTS[FRONTS["card"] != "baseline"].reset_index(drop=True)
    pd.testing.assert_frame_equal(without, with_it)
    assert answer(without)["baseline_value"].tolist() == pytest.approx(
        answer(FRONTS).query("card != 'baseline'")["baseline_value"].tolist()
    )


def test_who_failed_where_the_problem_is_hard_is_not_called_best() -> None:
    """A method that only is the baseline, and was measured where that is fair; another halves EqOd everywhere."""
    baseline = [(r, 0.02 if r < 2 else 0.2) for r in range(4)]
    found = answer(choose_fronts(points_of(
        *(("baseline", 0, r, 0.1, eqod) for r, eqod in baseline),
        *(("halves", 0, r, 0.1, eqod / 2) for r, eqod in baseline),
        *(("fails", 0, r, 0.1, eqod) for r, eqod in baseline[:2]),
    ), unfairness=["eqod"]), budgets=[0.005])  # fmt: skip
    rows = found.set_index("method")
    assert rows.loc["fails", "value"] < rows.loc["halves", "value"]
    assert (rows.loc["fails", "repeats"], set(rows["of_repeats"])) == (2, {4})
    best = leader(found, "firm")
    assert best is not None
    assert best["method"] == "halves"
    (table,) = short_tables(found)
    assert [row[-1] for row in table.rows] == ["strength = 0; only 2 of 4 repeats", "strength = 0", "–"]
    assert table.verdict.startswith("On the firm side halves leaves 5.50 percentage points")
    assert "or as many as its row says" in how_to_read(found)[1]
    (without,) = short_tables(found[found["method"] != "halves"])
    assert without.verdict.startswith("On the firm side no method that was measured in all repeats is better")


def test_without_any_baseline_the_answer_says_so() -> None:
    found = answer(choose_fronts(points_of(("a", 0, 0, 0.1, 0.1)), unfairness=["eqod"]))
    assert set(found["reason"]) == {"no baseline to compare with"}


@pytest.mark.parametrize("select", ["validation", "test"])
@pytest.mark.parametrize("unfairness", ["eqod", "sp"])
def test_the_answer_is_the_least_mean_unfairness_within_the_error_budget(select: str, unfairness: str) -> None:
    found = answer(choose_fronts(POINTS, select=select)).query("unfairness == @unfairness")
    columns = {f"{select}.error", f"{select}.{unfairness}", f"test.{unfairness}"}
    means = POINTS.groupby(["method", "setting"])[sorted(columns)].mean()
    limit = means.loc[("baseline", ""), f"{select}.error"]
    for row in found.itertuples():
        curve = means.loc[row.method]
        best = curve[curve[f"{select}.error"] <= limit + row.budget][f"{select}.{unfairness}"].idxmin()
        assert row.setting == best
        assert row.value == pytest.approx(curve.loc[best, f"test.{unfairness}"])
        assert row.on_front
    for _, table in found.groupby("budget"):
        assert table["value"].is_monotonic_increasing
        assert set(table["method"]) == set(POINTS["method"])


def test_a_larger_error_budget_never_gives_more_unfairness_where_it_was_chosen() -> None:
    found = answer(FRONTS, budgets=(0.0, 0.002, 0.01, 0.1))
    for _, of_method in found.groupby(["unfairness", "method"]):
        assert of_method.sort_values("budget")["select_value"].dropna().is_monotonic_decreasing


def test_a_method_that_is_never_within_the_budget_keeps_its_row_with_the_reason() -> None:
    points = points_of(("baseline", 0, 0, 0.10, 0.5), ("dear", 0, 0, 0.15, 0.0), ("dear", 1, 0, 0.12, 0.1))
    row = answer(choose_fronts(points, unfairness=["eqod"]), budgets=[0.005]).iloc[-1]
    assert (row["method"], row["setting"]) == ("dear", "")
    assert np.isnan(row["value"])
    assert row["reason"] == "never within +0.5 percentage points of the baseline's error (at best +2.00 on validation)"


def test_a_method_that_is_undefined_everywhere_keeps_its_row_with_the_reason() -> None:
    points = points_of(("baseline", 0, 0, 0.10, 0.5), ("a", 0, 0, 0.1, -1))
    assert (
        answer(choose_fronts(points, unfairness=["eqod"]))["reason"]
        .iloc[-1]
        .startswith("error or unfairness undefined")
    )


def test_ties_go_to_less_error_and_then_to_fewer_flips() -> None:
    equal = (("a", setting, 0, error, 0.2) for setting, error in ((0, 0.103), (1, 0.102), (2, 0.102)))
    points = points_of(("baseline", 0, 0, 0.1, 0.5), *equal)
    points["flips"] = points["setting"].map({"": 0, "0": 1, "1": 9, "2": 3})
    row = answer(choose_fronts(points, unfairness=["eqod"]), budgets=[0.005]).iloc[0]
    assert row["setting"] == "2"


def test_the_order_of_the_points_changes_nothing() -> None:
    shuffled = table_order(choose_fronts(POINTS.sample(frac=1, random_state=5)))
    pd.testing.assert_frame_equal(shuffled, table_order(FRONTS))


def table_order(fronts: pd.DataFrame) -> pd.DataFrame:
    keys = ["unfairness", "scope", "method", "order", "repeat"]
    return fronts.drop(columns=["knobs", "notes"]).sort_values(keys).reset_index(drop=True)


def test_firm_side_methods_stand_beside_every_collective_on_the_same_data() -> None:
    points = points_table(alphas=(0.1, 0.3), datasets=("adult", "compas"))
    found = scenarios(points)
    assert [scenario.name for scenario in found] == [
        f"{dataset}, alpha {alpha}" for dataset in ("adult", "compas") for alpha in (0.1, 0.3)
    ]
    for scenario in found:
        rows = points[scenario.rows]
        assert set(rows["method"]) == set(points["method"])
        assert len(set(rows["dataset"])) == 1
        assert len(set(rows["alpha"].dropna())) == 1
    tables = answer(choose_fronts(points)).groupby(["scenario", "budget", "unfairness"])["method"]
    assert len(tables) == 4 * 2 * 2
    assert all(names.is_unique and len(names) == points["method"].nunique() for _, names in tables)


def test_a_comparison_of_firm_side_methods_alone_is_a_scenario() -> None:
    (alone,) = scenarios(points_table(user=()))
    assert alone.name == "adult"
    assert alone.description == "adult, group among the features, HistGradientBoostingClassifier"
    assert alone.rows.all()


def test_a_scenario_describes_what_the_collective_knows() -> None:
    points = points_table(repeats=1)
    points.loc[points["method"] == "rb-prob", "majority_known"] = 50
    assert [scenario.name for scenario in scenarios(points)] == [
        "adult, whole majority known", "adult, 50 of the majority known",
    ]  # fmt: skip
    assert scenarios(points)[1].description.endswith("alpha 0.3, 50 of the majority known, distances encoded")


def test_no_points_give_no_fronts_and_no_answer() -> None:
    nothing = choose_fronts(table_of([]))
    assert list(nothing.columns) == [name for name in FRONTS.columns if not name.startswith("test.")]
    assert len(nothing) == len(answer(nothing)) == len(scenarios(nothing)) == 0


def test_a_part_or_measure_that_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(ValueError, match="select is 'train'; a front is chosen on 'validation' or on 'test'"):
        choose_fronts(POINTS, select="train")
    with pytest.raises(ValueError, match="no measure 'eqodd' among the points; there are: error, eqod, eqod_max, sp"):
        choose_fronts(POINTS, unfairness=["eqodd"])


def test_fronts_and_answers_survive_being_stored_as_parquet(tmp_path: Path) -> None:
    for name, table in (("fronts", FRONTS), ("answers", answer(FRONTS))):
        table.to_parquet(tmp_path / name)
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / name), table)
