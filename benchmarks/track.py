"""What logging to MLflow costs: its share of the wall time of a comparison of 2,000 points. At most 1 % is asked.

    python benchmarks/track.py [--jobs 2] [--rounds 3]

Everything that `fwk compare` does for MLflow is timed in a fresh process and a fresh folder: importing it, making the
database, the runs, the summary with its files. Beside it, the fit that gives a point is timed: the firm's default
learner with one thread on a table of Adult's size (45,222 x 100). Wall time is printed; ratios are of CPU seconds,
which others at work on the machine change less. A second ratio is to the 600 s that the main job may take.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from fwk.fronts import answer, choose_fronts
from fwk.points import Point, Run, table_of

METHODS, SETTINGS, REPEATS = 10, 20, 10
POINTS = METHODS * SETTINGS * REPEATS

LOGGING = """
import sys, time
from pathlib import Path
import pandas as pd
from fwk.points import table_of
from fwk.track import Summary, method_runs, open_tracker
folder = Path(sys.argv[1])
tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("points", "fronts", "answer")}
wall, cpu = time.perf_counter(), time.process_time()
tracker = open_tracker(None, folder, "benchmark")
for run in method_runs(tables["points"], tables["fronts"], tables["answer"]):
    tracker.log_method(run)
files = (folder / "report.html", folder / "points.parquet")
tracker.log_summary(Summary("the answer", files, {"answer": tables["answer"]}))
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def points(rng: np.random.Generator) -> pd.DataFrame:
    """Points with as many measures as a comparison with two audited traits has."""
    names = [*("error", "eqod", "eqod_max", "sp"), *(f"audit[{group}].tpr" for group in range(30))]
    return table_of(
        Point(
            Run(dataset="d", fingerprint="f", group_in_X=True, learner="l", method=f"m{m}", card="c", side="user",
                stage="user", plugin="p", version="1", knobs=(), swept="budget", setting=s, order=s, repeat=r,
                protocol="p", alpha=0.3, space="encoded"),
            {f"{part}.{name}": float(rng.uniform(0, 0.3)) for part in ("validation", "test") for name in names},
        )
        for m in range(METHODS) for s in range(SETTINGS) for r in range(REPEATS)
    )  # fmt: skip


def seconds_of_logging(folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds of importing MLflow, making a store and logging everything to it."""
    done = subprocess.run([sys.executable, "-c", LOGGING, str(folder)], check=True, capture_output=True, text=True)
    wall, cpu = done.stdout.split()
    return float(wall), float(cpu)


def seconds_of_a_fit(table: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    with threadpool_limits(1):
        HistGradientBoostingClassifier(random_state=0).fit(table, y)
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--jobs", type=int, default=2, help="processes that share the fits")
    arguments.add_argument("--rounds", type=int, default=3)
    asked = arguments.parse_args()
    rng = np.random.default_rng(0)
    table = rng.normal(size=(45_222, 100))
    y = table[:, :5].sum(axis=1) + rng.normal(size=len(table)) > 1
    measured = points(rng)
    fronts = choose_fronts(measured)
    found = []
    for _ in range(asked.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for kind, content in (("points", measured), ("fronts", fronts), ("answer", answer(fronts))):
                content.to_parquet(folder / f"{kind}.parquet")
            (folder / "report.html").write_bytes(b"x" * 5_000_000)
            logging = seconds_of_logging(folder)
        fit = seconds_of_a_fit(table, y)
        shares = 100 * logging[1] * asked.jobs / (fit[1] * POINTS), 100 * logging[1] / 600
        found.append(max(shares))
        print(f"logging {logging[0]:.2f} s wall, {logging[1]:.2f} s CPU; a fit {fit[0]:.2f} s wall, {fit[1]:.2f} s CPU")
        print(f"  {shares[0]:.2f} % of {POINTS} fits with {asked.jobs} jobs; {shares[1]:.2f} % of 600 s")
    share = statistics.median(found)
    print(f"median of the larger: {share:.2f} % (at most 1 % is asked)")
    return 0 if share <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
