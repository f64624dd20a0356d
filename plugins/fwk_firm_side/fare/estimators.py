"""Scikit-learn estimators: a fair tree as a classifier, and as an encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d, validate_data

from fwk_firm_side.fare.table import category_levels, check_codes, nominal_mask, numbered

if TYPE_CHECKING:
    from fwk_firm_side.fare.tree import Tree

Criterion = Literal["dp", "eopp", "eo"]
CRITERIA = ("dp", "eopp", "eo")
OFFICIAL_SEED = 43
MOST_CELLS = 255
Table = Any  # array-like or DataFrame, (n, d)
Column = Any  # array-like, (n,)


class FairTreeClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A decision tree whose cells tell little about a group (FARE; Jovanovic et al., ICML 2023).

    It grows best first, with the impurity I = (1 - gamma) G_y + gamma (1/2 - G_s), where G_y and G_s are the Gini
    impurities of label and group in a node: a split is paid for separating labels and charged for separating groups. It
    stops where no split gains, so the number of leaves can stay well below its limit; at gamma = 1 one cell is usual.

    gamma                 weight of fairness, 0 (an ordinary Gini tree) to 1
    max_leaf_nodes        most leaves (k), at least 2
    min_samples_leaf      least rows of a leaf
    criterion             G_s is taken over everybody ("dp"), over those with y = 1 ("eopp"), or is the mean over both
                          labels ("eo"). The last two never make a leaf that lacks a label they condition on
    categorical_features  positions, names or a mask of columns that hold codes 1, 2, ...; columns of category dtype in
                          a DataFrame are recognised without it
    min_gain              a split must gain more than this, weighted by its share of the rows. None is the official
                          rule: gains of zero are taken, which fills up max_leaf_nodes with splits of no use
    random_state          settles ties between equally good columns; None is 43, the official default

    Attributes after fit: classes_, groups_, n_features_in_, feature_names_in_, tree_ (see `Tree`), n_leaves_.

    Values are compared as float32; differences up to 1e-7 count as equal, so scale columns of tiny numbers. Numbers
    must be finite. Categories that a node has not met, and unknown ones, have a fixed side. Rows that are contiguous
    float32 are not copied; the fit itself takes a quarter of their memory and a little.
    """

    tree_: Tree

    def __init__(
        self,
        gamma: float = 0.85,
        max_leaf_nodes: int = 200,
        min_samples_leaf: int = 100,
        criterion: Criterion = "dp",
        categorical_features: Sequence[int] | Sequence[str] | npt.NDArray[np.bool_] | None = None,
        min_gain: float | None = 1e-12,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.gamma = gamma
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.criterion = criterion
        self.categorical_features = categorical_features
        self.min_gain = min_gain
        self.random_state = random_state

    def fit(self, X: Table, y: Column, *, sensitive_features: Column) -> FairTreeClassifier:
        """Grow the tree. X (n, d); y (n,) labels; sensitive_features (n,) groups; both of any values that sort."""
        self._grow(X, y, sensitive_features)
        return self

    def _grow(self, X: Table, y: Column, sensitive_features: Column) -> npt.NDArray[np.float32]:
        """Grow the tree; X as numbers."""
        from fwk_firm_side.fare.compiled import Rule
        from fwk_firm_side.fare.grow import grow

        self._check_knobs()
        X = self._read(X, fitting=True)
        check_classification_targets(y)
        self.classes_, label = _numbered(column_or_1d(y, warn=True), "labels")
        self.groups_, group = _numbered(column_or_1d(sensitive_features), "groups")
        check_consistent_length(X, label, group)
        labels, groups = len(self.classes_), len(self.groups_)
        if labels * groups > MOST_CELLS:
            raise ValueError(f"{labels} labels times {groups} groups are more than {MOST_CELLS} cells")
        if self.criterion != "dp" and labels != 2:
            raise ValueError(f"criterion={self.criterion!r} is for two labels, and y has {labels}")
        self.tree_ = grow(
            X,
            label * np.uint8(groups) + group,
            labels,
            Rule(CRITERIA.index(self.criterion), float(self.gamma), groups, int(self.min_samples_leaf)),
            nominal=self._nominal,
            max_leaf_nodes=int(self.max_leaf_nodes),
            min_gain=self.min_gain,
            seed=self._seed(),
        )
        self.n_leaves_ = self.tree_.n_leaves
        return np.asarray(X)

    def apply(self, X: Table) -> npt.NDArray[np.int64]:
        """The number of each row's leaf, 0 .. n_leaves_-1, (n,)."""
        check_is_fitted(self, "tree_")
        return self.tree_.apply(self._read(X, fitting=False))

    def predict_proba(self, X: Table) -> npt.NDArray[np.float64]:
        """The shares of the labels in each row's leaf, in the order of classes_, (n, labels)."""
        leaves = self.apply(X)
        counts = self.tree_.counts[self.tree_.leaf >= 0].sum(axis=2)
        return np.asarray((counts / counts.sum(axis=1, keepdims=True))[leaves])

    def predict(self, X: Table) -> npt.NDArray[Any]:  # labels are of any type
        """The most frequent label of each row's leaf, the smallest of equally frequent ones, (n,)."""
        most = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most])

    def _read(self, X: Table, *, fitting: bool) -> npt.NDArray[np.float32]:
        """X as finite float32, categories as codes; remembers columns and categories when fitting."""
        if fitting:
            self._levels = category_levels(X)
        numbers: npt.NDArray[np.float32] = validate_data(
            self, numbered(X, self._levels), reset=fitting, dtype=np.float32, order="C"
        )
        if fitting:
            names = getattr(self, "feature_names_in_", ())
            self._nominal = nominal_mask(self.categorical_features, self._levels, names, self.n_features_in_)
            check_codes(numbers, self._nominal)
        return numbers

    def _check_knobs(self) -> None:
        if not 0 <= self.gamma <= 1:
            raise ValueError(f"gamma={self.gamma} must lie between 0 (plain Gini) and 1 (fairness only)")
        if self.max_leaf_nodes < 2:
            raise ValueError(f"max_leaf_nodes={self.max_leaf_nodes} must be at least 2")
        if self.min_samples_leaf < 1:
            raise ValueError(f"min_samples_leaf={self.min_samples_leaf} must be at least 1 (rows, not a share)")
        if self.criterion not in CRITERIA:
            raise ValueError(f"criterion={self.criterion!r} is none of {', '.join(CRITERIA)}")

    def _seed(self) -> int:
        if isinstance(self.random_state, np.random.RandomState):
            return int(check_random_state(self.random_state).randint(2**31 - 1))
        return OFFICIAL_SEED if self.random_state is None else int(self.random_state)


