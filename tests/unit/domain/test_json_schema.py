from __future__ import annotations

from typing import Any

import pytest
from tests.counting import traced_calls

from stepcrew.domain.json_schema import MAX_PARTS, faults_of
from stepcrew.domain.models import ModelRules
from stepcrew.domain.parsing import parse_crew
from stepcrew.domain.references import find_reference_faults


def having(part: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": part}, **more}


@pytest.mark.parametrize(
    "schema",
    [
        having({"type": "string", "minLength": 1, "pattern": "^x"}, required=["a"], title="Answer"),
        having({"type": ["string", "null"]}),
        having({"type": "array", "items": {"type": "object", "properties": {"b": {"type": "number", "minimum": 0}}}}),
        having({"enum": ["low", "high"]}),
        having({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}),
        having({"$ref": "#/$defs/part"}, **{"$defs": {"part": {"type": "string"}}}),
        having({"type": "array", "items": {"$ref": "#"}}),
        {"$ref": "#/$defs/answer", "$defs": {"answer": having({"type": "string"})}},
        {"allOf": [having({"type": "string"})]},
        {"properties": {"a": {}}},
        having(
            {"type": "string"},
            additionalProperties=False,
            **{"$schema": "https://json-schema.org/draft/2020-12/schema"},
        ),
    ],
)
def test_what_crewai_can_make_a_model_of_has_no_fault(schema: dict[str, Any]) -> None:
    assert faults_of(schema) == []


@pytest.mark.parametrize(
    "reference",
    [
        *("file:///etc/hosts", "http://127.0.0.1:9001/next", "https://example.com/x.json", "other.json", "//host/x"),
        *("", "#/$defs/none", "#/properties/a/type", "#%2F..", "#anchor"),
    ],
)
def test_no_reference_leads_out_of_the_schema(reference: str) -> None:
    assert faults_of(having({"$ref": reference}))[0].where == ("properties", "a", "$ref")
    assert faults_of(having({"type": "object", "default": {"x": [{"$ref": reference}]}}))


@pytest.mark.parametrize(
    ("schema", "where"),
    [
        (having({"type": "strin"}), ("properties", "a", "type")),
        (having(True), ("properties", "a")),
        (having({"type": "array", "items": [{}]}), ("properties", "a", "items")),
        (having({"enum": [[1]]}), ("properties", "a", "enum", "0")),
        (having({"type": "integer", "minimum": "x"}), ("properties", "a", "minimum")),
        (having({"type": "string", "pattern": "("}), ("properties", "a", "pattern")),
        (having({"type": "string", "pattern": "(?=x)"}), ("properties", "a", "pattern")),
        ({"type": "object", "properties": {"_a": {}}}, ("properties", "_a")),
        ({"type": "object", "properties": {"model_config": {}}}, ("properties", "model_config")),
        (having({}, required="a"), ("required",)),
        ({"type": "string"}, ()),
        ({"type": "object"}, ()),
        ({}, ()),
    ],
)
def test_what_it_cannot_is_named_with_its_place(schema: dict[str, Any], where: tuple[str, ...]) -> None:
    found = faults_of(schema)[0]
    assert found.where == where
    assert found.detail


def test_references_that_multiply_are_counted_written_out() -> None:
    parts: dict[str, Any] = {"n30": {"type": "string"}}
    for n in range(30):
        below = {"$ref": f"#/$defs/n{n + 1}"}
        parts[f"n{n}"] = {"anyOf": [below, {"type": "array", "items": below}]}
    assert "parts" in faults_of(having({"$ref": "#/$defs/n0"}, **{"$defs": parts}))[0].detail


@pytest.mark.parametrize(
    ("outputs", "pointer", "code"),
    [
        (
            {"output_json": having({"$ref": "file:///x"})},
            "/config/tasks/t/output_json/properties/a/$ref",
            "json_schema",
        ),
        ({"response_model": {"type": "array"}}, "/config/tasks/t/response_model", "json_schema"),
        ({"output_json": having({}), "output_pydantic": having({})}, "/config/tasks/t/output_pydantic", "two_outputs"),
    ],
)
def test_the_schema_of_a_task_is_checked_before_anything_starts(
    outputs: dict[str, Any], pointer: str, code: str
) -> None:
    agents = {"a": {"role": "r", "goal": "g", "backstory": "b"}}
    tasks = {"t": {"description": "d", "expected_output": "e", "agent": "a", **outputs}}
    rules = ModelRules("openai/gpt-4.1-mini", ["*"])
    parsed = parse_crew({"agents": agents, "tasks": tasks})
    find_reference_faults(parsed, rules)
    assert [(fault.pointer, fault.code) for fault in parsed.faults] == [(pointer, code)]


def test_a_chain_of_references_that_many_parts_follow_is_followed_once() -> None:
    parts: dict[str, Any] = {f"n{n}": {"$ref": f"#/$defs/n{n + 1}"} for n in range(800)} | {"n800": {"type": "string"}}
    schema = {"allOf": [{"$ref": "#/$defs/n0"}] * 300, "$defs": parts}
    looked_at = len(traced_calls(lambda: faults_of(schema), "_target"))
    assert looked_at < 10 * MAX_PARTS


def test_a_schema_of_too_many_parts_is_refused_before_it_is_looked_into() -> None:
    schema = having({"enum": ["x"]}, examples=[[]] * MAX_PARTS)
    assert "parts" in faults_of(schema)[0].detail
    assert traced_calls(lambda: faults_of(schema), "_reference_faults") == []


def test_the_schemas_of_a_crew_are_bounded_together() -> None:
    agents = {"a": {"role": "r", "goal": "g", "backstory": "b"}}
    for schema in (having({}, examples=[[]] * 1_900), having({"type": "string", "pattern": r"\w{45}"})):
        tasks = {
            f"t{n}": {"description": "d", "expected_output": "e", "agent": "a", "output_json": schema}
            for n in range(12)
        }
        parsed = parse_crew({"agents": agents, "tasks": tasks})
        find_reference_faults(parsed, ModelRules("openai/x", ["*"]))
        [fault] = parsed.faults
        assert "too large together" in fault.detail
