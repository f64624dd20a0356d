"""Checks of measures: shapes, range, meaning of 0, and when they are undefined."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fwk.api import Cells, Floats, Metric
from fwk.testing.checking import Broken, attempt

SHAPES: tuple[tuple[int, ...], ...] = ((), (7,), (3, 4), (0,))


def works_on_any_leading_shape(metric: Metric) -> str:
    """Cells of shape (..., 2, 2) give values of shape (...), each the one that its cells alone give."""
    for shape in SHAPES:
        cells = drawn(shape, seed=len(shape))
        values = _measured(metric, cells)
        if values.shape != shape:
            raise Broken(f"cells of shape {(*shape, 2, 2)} give values of shape {values.shape}, not {shape}")
        for place in np.ndindex(shape):
            alone = _measured(metric, Cells(cells.n[place], cells.accepted[place]))
            if not np.allclose(values[place], alone, atol=1e-12, equal_nan=True):
                raise Broken(f"the value of some cells differs ({values[place]}) from that of the same alone ({alone})")
    return ""


def stays_in_its_range(metric: Metric) -> str:
    """Defined values lie in `range`, extreme rules included."""
    low, high = metric.range
    values = _measured(metric, _all_kinds())
    outside = values[~np.isnan(values) & ((values < low - 1e-12) | (values > high + 1e-12))]
    if len(outside):
        raise Broken(f"{outside[0]:.6g} lies outside its range [{low:g}, {high:g}]")
    return ""


def is_undefined_only_where_somebody_is_missing(metric: Metric) -> str:
    """Where all four cells hold people the value is a number; where nobody is there at all it is NaN."""
    full = drawn((50,), seed=3)
    if np.isnan(values := _measured(metric, full)).any():
        raise Broken(f"{int(np.isnan(values).sum())} of 50 values are NaN though every group has people of both labels")
    if not np.isfinite(values).all():
        raise Broken("a value is infinite; undefined is NaN")
    if not np.isnan(_measured(metric, Cells(np.zeros((2, 2)), np.zeros((2, 2))))):
        raise Broken("nobody at all gives a number; a rate of nobody is undefined: NaN, never a made-up value")
    return ""


def is_zero_for_equal_groups(metric: Metric) -> str:
    """A measure of unfairness is 0 where both groups have the same cells; a remark if it tells the groups apart."""
    if not metric.unfairness:
        return "not checked: no measure of unfairness"
    one = drawn((30,), seed=4)
    alike = Cells(np.stack([one.n[:, 0]] * 2, axis=1), np.stack([one.accepted[:, 0]] * 2, axis=1))
    if not np.allclose(values := _measured(metric, alike), 0, atol=1e-12):
        raise Broken(f"groups with equal counts and decisions give {np.abs(values).max():.6g}; unfairness is 0 there")
    swapped = Cells(one.n[:, ::-1], one.accepted[:, ::-1])
    if not np.allclose(_measured(metric, one), _measured(metric, swapped), atol=1e-12):
        return "the value changes when the groups are swapped; say so in `formula` if it is meant"
    return ""


def leaves_cells_alone(metric: Metric) -> str:
    """Nothing is written into the cells; they are shared by all measures."""
    cells = drawn((5,), seed=5)
    n, accepted = cells.n.copy(), cells.accepted.copy()
    _measured(metric, cells)
    if not (np.array_equal(n, cells.n) and np.array_equal(accepted, cells.accepted)):
        raise Broken("it writes into the cells; copy first")
    return ""


def says_what_it_means(metric: Metric) -> str:
    """The card gives the formula, what 0 means, and when the value is undefined."""
    if lacking := [name for name in ("formula", "zero", "undefined") if not str(getattr(metric, name)).strip()]:
        raise Broken(f"the card leaves {', '.join(lacking)} empty")
    return ""


CHECKS: dict[str, Callable[[Metric], str]] = {
    "any-leading-shape": works_on_any_leading_shape,
    "range": stays_in_its_range,
    "undefined": is_undefined_only_where_somebody_is_missing,
    "zero-for-equal-groups": is_zero_for_equal_groups,
    "cells-are-left-alone": leaves_cells_alone,
    "says-what-it-means": says_what_it_means,
}


def drawn(shape: tuple[int, ...], seed: int) -> Cells:
    """Random cells with at least one person each."""
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 200, (*shape, 2, 2)).astype(np.float64)
    return Cells(n, n * rng.random(n.shape))


def _all_kinds() -> Cells:
    """Random cells; the same with empty ones; and rules that accept all or none of a cell."""
    usual, sparse = drawn((100,), seed=1), drawn((100,), seed=2)
    rng = np.random.default_rng(2)
    kept = rng.random(sparse.n.shape) < 0.6
    corners = np.array(list(np.ndindex(2, 2, 2, 2)), dtype=np.float64).reshape(-1, 2, 2)
    n = np.concatenate([usual.n, sparse.n * kept, np.full_like(corners, 9.0)])
    return Cells(n, np.concatenate([usual.accepted, sparse.accepted * kept, 9.0 * corners]))


def _measured(metric: Metric, cells: Cells) -> Floats:
    def act() -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(metric.measure(cells), dtype=np.float64)

    return attempt(f"{metric.name} of cells of shape {cells.n.shape}", act)
