"""How time and memory grow with the rows: ACSIncome through the six rankers and three firm-side methods, one repeat.

    python benchmarks/scale.py --data DIR [--shares 0.1 1.0] [--jobs 1]

DIR is a folder with acsincome/ (see `fwk datasets acs-income`). Each share of the 665,800 rows is one run of `fwk
compare` in a process of its own. Prints wall seconds, the seconds by method from the points, and the peak of memory:
that of the process and its workers together (shared pages counted once), read from /proc every half second, so on Linux
only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

USER = ("rb-prob", "rb-label", "rb-dist", "random", "kamiran-calders", "luong-knn")
FIRM = ("fare", "relaxed-eqodds")  # and reductions


def config(folder: Path, share: float) -> Path:
    """One repeat of everything on every n-th row."""
    step = round(1 / share)
    content = {
        "name": f"scale-{share:g}",
        "repeats": 1,
        "datasets": [{"name": "acs-income", "test": 0.2, "keep": f"index % {step} == 0"}],
        "methods": ["baseline", *USER, *FIRM, {"name": "reductions", "sweep": [0.01]}],
        "alpha": 0.3,
        "budgets": [round(1000 * share), round(5000 * share), 1.0],
        "tune": {"trials": 1},
        "audit": [],
    }
    path = folder / "scale.yaml"
    YAML().dump(content, path)
    return path


def family(process: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(entry.parent.name)] = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it has ended
    found = [process]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def memory(process: int) -> float:
    """GB that a process and all below it take, shared pages counted once."""
    total = 0
    for one in family(process):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has ended
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total * 1024 / 1e9


def run(share: float, data: Path, jobs: int) -> dict[str, float]:
    """One share of the rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [
            str(Path(sys.executable).with_name("fwk")),
            "compare",
            "--config",
            str(config(folder, share)),
            "--data",
            str(data),
        ]
        command += ["--output", str(folder / "out"), "--jobs", str(jobs), "--no-track", "--quiet"]
        start, peak = time.perf_counter(), 0.0
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})
        while process.poll() is None:
            peak = max(peak, memory(process.pid))
            time.sleep(0.5)
        seconds = time.perf_counter() - start
        if process.returncode:
            raise SystemExit(f"fwk compare ended with {process.returncode}")
        points = pd.read_parquet(folder / "out" / "points.parquet").drop_duplicates("key")
    parts = points.groupby("method")[["seconds", "deciding_seconds"]].sum().sum(axis=1)
    ranking = points.groupby("method")["ranking_seconds"].max()
    spent = (parts + ranking).round(1).to_dict()
    return {"share": share, "wall s": seconds, "peak GB": peak, "shared s": points["shared_seconds"].sum(), **spent}


def main() -> None:
    """A column a share, and how each figure grew."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.1, 1.0])
    parser.add_argument("--jobs", type=int, default=1)
    wishes = parser.parse_args()
    rows = [run(share, wishes.data.resolve(), wishes.jobs) for share in wishes.shares]
    table = pd.DataFrame(rows).set_index("share").T
    if len(rows) > 1:
        table["growth"] = table.iloc[:, -1] / table.iloc[:, 0]
    print(table.round(2).to_string())


if __name__ == "__main__":
    main()
