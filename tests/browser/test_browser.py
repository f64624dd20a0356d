"""What people see: the list of runs, the charts, the summary and the report, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from logged import Logged

Chrome = Any  # selenium's, which is imported only where there is a browser

# MLflow's own database models, under SQLAlchemy 2.1
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")

MLFLOWS_OWN = (
    # its pages ask who is logged in, and the open-source server has no such address
    "/ajax-api/2.0/mlflow/users/current - Failed to load resource: the server responded with a status of 404",
    # a chart that is laid out twice; harmless
    "ResizeObserver loop completed with undelivered notifications",
)

DRAWN = """
return [...document.querySelectorAll('.js-plotly-plot')].map(plot => ({
  x: plot.layout.xaxis.title.text,
  lines: plot.data.map(line => ({name: line.name, x: [...(line.x || [])], y: [...(line.y || [])]})),
}));
"""


def wait_for(what: Callable[[], Any], patience: float = 60) -> Any:
    """What comes back once it is true."""
    deadline = time.monotonic() + patience
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come up"
        time.sleep(0.3)
    return found


def text_of(browser: Chrome) -> str:
    return str(browser.find_element("tag name", "body").text)


def errors(browser: Chrome) -> list[str]:
    found = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    return [message for message in found if not any(known in message for known in MLFLOWS_OWN)]


def the_front(browser: Chrome) -> dict[str, Any]:
    """MLflow's chart whose x axis is front/eqod, once it has lines."""

    def drawn() -> dict[str, Any] | None:
        charts = [chart for chart in browser.execute_script(DRAWN) if chart["x"] == "front/eqod"]
        return charts[0] if charts and any(line["x"] for line in charts[0]["lines"]) else None

    return dict(wait_for(drawn))


def test_the_list_names_every_method_and_their_data_set(comparison: Logged, browser: Chrome) -> None:
    browser.get(comparison.address.replace("=CHART", "=TABLE"))
    wait_for(lambda: all(name in text_of(browser) for name in comparison.runs))
    assert "summary of adult" in text_of(browser)
    assert "adult (f00d)" in text_of(browser)
    assert errors(browser) == []


def test_the_list_is_a_ranking_by_the_answer(comparison: Logged, browser: Chrome) -> None:
    browser.get(comparison.address.replace("=CHART", "=TABLE"))
    wait_for(lambda: all(name in text_of(browser) for name in comparison.runs))
    lines = text_of(browser).splitlines()
    best = {name: run.scores["best eqod within 0.5pp"] for name, run in comparison.runs.items()}
    answered = [name for name in sorted(best, key=lambda name: best[name]) if best[name] == best[name]]
    assert sorted(answered, key=lines.index) == answered


def test_the_view_draws_error_against_eqod_with_one_line_a_method(comparison: Logged, browser: Chrome) -> None:
    browser.get(comparison.address)
    chart = the_front(browser)
    lines = {line["name"].removesuffix(" (front/error)"): line for line in chart["lines"] if line["x"]}
    assert sorted(lines) == sorted(comparison.runs)
    for name, run in comparison.runs.items():
        logged = sorted(zip(run.steps["front/eqod"], run.steps["front/error"], strict=True))
        drawn = sorted(zip(lines[name]["x"], lines[name]["y"], strict=True))
        assert [value for pair in drawn for value in pair] == pytest.approx(
            [value for pair in logged for value in pair]
        )
    assert all(name in text_of(browser) for name in comparison.runs)
    assert errors(browser) == []


def test_the_summary_opens_with_the_answer(comparison: Logged, browser: Chrome) -> None:
    browser.get(f"{comparison.base}/#/experiments/1/runs/{comparison.summary}")
    wait_for(lambda: "rb-prob" in text_of(browser) and "percentage point" in text_of(browser))
    assert errors(browser) == []


def test_the_report_opens_inside_mlflow(comparison: Logged, browser: Chrome) -> None:
    browser.get(f"{comparison.base}/#/experiments/1/runs/{comparison.summary}/artifacts/report.html")
    frame = wait_for(lambda: browser.find_elements("tag name", "iframe"))[0]
    browser.switch_to.frame(frame)
    wait_for(lambda: all(name in text_of(browser) for name in comparison.runs))
    wait_for(lambda: browser.find_elements("css selector", ".js-plotly-plot .main-svg"))
    assert errors(browser) == []


def test_the_tables_open_inside_mlflow(comparison: Logged, browser: Chrome) -> None:
    browser.get(f"{comparison.base}/#/experiments/1/runs/{comparison.summary}/artifacts/answer.json")
    wait_for(lambda: "View as table" in text_of(browser) and "rb-prob" in text_of(browser))
    assert errors(browser) == []


def test_the_report_opens_as_a_file_draws_its_pictures_and_asks_nobody(comparison: Logged, browser: Chrome) -> None:
    browser.get(comparison.report.as_uri())
    wait_for(lambda: all(name in text_of(browser) for name in comparison.runs))
    wait_for(lambda: browser.find_elements("css selector", ".js-plotly-plot .main-svg"))
    asked = browser.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [address for address in asked if not address.startswith(("data:", "blob:"))] == []
    assert errors(browser) == []
