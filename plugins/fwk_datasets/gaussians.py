"""Made-up people whose truth is known: the four-Gaussian mixture of the paper, and the two-dimensional toy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.random import Generator, default_rng

from fwk import Dataset, Encoded, Floats, Ints, Shelf
from fwk_datasets.encoding import encoded, number

PAPER = (
    "Ben-Dov, O., Samadi, S., Sanyal, A. and Tifrea, A. (2025). Fairness for the people, by the people: Minority "
    "collective action"
)


@dataclass(frozen=True)
class Gmm4:
    """x | (y, a) ~ N(y (mu + s_a psi), I), y = +-1, with s = +1 in the majority (a = 0) and -1 in the minority (a = 1).

    mu is the direction of the label in both groups; along psi the label runs one way in the majority and the other way
    in the minority. mu lies along the first axis, psi along the second; half of each group is y = +1 (the larger half
    of an odd group). No feature is made of the group, so its mark is added as one, `minority`, beside x1, x2, ...;
    set `group_in_X: false` to leave it out.

    The majority's best rule, sign((mu + psi) . x), is right in the majority with probability Phi(r), r^2 = |mu|^2 +
    |psi|^2, and in the minority with probability Phi((|mu|^2 - |psi|^2) / r): one half, an EqOd near one half, exactly
    where the norms are equal.

    p, m       people in the majority and in the minority
    mu, psi    the two norms
    dimension  of x, at least 2
    held_out   people of each group in a test part of its own, half of them y = +1; 0 for none. Its groups are of equal
               size whatever p and m are, so that small minorities do not make EqOd noisy; errors weigh them equally
    seed       of the draw
    """

    p: int = 1000
    m: int = 100
    mu: float = 2.0
    psi: float = 2.0
    dimension: int = 2
    held_out: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        _check_sizes(self.p, self.m, self.held_out)
        if self.dimension < 2:
            raise ValueError(f"dimension is {self.dimension}; mu and psi need at least 2")
        if self.mu < 0 or self.psi < 0:
            raise ValueError(f"mu is {self.mu} and psi is {self.psi}; norms are not negative")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """Columns x1, ..., y (+1 or -1), a (1 in the minority), part ("train" or "test"), in a random order."""
        rng = default_rng(self.seed)
        return _drawn(rng, (self.p, self.m), (0.5, 0.5), self.held_out, self._people)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """The features x; y is +1."""
        return _encode(rows, self.held_out)

    def counterfactual(self, rows: pd.DataFrame) -> Floats:
        """Where each person would be in the other group, everything else (label and noise) as it is, (n, dimension)."""
        x = rows[[f"x{axis + 1}" for axis in range(self.dimension)]].to_numpy(dtype=np.float64, copy=True)
        sign = np.where(rows["a"] == 1, -1.0, 1.0)
        x[:, 1] -= 2 * rows["y"].to_numpy() * sign * self.psi
        return x

    def _people(self, y: Ints, a: Ints, rng: Generator) -> Floats:
        x = rng.normal(size=(len(y), self.dimension))
        x[:, 0] += y * self.mu
        x[:, 1] += y * np.where(a == 1, -1.0, 1.0) * self.psi
        return x


@dataclass(frozen=True)
class Toy:
    """A two-dimensional example like figure 1's, whose points the paper does not give.

    x1 ~ N(+-label_gap, 1) by label, x2 ~ N(+-group_gap, 1) by group (the minority below), independent. The groups
    differ in their rates of y = +1, which a linear rule takes up through x2. The group's mark is a feature as for gmm4,
    unless `group_in_X: false`. With the defaults and without the mark, six flips of those whom a rule of the majority
    likes best take away about three quarters of a logistic regression's EqOd (a median over draws, held by a test:
    tests/unit/test_datasets_gaussians.py).

    p, m         people in the majority and in the minority
    rate_p, rate_m   their shares of y = +1, rounded to people
    held_out, seed   as for gmm4, with these rates
    """

    p: int = 100
    m: int = 30
    rate_p: float = 0.7
    rate_m: float = 0.3
    label_gap: float = 1.0
    group_gap: float = 2.0
    held_out: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        _check_sizes(self.p, self.m, self.held_out)
        for name in ("rate_p", "rate_m"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; a rate lies between 0 and 1")

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """Columns x1, x2, y (+1 or -1), a (1 in the minority), part ("train" or "test"), in a random order."""
        rng = default_rng(self.seed)
        return _drawn(rng, (self.p, self.m), (self.rate_p, self.rate_m), self.held_out, self._people)

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """x1 and x2; y is +1."""
        return _encode(rows, self.held_out)

    def _people(self, y: Ints, a: Ints, rng: Generator) -> Floats:
        x = rng.normal(size=(len(y), 2))
        x[:, 0] += y * self.label_gap
        x[:, 1] += np.where(a == 1, -self.group_gap, self.group_gap)
        return x


def _check_sizes(p: int, m: int, held_out: int) -> None:
    for name, size, least in (("p", p, 2), ("m", m, 2), ("held_out", held_out, 0)):
        if size < least or size != int(size):
            raise ValueError(f"{name} is {size}; it is a number of people, at least {least}")


def _drawn(
    rng: Generator,
    sizes: tuple[int, int],
    rates: tuple[float, float],
    held_out: int,
    people: Callable[[Ints, Ints, Generator], Floats],
) -> pd.DataFrame:
    parts = [_part("train", sizes, rates, rng, people)]
    if held_out:
        parts.append(_part("test", (held_out, held_out), rates, rng, people))
    return pd.concat(parts, ignore_index=True)


def _part(
    name: str,
    sizes: tuple[int, int],
    rates: tuple[float, float],
    rng: Generator,
    people: Callable[[Ints, Ints, Generator], Floats],
) -> pd.DataFrame:
    y, a = [], []
    for group, (size, rate) in enumerate(zip(sizes, rates, strict=True)):
        positive = int(np.floor(rate * size + 0.5))
        y += [np.repeat([1, -1], [positive, size - positive])]
        a += [np.full(size, group)]
    order = rng.permutation(sum(sizes))
    labels, groups = np.concatenate(y)[order], np.concatenate(a)[order]
    x = people(labels, groups, rng)
    columns = {f"x{axis + 1}": x[:, axis] for axis in range(x.shape[1])}
    return pd.DataFrame({**columns, "y": labels, "a": groups, "part": name})


def _encode(rows: pd.DataFrame, held_out: int) -> Encoded:
    axes = rows.columns.drop(["y", "a", "part"])
    test = (rows["part"] == "test").to_numpy() if held_out else None
    return encoded((number(rows, axis) for axis in axes), (rows["y"] == 1).to_numpy(), test)


GMM4_CARD = Dataset(
    name="gmm4",
    make=Gmm4,
    minority="a == 1",
    favourable="y = +1",
    test="with held_out, people drawn for it",
    publisher="made up",
    terms="none: no real people",
    citation=PAPER,
    counts={"rows_read": 1_100, "rows": 1_100, "minority": 100, "favourable": 550},
)
TOY_CARD = Dataset(
    name="toy",
    make=Toy,
    minority="a == 1",
    favourable="y = +1",
    test="with held_out, people drawn for it",
    publisher="made up",
    terms="none: no real people",
    citation=f"{PAPER}, figure 1 (a like example)",
    counts={"rows_read": 130, "rows": 130, "minority": 30, "favourable": 79},
)
CARDS = (GMM4_CARD, TOY_CARD)
