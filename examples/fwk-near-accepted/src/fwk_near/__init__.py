"""A ranker for fwk: whoever is closest to accepted majority members flips first."""

from collections.abc import Iterable
from dataclasses import dataclass

from numpy.random import Generator

from fwk import Card, Floats, UserSide, UserView, hookimpl


@dataclass(frozen=True)
class NearTheAccepted:
    """Rank candidates by how close they are to accepted majority members: minus the mean distance to the k nearest."""

    k: int = 5

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,), at most 0; the highest flips first."""
        return -view.nearest.among_accepted(self.k).distance.mean(axis=1)


@hookimpl
def fwk_cards() -> Iterable[Card]:
    """One card: its name in configs, what makes it, and the knob that is tuned."""
    yield UserSide(name="near-accepted", make=NearTheAccepted, tune={"k": (1, 5, 20)})
