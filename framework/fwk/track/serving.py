"""The MLflow UI on the store of a folder, for as long as somebody looks."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from fwk.api import Mistake
from fwk.track.home import ARTIFACTS, DATABASE, QUIET
from fwk.track.view import VIEW_TAG, view_address

PORT = 5000

GRACE = 10.0
"""Seconds that the server has to end by itself."""


@dataclass(frozen=True)
class Ui:
    """What to start, where, and what to open when it answers."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    folder: Path
    base: str
    address: str


def ui(folder: Path, port: int = PORT, comparison: str | None = None) -> Ui:
    """The MLflow UI on `folder`/mlruns, on 127.0.0.1; on another free port if `port` is taken.

    The address shows `comparison`; by default the one that was logged last.

    Raises Mistake if nothing was logged in this folder, or not that comparison.
    """
    database = folder / DATABASE
    if not database.is_file():
        raise Mistake(f"{database} does not exist: nothing was logged in this folder; run `fwk compare` first")
    experiment, viewed = _experiment(database, comparison)
    port = _free_port(port)
    base, store = f"http://127.0.0.1:{port}", f"sqlite:///{DATABASE}"
    command = (sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store, "--registry-store-uri", store,
               "--artifacts-destination", ARTIFACTS, "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
               "--uvicorn-opts", "--log-level warning")  # fmt: skip
    env = {**os.environ, **QUIET, "PYTHONWARNINGS": "ignore"}  # of MLflow's dependencies; nobody here can act on them
    return Ui(command, env, folder, base, view_address(base, experiment, saved=viewed))


def _experiment(database: Path, comparison: str | None) -> tuple[str, bool]:
    """The id of the comparison's experiment, and whether a view was saved: it is once a set of runs is complete."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT t.value, t.experiment_id, "
            "EXISTS (SELECT 1 FROM experiment_tags v WHERE v.experiment_id = t.experiment_id AND v.key = ?) "
            "FROM experiment_tags t JOIN runs r ON r.experiment_id = t.experiment_id "
            "WHERE t.key = 'fwk.comparison' GROUP BY t.experiment_id ORDER BY MAX(r.start_time)",
            (VIEW_TAG,),
        ).fetchall()
    known = {str(name): (str(experiment), bool(viewed)) for name, experiment, viewed in rows}
    if not known:
        raise Mistake(f"{database} holds no comparison yet; run `fwk compare` first")
    if comparison is not None and comparison not in known:
        raise Mistake(f"{database} holds no comparison {comparison!r}; it holds {', '.join(sorted(known))}")
    return known[comparison] if comparison is not None else list(known.values())[-1]


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"no free port on 127.0.0.1 (tried {wanted} first)")


def say_now(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


def serve(page: Ui, say: Callable[[str], None] = say_now, patience: float = 120.0) -> int:
    """Start it, say the address once it answers, and stay until Ctrl-C or a signal. Returns the exit status.

    The server runs in a process group of its own, which ends with this call whatever ends it.
    """
    say(f"Starting MLflow on {page.base} (takes some seconds; Ctrl-C ends it)")
    previous = {number: signal.signal(number, _stop) for number in _SIGNALS}
    server = subprocess.Popen(page.command, cwd=page.folder, env=page.env, process_group=0)
    try:
        if not _answers(page.base, server, patience):
            say(f"MLflow did not start on {page.base}; see its messages above")
            return server.poll() or 1
        say(f"Open {page.address}")
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        _end(server)
        for number, handler in previous.items():
            signal.signal(number, handler)


_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""SIGINT too: a shell script starts what runs in its background with SIGINT ignored."""


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _answers(base: str, server: subprocess.Popen[bytes], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{base}/health", timeout=5):
                return True
        except OSError:
            time.sleep(0.2)
    return False


def _end(server: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.pid, number)
            server.wait(timeout=GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
