"""FARE as a firm's method: people are replaced by the cell of a fair tree that they fall into."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.random import Generator

from fwk import Bools, Card, Decider, Firm, FirmSide, Floats, Ints, Labelled, Note, People, Refusal, hard_rule
from fwk_firm_side.checks import between, need_both_groups, need_labels, one_of
from fwk_firm_side.fare.certificate import certificate
from fwk_firm_side.fare.estimators import FairTreeEncoder
from fwk_firm_side.fare.recode import Recoding, group_copies, split_shares

Criterion = Literal["dp", "eopp", "eo"]
CERTIFIED = {"dp": "certified_sp", "eopp": "certified_eopp", "eo": "certified_eqod"}


@dataclass(frozen=True)
class Fare:
    """Jovanovic, Balunovic, Dimitrov and Vechev, "FARE: Provably Fair Representation Learning", ICML 2023.

    A decision tree is grown whose splits are paid for what they tell of the label and charged for what they tell of
    the group: gain = (1 - gamma) gain of the label's Gini - gamma gain of the group's Gini. Everybody becomes the
    vector of their cell (medians, most frequent codes), and the firm's learner is trained on that. As nothing but the
    cell is left, the unfairness of every rule that uses it is bounded with confidence, from people kept aside: see
    `certificates` of the rule, and the function `certificate`.

    gamma              swept: 0 is an ordinary tree, 1 cares for fairness only, and then usually makes one cell
    max_leaf_nodes     most cells (the paper's k)
    min_samples_leaf   least people in a cell, of those that the tree is fitted on (the paper's n)
    criterion          what the tree is charged for: the group told among all people (dp), among those with y = 1
                       (eopp), within both labels (eo)
    certificate_share  share of the train part kept aside for the certificate; the learner is trained on all. At 0 there
                       is no certificate
    confidence         with which the certificate holds
    min_gain           a split must gain more
    drop_group_copy    leave out columns that are the group under another name: two values in the train part, one for
                       each group. FARE keeps the sensitive attribute out of the features; a tree that may ask for it
                       would, at small gamma, give every cell one group, and no certificate would say anything
    rare               levels of a nominal column with fewer people than this are merged: what a split should do with
                       them cannot be told
    """

    gamma: float = 0.85
    max_leaf_nodes: int = 200
    min_samples_leaf: int = 100
    criterion: Criterion = "dp"
    certificate_share: float = 0.3
    confidence: float = 0.95
    min_gain: float = 1e-12
    drop_group_copy: bool = True
    rare: int = 5

    def __post_init__(self) -> None:
        between("gamma", self.gamma, 0, 1)
        between("max_leaf_nodes", self.max_leaf_nodes, 2, 1_000_000)
        between("min_samples_leaf", self.min_samples_leaf, 1, 1_000_000_000)
        one_of("criterion", self.criterion, Criterion)
        between("certificate_share", self.certificate_share, 0, 0.99)
        between("confidence", self.confidence, 1e-9, 1 - 1e-9)
        between("min_gain", self.min_gain, 0, 1)
        between("rare", self.rare, 1, 1_000_000_000)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> FareRule:
        """The rule. Raises Refusal without two groups, for missing numbers, and if no feature but the group is left;
        for eopp and eo without both labels in both groups.
        """
        cells = self.represent(train, firm, rng)
        if cells.encoder.n_leaves_ == 1:
            message = "the fair tree has one cell (no split gains, or too few people), so the rule is constant"
            warnings.warn(message, Note, stacklevel=2)
        return FareRule(cells, hard_rule(firm.fit(Labelled(cells.people(train.people), train.y))))

    def represent(self, train: Labelled, firm: Firm, rng: Generator) -> FairCells:
        """people -> the vector of their cell, (n, d'). The draw decides who is kept aside. Raises Refusal as `fit`."""
        need_both_groups(train)
        tree, aside = split_shares(train, self.certificate_share, rng)
        if self.criterion != "dp":
            need_labels(tree)
        columns = np.arange(train.X.shape[1])
        if self.drop_group_copy:
            columns = np.setdiff1d(columns, group_copies(train))
        if len(columns) == 0:
            raise Refusal(
                f"no feature is left but the group ({', '.join(train.people.columns) or 'there are none'}); "
                "a fair tree needs others"
            )
        recoding = Recoding.of(tree.people, columns, self.rare)
        _note_tiny(train.people, columns)
        encoder = FairTreeEncoder(
            gamma=self.gamma,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            criterion=self.criterion,
            categorical_features=recoding.nominal,
            min_gain=self.min_gain,
        ).fit(recoding(tree.people), tree.y, sensitive_features=tree.minority)
        cells = FairCells(encoder, recoding, self.confidence)
        return dataclasses.replace(cells, tree=Seen.of(cells, tree), aside=Seen.of(cells, aside))


def _note_tiny(people: People, columns: Ints) -> None:
    """Notes numbers of which different values count as one, as they differ by less than 1e-7."""
    spread = np.ptp(people.X[:, columns], axis=0) if len(people) else np.empty(0)
    tiny = [people.columns[j] for j, width in zip(columns, spread, strict=True) if 0 < width < 1e-5]
    if tiny:
        warnings.warn(f"differences up to 1e-7 count as equal; rescale {', '.join(tiny)}", Note, stacklevel=3)


@dataclass(frozen=True, eq=False)
class FairCells:
    """people -> the vector of their cell, with what is needed to certify it.

    tree, aside  the shares of the train part that the tree was fitted on, and that were kept for the certificate
    """

    encoder: FairTreeEncoder
    recoding: Recoding
    confidence: float
    tree: Seen | None = None
    aside: Seen | None = None

    def __call__(self, people: People) -> Floats:
        """(n, d'), the features that are left; nominal ones as codes. Raises Refusal for missing numbers."""
        return np.asarray(self.encoder.leaf_vectors_[self.cells(people)], dtype=np.float64)

    def cells(self, people: People) -> Ints:
        """The number of everybody's cell, (n,)."""
        if len(people) == 0:
            return np.empty(0, np.int64)
        return np.asarray(self.encoder.apply(self.recoding(people)))

    def people(self, people: People) -> People:
        """The same people with their cell's vector for features."""
        columns = tuple(people.columns[position] for position in self.recoding.columns)
        return dataclasses.replace(people, X=self(people), columns=columns, categorical=self.recoding.nominal)

    def certificates(self, people: People, y: Bools | None = None) -> dict[str, float]:
        """Upper bounds on the unfairness of every rule that sees cells only, clipped to 1, where it says nothing.

        people  whose cells say how common each cell is: those the rule is evaluated on, new ones
        y       (n,) their labels; without them there is a bound on SP only

        "certified_sp" bounds |difference of acceptance rates|, "certified_eopp" |dTPR|, "certified_eqod"
        (|dTPR| + |dFPR|) / 2; each in the population, with probability `confidence`, whatever the tree's criterion.
        Empty if nobody was kept aside, or nobody is asked about.
        """
        tree, aside = self.tree, self.aside
        if tree is None or aside is None or len(aside.cells) == 0 or len(people) == 0:
            return {}
        bound = partial(
            certificate, tree.cells, tree.minority, aside.cells, aside.minority, self.cells(people),
            confidence=self.confidence, n_cells=self.encoder.n_leaves_, y_tree=tree.y, y_val=aside.y, y_test=y,
        )  # fmt: skip
        kinds: tuple[Criterion, ...] = ("dp",) if y is None else ("dp", "eopp", "eo")
        return {CERTIFIED[kind]: min(1.0, bound(criterion=kind)) for kind in kinds}


@dataclass(frozen=True, eq=False)
class Seen:
    """What a certificate needs to know of a share of the train part: cell, group and label of everybody, (n,)."""

    cells: Ints
    minority: Bools
    y: Bools

    @staticmethod
    def of(cells: FairCells, share: Labelled) -> Seen:
        """The people of a share in their cells."""
        return Seen(cells.cells(share.people), share.minority, share.y)


@dataclass(frozen=True, eq=False)
class FareRule:
    """A rule over cells."""

    cells: FairCells
    rule: Decider

    def __call__(self, people: People, /) -> Floats:
        """What the rule says of their cell, (n,)."""
        return self.rule(self.cells.people(people))

    def certificates(self, people: People, y: Bools | None = None) -> dict[str, float]:
        """Upper bounds on the unfairness of this rule, as of any other of its cells; see `FairCells.certificates`."""
        return self.cells.certificates(people, y)


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="fare",
        make=Fare,
        stage="pre",
        sees_group=False,
        knob="gamma",
        sweep=(0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 0.999, 1.0),
        paper="Jovanovic et al., FARE: Provably Fair Representation Learning with Practical Certificates, ICML 2023",
    )
