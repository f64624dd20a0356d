"""How a comparison was measured, in words, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwk.config import dump
from fwk.prepare import Prepared
from fwk.report import Facts


def facts_of(prepared: Prepared, environment: Mapping[str, object], seconds: float) -> Facts:
    """Headings with a sentence, a text, a list, or names with values."""
    config = prepared.plan.config
    sets = [
        f"{label}: {table.counts['rows']:,} rows, {table.counts['features']} features; minority "
        f"{table.counts['minority']:,} ({table.counts['minority_positive']:,} with y = 1), majority "
        f"{table.counts['majority']:,} ({table.counts['majority_positive']:,}). {origin_of(prepared, label)}"
        for label, table in prepared.first_tables().items()
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
        "Config, every default filled in": dump(config),
        "Environment": _flat(environment),
    }
    if prepared.registry.broken:
        shown["Broken plugins"] = [
            f"{p.name} ({p.distribution} {p.version}): {p.trouble}. {p.remedy}" for p in prepared.registry.broken
        ]
    return shown


def origin_of(prepared: Prepared, label: str) -> str:
    """Publisher, terms and citation of a data set."""
    card = next(data.card for data in prepared.comparison.data if data.label == label)
    return "; ".join(text for text in (card.publisher, card.terms, card.citation) if text)


def _flat(environment: Mapping[str, object]) -> dict[str, str]:
    return {
        name: ", ".join(f"{key} {text}" for key, text in value.items()) if isinstance(value, Mapping) else str(value)
        for name, value in environment.items()
    }
