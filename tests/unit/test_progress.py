"""What a person sees while a comparison runs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from fakes import a_run
from fakes_core import Bench
from fwk.points import Failure, Point
from fwk.progress import Display, Lines, Quiet, Tally, Watch, outcomes_in


def point(method: str, setting: int, eqod: float | None, tuning: bool = False, repeat: int = 0) -> Point:
    run = a_run("adult", method, "user", repeat, setting=setting, tuning=tuning)
    return Point(run, {"validation.eqod": eqod})


def failure(method: str = "lfr") -> Failure:
    return Failure(a_run("adult", method, "firm", 0), "Refusal", "too few people")


def test_as_many_outcomes_are_awaited_as_an_execution_gives(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    planned = bench.plan(methods=["baseline", "near", "direction", "lottery", "doubled"], budgets=[3, 6, 9], repeats=3)
    assert outcomes_in(planned) == len(bench.outcomes(planned))


def test_the_best_so_far_is_the_least_mean_over_repeats() -> None:
    tally = Tally()
    for setting, values in ((5, (0.1, 0.3)), (20, (0.15, 0.16)), (40, (0.9,))):
        for repeat, value in enumerate(values):
            tally.add(point("a", setting, value, repeat=repeat))
    tally.add(point("a", 5, 0.0, tuning=True))
    tally.add(point("a", 60, None))
    tally.add(failure("a"))
    assert tally.best("a") == (pytest.approx(0.155), "20")
    assert (tally.done, tally.failed) == (8, 1)


def test_quiet_says_nothing_and_hands_outcomes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch: Watch = Quiet()
    watch.start(Bench(tmp_path).plan())
    with watch:
        assert watch.saw(point("a", 5, 0.1)).run.method == "a"
        watch.say("hello")
    assert capsys.readouterr().out == ""


def test_lines_say_what_is_ahead_the_first_failure_and_how_it_ended(tmp_path: Path) -> None:
    said: list[str] = []
    watch: Watch = Lines(said.append, every=3600)
    watch.start(Bench(tmp_path).plan(methods=["baseline", "lottery"]))
    with watch:
        watch.saw(point("a", 5, 0.1))
        watch.saw(failure())
        watch.saw(failure("fare"))
        watch.say("drawing")
    assert said[0] == "c: 8 cells, at most 8 fits"
    assert said[1:3] == ["first failure: lfr: Refusal: too few people", "drawing"]
    assert said[3].startswith("3 of 8 cells, ")
    assert len(said) == 4


def test_lines_say_now_and_then_where_things_stand(tmp_path: Path) -> None:
    said: list[str] = []
    watch = Lines(said.append, every=0.0)
    watch.start(Bench(tmp_path).plan(methods=["baseline", "lottery"]))
    watch.saw(point("a", 5, 0.1))
    watch.saw(failure())
    assert said[1].startswith("1 of 8 cells, ")
    assert " a second, about " in said[1]
    assert "2 of 8 cells, 1 failed, " in said[3]


def test_lines_say_nothing_of_an_end_that_was_none(tmp_path: Path) -> None:
    said: list[str] = []
    watch = Lines(said.append)
    watch.start(Bench(tmp_path).plan())
    with pytest.raises(KeyboardInterrupt), watch:
        raise KeyboardInterrupt
    assert len(said) == 1


def test_the_display_shows_the_bar_the_best_and_what_failed(tmp_path: Path) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=100, color_system=None)
    watch: Watch = Display(console)
    watch.start(Bench(tmp_path).plan(methods=["baseline", "lottery"]))
    with watch:
        for outcome in (point("rb-prob", 75, 0.0123), point("baseline", 0, None), failure()):
            assert watch.saw(outcome) is outcome
        watch.say("drawing [b]")
        console.print(watch._standing())  # type: ignore[attr-defined]
        console.print(watch._bar)  # type: ignore[attr-defined]
    shown = text.getvalue()
    assert "drawing [b]" in shown
    assert "3/8" in shown
    assert "/s" in shown
    standing = next(line for line in shown.splitlines() if line.startswith("rb-prob"))
    assert standing.split() == ["rb-prob", "0.0123", "75"]
    assert any(line.split() == ["failed", "1"] for line in shown.splitlines())
