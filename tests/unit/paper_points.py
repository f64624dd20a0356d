"""Made-up points of the paper's experiments, with the effects that a test wants to see found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

REPEATS = 10
NOISE = 0.002


def collective(card: str, eqod: Mapping[int, float], **given: Any) -> pd.DataFrame:
    """One ranking's curve: flips -> mean EqOd, the same on both parts but for noise. The first budget is 0."""
    rows = []
    candidates = max(eqod)
    for order, (flips, value) in enumerate(eqod.items()):
        rows.append(_rows(card, value, side="user", swept="budget", setting=str(flips), order=order, flips=flips,
                          candidates=candidates, **{"alpha": 0.3, "space": "encoded", **given}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def firm(card: str, eqod: Sequence[float] = (0.2,), error: Sequence[float] = (0.1,), **given: Any) -> pd.DataFrame:
    """A firm-side sweep, or the baseline (one setting)."""
    swept = "" if len(eqod) == 1 else "strength"
    return pd.concat(
        [_rows(card, value, side="firm", swept=swept, setting=str(order) if swept else "", order=order, error=wrong,
               flips=0, candidates=0, **given)
         for order, (value, wrong) in enumerate(zip(eqod, error, strict=True))],
        ignore_index=True,
    )  # fmt: skip


def together(*curves: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(curves, ignore_index=True)


def _rows(card: str, eqod: float, *, error: float = 0.1, repeats: int = REPEATS, noise: float = NOISE,
          tpr_gap: float | None = None, notes: str = "", accepted: float = 0.4, people: int = 10**6,
          **given: Any) -> pd.DataFrame:  # fmt: skip
    said = {"dataset": "adult", "group_in_X": True, "learner": "Tree", "method": card, "alpha": np.nan,
            "majority_known": np.nan, "space": None, **given}  # fmt: skip
    rng = np.random.default_rng(crc32(repr((card, eqod, sorted(given.items(), key=str))).encode()))
    gap = eqod if tpr_gap is None else tpr_gap
    table = pd.DataFrame({"repeat": range(repeats)})
    for part in ("validation", "test"):
        table[f"{part}.eqod"] = (eqod + noise * rng.normal(size=repeats)).clip(0)
        table[f"{part}.error"] = error + noise * rng.normal(size=repeats)
        table[f"{part}.sp"] = (eqod + noise * rng.normal(size=repeats)).clip(0)
        for group in ("majority", "minority"):
            table[f"{part}.acceptance.{group}"] = accepted
            table[f"{part}.n.{group}.0"] = table[f"{part}.n.{group}.1"] = people
    table["test.fpr.majority"], table["test.fpr.minority"] = 0.2, 0.2 + eqod
    table["test.tpr.majority"] = 0.8
    table["test.tpr.minority"] = 0.8 - gap - noise * rng.normal(size=repeats)
    return table.assign(card=card, stage="", plugin="p", version="1", knobs="{}", notes=notes, seconds=0.0,
                        tuning=False, protocol='{"resplit": false}', **said)  # fmt: skip
