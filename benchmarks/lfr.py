"""LFR on Adult: how far our descent and holisticai's come down, and what each takes. Both in one run, one BLAS thread.

    python benchmarks/lfr.py                      ours against holisticai in float64, from seed 0 (a minute or two)
    python benchmarks/lfr.py --seeds 5            the same from seeds 0 to 4
    python benchmarks/lfr.py --shipped            holisticai as shipped (float32) as well
    python benchmarks/lfr.py --sweep              error, eqod and sp of our rules on the test part, by A_z

The table: 80 % (37,157 rows) of the 46,447 White and Black rows, 20 features, standardised; k = 5, A_x = 0.01, A_y = 1,
A_z = 50 (holisticai's default). Times are from the labelled table to the prototypes; starting holisticai's process
is told apart. Exit status 1 unless ours ends no higher, in at most 1/30 of the wall time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from fwk import Floats, Labelled, Learner, People
from fwk.firm import Training
from fwk.shelf import Folders
from fwk_datasets.adult import Adult
from fwk_firm_side.lfr import Lfr, standardised
from fwk_firm_side.lfr_holisticai import End, LfrHolisticai, everybody, run
from fwk_firm_side.lfr_objective import Weights, learn

Answer = TypeVar("Answer")
OURS = Lfr()
WEIGHTS = Weights(OURS.A_x, OURS.A_y, OURS.A_z)
GRID = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 1.0, 5.0, 50.0, 500.0)
RATIO, REPORTED = 30, 0.491  # how many times faster; where a float64 run of holisticai was reported to end


def adult(seed: int = 0) -> tuple[Labelled, Labelled]:
    """80 % and 20 % of the White and Black rows."""
    source = Adult()
    rows = source.read(Folders(fetch=False)).query("race in ['White', 'Black']").reset_index(drop=True)
    encoded = source.encode(rows)
    X, minority = encoded.features.to_numpy(np.float64), (rows["race"] == "Black").to_numpy()
    whole = Labelled(People(X, minority, tuple(map(str, encoded.features))), encoded.y)
    train, test = train_test_split(np.arange(len(whole)), test_size=0.2, random_state=seed)
    return whole.take(train), whole.take(test)


@dataclass(frozen=True)
class Seconds:
    """Wall time, and CPU time of this process and those it started."""

    wall: float
    cpu: float

    def __sub__(self, other: Seconds) -> Seconds:
        return Seconds(self.wall - other.wall, self.cpu - other.cpu)

    def __truediv__(self, other: Seconds) -> Seconds:
        return Seconds(self.wall / other.wall, self.cpu / other.cpu)

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} of CPU)"


def now() -> Seconds:
    return Seconds(time.perf_counter(), sum(os.times()[:4]))


def timed(act: Callable[[], Answer]) -> tuple[Answer, Seconds]:
    start = now()
    answer = act()
    return answer, now() - start


def ours(train: Labelled, seed: int) -> float:
    rows, rng = standardised(train, "one-hot")[1], np.random.default_rng(seed)
    return learn(rows, WEIGHTS, k=OURS.k, starts=OURS.starts, max_iter=OURS.max_iter, rng=rng)[1]


def theirs(train: Labelled, seed: int, method: LfrHolisticai) -> End:
    return run(method, *everybody(standardised(train, "one-hot")[1]), seed=seed)


def race(train: Labelled, seeds: range) -> bool:
    few = train.take(np.arange(50))
    attempts = [timed(lambda: theirs(few, 0, LfrHolisticai(maxiter=1)))[1] for _ in range(3)]
    starting = min(attempts, key=lambda seconds: seconds.wall)
    print(f"starting holisticai's process takes {starting}, left out below")
    ours(few, 0)
    won = [matched(train, seed, starting) for seed in seeds]
    print(f"required: at most {REPORTED} and holisticai's, {RATIO} times faster: {all(won)}")
    return all(won)


def matched(train: Labelled, seed: int, starting: Seconds) -> bool:
    end, slow = timed(lambda: theirs(train, seed, LfrHolisticai()))
    value, fast = timed(lambda: ours(train, seed))
    slow, ratio = slow - starting, (slow - starting) / fast
    print(f"seed {seed}: holisticai, float64: {told(end)}; {slow}", flush=True)
    print(f"        ours: {value:.4f}; {fast}, faster by {ratio.wall:.0f} ({ratio.cpu:.0f} in CPU)", flush=True)
    return value <= min(end.value, REPORTED) and ratio.wall >= RATIO


def shipped(train: Labelled, seeds: range) -> None:
    for seed in seeds:
        end = theirs(train, seed, LfrHolisticai(precision="float32"))
        print(f"seed {seed}: holisticai, as shipped: {told(end)}", flush=True)


def told(end: End) -> str:
    return f"from {end.start:.4f} to {end.value:.4f}; {end.calls:,} evaluations; {end.message}"


def rates(P: Floats, test: Labelled) -> list[float]:
    """Error, eqod (mean of the TPR and FPR gaps), sp (gap of acceptance rates), acceptance rate."""
    group = (~test.minority, test.minority)
    gap = [abs(P[group[0] & (test.y == y)].mean() - P[group[1] & (test.y == y)].mean()) for y in (True, False)]
    sp = abs(P[group[0]].mean() - P[group[1]].mean())
    return [float(rate) for rate in (np.mean((P > 0.5) != test.y), np.mean(gap), sp, P.mean())]


def measured(method: Lfr | LfrHolisticai, repeats: int) -> Floats:
    """Rates of the own rule and of the learner's, and seconds: means over repeats, (2 * 4 + 1,)."""
    found = []
    for repeat in range(repeats):
        (train, test), rng, firm = adult(repeat), np.random.default_rng(repeat), Training(Learner(), 0)
        reconstruction, seconds = timed(lambda: method.represent(train, firm, rng))  # noqa: B023  # called at once
        rules = (reconstruction.rule(train, firm, decide) for decide in ("own", "learner"))
        found.append([*(rate for rule in rules for rate in rates(rule(test.people), test)), seconds.wall])
    return np.mean(found, axis=0)


def swept(repeats: int) -> Iterator[str]:
    rule = "error   eqod     sp  accept"
    yield f"{'':24}own: {rule}   learner: {rule}   seconds"
    sweep: dict[str, Lfr | LfrHolisticai] = {f"lfr, A_z {A_z:g}": Lfr(A_z=A_z) for A_z in GRID}
    sweep |= {"holisticai, float64": LfrHolisticai(), "holisticai, as shipped": LfrHolisticai(precision="float32")}
    for name, method in sweep.items():
        own, learner, seconds = np.split(measured(method, repeats), [4, 8])
        cells = ("".join(f"{rate:7.4f}" for rate in part) for part in (own, learner))
        yield f"{name:24}{next(cells):>32}{next(cells):>39}{seconds[0]:9.1f}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--shipped", action="store_true")
    options.add_argument("--sweep", action="store_true")
    chosen = options.parse_args()
    train, _ = adult()
    with threadpool_limits(1):
        if chosen.sweep:
            for line in swept(repeats=3):
                print(line, flush=True)
            return 0
        if chosen.shipped:
            shipped(train, range(chosen.seeds))
        return 0 if race(train, range(chosen.seeds)) else 1


if __name__ == "__main__":
    sys.exit(main())
