"""The real command, killed or interrupted at random moments, goes on where it stopped, with the same numbers."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from fakes_core import OWN_TABLE, TREE, people_csv
from fwk.store import Store

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")

CONFIG = {
    "datasets": [OWN_TABLE], "learner": TREE, "repeats": 3, "bootstrap": 300, "audit": ["race", "sex"],
    "methods": ["baseline", "rb-dist", "rb-label", "random", "luong-knn", {"name": "reductions", "sweep": [0.01, 0.1]}],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, a config, and the results of a comparison that nobody interrupted."""
    made = tmp_path_factory.mktemp("resume")
    people_csv(made, n=1500)
    (made / "c.yaml").write_text(json.dumps(CONFIG), encoding="utf-8")
    (made / "tmp").mkdir()
    whole = start(made, "whole")
    assert whole.wait() == 0
    return made


MAIN = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a script it would be ignored
from fwk.cli import main
main()
"""


def start(folder: Path, output: str, jobs: int = 2) -> subprocess.Popen[bytes]:
    """The command, in a process group of its own, with its temporary files in the folder."""
    words = ["compare", "-c", "c.yaml", "--no-track", "-j", str(jobs), "-o", output]
    with (folder / "said.txt").open("wb") as said, (folder / "wrong.txt").open("wb") as wrong:
        return subprocess.Popen(
            [sys.executable, "-c", MAIN, *words],
            cwd=folder, stdout=said, stderr=wrong, start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder / "tmp")},
        )  # fmt: skip


def wait_until_training(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Return when the command has said how many cells there are."""
    deadline = time.monotonic() + 60
    while b" cells" not in (folder / "said.txt").read_bytes() and time.monotonic() < deadline:
        assert process.poll() is None, (folder / "wrong.txt").read_text()
        time.sleep(0.02)


def group(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that the command started and that still run; those that ended and wait to be fetched do not."""

    def running() -> Iterator[int]:
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, of_group = path.read_text().rpartition(")")[2].split()[:3]
            except (OSError, ValueError):
                continue
            if int(of_group) == process.pid and state != "Z":
                yield int(path.parent.name)

    return list(running())


def wait_until_alone(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while group(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not group(process), "workers are left behind"


def table(folder: Path, output: str, name: str = "points") -> pd.DataFrame:
    read = pd.read_parquet(folder / output / f"{name}.parquet")
    return read.loc[:, [not column.endswith("seconds") for column in read]]


def assert_as_if_nothing_had_happened(folder: Path, output: str) -> None:
    for name in ("points", "fronts"):
        pd.testing.assert_frame_equal(table(folder, output, name), table(folder, "whole", name), check_exact=True)
    assert len(pd.read_parquet(folder / output / "failures.parquet")) == 0


def wait_until_written(folder: Path, output: str, size: int, process: subprocess.Popen[bytes]) -> bool:
    """Return when the store has written so many bytes more; False if the command ended before."""
    log = folder / output / "outcomes.sqlite-wal"
    written, before = 0, log.stat().st_size if log.exists() else 0
    while written < size:
        if process.poll() is not None:
            return False
        time.sleep(0.01)
        now = log.stat().st_size if log.exists() else 0
        written, before = written + abs(now - before), now
    return True


def kill(folder: Path, output: str, size: int) -> dict[str, float]:
    """Start the command, kill it once it has written so much; the seconds of the fits whose outcomes are kept."""
    process = start(folder, output)
    wait_until_training(folder, process)
    assert wait_until_written(folder, output, size, process), "it ended before it could be killed"
    process.kill()
    assert process.wait() == -signal.SIGKILL
    wait_until_alone(process)
    assert list((folder / "tmp").glob("fwk-*")), "its working folder is left behind"
    return kept(folder, output)


def kept(folder: Path, output: str) -> dict[str, float]:
    """Seconds by key, as they stand in the store."""
    store = Store(folder / output)
    try:
        rows = store._base.execute("SELECT key, record FROM outcomes").fetchall()
    finally:
        store.close()
    return {key: json.loads(record)["seconds"] for key, record in rows}


def assert_killed_and_resumed(folder: Path, output: str, sizes: list[int]) -> None:
    """Kill the command again and again, and let it end: nothing is done twice, and nothing differs."""
    finished: dict[str, float] = {}
    for size in sizes:
        now = kill(folder, output, size)
        assert {key: now[key] for key in finished} == finished, "what was finished is not worked out again"
        assert len(now) > len(finished), "each start gets further"
        finished = now
    process = start(folder, output)
    assert process.wait() == 0, (folder / "wrong.txt").read_text()
    now = kept(folder, output)
    assert {key: now[key] for key in finished} == finished
    assert_as_if_nothing_had_happened(folder, output)
    assert not list((folder / "tmp").glob("fwk-*")), "working folders of killed commands are swept away"


def test_a_comparison_that_is_killed_three_times_ends_with_the_same_numbers(folder: Path) -> None:
    moments = random.Random(0)
    assert_killed_and_resumed(folder, "killed", [moments.randrange(5_000, 700_000) for _ in range(3)])


@pytest.mark.parametrize("wait", [0.0, 0.2, 0.5, 1.0])
def test_workers_that_are_only_starting_leave_with_a_command_that_is_killed(folder: Path, wait: float) -> None:
    process = start(folder, f"early-{wait}")
    wait_until_training(folder, process)
    while len(group(process)) < 4:  # the command, two workers, and what tracks their resources
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    time.sleep(wait)
    process.kill()
    process.wait()
    wait_until_alone(process)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_comparison_that_is_killed_ten_times_ends_with_the_same_numbers(folder: Path, seed: int) -> None:
    moments = random.Random(seed)
    assert_killed_and_resumed(folder, f"killed-{seed}", [moments.randrange(5_000, 300_000) for _ in range(10)])


@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_ends_with_130_and_says_how_to_go_on(folder: Path, jobs: int) -> None:
    output = f"interrupted-{jobs}"
    process = start(folder, output, jobs)
    wait_until_training(folder, process)
    assert wait_until_written(folder, output, 50_000, process)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 130
    wait_until_alone(process)
    wrong = (folder / "wrong.txt").read_text()
    assert "Traceback" not in wrong, wrong
    assert wrong.strip() == (
        f"stopped; what was finished is kept. To go on: fwk compare -c c.yaml --no-track -j {jobs} -o {output}"
    )
    assert not list((folder / "tmp").glob("fwk-*")), "its working folder is gone"
    assert start(folder, output, jobs).wait() == 0
    assert_as_if_nothing_had_happened(folder, output)


def test_progress_counts_what_was_there_already(folder: Path) -> None:
    assert start(folder, "whole").wait() == 0
    said = (folder / "said.txt").read_text().splitlines()
    total = re.match(r"c: (\d+) cells", said[0])
    assert total is not None
    assert said[1].startswith(f"{total[1]} of {total[1]} cells, ")
