"""Runs holisticai's LearningFairRepresentation once, as a program: jax's precision is set for a whole process.

Arguments: a .npz file with X, y, minority, seed, k, A_x, A_y, A_z and maxiter; where to write what was found.
It ends when its standard input closes, so that it does not outlive a parent that was killed.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from typing import Any

import numpy as np


def main(source: str, target: str) -> None:
    """Fit, and write what was found."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with np.load(source) as given:
        np.savez(target, **_fitted({name: given[name] for name in given.files}))


def _end_with_parent() -> None:
    os.read(0, 1)  # nothing is ever sent: this returns when the parent is gone
    os._exit(1)


def _fitted(given: dict[str, Any]) -> dict[str, Any]:  # arrays of any kind
    from holisticai.bias.mitigation.preprocessing import learning_fair_representation as module

    outcome: list[Any] = []  # scipy ships no types
    plain = module.minimize

    def recorded(objective: Any, start: Any, **options: Any) -> Any:  # whatever scipy takes and gives
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # `disp`, which holisticai sets to 0
            end = plain(objective, start, **options)
        outcome.extend([float(objective(start)), end])
        return end

    module.minimize = recorded
    numbers = {name: given[name].item() for name in ("k", "A_x", "A_y", "A_z", "maxiter", "seed")}
    learner = module.LearningFairRepresentation(
        k=numbers["k"], Ax=numbers["A_x"], Ay=numbers["A_y"], Az=numbers["A_z"], maxiter=numbers["maxiter"],
        seed=numbers["seed"],
    )  # fmt: skip
    learner.fit(given["X"], given["y"].astype(np.float64), ~given["minority"], given["minority"])
    start, end = outcome
    return {
        "w": learner.w, "V": learner.prototypes, "start": start, "value": end.fun, "calls": end.nfev,
        "message": str(end.message),
    }  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
