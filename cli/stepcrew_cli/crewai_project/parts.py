"""What both ways of writing a crew in Python are read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from stepcrew_cli.documents import Document


@dataclass
class CrewParts:
    """Agents and tasks by name, tasks in the order in which they run, and the settings of the crew itself."""

    agents: dict[str, Document]
    tasks: dict[str, Document]
    crew: dict[str, Any]
    left_out: list[str] = field(default_factory=list[str])
