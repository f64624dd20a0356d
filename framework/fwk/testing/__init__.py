"""The checks that a plugin author runs on cards of their own; also behind `fwk check NAME`.

One line in a test file checks everything:

    from fwk.testing import check_method

    def test_conforms():
        check_method("near-accepted")

or one test a check:

    @pytest.mark.parametrize("check", checks_of(method("near-accepted")), ids=str)
    def test_conforms(check):
        check()

Checks run on small tables drawn by fixed seeds, in one thread; the result of a check is the same every time.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from fwk.api import Card, Dataset, FirmSide, Metric, Mistake, Shelf, UserSide
from fwk.hints import nearest_name
from fwk.plugins import Registry, knobs_of, load_plugins
from fwk.shelf import Folders
from fwk.testing import datasets, firm_side, methods, metrics, trials, user_side
from fwk.testing.checking import Broken, Check, CheckResult

Found = TypeVar("Found", bound=Card)

__all__ = [
    "Broken",
    "Check",
    "CheckResult",
    "check_dataset",
    "check_method",
    "check_metric",
    "checks_of",
    "dataset",
    "method",
    "metric",
    "run_checks",
]


def checks_of(card: Card, *, shelf: Shelf | None = None, **knobs: Any) -> list[Check]:
    """The checks of a card, ready to run.

    knobs  knobs of the method or data set that differ from their defaults
    shelf  where a data set's files come from; by default the user's folder and the cache, without downloading

    Raises Mistake for a knob that does not exist, or one without a default that is not given.
    """
    if not isinstance(card, Metric):
        _require_knobs(card, knobs)
    if isinstance(card, Metric):
        return _bound(metrics.CHECKS, card)
    if isinstance(card, Dataset):
        stock = datasets.Stock(card, knobs, shelf or Folders(fetch=False))
        return _bound(datasets.CHECKS, stock, datasets.when_here)
    if isinstance(card, UserSide):
        subject = methods.Subject(card, knobs, trials.collectives, trials.odd_collectives)
        return _bound({**methods.COMMON, **user_side.ONLY}, subject)
    subject = methods.Subject(card, knobs, trials.markets, trials.odd_markets)
    return _bound({**methods.COMMON, **firm_side.ONLY}, subject)


def run_checks(card: Card, *, shelf: Shelf | None = None, **knobs: Any) -> list[CheckResult]:
    """Run every check of a card (`checks_of`); a failed one is a result, not an exception."""
    return [check.result() for check in checks_of(card, shelf=shelf, **knobs)]


def check_method(card: UserSide | FirmSide | str, **knobs: Any) -> None:
    """Run every check of a method: a card, or the name of an installed one. Raises Broken naming what failed."""
    _check(method(card) if isinstance(card, str) else card, None, knobs)


def check_dataset(card: Dataset | str, *, shelf: Shelf | None = None, **knobs: Any) -> None:
    """Run every check of a data set: a card, or the name of an installed one. Raises Broken naming what failed."""
    _check(dataset(card) if isinstance(card, str) else card, shelf, knobs)


def check_metric(card: Metric | str) -> None:
    """Run every check of a measure: a card, or the name of an installed one. Raises Broken naming what failed."""
    _check(metric(card) if isinstance(card, str) else card, None, {})


def method(name: str) -> UserSide | FirmSide:
    """The card of an installed method. Raises Mistake if there is none."""
    registry = load_plugins()
    return _found("method", name, registry.methods, registry)


def dataset(name: str) -> Dataset:
    """The card of an installed data set. Raises Mistake if there is none."""
    registry = load_plugins()
    return _found("data set", name, registry.datasets, registry)


def metric(name: str) -> Metric:
    """The card of an installed measure. Raises Mistake if there is none."""
    registry = load_plugins()
    return _found("metric", name, registry.metrics, registry)


def _check(card: Card, shelf: Shelf | None, knobs: Mapping[str, Any]) -> None:
    failed = [result for result in run_checks(card, shelf=shelf, **knobs) if not result.passed]
    if failed:
        listed = "\n".join(f"  {result.name}: {result.message}" for result in failed)
        raise Broken(f"{card.name} fails {len(failed)} check(s):\n{listed}")


def _bound(tests: Mapping[str, Any], subject: Any, around: Callable[[Any], Any] = lambda test: test) -> list[Check]:
    return [Check(name, _promise(test), partial(around(test), subject)) for name, test in tests.items()]


def _promise(test: Callable[..., str]) -> str:
    """The first paragraph of a test's docstring."""
    return (inspect.getdoc(test) or "").partition("\n\n")[0].replace("\n", " ")


def _require_knobs(card: UserSide | FirmSide | Dataset, knobs: Mapping[str, Any]) -> None:
    known = knobs_of(card)
    for knob in knobs:
        if knob not in known:
            hint = nearest_name(knob, known)
            raise Mistake(f"{card.name} has no knob {knob!r}{hint}; it has: {', '.join(known) or 'none'}")
    lacking = [name for name, default in known.items() if default is inspect.Parameter.empty and name not in knobs]
    if lacking:
        raise Mistake(f"{card.name} has no default for {', '.join(lacking)}; give it, such as {lacking[0]}=...")


def _found(kind: str, name: str, known: Mapping[str, Found], registry: Registry) -> Found:
    if name in known:
        return known[name]
    broken = "".join(f"; plugin {plugin.name!r} is broken: {plugin.trouble}" for plugin in registry.broken)
    raise Mistake(f"no {kind} {name!r}{nearest_name(name, known)}; there are: {', '.join(sorted(known))}{broken}")
