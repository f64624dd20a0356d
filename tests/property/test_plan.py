"""What holds for every grid of budgets, and every plan."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes_core import Bench
from fwk.plan import Plan, auto_budgets, parts_of
from fwk.points import Run
from fwk.relabel import flips, gather
from fwk.split import stream


@given(st.integers(1, 200_000), st.booleans())
def test_automatic_budgets_rise_from_nobody_to_everybody(pool: int, coarse: bool) -> None:
    zero, *counts, everybody = auto_budgets(pool, coarse)
    assert (zero, everybody) == (0, 1.0)
    assert isinstance(everybody, float)
    assert all(isinstance(count, int) for count in counts)
    assert counts == sorted(set(counts)), "each is larger than the one before"
    assert all(0 < count < pool for count in counts)
    assert len(counts) <= (7 if coarse else 22)


@given(st.integers(100, 200_000))
def test_automatic_budgets_are_dense_at_the_low_end(pool: int) -> None:
    counts = [budget for budget in auto_budgets(pool) if isinstance(budget, int)]
    assert sum(count <= 0.2 * pool for count in counts) >= 8
    gaps = [large / small for small, large in zip(counts[2:], [*counts[3:], pool], strict=True)]
    assert max(gaps) < 2.1, "nowhere a hole"


METHODS = st.lists(
    st.sampled_from(["baseline", "skill", "chance", "near", "direction", "lottery", "noisy", "doubled"]),
    min_size=1, max_size=5, unique=True,
)  # fmt: skip


@given(
    methods=METHODS,
    repeats=st.integers(1, 4),
    alphas=st.lists(st.sampled_from([0.2, 0.5, 1.0]), min_size=1, unique=True),
    budgets=st.lists(
        st.one_of(st.integers(0, 40), st.sampled_from([0.0, 0.25, 1.0])), min_size=1, max_size=6, unique=True
    ),
    trials=st.integers(1, 4),
    in_X=st.lists(st.booleans(), min_size=1, unique=True),
)
@settings(max_examples=40, deadline=None)
def test_the_numbers_of_a_plan_are_those_of_its_runs(
    tmp_path_factory: Any, methods: list[str], repeats: int, alphas: list[float], budgets: list[float], trials: int,
    in_X: list[bool],
) -> None:  # fmt: skip
    planned = Bench(tmp_path_factory.mktemp("plan")).plan(
        methods=methods, repeats=repeats, alpha=alphas, budgets=budgets, tune={"trials": trials},
        datasets=[{"name": "made", "group_in_X": in_X}],
    )  # fmt: skip
    runs = [
        run
        for curve in planned.curves
        for repeat in range(repeats)
        for run in curve.runs(repeat, next(curve.entry.candidates()))
    ]
    assert planned.points == len(runs) == sum(row["points"] for row in planned.counts())
    assert len({run.key for run in runs}) == len(runs)
    tried = [
        (run, chosen == next(curve.entry.candidates()))
        for curve in planned.curves
        for repeat in range(repeats)
        for chosen, some in curve.trial_runs(repeat)
        for run in some
    ]
    assert all(run.tuning for run, _ in tried)
    sizes = {alpha: [len(candidates(planned, repeat, alpha)) for repeat in range(repeats)] for alpha in alphas}

    def fit(run: Run) -> Any:
        """Runs that flip equally many in one ranking are one fit."""
        if run.alpha is None:
            return run.key
        count = flips(run.setting, pool := sizes[run.alpha][run.repeat], pool)
        return count and (run.method, run.knobs, run.group_in_X, run.alpha, run.repeat, count)

    extra = {fit(run) for run, is_first in tried if not is_first}
    fits = {fit(run) for run in runs if run.card != "baseline"} | extra
    assert planned.fits == len(fits - {0}) + repeats * len(in_X), "and a base for each repeat and ground"


def candidates(planned: Plan, repeat: int, alpha: float) -> Any:
    """Those of the collective who may flip: the same with the group in X or not."""
    ground = planned.curves[0].ground
    assert ground.table is not None
    rows = parts_of(ground.table, planned.config, ground.data, repeat).train
    joining, knowing = (stream(planned.config.seed, what, repeat) for what in ("collective", "known majority"))
    return gather(ground.table.people.take(rows), alpha, None, joining, knowing).candidates
