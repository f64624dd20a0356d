"""The page about the claims: every claim with its verdict, and the numbers that it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from fwk.paper.claims import RACE_IN_X, Judged, Row
from fwk.paper.statistics import Effect
from fwk.report.markdown import markdown_table, plain
from fwk.report.words import NOTHING, count, interval, points_of

HEAD = """# The paper's claims, and what was measured

Made by `fwk reproduce --claims` from the points that lie in the results folder; not written by hand. The
repository's own page was made by `fwk reproduce --claims --page docs/claims.md`, where all points were stored. What the
experiments are, and how to run them: `docs/reproduce.md`.

How a verdict comes about:

- A claim's table has a row for each data set and method. Its effect is the mean of paired differences over repeats,
  on the test part, with a 95 % interval and the p value of a t-test; p is corrected for the rows of the table (Holm),
  the intervals are not. A row agrees or disagrees if p is below .05, and is open otherwise. "Between" is tested for
  equivalence by two one-sided tests, at the level at which the 95 % interval lies inside. A row that cannot tell
  anything is shown without a p value and not counted: one and the same rule compared with itself, a ranking of ten
  known that is constant in every repeat, settings chosen on test, random flips of the toy. Where a row compares
  crossings of mean curves, p is of the exact test that swaps the two within repeats, and the interval a bootstrap.
- All rows agree: the claim **holds**. Some do: it **holds in part**. None does and some disagree: it **does not hold**.
  Only open rows, or nothing that could be tested: it **cannot be tested here**. Claims with "can" or "up to" need one
  row that agrees, and fail if all disagree. Points that are not there give no verdict: **not run**, with the command.
- "Least EqOd" is that of the number of flips, or the setting, with the least mean on the *validation* part, read on the
  test part; so the choice does not flatter it, even where the paper chooses on test. How fast EqOd falls is told by its
  mean over flips, from none until one of the two that are compared is least: rankings that end with everybody flipping
  are alike there. Fronts are compared at equal rises of error over the baseline: at each of several limits, the setting
  whose mean error on test keeps it and whose EqOd is least on validation is read on test; the mean over the limits is
  taken.
- pp are percentage points. **On one split, repeats redraw the collective only**: intervals then speak of collectives
  among these people, not of other people, and a verdict holds for that split. Data sets that are called "new splits"
  have other people in every repeat; their parts overlap, so their intervals are somewhat too short, too.
- The paper's statements have no numbers to test against. The limits that were put in their place (half of a fall, a
  quarter of it, 1 pp, 2 pp) are this project's. They, and what is compared, were not all fixed beforehand: after the
  first points of COMPAS, claims 3, 4 and 9 got the way down beside leasts; after a review of the first verdicts, which
  saw all points of COMPAS, Adult and HSLS, claims 2, 6, 7, 8, 9, 10 and 14 were given the measures that stand here
  (before: per-repeat crossings, leasts, single settings, the way down, 5 pp). A review of the tests, which saw all
  points, mended claims 3, 4 and 6 (both curves over the same flips; a repeat in which ten known cannot rank), 7 (a
  larger error of the people) and 15 (a signed mean). Take p values for a measure of how clear a difference is, not for
  a confirmation on fresh data.
"""

COLUMNS = ("Data set and method", "Difference", "Mean", "95 % interval", "p (Holm)", "Repeats or draws", "Row")
_WORDS = {"for": "agrees", "against": "disagrees", "open": "open", "uncounted": "not counted"}


def claims_page(judged: Sequence[Judged], remark: str = "") -> str:
    """All claims as Markdown. remark: what a reader must know first, such as that the points are of a quick run."""
    head = [HEAD, *([f"**{remark}**\n"] if remark else [])]
    return "\n".join([*head, _summary(judged), *(_section(number, one) for number, one in enumerate(judged, start=1))])


def command(one: Judged) -> str:
    """What makes the points of a claim."""
    if one.claim.experiment == RACE_IN_X:
        return "fwk compare --config configs/race-in-x.yaml"
    return f"fwk reproduce {one.claim.experiment}"


def row_cells(row: Row) -> tuple[str, ...]:
    """A row's cells, as text; the headings are COLUMNS."""
    case, found = row.case, row.effect
    who = f"{case.who} ({case.note})" if case.note else case.who
    what = f"{case.what} ({case.unit})"
    if found is None:
        return who, what, NOTHING, NOTHING, NOTHING, str(len(case.differences)), _WORDS[row.finding]
    p = NOTHING if row.p is None else _p(row.p)
    return who, what, *_figures(found, case.unit), p, str(found.n), _WORDS[row.finding]


def _figures(found: Effect, unit: str) -> tuple[str, str]:
    if unit == "pp":
        return points_of(found.mean, signed=True), interval(found.low, found.high)
    return count(round(found.mean, 1)), f"{count(round(found.low, 1))} to {count(round(found.high, 1))}"


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1)


def _summary(judged: Sequence[Judged]) -> str:
    columns = ("", "Claim", "Where it stands", "Test", "Measured on", "Verdict", "Rows: agree, disagree, open")
    lines = [
        (str(number), plain(one.claim.text), plain(one.claim.where), plain(one.claim.test) or NOTHING,
         plain("; ".join(one.measured)) or NOTHING, f"**{one.verdict}**", _counts(one))
        for number, one in enumerate(judged, start=1)
    ]  # fmt: skip
    return markdown_table(columns, lines) + "\n"


def _counts(one: Judged) -> str:
    if not one.rows:
        return f"`{command(one)}`" if one.verdict == "not run" else NOTHING
    return ", ".join(str(one.count(finding)) for finding in ("for", "against", "open"))


def _section(number: int, one: Judged) -> str:
    parts = [f"\n## {number}. {one.claim.text}\n", f"{_sentence(one)}\n"]
    if one.rows:
        rows = [tuple(map(plain, row_cells(row))) for row in one.rows]
        parts += [f"Measured on {'; '.join(map(plain, one.measured))}.\n", markdown_table(COLUMNS, rows), ""]
    return "\n".join(parts)


def _sentence(one: Judged) -> str:
    words = [f"**{one.verdict[:1].upper()}{one.verdict[1:]}.** Stands in: {one.claim.where}."]
    if one.verdict == "not run":
        words.append(f"No points are stored; `{command(one)}` makes them.")
    elif one.verdict == "cannot be tested here" and one.claim.cases is not None:
        words.append(_why_open(one.rows))
    return " ".join([*words, *([one.claim.why] if one.claim.why else [])])


def _why_open(rows: Sequence[Row]) -> str:
    if not rows:
        return "The points that are stored have none of the settings that the test needs."
    most = max(len(row.case.differences) for row in rows)
    return f"No row can tell with {most} repeats." if most > 1 else "One repeat tells nothing."
