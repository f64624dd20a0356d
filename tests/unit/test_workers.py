"""Worker processes and the folders that they share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from textwrap import dedent

import pytest

from fakes_core import Square
from fwk.api import Mistake
from fwk.workers import answers, check_backend, working_folder

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and locks")


def test_every_cell_is_answered_in_another_process(tmp_path: Path) -> None:
    found = dict(answers({n: Square(n) for n in range(12)}, 2, "loky", tmp_path / "marks"))
    assert {number: square for number, (square, _) in found.items()} == {n: n * n for n in range(12)}
    assert os.getpid() not in {process for _, process in found.values()}
    assert list((tmp_path / "marks").iterdir()) == [], "nobody works any more"


def test_a_backend_that_joblib_does_not_know_is_a_mistake() -> None:
    check_backend("loky")
    check_backend("threading")
    with pytest.raises(Mistake, match="--backend lokky: Invalid backend: lokky"):
        check_backend("lokky")


def test_a_working_folder_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with working_folder() as folder:
        (folder / "X.npy").write_text("x")
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyError), working_folder():
        raise KeyError
    assert list(tmp_path.iterdir()) == []


LEFT_BEHIND = """
    import os, signal, sys, tempfile, time
    tempfile.tempdir = sys.argv[1]
    from fwk.workers import working_folder
    with working_folder() as folder:
        (folder / "X.npy").write_text("x")
        print(folder, flush=True)
        time.sleep(60)
"""


@posix
def test_folders_that_killed_processes_left_behind_are_swept_away_and_those_in_use_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def owner() -> tuple[subprocess.Popen[str], Path]:
        program = [sys.executable, "-c", dedent(LEFT_BEHIND), str(tmp_path)]
        process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        return process, Path(process.stdout.readline().strip())

    killed, left = owner()
    killed.kill()
    killed.wait()
    assert (left / "X.npy").exists()
    living, held = owner()
    try:
        (tmp_path / "fwk-somebody-elses").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with working_folder() as mine:
            assert {path.name for path in tmp_path.iterdir()} == {held.name, mine.name, "fwk-somebody-elses"}
            assert (held / "X.npy").exists()
    finally:
        living.kill()
        living.wait()
    for process in (killed, living):
        assert process.stdout is not None
        process.stdout.close()


PARENT = """
    import os, sys, time
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from sleeper import Sleeper
    from fwk.workers import answers
    for _ in answers({n: Sleeper(sys.argv[1]) for n in range(4)}, 2, "loky", Path(sys.argv[1], "marks")):
        pass
"""

SLEEPER = """
    import os, signal, time
    from dataclasses import dataclass
    from pathlib import Path

    @dataclass(frozen=True)
    class Sleeper:
        folder: str

        def do(self):
            ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            Path(self.folder, f"worker-{os.getpid()}").write_text(str(ignored))
            time.sleep(60)
"""


def alive(process: int) -> bool:
    """Whether a process runs; one that ended and waits to be fetched does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_workers_ignore_ctrl_c_and_leave_when_their_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "sleeper.py").write_text(dedent(SLEEPER))
    parent = subprocess.Popen([sys.executable, "-c", dedent(PARENT), str(tmp_path), str(tmp_path)])
    try:
        deadline = time.monotonic() + 60
        while len(found := list(tmp_path.glob("worker-*"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        workers = [int(path.name.removeprefix("worker-")) for path in found]
        assert len(workers) == 2
        assert all(alive(worker) for worker in workers)
        time.sleep(0.3)
        assert {path.read_text() for path in found} == {"True"}
        for worker in workers:
            os.kill(worker, signal.SIGINT)
        time.sleep(0.5)
        assert all(alive(worker) for worker in workers), "Ctrl-C is the parent's business"
    finally:
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 20
    while any(alive(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(alive(worker) for worker in workers), "nobody is left to work for"


GREEDY = """
    import sys
    from pathlib import Path
    from fakes_core import Grower
    from fwk.workers import answers
    found = dict(answers({n: Grower() for n in range(8)}, 2, "loky", Path(sys.argv[1])))
    print(len(found), len(set(found.values())))
"""


def test_a_worker_that_grew_is_replaced_without_a_word(tmp_path: Path) -> None:
    pytest.importorskip("psutil", reason="without psutil, loky keeps workers that grow")
    ran = subprocess.run(
        [sys.executable, "-c", dedent(GREEDY), str(tmp_path / "marks")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    cells, processes = map(int, ran.stdout.split())
    assert cells == 8
    assert processes > 2, "loky's guard: a worker that grows by more than 300 MB is replaced"
    assert ran.stderr == ""


def test_what_goes_wrong_in_other_threads_is_still_told() -> None:
    told: list[str] = []
    before, threading.excepthook = threading.excepthook, lambda raised: told.append(repr(raised.exc_value))
    try:
        list(answers({}, 2, "threading", Path(tempfile.mkdtemp()) / "marks"))
        hook = threading.excepthook
        for name, error in (
            ("worker", KeyError(1)),
            ("ExecutorManagerThread", ValueError(2)),
            ("ExecutorManagerThread", KeyError(3)),
        ):
            hook(threading.ExceptHookArgs((type(error), error, None, threading.Thread(name=name))))
    finally:
        threading.excepthook = before
    assert told == ["KeyError(1)", "ValueError(2)"]
