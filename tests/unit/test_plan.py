"""What a plan lays out, before any training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes_core import Bench, a_table
from fwk import plan as plans
from fwk.plan import auto_budgets, parts_of, plan, quick
from fwk.relabel import gather
from fwk.split import stream


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def settings_of(bench: Bench, method: str, **config: Any) -> tuple[Any, ...]:
    return bench.plan(methods=[method], **config).curves[0].settings


def test_curves_are_the_product_of_the_axes_that_concern_them(bench: Bench) -> None:
    planned = bench.plan(
        datasets=["made", {"name": "made", "called": "b", "group_in_X": [True, False]}],
        learner=["sklearn.tree.DecisionTreeClassifier", "sklearn.naive_bayes.GaussianNB"],
        alpha=[0.2, 0.4], majority_known=["all", 9], space=["encoded", "standardised"], methods=["skill", "lottery"],
    )  # fmt: skip
    user = [curve for curve in planned.curves if curve.entry.label == "skill"]
    firm = [curve for curve in planned.curves if curve.entry.label == "lottery"]
    assert (len(planned.grounds), len(user), len(firm)) == (6, 6 * 8, 6)
    assert {(curve.alpha, curve.known, curve.space and curve.space.name) for curve in user} == {
        (alpha, known, space) for alpha in (0.2, 0.4) for known in (None, 9) for space in ("encoded", "standardised")
    }
    assert {(curve.alpha, curve.known, curve.space) for curve in firm} == {(None, None, None)}


def test_how_nominal_columns_count_enters_the_keys_of_rankers_on_tables_that_have_some(bench: Bench) -> None:
    comparison = bench.comparison(space=["encoded", "standardised", {"method": "doubled"}])
    for nominal, told in ((False, None), (True, "nominal columns one-hot")):
        planned = plan(comparison, bench.registry, {("made", True): a_table(nominal=nominal)})
        said = {
            (curve.entry.label, curve.space and curve.space.name): json.loads(curve.protocol)["space"]
            for curve in planned.curves
        }
        assert said["lottery", None] is None
        assert said["skill", "encoded"] == said["skill", "standardised"] == told
        assert said["skill", "doubled"][1] == {"width": 2.0}


def test_a_run_says_where_it_comes_from(bench: Bench) -> None:
    planned = bench.plan(methods=["skill", {"name": "lottery", "called": "L"}], budgets=[3])
    user, firm = (curve.runs(1, {})[-1] for curve in planned.curves)
    assert (user.side, user.stage, user.swept, user.setting, user.order, user.repeat) == (
        "user",
        "data",
        "budget",
        3,
        1,
        1,
    )
    assert (user.alpha, user.majority_known, user.space) == (0.5, None, "encoded")
    assert (firm.side, firm.stage, firm.swept, firm.setting, firm.method, firm.card) == (
        "firm", "post", "strength", 1.0, "L", "lottery",
    )  # fmt: skip
    assert (firm.alpha, firm.majority_known, firm.space) == (None, None, None)
    assert (firm.plugin, firm.version, firm.learner) == ("fakes", "unknown", "DecisionTreeClassifier(max_depth=4)")
    table = planned.curves[0].ground.table
    assert table is not None
    assert user.fingerprint == table.fingerprint
    assert not user.tuning


def test_budget_0_leads_every_curve_and_stands_there_once(bench: Bench) -> None:
    assert settings_of(bench, "skill", budgets=[5, 20]) == (0, 5, 20)
    assert settings_of(bench, "skill", budgets=[5, 0, 20, 0.0]) == (0, 5, 20)
    assert settings_of(bench, "skill", budgets=[0]) == (0,)
    assert settings_of(bench, "skill", budgets=[1, 1.0, 0.5]) == (0, 1, 1.0, 0.5), "one candidate, and all of them"


def test_automatic_budgets_reach_up_to_the_smallest_pool_of_all_repeats(bench: Bench) -> None:
    planned = bench.plan(methods=["skill"], budgets="auto", repeats=4)
    table = planned.curves[0].ground.table
    assert table is not None
    pools = []
    for repeat in range(4):
        train = table.people.take(parts_of(table, planned.config, planned.curves[0].ground.data, repeat).train)
        pools.append(len(gather(train, 0.5, None, stream(0, "collective", repeat), stream(0)).candidates))
    assert planned.curves[0].settings == auto_budgets(min(pools))
    assert settings_of(bench, "skill", budgets="auto", alpha=0.001) == (0, 1.0), "nobody joins: the run will say so"
    tiny = [{"name": "made", "n": 8, "test": 0.1}]
    assert settings_of(bench, "skill", budgets="auto", datasets=tiny, validation=0.05) == (0, 1.0), "no part to look at"


def test_automatic_budgets_of_adult_are_what_the_docs_show() -> None:
    assert auto_budgets(840) == (0, 15, 30, 45, 60, 75, 90, 105, 120, 155, 205, 265, 345, 445, 580, 755, 1.0)
    assert auto_budgets(840, coarse=True) == (0, 30, 75, 120, 300, 750, 1.0)
    assert [auto_budgets(pool) for pool in (1, 2, 3)] == [(0, 1.0), (0, 1, 1.0), (0, 1, 2, 1.0)]


def test_what_could_not_be_loaded_is_planned_all_the_same(bench: Bench) -> None:
    planned = bench.plan(datasets=["made", "not-there"], methods=["skill", "lottery"], budgets="auto")
    assert [str(error) for error in planned.missing.values()] == ["no file people.csv"]
    lost = [curve for curve in planned.curves if curve.ground.data.label == "not-there"]
    assert [curve.settings for curve in lost] == [(0, 1.0), (0.0, 0.5, 1.0)]
    assert lost[0].ground.fingerprint == ""


def test_trials_are_at_the_lower_half_of_the_budgets_or_across_a_sweep(bench: Bench) -> None:
    def trials(method: Any, number: int) -> list[Any]:
        (curve,) = bench.plan(methods=[method], budgets=[1, 2, 3, 4, 5, 6, 7, 8], tune={"trials": number}).curves
        return [curve.settings[order] for order in curve.trials]

    assert trials("near", 3) == [1, 3, 4]
    assert trials("near", 2) == [1, 4]
    assert trials("near", 1) == [3]
    assert trials("near", 9) == [1, 2, 3, 4]
    tuned = {"name": "bad-method", "tune": {"at": [5, 6]}}
    assert trials(tuned, 2) == [0.0, 1.0]
    assert trials(tuned, 1) == [0.5]
    assert trials("doubled", 3) == [None], "nothing is swept: tried as it is"


def test_only_budget_0_can_be_tried_if_there_is_no_other(bench: Bench) -> None:
    (curve,) = bench.plan(methods=["near"], budgets=[0]).curves
    assert [curve.settings[order] for order in curve.trials] == [0]


def test_counts_by_method_add_up(bench: Bench) -> None:
    planned = bench.plan(methods=["baseline", "near", "lottery"], repeats=3, budgets=[3, 5, 8, 12], tune={"trials": 2})
    rows = {row["method"]: row for row in planned.counts()}
    assert rows["near"] == {"method": "near", "side": "user", "settings": 5, "tuned over": 3, "points": 15, "fits": 12,
                            "extra fits to tune": 3 * 2 * 2}  # fmt: skip
    assert rows["lottery"] == {"method": "lottery", "side": "firm", "settings": 3, "tuned over": 1, "points": 9,
                               "fits": 9, "extra fits to tune": 0}  # fmt: skip
    assert rows["baseline"]["fits"] == 0
    assert planned.points == 3 * (1 + 5 + 3)
    assert planned.fits == 3 * (1 + 4 + 4 + 3)


def test_budgets_beyond_the_candidates_cost_no_fit_of_their_own(bench: Bench) -> None:
    planned = bench.plan(methods=["near"], repeats=2, budgets=[3, 5, 8, 1000, 2000, 1.0], tune={"trials": 6})
    (curve,) = planned.curves
    assert all(8 < pool < 1000 for pool in curve.pools)
    (row,) = planned.counts()
    assert row["fits"] == 2 * 4, "three, and everybody"
    assert row["extra fits to tune"] == 2 * 2 * 3, "the lower half of the budgets, for two other candidates"


def test_quick_is_the_same_comparison_coarse(bench: Bench) -> None:
    whole = bench.comparison(
        methods=["near", {"name": "lottery", "sweep": [0.1, 0.2, 0.3, 0.4, 0.5]},
                 {"name": "doubled", "tune": {"width": [1, 2, 3]}}],
        repeats=7, budgets=[1, 2, 3, 4, 5, 6, 7, 8, 9], tune={"trials": 5}, output="there",
    )  # fmt: skip
    coarse = quick(whole)
    assert (coarse.config.repeats, coarse.config.tune.trials, coarse.config.budgets) == (2, 2, [1, 3, 4, 6, 7, 9])
    assert (coarse.config.name, coarse.config.output) == ("c-quick", "there-quick")
    assert [entry.settings for entry in coarse.methods] == [(), (0.1, 0.3, 0.5), ()]
    assert [entry.tuned for entry in coarse.methods] == [(("k", (1, 20)),), (), (("width", (1, 3)),)]
    assert (whole.config.repeats, whole.config.budgets) == (7, [1, 2, 3, 4, 5, 6, 7, 8, 9]), "nothing is written into"
    least = quick(bench.comparison(repeats=1, tune={"trials": 1}, budgets="auto"))
    assert (least.config.repeats, least.config.tune.trials, least.config.budgets, least.config.output) == (
        1,
        1,
        "auto",
        "",
    )


def test_quick_thins_automatic_budgets_too(bench: Bench) -> None:
    full = bench.plan(methods=["skill"], budgets="auto")
    table = full.grounds[0].table
    assert table is not None
    coarse = plan(full.comparison, bench.registry, {("made", True): table}, coarse=True)
    assert len(coarse.curves[0].settings) < len(full.curves[0].settings)


def test_the_test_part_is_the_published_one_where_there_is_one_unless_a_share_is_asked_for(bench: Bench) -> None:
    def test_part(**spec: Any) -> Any:
        ground = bench.plan(datasets=[{"name": "made", **spec}]).grounds[0]
        assert ground.table is not None
        return plans.tested(ground.table, ground.data)

    assert test_part() == 0.2
    assert test_part(test=0.4) == 0.4
    assert test_part(published=True).sum() == 75
    assert test_part(published=True, test="published").sum() == 75
    assert test_part(published=True, test=0.4) == 0.4
    with pytest.raises(ValueError, match="data set 'made' has no published test part; give a share"):
        test_part(test="published")


def test_parts_are_drawn_anew_in_every_repeat_only_where_that_is_asked_for(bench: Bench) -> None:
    def tests(**config: Any) -> list[list[int]]:
        planned = bench.plan(**config)
        ground = planned.grounds[0]
        assert ground.table is not None
        return [parts_of(ground.table, planned.config, ground.data, repeat).test.tolist() for repeat in (0, 1)]

    anew, once = tests(), tests(resplit=False)
    assert anew[0] != anew[1]
    assert once[0] == once[1] == anew[0]
    assert np.array_equal(*tests(datasets=[{"name": "made", "published": True}]))
