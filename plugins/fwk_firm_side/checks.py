"""What a method needs of a table, of a learner and of its own knobs, and what to say where it is missing."""

from __future__ import annotations

from typing import get_args

from sklearn.utils.validation import has_fit_parameter

from fwk import Classifier, Labelled, Refusal

GROUPS = ("majority", "minority")


def need_both_groups(train: Labelled) -> None:
    """Raises Refusal if everybody is of one group."""
    minority = int(train.minority.sum())
    if minority in (0, len(train)):
        raise Refusal(
            f"all {len(train)} people of the train part are of the {GROUPS[minority > 0]}; "
            "two groups are needed: check the expression for the minority"
        )


def need_labels(train: Labelled, labels: tuple[int, ...] = (0, 1)) -> None:
    """Raises Refusal if a group is empty, or has nobody with one of `labels`."""
    need_both_groups(train)
    for number, group in enumerate(GROUPS):
        in_group = train.minority == bool(number)
        for label in labels:
            if not (in_group & (train.y == bool(label))).any():
                raise Refusal(
                    f"none of the {int(in_group.sum())} people of the {group} in the train part has the label {label}, "
                    "and this method works on their rates; more data, or another group, would help"
                )


def need_sample_weight(estimator: Classifier) -> None:
    """Raises Refusal for a learner whose fit takes no sample_weight."""
    if not has_fit_parameter(estimator, "sample_weight"):
        raise Refusal(
            f"{type(estimator).__name__}.fit takes no sample_weight, and this method weights people; "
            "HistGradientBoostingClassifier, LogisticRegression or a forest would do"
        )


def one_of(knob: str, value: str, choices: object) -> None:
    """Raises ValueError if a knob is none of the strings of a Literal type."""
    known = get_args(choices)
    if value not in known:
        raise ValueError(f"{knob} is {value!r}; it can be: {', '.join(known)}")


def between(knob: str, value: float, low: float, high: float) -> None:
    """Raises ValueError if a knob is outside [low, high]."""
    if not low <= value <= high:
        raise ValueError(f"{knob} is {value!r}; it must lie between {low:g} and {high:g}")
