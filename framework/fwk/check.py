"""A draft and a registry -> the comparison as asked for, every name and knob checked; or every fault at once."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fwk.api import Dataset, FirmSide, Source, UserSide
from fwk.config import Config, DatasetSpec, Draft, Fault, LearnerSpec, MethodSpec, Place, SpaceSpec
from fwk.firm import Learner
from fwk.hints import nearest_name
from fwk.plugins import Registry, knobs_of
from fwk.points import Knobs


@dataclass(frozen=True)
class Entry:
    """One curve's method as asked for.

    knobs    all knobs but the swept and the tuned ones, defaults filled in
    swept    the swept knob ("budget" on the user side, "" for none), and its values ("auto" budgets: none yet)
    tuned    knobs to choose on the validation part, with their grids
    """

    label: str
    card: UserSide | FirmSide
    knobs: Knobs
    swept: str
    settings: tuple[Any, ...]
    tuned: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    def build(self, chosen: Mapping[str, Any], setting: Any = None) -> Any:  # a Relabeler or a FirmMethod
        """The method with its tuned knobs chosen, at a setting of its sweep."""
        swept = {self.swept: setting} if self.swept not in ("", "budget") else {}
        return self.card.make(**{**dict(self.knobs), **chosen, **swept})

    def candidates(self) -> Iterator[dict[str, Any]]:
        """Every choice of the tuned knobs; the empty one if there are none."""
        names = [name for name, _ in self.tuned]
        for values in itertools.product(*(grid for _, grid in self.tuned)):
            yield dict(zip(names, values, strict=True))


@dataclass(frozen=True)
class Data:
    """One data set as asked for."""

    label: str
    card: Dataset
    source: Source
    spec: DatasetSpec


@dataclass(frozen=True)
class Space:
    """Where distances are measured: "encoded", "standardised", or what a firm-side method learns."""

    name: str
    method: Entry | None = None


@dataclass(frozen=True)
class Comparison:
    """A config in which every name means something."""

    config: Config
    data: tuple[Data, ...]
    methods: tuple[Entry, ...]
    learners: tuple[Learner, ...]
    spaces: tuple[Space, ...]


def check(draft: Draft, registry: Registry) -> Comparison:
    """Look up every name, build every method, data set and learner once. Raises Mistake with every fault."""
    faults: list[Fault] = []
    data = [_data(draft, position, spec, registry, faults) for position, spec in draft.datasets.items()]
    methods = [
        entry for position, spec in draft.methods.items() for entry in _entries(position, spec, registry, faults)
    ]
    config = draft.config
    learners = [_learner(spec, place, faults) for place, spec in _learner_specs(config)]
    spaces = [_space(spec, registry, faults) for spec in config.spaces()] if config else []
    if config and config.tune.metric not in registry.metrics:
        faults.append(Fault(("tune", "metric"), _unknown("metric", config.tune.metric, registry.metrics)))
    _unique("datasets", [(i, item.label) for i, item in enumerate(data) if item], faults)
    _unique("methods", [(i, entry.label) for i, entry in enumerate(methods)], faults)
    return Comparison(
        draft.raise_faults(faults),
        tuple(item for item in data if item),
        tuple(methods),
        tuple(learner for learner in learners if learner),
        tuple(space for space in spaces if space),
    )


def _data(draft: Draft, position: int, spec: DatasetSpec, registry: Registry, faults: list[Fault]) -> Data | None:
    place: Place = ("datasets", position)
    card = registry.datasets.get(spec.name)
    if card is None:
        faults.append(Fault((*place, "name"), _unknown("data set", spec.name, registry.datasets)))
        return None
    if not card.minority and not spec.minority:
        faults.append(Fault(place, f"data set {spec.name!r} needs minority: an expression such as \"race == 'Black'\""))
    knobs = _beside(draft.path.parent, spec.knobs)
    source = _built(place, card, knobs, faults, reserved=tuple(DatasetSpec.model_fields))
    return Data(spec.called or spec.name, card, source, spec) if source is not None else None


def _beside(folder: Path, knobs: dict[str, Any]) -> dict[str, Any]:
    """A relative path is looked for beside the config file first, then where the command runs."""
    if isinstance(given := knobs.get("path"), str) and (folder / given).exists():
        return {**knobs, "path": str(folder / given)}
    return knobs


def _entries(position: int, spec: MethodSpec, registry: Registry, faults: list[Fault]) -> Iterator[Entry]:
    place: Place = ("methods", position)
    card = registry.methods.get(spec.name)
    if card is None:
        faults.append(Fault((*place, "name"), _unknown("method", spec.name, registry.methods)))
        return
    swept, settings = _sweep(place, spec, card, faults)
    tuned = _tuned(spec, card)
    every = dict(spec.each)
    for axis, names in (("tune", tuned), ("each", every)):
        for name in names:
            if name not in knobs_of(card):
                faults.append(Fault((*place, axis), _no_knob(card, name)))
                return
    for values in itertools.product(*every.values()):
        apart = dict(zip(every, values, strict=True))
        knobs = {**_defaults(card), **spec.knobs, **apart}
        fixed = tuple(sorted((k, _frozen(v)) for k, v in knobs.items() if k != swept and k not in tuned))
        suffix = f" ({', '.join(f'{k}={v}' for k, v in apart.items())})" if apart else ""
        entry = Entry((spec.called or spec.name) + suffix, card, fixed, swept, settings, tuple(tuned.items()))
        trial = {name: grid[0] for name, grid in tuned.items()}
        if all(_builds(place, entry, trial, setting, spec, faults) for setting in settings or (None,)):
            yield entry


def _sweep(
    place: Place, spec: MethodSpec, card: UserSide | FirmSide, faults: list[Fault]
) -> tuple[str, tuple[Any, ...]]:
    if isinstance(card, UserSide):
        if spec.sweep is not None:
            faults.append(
                Fault((*place, "sweep"), "the user side is swept over budgets; set the top-level key budgets")
            )
        return "budget", ()
    if isinstance(spec.sweep, dict):
        if len(spec.sweep) != 1 or next(iter(spec.sweep)) not in knobs_of(card):
            faults.append(
                Fault((*place, "sweep"), f"sweep one knob of {card.name}: {', '.join(knobs_of(card)) or 'none'}")
            )
            return "", ()
        knob, values = next(iter(spec.sweep.items()))
        return knob, tuple(map(_frozen, values))
    if card.knob in spec.knobs or not card.knob:
        if spec.sweep is not None:
            faults.append(Fault((*place, "sweep"), f"{card.name} has no knob left to sweep"))
        return "", ()
    return card.knob, tuple(map(_frozen, spec.sweep)) if spec.sweep is not None else card.sweep


def _tuned(spec: MethodSpec, card: UserSide | FirmSide) -> dict[str, tuple[Any, ...]]:
    if spec.tune is False:
        return {}
    if spec.tune is not None:
        return {name: tuple(map(_frozen, grid)) for name, grid in spec.tune.items()}
    fixed = {*spec.knobs, *spec.each}
    return {name: tuple(grid) for name, grid in card.tune.items() if name not in fixed}


def _builds(
    place: Place, entry: Entry, trial: Mapping[str, Any], setting: Any, spec: MethodSpec, faults: list[Fault]
) -> bool:
    for knob in spec.knobs:
        if knob not in knobs_of(entry.card):
            faults.append(Fault((*place, knob), _no_knob(entry.card, knob, tuple(MethodSpec.model_fields))))
            return False
    try:
        hash(entry.build(trial, setting))
    except Exception as error:  # noqa: BLE001  # the plugin border: a stranger's constructor
        at = f" at {entry.swept} = {setting!r}" if setting is not None else ""
        faults.append(Fault(place, f"{entry.card.name} cannot be built{at}: {error}"))
        return False
    return True


def _built(
    place: Place, card: Dataset, knobs: Mapping[str, Any], faults: list[Fault], reserved: Sequence[str]
) -> Source | None:
    known = knobs_of(card)
    bad = [Fault((*place, knob), _no_knob(card, knob, reserved)) for knob in knobs if knob not in known]
    lacking = [name for name, default in known.items() if default is inspect.Parameter.empty and name not in knobs]
    bad += [Fault(place, f"data set {card.name!r} needs the key {name!r}") for name in lacking]
    faults += bad
    if bad:
        return None
    try:
        return card.make(**{name: _frozen(value) for name, value in knobs.items()})
    except Exception as error:  # noqa: BLE001  # the plugin border: a stranger's constructor
        faults.append(Fault(place, f"{card.name}: {error}"))
        return None


def _learner_specs(config: Config | None) -> Iterator[tuple[Place, LearnerSpec]]:
    for position, spec in enumerate(config.learners() if config else []):
        yield (("learner", position) if config and isinstance(config.learner, list) else ("learner",)), spec


def _learner(spec: LearnerSpec, place: Place, faults: list[Fault]) -> Learner | None:
    learner = Learner(spec.path, spec.params)
    try:
        learner.make(0)
    except Exception as error:  # noqa: BLE001  # the border to any class that a dotted path names
        faults.append(Fault(place, str(error)))
        return None
    return learner


def _space(spec: str | SpaceSpec, registry: Registry, faults: list[Fault]) -> Space | None:
    if isinstance(spec, str):
        return Space(spec)
    place: Place = ("space", "method")
    card = registry.methods.get(spec.method)
    if not isinstance(card, FirmSide):
        firm_side = [name for name, other in registry.methods.items() if isinstance(other, FirmSide)]
        faults.append(Fault(place, _unknown("firm-side method", spec.method, firm_side)))
        return None
    wrong = [knob for knob in spec.knobs if knob not in knobs_of(card)]
    faults += [Fault(("space", knob), _no_knob(card, knob)) for knob in wrong]
    if wrong:
        return None
    knobs = {**_defaults(card), **spec.knobs}
    entry = Entry(spec.method, card, tuple(sorted((k, _frozen(v)) for k, v in knobs.items())), "", ())
    if not hasattr(entry.build({}), "represent"):
        faults.append(Fault(place, f"{spec.method!r} learns no representation; fare and lfr do"))
        return None
    given = ", ".join(f"{name}={value}" for name, value in spec.knobs.items())
    return Space(f"{spec.method}({given})" if given else spec.method, entry)


def _unique(section: str, labels: Sequence[tuple[int, str]], faults: list[Fault]) -> None:
    seen: set[str] = set()
    for position, label in labels:
        if label in seen:
            faults.append(Fault((section, position), f"{label!r} stands here twice; name one apart with called:"))
        seen.add(label)


def _defaults(card: UserSide | FirmSide) -> dict[str, Any]:
    return {k: v for k, v in knobs_of(card).items() if v is not inspect.Parameter.empty}


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _unknown(kind: str, name: str, known: Any) -> str:
    return f"no {kind} {name!r}{nearest_name(name, known)}; there are: {', '.join(sorted(known))}"


def _no_knob(card: UserSide | FirmSide | Dataset, name: str, reserved: Sequence[str] = ()) -> str:
    knobs = list(knobs_of(card))
    known = f"its knobs are: {', '.join(knobs)}" if knobs else "it has none"
    return f"{card.name} has no knob {name!r}{nearest_name(name, [*knobs, *reserved])}; {known}"
