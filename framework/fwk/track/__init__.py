"""Runs in MLflow: a flat one for every (data set, method), and one summary. Alone in using mlflow, imported lazily.

What users see. A comparison is an experiment of its name. Every execution of it adds one set of runs, which share the
tag `fwk.execution`; the saved view shows the newest set that is complete, the list shows all. An execution that was
killed before its summary has its runs marked KILLED when the comparison is logged again, so that whatever older run is
FINISHED belongs to a complete set.
"""

from fwk.track.home import TrackError
from fwk.track.log import Tracker, open_tracker
from fwk.track.series import DataInfo, MethodRun, Summary, method_runs, score_name
from fwk.track.serving import PORT, Ui, serve, ui

__all__ = [
    "PORT",
    "DataInfo",
    "MethodRun",
    "Summary",
    "TrackError",
    "Tracker",
    "Ui",
    "method_runs",
    "open_tracker",
    "score_name",
    "serve",
    "ui",
]
