"""How a comparison was measured, in words, for the report."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from fwk.check import Data
from fwk.config import to_yaml
from fwk.entries import Entry
from fwk.prepare import Prepared
from fwk.report import Facts


def facts_of(prepared: Prepared, environment: Mapping[str, object], seconds: float) -> Facts:
    """Headings with a sentence, a text, a list, or names with values."""
    config = prepared.plan.config
    sets = [
        f"{label}: {table.described}. {origin_of(prepared, label)}" for label, table in prepared.first_tables().items()
    ]
    anew = "new parts and a new collective" if config.resplit else "a new collective, on one split"
    shown: dict[str, str | Sequence[str] | Mapping[str, object]] = {
        "Data": sets,
        "Protocol": [
            f"{config.repeats} repeats, seed {config.seed}: each draws {anew}.",
            f"{config.validation:.0%} of what is not test is the validation part; methods see the train part only.",
            f"Fronts are chosen on the {config.select} part and reported on the test part.",
            "EqOd = (|TPR gap| + |FPR gap|) / 2; SP = |gap of acceptance rates|. Rules give P(accept), so randomised "
            "ones are measured exactly, as the gap of expected rates.",
            f"Intervals: 95 %, {config.bootstrap} bootstrap samples of the test people.",
            f"Knobs are tuned on the validation part: the least mean {config.tune.metric} over {config.tune.trials} "
            "settings of the sweep.",
        ],
        "Seconds from start to report": f"{seconds:.0f}",
        "Config, every default filled in": resolved(prepared),
        "Environment": _flat(environment),
    }
    if prepared.registry.broken:
        shown["Broken plugins"] = [
            f"{p.name} ({p.distribution} {p.version}): {p.trouble}. {p.remedy}" for p in prepared.registry.broken
        ]
    return shown


def resolved(prepared: Prepared) -> str:
    """The config as it was run, as YAML: every default filled in, sweeps as --quick thinned them, budgets written out
    where all collectives share them. `fwk compare` of it plans the same runs."""
    config = prepared.plan.config
    content = config.model_dump(mode="json") | config.model_dump(include={"learner"})  # JSON has no keys but text
    content["datasets"] = [_dataset(data) for data in prepared.comparison.data]
    content["methods"] = [_method(entry) for entry in prepared.comparison.methods]
    budgets = {curve.settings for curve in prepared.plan.curves if curve.alpha is not None}
    if len(budgets) == 1:
        content["budgets"] = list(budgets.pop())
    return to_yaml(content)


def _dataset(data: Data) -> dict[str, object]:
    knobs = {field.name: getattr(data.source, field.name) for field in dataclasses.fields(cast(Any, data.source))}
    if isinstance(path := knobs.get("path"), str):
        knobs["path"] = str(Path(path).resolve())
    spec = data.spec.model_dump(mode="json", include={"name", "minority", "keep", "group_in_X", "test", "missing"})
    given = {name: value for name, value in spec.items() if value is not None and (value or name != "minority")}
    return {**given, "called": data.label, **knobs}


def _method(entry: Entry) -> dict[str, object]:
    made: dict[str, object] = {"name": entry.card.name, "called": entry.label, **dict(entry.knobs)}
    if entry.swept not in ("", "budget"):
        made["sweep"] = {entry.swept: list(entry.settings)}
    made["tune"] = {name: list(grid) for name, grid in entry.tuned} or False
    return made


def origin_of(prepared: Prepared, label: str) -> str:
    """Publisher, terms and citation of a data set."""
    card = next(data.card for data in prepared.comparison.data if data.label == label)
    return "; ".join(text for text in (card.publisher, card.terms, card.citation) if text)


def _flat(environment: Mapping[str, object]) -> dict[str, str]:
    return {
        name: ", ".join(f"{key} {text}" for key, text in value.items()) if isinstance(value, Mapping) else str(value)
        for name, value in environment.items()
    }
