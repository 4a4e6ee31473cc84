"""Finds a stored crew by its name, and perhaps a version or an alias of one."""

from __future__ import annotations

from stepcrew.domain.errors import CrewNotFound
from stepcrew.domain.stored_crew import LATEST, StoredCrew, VersionHistory, unpack
from stepcrew.domain.submission import Submission
from stepcrew.domain.suggestions import near_names
from stepcrew.services.crew_ports import CrewStore

_NAMES_COMPARED = 1_000


def read_crew(
    crews: CrewStore, group_id: str, name: str, wanted: int | str | None = None
) -> tuple[StoredCrew, Submission]:
    """The latest version unless one is named, by its number or an alias. Raises `CrewNotFound`, which names similar
    crews, the crew's aliases or the latest version."""
    history = existing_history(crews, group_id, name)
    latest = history.latest.version
    version, by_alias = wanted or latest, ""
    if isinstance(version, str):
        version, by_alias = _version_of(crews, group_id, name, version), f", for which @{version} stands"
    found = crews.version(group_id, name, version) if history.has(version) else None
    if found is None:  # never there, or deleted since the history was read
        raise CrewNotFound(f"The crew {name!r} has no version {version}{by_alias}; the latest is {latest}.")
    crew, packed = found
    return crew, unpack(packed)


def existing_history(crews: CrewStore, group_id: str, name: str) -> VersionHistory:
    """Raises `CrewNotFound`, which names similar crews."""
    history = crews.history(group_id, name)
    if history is None or history.is_deleted:
        near = near_names(name, [crew.name for crew in crews.crews(group_id, after=None, limit=_NAMES_COMPARED)])
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise CrewNotFound(f"There is no crew {name!r} in this group.{hint}")
    return history


def _version_of(crews: CrewStore, group_id: str, name: str, alias: str) -> int:
    found = crews.alias(group_id, name, alias)
    if found:
        return found.version
    if alias == LATEST:
        raise CrewNotFound(f"There is no alias {LATEST!r}: the latest version is {name!r} alone.")
    known = ", ".join(one.alias for one in crews.aliases(group_id, name))
    raise CrewNotFound(f"The crew {name!r} has no alias {alias!r}; it has {known or 'none'}.")
