"""What a plugin author works with: frozen data, the two protocols, and the cards."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.random import Generator

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Classifier = Any  # scikit-learn ships no types: an object with fit, predict and usually predict_proba

Stage = Literal["none", "pre", "in", "post"]


class Refusal(Exception):
    """A method cannot serve this table, and says why. It becomes a `Failure`, never a silent baseline."""


class Mistake(Exception):
    """A user's mistake: its message says what is wrong, where, and what would be right. Shown without a traceback.

    Of several messages, each is a line. A data set's messages start with the key of the config that is to blame.

    >>> str(Mistake("label: no column 'hired'", "drop: no column 'id'")).splitlines()
    ["label: no column 'hired'", "drop: no column 'id'"]
    """

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class Note(UserWarning):
    """A remark that belongs on the points: `warnings.warn("k clamped to 9", Note)` inside a method records it."""


def _sealed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class People:
    """People as a decision rule meets them: features and group, no labels. Arrays are read-only.

    X           (n, d) features, float64; nominal columns hold codes 1..m; missing values are NaN
    minority    (n,) True for the minority
    columns     d names
    categorical positions of the nominal columns in X
    traits      raw sensitive columns under audit, (n,) each; empty for methods, only measures see them
    """

    X: Floats
    minority: Bools
    columns: tuple[str, ...]
    categorical: tuple[int, ...] = ()
    traits: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or self.X.shape != (len(self.minority), len(self.columns)):
            raise ValueError(
                f"X is {self.X.shape}, but there are {len(self.minority)} group marks and {len(self.columns)} columns"
            )
        object.__setattr__(self, "X", _sealed(self.X))
        object.__setattr__(self, "minority", _sealed(self.minority))

    def __len__(self) -> int:
        return len(self.minority)

    def take(self, rows: npt.NDArray[Any]) -> People:
        """The people in `rows` (positions or a mask), in that order."""
        return dataclasses.replace(
            self,
            X=self.X[rows],
            minority=self.minority[rows],
            traits={name: values[rows] for name, values in self.traits.items()},
        )

    def without_traits(self) -> People:
        """The same people as a method may see them."""
        return dataclasses.replace(self, traits={})


@dataclass(frozen=True, eq=False)
class Labelled:
    """People with labels, (n,) True = the favourable outcome. What a firm trains on."""

    people: People
    y: Bools

    def __post_init__(self) -> None:
        if self.y.shape != (len(self.people),):
            raise ValueError(f"y is {self.y.shape}, but there are {len(self.people)} people")
        object.__setattr__(self, "y", _sealed(self.y))

    @property
    def X(self) -> Floats:
        """(n, d) features."""
        return self.people.X

    @property
    def minority(self) -> Bools:
        """(n,) True for the minority."""
        return self.people.minority

    def __len__(self) -> int:
        return len(self.people)

    def take(self, rows: npt.NDArray[Any]) -> Labelled:
        """The people in `rows` (positions or a mask) with their labels."""
        return Labelled(self.people.take(rows), self.y[rows])

    def without_traits(self) -> Labelled:
        """The same people and labels as a method may see them."""
        return Labelled(self.people.without_traits(), self.y)

    def relabelled(self, y: Bools) -> Labelled:
        """The same people with other labels (a copy; nothing is written)."""
        return Labelled(self.people, y)


@dataclass(frozen=True, eq=False)
class Nearest:
    """The k nearest of each of n people, nearest first. distance (n, k) Euclidean; y (n, k) their labels."""

    distance: Floats
    y: Bools


class NeighbourSearch(Protocol):
    """Exact Euclidean neighbours of the candidates, searched once and shared (see `UserView`)."""

    def among_majority(self, k: int) -> Nearest:
        """The k nearest known majority members."""

    def among_accepted(self, k: int) -> Nearest:
        """The k nearest known majority members with y = 1."""

    def among_members(self, k: int) -> Nearest:
        """The k nearest members of the collective, the candidate itself left out."""


@dataclass(frozen=True, eq=False)
class UserView:
    """The threat model as a type: all that a collective can see when it decides who relabels.

    collective  its own members with their labels, (m,)
    candidates  (n, d) features of the members with y = 0, in the order in which scores are expected
    majority    the majority records that the collective happens to know (all, or a number of them)
    nearest     shared neighbour searches of the candidates

    X is in the space that the config measures distances in; its nominal columns hold codes, which `nearest` measures
    one-hot. A `k` that is too large for the records at hand is clamped, with a `Note` on the points.
    """

    collective: Labelled
    candidates: Floats
    majority: Labelled
    nearest: NeighbourSearch


class Relabeler(Protocol):
    """User side: ranks whose label flips."""

    def score(self, view: UserView, rng: Generator) -> Floats:
        """(n_candidates,), highest flips first; equal scores are ordered at random by the seed; -inf never flips."""


class Decider(Protocol):
    """A decision rule: P(accept), (n,) in [0, 1]; 0 or 1 for a deterministic rule. It sees no labels."""

    def __call__(self, people: People, /) -> Floats:
        """P(accept) of each person, (n,)."""


@runtime_checkable
class Certified(Protocol):
    """A decision rule that bounds its own unfairness on given people, whatever is decided about them."""

    def certificates(self, people: People, y: Bools | None = None) -> Mapping[str, float]:
        """`certified_<measure>` -> an upper bound, at most 1; with labels (n,) also on measures that look at them.

        A bound holds for one setting of the method by itself, not for the best of several.
        """


class Firm(Protocol):
    """The ordinary training of a firm, handed to every firm-side method."""

    def estimator(self) -> Classifier:
        """An unfitted scikit-learn classifier, seeded."""

    def fit(self, table: Labelled, sample_weight: Floats | None = None) -> Classifier:
        """The learner fitted on (X, y as 0 and 1). Equal tables and weights are trained once."""

    def out_of_fold(self, table: Labelled, folds: int = 5) -> Floats:
        """P(y = 1 | x) of every person of `table` by a model that was not trained on them, (n,).

        The folds are those of `fold_of`; computed once a table.
        """

    def fold_of(self, table: Labelled, folds: int = 5) -> Ints:
        """Which of `folds` equal parts each person of `table` is in, (n,) from 0. Raises Refusal for fewer people.

        Stratified by (group, label), drawn by the seed of the repeat, the same for every method.
        """


class FirmMethod(Protocol):
    """Firm side: everything between the table and the decision; before, in or after training."""

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The rule. Raises Refusal with the reason if the method cannot serve this table."""


