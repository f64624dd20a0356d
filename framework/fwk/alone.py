"""One process at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # no POSIX: processes are not kept apart
    fcntl = None  # type: ignore[assignment]  # the module, or nothing


@contextmanager
def alone(path: Path, wait: Callable[[], object] = lambda: None) -> Iterator[bool]:
    """Let one process at a time work on a file; what comes later waits, and is told whether it had to.

    wait  called before waiting

    Meanwhile `<path>.lock` lies beside the file. The system frees it when a process ends, however it ends.
    """
    if fcntl is None:
        yield False
        return
    place = path.with_name(f"{path.name}.lock")
    place.parent.mkdir(parents=True, exist_ok=True)
    waited = False
    while True:
        with place.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not waited:
                    wait()
                waited = True
                fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                there = place.stat()
            except FileNotFoundError:
                continue
            if not os.path.samestat(there, os.fstat(lock.fileno())):
                continue  # whoever held it has removed it: it keeps nobody away any more
            try:
                yield waited
            finally:
                place.unlink(missing_ok=True)
            return
