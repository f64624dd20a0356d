"""The command `fwk`. No logic: each command hands over, prints, and sets the exit status."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from fwk.api import Card, Mistake

if TYPE_CHECKING:
    from fwk.plugins import Registry
    from fwk.progress import Watch

Found = TypeVar("Found", bound=Card)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120)  # a pipe has room for a table
err = Console(stderr=True)

Config = Annotated[Path, typer.Option("--config", "-c", help="the comparison, a YAML file", show_default=False)]
Without = Annotated[list[str] | None, typer.Option("--without", help="leave a plugin out; can be given again")]
Quick = Annotated[
    bool, typer.Option("--quick", help="2 repeats, or 3 draws; coarse sweeps; results go to <name>-quick")
]
Data = Annotated[Path | None, typer.Option("--data", help="folder with data files; FWK_DATA otherwise")]
Knob = Annotated[list[str] | None, typer.Option("--knob", help="NAME=VALUE; can be given again")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"fwk {version('fwk')}")
        raise typer.Exit


@app.callback()
def whole(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version, and exit")
    ] = False,
) -> None:
    """Compare fairness methods of users and of firms on one shared protocol."""


@app.command()
def compare(
    config: Config,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="folder of the results")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="worker processes; 0: all cores allowed")] = 0,
    quick: Quick = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget earlier results in the folder")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="try failed cells again")] = False,
    track: Annotated[bool, typer.Option("--track/--no-track", help="log to MLflow")] = True,
    tracking_uri: Annotated[str, typer.Option("--tracking-uri", help="an MLflow server; mlruns/ here otherwise")] = "",
    without: Without = None,
    data: Data = None,
    backend: Annotated[str, typer.Option("--backend", help="joblib backend")] = "loky",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="print nothing but errors")] = False,
) -> None:
    """Run a comparison, or finish an interrupted one: fronts of error against unfairness, a report, MLflow runs.

    Exit status: 0 all done, 1 some cells failed (the report says which and why), 2 a mistake to mend, 130 interrupted.
    """
    from fwk.closing import closing
    from fwk.compare import compare as run
    from fwk.execute import Options, cores
    from fwk.prepare import Wishes

    wishes = Wishes(
        config, output, Options(jobs or cores(), backend), quick, fresh, retry_failed, track, tracking_uri,
        tuple(without or ()), data,
    )  # fmt: skip
    with _mistakes(resume=_again()):
        result = run(wishes, _watch(quiet))
        if not quiet:
            closing(out, result.answers, result.failures, result.page, track)
        raise typer.Exit(1 if len(result.failures) else 0)


@app.command()
def reproduce(
    experiment: Annotated[list[str] | None, typer.Argument(help="which; all of them by default")] = None,
    configs: Annotated[Path | None, typer.Option("--configs", help="folder of the configs; configs/paper here")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="folder of the pages; results/paper")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="only show what would be done")] = False,
    time: Annotated[
        bool | None,
        typer.Option("--time/--no-time", help="estimate the seconds first, from a few timed fits; so in full runs"),
    ] = None,
    claims: Annotated[bool, typer.Option("--claims", help="judge the paper's claims by what is stored")] = False,
    page: Annotated[
        Path | None, typer.Option("--page", help="where --claims writes; claims.md beside the results")
    ] = None,
    guides: Annotated[bool, typer.Option("--guides", help="parabolas through the fronts of `representation`")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="worker processes; 0: all cores allowed")] = 0,
    quick: Quick = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="forget earlier results in the folders")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="try failed cells again")] = False,
    track: Annotated[bool, typer.Option("--track/--no-track", help="log to MLflow")] = True,
    tracking_uri: Annotated[str, typer.Option("--tracking-uri", help="an MLflow server; mlruns/ here otherwise")] = "",
    without: Without = None,
    data: Data = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="print nothing but errors")] = False,
) -> None:
    """Run the paper's experiments (alpha, flips, knowledge, firm, representation, gmm4, toy, theory), a page for each.

    Points, fits and seconds of each part are printed beforehand. A data set that is not here costs only its own part.

    Exit status: 0 all done, 1 something is missing or failed (the pages say what), 2 a mistake to mend, 130
    interrupted.
    """
    from fwk import paper
    from fwk.execute import Options, cores
    from fwk.paper import terminal
    from fwk.prepare import Wishes

    workers = jobs or cores()
    results = output or paper.RESULTS
    with _mistakes(resume=_again()):
        if claims and experiment:
            raise Mistake(f"--claims judges all that is stored; name no experiment (here: {', '.join(experiment)})")
        if page and not claims:
            raise Mistake("--page says where --claims writes; give both")
        if claims:
            terminal.show_claims(out, *paper.write_claims(page, results, quick))
            return
        wishes = Wishes(
            Path(), None, Options(workers), quick, fresh, retry_failed, track, tracking_uri, tuple(without or ()), data,
            fetch=not plan,
        )  # fmt: skip
        chosen = paper.wanted(tuple(experiment or ()))
        order = paper.Order(chosen, wishes, configs or paper.CONFIGS, results, guides)
        with _status("reading", quiet) as say:
            timed = not (quick or plan) if time is None else time
            layouts = paper.lay_out(order, workers if timed else 0, say)
        if not quiet:
            terminal.show_layouts(out, layouts)
        whole = True
        for path, complete in () if plan else paper.reproduce(order, layouts, lambda: _watch(quiet)):
            whole &= complete
            if not quiet:
                out.print(f"page  {path}", highlight=False, soft_wrap=True)
        raise typer.Exit(0 if whole and not any(layout.left_out for layout in layouts) else 1)


@app.command()
def plan(
    config: Config,
    quick: Quick = False,
    without: Without = None,
    data: Data = None,
    time: Annotated[bool, typer.Option("--time", help="estimate the time, from a few timed fits")] = False,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="worker processes to estimate for")] = 0,
) -> None:
    """Show what a comparison will do, without training: cells by method, and fits after sharing."""
    from fwk import show
    from fwk.estimate import estimate
    from fwk.execute import cores
    from fwk.prepare import Wishes, prepare

    with _mistakes():
        prepared = prepare(Wishes(config, coarse=quick, without=tuple(without or ()), data=data))
        seconds = None
        if time:
            with _status("timing a few cells of every method"):
                seconds = estimate(prepared.plan, prepared.registry.metrics.values(), jobs or cores())
        show.plan(out, prepared.plan, seconds)
        show.troubles(err, prepared.registry)
        raise typer.Exit(1 if prepared.plan.missing else 0)


@app.command()
def plugins(as_json: Json = False, without: Without = None) -> None:
    """List plugins: distribution, version, cards, state; what is wrong with the broken ones, and the remedy."""
    from fwk import show
    from fwk.plugins import load_plugins

    with _mistakes():
        registry = load_plugins(without or ())
        show.plugins(out, registry, as_json)
        raise typer.Exit(1 if registry.broken else 0)


@app.command()
def methods(
    name: Annotated[str | None, typer.Argument(help="show this one in full")] = None, without: Without = None
) -> None:
    """List methods: side or stage, what they need, knobs with defaults; or show one in full."""
    from fwk import show
    from fwk.plugins import load_plugins

    with _mistakes():
        registry = load_plugins(without or ())
        _catalogue(name, registry, registry.methods, "method", show.methods)


@app.command()
def metrics(
    name: Annotated[str | None, typer.Argument(help="show this one in full")] = None, without: Without = None
) -> None:
    """List measures: formula, what 0 means, when undefined; or show one in full."""
    from fwk import show
    from fwk.plugins import load_plugins

    with _mistakes():
        registry = load_plugins(without or ())
        _catalogue(name, registry, registry.metrics, "measure", show.metrics)


def _catalogue(
    name: str | None,
    registry: Registry,
    cards: Mapping[str, Card],
    kind: str,
    show_all: Callable[[Console, Registry], None],
) -> None:
    """All cards of a kind, or one in full."""
    from fwk import show

    if name is None:
        show_all(out, registry)
    else:
        show.card_in_full(out, registry, _named(name, cards, kind))


@app.command()
def datasets(
    name: Annotated[str | None, typer.Argument(help="describe this one; `fetch NAME` downloads it")] = None,
    fetched: Annotated[str | None, typer.Argument(metavar="[NAME]", help="after fetch: the data set")] = None,
    knob: Knob = None,
    data: Data = None,
    without: Without = None,
) -> None:
    """List data sets with their state; or describe one with its counts; or `fwk datasets fetch NAME`.

    A table of your own: `fwk datasets table --knob path=FILE --knob label=COLUMN --knob favourable=VALUE`.
    """
    from fwk import show
    from fwk.library import describe, fetch, knobs_given, states
    from fwk.plugins import load_plugins

    with _mistakes():
        registry = load_plugins(without or ())
        if name == "fetch" and fetched is None:
            raise Mistake(f"fetch which data set? fwk datasets fetch NAME; there are: {', '.join(registry.datasets)}")
        if name != "fetch" and fetched is not None:
            raise Mistake(f"fwk datasets describes one data set, not {name!r} and {fetched!r}; give one name")
        if name is None and knob:
            raise Mistake("--knob goes with one data set: fwk datasets NAME --knob ..., or fwk datasets fetch NAME ...")
        knobs = knobs_given(knob or [])
        if name is None:
            show.datasets(out, registry, states(registry, data))
        elif name == "fetch" and fetched is not None:
            fetch(out, _named(fetched, registry.datasets, "data set"), data, knobs)
        else:
            whole = describe(out, registry, _named(name, registry.datasets, "data set"), data, knobs)
            raise typer.Exit(0 if whole else 1)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="a method, data set or measure")],
    knob: Knob = None,
    data: Data = None,
    without: Without = None,
) -> None:
    """Run the conformance checks on an installed method, data set or measure."""
    from fwk import show
    from fwk.library import knobs_given, shelf
    from fwk.plugins import load_plugins
    from fwk.testing import run_checks

    with _mistakes():
        registry = load_plugins(without or ())
        cards: dict[str, Card] = {**registry.methods, **registry.datasets, **registry.metrics}
        card = _named(name, cards, "card")
        results = run_checks(card, shelf=shelf(data), **knobs_given(knob or []))
        rows = [(result.name, "passed" if result.passed else "FAILED", result.message) for result in results]
        show.table(out, ("check", "", ""), rows)
        raise typer.Exit(0 if all(result.passed for result in results) else 1)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the YAML, for editors."""
    from fwk.plugins import load_plugins
    from fwk.schema import schema as made

    with _mistakes():
        print(json.dumps(made(load_plugins()), indent=2))


