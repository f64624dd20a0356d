"""What is known of the four-Gaussian mixture without training: rules of Gaussians, and nearest neighbours.

x | (y, a) ~ N(y (mu + s_a psi), I), y = +-1, s = 1 in the majority and -1 in the minority, mu and psi orthogonal: along
mu the label runs the same way in both groups, along psi the opposite way. The formulas here were derived for this
project and are checked by simulation; they are not taken from the paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from fwk.api import Bools, Floats


def posterior(x: Floats, mu: float, psi: float, minority: Bools | float) -> Floats:
    """P(y = +1 | x), (n,), for x of (n, dimension).

    minority  (n,) who is in it, where the group is known; where it is not, the minority's share of the people

    >>> posterior(np.array([[1.0, 0.0]]), 0.5, 2.0, 0.3).round(3).item()  # 1 / (1 + exp(-2 * 0.5))
    0.731
    """
    along, across = mu * x[:, 0], psi * x[:, 1]
    if isinstance(minority, np.ndarray):
        return np.asarray(special.expit(2 * (along + np.where(minority, -across, across))))
    shares = np.array([[1 - minority], [minority]])
    of_groups = np.stack([along + across, along - across])  # log P(x | y, a), but for what is equal for all
    up, down = (special.logsumexp(sign * of_groups, axis=0, b=shares) for sign in (1, -1))
    return np.asarray(special.expit(up - down))


def success_bound(alpha: float, tau: float, rho: float = 0.0) -> float:
    """What success is at least where the firm uses the best rule for the data: 1 - 2 (1 - alpha) tau / alpha - 2 rho.

    A random share alpha of the minority, 0 < alpha <= 1, reports labels of its own; the group is among the features;
    and g is a function of x. (On this mixture a counterfactual keeps its label: there the bound is no theorem.)

    In the minority, S = P(h(g(x)) = h(x)); y*(x) = argmax P0(y | g(x)) is the ideal label; rho(x) is the share of
    members at x who report another, tau(x) = max_y |P0(y | x) - P0(y | g(x))|; rho and tau are their means.

    At g(x), in the majority, nobody relabels, so h says y*. Where h(x) is another label, the best rule has seen
    alpha (1 - 2 rho(x)) <= (1 - alpha) (P0(h(x) | x) - P0(y* | x)). The last difference is not positive at g(x), so it
    is at most 2 tau(x) here, and 2 (1 - alpha) tau(x) / alpha + 2 rho(x) >= 1. Markov's inequality gives the bound. For
    rho = 0 the argument is that of Hardt et al., "Algorithmic Collective Action in Machine Learning", ICML 2023, for
    erasing a signal; rho is our addition.

    >>> round(success_bound(0.5, 0.1, 0.05), 3)
    0.7
    """
    return 1 - 2 * (1 - alpha) * tau / alpha - 2 * rho


def majority_rule_eqod(mu: float, psi: float) -> float:
    """EqOd of the majority's best rule, sign((mu + psi) . x): the limit where the majority outweighs everybody.

    Phi(r) - Phi((mu^2 - psi^2) / r) with r^2 = mu^2 + psi^2: its TPR in the majority minus that in the minority, and,
    by symmetry, the same for FPR. One half (less 1 - Phi(r)) where the norms are equal.

    >>> round(majority_rule_eqod(2, 2), 3), round(majority_rule_eqod(4, 2), 3), round(majority_rule_eqod(2, 4), 3)
    (0.498, 0.004, 0.996)
    """
    r = math.hypot(mu, psi)
    return float(stats.norm.cdf(r) - stats.norm.cdf((mu**2 - psi**2) / r)) if r > 0 else 0.0


@dataclass(frozen=True)
class NearestOfTwo:
    """A person of the minority and two of the majority, one of each label: is the nearer one of the same label?

    dimension  of x, at least 2
    projected  whether the direction of psi has been taken out first, as a fair representation does
    """

    mu: float
    psi: float
    dimension: int
    projected: bool = False

    def error(self, nodes: int = 80) -> float:
        """P(the nearer of the two has the other label), exact but for the quadrature.

        With the person x, the reference r of the same label and o of the other, |x - o| < |x - r| exactly if A . B > 0
        for A = o - r ~ N(-2(mu + psi), 2I) and B = 2x - o - r ~ N(2(mu - psi), 6I); their covariance is 0, so they are
        independent. Given A, A . B ~ N(2 A . (mu - psi), 6 |A|^2), so the error is the mean of
        Phi(2 A . (mu - psi) / (sqrt(6) |A|)) over A: normal coordinates on two axes, and twice a chi^2 for the rest.
        On a line, |A| is A but for its sign.

        One half where the norms are equal and psi has not been taken out: exchanging the two axes turns the sign.
        """
        if self._axes == 1:
            return self._on_a_line()
        if self._axes == 2:
            return self._in_a_plane()
        z, w = special.roots_hermitenorm(nodes)
        w = w / w.sum()
        rest, v = _two_chi_squared(self._axes - 2, nodes)
        a = (-2 * self.mu + math.sqrt(2) * z)[:, None, None]
        b = (-2 * self._psi + math.sqrt(2) * z)[None, :, None]
        toward, length = 2 * (self.mu * a - self._psi * b), np.sqrt(a**2 + b**2 + rest)
        ratio = np.divide(toward, math.sqrt(6) * length, out=np.zeros_like(length), where=length > 0)
        return float((w[:, None, None] * w[None, :, None] * v * stats.norm.cdf(ratio)).sum())

    def _on_a_line(self) -> float:
        right = stats.norm.cdf(-math.sqrt(2) * self.mu)
        reach = 2 * self.mu / math.sqrt(6)
        return float(right * stats.norm.cdf(reach) + (1 - right) * stats.norm.cdf(-reach))

    def _in_a_plane(self) -> float:
        """Only the direction of A matters; its density is the projected normal's, and the sum over the circle exact."""
        angle = np.linspace(0, 2 * math.pi, 2000, endpoint=False)
        far = math.sqrt(2) * math.hypot(self.mu, self._psi)
        along = far * np.cos(angle - math.atan2(-self._psi, -self.mu))
        density = np.exp(-(far**2) / 2) / (2 * math.pi)
        density = density + along * np.exp((along**2 - far**2) / 2) * stats.norm.cdf(along) / math.sqrt(2 * math.pi)
        toward = 2 * (self.mu * np.cos(angle) - self._psi * np.sin(angle)) / math.sqrt(6)
        return float((density * stats.norm.cdf(toward)).mean() * 2 * math.pi)

    def simulate(self, rng: np.random.Generator, draws: int, references: int = 1) -> float:
        """The same share by simulation; `references` of each label among which the nearest is looked for."""
        person = self._center(-1) + rng.normal(size=(draws, 1, self._axes))
        same, other = (
            np.linalg.norm(person - sign * self._center(1) - rng.normal(size=(draws, references, self._axes)), axis=2)
            for sign in (1, -1)
        )
        return float((other.min(axis=1) < same.min(axis=1)).mean())

    @property
    def _axes(self) -> int:
        return self.dimension - 1 if self.projected else self.dimension

    @property
    def _psi(self) -> float:
        return 0.0 if self.projected else self.psi

    def _center(self, side: int) -> Floats:
        center = np.zeros(self._axes)
        center[0] = self.mu
        center[1:2] = side * self._psi
        return center


def _two_chi_squared(freedom: int, nodes: int) -> tuple[Floats, Floats]:
    """Nodes and weights of the expectation over 2 chi^2 with so many degrees of freedom (0: the constant 0)."""
    if freedom == 0:
        return np.zeros((1, 1, 1)), np.ones((1, 1, 1))
    x, v = special.roots_genlaguerre(nodes, freedom / 2 - 1)
    return 4 * x[None, None, :], (v / v.sum())[None, None, :]
