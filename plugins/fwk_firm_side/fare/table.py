"""Tables as users have them, made numbers: which columns are nominal, and the codes of their categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Levels = Mapping[int, Any]  # position of a column -> its categories, a pandas Index
MOST_CODES = 65535


def category_levels(X: Any) -> Levels:  # any array-like or DataFrame
    """The categories of the columns of category dtype of a DataFrame, by position; none for anything else."""
    if not hasattr(X, "isetitem"):
        return {}
    return {j: dtype.categories for j, dtype in enumerate(X.dtypes) if hasattr(dtype, "categories")}


def numbered(X: Any, levels: Levels) -> Any:  # array-like in, the same out
    """A DataFrame whose categories became their codes 1, 2, ..., and 0 for those not in `levels`. The rest as it is."""
    if not hasattr(X, "isetitem") or not levels:
        return X
    codes = X.copy(deep=False)
    for j, categories in levels.items():
        column = X.iloc[:, j]
        same = categories.equals(getattr(column.dtype, "categories", None))
        place = column.cat.codes if same else categories.get_indexer(column.astype(object))
        codes.isetitem(j, np.asarray(place, dtype=np.float32) + 1)
    return codes


def nominal_mask(
    features: Sequence[int] | Sequence[str] | npt.NDArray[np.bool_] | None, levels: Levels, names: Sequence[str], d: int
) -> npt.NDArray[np.bool_]:
    """Which of d columns are nominal: those in `features` (positions, names or a mask) and those with levels.

    Raises ValueError for a column that is not there.

    >>> nominal_mask(["b"], {}, ["a", "b"], 2).tolist()
    [False, True]
    """
    mask = np.zeros(d, np.bool_)
    mask[list(levels)] = True
    given = np.asarray([] if features is None else features)
    if given.dtype == np.bool_:
        if given.shape != (d,):
            raise ValueError(f"the mask categorical_features has shape {given.shape}, and X has {d} columns")
        return np.asarray(mask | given)
    for feature in given.tolist():
        if isinstance(feature, str) and feature not in names:
            raise ValueError(f"categorical_features names {feature!r}; X has the columns {list(names)}")
        position = list(names).index(feature) if isinstance(feature, str) else int(feature)
        if not -d <= position < d:
            raise ValueError(f"categorical_features holds {position}, and X has {d} columns")
        mask[position] = True
    return mask


def check_codes(X: npt.NDArray[np.float32], nominal: npt.NDArray[np.bool_]) -> None:
    """Raises ValueError if a nominal column holds anything but 1, 2, ... 65535."""
    for j in np.flatnonzero(nominal):
        values = X[:, j]
        wrong = (values < 1) | (values > MOST_CODES) | (values != np.floor(values))
        if wrong.any():
            raise ValueError(
                f"column {j} is categorical, and holds {values[wrong][0]:g} (0 stands for a missing category); "
                f"codes must be whole numbers from 1 to {MOST_CODES}"
            )
