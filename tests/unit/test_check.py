"""Names, knobs and learners of a config against what is installed: what entries come of it, or every fault."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes_core import TREE, Bench, registry, sound
from fwk.api import FirmSide, Mistake, UserSide
from fwk.check import Comparison
from fwk.draft import read_config
from fwk.entries import Entry
from fwk.plugins import Registry, load_plugins


def checked(tmp_path: Path, **config: Any) -> Comparison:
    return Bench(tmp_path).comparison(**config)


def told(tmp_path: Path, **config: Any) -> list[str]:
    """What is said of a config: key and message, a line each."""
    with pytest.raises(Mistake) as mistake:
        checked(tmp_path, **config)
    return [line.split(": ", 1)[1] for line in str(mistake.value).splitlines()[1:]]


def entry(tmp_path: Path, **spec: Any) -> Entry:
    (found,) = checked(tmp_path, methods=[spec]).methods
    return found


def test_defaults_are_filled_in_and_the_swept_and_tuned_stand_apart(tmp_path: Path) -> None:
    assert entry(tmp_path, name="skill") == Entry(
        "skill", registry().methods["skill"], (("unlucky", True),), "budget", ()
    )
    near = entry(tmp_path, name="near")
    assert (near.knobs, near.tuned) == ((), (("k", (1, 5, 20)),))
    lottery = entry(tmp_path, name="lottery")
    assert (lottery.knobs, lottery.swept, lottery.settings) == ((), "strength", (0.0, 0.5, 1.0))
    assert (entry(tmp_path, name="baseline").swept, entry(tmp_path, name="baseline").settings) == ("", ())


def test_a_knob_that_is_given_is_neither_tuned_nor_swept(tmp_path: Path) -> None:
    near = entry(tmp_path, name="near", k=3)
    assert (near.knobs, near.tuned) == ((("k", 3),), ())
    fixed = entry(tmp_path, name="lottery", strength=0.5)
    assert (fixed.knobs, fixed.swept, fixed.settings) == ((("strength", 0.5),), "", ())


def test_tuning_can_be_left_out_or_given_other_grids(tmp_path: Path) -> None:
    assert entry(tmp_path, name="near", tune=False).knobs == (("k", 5),)
    assert entry(tmp_path, name="near", tune={"k": [2, 3]}).tuned == (("k", (2, 3)),)
    assert entry(tmp_path, name="skill", tune={"unlucky": [True, False]}).tuned == (("unlucky", (True, False)),)


def test_sweeps_can_have_other_values_or_another_knob(tmp_path: Path) -> None:
    assert entry(tmp_path, name="lottery", sweep=[0.1, 0.2]).settings == (0.1, 0.2)
    at = entry(tmp_path, name="bad-method", sweep={"at": [2, 3]}, what="two")
    assert (at.swept, at.settings, at.knobs) == ("at", (2, 3), (("strength", 0.0), ("what", "two")))
    other = entry(tmp_path, name="doubled", sweep={"width": [1.0, 4.0]})
    assert (other.swept, other.tuned) == ("width", ()), "a knob is not swept and tuned at once"


def test_each_value_gets_a_curve_of_its_own(tmp_path: Path) -> None:
    found = checked(tmp_path, methods=[{"name": "bad-method", "each": {"what": ["two", "none"], "at": [5]}}]).methods
    assert [(e.label, dict(e.knobs)) for e in found] == [
        ("bad-method (what=two, at=5)", {"what": "two", "at": 5}),
        ("bad-method (what=none, at=5)", {"what": "none", "at": 5}),
    ]
    called = checked(tmp_path, methods=[{"name": "near", "called": "N", "each": {"k": [1]}}]).methods
    assert [(e.label, e.tuned) for e in called] == [("N (k=1)", ())]
    unswept = checked(tmp_path, methods=[{"name": "lottery", "each": {"strength": [0.5, 1.0]}}]).methods
    assert [(e.swept, dict(e.knobs)) for e in unswept] == [("", {"strength": 0.5}), ("", {"strength": 1.0})]


def test_an_entry_builds_its_method_with_what_was_chosen_and_the_setting(tmp_path: Path) -> None:
    assert entry(tmp_path, name="near").build({"k": 20}) == registry().methods["near"].make(k=20)
    made = entry(tmp_path, name="bad-method", what="two").build({}, 0.25)
    assert (made.what, made.at, made.strength) == ("two", 0.0, 0.25)


def test_candidates_are_every_choice_of_the_tuned_knobs(tmp_path: Path) -> None:
    assert list(entry(tmp_path, name="near").candidates()) == [{"k": 1}, {"k": 5}, {"k": 20}]
    assert list(entry(tmp_path, name="skill").candidates()) == [{}]
    both = entry(tmp_path, name="bad-method", tune={"what": ["a", "b"], "at": [1, 2]})
    assert len(list(both.candidates())) == 4


def test_lists_become_tuples(tmp_path: Path) -> None:
    found = entry(tmp_path, name="bad-method", what=[1, [2, 3]])
    assert dict(found.knobs)["what"] == (1, (2, 3))


def test_data_sets_have_sources_labels_and_what_was_asked_of_them(tmp_path: Path) -> None:
    first, second = checked(tmp_path, datasets=["made", {"name": "made", "called": "big", "n": 900, "test": 0.3}]).data
    assert (first.label, first.source.n, first.spec.test) == ("made", 300, None)  # type: ignore[attr-defined]
    assert (second.label, second.source.n, second.spec.test) == ("big", 900, 0.3)  # type: ignore[attr-defined]


def test_a_path_is_looked_for_beside_the_config_first_and_missed_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for path in ("people.csv", "here/people.csv", "here/other.csv"):
        (tmp_path / path).write_text("a,y\n1,2\n")
    given = {"name": "table", "label": "y", "favourable": 1, "minority": "a == 1"}
    installed = Bench(tmp_path, _installed())

    def looked_for(path: str) -> str:
        (data,) = installed.comparison(datasets=[{**given, "path": path}], methods=["baseline"]).data
        return str(data.source.path)  # type: ignore[attr-defined]

    assert looked_for("people.csv") == str(tmp_path / "people.csv")
    assert looked_for("other.csv") == "other.csv"
    assert looked_for("nowhere.csv") == str(tmp_path / "nowhere.csv")
    assert looked_for("~/nowhere.csv") == "~/nowhere.csv"


def test_spaces_are_built_in_or_learned_by_a_method_that_can(tmp_path: Path) -> None:
    found = checked(tmp_path, space=["encoded", {"method": "doubled"}, {"method": "doubled", "width": 5}]).spaces
    assert [space.name for space in found] == ["encoded", "doubled", "doubled(width=5)"]
    assert found[0].method is None
    assert found[2].method is not None
    assert found[2].method.build({}).width == 5
    assert len(set(found)) == 3, "spaces are keys of dictionaries"


def test_learners_keep_path_and_parameters(tmp_path: Path) -> None:
    path = "sklearn.tree.DecisionTreeClassifier"
    first, second = checked(tmp_path, learner=[path, {"path": path, "params": {"max_depth": 2}}]).learners
    assert (first.path, dict(first.params), dict(second.params)) == (path, {}, {"max_depth": 2})


METHODS = ", ".join(sorted(registry().methods))

FAULTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a misspelled method": (
        {"methods": ["skil"]},
        [f"methods.0: no method 'skil'; did you mean 'skill'?; there are: {METHODS}"],
    ),
    "a misspelled data set": (
        {"datasets": [{"name": "maid"}]},
        ["datasets.0.name: no data set 'maid'; did you mean 'made'?; there are: made, not-there"],
    ),
    "a misspelled metric": (
        {"tune": {"metric": "eqodd"}},
        ["tune.metric: no metric 'eqodd'; did you mean 'eqod'?; there are: accepted, eopp, eqod, eqod_max, error, sp"],
    ),
    "knobs that are none": (
        {"methods": [{"name": "near", "kk": 3, "called": "a"}, {"name": "baseline", "twen": 2},
                     {"name": "near", "tune": {"j": [1]}, "each": {"i": [1]}}]},
        ["methods.0.kk: near has no knob 'kk'; did you mean 'k'?; its knobs are: k",
         "methods.1.twen: baseline has no knob 'twen'; did you mean 'tune'?; it has none",
         "methods.2.tune.j: near has no knob 'j'; its knobs are: k",
         "methods.2.each.i: near has no knob 'i'; its knobs are: k"],
    ),
    "a knob of a data set that is none": (
        {"datasets": [{"name": "made", "sead": 3, "keeep": "x"}]},
        ["datasets.0.keeep: made has no knob 'keeep'; did you mean 'keep'?; its knobs are: n, seed",
         "datasets.0.sead: made has no knob 'sead'; did you mean 'seed'?; its knobs are: n, seed"],
    ),
    "a sweep of the user side": (
        {"methods": [{"name": "skill", "sweep": [1]}]},
        ["methods.0.sweep: the user side is swept over budgets; set the top-level key budgets"],
    ),
    "a sweep of nothing": (
        {"methods": [{"name": "baseline", "sweep": [1]}, {"name": "lottery", "strength": 1.0, "sweep": [1.0]}]},
        ["methods.0.sweep: baseline has no knob left to sweep", "methods.1.sweep: lottery has no knob left to sweep"],
    ),
    "a sweep of other knobs": (
        {"methods": [{"name": "lottery", "sweep": {"strenth": [1]}}, {"name": "bad-method", "sweep": {}},
                     {"name": "bad-method", "called": "b", "sweep": {"at": [1], "what": ["two"]}}]},
        ["methods.0.sweep: lottery has no knob 'strenth'; did you mean 'strength'?; its knobs are: strength",
         "methods.1.sweep: nothing is swept; sweep one knob of: what, at, strength",
         "methods.2.sweep: at, what is swept; sweep one knob of: what, at, strength"],
    ),
    "a knob given in two ways": (
        {"methods": [{"name": "near", "k": 3, "tune": {"k": [1]}},
                     {"name": "near", "called": "b", "k": 3, "each": {"k": [1]}},
                     {"name": "near", "called": "c", "tune": {"k": [1]}, "each": {"k": [1]}},
                     {"name": "bad-method", "at": 1, "sweep": {"at": [1]}},
                     {"name": "bad-method", "called": "d", "sweep": {"at": [1]}, "each": {"at": [1]}}]},
        ["methods.0.tune: 'k' is fixed and in tune at once; choose one",
         "methods.1.each: 'k' is fixed and in each at once; choose one",
         "methods.2.each: 'k' is in tune and in each at once; choose one",
         "methods.3.sweep: 'at' is fixed and swept at once; choose one",
         "methods.4.each: 'at' is swept and in each at once; choose one"],
    ),
    "a label twice": (
        {"methods": ["zzz", {"name": "near", "each": {"k": [1, 2]}}, "skill", "skill"],
         "datasets": ["zz", "made", "made"]},
        ["datasets.0: no data set 'zz'; there are: made, not-there",
         "datasets.2: 'made' stands here twice; name one apart with called:",
         f"methods.0: no method 'zzz'; there are: {METHODS}",
         "methods.3: 'skill' stands here twice; name one apart with called:"],
    ),
    "two learners of one name": (
        {"learner": ["sklearn.tree.DecisionTreeClassifier", "sklearn.tree._classes.DecisionTreeClassifier"]},
        ["learner.1: sklearn.tree._classes.DecisionTreeClassifier and sklearn.tree.DecisionTreeClassifier are both "
         "called DecisionTreeClassifier; give your class a name of its own"],
    ),
    "learners": (
        {"learner": ["sklearn.tree.DecisionTree", {**TREE, "params": {"max_depth": "deep"}}]},
        ["learner.0: no class at 'sklearn.tree.DecisionTree' (module 'sklearn.tree' has no attribute 'DecisionTree'); "
         "give the full dotted path, such as sklearn.linear_model.LogisticRegression",
         "learner.1: The 'max_depth' parameter of DecisionTreeClassifier must be an int in the range [1, inf) or None. "
         "Got 'deep' instead."],
    ),
    "spaces": (
        {"space": ["encoded", {"method": "skill"}, {"method": "doubled", "widht": 2}]},
        ["space.1.method: no method that learns a representation 'skill'; there are: doubled",
         "space.2.widht: doubled has no knob 'widht'; did you mean 'width'?; its knobs are: width"],
    ),
    "several values of a knob of a space": (
        {"space": ["encoded", {"method": "doubled", "width": [2, 3]}]},
        ["space.1.width: [2, 3] are several values, and a space has one; give a list of spaces, such as "
         "[{method: doubled, width: 2}, {method: doubled, width: 3}]"],
    ),
    "a space twice, by its defaults": (
        {"space": [{"method": "doubled"}, {"method": "doubled", "width": 3}, {"method": "doubled", "width": 2}]},
        ["space.2: {method: doubled, width: 2} is the same space as {method: doubled}, whose other knobs have their "
         "defaults; leave one out"],
    ),
    "one space": (
        {"space": {"method": "doublet"}},
        ["space.method: no method that learns a representation 'doublet'; did you mean 'doubled'?; there are: doubled"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("config", "expected"), FAULTS.values(), ids=FAULTS)
def test_every_fault_is_told_with_its_place_and_the_nearest_name(
    tmp_path: Path, config: dict[str, Any], expected: list[str]
) -> None:
    # the file is one line of JSON, whose order is that of the columns
    found = [line.removesuffix(", published, gaps, scale") for line in told(tmp_path, **config)]
    assert sorted(found) == sorted(expected)


def test_faults_of_form_do_not_hide_faults_of_meaning(tmp_path: Path) -> None:
    found = told(
        tmp_path, datasets=["maid", 3], methods=["skil", {"k": 1}], alpha=7, repeat=2, tune={"metric": "eqodd"},
        learner="nothing.Here", space={"method": "skill"},
    )  # fmt: skip
    assert sorted(line.split(":")[0] for line in found) == [
        "alpha", "datasets.0", "datasets.1", "learner", "methods.0", "methods.1.name", "repeat", "space.method",
        "tune.metric",
    ]  # fmt: skip


class _Picky:
    """Takes no negative k, and says so; its knobs are its constructor's."""

    def __init__(self, k: int = 1, strength: float = 0.0) -> None:
        if k < 0 or strength < 0:
            raise ValueError(f"k = {k}, strength = {strength}; both are at least 0")

    def represent(self) -> None:
        raise AssertionError("never asked")


