from __future__ import annotations

import pytest

from stepcrew.domain.structured_output import misfit

SCHEMA = {
    "type": "object",
    "properties": {"score": {"$ref": "#/$defs/score"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["score"],
    "$defs": {"score": {"type": "integer", "minimum": 0}},
}


def test_json_that_satisfies_the_schema_fits() -> None:
    assert misfit('{"score": 3, "tags": ["a"]}', SCHEMA) is None


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
    found = misfit(text, SCHEMA)
    assert found is not None
    assert told in found
    assert len(found) < 400


def test_no_address_outside_the_schema_is_followed() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "https://example.com/schema.json"}}}
    found = misfit('{"a": 1}', schema)
    assert found is not None
    assert "cannot be applied" in found
