"""What the fair tree costs: against scikit-learn's tree in one run, in memory, at Adult's size, and at the first call.

    python benchmarks/fare.py [--rows 500000]

Every part runs in a process of its own, with one thread, so that peak memory is its own; seconds are CPU seconds.
The big table is standard normal, rows x 100 in float32 (0.2 GB at 500,000), of which ten columns know the group and
22 the label. Both trees may have 200 leaves of at least 100 rows; gamma is 0.85.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

LEVELS = (7, 16, 7, 14, 6, 5, 41)
DISTINCT = (73, 26_000, 16, 119, 92, 96)


def big(rows: int) -> tuple[Any, Any, Any]:
    """The synthetic table: X (rows, 100) float32, label, group."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((rows, 100), np.float32)
    s = rng.random(rows) < 0.4
    X[:, :10] += np.float32(0.5) * s[:, None]
    eta = 0.25 * X[:, :20].sum(axis=1) + 0.5 * X[:, 20] * X[:, 21]
    return X, (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(int), s.astype(int)


def adult_sized() -> tuple[Any, Any, Any]:
    """45,222 x 13 with as many different values as Adult has, the last seven nominal."""
    rng = np.random.default_rng(1)
    s = rng.random(45_222) < 0.68
    numbers = [np.floor(rng.beta(1.5, 4, len(s)) * k + 0.1 * k * s) for k in DISTINCT]
    codes = [1 + np.floor(rng.beta(1, 2, len(s)) * k) for k in LEVELS]
    signal = sum((code * 7919 % 13 - 6) / 6 for code in codes) + 3 * numbers[0] / 73 + 0.4 * s
    return np.column_stack([*numbers, *codes]), (signal + rng.logistic(size=len(s)) > 2).astype(int), s.astype(int)


def fair_tree(k: int = 200, n: int = 100, categorical: Any = None) -> Any:
    """The tree under test, compiled already by a small fit."""
    from fwk_firm_side.fare import FairTreeClassifier

    X, y, s = big(2000)
    FairTreeClassifier(0.85, 9, 100).fit(X, y, sensitive_features=s).apply(X)
    return FairTreeClassifier(0.85, k, n, categorical_features=categorical)


def timed(fit: Any, *args: Any, **named: Any) -> float:
    """CPU seconds."""
    start = time.process_time()
    fit(*args, **named)
    return time.process_time() - start


def part_fair(rows: int) -> dict[str, float]:
    """The big table by the fair tree, with peak memory of the process, before the fit (table, imports) and after."""
    tree = fair_tree()
    X, y, s = big(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = timed(tree.fit, X, y, sensitive_features=s)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "leaves": tree.n_leaves_, "before": before * 1024 / X.nbytes,
            "peak": after * 1024 / X.nbytes, "apply": timed(tree.apply, X)}  # fmt: skip


def part_scikit_learn(rows: int) -> dict[str, float]:
    """The big table by scikit-learn's tree."""
    from sklearn.tree import DecisionTreeClassifier

    X, y, _ = big(rows)
    tree = DecisionTreeClassifier(max_leaf_nodes=200, min_samples_leaf=100, random_state=0)
    return {"seconds": timed(tree.fit, X, y), "leaves": int(tree.get_n_leaves())}


def part_plain(rows: int) -> dict[str, float]:
    """Whether the tree equals the plain reference on the first 20,000 rows of the big table, and at Adult's size."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from fare_plain import PlainGrower

    X, y, s = big(min(rows, 20_000))
    tree = fair_tree(60)
    seconds = timed(tree.fit, X, y, sensitive_features=s)
    plain = PlainGrower(0.85, 60, 100)
    grown: list[Any] = []
    slow = timed(lambda: grown.append(plain.grow(X, y, s)))
    adult, label, group = adult_sized()
    nominal = tuple(range(6, 13))
    codes = fair_tree(categorical=nominal).fit(adult, label, sensitive_features=group).apply(adult)
    reference = PlainGrower(0.85, 200, 100, nominal=nominal).grow(adult.astype(np.float32), label, group)
    return {"seconds": seconds, "plain seconds": slow, "same": bool((tree.apply(X) == grown[0].apply(X)).all()),
            "same at Adult's size": bool((codes == reference.apply(adult.astype(np.float32))).all())}  # fmt: skip


def part_adult(rows: int) -> dict[str, float]:
    """Adult's size: nominal columns as codes, and one-hot (a column each)."""
    X, y, s = adult_sized()
    tree = fair_tree(categorical=range(6, 13))
    nominal = [timed(tree.fit, X, y, sensitive_features=s) for _ in range(3)]
    leaves = tree.n_leaves_
    wide = np.column_stack([X[:, :6], *(X[:, j] == code for j in range(6, 13) for code in np.unique(X[:, j]))])
    one_hot = [timed(fair_tree().fit, wide, y, sensitive_features=s) for _ in range(3)]
    return {
        "seconds": min(nominal),
        "leaves": leaves,
        "columns one-hot": wide.shape[1],
        "one-hot seconds": min(one_hot),
    }


def part_first_call(rows: int) -> dict[str, float]:
    """Import and first fit, CPU seconds, in this process; cold or warm as NUMBA_CACHE_DIR is."""
    start = time.process_time()
    from fwk_firm_side.fare import FairTreeClassifier

    imported = time.process_time()
    X, y, s = big(2000)
    drawn = time.process_time()
    FairTreeClassifier(0.85, 9, 100).fit(X, y, sensitive_features=s).apply(X)
    first = time.process_time()
    again = timed(FairTreeClassifier(0.85, 9, 100).fit, X, y, sensitive_features=s)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"import": imported - start, "first fit": first - drawn, "second fit": again, "peak MiB": peak}


PARTS = {"fair": part_fair, "scikit-learn": part_scikit_learn, "plain": part_plain, "adult": part_adult,
         "first-call": part_first_call}  # fmt: skip


def run(part: str, rows: int, **environment: str) -> dict[str, float]:
    """A part in a process of its own."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--part", part, "--rows", str(rows)]
    done = subprocess.run(command, env={**os.environ, **threads, **environment}, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print every part, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--part", choices=PARTS)
    wishes = parser.parse_args()
    if wishes.part:
        print(json.dumps(PARTS[wishes.part](wishes.rows)))
        return
    with tempfile.TemporaryDirectory() as folder:
        cold = run("first-call", 0, NUMBA_CACHE_DIR=folder)
        warm = run("first-call", 0, NUMBA_CACHE_DIR=folder)
        print(f"first call, nothing compiled yet: {_line(cold)}\nfirst call, compiled before:       {_line(warm)}")
    run("first-call", 0)
    fair, theirs = run("fair", wishes.rows), run("scikit-learn", wishes.rows)
    print(f"fair tree, {wishes.rows} x 100:       {_line(fair)}  (memory in multiples of X)")
    print(f"scikit-learn, {wishes.rows} x 100:    {_line(theirs)}")
    print(f"CPU time / scikit-learn's:        {fair['seconds'] / theirs['seconds']:.3f}  (goal: at most 0.333)")
    print(f"peak memory of the process / X:   {fair['peak']:.2f}  (goal: at most 3)")
    print(f"Adult's size, 45222 x 13:         {_line(run('adult', wishes.rows))}  (goal: at most 0.25 s)")
    print(f"plain reference:                  {_line(run('plain', wishes.rows))}")


def _line(found: dict[str, float]) -> str:
    items = found.items()
    return ", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in items)


if __name__ == "__main__":
    main()
