"""Tables of points and fronts -> what is logged: one record a (data set, method), with its front and curve as steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from fwk.fronts import mean_over_repeats
from fwk.points import CURVE, SCENARIO

HEADLINE = ("error", "eqod", "eqod_max", "sp")
"""Measures of the test part that become steps; the others stay in points.parquet."""

PALETTE = (
    "#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#7F3C8D", "#8A8A00",
    "#8C510A", "#5AB4AC",
)  # fmt: skip
"""Black for the baseline, then Okabe and Ito's, then others; MLflow's lines differ by nothing but colour."""

ORDER = ("baseline", "user", "firm")

Key = tuple[object, ...]


@dataclass(frozen=True)
class DataInfo:
    """What may be said about a data set to anybody: no row of it.

    name         its label in the comparison
    fingerprint  identifies the encoded content
    source       in words: publisher, terms, file
    profile      counts such as {"rows": 46447}
    """

    name: str
    fingerprint: str
    source: str = ""
    profile: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class MethodRun:
    """One method on one data set, in one scenario.

    tags, params  text by name; empty ones are not logged
    steps         metric -> its values, step by step; NaN or infinite where undefined: not logged, and a tag says so
    scores        metric -> one value to sort by; NaN where undefined
    colour        of its line, "#rrggbb"
    """

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, Sequence[float]] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    data: DataInfo | None = None
    colour: str = ""


@dataclass(frozen=True)
class Summary:
    """What is kept of a whole comparison.

    note     the answer and how to read it, Markdown
    files    kept as they are, by their names
    tables   can be paged through in MLflow, by name
    rank_by  the score by which the saved view sorts the methods, least first; "" for the order of logging
    """

    note: str
    files: tuple[Path, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    scores: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    rank_by: str = ""


def method_runs(
    points: pd.DataFrame,
    fronts: pd.DataFrame,
    answer: pd.DataFrame | None = None,
    datasets: Mapping[str, DataInfo] | None = None,
    measures: Sequence[str] = HEADLINE,
) -> list[MethodRun]:
    """One record for every curve of `points`: the baseline's, the user side's, the firm side's, in the points' order.

    "curve/..." steps follow the sweep, as means over repeats of the test part (`fwk.fronts.mean_over_repeats`).
    "front/..." steps are the front for eqod (`choose_fronts`, scope "mean") by rising error; "front-sp/..." the one for
    sp. Beside the measures there are flips, and the swept knob under its own name where it is a number. Scores come
    from `answer` (see `score_name`), and the fronts' hypervolume.

    Raises ValueError if `fronts` or `answer` has a curve that `points` does not have.
    """
    kept = points if points.empty else points[~points["tuning"].astype(bool)]
    if kept.empty:
        return []
    curves = by_curve(kept)
    means = by_curve(mean_over_repeats(kept))
    chosen = by_curve(fronts[fronts["on_front"].astype(bool) & (fronts["scope"] == "mean")])
    answers = {} if answer is None else by_curve(answer)
    for table, keys in {"fronts": chosen, "answer": answers}.items():
        _require_known(table, keys, curves)
    names = _names(curves)
    ordered = sorted(curves, key=lambda key: ORDER.index(_party(curves[key])))
    return [
        MethodRun(
            name=names[key],
            tags=_tags(curves[key], means[key], measures, answers.get(key)),
            params=_params(curves[key]),
            steps={**_fronts(chosen.get(key), measures), **_steps("curve", means[key], measures)},
            scores=_scores(chosen.get(key), answers.get(key), curves[key]),
            data=(datasets or {}).get(str(curves[key]["dataset"].iloc[0])),
            colour=PALETTE[place % len(PALETTE)],
        )
        for place, key in enumerate(ordered)
    ]


def score_name(unfairness: str, budget: float, what: str = "") -> str:
    """What a score of the answer is called; `what` is "", "error" or "flips".

    >>> score_name("eqod", 0.005), score_name("eqod", 0.005, "error")
    ('best eqod within 0.5pp', 'best eqod within 0.5pp: error')
    """
    return f"best {unfairness} within {100 * budget:g}pp" + (f": {what}" if what else "")


def by_curve(table: pd.DataFrame) -> dict[Key, pd.DataFrame]:
    """The rows of each curve, by its values of CURVE with None for a missing one, in order of appearance."""
    if table.empty:
        return {}
    groups = table.groupby(list(CURVE), sort=False, dropna=False, observed=True)
    return {_key(rows): rows for _, rows in groups}


def _party(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return "baseline" if first["card"] == "baseline" else str(first["side"])


def _key(rows: pd.DataFrame) -> Key:
    first = rows[list(CURVE)].iloc[0]
    return tuple(first.astype(object).where(first.notna(), None))


def _require_known(table: str, keys: Iterable[Key], curves: Mapping[Key, pd.DataFrame]) -> None:
    strange = [key for key in keys if key not in curves]
    if strange:
        raise ValueError(
            f"{table} has a curve that the points do not have: {dict(zip(CURVE, strange[0], strict=True))}"
        )


def _steps(prefix: str, rows: pd.DataFrame, measures: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """Series with one row of a curve a step."""
    columns = {name: f"test.{name}" for name in measures if f"test.{name}" in rows}
    knob, values = str(rows["swept"].iloc[0]), pd.to_numeric(rows["setting"], errors="coerce")
    series = {knob: values} if knob and values.notna().all() else {}
    series |= {"flips": rows["flips"], **{name: rows[column] for name, column in columns.items()}}
    return {f"{prefix}/{name}": tuple(column.astype(float)) for name, column in series.items()}


def _fronts(chosen: pd.DataFrame | None, measures: Sequence[str]) -> dict[str, tuple[float, ...]]:
    steps: dict[str, tuple[float, ...]] = {}
    if chosen is None:
        return steps
    for unfairness, rows in chosen.groupby("unfairness", sort=False):
        front = rows.sort_values(["error", "value", "order"], ascending=[True, False, True], kind="stable")
        steps |= _steps("front" if unfairness == "eqod" else f"front-{unfairness}", front, measures)
    return steps


def _scores(chosen: pd.DataFrame | None, answers: pd.DataFrame | None, rows: pd.DataFrame) -> dict[str, float]:
    scores = {}
    if answers is not None:  # the firm side answers alike in every scenario of its data set: the first counts
        for _, row in answers.drop_duplicates(["unfairness", "budget"]).iterrows():
            for what, column in {"": "value", "error": "error", "flips": "flips"}.items():
                scores[score_name(str(row["unfairness"]), float(row["budget"]), what)] = float(row[column])
    if chosen is not None:
        for _, row in chosen.drop_duplicates("unfairness").iterrows():
            scores[f"hypervolume {row['unfairness']}"] = float(row["hypervolume"])
    return {**scores, "seconds": float(rows["seconds"].sum())}


def _names(curves: Mapping[Key, pd.DataFrame]) -> dict[Key, str]:
    """The method, and whatever of the scenario differs within this comparison: "rb-prob", "rb-prob, alpha 0.1"."""
    varying = [name for name in SCENARIO if len({key[CURVE.index(name)] for key in curves} - {None}) > 1]
    names = {}
    for key in curves:
        told = {name: key[CURVE.index(name)] for name in varying}
        extra = [
            str(value) if name == "dataset" else f"{name} {value}" for name, value in told.items() if value is not None
        ]
        names[key] = ", ".join([str(key[CURVE.index("method")]), *extra])
    return names


def _tags(
    rows: pd.DataFrame, means: pd.DataFrame, measures: Sequence[str], answers: pd.DataFrame | None
) -> dict[str, str]:
    first = rows.iloc[0]
    notes = [] if answers is None else [reason for reason in answers["reason"] if reason]
    notes += [note for text in rows["notes"] for note in text.split("; ") if note]
    identity = {f"fwk.{name}": str(first[name]) for name in ("dataset", "method", "side", "stage", "plugin", "version")}
    return {**identity, "fwk.partial": _partial(means, measures), "fwk.notes": "; ".join(dict.fromkeys(notes))}


def _partial(means: pd.DataFrame, measures: Sequence[str]) -> str:
    """Which means are over fewer repeats than the curve has: something failed there, or was undefined."""
    most = int(means["repeats"].max())
    counts = {name: means[f"test.{name}.count"] for name in measures if f"test.{name}.count" in means}
    short = {name: int((count < most).sum()) for name, count in counts.items()}
    told = [f"{name} at {number} of {len(means)} settings" for name, number in short.items() if number]
    return f"means over fewer than {most} repeats: {', '.join(told)}" if told else ""


def _params(rows: pd.DataFrame) -> dict[str, str]:
    """Knobs (several values where they were tuned, and repeats differ), the sweep, and the protocol."""
    first = rows.iloc[0]
    knobs: dict[str, dict[str, None]] = {}
    for text in rows["knobs"].unique():
        for name, value in json.loads(text).items():
            knobs.setdefault(f"knob.{name}", {})[str(value)] = None
    told = {name: first[name] for name in ("card", "fingerprint", *SCENARIO, "protocol", "swept")}
    return {
        **{name: " | ".join(values) for name, values in knobs.items()},
        **{name: "" if pd.isna(value) else str(value) for name, value in told.items()},
        "sweep": ", ".join(rows.sort_values("order", kind="stable")["setting"].astype(str).unique()),
        "repeats": str(rows["repeat"].nunique()),
    }
