"""Malformed configs and tables through the real command: one clear message, exit status 2, no traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from fakes_core import OWN_TABLE, TREE, people_csv
from fwk.cli import app
from fwk.store import Store

Fwk = Callable[..., Result]


@pytest.fixture
def fwk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fwk:
    """The command, in an empty folder with people.csv."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "500")
    people_csv(tmp_path, n=120)
    return lambda *words: CliRunner().invoke(app, words)


def said(result: Result, status: int = 2) -> list[str]:
    """The lines of the message, after looking at what holds of every one."""
    assert result.exit_code == status, result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert "Traceback" not in result.output
    assert not Path("mlruns").exists()
    return result.stderr.splitlines()


TABLE = "{name: table, path: people.csv, label: hired, favourable: 'yes', minority: \"race == 'Black'\"}"
HEAD = f"datasets:\n  - {TABLE}\n"
LEAST = HEAD + "methods: [baseline, rb-dist]\n"

# text of the file -> what has to be in the one line that is said of it
CONFIGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nothing": ("", ("c.yaml:1:1:", "give a mapping with datasets and methods")),
    "a list": ("- adult\n", ("c.yaml:1:1:", "['adult']", "datasets and methods")),
    "a tab": ("datasets:\n\t- adult\n", ("c.yaml:2:1:", "not YAML", "'\\t'")),
    "an open bracket": ("datasets: [adult\nmethods: [x]\n", ("c.yaml:2:8:", "not YAML", "expected ',' or ']'")),
    "a key twice": (LEAST + "seed: 1\nseed: 2\n", ("c.yaml:5:1:", 'duplicate key "seed"')),
    "an open quote": (HEAD + 'methods: ["baseline]\n', ("c.yaml:", "not YAML", "unexpected end of stream")),
    "a misspelled key": (LEAST + "repeat: 2\n", ("c.yaml:4:1: repeat:", "did you mean 'repeats'?", "there are: name")),
    "a misspelled method": (
        HEAD + "methods: [basline]\n",
        ("c.yaml:3:11: methods.0:", "'basline'", "did you mean 'baseline'?"),
    ),
    "a misspelled data set": (
        "datasets: [adlut]\nmethods: [baseline]\n",
        ("c.yaml:1:12: datasets.0:", "'adlut'", "did you mean 'adult'?"),
    ),
    "a file in place of a data set": (
        "datasets: [people.csv]\nmethods: [baseline]\n",
        (
            "c.yaml:1:12: datasets.0:",
            "no data set 'people.csv'",
            "write {name: table, path: people.csv, ...}",
            "`fwk datasets table` lists its keys",
        ),
    ),
    "a misspelled metric": (
        LEAST + "tune: {metric: eqqd}\n",
        ("c.yaml:4:8: tune.metric:", "'eqqd'", "did you mean 'eqod'?"),
    ),
    "a misspelled knob": (
        HEAD + "methods:\n  - name: rb-dist\n    kk: 3\n",
        ("c.yaml:5:5: methods.0.kk:", "'kk'", "did you mean 'k'?"),
    ),
    "a misspelled knob of a data set": (
        "datasets: [{name: adult, encodng: full}]\nmethods: [baseline]\n",
        ("c.yaml:1:26: datasets.0.encodng:", "did you mean 'encoding'?"),
    ),
    "a misspelled space": (LEAST + "space: standardized\n", ("c.yaml:4:1: space:", "did you mean 'standardised'?")),
    "an encoding that is none": (
        "datasets: [{name: adult, encoding: fulll}]\nmethods: [baseline]\n",
        ("c.yaml:1:26: datasets.0.encoding:", "'fulll'", "alghamdi, full"),
    ),
    "no methods": (HEAD, ("c.yaml:1:1: methods:", "is missing", "a list of names")),
    "an empty list of methods": (HEAD + "methods: []\n", ("c.yaml:3:1: methods:", "[] does not fit")),
    "a method alone": (
        HEAD + "methods: baseline\n",
        ("c.yaml:3:1: methods:", "'baseline' does not fit", "a list of names"),
    ),
    "a number for a method": (
        HEAD + "methods: [3]\n",
        ("c.yaml:3:11: methods.0:", "3 does not fit", "a name, or a mapping"),
    ),
    "a method without a name": (HEAD + "methods: [{k: 3}]\n", ("c.yaml:3:11: methods.0.name:", "is missing")),
    "a method twice": (
        HEAD + "methods: [baseline, rb-dist, baseline]\n",
        ("c.yaml:3:30: methods.2:", "'baseline' stands here twice", "called:"),
    ),
    "text for a number": (
        LEAST + "repeats: many\n",
        ("c.yaml:4:1: repeats:", "'many' does not fit", "a whole number from 1"),
    ),
    "a negative number": (
        LEAST + "repeats: -1\n",
        ("c.yaml:4:1: repeats:", "-1 does not fit", "a whole number from 1"),
    ),
    "a share above 1": (LEAST + "alpha: 30\n", ("c.yaml:4:1: alpha:", "30 does not fit", "a share above 0 up to 1")),
    "a share in percent": (
        LEAST + "alpha: 30%\n",
        ("c.yaml:4:1: alpha:", "'30%' does not fit", "a share above 0 up to 1"),
    ),
    "a negative budget": (
        LEAST + "budgets: [0, -75]\n",
        ("c.yaml:4:14: budgets.1:", "-75 does not fit", "counts (75)"),
    ),
    "a budget that is neither": (
        LEAST + "budgets: [7.5]\n",
        ("c.yaml:4:11: budgets.0:", "7.5 does not fit", "counts (75)"),
    ),
    "a value of a knob that does not fit": (
        HEAD + "methods: [{name: rb-dist, k: 0}]\n",
        ("c.yaml:3:11: methods.0:", "rb-dist cannot be built", "k = 0", "from 1"),
    ),
    "a sweep of the user side": (
        HEAD + "methods: [{name: rb-dist, sweep: [1, 2]}]\n",
        ("c.yaml:3:27: methods.0.sweep:", "swept over budgets"),
    ),
    "a sweep out of range": (
        HEAD + "methods: [{name: reductions, sweep: [-5]}]\n",
        ("c.yaml:3:11: methods.0:", "difference_bound", "-5", "between"),
    ),
    "an empty grid": (
        HEAD + "methods: [{name: rb-dist, tune: {k: []}}]\n",
        ("c.yaml:3:34: methods.0.tune.k:", "[] does not fit"),
    ),
    "a knob in two ways": (
        HEAD + "methods: [{name: rb-dist, k: 3, tune: {k: [1]}}]\n",
        ("c.yaml:3:33: methods.0.tune:", "fixed and in tune at once"),
    ),
    "a learner that is none": (
        LEAST + "learner: sklearn.tree.DecisionTree\n",
        ("c.yaml:4:1: learner:", "'sklearn.tree.DecisionTree'", "dotted path"),
    ),
    "a learner that predicts numbers": (
        LEAST + "learner: sklearn.tree.DecisionTreeRegressor\n",
        ("c.yaml:4:1: learner:", "predicts numbers", "give a classifier"),
    ),
    "a parameter of the learner that is none": (
        LEAST + "learner: {path: sklearn.tree.DecisionTreeClassifier, params: {max_dept: 3}}\n",
        ("c.yaml:4:1: learner:", "no parameter max_dept", "did you mean 'max_depth'?"),
    ),
    "a parameter's value that does not fit": (
        LEAST + "learner: {path: sklearn.tree.DecisionTreeClassifier, params: {max_depth: deep}}\n",
        ("c.yaml:4:1: learner:", "'max_depth'", "'deep'", "int in the range [1, inf)"),
    ),
    "an expression over a column that is none": (
        HEAD.replace("race ==", "rase ==") + "methods: [baseline]\n",
        (
            "c.yaml:2:70: datasets.0.minority:",
            "rase == 'Black'",
            "did you mean 'race'?",
            "skill, luck, race, sex, hired",
        ),
    ),
    "an expression that is no expression": (
        HEAD.replace("race == 'Black'", "race is Black") + "methods: [baseline]\n",
        ("datasets.0.minority:", "cannot be evaluated"),
    ),
    "an expression that is a number": (
        HEAD.replace("race == 'Black'", "skill + 1") + "methods: [baseline]\n",
        ("datasets.0.minority:", "'skill + 1' gives float64, not true or false"),
    ),
    "a minority of nobody": (
        HEAD.replace("'Black'", "'black'") + "methods: [baseline]\n",
        ("datasets.0.minority:", "leaves nobody in the minority"),
    ),
    "an audit of a column that is none": (
        LEAST + "audit: [sexx]\n",
        ("c.yaml:4:1: audit:", "no column 'sexx'", "did you mean 'sex'?"),
    ),
    "a published part that was never published": (
        HEAD.replace("{name", "{test: published, name") + "methods: [baseline]\n",
        ("c.yaml:2:6: datasets.0.test:", "no test part was published", "give a share"),
    ),
    "more of the majority known than there are": (
        LEAST + "majority_known: [10, 70000, all]\n",
        ("c.yaml:4:22: majority_known.1:", "70000 is too many", "table has 54 in", "up to 54, or all"),
    ),
    "several values of a knob of a space": (
        LEAST + "space: {method: fare, gamma: [0.1, 0.5]}\n",
        ("c.yaml:4:23: space.gamma:", "give a list of spaces", "{method: fare, gamma: 0.1}"),
    ),
    "a state that is none": (
        "datasets: [{name: acs-income, states: [XX]}]\nmethods: [baseline]\n",
        ("c.yaml:1:31: datasets.0.states:", "no state 'XX'"),
    ),
    "a file that is not there": (
        "datasets:\n  - name: table\n    path: persons.csv\n    label: hired\n    favourable: 'yes'\n"
        "    minority: \"race == 'Black'\"\nmethods: [baseline]\n",
        ("c.yaml:3:5: datasets.0.path:", "no file persons.csv", "did you mean 'people.csv'?"),
    ),
    "a folder in place of a file": (
        HEAD.replace("people.csv", "..") + "methods: [baseline]\n",
        ("c.yaml:2:19: datasets.0.path:", ".. is a folder; give the file in it"),
    ),
    "a label that the file does not have": (
        HEAD.replace("hired", "hire") + "methods: [baseline]\n",
        ("c.yaml:2:37: datasets.0.label:", "people.csv: there is no column 'hire'", "did you mean 'hired'?"),
    ),
    "a label's value that does not occur": (
        HEAD.replace("'yes'", "ja") + "methods: [baseline]\n",
        ("c.yaml:2:51: datasets.0.favourable:", "value 'ja' does not occur in the label 'hired'; there are: 'no' ("),
    ),
    "a column to drop that the file does not have": (
        HEAD.replace("{name", "{drop: [idd], name") + "methods: [baseline]\n",
        ("c.yaml:2:6: datasets.0.drop:", "there is no column 'idd'"),
    ),
    "a type that a column does not have": (
        HEAD.replace("{name", "{types: {race: numeric}, name") + "methods: [baseline]\n",
        ("c.yaml:2:6: datasets.0.types:", "column 'race' is declared numeric, but row 1 is"),
    ),
    "a fault of a table in two forms": (
        HEAD.replace("{name", "{group_in_X: [true, false], name").replace("hired", "hire") + "methods: [baseline]\n",
        ("datasets.0.label:", "there is no column 'hire'"),
    ),
    "a column for the label that is missing in the config": (
        "datasets: [{name: table, path: people.csv, favourable: 1, minority: a == 1}]\nmethods: [baseline]\n",
        ("c.yaml:1:12: datasets.0:", "needs the key 'label'"),
    ),
}


