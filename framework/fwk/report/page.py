"""report.html: one page that holds everything and asks the network for nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from plotly.offline import get_plotlyjs

from fwk.fronts import mean_over_repeats
from fwk.report.audits import audit_section
from fwk.report.cautions import cautions
from fwk.report.document import document, resource
from fwk.report.markup import Markup, element, join
from fwk.report.panels import picture_section
from fwk.report.sections import (
    Facts,
    answer_section,
    caution_section,
    cost_section,
    fact_section,
    failure_section,
    lead,
)
from fwk.report.styles import styles


def write_report(
    path: Path,
    points: pd.DataFrame,
    fronts: pd.DataFrame,
    answers: pd.DataFrame,
    failures: pd.DataFrame,
    facts: Facts,
    *,
    title: str = "Comparison",
) -> None:
    """Write the report of a comparison to `path`.

    points    `table_of` points
    fronts    `choose_fronts(points, ...)`; it says on which part they were chosen
    answers   `answer(fronts)`
    failures  `table_of` failures
    facts     how it was measured, in this order: heading -> a sentence, a text of several lines (the config), a list,
              or names with values (the environment)
    title     what the comparison is called
    """
    nothing = element("p", "No point was measured.")
    means = mean_over_repeats(points)
    sections = {
        "answer": ("The answer", answer_section(answers)),
        "fronts": ("Fronts and curves", picture_section(means, fronts, styles(fronts)) if len(fronts) else nothing),
        "audit": ("Who gains and who pays", _audit(means, fronts, answers) if len(fronts) else nothing),
        "warnings": ("Warnings", caution_section(cautions(points, fronts, failures))),
        "failures": ("What failed", failure_section(failures)),
        "cost": ("Seconds of fitting", cost_section(points, failures)),
        "facts": ("How it was measured", fact_section(facts)),
    }
    without = (
        "The pictures need JavaScript; the tables on this page hold their figures, and front.png stands beside this "
        "file."
    )
    page = document(title, lead(answers), sections, (get_plotlyjs(), resource("page.js")), without)
    path.write_text(page, encoding="utf-8")


def _audit(means: pd.DataFrame, fronts: pd.DataFrame, answers: pd.DataFrame) -> Markup:
    about = (
        "Rates of every audited group on the test part, and of the collective, the other minority and the majority in "
        "the train part, before (no flip, or the baseline) and after, at every front point. † fewer than 30 people."
    )
    return join([element("p", about, class_="about"), audit_section(means, fronts, answers)])
