"""Who is in the collective, what it can see, and whose label flips."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from fwk.api import Bools, Floats, Ints, Labelled, Nearest, Note, Refusal, UserView
from fwk.neighbours import nearest


@dataclass(frozen=True, eq=False)
class Collective:
    """Rows of the train part, ascending: its members, its candidates (members with y = 0), the majority it knows."""

    members: Ints
    candidates: Ints
    known: Ints


def gather(train: Labelled, alpha: float, known: int | None, joining: Generator, knowing: Generator) -> Collective:
    """Draw a collective.

    alpha  share of the minority that joins; a larger share contains every smaller one
    known  how many majority members it knows (None = all); more contain fewer

    Raises Refusal if nobody joins, or fewer majority members exist than are to be known.
    """
    minority, majority = np.flatnonzero(train.minority), np.flatnonzero(~train.minority)
    joined = np.sort(joining.permutation(minority)[: round(alpha * len(minority))])
    if len(joined) == 0:
        raise Refusal(f"alpha = {alpha} of {len(minority)} minority members in the train part is nobody")
    if known is not None and known > len(majority):
        raise Refusal(f"majority_known = {known}, but the train part has {len(majority)} majority members")
    seen = majority if known is None else np.sort(knowing.permutation(majority)[:known])
    return Collective(joined, joined[~train.y[joined]], seen)


def pool_size(minority: Bools, y: Bools, alpha: float, joining: Generator) -> int:
    """How many candidates `gather` would find in a train part, given who is in the minority and the labels."""
    members = np.flatnonzero(minority)
    joined = joining.permutation(members)[: round(alpha * len(members))]
    return int((~y[joined]).sum())


def view(train: Labelled, collective: Collective, search: Search) -> UserView:
    """What the collective sees of `train` (already in the space that distances are measured in)."""
    return UserView(
        collective=train.take(collective.members).without_traits(),
        candidates=train.X[collective.candidates],
        majority=train.take(collective.known).without_traits(),
        nearest=search,
    )


def ranking(scores: Floats, n_candidates: int, rng: Generator) -> Ints:
    """Positions of the candidates that may flip, highest score first; equal scores in random order.

    One ranking draws the whole curve: a smaller budget flips a subset of a larger one. Raises ValueError if the
    scores are not one finite number (or -inf: never flips) a candidate.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != (n_candidates,):
        raise ValueError(f"score gave an array of shape {scores.shape} for {n_candidates} candidates")
    if np.isnan(scores).any() or (scores == math.inf).any():
        raise ValueError("score gave NaN or +inf; scores are finite, or -inf for a candidate that never flips")
    willing = np.flatnonzero(scores > -math.inf)
    if len(willing) > 1 and scores[willing].min() == scores[willing].max():
        warnings.warn("constant ranking: every score ties, so the order is random", Note, stacklevel=2)
    shuffled = rng.permutation(n_candidates)
    shuffled = shuffled[np.isin(shuffled, willing)]
    return shuffled[np.argsort(-scores[shuffled], kind="stable")]


def flips(budget: int | float, n_candidates: int, n_willing: int) -> int:
    """How many labels a budget flips: a count, or a float share of the candidates; never more than are willing.

    >>> flips(75, 900, 900), flips(0.5, 900, 900), flips(2000, 900, 880)
    (75, 450, 880)
    """
    wanted = budget if isinstance(budget, int) else round(budget * n_candidates)
    return min(wanted, n_willing)


def flip(y: Bools, rows: Ints) -> Bools:
    """A copy of y in which `rows` have the favourable label."""
    flipped = y.copy()
    flipped[rows] = True
    return flipped


class Search:
    """`NeighbourSearch` of a pool of candidates: exact, searched once up to the largest k asked for, then sliced.

    Neighbours at the same distance are ordered by a seeded priority that depends on what they are, not on where they
    stand in the table; so the order of rows changes nothing.
    """

    def __init__(self, candidates: Floats, own: Ints, majority: Labelled, members: Labelled, seed: int) -> None:
        """own: (n,) position of each candidate among `members`."""
        self._candidates = candidates
        self._own = own
        self._majority = majority
        self._members = members
        self._seed = seed
        self._found: dict[str, Nearest] = {}

    def among_majority(self, k: int) -> Nearest:
        """The k nearest known majority members."""
        return self._nearest("known majority members", self._majority, None, k)

    def among_accepted(self, k: int) -> Nearest:
        """The k nearest known majority members with y = 1."""
        return self._nearest("known majority members with y = 1", self._accepted(), None, k)

    def among_members(self, k: int) -> Nearest:
        """The k nearest members of the collective, the candidate itself left out."""
        return self._nearest("other members of the collective", self._members, self._own, k)

    def _accepted(self) -> Labelled:
        return self._majority.take(self._majority.y)

    def _nearest(self, who: str, among: Labelled, own: Ints | None, k: int) -> Nearest:
        available = len(among) - (own is not None)
        if available == 0:
            raise Refusal(f"there are no {who} to measure distances to")
        if k > available:
            warnings.warn(f"k = {k} clamped to {available}, the number of {who}", Note, stacklevel=3)
            k = available
        if who not in self._found or self._found[who].distance.shape[1] < k:
            self._found[who] = nearest(self._candidates, among, k, own=own, seed=self._seed)
        found = self._found[who]
        return Nearest(found.distance[:, :k], found.y[:, :k])

    def of(self, rows: Ints, members: Labelled, own: Ints) -> Search:
        """The search for some of the candidates (positions), whose fellow members differ; majority lists are shared."""
        part = Search(self._candidates[rows], own, self._majority, members, self._seed)
        part._found = {
            who: Nearest(found.distance[rows], found.y[rows])
            for who, found in self._found.items()
            if "collective" not in who
        }
        return part

    def prepare(self, k: int) -> None:
        """Search the majority up to k now, so that every part of the pool shares it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Note)
            self.among_majority(k)
            if self._majority.y.any():
                self.among_accepted(k)
