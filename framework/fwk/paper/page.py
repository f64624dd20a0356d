"""results/paper/<experiment>.html: our figures beside the paper's statement, complete in itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fwk.paper.claims import Judged
from fwk.paper.claims_page import COLUMNS, row_cells
from fwk.paper.experiments import PAPER, Experiment
from fwk.paper.tables import Shown
from fwk.report.document import document, image
from fwk.report.markup import Markup, details, element, items, join, table
from fwk.report.words import plural


@dataclass(frozen=True)
class Told:
    """What a page tells of one part: which config and data, what came of it, and where its own report lies.

    report   relative to the page; "" where there is none
    missing  why there is nothing, or that something failed; "" if all went well
    facts    how it was measured, a phrase each
    """

    name: str
    config: str
    facts: tuple[str, ...] = ()
    report: str = ""
    missing: str = ""


def write_page(
    path: Path,
    experiment: Experiment,
    told: Sequence[Told],
    shown: Mapping[str, Shown],
    judged: Sequence[Judged],
    remark: str = "",
) -> None:
    """Write an experiment's page; the picture of the same name, if it is there, is part of it.

    told    its parts
    shown   heading -> table
    judged  the claims that rest on it
    remark  what a reader must know first, such as that it is a quick run
    """
    lost = [one for one in told if one.missing]
    lead = join(
        [
            element(
                "p", element("strong", "The paper, in our words: "), experiment.statement, f" ({experiment.figures})"
            ),
            element("p", element("strong", "Here: "), experiment.about),
            *([element("p", element("strong", remark))] if remark else []),
            *([element("p", element("strong", "Missing: "), "; ".join(_lost(one) for one in lost))] if lost else []),
        ]
    )
    picture = path.with_suffix(".png")
    about = f"{experiment.title}: {experiment.figures} in our numbers. The tables hold the figures."
    drawn = image(picture, about) if picture.exists() else element("p", "Nothing was measured, so nothing is drawn.")
    sections = {
        "picture": ("Our figure" if experiment.draw is None else f"Ours, in the form of {experiment.figures}", drawn),
        "claims": ("What the points say of the claims", _claims(judged)),
        "figures": ("The numbers behind it", join(_shown(heading, one) for heading, one in shown.items())),
        "parts": ("How it was measured", join([_parts(told), element("p", f"The paper: {PAPER}.", class_="about")])),
    }
    kept = {name: section for name, section in sections.items() if section[1]}
    page = document(f"{experiment.title} ({experiment.name})", element("div", lead, class_="lead"), kept)
    path.write_text(page, encoding="utf-8")


def _lost(one: Told) -> str:
    return f"{one.name}: {one.missing}"


def _claims(judged: Sequence[Judged]) -> Markup:
    parts = []
    for one in judged:
        counts = f"{one.count('for')} agree, {one.count('against')} disagree, {one.count('open')} open"
        heading = join([element("strong", one.claim.text), f" {one.verdict[:1].upper()}{one.verdict[1:]}."], "")
        rows = [row_cells(row) for row in one.rows]
        said = [element("p", one.claim.why)] if one.claim.why else []
        shown = [table(f"Rows: {counts}.", COLUMNS, rows, words=(0, 1, 6))] if rows else []
        parts.append(details(heading, join([*said, *shown])))
    return join(parts)


def _shown(heading: str, one: Shown) -> Markup:
    rows = plural(len(one.rows), "row")
    return details(f"{heading} ({rows})", table(one.caption, one.columns, one.rows, words=one.words))


def _parts(told: Sequence[Told]) -> Markup:
    lines = []
    for one in told:
        link = [" ", element("a", "report", href=one.report)] if one.report else []
        state = [] if one.report else [" Nothing was measured."] if one.missing else []
        facts = "; ".join([one.config, *one.facts])
        lines.append(join([element("strong", one.name), ": ", facts, ".", *state, *link], ""))
    return items(lines)
