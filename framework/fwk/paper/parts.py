"""The parts of an experiment: found in the folder of configs, laid out beforehand, and run one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fwk.api import Mistake
from fwk.compare import Result, compare
from fwk.estimate import estimate
from fwk.hints import nearest_name
from fwk.paper.experiments import EXPERIMENTS, Experiment
from fwk.paper.page import Told
from fwk.paper.simulation import Simulation
from fwk.paper.stored import Part, read_part
from fwk.paper.theory import COARSE, Settings, fits
from fwk.prepare import Prepared, Wishes, prepare
from fwk.progress import Watch
from fwk.report.words import plural
from fwk.shelf import MissingFileError

CONFIGS, RESULTS = Path("configs/paper"), Path("results/paper")
QUICK = "-quick"


@dataclass(frozen=True)
class Order:
    """What is asked of a reproduction.

    experiments  in this order
    wishes       of every comparison; `config` and `output` are filled in part by part
    configs      the folder of the configs
    results      the folder of the pages, and of each part's results
    guides       draw the parabolas of `draw_representation`
    """

    experiments: tuple[Experiment, ...]
    wishes: Wishes
    configs: Path = CONFIGS
    results: Path = RESULTS
    guides: bool = False

    @property
    def suffix(self) -> str:
        """What a quick run's files are told apart by."""
        return QUICK if self.wishes.coarse else ""

    @property
    def theory(self) -> Simulation:
        """The theory's simulation."""
        return theory_in(self.results, self.wishes.coarse, self.wishes.without)


@dataclass(frozen=True)
class Layout:
    """One part before it is run.

    points, fits  how many; None while data have to be downloaded first
    missing       why it cannot be had, or not without a download; "" if it can
    seconds       estimated, if it was asked for
    """

    experiment: str
    name: str
    wishes: Wishes | None
    points: int | None
    fits: int | None
    missing: str = ""
    seconds: float | None = None

    @property
    def downloadable(self) -> bool:
        """Whether a run would first download what is missing."""
        return self.points is None

    @property
    def left_out(self) -> bool:
        """Whether a run would do without it."""
        return bool(self.missing) and not self.downloadable


def theory_in(results: Path, coarse: bool, without: tuple[str, ...] = ()) -> Simulation:
    """The theory's simulation, as it is kept in the folder of the results."""
    return Simulation(results / "theory", COARSE if coarse else Settings(), without)


def wanted(names: tuple[str, ...]) -> tuple[Experiment, ...]:
    """The experiments of these names; all of them for none. Raises Mistake for one that does not exist."""
    for name in names:
        if name not in EXPERIMENTS:
            known = ", ".join(EXPERIMENTS)
            raise Mistake(f"no experiment {name!r}{nearest_name(name, EXPERIMENTS)}; there are: {known}")
    return tuple(EXPERIMENTS[name] for name in names or EXPERIMENTS)


def lay_out(order: Order, time_with: int = 0, say: Callable[[str], None] = lambda _: None) -> list[Layout]:
    """Every part of the experiments, before any training; data are downloaded if the wishes say so.

    Raises Mistake for a config that is missing or faulty.

    time_with  estimate the seconds for so many workers, of what is not stored yet; 0: no estimate
    """
    layouts = []
    for experiment in order.experiments:
        if experiment.name == "theory":
            layouts.append(_theory(order, time_with))
            continue
        for config in configs_of(order, experiment):
            say(f"reading {config}" + (", and timing a few cells" if time_with else ""))
            layouts.append(_laid_out(order, experiment, config, time_with))
    return layouts


def _theory(order: Order, time_with: int) -> Layout:
    layout = Layout("theory", "theory", None, 0, fits(order.theory.settings))
    try:
        seconds = order.theory.seconds(time_with, order.wishes.fresh) if time_with else None
    except Mistake as mistake:
        return dataclasses.replace(layout, missing=str(mistake))
    return dataclasses.replace(layout, seconds=seconds)


