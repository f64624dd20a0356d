"""The ordinary learner that a firm trains, and rules made of it."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import RegressorMixin
from sklearn.model_selection import StratifiedKFold

from fwk.api import Bools, Classifier, Decider, Floats, Ints, Labelled, Note, People, Refusal
from fwk.hints import nearest_name
from fwk.remarks import remarks


@dataclass(frozen=True)
class Learner:
    """A scikit-learn classifier by dotted path and parameters."""

    path: str = "sklearn.ensemble.HistGradientBoostingClassifier"
    params: Mapping[str, Any] = field(default_factory=dict)

    def make(self, seed: int, categorical: tuple[int, ...] = ()) -> Classifier:
        """An unfitted classifier; `random_state` is seeded unless the parameters set it, nominal columns are named
        to learners that take them (`categorical_features`).

        Raises ValueError naming the path, or the parameter and what exists.
        """
        kind = _class_at(self.path)
        known = _parameters_of(kind, self.path)
        if unknown := [name for name in self.params if name not in known]:
            hint = nearest_name(unknown[0], known)
            raise ValueError(f"{self.path} has no parameter {', '.join(unknown)}{hint}; it has: {', '.join(known)}")
        defaults: dict[str, Any] = {}
        if "random_state" in known:
            defaults["random_state"] = seed
        if categorical and "categorical_features" in known:
            defaults["categorical_features"] = list(categorical)
        return kind(**(defaults | dict(self.params)))

    @property
    def name(self) -> str:
        """The class's name, with its parameters if any."""
        parameters = ", ".join(f"{key}={value}" for key, value in self.params.items())
        return self.path.rpartition(".")[2] + (f"({parameters})" if parameters else "")


def _class_at(path: str) -> Any:  # any class; callers check what they need of it
    module, _, name = path.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"no class at {path!r} ({error}); give the full dotted path, "
            "such as sklearn.linear_model.LogisticRegression"
        ) from error
    if not (inspect.isclass(kind) and hasattr(kind, "fit") and hasattr(kind, "predict")):
        raise ValueError(f"{path!r} is not a scikit-learn classifier (a class with fit and predict)")
    if issubclass(kind, RegressorMixin):
        raise ValueError(f"{path!r} predicts numbers, not labels; give a classifier")
    return kind


def _parameters_of(kind: Any, path: str) -> tuple[str, ...]:  # kind: any class, as above
    """The names of its parameters: of the signature, and of `get_params()` where that ends in **kwargs."""
    signature = inspect.signature(kind).parameters.values()
    named = [p.name for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if not any(p.kind is p.VAR_KEYWORD for p in signature):
        return tuple(named)
    try:
        return tuple(dict.fromkeys([*named, *kind().get_params(deep=False)]))
    except (AttributeError, TypeError) as error:
        raise ValueError(
            f"{path} takes **parameters without saying which ({error}); it needs scikit-learn's get_params, "
            "callable on an instance made without arguments, or a signature that names them all"
        ) from error


def positive_probability(model: Classifier, X: Floats) -> Floats:
    """P(y = 1 | x) of a fitted classifier, (n,); right also for a model that met one class only.

    Raises Refusal for a classifier without predict_proba.
    """
    if not hasattr(model, "predict_proba"):
        raise Refusal(f"{type(model).__name__} gives no probabilities (predict_proba), and this method needs them")
    classes = list(model.classes_)
    if len(classes) == 1:
        return np.full(len(X), float(classes[0]))
    return np.asarray(model.predict_proba(X)[:, classes.index(1)], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class HardRule:
    """Accepts whom the model predicts 1."""

    model: Classifier

    def __call__(self, people: People, /) -> Floats:
        """P(accept), 0 or 1, (n,)."""
        return np.asarray(self.model.predict(people.X) == 1, dtype=np.float64)


def hard_rule(model: Classifier) -> Decider:
    """The rule that accepts whom a fitted classifier predicts 1: 0 or 1, (n,)."""
    return HardRule(model)


def fold_numbers(y: Bools, minority: Bools, folds: int, seed: int) -> Ints:
    """The fold of each person, (n,), stratified by (group, label); not stratified if a cell is smaller than `folds`."""
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    cell = 2 * minority.astype(int) + y
    numbers = np.zeros(len(y), dtype=np.int64)
    smallest = np.bincount(cell, minlength=4)
    stratum = cell if (smallest[smallest > 0] >= folds).all() else np.zeros(len(y), dtype=int)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(y)), stratum)):
        numbers[held_out] = number
    return numbers


