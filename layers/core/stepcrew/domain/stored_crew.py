"""Crews that a group keeps under a name. A version never changes, and no number is ever given twice."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

CREW_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
CREW_REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(@[1-9][0-9]{0,5})?$"
MOST_VERSIONS = 999_999


class CrewVersion(BaseModel):
    """Which version of which stored crew an execution was made from."""

    name: str
    version: int


class StoredCrew(BaseModel):
    """One version of a stored crew without its document; `tasks` and `agents` are counts. `definition_hash` is the
    SHA-256 (hex) of the document, `secrets` are the names of the group's secrets it needs."""

    name: str
    version: int
    tasks: int
    agents: int
    updated_at: datetime
    updated_by: str | None = None
    definition_hash: str
    secrets: list[str] = []


def split_reference(reference: str) -> tuple[str, int | None]:
    """`name@3` is (name, 3); `name` is (name, None), the latest."""
    name, _, version = reference.partition("@")
    return name, int(version) if version else None
