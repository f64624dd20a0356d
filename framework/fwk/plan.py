"""Comparison x tables -> every run there will be, before any training."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from fwk.api import FirmSide, Mistake
from fwk.check import Comparison, Data, Space
from fwk.code import digest, libraries, module_of, released
from fwk.config import Config
from fwk.entries import Entry
from fwk.firm import Learner
from fwk.plugins import Registry
from fwk.points import Run
from fwk.relabel import flips, pool_size
from fwk.split import Parts, split, stream
from fwk.tables import Table

QUICK_REPEATS = 2
QUICK_DRAWS = 3
Tables = Mapping[tuple[str, bool], Table | Exception]
Pools = Mapping[float, tuple[int, ...]]


@dataclass(frozen=True)
class Ground:
    """What a firm stands on: a table, a learner, and how parts are cut. `table` is None where it could not be had."""

    data: Data
    group_in_X: bool
    learner: Learner
    table: Table | None

    @property
    def fingerprint(self) -> str:
        """Identifies the table's content; "" where there is none."""
        return self.table.fingerprint if self.table else ""


@dataclass(frozen=True)
class Curve:
    """One method in one scenario. alpha, known and space are None on the firm side, which they do not touch.

    pools   candidates in each repeat on the user side, if the table could be had; budgets beyond them flip no more
    """

    ground: Ground
    entry: Entry
    plugin: str
    version: str
    settings: tuple[Any, ...]
    trials: tuple[int, ...]  # positions in settings
    protocol: str
    alpha: float | None = None
    known: int | None = None
    space: Space | None = None
    pools: tuple[int, ...] = ()

    def fits(self, repeats: int) -> int:
        """Fits that only this curve needs: a budget of 0 is the base fit, as is a method that does nothing."""
        if self.entry.card.name == "baseline":
            return 0
        return self._distinct(range(len(self.settings)), repeats)

    def extra_fits(self, repeats: int) -> int:
        """Fits of trials of tuned knobs, beyond those of the candidate that is chosen."""
        return (sum(1 for _ in self.entry.candidates()) - 1) * self._distinct(self.trials, repeats)

    def _distinct(self, orders: Iterable[int], repeats: int) -> int:
        """Fits at some of the settings, over all repeats."""
        settings = [self.settings[order] for order in orders]
        if self.alpha is None:
            return repeats * len(settings)
        if not self.pools:
            return repeats * sum(1 for budget in settings if budget)
        return sum(len({flips(budget, pool, pool) for budget in settings} - {0}) for pool in self.pools[:repeats])

    def runs(self, repeat: int, chosen: Mapping[str, Any]) -> list[Run]:
        """The curve's runs in one repeat, with its tuned knobs chosen."""
        return [self._run(repeat, chosen, order) for order in range(len(self.settings))]

    def trial_runs(self, repeat: int) -> Iterator[tuple[dict[str, Any], list[Run]]]:
        """Each choice of the tuned knobs, with the runs that judge it; none if nothing is tuned."""
        if self.entry.tuned:
            for chosen in self.entry.candidates():
                runs = [self._run(repeat, chosen, order) for order in self.trials]
                yield chosen, [dataclasses.replace(run, tuning=True) for run in runs]

    def _run(self, repeat: int, chosen: Mapping[str, Any], order: int) -> Run:
        user = self.alpha is not None
        card = self.entry.card
        return Run(
            dataset=self.ground.data.label,
            fingerprint=self.ground.fingerprint,
            group_in_X=self.ground.group_in_X,
            learner=self.ground.learner.name,
            method=self.entry.label,
            card=card.name,
            side="user" if user else "firm",
            stage=card.stage if isinstance(card, FirmSide) else "data",
            plugin=self.plugin,
            version=self.version,
            knobs=tuple(sorted({**dict(self.entry.knobs), **chosen}.items())),
            swept=self.entry.swept,
            setting=self.settings[order],
            order=order,
            repeat=repeat,
            protocol=self.protocol,
            alpha=self.alpha,
            majority_known=self.known,
            space=self.space.name if self.space else None,
        )


