"""What a file can say, and how a draft of it tells what is wrong, each fault with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwk.api import Mistake
from fwk.config import Config, DatasetSpec, LearnerSpec, MethodSpec, SpaceSpec, TuneSpec, to_yaml
from fwk.draft import Draft, Fault, read_config

LEAST = "datasets: [adult]\nmethods: [baseline]\n"


def draft(tmp_path: Path, text: str, name: str = "c.yaml") -> Draft:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_config(path)


def read(tmp_path: Path, text: str, name: str = "c.yaml") -> Config:
    return draft(tmp_path, text, name).raise_faults()


def told(tmp_path: Path, text: str) -> list[str]:
    """The lines of the message but the first, without the folder."""
    with pytest.raises(Mistake) as mistake:
        read(tmp_path, text)
    return [line.replace(f"{tmp_path}/", "") for line in str(mistake.value).splitlines()[1:]]


def test_names_alone_stand_for_mappings(tmp_path: Path) -> None:
    config = read(tmp_path, LEAST + "learner: [a.B, {path: c.D, params: {x: 1}}]\n")
    assert config.datasets == [DatasetSpec(name="adult")]
    assert config.methods == [MethodSpec(name="baseline")]
    assert config.learners() == [LearnerSpec(path="a.B"), LearnerSpec(path="c.D", params={"x": 1})]
    assert read(tmp_path, LEAST + "learner: a.B\n").learners() == [LearnerSpec(path="a.B")]


def test_the_name_is_the_files_unless_given(tmp_path: Path) -> None:
    assert read(tmp_path, LEAST, "my adult.yaml").name == "my adult"
    assert read(tmp_path, LEAST + "name: other\n", "my.yaml").name == "other"
    assert read(tmp_path, LEAST + "name: ''\n", "my.yaml").name == "my"
    assert read(tmp_path, LEAST, "a+b (2).yaml").name == "a_b _2_"
    assert read(tmp_path, LEAST, ".hidden.yaml").name == "hidden"
    assert read(tmp_path, LEAST, "-.yaml").name == "comparison"
    assert read(tmp_path, LEAST + "name: 2026\n").name == "2026"


def test_further_keys_are_knobs(tmp_path: Path) -> None:
    config = read(tmp_path, "datasets: [{name: table, path: x.csv}]\nmethods: [{name: rb-dist, k: 3, sweep: [1]}]\n")
    assert config.datasets[0].knobs == {"path": "x.csv"}
    assert config.methods[0].knobs == {"k": 3}
    assert MethodSpec(name="a").knobs == {}


def test_axes_are_lists_whether_one_or_more_are_given(tmp_path: Path) -> None:
    one = read(tmp_path, LEAST)
    assert (one.alphas(), one.knowns(), one.spaces(), len(one.learners())) == ([0.3], [None], ["encoded"], 1)
    more = read(
        tmp_path, LEAST + "alpha: [0.1, 1]\nmajority_known: [all, 40]\nspace: [standardised, {method: lfr, k: 3}]\n"
    )
    assert (more.alphas(), more.knowns()) == ([0.1, 1], [None, 40])
    assert more.spaces() == ["standardised", SpaceSpec.model_validate({"method": "lfr", "k": 3})]


def test_numbers_are_read_as_yaml_1_2_reads_them(tmp_path: Path) -> None:
    config = read(tmp_path, LEAST + "learner: {path: a.B, params: {lr: 1e-3, on: no, when: 2020-01-01, n: 0o17}}\n")
    assert config.learners()[0].params == {"lr": 0.001, "on": "no", "when": "2020-01-01", "n": 15}
    weights = read(tmp_path, LEAST + "learner: {path: a.B, params: {w: {0: 1, 1: 5}, v: {0: 1, x: 5}, 3: y}}\n")
    assert weights.learners()[0].params == {"w": {0: 1, 1: 5}, "v": {"0": 1, "x": 5}, "3": "y"}


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    text = "datasets: [adult]\nmethods:\n  - &near {name: rb-dist, k: 3}\n  - {<<: *near, called: other}\n"
    methods = read(tmp_path, text).methods
    assert [(method.name, method.called, method.knobs) for method in methods] == [
        ("rb-dist", "", {"k": 3}), ("rb-dist", "other", {"k": 3}),
    ]  # fmt: skip


def test_a_dumped_config_reads_as_the_same(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        LEAST + "alpha: [0.1, 0.5]\nbudgets: [0, 5, 0.5]\nspace: [{method: lfr, k: 3}]\ntimeout: 3\naudit: [race]\n"
        "learner: {path: a.B, params: {x: [1, 2], y: null}}\nmajority_known: [all, 3]\n",
    )
    assert read(tmp_path, to_yaml(config.model_dump(mode="json"))) == config


def test_every_key_says_what_it_may_hold_and_what_it_means() -> None:
    for model in (Config, DatasetSpec, MethodSpec, LearnerSpec, SpaceSpec, TuneSpec):
        for name, field in model.model_fields.items():
            holds, _, means = str(field.description).rpartition(": ")
            assert len(holds) > 3, name
            assert len(means) > 3, name


WRONG: dict[str, tuple[str, str]] = {
    "a number that is text": ("seed: one", "3:1: seed: 'one' does not fit; give a whole number"),
    "a whole number with a fraction": ("seed: 1.5", "3:1: seed: 1.5 does not fit; give a whole number"),
    "too few": ("repeats: 0", "3:1: repeats: 0 does not fit; give a whole number from 1"),
    "yes for a number": ("repeats: yes", "3:1: repeats: 'yes' does not fit; give a whole number from 1"),
    "true for a number": ("repeats: true", "3:1: repeats: True does not fit; give a whole number from 1"),
    "a word for a truth value": ("resplit: often", "3:1: resplit: 'often' does not fit; give true or false"),
    "a share above 1": ("alpha: 1.5", "3:1: alpha: 1.5 does not fit; give a share above 0 up to 1, or a list of them"),
    "no number": ("alpha: .nan", "3:1: alpha: nan does not fit; give a share above 0 up to 1, or a list of them"),
    "an empty axis": ("alpha: []", "3:1: alpha: [] does not fit; give a share above 0 up to 1, or a list of them"),
    "a value twice": ("alpha: [0.3, 0.3]", "3:14: alpha.1: 0.3 stands here twice"),
    "one of a list": (
        "alpha: [0.3, 2]",
        "3:14: alpha.1: 2 does not fit; give a share above 0 up to 1, or a list of them",
    ),
    "a misspelled word": (
        "select: validaton",
        "3:1: select: 'validaton' does not fit; did you mean 'validation'?; give 'validation' or 'test'",
    ),
    "a budget alone": (
        "budgets: 75",
        "3:1: budgets: 75 does not fit; give 'auto', or a list of counts (75) or shares of the candidates (0.5)",
    ),
    "a budget below 0": (
        "budgets: [0, -1]",
        "3:14: budgets.1: -1 does not fit; give 'auto', or a list of counts (75) or shares of the candidates (0.5)",
    ),
    "a share of budgets above 1": (
        "budgets: [1.5]",
        "3:11: budgets.0: 1.5 does not fit; give 'auto', or a list of counts (75) or shares of the candidates (0.5)",
    ),
    "an empty key": (
        "budgets:",
        "3:1: budgets: nothing does not fit; give 'auto', or a list of counts (75) or shares of the candidates (0.5)",
    ),
    "a learner that is a number": (
        "learner: 5",
        "3:1: learner: 5 does not fit; give a dotted path, {path: ..., params: {...}}, or a list of them",
    ),
    "a learner twice": ("learner: [a.B, a.B]", "3:16: learner.1: 'a.B' stands here twice"),
    "a learner twice, with parameters": (
        "learner: [{path: a.B, params: {k: 3}}, c.D, {path: a.B, params: {k: 3}}]",
        "3:45: learner.2: {path: a.B, params: {'k': 3}} stands here twice",
    ),
    "a space twice": (
        "space: [{method: fare, gamma: 0}, encoded, {method: fare, gamma: 0}]",
        "3:44: space.2: {method: fare, gamma: 0} stands here twice",
    ),
    "a word twice": ("majority_known: [all, 5, all]", "3:26: majority_known.2: 'all' stands here twice"),
    "a learner's misspelled key": (
        "learner: {pth: a.B}",
        "3:11: learner.pth: no such key; did you mean 'path'?; there are: path, params",
    ),
    "one learner of a list": (
        "learner: [a.B, {path: c.D, params: 3}]",
        "3:28: learner.1.params: 3 does not fit; give a mapping {parameter: value}",
    ),
    "a number of known members": (
        "majority_known: [all, 5.5]",
        "3:23: majority_known.1: 5.5 does not fit; give 'all', a whole number from 1, or a list of them",
    ),
    "a misspelled space": (
        "space: standardized",
        "3:1: space: 'standardized' does not fit; did you mean 'standardised'?; give 'encoded', 'standardised', "
        "{method: NAME}, or a list of them",
    ),
    "a space without a method": ("space: {k: 3}", "3:1: space.method: is missing; give the name of a firm-side method"),
    "text for a mapping": ("tune: eqod", "3:1: tune: 'eqod' does not fit; give a mapping {metric: ..., trials: ...}"),
    "within a mapping": ("tune: {trials: 0}", "3:8: tune.trials: 0 does not fit; give a whole number from 1"),
    "a key that is none within a mapping": (
        "tune: {metrik: eqod}",
        "3:8: tune.metrik: no such key; did you mean 'metric'?; there are: metric, trials",
    ),
    "text for a list": ("audit: race", "3:1: audit: 'race' does not fit; give a list of raw columns"),
    "a time below 0": ("timeout: -5", "3:1: timeout: -5 does not fit; give seconds, above 0"),
    "a time without end": ("timeout: .inf", "3:1: timeout: inf does not fit; give seconds, above 0"),
    "a folder up": ("name: ..", "3:1: name: '..' does not fit; give letters, digits, spaces, '.', '_' and '-'"),
    "a tag": ("seed: !!python/name:os.system 3", "seed: 'tag:yaml.org,2002:python/name:os.system 3' does not fit"),
    "something long": ("seed: " + "x" * 100, "seed: '" + "x" * 56 + "... does not fit; give a whole number"),
}


@pytest.mark.parametrize(("line", "said"), WRONG.values(), ids=WRONG)
def test_a_value_that_does_not_fit_is_told_with_what_would(tmp_path: Path, line: str, said: str) -> None:
    (found,) = told(tmp_path, LEAST + line + "\n")
    assert found.startswith("c.yaml:3:")
    assert said in found


def test_a_misspelled_key_lists_what_there_is(tmp_path: Path) -> None:
    (found,) = told(tmp_path, LEAST + "repeat: 3\n")
    assert found.startswith(
        "c.yaml:3:1: repeat: no such key; did you mean 'repeats'?; there are: name, description, seed"
    )
    assert all(key in found for key in Config.model_fields)


ENTRIES: dict[str, tuple[str, list[str]]] = {
    "no methods": (
        "datasets: [adult]",
        ["c.yaml:1:1: methods: is missing; give a list of names, or of mappings with a name"],
    ),
    "neither": (
        "seed: 1",
        [
            "c.yaml:1:1: datasets: is missing; give a list of names, or of mappings with a name",
            "c.yaml:1:1: methods: is missing; give a list of names, or of mappings with a name",
        ],
    ),
    "a name instead of a list": (
        "datasets: adult\nmethods: []",
        [
            "c.yaml:1:1: datasets: 'adult' does not fit; give a list of names, or of mappings with a name",
            "c.yaml:2:1: methods: [] does not fit; give a list of names, or of mappings with a name",
        ],
    ),
    "a number instead of a name": (
        "datasets: [adult]\nmethods:\n  - 3\n  - baseline",
        ["c.yaml:3:5: methods.0: 3 does not fit; give a name, or a mapping with a name"],
    ),
    "an empty entry": (
        "datasets: [adult]\nmethods:\n  -\n  - baseline",
        ["c.yaml:3:4: methods.0: nothing does not fit; give a name, or a mapping with a name"],
    ),
    "no name": (
        "datasets: [adult]\nmethods:\n  - k: 3\n",
        ["c.yaml:3:5: methods.0.name: is missing; give a name that `fwk methods` lists"],
    ),
    "a data set's keys": (
        "datasets:\n  - name: adult\n    test: publshed\n    missing: drop\n    group_in_X: []\n    keep: 3\n"
        "methods: [a]",
        [
            "c.yaml:3:5: datasets.0.test: 'publshed' does not fit; did you mean 'published'?; give 'published', or a "
            "share between 0 and 1 such as 0.2",
            "c.yaml:4:5: datasets.0.missing: 'drop' does not fit; give 'learner' or 'impute'",
            "c.yaml:5:5: datasets.0.group_in_X: [] does not fit; give true, false or a list of both",
            "c.yaml:6:5: datasets.0.keep: 3 does not fit; give an expression over the raw columns, such as age > 17",
        ],
    ),
    "a method's keys": (
        "datasets: [adult]\nmethods:\n  - {name: a, sweep: 3}\n  - {name: b, tune: {k: []}}\n"
        "  - {name: c, each: {k: 5}}\n  - {name: d, tune: true}\n  - {name: e, sweep: [1, 1]}\n"
        "  - {name: f, tune: {k: [2, 2]}}",
        [
            "c.yaml:3:15: methods.0.sweep: 3 does not fit; give a list of values, or {knob: [values]}",
            "c.yaml:4:22: methods.1.tune.k: [] does not fit; give {knob: [values]}, or false for none",
            "c.yaml:5:22: methods.2.each.k: 5 does not fit; give {knob: [values]}",
            "c.yaml:6:15: methods.3.tune: True does not fit; give {knob: [values]}, or false for none",
            "c.yaml:7:26: methods.4.sweep.1: 1 stands here twice",
            "c.yaml:8:29: methods.5.tune.k.1: 2 stands here twice",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), ENTRIES.values(), ids=ENTRIES)
def test_faults_of_entries_come_all_at_once_in_the_order_of_lines(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert told(tmp_path, text + "\n") == expected


UNREADABLE = {
    "nothing": ("", "c.yaml:1:1: nothing is no comparison; give a mapping with datasets and methods"),
    "a text": ("hello", "c.yaml:1:1: 'hello' is no comparison"),
    "a list": ("- a\n- b", "c.yaml:1:1: ['a', 'b'] is no comparison"),
    "a tab": ("datasets:\n\t- adult", r"c.yaml:2:1: not YAML: .*found character '\t'"),
    "a bracket that stays open": ("datasets: [adult\nmethods: [a]", "c.yaml:2:8: not YAML: .*expected ',' or ']'"),
    "a key twice": (LEAST + "seed: 1\nseed: 2", 'c.yaml:4:1: not YAML: .*found duplicate key "seed"'),
    "two documents": (LEAST + "---\n" + LEAST, "c.yaml:3:1: not YAML: expected a single document .*found another"),
    "an alias of nothing": ("datasets: *a", "c.yaml:1:11: not YAML: found undefined alias 'a'"),
    "control characters": ("datasets: [\x01]", "c.yaml: not YAML: "),
    "too deep": ("[" * 500, "c.yaml: not YAML that can be read: it is nested too deeply"),
}


@pytest.mark.parametrize(("text", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_yaml_of_ours_is_one_message_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Mistake) as mistake:
        draft(tmp_path, text)
    message = str(mistake.value).replace(f"{tmp_path}/", "")
    assert "\n" not in message
    plain = said.replace(".*", "\0").split("\0")
    assert all(part.replace("\\t", "\\t") in message for part in plain)


def test_something_that_contains_itself_is_no_end_of_the_program(tmp_path: Path) -> None:
    texts = ("datasets: [adult]\nmethods: &a [*a]\n", "datasets: &a {x: *a}\nmethods: [b]\n", "&a\ndatasets: *a\n")
    for text in texts:
        assert told(tmp_path, text)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_text(LEAST)
    with pytest.raises(Mistake, match=r"no config file .*ther.yaml; there are: .*there.yaml"):
        read_config(tmp_path / "ther.yaml")
    with pytest.raises(Mistake, match=r"no config file .*nowhere/c.yaml$"):
        read_config(tmp_path / "nowhere" / "c.yaml")
    with pytest.raises(Mistake, match=r"cannot be read"):
        read_config(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Mistake, match=r"binary.yaml cannot be read: 'utf-8' codec"):
        read_config(tmp_path / "binary.yaml")


def test_faults_added_later_are_told_in_their_place_and_once(tmp_path: Path) -> None:
    read_one = draft(tmp_path, "datasets: [adult]\nmethods: [baseline]\nseed: 1\n")
    assert read_one.raise_faults([]).seed == 1
    more = [Fault(("seed",), "b"), Fault(("datasets", 0, "name"), "a"), Fault(("seed",), "b"), Fault((), "c")]
    with pytest.raises(Mistake) as mistake:
        read_one.raise_faults(more)
    assert str(mistake.value).replace(f"{tmp_path}/", "").splitlines() == [
        "3 faults in c.yaml", "c.yaml:1:1: top level: c", "c.yaml:1:12: datasets.0: a", "c.yaml:3:1: seed: b",
    ]  # fmt: skip


def test_entries_that_fit_are_known_whatever_else_is_wrong(tmp_path: Path) -> None:
    found = draft(
        tmp_path, "datasets: [adult, 3]\nmethods: [{k: 1}, baseline]\nalpha: 7\nseed: 4\ntune: {metric: sp}\n"
    )
    assert found.config is None
    assert {position: spec.name for position, spec in found.datasets.items()} == {0: "adult"}
    assert {position: spec.name for position, spec in found.methods.items()} == {1: "baseline"}
    assert (found.rest.seed, found.rest.tune.metric, found.rest.alpha) == (4, "sp", 0.3)


def test_specs_cannot_be_changed() -> None:
    spec: Any = LearnerSpec()
    with pytest.raises(ValueError, match="frozen"):
        spec.path = "other"
