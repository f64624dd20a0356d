"""What commands print: tables of plugins, cards, plans and answers."""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fwk.api import Dataset, FirmSide, Metric, UserSide
from fwk.plan import Plan
from fwk.plugins import Registry, knobs_of

MOST_SETS = 12
"""Data sets that a plan describes, a line each."""
STAGES = {"none": "does nothing", "pre": "before training", "in": "in training", "post": "after training"}


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a plain table; cells wrap, nothing is cut off."""
    shown = Table(box=None, pad_edge=False, title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(str(cell)) for cell in row))  # text: brackets in a message are no markup
    console.print(shown)


def plugins(console: Console, registry: Registry, as_json: bool) -> None:
    """Every plugin with its state; what is wrong with the broken ones, and the remedy."""
    if as_json:
        console.print_json(json.dumps([_plugin_row(plugin) for plugin in registry.plugins]))
        return
    rows = [
        (p.name, p.distribution, p.version, p.state, ", ".join(card.name for card in p.cards)) for p in registry.plugins
    ]
    table(console, ("plugin", "distribution", "version", "state", "cards"), rows)
    troubles(console, registry)


def troubles(console: Console, registry: Registry) -> None:
    """A paragraph for each broken plugin."""
    for plugin in registry.broken:
        console.print(
            f"broken plugin {plugin.name} ({plugin.distribution} {plugin.version}): {plugin.trouble}\n"
            f"  remedy: {plugin.remedy}",
            style="red",
            markup=False,
            highlight=False,
        )


def methods(console: Console, registry: Registry) -> None:
    """Every method: side or stage, knobs with defaults, what it does, what it needs, the paper."""
    for card in sorted(registry.methods.values(), key=lambda card: (isinstance(card, FirmSide), card.name)):
        console.print(f"[bold]{card.name}[/bold]  {_side(card)}", highlight=False)
        _indented(console, (summary(card), f"needs {_needs(card)}", f"knobs {_knobs(card) or 'none'}", card.paper))


def card_in_full(console: Console, registry: Registry, card: UserSide | FirmSide | Dataset | Metric) -> None:
    """Everything that is known of one card."""
    plugin = registry.origin(card.name)
    facts: list[tuple[str, object]] = [("plugin", f"{plugin.name} ({plugin.distribution} {plugin.version})")]
    if isinstance(card, Metric):
        facts += [
            ("formula", card.formula),
            ("range", f"{card.range[0]:g} to {card.range[1]:g}"),
            ("0 means", card.zero),
        ]
        facts += [("undefined when", card.undefined), ("paper", card.paper)]
    elif isinstance(card, Dataset):
        facts += [("minority", card.minority), ("favourable", card.favourable), ("keep", card.keep)]
        facts += [("published test part", card.test), ("audit", ", ".join(card.audit))]
        facts += [("publisher", card.publisher), ("terms", card.terms), ("citation", card.citation)]
        facts += [("file", _file(name, *known)) for name, known in card.files.items()]
        facts += [("knobs", _knobs(card)), ("counts", ", ".join(f"{k} {v:,}" for k, v in card.counts.items()))]
    else:
        facts += [("side", _side(card)), ("needs", _needs(card)), ("knobs", _knobs(card))]
        facts += [("tuned", ", ".join(f"{k} over {list(v)}" for k, v in card.tune.items())), ("paper", card.paper)]
        if isinstance(card, FirmSide) and card.knob:
            facts.append(("swept", f"{card.knob} over {list(card.sweep)}"))
        if isinstance(card, FirmSide):
            facts.append(("sees the group when it decides", "yes" if card.sees_group else "no"))
    console.print(card.name, style="bold")
    table(console, ("", ""), [(name, value) for name, value in facts if str(value)])
    doc = inspect.getdoc(card.measure if isinstance(card, Metric) else card.make)
    if doc:
        console.print("\n" + doc, markup=False, highlight=False)


def datasets(console: Console, registry: Registry, states: dict[str, str]) -> None:
    """Every data set: whether it is here, what it is, its default minority, its publisher."""
    for card in sorted(registry.datasets.values(), key=lambda card: card.name):
        console.print(f"[bold]{card.name}[/bold]  {states.get(card.name, '')}", highlight=False)
        facts = (summary(card), f"minority {card.minority or '(you say)'}", f"knobs {_knobs(card) or 'none'}")
        _indented(console, (*facts, card.publisher))
    if any(state in ("downloadable", "by hand") for state in states.values()):
        console.print("\n`fwk datasets NAME` says what to do for one that is not here.", highlight=False)


def metrics(console: Console, registry: Registry) -> None:
    """Every measure."""
    rows = [(m.name, m.formula, m.zero, m.undefined, m.paper) for m in registry.metrics.values()]
    table(console, ("measure", "formula", "0 means", "undefined when", "paper"), rows)


def plan(console: Console, planned: Plan, seconds: float | None) -> None:
    """The cells by method, the fits after sharing, and what could not be loaded."""
    rows = planned.counts()
    table(console, list(rows[0]), [list(row.values()) for row in rows], title=f"{planned.config.name}: cells by method")
    grounds = len(planned.grounds)
    base = planned.repeats * grounds
    console.print(
        f"\n{planned.points} points over {planned.repeats} repeats, {planned.scenarios} scenario(s) and {grounds} data "
        f"set(s) x learner(s); at most {planned.fits} fits, of which {base} base fit(s) that every budget 0, baseline "
        "and post-processor share.\n"
        "Equal flips that different rankings come to are found on the way and fitted once. A fit of a method that "
        "works in training (reductions, say) trains the learner several times.",
        highlight=False,
    )
    told: dict[str, str] = {}
    for ground in planned.grounds:
        if ground.table is not None:
            told.setdefault(ground.data.label, ground.table.described)
    for label, described in list(told.items())[:MOST_SETS]:
        console.print(f"{label}: {described}", highlight=False, markup=False)
    if len(told) > MOST_SETS:
        console.print(f"... and {len(told) - MOST_SETS} more data sets", highlight=False)
    if planned.comparison.left_out:
        console.print(f"--quick leaves out {', '.join(planned.comparison.left_out)}", highlight=False)
    for label, error in dict.fromkeys((label, str(error)) for (label, _), error in planned.missing.items()):
        console.print(f"data set {label} cannot be loaded, its cells will fail: {error}", style="red", markup=False)
    if seconds is not None:
        console.print(f"estimate: {_duration(seconds)}", highlight=False)


def summary(card: UserSide | FirmSide | Dataset) -> str:
    """The first paragraph of its docstring, on one line."""
    doc = inspect.getdoc(card.make) or ""
    return textwrap.shorten(doc.split("\n\n")[0].replace("\n", " "), 160, placeholder=" ...")


def _indented(console: Console, facts: Iterable[str]) -> None:
    for fact in facts:
        if fact:
            console.print(Padding(Text(fact), (0, 0, 0, 4)))


def _plugin_row(plugin: Any) -> dict[str, object]:
    row = {name: getattr(plugin, name) for name in ("name", "distribution", "version", "state", "trouble", "remedy")}
    return {**row, "cards": [card.name for card in plugin.cards]}


def _side(card: UserSide | FirmSide) -> str:
    return "user" if isinstance(card, UserSide) else f"firm, {STAGES[card.stage]}"


def _needs(card: UserSide | FirmSide) -> str:
    if isinstance(card, UserSide):
        return "records of the majority" if card.needs else "the collective's own records only"
    wants = {"base": "the base model", "out-of-fold": "held-out scores"}
    found = [*(wants[need] for need in card.needs), *(["the group, to decide"] if card.sees_group else [])]
    return ", ".join(found) or "the train part only"


def _knobs(card: UserSide | FirmSide | Dataset) -> str:
    shown = []
    for name, default in knobs_of(card).items():
        shown.append(name if default is inspect.Parameter.empty else f"{name}={_short(default)}")
    return ", ".join(shown)


def _file(name: str, origin: str, sha256: str) -> str:
    return f"{name}: {origin}; " + (f"sha256 {sha256}" if sha256 else "no checksum is known")


def _short(default: object) -> str:
    """A default as it reads in a list: a dotted path by its last name."""
    is_path = isinstance(default, str) and default.count(".") > 1 and " " not in default
    return default.rpartition(".")[2] if is_path and isinstance(default, str) else repr(default)


def _duration(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.1f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