@dataclass(frozen=True)
class Plan:
    """Every curve of a comparison, and what could not be loaded, by (data set, group_in_X)."""

    comparison: Comparison
    curves: tuple[Curve, ...]
    repeats: int
    missing: Mapping[tuple[str, bool], Exception]

    @property
    def config(self) -> Config:
        """The config that was asked for."""
        return self.comparison.config

    def counts(self) -> list[dict[str, Any]]:
        """By method: points, fits after sharing, and the extra fits of tuning. The base fit stands apart."""
        rows = []
        for label, group in itertools.groupby(sorted(self.curves, key=_by_label), key=_by_label):
            curves = list(group)
            rows.append(
                {
                    "method": label,
                    "side": "user" if curves[0].alpha is not None else "firm",
                    "settings": len(curves[0].settings),
                    "tuned over": math.prod(len(grid) for _, grid in curves[0].entry.tuned),
                    "points": self.repeats * sum(len(curve.settings) for curve in curves),
                    "fits": sum(curve.fits(self.repeats) for curve in curves),
                    "extra fits to tune": sum(curve.extra_fits(self.repeats) for curve in curves),
                }
            )
        return rows

    @property
    def grounds(self) -> list[Ground]:
        """The distinct grounds, in order."""
        return list({id(curve.ground): curve.ground for curve in self.curves}.values())

    @property
    def scenarios(self) -> int:
        """In how many surroundings methods are compared: a ground, with a collective that is and knows something."""
        user = {(id(curve.ground), curve.alpha, curve.known, curve.space) for curve in self.curves if curve.alpha}
        return len(user) + len({id(ground) for ground in self.grounds} - {ground for ground, *_ in user})

    @property
    def fits(self) -> int:
        """All fits after structural sharing: the base once a repeat and ground; equal flips found later save more."""
        base = self.repeats * len(self.grounds)
        return base + sum(int(row["fits"] + row["extra fits to tune"]) for row in self.counts())

    @property
    def points(self) -> int:
        """All points that the curves will have."""
        return sum(int(row["points"]) for row in self.counts())


def quick(comparison: Comparison) -> Comparison:
    """The same comparison, coarse: 2 repeats, at most 3 settings a sweep, 6 budgets, 3 values of alpha and of
    majority_known and 2 candidates a tuned knob, and without the methods that say `quick: false`.

    Where draws take the place of repeats (data sets that differ in their seed only), 3 of them, and all budgets given.
    """
    methods = tuple(
        dataclasses.replace(
            entry,
            settings=_thinned(entry.settings, 3),
            tuned=tuple((name, _thinned(grid, 2)) for name, grid in entry.tuned),
        )
        for entry in comparison.methods
        if entry.quick
    )
    config = comparison.config
    changes: dict[str, Any] = {"repeats": min(config.repeats, QUICK_REPEATS), "name": f"{config.name}-quick"}
    if config.tune.trials > 2:
        changes["tune"] = config.tune.model_copy(update={"trials": 2})
    if config.output:
        changes["output"] = f"{config.output}-quick"
    data = _fewer_draws(comparison.data)
    further = len(comparison.data) - len(data)
    if further:
        changes["datasets"] = [item.spec for item in data]
    elif isinstance(config.budgets, list):
        changes["budgets"] = list(_thinned(tuple(config.budgets), 6))
    for axis in ("alpha", "majority_known"):
        if isinstance(given := getattr(config, axis), list):
            changes[axis] = list(_thinned(tuple(given), 3))
    left_out = [entry.label for entry in comparison.methods if not entry.quick]
    left_out += [f"{further} of {len(comparison.data)} draws (data sets that differ in their seed only)"] * bool(
        further
    )
    if not methods:
        raise Mistake("every method says quick: false, so --quick leaves nothing to do")
    coarse = config.model_copy(update=changes)
    draws = QUICK_DRAWS if further else 0
    return dataclasses.replace(
        comparison, config=coarse, data=data, methods=methods, left_out=tuple(left_out), draws=draws
    )