@app.command()
def ui(
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="on 127.0.0.1; 0: a free one")] = 5000,
    comparison: Annotated[str | None, typer.Option("--comparison", help="open this one; the last by default")] = None,
) -> None:
    """Start the MLflow UI on mlruns/ here, on 127.0.0.1, and print the address of the comparison's chart."""
    from fwk.track import serve
    from fwk.track import ui as page

    with _mistakes():
        raise typer.Exit(serve(page(Path.cwd(), port, comparison)))


def _named(name: str, known: Mapping[str, Found], kind: str) -> Found:
    from fwk.hints import nearest_name

    if name not in known:
        raise Mistake(f"no {kind} {name!r}{nearest_name(name, known)}; there are: {', '.join(sorted(known))}")
    return known[name]


@contextmanager
def _status(text: str, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A line that says what goes on, gone afterwards; it can be changed. On a terminal only."""
    with Console(stderr=True, quiet=quiet).status(text) as status:
        yield lambda changed: status.update(escape(changed))


def _watch(quiet: bool) -> Watch:
    """What tells of the progress: a live display, lines where there is no terminal, or nothing."""
    from fwk.progress import Display, Lines, Quiet

    return Quiet() if quiet else Display(out) if out.is_terminal else Lines(lambda text: print(text, flush=True))


def _again() -> str:
    """The command that goes on where this one was stopped."""
    return shlex.join(["fwk", *(word for word in sys.argv[1:] if word != "--fresh")])


@contextmanager
def _mistakes(resume: str = "") -> Iterator[None]:
    """A user's mistake is a message, not a traceback; Ctrl-C says how to go on."""
    try:
        yield
    except Mistake as mistake:
        err.print(str(mistake), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        if resume:
            err.print(f"\nstopped; what was finished is kept. To go on: {resume}", markup=False, soft_wrap=True)
        raise typer.Exit(130) from None


def main() -> None:
    """The console script."""
    app()
