"""Where the time of a comparison goes: fitting, deciding, ranking, and the rest; with 1 worker and with 2.

    python benchmarks/execution.py [--config configs/adult.yaml] [--jobs 1 2] [--full]

Runs the comparison afresh for each number of workers, and prints wall seconds and the shares of worker time (wall x
workers) that went into the learner and the methods (training, applying rules, ranking) and into everything else
(reading, splitting, measuring, bootstrapping, storing, moving work between processes, starting them). Ratios, as
machines are noisy. The report is timed apart, as a share of the wall time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import pandas as pd

from fwk.compare import compare
from fwk.execute import Options
from fwk.prepare import Wishes
from fwk.progress import Lines


class Clock(Lines):
    """Notes when the work is done, so that the report and MLflow can be told apart from it."""

    def __init__(self) -> None:
        super().__init__(lambda text: None)
        self.said: dict[str, float] = {}

    def say(self, text: str) -> None:
        """Note the moment."""
        self.said[text] = time.perf_counter()


def shares(config: Path, jobs: int, coarse: bool) -> dict[str, float]:
    """Seconds and shares of one run from scratch."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        result = compare(Wishes(config, Path(folder), Options(jobs), coarse, track=False), clock)
        end = time.perf_counter()
    points = result.points.drop_duplicates("key")
    worked = clock.said["choosing fronts, writing the report"] - start
    rankings = points.drop_duplicates(["method", "knobs", "repeat", "alpha", "majority_known", "space", "group_in_X"])
    capacity = worked * jobs
    fitting = points["seconds"].sum() + points["shared_seconds"].sum()  # shared: base, held-out scores, neighbours
    deciding = points["deciding_seconds"].sum()
    ranking = rankings["ranking_seconds"].sum()
    return {
        "jobs": jobs,
        "wall s": end - start,
        "points": len(result.points),
        "fitting %": 100 * fitting / capacity,
        "deciding %": 100 * deciding / capacity,
        "ranking %": 100 * ranking / capacity,
        "the rest %": 100 * (1 - (fitting + deciding + ranking) / capacity),
        "report % of wall": 100 * (end - start - worked) / (end - start),
    }


def main() -> None:
    """Print a row a number of workers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("configs/adult.yaml"))
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--full", action="store_true", help="not the quick form")
    wishes = parser.parse_args()
    rows = [shares(wishes.config, jobs, not wishes.full) for jobs in wishes.jobs]
    print(pd.DataFrame(rows).round(1).to_string(index=False))


if __name__ == "__main__":
    main()
