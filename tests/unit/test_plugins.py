"""The one door: real distributions on sys.path, good and broken; whatever one does, the others still work."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, distributions, entry_points
from pathlib import Path
from textwrap import dedent

import pytest

from fwk.api import FirmSide, Mistake, UserSide
from fwk.plugins import Plugin, Registry, knobs_of, load_plugins

Install = Callable[..., None]

TOP = """
from dataclasses import dataclass
import numpy as np
from fwk import Dataset, FirmSide, Metric, UserSide, hookimpl

@dataclass(frozen=True)
class Ranker:
    k: int = 5
    def score(self, view, rng):
        return np.zeros(len(view.candidates))
"""

GOOD = (
    TOP
    + """
@hookimpl
def fwk_cards():
    yield UserSide(name="theirs", make=Ranker, tune={"k": (1, 5)}, paper="Somebody 2026")
"""
)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a distribution with one entry point onto sys.path, as pip leaves it there."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = []

    def installed(program: str, name: str = "theirs", distribution: str = "fwk-theirs", version: str = "1.2") -> None:
        module = name.replace("-", "_") + "_module"
        modules.append(module)
        (tmp_path / f"{module}.py").write_text(dedent(program), encoding="utf-8")
        info = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[fwk]\n{name} = {module}\n")

    yield installed
    for module in modules:
        sys.modules.pop(module, None)


def of(registry: Registry, name: str) -> list[Plugin]:
    return [plugin for plugin in registry.plugins if plugin.name == name]


def the_broken(registry: Registry) -> Plugin:
    (plugin,) = registry.broken
    return plugin


def test_a_strangers_plugin_enters_by_an_entry_point(install: Install) -> None:
    install(GOOD)
    registry = load_plugins()
    card = registry.methods["theirs"]
    assert isinstance(card, UserSide)
    assert card.make(k=3).k == 3
    plugin = registry.origin("theirs")
    assert (plugin.name, plugin.distribution, plugin.version, plugin.state) == ("theirs", "fwk-theirs", "1.2", "ok")
    assert plugin.cards == (card,)
    assert knobs_of(card) == {"k": 5}


def test_the_frameworks_own_cards_enter_by_the_same_door() -> None:
    registry = load_plugins()
    assert registry.origin("baseline").distribution == "fwk"
    assert {"error", "eqod", "eqod_max", "eopp", "sp"} <= set(registry.metrics)
    assert not registry.broken


BROKEN = {
    "an import that fails": (
        "import nothing_of_the_kind",
        "ModuleNotFoundError: No module named",
    ),
    "a syntax error": ("def fwk_cards(:", "SyntaxError"),
    "an exit at import": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "a bug at import": ("1 / 0", "ZeroDivisionError: division by zero"),
    "no hook": (TOP, "has no hook fwk_cards marked with @fwk.hookimpl"),
    "an unmarked hook": (GOOD.replace("@hookimpl", ""), "has no hook fwk_cards marked with @fwk.hookimpl"),
    "a misspelled hook": (GOOD.replace("def fwk_cards", "def fwk_card"), "unknown hook 'fwk_card'"),
    "a hook with an argument": (GOOD.replace("fwk_cards()", "fwk_cards(registry)"), "registry"),
    "a hook that raises": (TOP + "@hookimpl\ndef fwk_cards():\n    yield 1 / 0", "ZeroDivisionError"),
    "a hook that raises after a card": (GOOD + "    raise OSError('gone')", "OSError: gone"),
    "a hook that gives nothing": (
        TOP + "@hookimpl\ndef fwk_cards():\n    return None",
        "fwk_cards gave None, not cards",
    ),
    "a hook that gives one card": (
        TOP + "@hookimpl\ndef fwk_cards():\n    return UserSide(name='a', make=Ranker)",
        "TypeError: fwk_cards gave UserSide",
    ),
}

MALFORMED = {
    "something else than a card": ("{'name': 'a'}", "fwk_cards yielded {'name': 'a'}; cards are UserSide"),
    "a card's class": ("UserSide", "cards are UserSide, FirmSide, Dataset or Metric"),
    "a card without make": ("UserSide(name='a')", "missing 1 required positional argument: 'make'"),
    "a make that is an object": ("UserSide(name='a', make=Ranker())", "card 'a': make is not callable"),
    "a name with spaces": ("UserSide(name='my ranker', make=Ranker)", "card name 'my ranker': use lower-case letters"),
    "an empty name": ("UserSide(name='', make=Ranker)", "card name ''"),
    "a name that is no text": ("UserSide(name=3, make=Ranker)", "card name 3"),
    "a tuned knob that is none": (
        "UserSide(name='a', make=Ranker, tune={'j': (1, 2)})",
        "card 'a' tunes 'j' over (1, 2); its knobs are k",
    ),
    "an empty grid": ("UserSide(name='a', make=Ranker, tune={'k': ()})", "card 'a' tunes 'k' over ()"),
    "a grid that is one value": ("UserSide(name='a', make=Ranker, tune={'k': 5})", "card 'a' tunes 'k' over 5"),
    "grids without knobs": (
        "UserSide(name='a', make=Ranker, tune=(1, 5))",
        "card 'a': tune is (1, 5); give {knob: values}",
    ),
    "a wrong stage": ("FirmSide(name='a', make=Ranker, stage='pro', sees_group=False)", "stage 'pro' is not 'pre'"),
    "a swept knob that is none": (
        "FirmSide(name='a', make=Ranker, stage='in', sees_group=False, knob='j', sweep=(1, 2))",
        "card 'a' sweeps 'j' over (1, 2); its knobs are k",
    ),
    "a sweep over nothing": (
        "FirmSide(name='a', make=Ranker, stage='in', sees_group=False, knob='k')",
        "card 'a' sweeps 'k' over ()",
    ),
    "a need that is none": (
        "FirmSide(name='a', make=Ranker, stage='in', sees_group=False, needs=('bass',))",
        "card 'a' needs 'bass'; what can be needed: base, out-of-fold",
    ),
    "a need that is none of a collective's": (
        "UserSide(name='a', make=Ranker, needs=('base',))",
        "card 'a' needs 'base'; what can be needed: majority",
    ),
    "a knob that is a key of configs": (
        "UserSide(name='a', make=lambda sweep=1: Ranker())",
        "card 'a' has a knob 'sweep', which is a key of a config's entry; give the knob another name than: called",
    ),
    "a data set's knob that is a key of configs": (
        "Dataset(name='a', make=lambda keep='': None)",
        "card 'a' has a knob 'keep', which is a key of a config's entry; give the knob another name than: called",
    ),
    "a measure that is no function": (
        "Metric(name='a', measure=3, formula='', zero='', undefined='')",
        "card 'a': measure is not callable",
    ),
    "a data set whose knobs cannot be known": ("Dataset(name='a', make=dict)", "signature"),
    "a data set without make": ("Dataset(name='a', make='a.csv')", "card 'a': make is not callable"),
}


@pytest.mark.parametrize(("program", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_named_with_its_remedy_and_stops_nothing_else(
    install: Install, program: str, said: str
) -> None:
    install(program)
    install(GOOD, name="fine", distribution="fwk-fine")
    registry = load_plugins()
    plugin = the_broken(registry)
    assert (plugin.name, plugin.distribution, plugin.version) == ("theirs", "fwk-theirs", "1.2")
    assert said in plugin.trouble
    assert "upgrade or reinstall fwk-theirs" in plugin.remedy
    assert "--without theirs" in plugin.remedy
    assert not plugin.cards
    assert registry.origin("theirs").name == "fine", "the other plugin's card of that name"
    assert "baseline" in registry.methods


@pytest.mark.parametrize(("card", "said"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_card_is_described(install: Install, card: str, said: str) -> None:
    install(TOP + f"@hookimpl\ndef fwk_cards():\n    yield {card}")
    registry = load_plugins()
    assert said in the_broken(registry).trouble
    assert "a" not in registry.methods


def test_a_taken_name_is_reported_and_the_plugins_other_cards_still_work(install: Install) -> None:
    install(GOOD + "    yield UserSide(name='rb-prob', make=Ranker)\n    yield UserSide(name='more', make=Ranker)")
    registry = load_plugins()
    trouble = the_broken(registry)
    assert trouble.trouble.startswith("the name 'rb-prob' is taken by fwk ")
    assert trouble.remedy == (
        "give the card 'rb-prob' of theirs another name (name= in its fwk_cards); or leave out a whole plugin: "
        "--without theirs or --without fwk-user-side"
    )
    assert registry.origin("rb-prob").distribution == "fwk", "a stranger cannot take the framework's names"
    assert [card.name for card in registry.origin("theirs").cards] == ["theirs", "more"]
    assert {"theirs", "more"} <= set(registry.methods)


@pytest.mark.parametrize("name", ["adult", "eqod"])
def test_a_method_cannot_take_the_name_of_a_data_set_or_measure(install: Install, name: str) -> None:
    install(GOOD.replace("'theirs'", repr(name)).replace('"theirs"', repr(name)))
    registry = load_plugins()
    assert f"the name '{name}' is taken by fwk " in the_broken(registry).trouble
    assert name not in registry.methods


def test_a_plugin_that_yields_a_name_twice_keeps_the_first(install: Install) -> None:
    install(GOOD + "    yield FirmSide(name='theirs', make=Ranker, stage='in', sees_group=False)")
    registry = load_plugins()
    assert isinstance(registry.methods["theirs"], UserSide)
    assert "taken by fwk-theirs 1.2 (theirs)" in the_broken(registry).trouble
    assert the_broken(registry).remedy == "give the card 'theirs' of theirs another name (name= in its fwk_cards)"


@pytest.mark.parametrize("name", ["theirs", "fwk-theirs"])
@pytest.mark.parametrize("way", ["option", "variable"])
def test_plugins_are_left_out_by_name_or_distribution(
    install: Install, monkeypatch: pytest.MonkeyPatch, name: str, way: str
) -> None:
    install("raise RuntimeError('never imported')")
    if way == "variable":
        monkeypatch.setenv("FWK_WITHOUT", f" fwk-firm-side ,{name},")
    registry = load_plugins([name] if way == "option" else [])
    (plugin,) = of(registry, "theirs")
    assert (plugin.state, plugin.trouble, plugin.cards) == ("left out", "", ())
    assert not registry.broken
    assert ("reductions" in registry.methods) == (way == "option")


def test_both_ways_to_leave_out_add_up(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install(GOOD)
    monkeypatch.setenv("FWK_WITHOUT", "fwk-firm-side")
    registry = load_plugins(["theirs"])
    assert {plugin.name for plugin in registry.plugins if plugin.state == "left out"} == {"theirs", "fwk-firm-side"}


def test_a_name_to_leave_out_that_does_not_exist_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Mistake, match=r"no plugin 'fwk-user-sid' to leave out; did you mean 'fwk-user-side'\?"):
        load_plugins(["fwk-user-sid"])
    monkeypatch.setenv("FWK_WITHOUT", "nonsense")
    with pytest.raises(Mistake, match=r"no plugin 'nonsense' to leave out.*FWK_WITHOUT.*`fwk plugins` lists them"):
        load_plugins()


def test_an_empty_variable_leaves_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWK_WITHOUT", " , ")
    assert all(plugin.state == "ok" for plugin in load_plugins().plugins)


def test_an_entry_point_without_a_distribution_is_of_an_unknown_one() -> None:
    registry = load_plugins(found=[EntryPoint("bare", "fwk.builtin", "fwk")])
    (plugin,) = registry.plugins
    assert (plugin.distribution, plugin.version, plugin.state) == ("unknown", "unknown", "ok")


def test_an_entry_point_can_name_an_object_in_a_module(install: Install, tmp_path: Path) -> None:
    install(
        GOOD.replace("@hookimpl\ndef", "class Door:\n  @staticmethod\n  @hookimpl\n  def").replace(
            "    yield", "      yield"
        )
    )
    (point,) = next(iter(distributions(path=[str(tmp_path)]))).entry_points
    deeper = EntryPoint(point.name, f"{point.value}:Door", "fwk")
    assert "theirs" in load_plugins(found=[deeper]).methods


def test_the_order_of_entry_points_changes_nothing(install: Install) -> None:
    install(GOOD)
    install(GOOD, name="other", distribution="fwk-other")
    points = list(entry_points(group="fwk"))
    first, second = load_plugins(found=points), load_plugins(found=points[::-1])
    assert [(p.name, p.state, p.trouble) for p in first.plugins] == [
        (p.name, p.state, p.trouble) for p in second.plugins
    ]
    assert list(first.methods) == list(second.methods)


def test_a_required_knob_has_no_default() -> None:
    table = load_plugins().datasets["table"]
    assert knobs_of(table)["path"] is inspect.Parameter.empty
    assert isinstance(load_plugins().methods["baseline"], FirmSide)
    assert knobs_of(load_plugins().methods["baseline"]) == {}
