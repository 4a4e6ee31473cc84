"""No reference in a schema is followed out of it.

CrewAI makes models of the schemas that MCP servers tell of their tools, and reads whatever a `$ref` in them names: with
the operator's reach, and into the tool's description (crewai/utilities/pydantic_schema_utils.py, by jsonref).
"""

from __future__ import annotations

from typing import Any, NoReturn

import jsonref


class ReferenceOutside(ValueError):
    """A schema refers to another document."""


def _refuse(address: str) -> NoReturn:
    raise ReferenceOutside(f"A schema may not refer to {address[:200]}.")


def refuse_outside() -> None:
    """Once per process; both ways in which jsonref's own loader fetches a document."""
    loader: Any = jsonref
    loader.requests, loader.urlopen = None, _refuse