def _fewer_draws(data: tuple[Data, ...]) -> tuple[Data, ...]:
    """At most `QUICK_DRAWS` of the data sets that differ in their seed only, and all others."""
    alike: dict[str, list[int]] = {}
    for item in data:
        given = json.dumps(item.spec.model_dump(exclude={"called", "seed"}), sort_keys=True, default=str)
        alike.setdefault(given if "seed" in item.spec.knobs else item.label, []).append(item.position)
    kept = {position for places in alike.values() for position in _thinned(tuple(places), QUICK_DRAWS)}
    return tuple(item for item in data if item.position in kept)


def plan(comparison: Comparison, registry: Registry, tables: Tables, *, coarse: bool = False) -> Plan:
    """Lay out every run. tables: by (data set label, group_in_X), the exception where one could not be loaded.

    coarse  thin the automatic budgets (`quick`)
    """
    config = comparison.config
    curves: list[Curve] = []
    for data in comparison.data:
        for in_X, learner in itertools.product(in_X_axis(data), comparison.learners):
            table = tables[data.label, in_X]
            ground = Ground(data, in_X, learner, table if isinstance(table, Table) else None)
            pools = _pools(config, ground) if any(not isinstance(m.card, FirmSide) for m in comparison.methods) else {}
            for entry in comparison.methods:
                curves += _curves(comparison, registry, ground, entry, pools, coarse)
    troubles = {key: table for key, table in tables.items() if not isinstance(table, Table)}
    return Plan(comparison, tuple(curves), config.repeats, troubles)


def in_X_axis(data: Data) -> list[bool]:
    """The group_in_X axis of a data set."""
    given = data.spec.group_in_X
    return given if isinstance(given, list) else [given]


def parts_of(table: Table, config: Config, data: Data, repeat: int) -> Parts:
    """The parts of one repeat. Raises ValueError if one is empty, or a published one is asked for and there is none."""
    rng = stream(config.seed, "split", repeat if config.resplit else 0)
    return split(len(table.people), rng, test=tested(table, data), validation=config.validation)


def fewest_majority(table: Table, config: Config, data: Data) -> int | None:
    """Majority members in the train part, in the repeat that has fewest; None where a table cannot be cut."""
    try:
        trains = [
            parts_of(table, config, data, repeat).train for repeat in range(config.repeats if config.resplit else 1)
        ]
    except ValueError:
        return None
    return min(int((~table.people.minority[train]).sum()) for train in trains)


def tested(table: Table, data: Data) -> Any:  # float or mask, as `split` takes it
    """What `test:` means for a table: its published part, or a share; 20 % where nothing was published."""
    if data.spec.test == "published" and table.published is None:
        raise ValueError(f"data set {data.label!r} has no published test part; give a share, such as test: 0.2")
    if isinstance(data.spec.test, float):
        return data.spec.test
    return table.published if table.published is not None else 0.2


def auto_budgets(pool: int, coarse: bool = False) -> tuple[int | float, ...]:
    """Zero, a dense absolute grid at the low end, then geometric, up to the whole pool (1.0).

    >>> auto_budgets(840)
    (0, 15, 30, 45, 60, 75, 90, 105, 120, 155, 205, 265, 345, 445, 580, 755, 1.0)
    """
    step = _round(max(1.0, pool / 60), 1)
    dense = [step * i for i in ((2, 5, 8) if coarse else range(1, 9)) if step * i < pool]
    sparse, budget = [], 8.0 * step
    while (budget := budget * (2.5 if coarse else 1.3)) < 0.95 * pool:
        sparse.append(_round(budget, 2))
    return (0, *dense, *sparse, 1.0)