def picky(tmp_path: Path, config: dict[str, Any]) -> list[str]:
    cards = {
        "picky": FirmSide(
            "picky", _Picky, "in", sees_group=False, knob="strength", sweep=(0.0, 1.0), tune={"k": (0, 1)}
        ),
        "user": UserSide("user", _Picky),
    }
    own = registry()
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps({"datasets": ["made"], "methods": ["picky"], **config}))
    with pytest.raises(Mistake) as mistake:
        sound(read_config(path), Registry(own.plugins, {**own.methods, **cards}, own.datasets, own.metrics))  # type: ignore[dict-item]
    return [line.split(": ", 1)[1] for line in str(mistake.value).splitlines()[1:]]


@pytest.mark.parametrize(("config", "said"), [
    ({"methods": [{"name": "picky", "sweep": [0, -1]}]}, "methods.0: picky cannot be built at k = 0, strength = -1"),
    ({"methods": [{"name": "picky", "tune": {"k": [1, -1]}}]}, "methods.0: picky cannot be built at k = -1, str"),
    ({"methods": [{"name": "picky", "k": -3}]}, "methods.0: picky cannot be built at strength = 0.0: k = -3, strength"),
    ({"methods": [{"name": "picky", "each": {"k": [1, -3]}}]}, "methods.0: picky cannot be built at strength = 0.0: k"),
    ({"methods": [{"name": "user", "k": -3}]}, "methods.0: user cannot be built: k = -3, strength = 0.0; both"),
    ({"methods": [{"name": "user", "k": "x"}]}, "methods.0: user cannot be built: '<' not supported"),
    ({"space": {"method": "picky", "k": -1}}, "space.k: picky cannot be built: k = -1"),
])  # fmt: skip
def test_methods_are_built_once_at_every_setting_and_candidate(
    tmp_path: Path, config: dict[str, Any], said: str
) -> None:
    (found,) = picky(tmp_path, config)
    assert found.startswith(said)


