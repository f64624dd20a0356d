"""The check of user-side methods only: what they claim to need."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from fwk.api import Floats, Refusal, UserSide
from fwk.testing.checking import Broken
from fwk.testing.methods import Subject
from fwk.testing.trials import Collective, Trial


def needs_are_as_claimed(subject: Subject) -> str:
    """`needs=()`: without any record of the majority, all scores are the same. With it: one differs, or a remark."""
    assert isinstance(subject.card, UserSide)
    reads = [trial.name for trial, scores in subject.served() if _depends(subject, trial, scores)]
    if reads and not subject.card.needs:
        raise Broken(f'on {reads[0]}, scores depend on records of the majority; add "majority" to `needs`')
    if subject.card.needs and not reads:
        return "no score on these tables depends on records of the majority; write needs=() on the card"
    return ""


def _depends(subject: Subject, trial: Trial, scores: Floats) -> bool:
    """Whether other scores come out, or none, where nobody of the majority is known."""
    assert isinstance(trial, Collective)  # the user side is tried on collectives only
    unknowing = dataclasses.replace(trial, majority=trial.majority.take(np.arange(0)))
    try:
        return not np.array_equal(scores, subject.outcome(unknowing, subject.make()), equal_nan=True)
    except (Refusal, Broken):  # "odd-tables" tells what breaks where nobody is known
        return True


ONLY: dict[str, Callable[[Subject], str]] = {"needs-as-claimed": needs_are_as_claimed}