def configs_of(order: Order, experiment: Experiment) -> list[Path]:
    """The configs of an experiment. Raises Mistake if there are none."""
    found = sorted(order.configs.glob(f"{experiment.name}-*.yaml"))
    if not found:
        raise Mistake(
            f"no config {order.configs / experiment.name}-*.yaml; run this in a clone of the repository, or name the "
            "folder that holds them with --configs"
        )
    return found


def _laid_out(order: Order, experiment: Experiment, config: Path, time_with: int) -> Layout:
    output = order.results / f"{config.stem}{order.suffix}"
    wishes = dataclasses.replace(order.wishes, config=config, output=output)
    prepared = prepare(wishes)
    missing = _missing(prepared)
    if missing and not wishes.fetch and _downloadable(prepared):
        return Layout(experiment.name, config.stem, wishes, None, None, missing)
    seconds = None
    if time_with and not missing:
        left = 1.0 if wishes.fresh else _share_left(output, prepared.plan.points)
        seconds = left and left * estimate(prepared.plan, prepared.registry.metrics.values(), time_with)
    return Layout(experiment.name, config.stem, wishes, prepared.plan.points, prepared.plan.fits, missing, seconds)


def _share_left(output: Path, points: int) -> float:
    """The share of the points of a part that is not stored, as far as an earlier run has written its table."""
    part = read_part(output)
    return max(0.0, 1 - len(part.points) / points) if part is not None else 1.0


def _missing(prepared: Prepared) -> str:
    """Why no data set of a part can be had; "" if one can."""
    if any(ground.table is not None for ground in prepared.plan.grounds):
        return ""
    return "; ".join(dict.fromkeys(str(error) for error in prepared.plan.missing.values()))


def _downloadable(prepared: Prepared) -> bool:
    """Whether all data sets that are missing would come by a download."""
    return all(isinstance(error, MissingFileError) and error.url for error in prepared.plan.missing.values())


@dataclass(frozen=True, eq=False)
class Done:
    """A part that was run, or was not: what to tell of it, its points, and all that was known beforehand."""

    told: Told
    part: Part | None = None
    prepared: Prepared | None = None


def run_part(layout: Layout, order: Order, watch: Watch) -> Done:
    """Run a part, or finish it. What goes wrong in it is told, and costs only itself."""
    wishes = layout.wishes
    assert wishes is not None  # a part with a config
    told = Told(layout.name, wishes.config.as_posix(), missing=layout.missing)
    if layout.missing:
        watch.say(f"{layout.name}: left out: {layout.missing}")
        return Done(told)
    try:
        result = compare(wishes, watch)
    except Mistake as mistake:
        watch.say(f"{layout.name}: {mistake}")
        return Done(dataclasses.replace(told, missing=str(mistake)))
    folder = result.prepared.output
    return Done(
        Told(
            layout.name,
            wishes.config.as_posix(),
            tuple(_facts(result)),
            folder.joinpath("report.html").relative_to(order.results).as_posix(),
            _failed(result),
        ),
        read_part(folder),
        result.prepared,
    )


def _facts(result: Result) -> list[str]:
    config, plan = result.prepared.plan.config, result.prepared.plan
    sizes = [f"{label} {table.counts['rows']:,} rows" for label, table in result.prepared.first_tables().items()]
    some = sizes if len(sizes) <= 3 else [f"{len(sizes)} data sets, such as {sizes[0]}"]
    anew = "each with parts of its own" if config.resplit else "on one split, the collective redrawn"
    facts = [*some, f"{plural(plan.repeats, 'repeat')}, {anew}", f"settings chosen on {config.select}"]
    if len(result.points):
        measured = result.points[~result.points["tuning"].astype(bool)]
        facts += [plural(len(measured), "point"), f"{result.points['seconds'].sum():,.0f} s of fitting"]
    return facts


def _failed(result: Result) -> str:
    if result.failures.empty:
        return ""
    if result.points.empty:
        return f"no run gave a point: {'; '.join(dict.fromkeys(result.failures['message']))}"
    methods = ", ".join(f"{name} ({count})" for name, count in result.failures["method"].value_counts().items())
    said = "; ".join(f"{message} ({count})" for message, count in result.failures["message"].value_counts().items())
    return f"{plural(len(result.failures), 'cell')} failed: {methods}: {said}"
