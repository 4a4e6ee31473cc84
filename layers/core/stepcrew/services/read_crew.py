"""Finds a stored crew by its name, and perhaps a version."""

from __future__ import annotations

from stepcrew.domain.errors import CrewNotFound
from stepcrew.domain.stored_crew import StoredCrew, unpack
from stepcrew.domain.submission import Submission
from stepcrew.domain.suggestions import near_names
from stepcrew.services.crew_ports import CrewStore

_NAMES_COMPARED = 1_000


def read_crew(crews: CrewStore, group_id: str, name: str, version: int | None = None) -> tuple[StoredCrew, Submission]:
    """The latest version unless one is named. Raises `CrewNotFound`, which names similar crews or the latest
    version."""
    history = crews.history(group_id, name)
    if history is None or history.is_deleted:
        near = near_names(name, [crew.name for crew in crews.crews(group_id, after=None, limit=_NAMES_COMPARED)])
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise CrewNotFound(f"There is no crew {name!r} in this group.{hint}")
    wanted = version or history.latest.version
    found = crews.version(group_id, name, wanted) if history.has(wanted) else None
    if found is None:  # never there, or deleted since the history was read
        latest = history.latest.version
        raise CrewNotFound(f"The crew {name!r} has no version {wanted}; the latest is {latest}.")
    crew, packed = found
    return crew, unpack(packed)
