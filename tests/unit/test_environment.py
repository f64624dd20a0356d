"""What a comparison ran on."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

import pytest

import fwk
from fakes_core import registry
from fwk.environment import environment


def test_versions_platform_and_plugins_are_named() -> None:
    facts = environment(registry())
    assert facts["python"] == platform.python_version()
    packages = facts["packages"]
    assert isinstance(packages, dict)
    assert packages["numpy"] == __import__("numpy").__version__
    assert facts["plugins"] == {"fwk": "unknown unknown, ok", "fakes": "unknown unknown, ok"}
    json.dumps(facts)


def test_a_package_that_is_not_there_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwk.environment.PACKAGES", ("no-such-package",))
    assert environment(registry())["packages"] == {"no-such-package": "not installed"}


def test_no_path_and_no_name_of_a_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "named-machine")
    text = json.dumps(environment(registry()))
    assert str(Path(fwk.__file__).parents[2]) not in text
    assert "named-machine" not in text


def answers(monkeypatch: pytest.MonkeyPatch, *results: object) -> str:
    """The commit that is reported if git gives these answers."""
    given = iter(results)

    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        result = next(given)
        if isinstance(result, Exception):
            raise result
        code, text = result  # type: ignore[misc]
        return subprocess.CompletedProcess([], code, stdout=text)

    monkeypatch.setattr(subprocess, "run", run)
    return str(environment(registry())["commit"])


def test_the_commit_is_marked_if_the_checkout_was_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(monkeypatch, (0, "abc\n"), (0, "")) == "abc"
    assert answers(monkeypatch, (0, "abc\n"), (0, " M framework/fwk/api.py\n")) == "abc+changes"


def test_outside_a_checkout_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers(monkeypatch, (128, "")) == ""
    assert answers(monkeypatch, FileNotFoundError("git")) == ""
    assert answers(monkeypatch, subprocess.TimeoutExpired("git", 10)) == ""
