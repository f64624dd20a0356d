"""The straight line from experiments to pages, and from stored points to verdicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from fwk.api import Mistake
from fwk.paper.claims import CLAIMS, RACE_IN_X, Judged, judge
from fwk.paper.claims_page import claims_page
from fwk.paper.experiments import EXPERIMENTS, Experiment
from fwk.paper.front_pictures import draw_representation
from fwk.paper.mixture_pictures import draw_theory, draw_toy
from fwk.paper.page import Told, write_page
from fwk.paper.parts import QUICK, Done, Layout, Order, run_part, theory_in
from fwk.paper.stored import Part, read_part, together
from fwk.paper.tables import Shown, theory_tables
from fwk.paper.theory import told_of
from fwk.paper.toy import scene_of
from fwk.plan import QUICK_REPEATS
from fwk.progress import Watch
from fwk.report.words import plural

COARSE_REMARK = "A quick run: {}. It shows that everything works, and no more."


def reproduce(order: Order, layouts: Sequence[Layout], watch: Callable[[], Watch]) -> Iterator[tuple[Path, bool]]:
    """Run every part and write every page; yields each page, and whether all of it could be had and nothing failed.

    layouts  of `lay_out`
    watch    makes what is told of the progress, anew for every part
    """
    order.results.mkdir(parents=True, exist_ok=True)
    for experiment in order.experiments:
        page = order.results / f"{experiment.name}{order.suffix}.html"
        if experiment.name == "theory":
            yield page, _theory(order, experiment, page, watch())
            continue
        done = [run_part(layout, order, watch()) for layout in layouts if layout.experiment == experiment.name]
        _write(order, experiment, page, done)
        yield page, not any(one.told.missing for one in done)


def _write(order: Order, experiment: Experiment, page: Path, done: Sequence[Done]) -> None:
    picture = page.with_suffix(".png")
    picture.unlink(missing_ok=True)
    parts = [one.part for one in done if one.part is not None]
    told = [one.told for one in done]
    points = together(parts)
    shown: dict[str, Shown] = {}
    if parts:
        select = parts[0].config.select
        _draw(order, experiment, points, select, picture, done)
        if experiment.tabulate is not None:
            shown = {f"{experiment.title}": experiment.tabulate(points, select)}
    claims = [claim for claim in CLAIMS if claim.experiment == experiment.name]
    write_page(
        page, experiment, told, shown, judge({experiment.name: points}, claims), _remark(order, experiment, done)
    )


def _remark(order: Order, experiment: Experiment, done: Sequence[Done]) -> str:
    """What a reader must know first."""
    stored = [path.name for path in _folders(order.results, experiment.name, bool(order.suffix))]
    others = [name for name in stored if name not in [f"{one.told.name}{order.suffix}" for one in done]]
    left_out = f"Stored, and not on this page, as it was made from other configs: {', '.join(others)}."
    return " ".join([*([_coarse(done)] if order.suffix else []), *([left_out] if others else [])])


def _coarse(done: Sequence[Done]) -> str:
    """What a quick run did, and did without."""
    plans = [one.prepared.plan for one in done if one.prepared is not None]
    draws = max((plan.comparison.draws for plan in plans), default=0)
    repeats = max((plan.repeats for plan in plans), default=QUICK_REPEATS)
    what = f"{plural(draws, 'draw')} of each data set" if draws else f"{plural(repeats, 'repeat')} and coarse sweeps"
    left_out = dict.fromkeys(name for plan in plans for name in plan.comparison.left_out)
    return COARSE_REMARK.format(f"{what}, without {', '.join(left_out)}" if left_out else what)


def _draw(
    order: Order, experiment: Experiment, points: pd.DataFrame, select: str, picture: Path, done: Sequence[Done]
) -> None:
    if experiment.name == "toy":
        prepared = next((one.prepared for one in done if one.prepared is not None), None)
        draw_toy(points, scene_of(prepared, points) if prepared is not None else None, picture)
    elif experiment.name == "representation":
        draw_representation(points, select, picture, guides=order.guides)
    elif experiment.draw is not None:
        experiment.draw(points, select, picture)


def _theory(order: Order, experiment: Experiment, page: Path, watch: Watch) -> bool:
    told = Told("theory", "a simulation without a config", tuple(told_of(order.theory.settings)))
    shown: dict[str, Shown] = {}
    table = pd.DataFrame()
    try:
        if order.wishes.fresh:
            order.theory.forget()
        table = order.theory.table(order.wishes.options.jobs, watch.say)
        draw_theory(table, page.with_suffix(".png"))
        shown = theory_tables(table)
    except Mistake as mistake:
        watch.say(f"theory: {mistake}")
        told = dataclasses.replace(told, missing=str(mistake))
    claims = [claim for claim in CLAIMS if claim.experiment == experiment.name or claim.cases is None]
    drawn = COARSE_REMARK.format(f"{plural(order.theory.settings.seeds, 'draw')} of fewer people, at fewer settings")
    write_page(page, experiment, [told], shown, judge({experiment.name: table}, claims), drawn if order.suffix else "")
    return not told.missing


def judge_stored(results: Path, coarse: bool = False) -> list[Judged]:
    """Every claim, judged by the points that lie in the results folder."""
    points = {name: together(_stored(results, name, coarse)) for name in EXPERIMENTS}
    theory = theory_in(results, coarse)
    if theory.path.exists():
        points["theory"] = theory.table()
    race = read_part(results.parent / f"{RACE_IN_X}{QUICK if coarse else ''}")
    return judge({**points, RACE_IN_X: together([race] if race is not None else [])})


def write_claims(page: Path | None, results: Path, coarse: bool = False) -> tuple[Path, list[Judged]]:
    """Judge the claims by what is stored, and write the page about it: beside the results, where none is named.

    Raises Mistake where it cannot be written.
    """
    judged = judge_stored(results, coarse)
    page = page or results / f"claims{QUICK if coarse else ''}.md"
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        few = COARSE_REMARK.format("few repeats or draws, and coarse sweeps")
        page.write_text(claims_page(judged, few if coarse else ""), encoding="utf-8")
    except OSError as error:
        raise Mistake(f"the page about the claims cannot be written: {error}; name a file with --page") from error
    return page, judged


def _stored(results: Path, experiment: str, coarse: bool) -> list[Part]:
    return [part for part in map(read_part, _folders(results, experiment, coarse)) if part is not None]


def _folders(results: Path, experiment: str, coarse: bool) -> list[Path]:
    """Those of an experiment in which points are stored."""
    found = (path.parent for path in sorted(results.glob(f"{experiment}-*/points.parquet")))
    return [folder for folder in found if folder.name.endswith(QUICK) == coarse]
