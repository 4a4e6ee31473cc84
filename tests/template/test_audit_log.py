"""Nobody changes or removes entries of the audit log: no policy of the template reaches them but the API's."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, cast

from tests.template.reading import inside

ENTRIES = "AUDIT#demo#0"
STREAM = ("AnnouncerFunction", "dynamodb:GetRecords")
"""Of the table's stream: it changes nothing."""


def statements(value: Any) -> Iterator[dict[str, Any]]:
    for key, item in inside(value):
        if key == "Statement":
            yield from item
        else:
            yield from statements(item)


def actions(statement: dict[str, Any]) -> list[str]:
    """Those on items of the table."""
    asked: str | list[str] = statement.get("Action", [])
    found = [asked] if isinstance(asked, str) else asked
    return [one for one in found if one.startswith("dynamodb:") and "Stream" not in one and "Shard" not in one]


def reaches(statement: dict[str, Any]) -> bool:
    """Whether it lets items with the key of an entry be asked for: by its pattern, or because it names none."""
    patterns: list[str] = [
        pattern
        for block in statement.get("Condition", {}).values()
        for name, given in block.items()
        if name == "dynamodb:LeadingKeys" and given != "false"
        for pattern in cast("list[str]", given if isinstance(given, list) else [given])
    ]
    return not patterns or any(fnmatchcase(ENTRIES, pattern) for pattern in patterns)


def test_entries_are_put_and_read_by_the_api_alone(template: dict[str, Any]) -> None:
    found = {
        (name, action)
        for name, resource in template["Resources"].items()
        for statement in statements(resource)
        if statement["Effect"] == "Allow" and reaches(statement)
        for action in actions(statement)
    }
    assert found == {("ApiFunction", "dynamodb:PutItem"), ("ApiFunction", "dynamodb:Query"), STREAM}
