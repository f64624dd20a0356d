"""JSON Schema of the YAML, with the names of what is installed, for editors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from fwk.api import Dataset, FirmSide, UserSide
from fwk.config import Config
from fwk.plugins import Registry, knobs_of


def schema(registry: Registry) -> dict[str, Any]:
    """The schema of a config: names of methods and data sets, and their knobs, offered by name."""
    made = Config.model_json_schema()
    kinds: dict[str, Mapping[str, UserSide | FirmSide | Dataset]] = {
        "DatasetSpec": registry.datasets,
        "MethodSpec": registry.methods,
    }
    for kind, cards in kinds.items():
        definition = made["$defs"][kind]
        definition["properties"]["name"]["enum"] = sorted(cards)
        for name, knobs in _knobs(cards).items():
            definition["properties"].setdefault(name, {"description": f"knob of {', '.join(knobs)}"})
        definition["additionalProperties"] = False
    for section, kind in (("datasets", "DatasetSpec"), ("methods", "MethodSpec")):
        names = sorted(kinds[kind])
        made["properties"][section]["items"] = {"anyOf": [{"enum": names}, {"$ref": f"#/$defs/{kind}"}]}
    one = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/LearnerSpec"}]}
    made["properties"]["learner"] = {"anyOf": [*one["anyOf"], {"type": "array", "items": one}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def _knobs(cards: Mapping[str, UserSide | FirmSide | Dataset]) -> dict[str, list[str]]:
    """The cards that have each knob."""
    found: dict[str, list[str]] = {}
    for name, card in sorted(cards.items()):
        for knob, default in knobs_of(card).items():
            shown = "" if default is inspect.Parameter.empty else f" (default {default!r})"
            found.setdefault(knob, []).append(name + shown)
    return found
