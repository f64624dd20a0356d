"""The ranker that knows nothing."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.random import Generator

from fwk import Floats, UserSide, UserView


@dataclass(frozen=True)
class Random:
    """score ~ U(0, 1), drawn by the seed: the floor that an informed ranking has to beat (Ben-Dov et al. 2025)."""

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,) independent draws in [0, 1)."""
        return rng.random(len(view.candidates))


CARD = UserSide(name="random", make=Random, needs=(), paper="Ben-Dov et al. 2025")
