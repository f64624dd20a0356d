"""Entry points -> Registry. Lazy and guarded: a broken plugin is named with its remedy, and stops nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

import pluggy

from fwk import hookspecs
from fwk.api import Card, Dataset, FirmSide, Metric, Mistake, UserSide
from fwk.hints import nearest_name

GROUP = "fwk"
WITHOUT = "FWK_WITHOUT"
RESERVED_OF_DATA = frozenset({"name", "called", "minority", "keep", "group_in_X", "test", "missing"})
RESERVED_OF_METHODS = frozenset({"name", "called", "sweep", "tune", "each", "quick"})
"""Keys of a config's entries. A card with a knob of that name is refused; a test holds them equal to the config's."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


@dataclass(frozen=True)
class Plugin:
    """One entry point: what it brings, or why it does not.

    state   "ok", "left out" or "broken"
    trouble, remedy   what is wrong with it and what to do, for the broken
    """

    name: str
    distribution: str
    version: str
    state: Literal["ok", "left out", "broken"]
    cards: tuple[Card, ...] = ()
    trouble: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Registry:
    """Every card that could be loaded, by name, with the plugin it came from."""

    plugins: tuple[Plugin, ...] = ()
    methods: Mapping[str, UserSide | FirmSide] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """Plugins, or single cards of theirs, that could not be used."""
        return tuple(plugin for plugin in self.plugins if plugin.state == "broken")

    def origin(self, name: str) -> Plugin:
        """The plugin that a method, data set or metric came from."""
        return next(plugin for plugin in self.plugins if any(card.name == name for card in plugin.cards))


