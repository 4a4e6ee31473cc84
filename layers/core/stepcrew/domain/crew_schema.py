"""The JSON Schema of a crew, for editors."""

from __future__ import annotations

from typing import Any

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.definition_help import FIELD_HELP


def crew_schema() -> dict[str, Any]:
    """The `config` of a submission in our own shape, as JSON Schema (draft 2020-12), each field with a sentence of help
    as its `description`. What it accepts is still checked on submission: references between the parts, sizes, and
    fields that are refused cannot be said in a schema."""
    schema = CrewDefinition.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    for part, texts in FIELD_HELP.items():
        fields = schema["properties"] if part is CrewDefinition else schema["$defs"][part.__name__]["properties"]
        for name, text in texts.items():
            fields[name]["description"] = text
    return schema
