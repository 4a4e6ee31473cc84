"""The JSON Schema that editors complete crews with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from stepcrew.domain.crew_schema import crew_schema
from stepcrew.domain.definition_help import FIELD_HELP

ROOT = Path(__file__).parents[3]


def test_every_field_of_every_part_has_its_sentence() -> None:
    schema = crew_schema()
    parts: dict[str, Any] = {"CrewDefinition": schema, **schema["$defs"]}
    fields = {name: part["properties"] for name, part in parts.items() if "properties" in part}
    silent = [f"{name}.{key}" for name, part in fields.items() for key in part if not part[key].get("description")]
    assert silent == []
    assert {part.__name__ for part in FIELD_HELP} == fields.keys()


def test_it_is_a_schema_that_examples_fit_and_mistakes_do_not() -> None:
    schema = crew_schema()
    Draft202012Validator.check_schema(schema)
    document = yaml.safe_load((ROOT / "examples/haiku/crew.yaml").read_text())
    crew = {key: value for key, value in document.items() if key != "inputs"}
    check: Any = Draft202012Validator(schema)
    assert list(check.iter_errors(crew)) == []
    crew["agents"]["poet"]["rolle"] = "Poet"
    [fault] = check.iter_errors(crew)
    assert "rolle" in fault.message


@pytest.mark.parametrize("part", FIELD_HELP, ids=lambda part: part.__name__)
def test_no_refused_field_is_offered(part: Any) -> None:
    assert not part.REFUSED.keys() & part.model_fields.keys()
    assert json.dumps(FIELD_HELP[part])  # texts only
