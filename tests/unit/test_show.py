"""What commands print, of cards and plans that are not installed."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from fakes import points_table
from fakes_core import Bench, NotThere, registry
from fwk import show
from fwk.api import Dataset, Mistake
from fwk.closing import closing
from fwk.fronts import answer, choose_fronts, leader
from fwk.library import describe, fetch, knobs_given, states
from fwk.plugins import Plugin, Registry


def printed(width: int = 200) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=width, color_system=None), text


def test_a_table_wraps_and_cuts_nothing_off() -> None:
    console, text = printed(width=24)
    show.table(console, ("name", "words"), [("a", "one two three four five"), ("[b]", "x" * 40)], title="Title")
    shown = text.getvalue()
    assert shown.startswith("Title")
    assert "".join(shown.split()).count("x") == 40
    assert "[b]" in shown


def test_broken_plugins_are_told_as_they_are() -> None:
    console, text = printed()
    show.troubles(console, Registry((Plugin("p", "d", "1", "broken", trouble="[red] is no colour here", remedy="r"),)))
    assert text.getvalue() == "broken plugin p (d 1): [red] is no colour here\n  remedy: r\n"


def test_every_method_of_a_stranger_can_be_listed_and_shown() -> None:
    console, text = printed()
    show.methods(console, registry())
    assert "lottery  firm, after training" in text.getvalue()
    assert "needs the base model" in text.getvalue()
    assert "knobs unlucky=True" in text.getvalue()
    for card in [*registry().methods.values(), *registry().metrics.values(), *registry().datasets.values()]:
        console, text = printed()
        show.card_in_full(console, registry(), card)
        assert text.getvalue().startswith(card.name)
        assert "fakes (unknown unknown)" in text.getvalue() or "fwk (unknown unknown)" in text.getvalue()


@pytest.mark.parametrize(("seconds", "said"), [(0.4, "0 s"), (90, "90 s"), (554, "9.2 min"), (9000, "2.5 h")])
def test_an_estimate_is_told_in_fitting_units(tmp_path: Path, seconds: float, said: str) -> None:
    console, text = printed()
    show.plan(console, Bench(tmp_path).plan(), seconds)
    assert f"estimate: {said}" in text.getvalue()


def test_a_plan_tells_what_could_not_be_loaded(tmp_path: Path) -> None:
    console, text = printed()
    show.plan(console, Bench(tmp_path).plan(datasets=["made", "not-there"]), None)
    assert "data set not-there cannot be loaded, its cells will fail: no file people.csv" in text.getvalue()
    assert "estimate" not in text.getvalue()


class Buggy:
    """A reader with a bug."""

    def read(self, shelf: object) -> None:
        raise KeyError("column")


def test_the_state_of_a_faulty_data_set_does_not_hide_the_others() -> None:
    cards = {"buggy": Dataset("buggy", Buggy), "not-there": Dataset("not-there", NotThere)}  # type: ignore[arg-type]
    own = registry().datasets
    found = states(Registry(datasets={**cards, "made": own["made"]}), None)
    assert found == {"buggy": "faulty: 'column'", "not-there": "faulty: no file people.csv", "made": "here"}


def test_a_data_set_is_described_or_fetched_only_where_that_means_something() -> None:
    console, text = printed()
    describe(console, registry(), registry().datasets["made"], None)
    assert "raw columns: skill, luck, district, race, sex, y" in text.getvalue()
    console, text = printed()
    describe(console, registry(), registry().datasets["not-there"], None)
    assert "not here: faulty: no file people.csv" in text.getvalue()
    with pytest.raises(Mistake, match=r"no file people\.csv"):
        fetch(console, registry().datasets["not-there"], None)


def test_knobs_are_given_as_yaml_reads_them() -> None:
    assert knobs_given(["k=5", "name = a b", "on=true", "list=[1, 2]", "empty="]) == {
        "k": 5, "name": "a b", "on": True, "list": [1, 2], "empty": None,
    }  # fmt: skip
    for wrong in ("k", "k=[1"):
        with pytest.raises(Mistake, match="--knob"):
            knobs_given([wrong])


def test_the_end_gives_the_answer_names_failures_the_report_and_the_ui() -> None:
    points = points_table()
    answers = answer(choose_fronts(points))
    failures = pd.DataFrame({"method": ["lfr [b]", "lfr [b]", "fare"]})
    console, text = printed()
    closing(console, answers, failures, Path("results/[c]/report.html"), tracked=True)
    shown = text.getvalue()
    assert all(method in shown for method in ("rb-prob", "reductions", "baseline"))
    assert (
        shown.count("How to read: settings and the best of each side are chosen on validation, the figures are of") == 1
    )
    assert "3 cells failed: lfr [b] (2), fare (1); the report says why" in shown
    assert "--retry-failed tries them again" in shown
    assert shown.endswith("report  results/[c]/report.html\nbrowse  fwk ui\n")
    console, text = printed()
    closing(console, answer(choose_fronts(points, select="test")), failures, Path("r.html"), tracked=False)
    assert "chosen on test, and the figures are of test too" in text.getvalue()
    console, text = printed()
    closing(console, answers, failures[:0], Path("r.html"), tracked=False)
    assert "failed" not in text.getvalue()
    assert text.getvalue().endswith("\nreport  r.html\n")


def test_many_scenarios_get_a_line_each_and_very_many_the_first_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    points = points_table(alphas=[0.02 * step for step in range(1, 41)], settings=4)
    answers = answer(choose_fronts(points))
    console, text = printed()
    closing(console, answers, pd.DataFrame(), Path("r.html"), tracked=False)
    shown = text.getvalue().splitlines()
    assert len(shown) < 40 + 12
    (line,) = [line for line in shown if "alpha 0.42" in line]
    rows = answers[(answers["scenario"] == "adult, alpha 0.42") & (answers["unfairness"] == "eqod")]
    assert f"baseline {100 * rows['baseline_value'].iloc[0]:.2f}" in line
    assert all(leader(rows, side)["method"] in line for side in ("user", "firm"))  # type: ignore[index]  # there is one
    assert "40 scenarios; the report has the tables of all" in text.getvalue()
    monkeypatch.setattr("fwk.closing.LINES", 15)
    console, text = printed()
    closing(console, answers, pd.DataFrame(), Path("r.html"), tracked=False)
    assert "The first 15 of 40 scenarios" in text.getvalue()
    assert sum("baseline" in line for line in text.getvalue().splitlines()) < 20


def test_a_plan_says_how_many_scenarios_there_are(tmp_path: Path) -> None:
    axes = {"alpha": [0.2, 0.4], "majority_known": ["all", 9], "space": ["encoded", "standardised"]}
    for config, number in (
        (axes, 8),
        ({**axes, "methods": ["lottery"]}, 1),
        ({"datasets": [{"name": "made", "group_in_X": [True, False]}]}, 2),
    ):
        console, text = printed()
        show.plan(console, Bench(tmp_path).plan(**config), None)
        assert f" points over 2 repeats, {number} scenario(s) and " in text.getvalue()


@pytest.mark.parametrize("name", ["protocol.md", "config.md"])
def test_the_documents_say_how_failed_cells_are_tried_again(name: str) -> None:
    said = (Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8")
    assert "`--retry-failed`" in said
