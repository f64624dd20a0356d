"""The other commands: what they list, show and check, and their exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from fwk.cli import app
from fwk.plugins import load_plugins

Fwk = Callable[..., Result]


@pytest.fixture
def fwk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fwk:
    """The command, in an empty folder, where nothing is downloaded and no data folder is set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FWK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FWK_DATA", raising=False)
    return lambda *words: CliRunner().invoke(app, words)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution with a plugin that cannot be imported."""
    info = tmp_path / "site" / "fwk_broken-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fwk-broken\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fwk]\nbroken = fwk_broken_nowhere\n")
    monkeypatch.syspath_prepend(tmp_path / "site")


def flat(result: Result) -> str:
    """The output without the breaks of lines."""
    assert "Traceback" not in result.output
    return " ".join(result.output.split())


def test_the_command_alone_says_what_it_can_do(fwk: Fwk) -> None:
    told = flat(fwk())
    for command in ("compare", "plan", "plugins", "methods", "datasets", "metrics", "check", "schema", "ui"):
        assert command in told
    assert "Exit status: 0 all done" in flat(fwk("compare", "-h"))


def test_the_command_is_installed() -> None:
    script = Path(sys.executable).parent / "fwk"
    if not script.exists():
        pytest.skip("fwk is not installed as a command beside this Python")
    done = subprocess.run([script, "metrics", "eqod"], capture_output=True, text=True, check=True)
    assert "(|TPR gap| + |FPR gap|) / 2" in done.stdout


def test_plugins_are_listed_with_their_cards_and_state(fwk: Fwk) -> None:
    result = fwk("plugins")
    assert result.exit_code == 0
    for plugin in load_plugins().plugins:
        assert plugin.name in result.output
    assert "left out" in fwk("plugins", "--without", "fwk-user-side").output


def test_a_broken_plugin_is_listed_with_its_remedy_and_status_1(fwk: Fwk, broken: None) -> None:
    result = fwk("plugins")
    assert result.exit_code == 1
    told = flat(result)
    assert "broken plugin broken (fwk-broken 1.0): ModuleNotFoundError: No module named 'fwk_broken_nowhere'" in told
    assert "remedy: upgrade or reinstall fwk-broken, tell its author, or leave it out: --without broken" in told
    assert fwk("plugins", "--without", "broken").exit_code == 0


def test_plugins_are_listed_as_json(fwk: Fwk, broken: None) -> None:
    listed = {plugin["name"]: plugin for plugin in json.loads(fwk("plugins", "--json").output)}
    assert set(listed) == {plugin.name for plugin in load_plugins().plugins}
    assert listed["broken"]["state"] == "broken"
    assert listed["broken"]["cards"] == []
    assert "rb-prob" in listed["fwk-user-side"]["cards"]
    assert set(listed["fwk"]) == {"name", "distribution", "version", "state", "trouble", "remedy", "cards"}


def test_every_method_is_listed_with_side_knobs_and_paper(fwk: Fwk) -> None:
    told = flat(fwk("methods"))
    for name, card in load_plugins().methods.items():
        assert name in told
        assert card.paper in told
    assert "rb-dist user" in told
    assert "knobs k=20" in told


def test_a_method_is_shown_in_full(fwk: Fwk) -> None:
    told = flat(fwk("methods", "rb-dist"))
    assert "tuned k over [1, 5, 20, 100]" in told
    assert "score(x) = -(1/k) sum of |x - x'|" in told
    assert "needs records of the majority" in told
    told = flat(fwk("methods", "random"))
    assert "needs the collective's own records only" in told
    told = flat(fwk("methods", "reductions"))
    assert "swept difference_bound over" in told
    assert "sees the group when it decides no" in told
    assert "side firm, in training" in told


def test_every_measure_is_listed_and_shown(fwk: Fwk) -> None:
    told = flat(fwk("metrics"))
    for name in load_plugins().metrics:
        assert name in told
    shown = flat(fwk("metrics", "eqod"))
    assert "undefined when a group has nobody with y = 1, or nobody with y = 0" in shown
    assert "range 0 to 1" in shown
    assert "Equals fairlearn's" in shown


def test_every_data_set_is_listed_with_its_state(fwk: Fwk) -> None:
    told = flat(fwk("datasets"))
    for name in load_plugins().datasets:
        assert name in told
    assert "adult here" in told
    assert "table your own" in told


def test_a_data_set_is_shown_with_its_counts(fwk: Fwk) -> None:
    told = flat(fwk("datasets", "adult"))
    assert "minority race == 'Black'" in told
    assert "majority positive" in told
    assert "raw columns: age, workclass" in told


def test_a_data_set_that_needs_a_file_says_what_it_lacks(fwk: Fwk) -> None:
    missing = [name for name, state in _states().items() if state == "by hand"]
    if not missing:
        pytest.skip("every data set's files are here")
    assert "not here: by hand" in flat(fwk("datasets", missing[0]))
    result = fwk("datasets", "fetch", missing[0])
    assert result.exit_code == 2
    assert "is not here; looked in" in flat(result)


OWN = ("datasets", "table", "--knob", "path=people.csv", "--knob", "label=hired", "--knob", "favourable=yes")


def test_a_table_of_ones_own_can_be_looked_at_before_any_config(fwk: Fwk) -> None:
    race = ["Black", "White", "Asian", ""] * 5
    rows = [f"{i},{1.5 * (i % 7)},{race[i]},{'yes' if i % 4 else 'no'}" for i in range(20)]
    Path("people.csv").write_text("\n".join(["id,pay,race,hired", *rows]) + "\n", encoding="utf-8")
    result = fwk(*OWN, "--knob", "drop=[id]")
    assert result.exit_code == 0
    told = flat(result)
    assert "column as a feature values missing id none 20 0 pay number 7 0 race nominal 3 5 hired none 2 0" in told
    assert "20 rows; label: 15 favourable, 5 not." in told


@pytest.mark.parametrize(("words", "said"), [
    (OWN, "path: no file people.csv; did you mean 'persons.csv'?"),
    ((*OWN[:3], "path=persons.csv", *OWN[4:]), "persons.csv: column 'id' gives every row a number of its own"),
    ((*OWN[:3], "path=persons.csv", "--knob", "label=hird", *OWN[6:], "--knob", "drop=[idd]"),
     "label: persons.csv: there is no column 'hird'; did you mean 'hired'? "
     "drop: persons.csv: there is no column 'idd'; did you mean 'id'?"),
])  # fmt: skip
def test_what_is_wrong_with_a_table_of_ones_own_is_told(fwk: Fwk, words: tuple[str, ...], said: str) -> None:
    rows = [f"{i},{'yes' if i % 4 else 'no'}" for i in range(20)]
    Path("persons.csv").write_text("\n".join(["id,hired", *rows]) + "\n", encoding="utf-8")
    result = fwk(*words)
    assert result.exit_code == 1
    assert said in flat(result)


def test_a_table_without_its_knobs_says_which_are_lacking(fwk: Fwk) -> None:
    none = fwk("datasets", "table")
    assert none.exit_code == 0
    assert "It needs path, label, favourable." in flat(none)
    assert "`fwk datasets table --knob path=... --knob label=... --knob favourable=...` shows" in flat(none)
    assert "It needs label, favourable." in flat(fwk(*OWN[:4]))
    assert "`fwk datasets table --knob 'path=\"people.csv\"' --knob label=..." in flat(fwk(*OWN[:4]))


def _states() -> dict[str, str]:
    from fwk.library import states

    return states(load_plugins(), None)


def test_fetching_what_is_here_says_so(fwk: Fwk) -> None:
    result = fwk("datasets", "fetch", "adult")
    assert result.exit_code == 0
    assert "adult is here: 48,842 rows" in flat(result)


def test_words_after_datasets_that_make_no_sense_are_a_mistake(fwk: Fwk) -> None:
    nothing = fwk("datasets", "fetch")
    assert nothing.exit_code == 2
    assert "fetch which data set? fwk datasets fetch NAME; there are: " in flat(nothing)
    assert "german" in flat(nothing)
    extra = fwk("datasets", "adult", "extra")
    assert extra.exit_code == 2
    assert "fwk datasets describes one data set, not 'adult' and 'extra'" in flat(extra)


def test_the_version_is_that_of_the_distribution(fwk: Fwk) -> None:
    result = fwk("--version")
    assert result.exit_code == 0
    assert result.output == f"fwk {version('fwk')}\n"


def test_a_method_can_be_checked(fwk: Fwk) -> None:
    result = fwk("check", "random")
    assert result.exit_code == 0, result.output
    assert "passed" in result.output
    assert "FAILED" not in result.output


def test_a_method_that_breaks_a_promise_fails_its_check(
    fwk: Fwk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fwk_liar.py").write_text(
        "from dataclasses import dataclass\nimport numpy as np\nfrom fwk import UserSide, hookimpl\n\n"
        "@dataclass(frozen=True)\nclass Liar:\n    def score(self, view, rng):\n        return np.random.random(3)\n\n"
        "@hookimpl\ndef fwk_cards():\n    yield UserSide(name='liar', make=Liar)\n"
    )
    info = tmp_path / "fwk_liar-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fwk-liar\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fwk]\nliar = fwk_liar\n")
    monkeypatch.syspath_prepend(tmp_path)
    result = fwk("check", "liar")
    assert result.exit_code == 1
    assert "FAILED" in result.output


def test_the_schema_is_json(fwk: Fwk) -> None:
    made = json.loads(fwk("schema").output)
    assert "rb-prob" in made["$defs"]["MethodSpec"]["properties"]["name"]["enum"]


def test_the_ui_without_a_store_says_what_to_do(fwk: Fwk) -> None:
    result = fwk("ui")
    assert result.exit_code == 2
    assert "fwk compare" in flat(result)


@pytest.mark.parametrize("port", ["-1", "65536", "99999"])
def test_a_port_that_is_none_is_a_mistake(fwk: Fwk, port: str) -> None:
    result = fwk("ui", "--port", port)
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit)
    assert "Invalid value for '--port'" in flat(result)


def test_an_option_that_is_none_is_told_by_its_name(fwk: Fwk) -> None:
    result = fwk("compare", "--config", "c.yaml", "--jbos", "2")
    assert result.exit_code == 2
    assert "No such option" in flat(result)
    assert fwk("compare").exit_code == 2
    assert fwk("compare", "-c", "c.yaml", "-j", "-1").exit_code == 2
