"""One check of a card: what it promises, and what came of it."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

from fwk.api import Note, Refusal

Answer = TypeVar("Answer")
Given = ParamSpec("Given")


class Broken(AssertionError):
    """A promise is not kept; the message says how, and what would keep it."""


@dataclass(frozen=True)
class CheckResult:
    """What came of a check. `message` says what is wrong, or holds a remark if it passed."""

    name: str
    passed: bool
    message: str = ""


@dataclass(frozen=True)
class Check:
    """One promise of one card.

    name     what reports call it
    promise  what is checked, in a sentence
    test     raises Broken, or returns a remark ("" for none)
    """

    name: str
    promise: str
    test: Callable[[], str]

    def __str__(self) -> str:
        return self.name

    def __call__(self) -> None:
        """For pytest: raises Broken (an AssertionError); a remark becomes a `Note`."""
        if remark := self._tested():
            warnings.warn(f"{self.name}: {remark}", Note, stacklevel=2)

    def result(self) -> CheckResult:
        """For reports: never raises what the card does wrong."""
        try:
            return CheckResult(self.name, True, self._tested())
        except Broken as broken:
            return CheckResult(self.name, False, str(broken))
        except Exception as error:  # noqa: BLE001  # a stranger's object can fail in ways that no check foresees
            return CheckResult(self.name, False, described(error))

    def _tested(self) -> str:
        """One thread, and the method's own warnings unheard: the same here, in pytest and on the command line."""
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore")
            return self.test()


def attempt(where: str, act: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """What `act` returns; what a stranger's code raises becomes Broken, except a Refusal that says why."""
    try:
        return act(*args, **kwargs)
    except Broken:
        raise
    except Refusal as refusal:
        if str(refusal).strip():
            raise
        raise Broken(f"{where}: a Refusal without a word; say why, with the value, and what would help") from refusal
    except Exception as error:  # the plugin border: whatever a stranger's code raises
        raise Broken(f"{where}: {described(error)}") from error


def described(error: Exception) -> str:
    """An exception in one line: type, message, the line that raised it, and a hint where one is known."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    hint = "; it writes into its input, which is read-only: copy first" if "read-only" in str(error) else ""
    return f"{type(error).__name__}: {error}{place}{hint}"
