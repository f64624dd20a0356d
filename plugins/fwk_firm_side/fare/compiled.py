"""How the numeric kernels of this package are compiled, and the data that they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # kernels take arrays of several number types; their docstrings say which
F = TypeVar("F", bound=Callable[..., object])

DP, EOPP, EO = 0, 1, 2
EQUAL = np.float32(1e-7)
"""Neighbouring float32 values that differ by no more count as equal."""


class Rule(NamedTuple):
    """What a split is judged by: criterion (DP, EOPP or EO), gamma, number of groups, least rows of a leaf."""

    criterion: int
    gamma: float
    groups: int
    min_leaf: int


class Columns(NamedTuple):
    """Columns made ready for counting, and who is in which cell. A cell is a (label, group) pair.

    Histograms count the rows of each cell in each bin, (bins, cells); the bins of column j are offset[j] ..
    offset[j+1]-1, in ascending order of values.

    bits     X, as the int32 that hold the bits of its float32, (n, d)
    codes    the bin of a number, or the code of a nominal value, counted from 0 in each column, (n, d)
    cell     label * groups + group, (n,)
    offset   (d + 1,)
    nominal  (d,)
    wide     whether a bin holds values that a split may part, (bins,)
    """

    bits: Array
    codes: Array
    cell: Array
    offset: Array
    nominal: Array
    wide: Array


def compiled(function: F) -> F:
    """Compile with numba at the first call and keep the machine code on disk; division by zero gives NaN or inf.

    No fast-math: sums and products are rounded in the order in which they are written. The disk cache notices changes
    of a function's own file only, so kernels that call one another share a file.
    """
    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def sealed(X: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """A read-only view of X, rows contiguous: kernels are compiled for such arrays only, whatever people hand over."""
    view = np.ascontiguousarray(X).view()
    view.flags.writeable = False
    return view