@runtime_checkable
class Representer(Protocol):
    """A firm-side method that learns a representation, in which distances can be measured."""

    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> Callable[[People], Floats]:
        """people -> (n, d') features."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts by group and label, of which every built-in measure is a function. Any leading shape (bootstraps).

    n         (..., 2, 2) people, indexed [minority, y]
    accepted  (..., 2, 2) the sum of P(accept) over them
    """

    n: Floats
    accepted: Floats

    @property
    def tpr(self) -> Floats:
        """(..., 2) acceptance of those with y = 1, by group [majority, minority]; NaN where there are none."""
        return _ratio(self.accepted[..., 1], self.n[..., 1])

    @property
    def fpr(self) -> Floats:
        """(..., 2) acceptance of those with y = 0, by group [majority, minority]; NaN where there are none."""
        return _ratio(self.accepted[..., 0], self.n[..., 0])

    @property
    def acceptance(self) -> Floats:
        """(..., 2) acceptance rate by group [majority, minority]; NaN for an empty group."""
        return _ratio(self.accepted.sum(axis=-1), self.n.sum(axis=-1))

    @property
    def error(self) -> Floats:
        """(...,) expected share of wrong decisions; NaN where there is nobody."""
        wrong = self.n[..., 1] - self.accepted[..., 1] + self.accepted[..., 0]
        return _ratio(wrong.sum(axis=-1), self.n.sum(axis=(-1, -2)))


def _ratio(part: Floats, whole: Floats) -> Floats:
    rate: Floats = np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=np.asarray(whole) > 0)
    return rate


@dataclass(frozen=True, eq=False)
class Encoded:
    """Raw rows made ready for learners; row i is row i of what was encoded.

    features  (n, d) numbers; category dtype for nominal columns (they become codes 1..m in X)
    sources   the raw column that each feature comes from, by feature name; a raw column of that name counts, too
    y         (n,) True = the favourable outcome
    test      (n,) True for the published test part; None where none was published
    """

    features: pd.DataFrame
    sources: Mapping[str, str]
    y: Bools
    test: Bools | None = None