class FairTreeEncoder(OneToOneFeatureMixin, TransformerMixin, FairTreeClassifier):  # type: ignore[misc]  # as above
    """A fair tree that puts in everybody's place the vector of their cell; at most `max_leaf_nodes` different ones.

    The vector of a cell is in the columns of X: the median of its training rows, in a nominal column the most frequent
    code (the smallest of equally frequent ones). Whatever is learned from it sees no more than the cell, so the bound
    of `certificate` holds for it. The tree's knobs and methods are those of FairTreeClassifier.

    Attribute besides: leaf_vectors_, (n_leaves_, d) float32, row i for leaf number i.
    """

    def fit(self, X: Table, y: Column, *, sensitive_features: Column) -> FairTreeEncoder:
        """Grow the tree and take the cells' vectors. X (n, d); y (n,) labels; sensitive_features (n,) groups."""
        numbers = self._grow(X, y, sensitive_features)
        self.leaf_vectors_ = leaf_vectors(numbers, self.tree_.apply(numbers), self._nominal)
        return self

    def transform(self, X: Table) -> npt.NDArray[np.float32]:
        """The vector of each row's cell, (n, d)."""
        leaves = self.apply(X)
        return np.asarray(self.leaf_vectors_[leaves])

    def __sklearn_tags__(self) -> Any:  # scikit-learn ships no types
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _numbered(values: Column, what: str) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """The different values, and the number of each person's, (n,)."""
    different, number = np.unique(values, return_inverse=True)
    if len(different) > MOST_CELLS:
        raise ValueError(f"{len(different)} different {what} are more than {MOST_CELLS}")
    return different, number.astype(np.uint8)


def leaf_vectors(
    X: npt.NDArray[np.float32], leaves: npt.NDArray[np.int64], nominal: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """Median, or most frequent code, of each column among the rows of each leaf, (leaves, d)."""
    by_leaf = np.argsort(leaves, kind="stable")
    ends = np.cumsum(np.bincount(leaves))
    vectors = np.empty((len(ends), X.shape[1]), np.float32)
    for j in range(X.shape[1]):
        for leaf, values in enumerate(np.split(X[by_leaf, j], ends[:-1])):
            vectors[leaf, j] = np.bincount(values.astype(np.int64)).argmax() if nominal[j] else np.median(values)
    return vectors
