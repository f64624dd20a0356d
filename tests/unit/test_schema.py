"""The schema that editors check a config against."""

from __future__ import annotations

import json
from typing import Any

from fakes_core import registry
from fwk.config import Config, DatasetSpec, MethodSpec
from fwk.plugins import load_plugins
from fwk.schema import schema


def test_every_key_is_in_the_schema_with_its_words() -> None:
    made = schema(registry())
    assert set(made["properties"]) == set(Config.model_fields)
    assert set(MethodSpec.model_fields) <= set(made["$defs"]["MethodSpec"]["properties"])
    assert set(DatasetSpec.model_fields) <= set(made["$defs"]["DatasetSpec"]["properties"])
    assert made["required"] == ["datasets", "methods"]
    assert made["properties"]["alpha"]["description"].startswith("a share above 0 up to 1")
    json.dumps(made)


def test_names_and_knobs_are_those_of_what_is_installed() -> None:
    made = schema(registry())
    methods = made["$defs"]["MethodSpec"]
    assert methods["properties"]["name"]["enum"] == sorted(registry().methods)
    assert methods["properties"]["strength"]["description"] == (
        "knob of bad-method (default 0.0), lottery (default 0.0), noisy (default 0.0)"
    )
    assert methods["additionalProperties"] is False
    assert made["$defs"]["DatasetSpec"]["properties"]["name"]["enum"] == ["made", "not-there"]


def test_a_required_knob_has_no_default_in_the_schema() -> None:
    knob = schema(load_plugins())["$defs"]["DatasetSpec"]["properties"]["favourable"]
    assert knob["description"].startswith("knob of table, ")


def test_a_name_alone_is_allowed_where_the_config_allows_it() -> None:
    made = schema(registry())

    def alternatives(node: Any) -> list[Any]:
        return list(node["items"]["anyOf"])

    for section, spec in (("methods", "MethodSpec"), ("datasets", "DatasetSpec")):
        names, mapping = alternatives(made["properties"][section])
        assert set(names) == {"enum"}
        assert mapping == {"$ref": f"#/$defs/{spec}"}
    kinds = [kind.get("type", kind.get("$ref")) for kind in made["properties"]["learner"]["anyOf"]]
    assert kinds == ["string", "#/$defs/LearnerSpec", "array"]