class Training:
    """`Firm`, with a cache of fitted models: in memory, and in `folder` for other processes.

    Models are keyed by what they were trained on, so a model is the same whoever trains it first.
    """

    def __init__(
        self, learner: Learner, seed: int, folder: Path | None = None, categorical: tuple[int, ...] = ()
    ) -> None:
        self.learner = learner
        self.seed = seed
        self.folder = folder
        self.categorical = categorical
        self._kept: dict[str, tuple[Any, list[str]]] = {}  # a model or scores, and remarks

    def estimator(self) -> Classifier:
        """An unfitted classifier, seeded."""
        return self.learner.make(self.seed, self.categorical)

    def fit(self, table: Labelled, sample_weight: Floats | None = None) -> Classifier:
        """The learner fitted on (X, y as 0 and 1), once for equal tables and weights."""
        return self._once(self._key(table, sample_weight), lambda: self.train(table, sample_weight))

    def train(self, table: Labelled, sample_weight: Floats | None = None) -> Classifier:
        """Like `fit`, for a table that nobody will ask for again: nothing is looked up or kept."""
        model = self.learner.make(self.seed, table.people.categorical)
        y = table.y.astype(np.int64)
        if sample_weight is None:
            return model.fit(table.X, y)
        if "sample_weight" not in inspect.signature(model.fit).parameters:
            raise Refusal(f"{self.learner.name} takes no sample_weight, and this method weights people")
        return model.fit(table.X, y, sample_weight=sample_weight)

    def out_of_fold(self, table: Labelled, folds: int = 5) -> Floats:
        """`Firm.out_of_fold`; kept like the models. Raises Refusal for fewer people than folds."""
        number = self.fold_of(table, folds)
        key = f"{self._key(table, table.minority)}-{folds}-folds"
        return np.asarray(self._once(key, lambda: self._held_out(table, number)))

    def fold_of(self, table: Labelled, folds: int = 5) -> Ints:
        """`Firm.fold_of`. Raises Refusal for fewer people than folds."""
        if len(table) < folds:
            raise Refusal(f"held-out scores in {folds} folds need as many people; there are {len(table)}")
        return fold_numbers(table.y, table.minority, folds, self.seed)

    def _held_out(self, table: Labelled, number: Ints) -> Floats:
        scores = np.empty(len(table))
        for fold in np.unique(number):
            held_out = number == fold
            scores[held_out] = positive_probability(self.train(table.take(~held_out)), table.X[held_out])
        return scores

    def _once(self, key: str, make: Callable[[], Any]) -> Any:  # a fitted classifier, or scores
        """What `make` makes, made by who asks first; what it warns of is repeated to everybody who asks."""
        path = self.folder / f"{key}.joblib" if self.folder is not None else None
        if key not in self._kept and path is not None and path.exists():
            self._kept[key] = joblib.load(path)
        elif key not in self._kept:
            with remarks() as found:
                made = make()
            self._kept[key] = made, found
            if path is not None:
                _write_whole(path, self._kept[key])
        made, found = self._kept[key]
        for text in found:
            warnings.warn(text, Note, stacklevel=3)
        return made

    def _key(self, table: Labelled, beside: Floats | Bools | None) -> str:
        digest = hashlib.blake2b(digest_size=16)
        learner = [self.learner.path, dict(self.learner.params), self.seed, table.people.categorical]
        digest.update(json.dumps(learner, sort_keys=True, default=str).encode())
        for array in (table.X, table.y, beside):
            if array is not None:
                digest.update(repr(array.shape).encode())
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _write_whole(path: Path, made: Any) -> None:  # as above
    """Write so that another process sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    joblib.dump(made, part)
    os.replace(part, path)