def _round(value: float, digits: int) -> int:
    """To a number that reads well: one digit of 1, 1.5, 2, 3, 5, 7.5; or two digits ending in 0 or 5."""
    scale: int = 10 ** math.floor(math.log10(value))
    if digits == 1:
        nice = min((1, 1.5, 2, 3, 5, 7.5, 10), key=lambda number: abs(number - value / scale))
        return max(1, round(scale * nice))
    unit = max(1, scale // 20)
    return round(value / unit) * unit


def _curves(
    comparison: Comparison, registry: Registry, ground: Ground, entry: Entry, pools: Pools, coarse: bool
) -> Iterator[Curve]:
    config, origin = comparison.config, registry.origin(entry.card.name)
    if isinstance(entry.card, FirmSide):
        settings = entry.settings or (None,)
        trials = _thinned(tuple(range(len(settings))), config.tune.trials)
        protocol = _protocol(config, ground, registry, entry)
        yield Curve(ground, entry, origin.name, origin.version, settings, trials, protocol)
        return
    for alpha, known, space in itertools.product(config.alphas(), config.knowns(), comparison.spaces):
        budgets = _budgets(config, pools.get(alpha, ()), coarse)
        spending = tuple(order for order, budget in enumerate(budgets) if budget) or (0,)
        trials = _thinned(spending[: math.ceil(len(spending) / 2)], config.tune.trials)
        protocol = _protocol(config, ground, registry, entry, space)
        scenario = (alpha, known, space, pools.get(alpha, ()))
        yield Curve(ground, entry, origin.name, origin.version, budgets, trials, protocol, *scenario)


def _budgets(config: Config, pools: tuple[int, ...], coarse: bool) -> tuple[int | float, ...]:
    if config.budgets != "auto":
        return tuple({(type(b), b): b for b in (0, *(b for b in config.budgets if b))}.values())
    return auto_budgets(max(1, min(pools)), coarse) if pools else (0, 1.0)


def _pools(config: Config, ground: Ground) -> Pools:
    """Candidates in each repeat, by alpha; nothing where the table cannot be had or cut."""
    if ground.table is None:
        return {}
    people = ground.table.people
    found: dict[float, list[int]] = {alpha: [] for alpha in config.alphas()}
    for repeat in range(config.repeats):
        try:
            train = parts_of(ground.table, config, ground.data, repeat).train
        except ValueError:
            return {}
        for alpha, pools in found.items():
            joining = stream(config.seed, "collective", repeat)
            pools.append(pool_size(people.minority[train], people.y[train], alpha, joining))
    return {alpha: tuple(pools) for alpha, pools in found.items()}


def _protocol(config: Config, ground: Ground, registry: Registry, entry: Entry, space: Space | None = None) -> str:
    """What else decides the numbers, as text: it identifies a run, and unrelated config keys do not enter."""
    cards = [entry.card, *([space.method.card] if space is not None and space.method is not None else [])]
    path = ground.learner.path
    module = path.rpartition(".")[0]
    theirs = released(module)
    return json.dumps(
        {
            "fwk": version("fwk"),
            "space": _measured(ground, registry, space) if space else None,
            "seed": config.seed,
            "resplit": config.resplit,
            "validation": config.validation,
            "test": ground.data.spec.test,
            "missing": ground.data.spec.missing,
            "learner": [path, theirs or digest([module]), dict(ground.learner.params)],
            "libraries": libraries([*(module_of(card.make) for card in cards), *([] if theirs else [module])]),
            "bootstrap": config.bootstrap,
            "metrics": {name: _origin(registry, name) for name in sorted(registry.metrics)},
        },
        sort_keys=True,
    )


def _measured(ground: Ground, registry: Registry, space: Space) -> list[Any] | str | None:
    """What decides distances beside the space's name: who learns it, or how nominal columns count."""
    if space.method is not None:
        return [_origin(registry, space.method.card.name), dict(space.method.knobs)]
    return "nominal columns one-hot" if ground.table and ground.table.people.people.categorical else None


def _origin(registry: Registry, name: str) -> str:
    """Who made a card, and which release: another release may give other numbers."""
    plugin = registry.origin(name)
    return f"{plugin.distribution} {plugin.version}"


def _thinned(values: tuple[Any, ...], most: int) -> tuple[Any, ...]:
    """At most `most` of the values, evenly spread, ends included."""
    if len(values) <= most:
        return values
    if most == 1:
        return (values[len(values) // 2],)
    return tuple(values[round(i * (len(values) - 1) / (most - 1))] for i in range(most))


def _by_label(curve: Curve) -> str:
    return curve.entry.label
