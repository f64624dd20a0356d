"""One draw of the toy, rebuilt as it was run: its people, who flipped, and the rules before and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from fwk.api import Bools, Floats
from fwk.cells import RankCell, Ranked, Request
from fwk.execute import place_of
from fwk.firm import positive_probability
from fwk.plan import Curve
from fwk.prepare import Prepared
from fwk.relabel import flip
from fwk.stage import Stage

FLIPS = 6
"""Flips of the picture: the paper's figure 1 shows a handful; six is this project's choice."""


@dataclass(frozen=True, eq=False)
class Scene:
    """The train part, (n, 2), with labels before and after; the rules are of points (k, 2) -> P(y = 1 | x), (k,)."""

    X: Floats
    minority: Bools
    before: Bools
    after: Bools
    rule: Callable[[Floats], Floats]
    rule_after: Callable[[Floats], Floats]


def scene_of(prepared: Prepared, points: pd.DataFrame) -> Scene | None:
    """The draw whose fall of EqOd with six flips is nearest to the median; None if there is none in the plane."""
    curve = _typical(prepared, points)
    if curve is None or curve.ground.table is None or curve.ground.table.people.X.shape[1] != 2:
        return None
    with TemporaryDirectory(prefix="fwk-") as folder:
        place = place_of(prepared.plan, curve.ground, Path(folder), ())
        stage = Stage(place, 0)
        assert curve.alpha is not None  # of the user side
        assert curve.space is not None
        request = Request(curve.alpha, curve.entry, tuple(next(curve.entry.candidates()).items()))
        ranked = RankCell(place, 0, curve.known, curve.space, (request,), None).do().rankings[0]
        if not isinstance(ranked, Ranked):
            return None
        X, before = np.array(stage.train.X), np.array(stage.train.y)
        after = flip(before, ranked.rows[:FLIPS])
        models = [stage.firm.train(stage.train.relabelled(y)) for y in (before, after)]
        return Scene(X, np.array(stage.train.minority), before, after, _accepts(models[0]), _accepts(models[1]))


def _typical(prepared: Prepared, points: pd.DataFrame) -> Curve | None:
    informed = points[(points["side"] == "user") & (points["card"] != "random") & points["flips"].isin([0, FLIPS])]
    eqod = {flips: rows.groupby("dataset")["test.eqod"].mean() for flips, rows in informed.groupby("flips")}
    if len(eqod) < 2:
        return None
    fall = (1 - eqod[FLIPS] / eqod[0]).dropna()
    chosen = (fall - fall.median()).abs().idxmin()
    cards = set(informed["card"])
    return next((c for c in prepared.plan.curves if c.ground.data.label == chosen and c.entry.card.name in cards), None)


def _accepts(model: Any) -> Callable[[Floats], Floats]:  # any classifier
    return lambda X: positive_probability(model, X)
