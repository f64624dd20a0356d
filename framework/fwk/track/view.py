"""How runs are looked at in MLflow: a saved view with charts of error against unfairness, and its address."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

VIEW_KEY = "fwk"
VIEW_TAG = f"mlflow.sharedViewState.{VIEW_KEY}"
"""The tag of an experiment that holds the view."""

Json = dict[str, Any]  # a JSON object, as MLflow's pages want it


def view_address(base: str, experiment: str, saved: bool = True) -> str:
    """Where a server at `base` shows the saved view of an experiment, or its charts if none was saved."""
    view = f"viewStateShareKey={VIEW_KEY}&" if saved else ""
    return (
        f"{base.rstrip('/')}/#/experiments/{experiment}/runs?{view}compareRunsMode=CHART&workflowType=machine_learning"
    )


def view_state(comparison: str, execution: str, now: int, scores: Sequence[str] = (), rank_by: str = "") -> str:
    """The value of VIEW_TAG: the runs of one execution, error against unfairness.

    `now` is in milliseconds since 1970; `scores` become columns of the list, which is sorted by `rank_by`. MLflow does
    not document this format; where another version does not know it, its own charts appear.
    """
    state = {
        "searchFilter": f"tags.`fwk.execution` = '{execution}'",
        **({"orderByKey": f"metrics.`{rank_by}`", "orderByAsc": True} if rank_by else {}),
        "selectedColumns": ["tags.`fwk.side`", *(f"metrics.`{name}`" for name in scores), "attributes.`Dataset`"],
        "runsHiddenMode": "SHOW_ALL",
        "hideEmptyCharts": True,
        "autoRefreshEnabled": False,
        "isAccordionReordered": True,
        "compareRunSections": [_section("Fronts and curves", True), *(_section(name, False) for name in _GENERATED)],
        "compareRunCharts": [
            _line("front/error", "front/eqod"),
            _line("front-sp/error", "front-sp/sp"),
            _line("curve/eqod", ""),
            _line("curve/error", ""),
        ],
    }
    packed = "deflate;" + base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    return json.dumps({"name": f"{comparison}: fronts", "createdAt": now, "updatedAt": now, "state": packed})


_GENERATED = ("front", "front-sp", "curve", "Model metrics")


def _section(name: str, unfolded: bool) -> Json:
    return {"uuid": f"fwk-{name}", "name": name, "display": unfolded, "isReordered": False, "isGenerated": True,
            "columns": 2, "cardHeight": 420}  # fmt: skip


def _line(metric: str, across: str) -> Json:
    """A line chart, one line a run, of a metric over another one; over the position in the sweep without that.

    MLflow joins the points from left to right, whatever their order: right for a front, not for a sweep.
    """
    return {
        "uuid": f"fwk-chart-{metric}",
        "type": "LINE",
        "metricSectionId": "fwk-Fronts and curves",
        "isGenerated": False,
        "deleted": False,
        "runsCountToCompare": 100,
        "metricKey": metric,
        "selectedMetricKeys": [metric],
        "xAxisKey": "metric" if across else "step",
        "selectedXAxisMetricKey": across,
        "useGlobalXaxisKey": False,
        "useGlobalLineSmoothing": False,
        "lineSmoothness": 0,
        "displayPoints": True,
        "xAxisScaleType": "linear",
        "scaleType": "linear",
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "ignoreOutliers": False,
        "range": {},
    }
