"""One process at a time works on a file."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from fwk.alone import alone

pytest.importorskip("fcntl", reason="without POSIX locks processes are not kept apart")

HOLDER = """
    import sys, time
    from pathlib import Path
    from fwk.alone import alone
    with alone(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(float(sys.argv[2]))
"""


def holder(path: Path, seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", dedent(HOLDER), str(path), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    process.stdout.close()
    return process


def test_the_second_waits_and_is_told_so(tmp_path: Path) -> None:
    said: list[str] = []
    with alone(tmp_path / "sub" / "a", lambda: said.append("wait")) as waited:
        assert not waited
    process, begin = holder(tmp_path / "a", 1.0), time.monotonic()
    with alone(tmp_path / "a", lambda: said.append("wait")) as waited:
        assert waited
        assert time.monotonic() - begin > 0.5
    with alone(tmp_path / "b") as waited:
        assert not waited
    assert said == ["wait"]
    process.wait()
    assert [path.name for path in tmp_path.rglob("*")] == ["sub"], "no lock stays"


def test_many_threads_are_there_one_after_the_other(tmp_path: Path) -> None:
    there: list[int] = []

    def work(number: int) -> int:
        with alone(tmp_path / "a"):
            there.append(number)
            alike = len(there)
            time.sleep(0.01)
            there.remove(number)
            return alike

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(40))) == {1}


def test_many_processes_are_there_one_after_the_other(tmp_path: Path) -> None:
    """Each takes and frees the lock as often as it can; a file of one's own shows that nobody else is there."""
    code = """
        import os, sys, time
        from pathlib import Path
        from fwk.alone import alone
        path, end = Path(sys.argv[1]), time.monotonic() + 1.5
        while time.monotonic() < end:
            with alone(path):
                os.close(os.open(path.with_name("mine"), os.O_CREAT | os.O_EXCL))
                path.with_name("mine").unlink()
    """
    command = [sys.executable, "-c", dedent(code), str(tmp_path / "a")]
    crowd = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    assert [process.communicate()[1] for process in crowd] == [""] * 6


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    process = holder(tmp_path / "a", 60)
    process.kill()
    process.wait()
    with alone(tmp_path / "a") as waited:
        assert not waited
