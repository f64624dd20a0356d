"""The objective of learned fair representations (LFR) with its exact gradient, and how it is minimised.

Zemel, Wu, Swersky, Pitassi and Dwork, "Learning Fair Representations", ICML 2013; equation numbers are theirs. Where
they sum over people, features or prototypes this takes means, as holisticai does, so that equal weights mean the same:

    L   = A_x L_x + A_y L_y + A_z L_z                                            Eq. 4
    M   = softmax over k of -d(x, v_k), d Euclidean                              Eq. 2, 3
    L_z = mean over k of |mean of M_k in the majority - in the minority|         Eq. 7 (a sum there)
    L_x = sum over groups of the mean over people and features of (x - xhat)^2   Eq. 8 (a sum over people there)
    L_y = mean over people of -y log yhat - (1 - y) log(1 - yhat)                Eq. 10 (a sum there)
    xhat = sum over k of M_k v_k, yhat = sum over k of M_k w_k, 0 <= w_k <= 1    Eq. 9, 11

The paper's learned weight of each feature in d (Eq. 12) is left out, as in holisticai. L_z has kinks where two groups
use a prototype equally, just where its minimum lies, and quasi-Newton steps stall at them: so |t| is replaced by
sqrt(t^2 + h^2) - h with h falling in stages to 0, which is the objective itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.optimize import minimize

from fwk import Bools, Floats

STAGES = ((0.1, 0.4), (0.01, 0.3), (0.001, 0.2), (0.0, 0.1))  # the smoothing h, its share of the iterations
_LEAST = float(np.finfo(np.float64).eps)  # yhat is kept this far from 0 and 1
_NEAREST = 1e-8  # below this distance the cone at a prototype counts as flat


@dataclass(frozen=True)
class Weights:
    """A_x of the reconstruction, A_y of the prediction, A_z of parity; each >= 0."""

    x: float
    y: float
    z: float


@dataclass(frozen=True, eq=False)
class Rows:
    """Distinct people, n of them, with how often they occur.

    X         (n, d) features, standardised
    minority  (n,)
    count     (n,) people
    accepted  (n,) how many of them have y = 1
    """

    X: Floats
    minority: Bools
    count: Floats
    accepted: Floats


@dataclass(frozen=True, eq=False)
class Prototypes:
    """What LFR learns: w (k,) in [0, 1], the acceptance of each prototype, and V (k, d), where they lie."""

    w: Floats
    V: Floats

    def memberships(self, X: Floats) -> Floats:
        """M of Eq. 3, (n, k), rows sum to 1. To the last bit the same wherever a person stands in X."""
        distance = np.column_stack([np.sqrt(((X - v) ** 2).sum(axis=1)) for v in self.V])
        closeness = np.exp(distance.min(axis=1, keepdims=True) - distance)
        return np.asarray(closeness / closeness.sum(axis=1, keepdims=True))

    def reconstruct(self, X: Floats) -> Floats:
        """xhat of Eq. 9, (n, d)."""
        return _mixture(self.memberships(X), self.V)

    def score(self, X: Floats) -> Floats:
        """yhat of Eq. 11, (n,) in [0, 1]."""
        return np.clip(_mixture(self.memberships(X), self.w[:, None])[:, 0], 0.0, 1.0)

    def flat(self) -> Floats:
        """(k + k d,) w, then the rows of V."""
        return np.concatenate([self.w, self.V.ravel()])


def unflat(parameters: Floats, k: int) -> Prototypes:
    """The prototypes of a flat vector of w, then the rows of V."""
    return Prototypes(parameters[:k], parameters[k:].reshape(k, -1))


def _mixture(M: Floats, values: Floats) -> Floats:
    """sum over k of M[:, k] values[k], (n, d), added in a fixed order (a matrix product's depends on n)."""
    mixture = np.zeros((len(M), values.shape[1]))
    for weight, value in zip(M.T, values, strict=True):
        mixture += weight[:, None] * value
    return mixture


class Objective:
    """(flat parameters, smoothing h) -> (value, gradient). Memory: X and a few arrays of k x n."""

    def __init__(self, rows: Rows, weights: Weights, k: int) -> None:
        size = np.where(rows.minority, rows.count[rows.minority].sum(), rows.count[~rows.minority].sum())
        self.X, self.weights, self.k = rows.X, weights, k
        self.squares = (rows.X**2).sum(axis=1)
        self.share = rows.count / (size * rows.X.shape[1])  # what a row's squared error weighs in L_x
        self.contrast = np.where(rows.minority, -rows.count, rows.count) / size  # majority's mean - minority's
        self.accepted = rows.accepted / rows.count.sum()
        self.refused = (rows.count - rows.accepted) / rows.count.sum()

    def __call__(self, parameters: Floats, smoothing: float = 0.0) -> tuple[float, Floats]:
        """The value and its gradient, (k + k d,); a subgradient at kinks (a gap of 0, a person at a prototype)."""
        w, V, A = parameters[: self.k], parameters[self.k :].reshape(self.k, -1), self.weights
        products = V @ self.X.T  # (k, n)
        distance = self._distances(V, products)
        M = np.exp(distance.min(axis=0) - distance)
        M /= M.sum(axis=0)
        away = (V @ V.T) @ M - products  # v_k . (xhat - x)
        errors = np.einsum("kn,kn->n", M, away - products) + self.squares  # |xhat - x|^2
        y_hat = np.clip(w @ M, _LEAST, 1 - _LEAST)
        gap, slope = _smooth_abs(M @ self.contrast, smoothing)
        value = (
            A.x * float(errors @ self.share)
            - A.y * float(self.accepted @ np.log(y_hat) + self.refused @ np.log1p(-y_hat))
            + A.z * float(gap.mean())
        )
        dy = A.y * (self.refused / (1 - y_hat) - self.accepted / y_hat)
        dM = (2 * A.x) * self.share * away + np.column_stack([w, A.z / self.k * slope]) @ np.stack([dy, self.contrast])
        pull = self._pull(M, dM, distance)
        own = (2 * A.x) * self.share * M
        dV = (own @ M.T) @ V - pull.sum(axis=1)[:, None] * V + (pull - own) @ self.X
        return value, np.concatenate([M @ dy, dV.ravel()])

    def _distances(self, V: Floats, products: Floats) -> Floats:
        """|x - v_k|, (k, n), from |x|^2 - 2 x.v + |v|^2 to spare an array of n x k x d."""
        squared = self.squares - 2 * products
        squared += (V**2).sum(axis=1)[:, None]
        distance: Floats = np.sqrt(np.maximum(squared, 0.0, out=squared), out=squared)
        return distance

    @staticmethod
    def _pull(M: Floats, dM: Floats, distance: Floats) -> Floats:
        """How strongly each person pulls each prototype, (k, n): -dL/d(distance) / distance, through the softmax."""
        dM -= np.einsum("kn,kn->n", M, dM)
        dM *= M
        dM /= np.maximum(distance, _NEAREST)
        return dM


def _smooth_abs(t: Floats, h: float) -> tuple[Floats, Floats]:
    """sqrt(t^2 + h^2) - h and its slope; |t| and its sign for h = 0."""
    if h == 0.0:
        return np.abs(t), np.sign(t)
    length = np.sqrt(t**2 + h**2)
    return length - h, t / length


def learn(
    rows: Rows, weights: Weights, *, k: int, starts: int, max_iter: int, rng: Generator
) -> tuple[Prototypes, float]:
    """The best of `starts` descents of at most `max_iter` iterations each, and its objective.

    A start has its prototypes halfway between the mean and k people drawn at random, and w at random in [0, 1]. The
    first s starts are the same for any `starts` >= s. The numbers depend on the order of `rows` by rounding only, which
    a descent amplifies: hand them over sorted.
    """
    objective = Objective(rows, weights, k)
    ends = [_descend(objective, _start(rows, k, rng), max_iter) for _ in range(starts)]
    best, value = min(ends, key=lambda end: end[1])
    return unflat(best, k), value


def _start(rows: Rows, k: int, rng: Generator) -> Floats:
    chosen = rng.choice(len(rows.X), size=k, replace=len(rows.X) < k, p=rows.count / rows.count.sum())
    return Prototypes(rng.uniform(size=k), rows.X[chosen] / 2).flat()


def _descend(objective: Objective, parameters: Floats, max_iter: int) -> tuple[Floats, float]:
    bounds = [(0.0, 1.0)] * objective.k + [(None, None)] * (len(parameters) - objective.k)
    for smoothing, share in STAGES if objective.weights.z > 0 else ((0.0, 1.0),):
        options = {"maxiter": max(1, round(share * max_iter)), "maxfun": 20 * max_iter, "maxcor": 20}
        found = minimize(
            objective, parameters, args=(smoothing,), jac=True, method="L-BFGS-B", bounds=bounds, options=options
        )
        parameters = found.x
    return parameters, objective(parameters)[0]
