"""Grid search over the multipliers of the fairness reduction (fairlearn): one deterministic classifier each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from fwk import Bools, Card, Classifier, Decider, Firm, FirmSide, Floats, Labelled, People, hard_rule
from fwk_firm_side.checks import between, need_labels, need_sample_weight, one_of
from fwk_firm_side.reductions import MOMENTS, Constraint, moment, quiet_pandas


@dataclass(frozen=True)
class GridSearch:
    """Agarwal et al., "A Reductions Approach to Fair Classification", ICML 2018, section 3.4; fairlearn's GridSearch.

    For each vector lambda of a grid, the learner is trained on the costs err(h) + lambda' gamma(h), where gamma_{g,e}
    is the distance of group g's acceptance rate (given event e) from everybody's. Of these classifiers the one with the
    least (1 - w) error + w max gamma on the train part is the rule: deterministic, and without a guarantee.

    The grid holds, for each event e of the constraint, a multiplier c_e of the minority, in units of one error (a wrong
    decision about one of the minority's people in e costs 1 + c_e or 1 - c_e): all with sum |c_e| <= limit at whole
    multiples of limit / steps. With two events (equalized odds) these are 2 steps (steps + 1) + 1 classifiers, with one
    event 2 steps + 1; settings of w share them. fairlearn's own grid depends on whose row comes first, and its reach
    (multipliers of 2) makes the minority cost 2 / P(g, e) errors a person.

    constraint_weight  w, swept; 0 is the most accurate of the grid
    """

    constraint: Constraint = "equalized_odds"
    constraint_weight: float = 0.5
    limit: float = 1.0
    steps: int = 3

    def __post_init__(self) -> None:
        one_of("constraint", self.constraint, Constraint)
        between("constraint_weight", self.constraint_weight, 0, 1)
        between("limit", self.limit, 1e-3, 1e3)
        between("steps", self.steps, 1, 50)

    def fit(self, train: Labelled, firm: Firm, rng: Generator) -> Decider:
        """The chosen classifier's rule. Raises Refusal where a rate of the constraint is undefined on the train part,
        or the learner takes no weights.
        """
        from fairlearn import reductions

        need_labels(train, MOMENTS[self.constraint][1])
        need_sample_weight(firm.estimator())
        y, minority = train.y.astype(int), train.minority.astype(int)
        with quiet_pandas():
            loaded = moment(self.constraint, 0.0)
            loaded.load_data(train.X, pd.Series(y), sensitive_features=minority)
            search = reductions.GridSearch(
                SharedTraining(firm, train.people),
                moment(self.constraint, 0.0),
                constraint_weight=self.constraint_weight,
                grid=multipliers(loaded.prob_group_event, loaded.index, self.limit, self.steps),
            ).fit(train.X, y, sensitive_features=minority)
        best = search.predictors_[search.best_idx_]
        return hard_rule(best.model if isinstance(best, SharedTraining) else best)


class SharedTraining:
    """A learner that fairlearn may copy and fit, whose trainings the firm does, each once."""

    def __init__(self, firm: Firm, people: People) -> None:
        self.firm = firm
        self.people = people
        self.model: Classifier = None
        self._decisions: tuple[Floats, Any] | None = None

    def fit(
        self, X: Floats, y: Any, sample_weight: Any
    ) -> SharedTraining:  # arrays or pandas series, as fairlearn likes
        """Train on other labels and weights for the same people."""
        labels: Bools = np.asarray(y) == 1
        self.model = self.firm.fit(Labelled(self.people, labels), np.asarray(sample_weight, dtype=np.float64))
        return self

    def predict(self, X: Floats) -> Any:
        """The model's decisions, 0 or 1; fairlearn asks twice about the same people."""
        if self._decisions is None or self._decisions[0] is not X:
            self._decisions = X, self.model.predict(X)
        return self._decisions[1]

    def __deepcopy__(self, memo: dict[int, Any]) -> SharedTraining:
        return SharedTraining(self.firm, self.people)


def multipliers(share: pd.Series[float], index: pd.MultiIndex, limit: float, steps: int) -> pd.DataFrame:
    """One column a vector lambda, one row a constraint (sign, event, group); `share` is P(event, group).

    c_e > 0 is a price on accepting the minority more often than everybody ("+"), c_e < 0 on accepting it less ("-").
    """
    events = sorted({event for event, group in share.index if group == 1})
    columns = []
    for units in itertools.product(range(-steps, steps + 1), repeat=len(events)):
        if sum(map(abs, units)) <= steps:
            column = pd.Series(0.0, index=index)
            for event, unit in zip(events, units, strict=True):
                column["+" if unit > 0 else "-", event, 1] = abs(unit) * limit / steps * share[event, 1]
            columns.append(column)
    return pd.concat(columns, axis=1)


def cards() -> Iterable[Card]:
    """One card."""
    yield FirmSide(
        name="grid-search",
        make=GridSearch,
        stage="in",
        sees_group=False,
        knob="constraint_weight",
        sweep=(0.0, 0.02, 0.05, 0.1, 0.5),
        paper="Agarwal et al., A Reductions Approach to Fair Classification, ICML 2018",
    )
