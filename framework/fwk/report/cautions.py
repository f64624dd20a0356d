"""What a reader must know before trusting a figure: small cells, undefined values, missing repeats, methods' notes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from fwk.report import words

FEW = 30
"""Fewer people than this in a cell make its rates unreliable."""

_CELL = re.compile(r"test\.n\.(?P<group>majority|minority)\.(?P<y>[01])")
_AUDITED = re.compile(r"(?P<part>test|train)\.audit\[(?P<group>.*)\]\.n")


def cautions(points: pd.DataFrame, fronts: pd.DataFrame, failures: pd.DataFrame) -> list[str]:
    """Warnings about a comparison, each a sentence; empty if there is nothing to warn about."""
    measured = points if points.empty else points[~points["tuning"].astype(bool)]
    found = [*_failed(failures)]
    if len(measured):
        found += [
            *_small_cells(measured),
            *_small_groups(measured),
            *_undefined(fronts),
            *_incomplete(fronts),
            *_broken_bounds(fronts),
            *_swept_certificates(fronts),
            *_notes(measured),
        ]
    return found


def _failed(failures: pd.DataFrame) -> Iterator[str]:
    if len(failures):
        methods = words.listed(dict.fromkeys(failures["method"].astype(str)))
        yield f"{words.plural(len(failures), 'run')} gave nothing: {methods}. The reasons are under “What failed”."


def _small_cells(points: pd.DataFrame) -> Iterator[str]:
    for dataset, rows in points.groupby("dataset", sort=False):
        for column in rows.columns:
            cell = _CELL.fullmatch(str(column))
            if cell and rows[column].min() < FEW:
                yield (
                    f"{dataset}: the test part has only {words.count(rows[column].min())} people of the "
                    f"{cell['group']} with y = {cell['y']} (the fewest over repeats). Rates over fewer than {FEW} "
                    "people, and EqOd which is made of them, are unreliable."
                )


def _small_groups(points: pd.DataFrame) -> Iterator[str]:
    for dataset, rows in points.groupby("dataset", sort=False):
        small = []
        for column in rows.columns:
            audited = _AUDITED.fullmatch(str(column))
            if audited and rows[column].min() < FEW:
                small.append(f"{audited['group']} ({words.count(rows[column].min())}, {audited['part']})")
        if small:
            yield (
                f"{dataset}: audited groups of fewer than {FEW} people (the fewest over repeats): "
                f"{words.listed(small, most=12)}. Their rates are marked † in the audit."
            )


def _undefined(fronts: pd.DataFrame) -> Iterator[str]:
    repeats = fronts[fronts["scope"] == "repeat"]
    for unfairness, rows in repeats.groupby("unfairness", sort=False):
        lost = rows[rows["repeats"] == 0]
        if len(lost):
            methods = words.listed(dict.fromkeys(lost["method"].astype(str)))
            yield (
                f"{words.short_name(str(unfairness))} or error is undefined at {words.plural(len(lost), 'point')} of "
                f"{methods}: a rate has nobody in its denominator. They are on no front, and means are over the "
                "repeats in which both are defined."
            )


def _incomplete(fronts: pd.DataFrame) -> Iterator[str]:
    means = fronts[(fronts["scope"] == "mean") & (fronts["unfairness"] == fronts["unfairness"].iloc[0])]
    short = means[~means["complete"].astype(bool) & (means["repeats"] > 0)]
    if len(short):
        yield (
            f"{words.plural(len(short), 'setting')} of {words.listed(dict.fromkeys(short['method'].astype(str)))} with "
            "fewer repeats than others of their sweep (runs failed, or a value is undefined). Their means are on no "
            "front and in no answer."
        )


def _broken_bounds(fronts: pd.DataFrame) -> Iterator[str]:
    for (method, unfairness), rows in fronts[fronts["scope"] == "repeat"].groupby(["method", "unfairness"], sort=False):
        bound = rows.get(f"test.certified_{unfairness}", pd.Series(float("nan"), index=rows.index))
        broken = (rows["value"] > bound).sum()
        if broken:
            yield (
                f"{method}: the measured {words.short_name(str(unfairness))} is over its certified bound at {broken:,} "
                f"of {words.plural(int(bound.notna().sum()), 'point')}."
            )


def certified(fronts: pd.DataFrame) -> pd.DataFrame:
    """The fronts' rows that have a certified bound on some measure."""
    return fronts[fronts.filter(regex=r"^test\.certified_").notna().any(axis=1)]


def _swept_certificates(fronts: pd.DataFrame) -> Iterator[str]:
    bound = certified(fronts[fronts["select"] == "test"])
    if len(bound):
        yield (
            f"{words.listed(dict.fromkeys(bound['method'].astype(str)))}: each setting's certificate holds by itself, "
            "with its own confidence (95 % unless a knob says otherwise). Here fronts are chosen on test, by the very "
            "people whom the certificates count: for the best of a sweep that confidence does not hold."
        )


def _notes(points: pd.DataFrame) -> Iterator[str]:
    noted = points[points["notes"] != ""]
    of_method = Counter(points["method"])
    for (method, note), rows in noted.groupby(["method", "notes"], sort=False):
        where = words.listed(
            dict.fromkeys(words.setting(row.swept, row.setting) for row in rows.sort_values("order").itertuples()),
            most=3,
        )
        at = f" (at {where})" if where != words.NOTHING else ""
        yield f"{method}: {note}. Noted on {len(rows):,} of its {words.plural(of_method[method], 'point')}{at}."