def load_plugins(without: Iterable[str] = (), found: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every plugin of the group `fwk`, except those named in `without` or in the variable FWK_WITHOUT
    (entry-point or distribution names, separated by commas).

    Raises Mistake if a name to leave out does not exist.
    """
    points = sorted(entry_points(group=GROUP) if found is None else found, key=_order)
    by_variable = {name.strip() for name in os.environ.get(WITHOUT, "").split(",") if name.strip()}
    left_out = {*without, *by_variable}
    known = {point.name for point in points} | {_distribution(point) for point in points}
    for name in sorted(left_out - known):
        asked = f" (asked for by the variable {WITHOUT})" if name in by_variable else ""
        raise Mistake(f"no plugin {name!r} to leave out{asked}{nearest_name(name, known)}; `fwk plugins` lists them")
    registry = Registry()
    for point in points:
        registry = _admit(registry, _load(point, left_out))
    return registry


def knobs_of(card: UserSide | FirmSide | Dataset) -> dict[str, Any]:
    """The knobs of a card with their defaults, `inspect.Parameter.empty` for a required one."""
    return {name: parameter.default for name, parameter in inspect.signature(card.make).parameters.items()}


def _order(point: EntryPoint) -> tuple[bool, str]:
    """The framework's own distribution first, so that a stranger cannot take its names."""
    return _distribution(point) != "fwk", point.name


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown"


def _load(point: EntryPoint, left_out: set[str]) -> Plugin:
    distribution, version = _distribution(point), point.dist.version if point.dist is not None else "unknown"
    if left_out & {point.name, distribution}:
        return Plugin(point.name, distribution, version, "left out")
    try:
        cards = _cards(point)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # the plugin border: whatever a stranger's import raises
        return Plugin(
            point.name,
            distribution,
            version,
            "broken",
            trouble=f"{type(error).__name__}: {error}",
            remedy=f"upgrade or reinstall {distribution}, tell its author, or leave it out: --without {point.name}",
        )
    return Plugin(point.name, distribution, version, "ok", cards)


def _cards(point: EntryPoint) -> tuple[Card, ...]:
    """Call the one hook of one plugin, in a manager of its own: one that raises cannot stop another."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(point.load(), point.name)
    manager.check_pending()
    if not manager.hook.fwk_cards.get_hookimpls():
        raise TypeError(f"{point.value} has no hook fwk_cards marked with @fwk.hookimpl")
    answer = next(iter(manager.hook.fwk_cards()), None)
    if not isinstance(answer, Iterable):
        raise TypeError(f"fwk_cards gave {answer!r}, not cards; yield them, one by one")
    cards = tuple(answer)
    for card in cards:
        _check(card)
    return cards


def _check(card: object) -> None:
    if not isinstance(card, UserSide | FirmSide | Dataset | Metric):
        raise TypeError(f"fwk_cards yielded {card!r}; cards are UserSide, FirmSide, Dataset or Metric")
    if not isinstance(card.name, str) or not _NAME.fullmatch(card.name):
        raise ValueError(f"card name {card.name!r}: use lower-case letters, digits, '-', '_' and '.'")
    made = card.measure if isinstance(card, Metric) else card.make
    if not callable(made):
        raise TypeError(f"card {card.name!r}: {'measure' if isinstance(card, Metric) else 'make'} is not callable")
    if not isinstance(card, Metric):
        knobs = knobs_of(card)
        reserved = RESERVED_OF_DATA if isinstance(card, Dataset) else RESERVED_OF_METHODS
        if taken := [knob for knob in knobs if knob in reserved]:
            raise ValueError(
                f"card {card.name!r} has a knob {taken[0]!r}, which is a key of a config's entry; "
                f"give the knob another name than: {', '.join(sorted(reserved))}"
            )
        if not isinstance(card, Dataset):
            _check_grids(card, knobs)


def _check_grids(card: UserSide | FirmSide, knobs: Mapping[str, Any]) -> None:
    if not isinstance(card.tune, Mapping):
        raise TypeError(f"card {card.name!r}: tune is {card.tune!r}; give {{knob: values}}")
    grids = [("tunes", knob, grid) for knob, grid in card.tune.items()]
    needed = ("base", "out-of-fold") if isinstance(card, FirmSide) else ("majority",)
    if unknown := [need for need in card.needs if need not in needed]:
        raise ValueError(f"card {card.name!r} needs {unknown[0]!r}; what can be needed: {', '.join(needed)}")
    if isinstance(card, FirmSide):
        if card.stage not in ("none", "pre", "in", "post"):
            raise ValueError(f"card {card.name!r}: stage {card.stage!r} is not 'pre', 'in', 'post' or 'none'")
        grids += [("sweeps", card.knob, card.sweep)] if card.knob else []
    for does, knob, grid in grids:
        if knob not in knobs or not isinstance(grid, Sequence) or isinstance(grid, str) or len(grid) == 0:
            known = f"its knobs are {', '.join(knobs) or 'none'}; values are a tuple, not empty"
            raise ValueError(f"card {card.name!r} {does} {knob!r} over {grid!r}; {known}")


def _admit(registry: Registry, plugin: Plugin) -> Registry:
    """Add a plugin's cards; a card whose name is taken, by whatever kind of card, is reported, and the others work."""
    methods, datasets, metrics = dict(registry.methods), dict(registry.datasets), dict(registry.metrics)
    plugins, admitted = list(registry.plugins), []
    for card in plugin.cards:
        shelf: dict[str, Any] = (  # one of three dictionaries, each of its own card type
            datasets if isinstance(card, Dataset) else metrics if isinstance(card, Metric) else methods
        )
        if any(card.name in taken for taken in (methods, datasets, metrics)):
            holder = next(other for other in [*plugins, plugin] if any(c.name == card.name for c in other.cards))
            by = f"{holder.distribution} {holder.version} ({holder.name})"
            plugins.append(
                dataclasses.replace(
                    plugin,
                    state="broken",
                    cards=(),
                    trouble=f"the name {card.name!r} is taken by {by}",
                    remedy=_rename(card.name, plugin, holder),
                )
            )
            continue
        shelf[card.name] = card
        admitted.append(card)
    kept = dataclasses.replace(plugin, cards=tuple(admitted))
    return Registry((*plugins, kept), methods, datasets, metrics)


def _rename(name: str, plugin: Plugin, holder: Plugin) -> str:
    """What to do about a name that is taken."""
    renamed = f"give the card {name!r} of {plugin.name} another name (name= in its fwk_cards)"
    if plugin.name == holder.name:
        return renamed
    return f"{renamed}; or leave out a whole plugin: --without {plugin.name} or --without {holder.name}"