def _installed() -> Registry:
    return load_plugins()


@pytest.mark.parametrize(("given", "said"), [
    ({"path": "x.csv", "label": "y", "favourable": 1},
     ["datasets.0: data set 'table' needs the key 'minority': an expression such as race == 'Black'"]),
    ({"path": "x.csv", "minority": "a == 1"}, ["datasets.0: data set 'table' needs the key 'favourable'",
                                               "datasets.0: data set 'table' needs the key 'label'"]),
    ({"path": "x.csv", "minority": "a == 1", "label": "y", "favourable": ""},
     ["datasets.0: data set 'table' cannot be set up: favourable is empty; give the value of the label that everybody "
      "wants"]),
    ({"path": "x.csv", "minority": "a == 1", "label": "y", "favourable": 1, "drop": ["b"], "types": {"a": "numbers"}},
     ["datasets.0.types: data set 'table' cannot be set up: types: a is 'numbers'; did you mean 'numeric'?; or give "
      "the list of its levels in order"]),
])  # fmt: skip
def test_a_users_own_table_says_which_keys_it_needs(tmp_path: Path, given: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(Mistake) as mistake:
        Bench(tmp_path, _installed()).comparison(datasets=[{"name": "table", **given}], methods=["baseline"])
    assert [line.split(": ", 1)[1] for line in str(mistake.value).splitlines()[1:]] == said


def with_card(tmp_path: Path, card: FirmSide) -> Comparison:
    own = registry()
    known = Registry(own.plugins, {card.name: card}, own.datasets, own.metrics)
    return Bench(tmp_path, known).comparison(methods=[card.name])


def test_numbers_of_numpy_in_a_card_become_pythons(tmp_path: Path) -> None:
    card = FirmSide(
        "np", _Picky, "in", sees_group=False, knob="k", sweep=tuple(np.arange(3)), tune={"strength": tuple(np.ones(1))}
    )
    (found,) = with_card(tmp_path, card).methods
    assert [type(setting) for setting in found.settings] == [int] * 3
    assert [type(value) for value in found.tuned[0][1]] == [float]


def test_knobs_that_cannot_be_recorded_are_refused(tmp_path: Path) -> None:
    card = FirmSide("odd", _Picky, "in", sees_group=False, knob="k", sweep=(0, Fraction(1, 2)))
    with pytest.raises(Mistake, match=r"odd cannot be recorded at k = Fraction\(1, 2\): .*; knobs are numbers"):
        with_card(tmp_path, card)


@dataclass
class _Loose:
    """A method that can be changed."""

    k: int = 1


def test_a_method_that_can_be_changed_is_refused(tmp_path: Path) -> None:
    card = FirmSide("loose", _Loose, "in", sees_group=False)
    with pytest.raises(
        Mistake, match=r"loose can be changed after it is built \(unhashable type: '_Loose'\); make it a frozen"
    ):
        with_card(tmp_path, card)
