"""Where runs are kept: mlruns/ of a folder, or a server. Opening either, and what goes wrong with it."""

from __future__ import annotations

import logging
import os
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fwk.api import Mistake

DATABASE = "mlruns/mlflow.db"
ARTIFACTS = "mlruns/artifacts"
"""Both relative to the folder that holds mlruns/, so that it can be moved."""

QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""Settings under which MLflow calls nobody, and starts no workers beside its server."""

RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4"}
"""MLflow's own 7 keep a comparison waiting for minutes when the server is gone."""

Client = Any  # mlflow.MlflowClient: mlflow is imported lazily, and the type checker skips it


class TrackError(Mistake):
    """Runs could not be stored: says where and why. The files of the comparison are not touched by it."""


@contextmanager
def told(uri: str) -> Iterator[None]:
    """Turn what MLflow, the network or the disk raises into a TrackError that says where."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError  # MLflow lets some of them through

    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise TrackError(f"MLflow could not store runs at {uri}: {error} (--no-track leaves MLflow out)") from error


def open_experiment(uri: str | None, folder: Path, name: str) -> tuple[Client, str, str]:
    """The client, the tracking URI and the id of the experiment, which is made where there is none.

    Without a `uri` it is the store of `folder`. Raises TrackError.
    """
    for variable, value in {**QUIET, **RETRIES}.items():
        os.environ.setdefault(variable, value)
    database = folder.resolve() / DATABASE
    place = uri or f"sqlite:///{database.as_posix()}"
    with told(place):
        _require_answer(place)
        from mlflow import MlflowClient

        if uri is None:
            _create_database(database)
        client = MlflowClient(tracking_uri=place)
        experiment = _experiment(client, name)
        if uri is None:
            _make_relative(database, experiment)
    return client, place, experiment


def _require_answer(uri: str) -> None:
    """Ask a server once; MLflow itself would try for minutes before it gives up."""
    if uri.startswith(("http://", "https://")):
        try:
            urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=10).close()
        except urllib.error.HTTPError as error:  # it answers, if only "who are you"
            error.close()


def _create_database(database: Path) -> None:
    """Make the database beside its place, then put it there: neither a kill nor two at once leave half of one."""
    if database.exists():
        return _require_writable(database)
    from mlflow import MlflowClient

    database.parent.mkdir(parents=True, exist_ok=True)
    draft = database.with_name(f"{database.name}.{uuid4().hex}")
    draft.touch()  # fails at once where MLflow would try for minutes
    try:
        with _hushed("alembic", "mlflow.store.db.utils"):  # forty migrations of an empty database are no news
            MlflowClient(tracking_uri=f"sqlite:///{draft.as_posix()}").search_experiments(max_results=1)
        _place(draft, database)
    finally:
        draft.unlink(missing_ok=True)


def _require_writable(database: Path) -> None:
    """Try it before MLflow does, which tries for minutes before it gives up."""
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("SELECT count(*) FROM sqlite_master")
        connection.execute("ROLLBACK")


@contextmanager
def _hushed(*names: str) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _place(draft: Path, database: Path) -> None:
    try:
        os.link(draft, database)
    except FileExistsError:
        return  # another process was faster, and its database is as good
    except OSError:
        draft.replace(database)  # a file system without hard links


def _experiment(client: Client, comparison: str) -> str:
    from mlflow.exceptions import MlflowException

    known = client.get_experiment_by_name(comparison)
    if known is None:
        tags = {"fwk.comparison": comparison, "mlflow.experimentKind": "custom_model_development"}
        try:
            return str(client.create_experiment(comparison, tags=tags))
        except MlflowException:
            known = client.get_experiment_by_name(comparison)  # made by another process in between
            if known is None:
                raise
    if known.lifecycle_stage == "deleted":
        client.restore_experiment(known.experiment_id)
    if known.tags.get("fwk.comparison") != comparison:  # somebody else's, of the same name
        client.set_experiment_tag(known.experiment_id, "fwk.comparison", comparison)
    return str(known.experiment_id)


def _make_relative(database: Path, experiment: str) -> None:
    """Artifacts are found from wherever mlruns/ lies. MLflow makes every location absolute, hence by hand."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        connection.execute(
            "UPDATE experiments SET artifact_location = ? || '/' || experiment_id WHERE experiment_id IN (0, ?)",
            (ARTIFACTS, experiment),
        )
