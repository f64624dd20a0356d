"""A comparison that is logged for a browser to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fakes import failures_table, points_table
from fwk.fronts import answer, choose_fronts
from fwk.report import answer_markdown, draw_front, write_report
from fwk.track import DataInfo, MethodRun, Summary, method_runs, open_tracker, score_name


@dataclass(frozen=True)
class Logged:
    """A comparison as the browser meets it.

    address  of the saved view, as `fwk ui` prints it
    summary  the id of the summary's run
    report   the file report.html
    runs     what was logged, by method
    """

    address: str
    summary: str
    report: Path
    runs: dict[str, MethodRun]

    @property
    def base(self) -> str:
        return self.address.split("/#/")[0]


def log_comparison(folder: Path) -> tuple[str, Path, dict[str, MethodRun]]:
    """Log a comparison in `folder`: the summary's run, the report, the methods' runs. Made up, with the real report.

    The one place to change for looking at another comparison.
    """
    points, failures = points_table(repeats=3), failures_table()
    fronts = choose_fronts(points)
    answers, report, picture = answer(fronts), folder / "report.html", folder / "front.png"
    write_report(report, points, fronts, answers, failures, {"Protocol": "made up"}, title="adult")
    draw_front(fronts, picture)
    tracker = open_tracker(None, folder, "adult")
    runs = method_runs(points, fronts, answers, {"adult": DataInfo("adult", "f00d", "made up", {"rows": 1000})})
    for run in runs:
        tracker.log_method(run)
    tables = {"answer": answers, "failures": failures}
    note = answer_markdown(answers)
    summary = tracker.log_summary(Summary(note, (report, picture), tables, rank_by=score_name("eqod", 0.005)))
    return summary, report, {run.name: run for run in runs}