class Shelf(Protocol):
    """Where data files come from: a folder that the user names, a cache, or the publisher."""

    def find(
        self,
        name: str,
        *,
        sha256: str | None = None,
        url: str | None = None,
        advice: str = "",
        unpack: Callable[[Path, Path], None] | None = None,
        keep: tuple[str, Callable[[bytes], bytes]] | None = None,
    ) -> Path:
        """The file called `name`. Raises FileNotFoundError that says which file, from where, into which folder.

        unpack  (what was downloaded, where to write): makes the file of the download, which is not kept then
        keep    (name, content of the download -> what of it may be kept): a download with identities, say, stays in
                memory, and the file of that name is what is found in place of it from then on
        """


class Source(Protocol):
    """A data set: its fields are its knobs (encoding, states, size, ...)."""

    def read(self, shelf: Shelf) -> pd.DataFrame:
        """The raw rows, in the publisher's order and columns. `minority`, `keep` and `audit` are written over these.

        Raises FileNotFoundError for a file that the shelf does not have; Mistake("key: what is wrong", ...), a message
        a fault, for knobs that ask for what the data do not have: these are faults of the config.
        """

    def encode(self, rows: pd.DataFrame) -> Encoded:
        """Features and labels of the rows that were kept."""


@dataclass(frozen=True)
class UserSide:
    """Card of a relabeler.

    name   what configs call it
    make   knobs -> Relabeler; a frozen dataclass whose fields are the knobs
    tune   knobs chosen on the validation part, each with its grid
    paper  where the method comes from
    needs  what its scores depend on beside the collective itself: "majority" (records of it), or nothing (checked by
           the conformance suite)
    """

    name: str
    make: Callable[..., Relabeler]
    tune: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    paper: str = ""
    needs: tuple[Literal["majority"], ...] = ("majority",)


@dataclass(frozen=True)
class FirmSide:
    """Card of a firm-side method.

    name        what configs call it
    make        knobs -> FirmMethod; a frozen dataclass whose fields are the knobs
    stage       "pre", "in" or "post" training
    sees_group  whether the rule looks at the group at decision time (checked by the conformance suite)
    knob        the one swept knob, the trade-off; "" for none
    sweep       its values, by default
    tune        knobs chosen on the validation part, each with its grid
    needs       shared fits that it starts from: "base" (the ordinary model), "out-of-fold" (its held-out scores)
    paper       where the method comes from
    """

    name: str
    make: Callable[..., FirmMethod]
    stage: Stage
    sees_group: bool
    knob: str = ""
    sweep: tuple[Any, ...] = ()
    tune: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    needs: tuple[Literal["base", "out-of-fold"], ...] = ()
    paper: str = ""


@dataclass(frozen=True)
class Dataset:
    """Card of a data set.

    name       what configs call it
    make       knobs -> Source; a frozen dataclass whose fields are the knobs
    minority   expression over the raw columns; "" where the config must give it
    keep       expression for the rows to keep; "" for all
    audit      raw columns that are worth auditing
    publisher, terms, citation   where it comes from, and on what terms
    counts     facts to check a copy against, such as {"rows": 46447}
    favourable what everybody wants, in words, by default
    test       the published test part, in words; "" for none
    files      name -> where it is published, or how else to get it; sha256 of its content, "" where none is known
    """

    name: str
    make: Callable[..., Source]
    minority: str = ""
    keep: str = ""
    audit: tuple[str, ...] = ()
    publisher: str = ""
    terms: str = ""
    citation: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    favourable: str = ""
    test: str = ""
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """Card of a measure; smaller is better.

    measure    Cells -> (...,), NaN where undefined; must work with any leading shape
    formula    in words or symbols
    zero       what 0 means
    undefined  when it is NaN
    unfairness whether it is a measure of unfairness (drawn on the y axis of a front)
    """

    name: str
    measure: Callable[[Cells], Floats]
    formula: str
    zero: str
    undefined: str
    range: tuple[float, float] = (0.0, 1.0)
    unfairness: bool = True
    paper: str = ""


Card = UserSide | FirmSide | Dataset | Metric
