"""A draft and a registry -> the comparison as asked for, every name and knob checked; or every fault at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sklearn.base import BaseEstimator

from fwk.api import Dataset, FirmSide, Source
from fwk.config import Config, DatasetSpec, LearnerSpec, MethodSpec, SpaceSpec, written
from fwk.draft import Draft, Fault, Place
from fwk.entries import Entry, defaults, entries, frozen, no_knob
from fwk.firm import Learner
from fwk.hints import nearest_name
from fwk.plugins import Registry, knobs_of

T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """One data set as asked for. position: in the config's list."""

    label: str
    card: Dataset
    source: Source
    spec: DatasetSpec
    position: int


@dataclass(frozen=True)
class Space:
    """Where distances are measured: "encoded", "standardised", or what a firm-side method learns."""

    name: str
    method: Entry | None = None

    def __hash__(self) -> int:
        return hash(self.name)


@dataclass(frozen=True)
class Comparison:
    """A config in which every name means something."""

    config: Config
    data: tuple[Data, ...]
    methods: tuple[Entry, ...]
    learners: tuple[Learner, ...]
    spaces: tuple[Space, ...]
    left_out: tuple[str, ...] = ()  # what the quick form does without: methods, and how many draws
    draws: int = 0  # that the quick form keeps of each data set of which there are more; 0: there are none


def check(draft: Draft, registry: Registry) -> tuple[Comparison, list[Fault]]:
    """Look up every name, build every method, data set and learner once: all of a comparison that is sound, and every
    fault beside those of the draft."""
    faults: list[Fault] = []
    data = {position: _data(draft, position, spec, registry, faults) for position, spec in draft.datasets.items()}
    methods = {position: _entries(position, spec, registry, faults) for position, spec in draft.methods.items()}
    config = draft.rest
    wanted = _placed("learner", config.learner, config.learners())
    learners = [_learner(spec, place, faults) for place, spec in wanted]
    faults += _same_names(wanted, learners)
    asked = _placed("space", config.space, config.spaces())
    spaces = [_space(spec, place, registry, faults) for place, spec in asked]
    faults += _same_spaces(asked, spaces)
    if config.tune.metric not in registry.metrics:
        faults.append(Fault(("tune", "metric"), _unknown("metric", config.tune.metric, registry.metrics)))
    faults += _twice("datasets", [(position, item.label) for position, item in data.items() if item])
    faults += _twice("methods", [(position, entry.label) for position, some in methods.items() for entry in some])
    comparison = Comparison(
        draft.config or config,
        tuple(item for item in data.values() if item),
        tuple(entry for some in methods.values() for entry in some),
        tuple(learner for learner in learners if learner),
        tuple(space for space in spaces if space),
    )
    return comparison, faults


def _data(draft: Draft, position: int, spec: DatasetSpec, registry: Registry, faults: list[Fault]) -> Data | None:
    place: Place = ("datasets", position)
    card = registry.datasets.get(spec.name)
    if card is None:
        hint = _own_file(spec.name, registry)
        faults.append(Fault((*place, "name"), hint or _unknown("data set", spec.name, registry.datasets)))
        return None
    if not card.minority and not spec.minority:
        faults.append(
            Fault(place, f"data set {spec.name!r} needs the key 'minority': an expression such as race == 'Black'")
        )
    source = _source(place, card, _beside(draft.path.parent, spec.knobs), faults)
    return Data(spec.called or spec.name, card, source, spec, position) if source is not None else None


def _own_file(name: str, registry: Registry) -> str:
    """What to write for a file that stands where a data set's name would; "" if the name is no file's."""
    cards = [card.name for card in registry.datasets.values() if "path" in knobs_of(card)]
    if not cards or not (Path(name).suffix or "/" in name):
        return ""
    key = f"{{name: {cards[0]}, path: {name}, ...}}"
    return f"no data set {name!r}; for a file of your own write {key}; `fwk datasets {cards[0]}` lists its keys"


def _beside(folder: Path, knobs: dict[str, Any]) -> dict[str, Any]:
    """A relative path is looked for beside the config file first, then where the command runs; missed beside it."""
    given = knobs.get("path")
    if not isinstance(given, str) or Path(given).expanduser().is_absolute():
        return knobs
    if not (folder / given).exists() and Path(given).exists():
        return knobs
    return {**knobs, "path": str(folder / given)}


def _source(place: Place, card: Dataset, knobs: Mapping[str, Any], faults: list[Fault]) -> Source | None:
    known, reserved = knobs_of(card), tuple(DatasetSpec.model_fields)
    bad = [Fault((*place, knob), no_knob(card, knob, reserved)) for knob in knobs if knob not in known]
    lacking = [name for name, default in known.items() if default is inspect.Parameter.empty and name not in knobs]
    bad += [Fault(place, f"data set {card.name!r} needs the key {name!r}") for name in lacking]
    faults += bad
    if bad:
        return None
    try:
        return card.make(**{name: frozen(value) for name, value in knobs.items()})
    except Exception as error:  # noqa: BLE001  # the plugin border: a stranger's constructor
        culprit = _culprit(card.make, knobs)
        faults.append(Fault((*place, *culprit), f"data set {card.name!r} cannot be set up: {error}"))
        return None


