from __future__ import annotations

from typing import Any

import pytest

from stepcrew.domain.structured_output import schema_mismatch

SCHEMA = {
    "type": "object",
    "properties": {"score": {"$ref": "#/$defs/score"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["score"],
    "$defs": {"score": {"type": "integer", "minimum": 0}},
}


def test_json_that_satisfies_the_schema_fits() -> None:
    assert schema_mismatch('{"score": 3, "tags": ["a"]}', SCHEMA) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Rain.", "not JSON"),
        ('{"score": NaN}', "not JSON"),
        ("{}", "'score' is a required property"),
        ('{"score": -1}', "(at /score)"),
        ('{"score": 1, "tags": ["a", 2]}', "(at /tags/1)"),
        ('{"score": "' + "x" * 1000 + '"}', "…"),
    ],
)
def test_what_does_not_fit_names_the_place(text: str, told: str) -> None:
    found = schema_mismatch(text, SCHEMA)
    assert found is not None
    assert told in found
    assert len(found) < 400


def test_no_address_outside_the_schema_is_followed() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "https://example.com/schema.json"}}}
    found = schema_mismatch('{"a": 1}', schema)
    assert found is not None
    assert "cannot be applied" in found


def test_a_schema_that_names_itself_twice_ends_after_a_bounded_number_of_checks() -> None:
    part = {"anyOf": [{"$ref": "#/$defs/part"}, {"$ref": "#/$defs/part"}, {"type": "integer"}]}
    nested = {"properties": {"a": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}, "required": ["b"]}
    text = '{"a": ' * 40 + "{}" + "}" * 40
    for schema in ({"properties": {"a": {"$ref": "#/$defs/part"}}, "$defs": {"part": part}}, nested):
        found = schema_mismatch(text, schema)
        assert found is not None
        assert "too much work" in found or "cannot be applied" in found


def test_many_branches_do_not_repeat_a_long_answer_each() -> None:
    schema = {"properties": {"a": {"anyOf": [{"type": "integer"}] * 1_000}}}
    assert "too much work" in (schema_mismatch('{"a": "' + "x" * 1_000_000 + '"}', schema) or "")


def test_a_pattern_that_could_fit_in_countless_ways_is_checked() -> None:
    schema = {"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    assert schema_mismatch('{"a": "' + "a" * 100_000 + '"}', schema) is None
    assert (schema_mismatch('{"a": "' + "a" * 100_000 + 'b"}', schema) or "").endswith("(at /a).")


def test_keywords_that_only_inform_the_model_are_not_applied() -> None:
    schema = {"patternProperties": {"^(a+)+$": False}, "format": "email", "not": {}, "uniqueItems": True}
    assert schema_mismatch('{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!": 1}', schema) is None


def test_other_properties_are_refused_where_the_schema_says_so() -> None:
    closed: dict[str, Any] = {"properties": {"a": {}}, "additionalProperties": False}
    assert schema_mismatch('{"a": 1}', closed) is None
    assert "'b' is not a property" in (schema_mismatch('{"a": 1, "b": 2}', closed) or "")
    counts = {"additionalProperties": {"type": "integer"}}
    assert schema_mismatch('{"a": 1}', counts) is None
    assert "(at /a)" in (schema_mismatch('{"a": "x"}', counts) or "")
