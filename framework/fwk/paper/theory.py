"""The paper's theory without its text: on the mixture, where everybody's counterfactual is known.

The success S and the ideal relabelling are defined as on the authors' page about the paper
(beomri.github.io/projects/collective_fairness), the bound as Hardt et al. (ICML 2023) argue for erasing a signal. No
printed equation was at hand to compare with.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fwk.api import Bools, Floats, Ints, Labelled, Note
from fwk.evaluate import cells
from fwk.firm import Learner
from fwk.paper.mixture import NearestOfTwo, posterior, success_bound
from fwk.plugins import Registry
from fwk.relabel import Collective, Search, flip, gather, ranking, view
from fwk.report.words import plural
from fwk.shelf import Folders
from fwk.split import seed_of, stream
from fwk.tables import make_table

IDEAL = "ideal"


@dataclass(frozen=True)
class Settings:
    """What is simulated.

    p, m, norm   people in the mixture's groups, and |mu| = |psi|, in two dimensions
    in_X         whether the group is among the features
    held_out     people of each group who are judged
    alphas       sizes of the collective, of which `share` of the candidates flip
    shares       shares of the candidates, for a collective of `alpha`
    seeds        draws of the mixture, and of the neighbours
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


@dataclass(frozen=True)
class Piece:
    """What is worked out at one go: the rules of one draw of the mixture, or, of no seed, the nearest neighbours."""

    settings: Settings
    seed: int | None = None
    in_X: bool = False

    def rows(self, registry: Registry) -> Iterator[dict[str, Any]]:
        """One row a value: `what` is measured, of whom, where; `seed` numbers the draws.

        success      S = P(h(g(x)) = h(x)) over the minority, g(x) being the person's counterfactual in the majority
        label_error  rho, the share of the collective whose label, after its flips, is not argmax P0(y | g(x)); a ranker
                     called IDEAL relabels its whole collective so, in both directions
        tau          E |P0(y = 1 | x) - P0(y = 1 | g(x))| over the minority
        bound        `success_bound` of these, where the group is among the features, as it presumes
        eqod         of the rule
        nearest      share of minority people whose nearer one of two majority people, one of each label, has the other
                     label; `closed` by `NearestOfTwo.error`, or simulated
        """
        if self.seed is None:
            yield from _neighbours(self.settings)
        else:
            yield from _rules(registry, self.settings, self.seed, self.in_X)


def pieces(settings: Settings) -> tuple[Piece, ...]:
    """All of it, in the order of the table."""
    draws = itertools.product(range(settings.seeds), settings.in_X)
    return (*(Piece(settings, seed, in_X) for seed, in_X in draws), Piece(settings))


def told_of(settings: Settings) -> Iterator[str]:
    """What was simulated, a phrase each."""
    yield f"{settings.p:,} people of the majority and {settings.m:,} of the minority, |mu| = |psi| = {settings.norm:g}"
    yield f"{plural(settings.seeds, 'draw')}, judged on {settings.held_out:,} people of each group"
    yield f"the share of candidates that flip is {settings.share:g} along alpha, and alpha {settings.alpha:g} along it"
    yield f"nearest neighbours: {settings.draws:,} people"


def fits(settings: Settings) -> int:
    """How many models are trained."""
    ranked = len(settings.rankers) * len(_wanted(settings))
    return len(settings.in_X) * settings.seeds * (1 + len(settings.alphas) + ranked)


def _wanted(settings: Settings) -> list[tuple[float, float]]:
    """The pairs (alpha, share) at which each ranking is tried."""
    by_alpha = [(alpha, settings.share) for alpha in settings.alphas]
    return list(dict.fromkeys([*by_alpha, *((settings.alpha, share) for share in settings.shares)]))


def _rules(registry: Registry, settings: Settings, seed: int, in_X: bool) -> Iterator[dict[str, Any]]:
    world = _World.drawn(registry, settings, seed, in_X)
    tau = world.tau()
    tried = [("nobody", 0.0, 0.0), *((IDEAL, alpha, math.nan) for alpha in settings.alphas)]
    tried += [(name, alpha, share) for name in settings.rankers for alpha, share in _wanted(settings)]
    for ranker, alpha, share in tried:
        values = world.values(registry, ranker, alpha, share)
        if ranker == "nobody":
            values["tau"] = tau
        elif in_X:
            values["bound"] = success_bound(alpha, tau, values["label_error"])
        where = {"in_X": in_X, "seed": seed, "ranker": ranker, "alpha": alpha, "share": share}
        for what, value in values.items():
            yield {**where, "what": what, "value": value}


