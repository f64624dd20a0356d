"""What `fwk reproduce` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from fwk.paper.claims import Judged
from fwk.paper.parts import Layout
from fwk.report.words import NOTHING, plural
from fwk.show import table

DOWNLOADABLE = "not here, downloadable"


def show_layouts(console: Console, layouts: Sequence[Layout]) -> None:
    """Every part with its points and fits, the estimate if there is one, and what cannot be had, or is not here yet."""
    timed = any(layout.seconds is not None for layout in layouts)
    rows = []
    for layout in layouts:
        counts = ["unknown" if number is None else f"{number:,}" for number in (layout.points, layout.fits)]
        seconds = [NOTHING if layout.seconds is None else f"{layout.seconds:,.0f}"] if timed else []
        rows.append((layout.name, *counts, *seconds, _state(layout)))
    table(console, ("part", "points", "fits at most", *(["seconds, about"] if timed else []), ""), rows)
    for state, why in dict.fromkeys((_state(layout), layout.missing) for layout in layouts if layout.missing):
        names = ", ".join(layout.name for layout in layouts if layout.missing == why)
        style = None if state == DOWNLOADABLE else "red"
        console.print(f"\n{state}: {names}: {why}", style=style, markup=False, highlight=False)
    here = [layout for layout in layouts if not layout.missing]
    total = [f"{sum(layout.fits or 0 for layout in here):,} fits at most"]
    if timed:
        total.append(f"about {sum(layout.seconds or 0 for layout in here):,.0f} seconds")
    console.print(f"\n{len(here)} of {len(layouts)} parts: {', '.join(total)}", highlight=False)
    if ahead := sum(layout.downloadable for layout in layouts):
        console.print(f"{plural(ahead, 'part')} unknown: a run downloads the data, and counts then.", highlight=False)
    console.print("Every cell is kept when it is done; the same command finishes what was stopped.", highlight=False)


def _state(layout: Layout) -> str:
    return DOWNLOADABLE if layout.downloadable else "left out" if layout.left_out else ""


def show_claims(console: Console, page: Path, judged: Sequence[Judged]) -> None:
    """Every claim with its verdict, the page that has the numbers, and how many claims could be tested."""
    rows = [(one.verdict, one.claim.text, one.claim.where) for one in judged]
    table(console, ("verdict", "claim", "where it stands"), rows)
    tested = sum(one.tested for one in judged)
    left = sum(one.verdict == "not run" for one in judged)
    more = f"; {left} not run, as their points are not stored (the page says which command makes them)" if left else ""
    said = f"\nclaims  {page}: {tested} of {len(judged)} could be tested{more}"
    console.print(said, highlight=False, markup=False, soft_wrap=True)
