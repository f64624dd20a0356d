"""Documented or it does not exist: walks config keys, commands, hooks, methods and measures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from fwk import hookspecs
from fwk.cli import app
from fwk.config import Config, DatasetSpec, LearnerSpec, MethodSpec, TuneSpec
from fwk.plugins import RESERVED_OF_DATA, RESERVED_OF_METHODS, load_plugins

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIG = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
METHODS = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
DATASETS = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
PLUGINS = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "key",
    [name for model in (Config, DatasetSpec, MethodSpec, LearnerSpec) for name in model.model_fields],
)
def test_every_config_key_has_a_row(key: str) -> None:
    assert f"| `{key}` |" in CONFIG


@pytest.mark.parametrize("key", list(TuneSpec.model_fields))
def test_every_tuning_key_is_described(key: str) -> None:
    assert f"`{key}`:" in CONFIG


def test_the_keys_that_knobs_cannot_take_are_the_configs_own() -> None:
    assert set(DatasetSpec.model_fields) == RESERVED_OF_DATA
    assert set(MethodSpec.model_fields) == RESERVED_OF_METHODS
    listed = PLUGINS.partition("A knob\ncannot be called like")[2].partition("of a data set.")[0]
    of_methods, _, of_data = listed.partition(" of a method;")
    assert set(re.findall(r"`(\w+)`", of_methods)) == RESERVED_OF_METHODS
    assert set(re.findall(r"`(\w+)`", of_data)) == RESERVED_OF_DATA


@pytest.mark.parametrize("command", sorted(typer.main.get_command(app).commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"fwk {command}" in README + PLUGINS


@pytest.mark.parametrize("hook", [name for name in vars(hookspecs) if name.startswith("fwk_")])
def test_every_hook_is_in_the_plugin_guide(hook: str) -> None:
    assert hook in PLUGINS


@pytest.mark.parametrize("name", sorted(load_plugins().methods))
def test_every_method_has_a_row(name: str) -> None:
    assert f"| `{name}` |" in METHODS


@pytest.mark.parametrize("name", sorted(load_plugins().datasets))
def test_every_data_set_has_a_row(name: str) -> None:
    assert f"| `{name}` |" in DATASETS


@pytest.mark.parametrize("page", sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")))
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_the_readmes_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