def _culprit(make: Callable[..., object], knobs: Mapping[str, Any]) -> Place:
    """The first knob without which something can be made: it is to blame; () if there is none."""
    for name in knobs:
        with suppress(Exception):  # the plugin border, as above
            make(**{other: frozen(value) for other, value in knobs.items() if other != name})
            return (name,)
    return ()


def _entries(position: int, spec: MethodSpec, registry: Registry, faults: list[Fault]) -> list[Entry]:
    place: Place = ("methods", position)
    card = registry.methods.get(spec.name)
    if card is None:
        faults.append(Fault((*place, "name"), _unknown("method", spec.name, registry.methods)))
        return []
    made, wrong = entries(place, spec, card)
    faults += wrong
    return made


def _placed(key: str, given: object, values: Sequence[T]) -> list[tuple[Place, T]]:
    """The values of an axis, each with its place in the file, where one value needs no list."""
    return [((key, i) if isinstance(given, list) else (key,), value) for i, value in enumerate(values)]


def _learner(spec: LearnerSpec, place: Place, faults: list[Fault]) -> Learner | None:
    learner = Learner(spec.path, spec.params)
    try:
        model = learner.make(0)
        if isinstance(model, BaseEstimator):
            model._validate_params()
    except Exception as error:  # noqa: BLE001  # the border to any class that a dotted path names
        faults.append(Fault(place, str(error)))
        return None
    return learner


def _same_names(asked: Sequence[tuple[Place, LearnerSpec]], learners: Sequence[Learner | None]) -> list[Fault]:
    """Learners of one name, which tables and pictures could not tell apart."""
    seen: dict[str, str] = {}
    faults = []
    for (place, spec), learner in zip(asked, learners, strict=True):
        if learner is None:
            continue
        if learner.name in seen:
            told = f"{spec.path} and {seen[learner.name]} are both called {learner.name}"
            faults.append(Fault(place, f"{told}; give your class a name of its own"))
        seen.setdefault(learner.name, spec.path)
    return faults


def _space(spec: str | SpaceSpec, place: Place, registry: Registry, faults: list[Fault]) -> Space | None:
    if isinstance(spec, str):
        return Space(spec)
    able = {name: card for name, card in registry.methods.items() if hasattr(card.make, "represent")}
    card = able.get(spec.method)
    if not isinstance(card, FirmSide):
        faults.append(Fault((*place, "method"), _unknown("method that learns a representation", spec.method, able)))
        return None
    usual = defaults(card)
    wrong = [Fault((*place, k), no_knob(card, k, ("method",))) for k in spec.knobs if k not in knobs_of(card)]
    wrong += [
        Fault((*place, knob), f"{value} are several values, and a space has one; give a list of spaces, such as "
              f"[{{method: {spec.method}, {knob}: {value[0]}}}, {{method: {spec.method}, {knob}: {value[-1]}}}]")
        for knob, value in spec.knobs.items()
        if isinstance(value, list) and value and isinstance(usual.get(knob), int | float | str)
    ]  # fmt: skip
    faults += wrong
    if wrong:
        return None
    knobs = {**usual, **spec.knobs}
    entry = Entry(spec.method, card, tuple(sorted((k, frozen(v)) for k, v in knobs.items())), "", ())
    try:
        entry.build({})
    except Exception as error:  # noqa: BLE001  # the plugin border: a stranger's constructor
        faults.append(Fault((*place, *_culprit(card.make, spec.knobs)), f"{spec.method} cannot be built: {error}"))
        return None
    given = ", ".join(f"{name}={value}" for name, value in spec.knobs.items())
    return Space(f"{spec.method}({given})" if given else spec.method, entry)


def _same_spaces(asked: Sequence[tuple[Place, str | SpaceSpec]], spaces: Sequence[Space | None]) -> list[Fault]:
    """Spaces that differ in the file only: what one says, the other has by default."""
    seen: list[tuple[Entry, str | SpaceSpec]] = []
    faults = []
    for (place, spec), space in zip(asked, spaces, strict=True):
        if space is None or space.method is None:
            continue
        if earlier := next((other for method, other in seen if method == space.method), None):
            same = f"{written(spec)} is the same space as {written(earlier)}"
            faults.append(Fault(place, f"{same}, whose other knobs have their defaults; leave one out"))
        seen.append((space.method, spec))
    return faults


def _twice(section: str, labels: Sequence[tuple[int, str]]) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for position, label in labels:
        if label in seen:
            faults.append(Fault((section, position), f"{label!r} stands here twice; name one apart with called:"))
        seen.add(label)
    return faults


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f"no {kind} {name!r}{nearest_name(name, known)}; there are: {', '.join(sorted(known)) or 'none'}"
