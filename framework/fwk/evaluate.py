"""A decision rule, people and measures -> numbers. Rules give P(accept), so every value is exact, with no draws."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.random import Generator

from fwk.api import Bools, Cells, Floats, Labelled, Metric, People

GROUPS = ("majority", "minority")
Measures = dict[str, float | None]


def decide(rule: Any, people: People) -> Floats:  # rule: a plugin's; what it gives is checked here
    """P(accept) of each person, (n,); a rule is not asked about nobody. Raises ValueError if it gives anything else."""
    if len(people) == 0:
        return np.zeros(0)
    accept = np.asarray(rule(people.without_traits()), dtype=np.float64)
    if accept.shape != (len(people),):
        raise ValueError(f"the rule gave an array of shape {accept.shape} for {len(people)} people")
    if not ((accept >= 0) & (accept <= 1)).all():
        low, high = np.fmin.reduce(accept), np.fmax.reduce(accept)
        raise ValueError(f"the rule gave {low} to {high}, {int(np.isnan(accept).sum())} NaN; P(accept) lies in [0, 1]")
    return accept


def cells(accept: Floats, y: Bools, minority: Bools) -> Cells:
    """Counts and expected acceptances by group and label.

    >>> cells(np.array([1.0, 0.0]), np.array([True, True]), np.array([False, True])).tpr.tolist()
    [1.0, 0.0]
    """
    cell = 2 * minority.astype(np.int64) + y
    count = np.bincount(cell, minlength=4).astype(np.float64).reshape(2, 2)
    accepted = np.bincount(cell, weights=accept, minlength=4).astype(np.float64).reshape(2, 2)
    return Cells(count, accepted)


def measure(
    accept: Floats, people: Labelled, metrics: Iterable[Metric], *, rng: Generator | None = None, draws: int = 1000
) -> Measures:
    """Every metric by name, rates and counts by group, and the metrics' 95 % bootstrap intervals if `rng` is given.

    None stands where a value is undefined. The share of bootstrap draws in which a metric was undefined stands in
    `<metric>.undefined_draws`, if there are any; the interval is of the others.

    An interval's upper end is that of the percentile bootstrap; its lower end is the smaller of the percentile and the
    basic bootstrap's (Davison & Hinkley 1997, chapter 5), no smaller than the metric can be. The percentile interval of
    an absolute gap that is near 0 would lie above it, whatever the truth.
    """
    metrics = tuple(metrics)
    table = cells(accept, people.y, people.minority)
    found: Measures = {metric.name: _value(metric.measure(table)) for metric in metrics}
    for group, name in enumerate(GROUPS):
        found |= {
            f"tpr.{name}": _value(table.tpr[group]),
            f"fpr.{name}": _value(table.fpr[group]),
            f"acceptance.{name}": _value(table.acceptance[group]),
            f"n.{name}.0": float(table.n[group, 0]),
            f"n.{name}.1": float(table.n[group, 1]),
        }
    if rng is not None:
        resampled = resample(accept, people.y, people.minority, rng, draws)
        for metric in metrics:
            found |= _interval(metric, found[metric.name], metric.measure(resampled))
    return found


def resample(accept: Floats, y: Bools, minority: Bools, rng: Generator, draws: int) -> Cells:
    """The cells of `draws` bootstrap samples of people, (draws, 2, 2).

    People who share group, label and P(accept) are interchangeable, so their numbers are drawn, not they: exact, and
    fast for rules with few distinct probabilities.
    """
    cell = 2 * minority.astype(np.int64) + y
    kinds, number = np.unique(np.column_stack([cell, accept]), axis=0, return_counts=True)
    drawn = rng.multinomial(len(y), number / len(y), size=draws)
    member = (kinds[:, :1] == np.arange(4)).astype(np.float64)
    count = (drawn @ member).reshape(draws, 2, 2)
    return Cells(count, (drawn @ (member * kinds[:, 1:])).reshape(draws, 2, 2))


def by_trait(accept: Floats, y: Bools, traits: Mapping[str, npt.NDArray[Any]]) -> Measures:
    """Counts, acceptance and error rates of every value of every trait, and of every intersection of all traits.

    Names are `audit[race=Black].tpr`, `audit[race=Black & sex=Female].tpr`; tpr and fpr are None where nobody has
    the label.
    """
    found: Measures = {}
    for names in itertools.chain(((name,) for name in traits), [tuple(traits)] if len(traits) > 1 else []):
        labels = [pd.Series(traits[name]).astype(str).fillna("missing") for name in names]
        codes, values = pd.MultiIndex.from_arrays(labels).factorize(sort=True)
        for code, value in enumerate(values):
            value = value if isinstance(value, tuple) else (value,)
            group = " & ".join(f"{name}={part}" for name, part in zip(names, value, strict=True))
            found |= rates(f"audit[{group}]", accept, y, codes == code)
    return found


def rates(prefix: str, accept: Floats, y: Bools, member: Bools) -> Measures:
    """Counts and rates of the people marked in `member`, under names that start with `prefix`."""
    table = cells(accept[member], y[member], np.zeros(int(member.sum()), dtype=bool))
    return {
        f"{prefix}.n": float(table.n.sum()),
        f"{prefix}.n_positive": float(table.n[0, 1]),
        f"{prefix}.acceptance": _value(table.acceptance[0]),
        f"{prefix}.tpr": _value(table.tpr[0]),
        f"{prefix}.fpr": _value(table.fpr[0]),
        f"{prefix}.error": _value(table.error),
    }


def _interval(metric: Metric, value: float | None, values: Floats) -> Measures:
    name, defined = metric.name, values[~np.isnan(values)]
    lost = {f"{name}.undefined_draws": 1 - len(defined) / len(values)} if len(defined) < len(values) else {}
    if len(defined) == 0 or value is None:
        return {f"{name}.low": None, f"{name}.high": None, **lost}
    low, high = np.quantile(defined, [0.025, 0.975])
    low = max(metric.range[0], min(low, 2 * value - high))
    return {f"{name}.low": float(low), f"{name}.high": float(high), **lost}


def _value(number: Any) -> float | None:  # a numpy scalar or 0-d array
    return None if np.isnan(number) else float(number)