@dataclass(frozen=True, eq=False)
class _World:
    """One draw: who trains, and who is judged, each beside their counterfactuals.

    chances  (n,) P0(y = 1 | x) of the people, and of their counterfactuals, by part
    """

    train: Labelled
    test: Labelled
    other: Floats  # X of the test people's counterfactuals
    chances: Mapping[str, tuple[Floats, Floats]]
    seed: int

    @staticmethod
    def drawn(registry: Registry, settings: Settings, seed: int, in_X: bool) -> _World:
        card = registry.datasets["gmm4"]
        norm = settings.norm
        source: Any = card.make(
            p=settings.p, m=settings.m, mu=norm, psi=norm, held_out=settings.held_out, seed=seed
        )  # its counterfactuals are this card's own
        rows = source.read(Folders(data=None))
        table = make_table(card, source, rows, group_in_X=in_X)
        assert table.published is not None  # a held-out part was asked for
        test, people = table.published, table.people
        other = source.counterfactual(rows)
        share = settings.m / (settings.p + settings.m)
        here = posterior(people.X, norm, norm, people.minority if in_X else share)
        there = posterior(other, norm, norm, ~people.minority if in_X else share)
        if in_X:  # the group is the last feature
            other = np.column_stack([other, 1.0 - people.X[:, -1]])
        parts = {"train": ~test, "test": test}
        chances = {name: (here[part], there[part]) for name, part in parts.items()}
        return _World(people.take(~test), people.take(test), other[test], chances, seed)

    def tau(self) -> float:
        here, there = self.chances["test"]
        return float(np.abs(here - there)[self.test.minority].mean())

    def values(self, registry: Registry, ranker: str, alpha: float, share: float) -> dict[str, float]:
        """Success and EqOd of the ordinary rule that is trained after the flips, and the collective's label error."""
        if ranker == "nobody":
            return self._judged(self.train.y)
        joining, knowing = (stream(self.seed, what) for what in ("collective", "known majority"))
        collective = gather(self.train, alpha, None, joining, knowing)
        ideal = self.chances["train"][1] > 0.5
        if ranker == IDEAL:
            y = self.train.y.copy()
            y[collective.members] = ideal[collective.members]
        else:
            order = self._ranked(registry, ranker, collective)
            y = flip(self.train.y, collective.candidates[order[: round(share * len(order))]])
        error = (y != ideal)[collective.members].mean()
        return {**self._judged(y), "label_error": float(error)}

    def _ranked(self, registry: Registry, ranker: str, collective: Collective) -> Ints:
        members, known = self.train.take(collective.members), self.train.take(collective.known)
        own: Ints = np.searchsorted(collective.members, collective.candidates)
        candidates = self.train.X[collective.candidates]
        search = Search(candidates, own, known, members, self.seed)
        method: Any = registry.methods[ranker].make()  # a Relabeler
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Note)  # a constant ranking, a clamped k: of small settings only
            scores = method.score(view(self.train, collective, search), stream(self.seed, "method", ranker))
            return ranking(scores, len(candidates), stream(self.seed, "ties"))

    def _judged(self, y: Bools) -> dict[str, float]:
        model = Learner().make(seed_of(self.seed, "learner")).fit(self.train.X, y.astype(np.int64))
        here, there = (model.predict(X) == 1 for X in (self.test.X, self.other))
        minority = self.test.minority
        counts = cells(here.astype(np.float64), self.test.y, minority)
        eqod = (abs(counts.tpr[0] - counts.tpr[1]) + abs(counts.fpr[0] - counts.fpr[1])) / 2
        return {"success": float((here == there)[minority].mean()), "eqod": float(eqod)}


def _neighbours(settings: Settings) -> Iterator[dict[str, Any]]:
    for dimension, norm, projected in itertools.product(settings.dimensions, settings.norms, (False, True)):
        of = NearestOfTwo(norm, norm, dimension, projected)
        where = {"what": "nearest", "dimension": dimension, "norm": norm, "projected": projected}
        yield {**where, "references": 1, "closed": True, "seed": 0, "value": of.error()}
        for seed, references in itertools.product(range(settings.seeds), settings.references):
            rng = stream(seed, "nearest of two", dimension, norm, projected, references)
            value = of.simulate(rng, settings.draws // settings.seeds, references)
            yield {**where, "references": references, "closed": False, "seed": seed, "value": value}
