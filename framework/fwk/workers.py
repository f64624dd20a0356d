"""Cells in worker processes: one thread each, marked on disk while they run, gone with whoever started them."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import joblib
from threadpoolctl import threadpool_limits

from fwk.api import Mistake

try:
    import fcntl
except ImportError:  # no POSIX: folders that killed processes left behind stay
    fcntl = None  # type: ignore[assignment]  # the module, or nothing

ALIVE = "alive"  # a file in a working folder, locked by its owner


class Work(Protocol):
    """Something to be done, in whatever process."""

    def do(self) -> Any:  # records, or what others start from
        """Do it, and give what comes of it; raises nothing that is a method's."""


def check_backend(name: str) -> None:
    """Raise Mistake for a backend that joblib does not know."""
    try:
        with joblib.parallel_config(name):
            pass
    except (ValueError, ImportError) as error:
        raise Mistake(f"--backend {name}: {error}") from error


def answers(cells: Mapping[int, Work], jobs: int, backend: str, marks: Path) -> Iterator[tuple[int, Any]]:
    """The answer of each cell with its number, as they come; a single job is this process.

    While a worker runs a cell, a file with its number is in `marks`. Raises joblib's TerminatedWorkerError if a worker
    dies.
    """
    if jobs == 1:
        with threadpool_limits(1):
            for number, cell in list(cells.items()):
                yield number, cell.do()
        return
    shutil.rmtree(marks, ignore_errors=True)
    marks.mkdir()
    started: dict[str, Any] = {}  # what joblib does when a worker starts
    if backend == "loky":
        started = {"inner_max_num_threads": 1, "initializer": _attend, "initargs": (os.getpid(),)}
        # where psutil is installed, loky replaces a worker that grew: jax alone is enough, and no cell is lost
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
    if getattr(threading.excepthook, "func", None) is not _cancelled:
        threading.excepthook = functools.partial(_cancelled, threading.excepthook)
    with joblib.parallel_config(backend, n_jobs=jobs, **started), _no_interrupts_inherited():
        pool = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="3*n_jobs")
        found = pool(joblib.delayed(_marked)(number, cell, marks) for number, cell in list(cells.items()))
    try:
        for answer in found:  # noqa: UP028  # `yield from` would close what is found itself, outside the filter below
            yield answer
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*tasks .* have been", category=UserWarning)
            found.close()  # early, if nobody wants the rest: joblib warns of what was in vain


@contextmanager
def working_folder() -> Iterator[Path]:
    """A folder that is gone afterwards; those that killed processes left behind go too."""
    _sweep(Path(tempfile.gettempdir()))
    # workers may still write when it ends
    with tempfile.TemporaryDirectory(prefix="fwk-", ignore_cleanup_errors=True) as name, _held(Path(name)):
        yield Path(name)


def _marked(number: int, cell: Work, marks: Path) -> tuple[int, Any]:
    """Do a cell in a worker."""
    mark = marks / str(number)
    mark.touch()
    with threadpool_limits(1):
        answer = cell.do()
    mark.unlink()
    return number, answer


def _attend(parent: int) -> None:
    """In a worker, from its start: leave Ctrl-C to the parent, and leave with it, however it ends."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


@contextmanager
def _no_interrupts_inherited() -> Iterator[None]:
    """Processes that are started here never see Ctrl-C; here, it comes a moment later."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cancelled(otherwise: Any, raised: Any) -> None:  # threading's hook, and its arguments
    """loky's thread trips over cells that were cancelled: that is no news."""
    if not (raised.exc_type is KeyError and "ExecutorManagerThread" in getattr(raised.thread, "name", "")):
        otherwise(raised)


def _sweep(folder: Path) -> None:
    """Remove working folders that nobody holds."""
    for alive in folder.glob(f"fwk-*/{ALIVE}") if fcntl is not None else ():
        with suppress(OSError), alive.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # OSError while its owner lives
            shutil.rmtree(alive.parent, ignore_errors=True)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a working folder for as long as this process lives."""
    with (folder / f"{ALIVE}.new").open("a") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
            (folder / f"{ALIVE}.new").rename(folder / ALIVE)
        yield
