"""Values that are nested without end, wherever something that a person or a model wrote is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepcrew.domain.json_schema import MAX_LEVELS, faults_of
from stepcrew.domain.json_text import NotJson, read_json
from stepcrew.domain.nesting import MAX_DEPTH, is_too_deep
from stepcrew.domain.structured_output import schema_mismatch

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "object"}}}


def text(levels: int, of: str = "objects") -> str:
    opening, closing = ('{"a": ', "}") if of == "objects" else ("[", "]")
    return opening * levels + "1" + closing * levels


@pytest.mark.parametrize("of", ["objects", "lists"])
def test_as_many_levels_are_read_as_are_allowed_and_no_more(of: str) -> None:
    assert not is_too_deep(read_json(text(MAX_DEPTH, of)))
    for levels in (MAX_DEPTH + 1, 300, 900, 100_000):
        with pytest.raises(NotJson, match=f"nested deeper than {MAX_DEPTH} levels"):
            read_json(text(levels, of))


def test_empty_lists_and_objects_count_as_levels() -> None:
    assert not is_too_deep(json.loads("[" * MAX_DEPTH + "]" * MAX_DEPTH))
    assert is_too_deep(json.loads("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)))


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 300, 900, 100_000])
def test_a_corrected_answer_that_is_nested_too_deeply_does_not_fit(levels: int) -> None:
    assert schema_mismatch(text(levels), SCHEMA) == f"it is not JSON (it is nested deeper than {MAX_DEPTH} levels)."


@pytest.mark.parametrize("number", [MAX_LEVELS, 200, 600])
@pytest.mark.parametrize("inside", [False, True])
def test_schemas_that_name_the_next_one_make_no_deeper_schema_than_is_allowed(number: int, inside: bool) -> None:
    def naming(n: int) -> dict[str, Any]:
        reference = {"$ref": f"#/$defs/n{n + 1}"}
        return {"type": "object", "properties": {"x": reference}} if inside else reference

    parts = {f"n{n}": naming(n) for n in range(number)} | {f"n{number}": {"type": "string"}}
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/n0"}}, "$defs": parts}

    [fault] = faults_of(schema)

    assert fault.detail == f"it is nested deeper than {MAX_LEVELS} levels when its references are written out" or (
        "parts" in fault.detail
    )


def test_schemas_of_some_levels_and_those_that_stand_in_themselves_are_allowed() -> None:
    parts: dict[str, Any] = {f"n{n}": {"$ref": f"#/$defs/n{n + 1}"} for n in range(50)} | {"n50": {"$ref": "#"}}
    assert faults_of({"type": "object", "properties": {"a": {"$ref": "#/$defs/n0"}}, "$defs": parts}) == []
