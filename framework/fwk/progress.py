"""What a person sees while a comparison runs: a live display in a terminal, plain lines elsewhere, or nothing."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from fwk.plan import Plan
from fwk.points import Failure, Outcome


class Watch(Protocol):
    """Told what happens; entered while cells are worked out."""

    def start(self, plan: Plan) -> None:
        """Told what is ahead."""

    def saw(self, outcome: Outcome) -> Outcome:
        """Told an outcome, and hands it on."""

    def say(self, text: str) -> None:
        """Told a sentence for the user."""

    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def outcomes_in(plan: Plan) -> int:
    """How many outcomes an execution will give: points, and trials of tuning."""
    trials = sum(len(runs) for curve in plan.curves for _, runs in curve.trial_runs(0))
    return plan.points + plan.repeats * trials


@dataclass
class Tally:
    """Running means over repeats of a measure on the validation part, by method and setting; trials do not count."""

    measure: str = "eqod"
    done: int = 0
    failed: int = 0
    sums: dict[str, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def add(self, outcome: Outcome) -> None:
        """Count an outcome."""
        self.done += 1
        self.failed += isinstance(outcome, Failure)
        if isinstance(outcome, Failure) or outcome.run.tuning:
            return
        value = outcome.measures.get(f"validation.{self.measure}")
        if value is not None:
            self.sums[outcome.run.method][str(outcome.run.setting)].append(value)

    def best(self, method: str) -> tuple[float, str]:
        """The least mean so far, and its setting."""
        return min((sum(values) / len(values), setting) for setting, values in self.sums[method].items())


class Quiet:
    """Says nothing."""

    def start(self, plan: Plan) -> None:
        """Nothing."""

    def saw(self, outcome: Outcome) -> Outcome:
        """The outcome, as it came."""
        return outcome

    def say(self, text: str) -> None:
        """Nothing."""

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Lines:
    """A line now and then, for logs and pipes: at most one every `every` seconds."""

    def __init__(self, write: Callable[[str], object], every: float = 10.0) -> None:
        self._write, self._every = write, every
        self._tally, self._total = Tally(), 0
        self._started = self._last = time.monotonic()

    def start(self, plan: Plan) -> None:
        """Say what is ahead."""
        self._total = outcomes_in(plan)
        self._started = self._last = time.monotonic()
        self._write(f"{plan.config.name}: {self._total} cells, at most {plan.fits} fits")

    def saw(self, outcome: Outcome) -> Outcome:
        """Count it, and say where things stand if it is time to."""
        self._tally.add(outcome)
        if isinstance(outcome, Failure) and self._tally.failed == 1:
            self._write(f"first failure: {outcome.run.method}: {outcome.kind}: {outcome.message}")
        if time.monotonic() - self._last >= self._every:
            self._last = time.monotonic()
            self._write(self._standing())
        return outcome

    def say(self, text: str) -> None:
        """Write it."""
        self._write(text)

    def _standing(self) -> str:
        done, spent = self._tally.done, time.monotonic() - self._started
        left = spent / done * (self._total - done)
        failed = f", {self._tally.failed} failed" if self._tally.failed else ""
        return f"{done} of {self._total} cells{failed}, {done / spent:.1f} a second, about {left:.0f} s left"

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write(f"{self._tally.done} of {self._total} cells, {time.monotonic() - self._started:.0f} s")


class Display:
    """A bar with rate and time left, and the best of each method so far."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = Tally()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._bar.add_task("cells", total=None, rate="")
        self._live = Live(self._bar, console=console, refresh_per_second=4, transient=True)
        self._started = time.monotonic()

    def start(self, plan: Plan) -> None:
        """Set the bar's length."""
        self._started = time.monotonic()
        self._bar.update(self._task, total=outcomes_in(plan), description=plan.config.name)

    def saw(self, outcome: Outcome) -> Outcome:
        """Move the bar, and the best so far."""
        self._tally.add(outcome)
        rate = self._tally.done / max(1e-9, time.monotonic() - self._started)
        self._bar.update(self._task, advance=1, rate=f"{rate:.1f}/s")
        self._live.update(Group(self._bar, self._standing()))
        return outcome

    def say(self, text: str) -> None:
        """Print it."""
        self._console.print(text, highlight=False, markup=False)

    def _standing(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for name in ("method", f"least {self._tally.measure} so far (validation)", "at"):
            table.add_column(name)
        for method in sorted(self._tally.sums):
            value, setting = self._tally.best(method)
            table.add_row(method, f"{value:.4f}", "" if setting == "None" else setting)
        if self._tally.failed:
            table.add_row("failed", str(self._tally.failed), "")
        return table

    def __enter__(self) -> Display:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
