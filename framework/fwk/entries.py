"""One method of a config -> its entries, every knob checked: what is fixed, swept, tuned, or gets curves of its own."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fwk.api import Dataset, FirmSide, UserSide
from fwk.config import MethodSpec
from fwk.draft import Fault, Place
from fwk.hints import nearest_name
from fwk.plugins import knobs_of
from fwk.points import Knobs

Grid = tuple[Any, ...]


@dataclass(frozen=True)
class Entry:
    """One curve's method as asked for.

    knobs    all knobs but the swept and the tuned ones, defaults filled in
    swept    the swept knob ("budget" on the user side, "" for none), and its values ("auto" budgets: none yet)
    tuned    knobs to choose on the validation part, with their grids
    quick    whether the quick form keeps it
    """

    label: str
    card: UserSide | FirmSide
    knobs: Knobs
    swept: str
    settings: tuple[Any, ...]
    tuned: tuple[tuple[str, Grid], ...] = ()
    quick: bool = True

    def build(self, chosen: Mapping[str, Any], setting: Any = None) -> Any:  # a Relabeler or a FirmMethod
        """The method with its tuned knobs chosen, at a setting of its sweep."""
        swept = {self.swept: setting} if self.swept not in ("", "budget") else {}
        return self.card.make(**{**dict(self.knobs), **chosen, **swept})

    def candidates(self) -> Iterator[dict[str, Any]]:
        """Every choice of the tuned knobs; the empty one if there are none."""
        names = [name for name, _ in self.tuned]
        for values in itertools.product(*(grid for _, grid in self.tuned)):
            yield dict(zip(names, values, strict=True))


def entries(place: Place, spec: MethodSpec, card: UserSide | FirmSide) -> tuple[list[Entry], list[Fault]]:
    """An entry for each product of the knobs in `each`; or what is wrong with the method as asked for."""
    swept, settings, wrong = _sweep(spec, card)
    tuned = _tuned(spec, card, swept)
    faults = [Fault((*place, "sweep"), wrong)] if wrong else []
    faults += _unknown_knobs(place, spec, card) + _knobs_given_twice(place, spec, swept)
    if faults:
        return [], faults
    made = []
    for values in itertools.product(*spec.each.values()):
        apart = dict(zip(spec.each, values, strict=True))
        knobs = {**defaults(card), **spec.knobs, **apart}
        fixed = tuple(sorted((k, frozen(v)) for k, v in knobs.items() if k != swept and k not in tuned))
        suffix = f" ({', '.join(f'{k}={v}' for k, v in apart.items())})" if apart else ""
        label = (spec.called or spec.name) + suffix
        entry = Entry(label, card, fixed, swept, settings, tuple(tuned.items()), spec.quick)
        made.append(entry)
        faults += [Fault(place, message) for message in _cannot_be_built(entry)][:1]
    return made, faults


def defaults(card: UserSide | FirmSide) -> dict[str, Any]:
    """The knobs that have a default."""
    return {k: v for k, v in knobs_of(card).items() if v is not inspect.Parameter.empty}


def frozen(value: Any) -> Any:
    """A knob's value as a method gets it: lists are tuples, numbers are Python's."""
    if isinstance(value, np.generic):
        return value.item()
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value


def no_knob(card: UserSide | FirmSide | Dataset, name: str, reserved: Sequence[str] = ()) -> str:
    """What to say of a knob that a card does not have. reserved: keys that stand beside knobs in a config."""
    knobs = list(knobs_of(card))
    known = f"its knobs are: {', '.join(knobs)}" if knobs else "it has none"
    return f"{card.name} has no knob {name!r}{nearest_name(name, [*knobs, *reserved])}; {known}"


def _sweep(spec: MethodSpec, card: UserSide | FirmSide) -> tuple[str, Grid, str]:
    """The swept knob, its values, and what is wrong with them."""
    if isinstance(card, UserSide):
        wrong = "the user side is swept over budgets; set the top-level key budgets" if spec.sweep is not None else ""
        return "budget", (), wrong
    if isinstance(spec.sweep, dict):
        knobs = knobs_of(card)
        if unknown := [name for name in spec.sweep if name not in knobs]:
            return "", (), no_knob(card, unknown[0])
        if len(spec.sweep) != 1:
            given = ", ".join(spec.sweep) or "nothing"
            return "", (), f"{given} is swept; sweep one knob of: {', '.join(knobs) or 'none'}"
        knob, values = next(iter(spec.sweep.items()))
        return knob, tuple(map(frozen, values)), ""
    if not card.knob or card.knob in {*spec.knobs, *spec.each}:
        return "", (), f"{card.name} has no knob left to sweep" if spec.sweep is not None else ""
    return card.knob, tuple(map(frozen, spec.sweep if spec.sweep is not None else card.sweep)), ""


def _tuned(spec: MethodSpec, card: UserSide | FirmSide, swept: str) -> dict[str, Grid]:
    if spec.tune is False:
        return {}
    if spec.tune is not None:
        return {name: tuple(map(frozen, grid)) for name, grid in spec.tune.items()}
    taken = {*spec.knobs, *spec.each, swept}
    return {name: tuple(map(frozen, grid)) for name, grid in card.tune.items() if name not in taken}


def _unknown_knobs(place: Place, spec: MethodSpec, card: UserSide | FirmSide) -> list[Fault]:
    known, reserved = knobs_of(card), tuple(MethodSpec.model_fields)
    faults = [Fault((*place, knob), no_knob(card, knob, reserved)) for knob in spec.knobs if knob not in known]
    for axis in ("tune", "each"):
        faults += [
            Fault((*place, axis, knob), no_knob(card, knob)) for knob in getattr(spec, axis) or () if knob not in known
        ]
    return faults


def _knobs_given_twice(place: Place, spec: MethodSpec, swept: str) -> list[Fault]:
    """A knob is fixed, or swept, or tuned, or gets curves of its own: one of them."""
    where: dict[str, str] = dict.fromkeys(spec.knobs, "fixed")
    faults = []
    given = {"swept": [swept] if isinstance(spec.sweep, dict) else [], "in tune": spec.tune or (), "in each": spec.each}
    for way, knobs in given.items():
        for knob in knobs:
            if knob in where:
                key = {"swept": "sweep"}.get(way, way.removeprefix("in "))
                faults.append(Fault((*place, key), f"{knob!r} is {where[knob]} and {way} at once; choose one"))
            where[knob] = way
    return faults


def _cannot_be_built(entry: Entry) -> Iterator[str]:
    """Why the method cannot be made: with its first candidate at every setting, or another at the first."""
    candidates, settings = list(entry.candidates()), entry.settings or (None,)
    for chosen, setting in [(candidates[0], setting) for setting in settings] + [(c, settings[0]) for c in candidates]:
        varied = {**chosen, **({entry.swept: setting} if setting is not None else {})}
        at = f" at {', '.join(f'{k} = {v!r}' for k, v in varied.items())}" if varied else ""
        try:
            made = entry.build(chosen, setting)
        except Exception as error:  # noqa: BLE001  # the plugin border: a stranger's constructor
            yield f"{entry.card.name} cannot be built{at}: {error}"
            continue
        try:
            hash(made)
        except TypeError as error:
            yield f"{entry.card.name} can be changed after it is built{at} ({error}); make it a frozen dataclass"
        try:
            json.dumps([entry.knobs, varied])
        except (TypeError, ValueError) as error:
            yield f"{entry.card.name} cannot be recorded{at}: {error}; knobs are numbers, texts, truths or lists"
