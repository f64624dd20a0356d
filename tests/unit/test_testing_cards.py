"""The checks of measures and data sets catch what breaks them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fwk import Cells, Dataset, Encoded, Floats, Metric, Shelf
from fwk.shelf import Folders
from fwk.testing import Broken, check_dataset, check_metric, run_checks


def failed(card: Metric | Dataset, **options: Any) -> dict[str, str]:
    """The checks that a card fails, with their messages."""
    return {result.name: result.message for result in run_checks(card, **options) if not result.passed}


# --- measures ---------------------------------------------------------------------------------------------------------


def gap(cells: Cells) -> Floats:
    return np.abs(cells.tpr[..., 0] - cells.tpr[..., 1])


def a_metric(measure: Callable[[Cells], Any], **changes: Any) -> Metric:
    return Metric("m", measure, formula="f", zero="z", undefined="u", **changes)


def first_only(cells: Cells) -> Floats:
    return gap(Cells(cells.n.reshape(-1, 2, 2)[:1], cells.accepted.reshape(-1, 2, 2)[:1]))[0]


def worst_of_all(cells: Cells) -> Floats:
    values = gap(cells)
    return np.full(values.shape, np.nanmax(values, initial=0)) + 0 * values


def never_undefined(cells: Cells) -> Floats:
    return np.nan_to_num(gap(cells))


def ratio(cells: Cells) -> Floats:
    return 1 - cells.acceptance[..., 1] / cells.acceptance[..., 0]


def offset(cells: Cells) -> Floats:
    return gap(cells) / 2 + 0.5


def pooled_only_if_many(cells: Cells) -> Floats:
    return np.where(cells.n.min(axis=(-1, -2)) < 30, np.nan, gap(cells))


def infinite(cells: Cells) -> Floats:
    return np.where(cells.n.sum(axis=(-1, -2)) > 0, np.inf, np.nan)


def writes(cells: Cells) -> Floats:
    value = gap(cells)
    cells.accepted[...] = 0
    return value


METRIC_FAKES: list[tuple[Metric, str, str]] = [
    (a_metric(first_only), "any-leading-shape", "shape"),
    (a_metric(worst_of_all), "any-leading-shape", "differs"),
    (a_metric(ratio), "range", "outside its range [0, 1]"),
    (a_metric(never_undefined), "undefined", "never a made-up value"),
    (a_metric(pooled_only_if_many), "undefined", "though every group has people of both labels"),
    (a_metric(infinite), "undefined", "a value is infinite"),
    (a_metric(offset), "zero-for-equal-groups", "0.5"),
    (a_metric(writes), "cells-are-left-alone", "copy first"),
    (dataclasses.replace(a_metric(gap), formula=" "), "says-what-it-means", "formula"),
]


@pytest.mark.parametrize(
    ("card", "check", "message"), METRIC_FAKES, ids=[m.measure.__name__ for m, _, _ in METRIC_FAKES]
)
def test_a_measure_that_breaks_a_promise_is_caught(card: Metric, check: str, message: str) -> None:
    assert message in failed(card)[check]


def test_a_sound_measure_passes_and_a_one_sided_one_is_remarked() -> None:
    check_metric("eqod")
    assert failed(a_metric(gap)) == {}
    one_sided = a_metric(lambda cells: np.maximum(0, cells.tpr[..., 0] - cells.tpr[..., 1]))
    told = {result.name: result.message for result in run_checks(one_sided)}
    assert "swapped" in told["zero-for-equal-groups"]
    with pytest.raises(Broken, match="m fails"):
        check_metric(a_metric(offset))


# --- data sets --------------------------------------------------------------------------------------------------------


def some_rows() -> pd.DataFrame:
    n = 200
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "job": rng.choice(["baker", "clerk", "smith"], n),
            "group": rng.choice(["A", "B"], n),
            "paid": rng.choice(["yes", "no"], n),
        }
    )


JOBS = ["baker", "clerk", "smith"]


@dataclass(frozen=True)
class Sound:
    size: int = 200

    def read(self, shelf: Shelf) -> pd.DataFrame:
        return some_rows()[: self.size]

    def encode(self, rows: pd.DataFrame) -> Encoded:
        features = pd.DataFrame({"age": rows["age"].astype(float), "job": pd.Categorical(rows["job"], JOBS)})
        return Encoded(features, {"age": "age", "job": "job"}, (rows["paid"] == "yes").to_numpy())


@dataclass(frozen=True)
class Missing(Sound):
    def read(self, shelf: Shelf) -> pd.DataFrame:
        return pd.read_csv(shelf.find("jobs.csv", advice="ask the bakers"))


@dataclass(frozen=True)
class Shifty(Sound):
    def read(self, shelf: Shelf) -> pd.DataFrame:
        return some_rows().sample(frac=1)


@dataclass(frozen=True)
class Drops(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        return Sound.encode(self, rows[:-1])


@dataclass(frozen=True)
class Words(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        encoded = Sound.encode(self, rows)
        return dataclasses.replace(encoded, features=encoded.features.assign(job=rows["job"].astype(object)))


@dataclass(frozen=True)
class Unsourced(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        return dataclasses.replace(Sound.encode(self, rows), sources={"age": "age", "job": "profession"})


@dataclass(frozen=True)
class Scribbles(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        rows["age"] += 1
        return Sound.encode(self, rows)


@dataclass(frozen=True)
class Standardises(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        encoded = Sound.encode(self, rows)
        centred = encoded.features["age"] - encoded.features["age"].mean()
        return dataclasses.replace(encoded, features=encoded.features.assign(age=centred))


@dataclass(frozen=True)
class Dummies(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        features = pd.get_dummies(rows["age"], dtype=float).add_prefix("age_")
        return Encoded(features, dict.fromkeys(features, "age"), (rows["paid"] == "yes").to_numpy())


@dataclass(frozen=True)
class Guesses(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        encoded = Sound.encode(self, rows)
        noise = np.random.default_rng().random(len(rows))
        return dataclasses.replace(encoded, features=encoded.features.assign(age=noise))


@dataclass
class Loose:
    read = Sound.read
    encode = Sound.encode
    size: int = 200


@dataclass(frozen=True)
class NumbersForLabels(Sound):
    def encode(self, rows: pd.DataFrame) -> Encoded:
        encoded = Sound.encode(self, rows)
        return dataclasses.replace(encoded, y=encoded.y.astype(int))


def a_dataset(make: Any, **changes: Any) -> Dataset:
    return Dataset("jobs", make, **{"minority": "group == 'B'", "audit": ("group",), **changes})


DATASET_FAKES: list[tuple[Dataset, str, str]] = [
    (a_dataset(Shifty), "reads-the-same-twice", "two readings differ"),
    (a_dataset(Drops), "encodes-every-row", "200 rows were kept, but features has 199"),
    (a_dataset(Words), "encodes-every-row", "job are neither numbers nor categories"),
    (a_dataset(Unsourced), "encodes-every-row", "profession"),
    (a_dataset(NumbersForLabels), "encodes-every-row", "boolean"),
    (a_dataset(Scribbles), "rows-are-left-alone", "copy first"),
    (a_dataset(Standardises), "rows-by-themselves", "'age' of a row depends"),
    (a_dataset(Dummies), "rows-by-themselves", "names depend on which rows are kept"),
    (a_dataset(Guesses), "rows-are-left-alone", "two encodings of the same rows differ"),
    (a_dataset(Loose), "reads-the-same-twice", "not a frozen dataclass"),
    (a_dataset(Sound, minority="group == 'C'"), "groups", "nobody in the minority"),
    (a_dataset(Sound, minority="tribe == 'B'"), "groups", "cannot be evaluated"),
    (a_dataset(Sound, audit=("tribe",)), "groups", "audit names tribe"),
    (a_dataset(Sound, counts={"rows": 201}), "counts", "rows is 200, expected 201"),
]


@pytest.mark.parametrize(
    ("card", "check", "message"), DATASET_FAKES, ids=[f"{c.make.__name__}-{check}" for c, check, _ in DATASET_FAKES]
)
def test_a_data_set_that_breaks_a_promise_is_caught(card: Dataset, check: str, message: str) -> None:
    assert message in failed(card)[check]


def test_a_sound_data_set_passes_with_its_counts() -> None:
    rows = some_rows()
    # three features: age, job, and the group mark that the framework adds where no feature is made of the group
    counts = {"rows_read": 200, "rows": 200, "features": 3, "minority": int((rows["group"] == "B").sum()),
              "favourable": int((rows["paid"] == "yes").sum())}  # fmt: skip
    assert failed(a_dataset(Sound, counts=counts)) == {}
    assert failed(a_dataset(Sound, keep="age > 30", counts={"rows": int((rows["age"] > 30).sum())})) == {}
    assert failed(a_dataset(Sound, counts={"rows": 150}), size=150) == {}
    check_dataset("adult")


def test_a_data_set_whose_file_is_missing_is_not_checked_and_says_so(tmp_path: Path) -> None:
    results = run_checks(a_dataset(Missing), shelf=Folders(data=tmp_path, cache=tmp_path, fetch=False))
    assert all(result.passed for result in results)
    *others, counts = results
    assert all(result.message.startswith("not checked: the file jobs.csv is not here") for result in others)
    assert counts.message == "not checked: the card gives no counts"


def test_a_group_of_a_few_people_is_remarked() -> None:
    told = {result.name: result.message for result in run_checks(a_dataset(Sound, minority="age < 22"))}
    assert told["groups"].startswith("a group has under 30 people")


def test_counts_that_are_not_known_here_are_remarked() -> None:
    told = {result.name: result.message for result in run_checks(a_dataset(Sound, counts={"bakers": 70}))}
    assert told["counts"].startswith("not checked: bakers (known here: rows_read, rows")
