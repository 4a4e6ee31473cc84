"""What both ways of writing a crew in Python are read into, and its parts on the way there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from stepcrew_reader.documents import Document


@dataclass
class CrewParts:
    """Agents and tasks by name, tasks in the order in which they run, and the settings of the crew itself."""

    agents: dict[str, Document]
    tasks: dict[str, Document]
    crew: dict[str, Any]
    left_out: list[str] = field(default_factory=list[str])


@dataclass
class Part:
    """One @agent or @task method: the YAML entry it uses, if any, and the settings written in code."""

    method: str
    key: str
    from_yaml: bool
    settings: dict[str, Any] = field(default_factory=dict[str, Any])


def keys_of(parts: list[Part]) -> dict[str, str]:
    """Method name → name of the YAML entry."""
    return {part.method: part.key for part in parts}


def rename(entry: Document, field_name: str, keys: dict[str, str]) -> None:
    value: object = entry.get(field_name)
    if isinstance(value, str):
        entry[field_name] = keys.get(value, value)
    elif isinstance(value, list):
        entry[field_name] = [keys.get(str(each), each) for each in cast("list[object]", value)]