@pytest.mark.parametrize(("text", "parts"), CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("command", ["plan", "compare"])
def test_a_malformed_config_is_told_in_one_line(fwk: Fwk, command: str, text: str, parts: tuple[str, ...]) -> None:
    Path("c.yaml").write_text(text, encoding="utf-8")
    lines = said(fwk(command, "-c", "c.yaml"))
    assert not Path("results").exists()
    if lines[0] == "1 fault in c.yaml":
        del lines[0]
    (line,) = lines
    assert line.startswith("c.yaml")
    for part in parts:
        assert part in line, line


def test_there_are_at_least_thirty_of_them() -> None:
    assert len(CONFIGS) >= 30


def test_all_faults_are_told_at_once_in_the_order_of_lines(fwk: Fwk) -> None:
    Path("c.yaml").write_text(
        "datasets: [adlut]\nmethods:\n  - basline\n  - {name: rb-dist, kk: 3}\nalpha: 2\nrepeat: 3\n", encoding="utf-8"
    )
    lines = said(fwk("plan", "--config", "c.yaml"))
    assert lines[0] == "5 faults in c.yaml"
    assert [line.split(": ")[0] for line in lines[1:]] == [
        "c.yaml:1:12", "c.yaml:3:5", "c.yaml:4:21", "c.yaml:5:1", "c.yaml:6:1",
    ]  # fmt: skip


def test_faults_of_two_tables_are_told_at_once(fwk: Fwk) -> None:
    other = {**OWN_TABLE, "called": "b", "keep": "agee > 3"}
    text = {"datasets": [{**OWN_TABLE, "minority": "rac == 'Black'"}, other], "methods": ["baseline"]}
    Path("c.yaml").write_text(json.dumps(text), encoding="utf-8")
    lines = said(fwk("plan", "-c", "c.yaml"))
    assert lines[0] == "2 faults in c.yaml"
    assert "datasets.0.minority: \"rac == 'Black'\" cannot be evaluated" in lines[1]
    assert "datasets.1.keep: 'agee > 3' cannot be evaluated" in lines[2]


def test_what_a_table_does_not_have_is_told_together_with_all_other_faults(fwk: Fwk) -> None:
    table = {**OWN_TABLE, "label": "hird", "drop": ["idd"], "group_in_X": [True, False]}
    text = {"datasets": [table, "adlut"], "methods": ["basline"], "seed": "x"}
    Path("c.yaml").write_text(json.dumps(text), encoding="utf-8")
    lines = said(fwk("plan", "-c", "c.yaml"))
    assert lines[0] == "5 faults in c.yaml"
    assert [line.split(": ")[1] for line in lines[1:]] == [
        "datasets.0.label", "datasets.0.drop", "datasets.1", "methods.0", "seed",
    ]  # fmt: skip


def test_a_table_that_cannot_be_read_is_told_once_in_a_plan(fwk: Fwk) -> None:
    Path("people.csv").write_text("skill,race,hired\n", encoding="utf-8")
    text = {"datasets": [{**OWN_TABLE, "group_in_X": [True, False]}], "methods": ["baseline"]}
    Path("c.yaml").write_text(json.dumps(text), encoding="utf-8")
    planned = fwk("plan", "-c", "c.yaml")
    assert planned.exit_code == 1
    assert planned.output.count("cannot be loaded") == 1


# ---- files


def test_a_config_that_is_not_there_names_those_that_are(fwk: Fwk) -> None:
    Path("there.yaml").write_text(LEAST, encoding="utf-8")
    (line,) = said(fwk("compare", "-c", "ther.yaml"))
    assert line == "no config file ther.yaml; there are: there.yaml"


def test_a_config_that_is_no_text_is_told(fwk: Fwk) -> None:
    Path("c.yaml").write_bytes(b"\xff\xfe\x00\x01")
    (line,) = said(fwk("compare", "-c", "c.yaml"))
    assert line.startswith("c.yaml cannot be read: ")
    (line,) = said(fwk("compare", "-c", "."))
    assert "cannot be read: " in line


# ---- tables: what a person puts into people.csv, and what has to be said of it


def changed(**columns: Any) -> str:
    rows = pd.read_csv("people.csv")
    return str(rows.assign(**columns).to_csv(index=False))


TABLES: dict[str, tuple[Callable[[], str | bytes], tuple[str, ...]]] = {
    "an empty file": (lambda: "", ("people.csv: the file is empty",)),
    "a header alone": (lambda: "skill,race,hired\n", ("people.csv: the table has 3 columns and no rows",)),
    "no text": (lambda: b"skill,race,hired\n1,\xff\xfe,yes\n", ("people.csv: not utf-8 text", "set encoding")),
    "a row with too many fields": (
        lambda: Path("people.csv").read_text() + "1,2,Black,F,yes,extra\n",
        ("cannot be cut into rows of 5 fields", "separator"),
    ),
    "another separator": (
        lambda: Path("people.csv").read_text().replace(",", ";"),
        ("one column only", "separated by a semicolon", "set separator"),
    ),
    "a column twice": (lambda: "hired,race,race\nyes,a,b\nno,b,a\n", ("the column name 'race' occurs twice",)),
    "gaps in the label": (
        lambda: changed(hired=["yes", "no", None] * 40),
        ("the label 'hired' is missing in 40 of 120 rows, first in row 3",),
    ),
    "one value in the label": (lambda: changed(hired="yes"), ("the label 'hired' is 'yes' in every row",)),
    "infinite numbers": (
        lambda: changed(skill=[np.inf] + [1.0] * 119),
        ("column 'skill' is infinite in 1 of 120 rows",),
    ),
    "words among numbers": (
        lambda: changed(skill=["a lot", *map(str, range(119))]),
        ("column 'skill' holds numbers, but row 1 is 'a lot'",),
    ),
    "a column of names": (
        lambda: changed(luck=[f"person {i}" for i in range(120)]),
        ("column 'luck' has 120 different values", "drop"),
    ),
    "an identifier": (lambda: changed(luck=range(120)), ("column 'luck' gives every row a number of its own", "drop")),
    "an empty column": (lambda: changed(luck=None), ("column 'luck' has no value in any row; add it to drop",)),
}


@pytest.mark.parametrize(("content", "parts"), TABLES.values(), ids=TABLES)
def test_a_malformed_table_is_told_in_one_message(
    fwk: Fwk, content: Callable[[], str | bytes], parts: tuple[str, ...]
) -> None:
    made = content()
    Path("people.csv").write_bytes(made if isinstance(made, bytes) else made.encode())
    config = {"datasets": [OWN_TABLE], "methods": ["baseline"], "learner": TREE, "repeats": 1}
    Path("c.yaml").write_text(json.dumps(config), encoding="utf-8")
    result = fwk("compare", "-c", "c.yaml", "--no-track", "-j", "1", "-q", "--output", "out")
    lines = said(result)
    assert lines[0].startswith("no data set can be had: ")
    for part in parts:
        assert part in lines[0], lines[0]
    planned = fwk("plan", "-c", "c.yaml")
    assert planned.exit_code == 1
    assert "data set table cannot be loaded, its cells will fail" in planned.output
    told = " ".join(planned.output.split())
    assert all(" ".join(part.split()) in told for part in parts), told


def test_a_table_that_cannot_be_read_costs_its_own_cells_only(fwk: Fwk) -> None:
    Path("persons.csv").write_text("skill,race,hired\n", encoding="utf-8")
    datasets = [OWN_TABLE, {**OWN_TABLE, "called": "other", "path": "persons.csv"}]
    config = {"datasets": datasets, "methods": ["baseline"], "learner": TREE, "repeats": 1}
    Path("c.yaml").write_text(json.dumps(config), encoding="utf-8")
    result = fwk("compare", "-c", "c.yaml", "--no-track", "-j", "1")
    said(result, status=1)
    assert "1 cells failed" in result.output
    failures = pd.read_parquet("results/c/failures.parquet")
    assert failures["dataset"].tolist() == ["other"]
    assert "persons.csv: the table has 3 columns and no rows" in failures["message"].iloc[0]


# ---- options


@pytest.mark.parametrize(("words", "parts"), [
    (("--without", "fwk-user-sid"), ("no plugin 'fwk-user-sid' to leave out", "did you mean 'fwk-user-side'?")),
    (("--backend", "lokky"), ("--backend lokky: Invalid backend: lokky, expected one of",)),
    (("--output", "people.csv"), ("people.csv/outcomes.sqlite cannot be opened", "--output")),
    (("--without", "fwk-user-side"), ("methods.1: no method 'rb-dist'",)),
])  # fmt: skip
def test_a_malformed_option_is_told(fwk: Fwk, words: tuple[str, ...], parts: tuple[str, ...]) -> None:
    Path("c.yaml").write_text(LEAST, encoding="utf-8")
    message = " ".join(said(fwk("compare", "-c", "c.yaml", "--no-track", "-q", *words)))
    assert all(part in message for part in parts), message


def test_a_variable_that_leaves_out_what_is_not_there_is_told(fwk: Fwk, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("c.yaml").write_text(LEAST, encoding="utf-8")
    monkeypatch.setenv("FWK_WITHOUT", "nothing-of-the-kind")
    (line,) = said(fwk("plan", "-c", "c.yaml"))
    assert line.startswith("no plugin 'nothing-of-the-kind' to leave out (asked for by the variable FWK_WITHOUT)")


def test_a_folder_in_use_is_told(fwk: Fwk, tmp_path: Path) -> None:
    Path("c.yaml").write_text(LEAST, encoding="utf-8")
    store = Store(tmp_path / "busy")
    try:
        (line,) = said(fwk("compare", "-c", "c.yaml", "--no-track", "-q", "-o", "busy"))
    finally:
        store.close()
    assert line.startswith("busy/outcomes.sqlite cannot be written (database is locked); if another comparison is")


@pytest.mark.parametrize(("words", "part"), [
    (("methods", "rb-prop"), "no method 'rb-prop'; did you mean 'rb-prob'?"),
    (("metrics", "eqood"), "no measure 'eqood'; did you mean 'eqod'?"),
    (("datasets", "adlut"), "no data set 'adlut'; did you mean 'adult'?"),
    (("datasets", "fetch", "adlut"), "no data set 'adlut'; did you mean 'adult'?"),
    (("datasets", "fetch", "table"), "data set 'table' has nothing to fetch: a config names its file"),
    (("check", "rb-prop"), "no card 'rb-prop'; did you mean 'rb-prob'?"),
    (("check", "rb-dist", "--knob", "k"), "--knob k: write it as NAME=VALUE"),
    (("check", "rb-dist", "--knob", "k=["), "--knob: not a value that YAML reads"),
])  # fmt: skip
def test_a_wrong_name_on_the_command_line_is_told_with_the_nearest(fwk: Fwk, words: tuple[str, ...], part: str) -> None:
    assert part in " ".join(said(fwk(*words)))
