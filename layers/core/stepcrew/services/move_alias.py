"""Moves an alias of a stored crew to one of its versions."""

from __future__ import annotations

from datetime import datetime

from stepcrew.domain.errors import CrewNotFound, InvalidRequest
from stepcrew.domain.registration import check_room
from stepcrew.domain.stored_crew import LATEST, MOST_ALIASES, CrewAlias
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.read_crew import existing_history


def move_alias(
    crews: CrewStore, group_id: str, name: str, alias: str, version: int | None, *, moved_by: str | None, now: datetime
) -> CrewAlias:
    """The alias as it stands now, for the latest version where none is given; one that stands for it already is not
    changed. Raises `CrewNotFound`, and `InvalidRequest` for a name that no alias may have and for one too many."""
    if alias == LATEST:
        detail = f"No alias is called {LATEST}: the crew's name alone is its latest version."
        raise InvalidRequest.at("", "alias_name", detail)
    history = existing_history(crews, group_id, name)
    wanted = version or history.latest.version
    if not history.has(wanted):
        raise CrewNotFound(f"The crew {name!r} has no version {wanted}; the latest is {history.latest.version}.")
    known = {one.alias: one for one in crews.aliases(group_id, name)}
    if alias in known and known[alias].version == wanted:
        return known[alias]
    check_room(alias, known, MOST_ALIASES, "aliases", owner="crew")
    moved = CrewAlias(alias=alias, version=wanted, moved_at=now, moved_by=moved_by)
    crews.put_alias(group_id, name, moved)
    return moved
