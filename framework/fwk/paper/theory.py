"""What can be said of the paper's theory without its text: on the mixture, where everybody's counterfactual is known.

Nothing here is a formula of the paper. Each quantity has a definition and a name of its own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fwk.api import Floats, Ints, Labelled, Mistake, Note
from fwk.evaluate import cells
from fwk.firm import Learner
from fwk.paper.mixture import NearestOfTwo
from fwk.plugins import Registry
from fwk.relabel import Search, flip, gather, ranking, view
from fwk.shelf import Folders
from fwk.split import seed_of, stream
from fwk.tables import make_table


@dataclass(frozen=True)
class Settings:
    """What is simulated.

    p, m, norm   people in the mixture's groups, and |mu| = |psi|, in two dimensions
    in_X         whether the group is among the features
    held_out     people of each group who are judged
    alphas       sizes of the collective, of which `share` of the candidates flip
    shares       shares of the candidates, for a collective of `alpha`
    seeds        draws of the mixture
    dimensions, norms, references, draws   of the nearest neighbours
    """

    p: int = 1000
    m: int = 300
    norm: float = 2.0
    in_X: tuple[bool, ...] = (False, True)
    held_out: int = 4000
    rankers: tuple[str, ...] = ("rb-prob", "rb-label", "rb-dist", "random")
    alphas: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
    share: float = 0.5
    shares: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    alpha: float = 0.3
    seeds: int = 5
    dimensions: tuple[int, ...] = (2, 5, 10, 50)
    norms: tuple[float, ...] = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
    references: tuple[int, ...] = (1, 30)
    draws: int = 4000


COARSE = Settings(p=300, m=120, held_out=500, alphas=(0.1, 0.3, 1.0), shares=(0.2, 0.5, 1.0), seeds=2,
                  dimensions=(2, 10), norms=(1.0, 2.0), draws=1000)  # fmt: skip


def simulated(folder: Path, registry: Registry, settings: Settings) -> pd.DataFrame:
    """The table of `simulate`, kept in the folder for the same settings. Raises Mistake where a card is missing."""
    content = json.dumps(dataclasses.asdict(settings), sort_keys=True)
    path = folder / f"theory-{hashlib.blake2b(content.encode(), digest_size=6).hexdigest()}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        table = simulate(registry, settings)
        part = path.with_suffix(".part")
        table.to_parquet(part)
        part.replace(path)
    return pd.read_parquet(path)


def simulate(registry: Registry, settings: Settings) -> pd.DataFrame:
    """One row a value: `what` is measured, of whom, where; `seed` numbers the draws.

    agreement    share of the minority's people whom the rule decides as it decides their counterfactual, who differs
                 from them in the group only
    mismatch     share of the collective whose label, after its flips, is not what the majority's best rule,
                 sign((mu + psi) . x), gives at their x
    eqod         of the rule
    nearest      share of minority people whose nearer one of two majority people, one of each label, has the other
                 label; `closed` by `NearestOfTwo.error`, or simulated
    """
    needed = {"gmm4": registry.datasets, **dict.fromkeys(settings.rankers, registry.methods)}
    if missing := [name for name, known in needed.items() if name not in known]:
        raise Mistake(f"the theory's simulation needs {', '.join(missing)}; `fwk plugins` says what is installed")
    rows = [*_rules(registry, settings), *_neighbours(settings)]
    flags = dict.fromkeys(("in_X", "projected", "closed"), "boolean")  # missing where a row is not about it
    return pd.DataFrame(rows).astype(flags)


def fits(settings: Settings) -> int:
    """How many models are trained."""
    return len(settings.in_X) * settings.seeds * (1 + len(settings.rankers) * len(_wanted(settings)))


def _wanted(settings: Settings) -> list[tuple[float, float]]:
    """The pairs (alpha, share) at which each ranking is tried."""
    by_alpha = [(alpha, settings.share) for alpha in settings.alphas]
    return list(dict.fromkeys([*by_alpha, *((settings.alpha, share) for share in settings.shares)]))


def _rules(registry: Registry, settings: Settings) -> Iterator[dict[str, Any]]:
    for seed in range(settings.seeds):
        for in_X in settings.in_X:
            world = _World.drawn(registry, settings, seed, in_X)
            where = {"in_X": in_X, "seed": seed}
            agreement, eqod = world.judged(np.zeros(0, dtype=np.int64))
            for what, value in (("agreement", agreement), ("eqod", eqod)):
                yield {**where, "what": what, "ranker": "nobody", "alpha": 0.0, "share": 0.0, "value": value}
            for ranker in settings.rankers:
                for alpha, share in _wanted(settings):
                    for what, value in world.values(registry, ranker, alpha, share).items():
                        yield {**where, "what": what, "ranker": ranker, "alpha": alpha, "share": share, "value": value}


@dataclass(frozen=True, eq=False)
class _World:
    """One draw: who trains, and who is judged beside their counterfactuals."""

    train: Labelled
    test: Labelled
    other: Floats  # X of the test people's counterfactuals
    seed: int

    @staticmethod
    def drawn(registry: Registry, settings: Settings, seed: int, in_X: bool) -> _World:
        card = registry.datasets["gmm4"]
        source: Any = card.make(
            p=settings.p, m=settings.m, mu=settings.norm, psi=settings.norm, held_out=settings.held_out, seed=seed
        )  # its counterfactuals are this card's own
        rows = source.read(Folders())
        table = make_table(card, source, rows, group_in_X=in_X)
        assert table.published is not None  # a held-out part was asked for
        tested = np.flatnonzero(table.published)
        other = source.counterfactual(rows)[tested]
        if in_X:  # the group is the last feature
            other = np.column_stack([other, 1.0 - table.people.X[tested, -1]])
        return _World(table.people.take(~table.published), table.people.take(tested), other, seed)

    def values(self, registry: Registry, ranker: str, alpha: float, share: float) -> dict[str, float]:
        collective = gather(
            self.train, alpha, None, stream(self.seed, "collective"), stream(self.seed, "known majority")
        )
        members, known = self.train.take(collective.members), self.train.take(collective.known)
        own: Ints = np.searchsorted(collective.members, collective.candidates)
        candidates = self.train.X[collective.candidates]
        search = Search(candidates, own, known, members, self.seed)
        method: Any = registry.methods[ranker].make()  # a Relabeler
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Note)  # a constant ranking, a clamped k: of small settings only
            scores = method.score(view(self.train, collective, search), stream(self.seed, "method", ranker))
            order = ranking(scores, len(candidates), stream(self.seed, "ties"))
        flipped = collective.candidates[order[: round(share * len(candidates))]]
        agreement, eqod = self.judged(flipped)
        return {"agreement": agreement, "eqod": eqod, "mismatch": self._mismatch(collective.members, flipped)}

    def judged(self, flipped: Ints) -> tuple[float, float]:
        """Agreement and EqOd of the ordinary rule, trained after these flips."""
        y = flip(self.train.y, flipped)
        model = Learner().make(seed_of(self.seed, "learner")).fit(self.train.X, y.astype(np.int64))
        here, there = (model.predict(X) == 1 for X in (self.test.X, self.other))
        minority = self.test.minority
        counts = cells(here.astype(np.float64), self.test.y, minority)
        eqod = (abs(counts.tpr[0] - counts.tpr[1]) + abs(counts.fpr[0] - counts.fpr[1])) / 2
        return float((here == there)[minority].mean()), float(eqod)

    def _mismatch(self, members: Ints, flipped: Ints) -> float:
        y, X = flip(self.train.y, flipped), self.train.X
        return float((y != (X[:, 0] + X[:, 1] > 0))[members].mean())


def _neighbours(settings: Settings) -> Iterator[dict[str, Any]]:
    rng = stream(0, "nearest of two")
    for dimension in settings.dimensions:
        for norm in settings.norms:
            for projected in (False, True):
                of = NearestOfTwo(norm, norm, dimension, projected)
                where = {"what": "nearest", "dimension": dimension, "norm": norm, "projected": projected}
                yield {**where, "references": 1, "closed": True, "seed": 0, "value": of.error()}
                for references in settings.references:
                    value = of.simulate(rng, settings.draws, references)
                    yield {**where, "references": references, "closed": False, "seed": 0, "value": value}
