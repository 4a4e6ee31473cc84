"""Removes a stored crew with all its versions."""

from __future__ import annotations

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.services.crew_ports import CrewStore

_RACES = 5


def delete_crew(crews: CrewStore, group_id: str, name: str) -> None:
    """May be repeated: a crew that is not there is removed already, and what an earlier call left is removed now."""
    for _ in range(_RACES):
        history = crews.history(group_id, name)
        if history is None:
            return
        if history.is_deleted or crews.withdraw(group_id, name, seen=history):
            crews.remove_versions(group_id, name, history.latest.version)
            return
    raise PlatformUnavailable(f"The crew {name} changes too fast to be deleted.")
