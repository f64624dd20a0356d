"""What people look at: the answer as tables and text, front.png, and report.html."""

from fwk.report.answers import AnswerTable, answer_markdown, how_chosen, short_tables
from fwk.report.cautions import cautions
from fwk.report.page import write_report
from fwk.report.pictures import draw_front
from fwk.report.sections import Facts

__all__ = [
    "AnswerTable",
    "Facts",
    "answer_markdown",
    "cautions",
    "draw_front",
    "how_chosen",
    "short_tables",
    "write_report",
]
