"""Sets, lists and removes a group's secrets. No use case reads a value back: only the runner does."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.project import ProjectVersion
from stepcrew.domain.registration import check_room
from stepcrew.domain.secrets import GIVEN_TO_PROJECTS, MOST_OF_A_GROUP, StoredSecret, name_fault, value_fault
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.ports import Clock
from stepcrew.services.secret_ports import SecretStore

MOST_CREWS = 1_000
"""Stored crews that are asked for the secrets they use."""


class KnownSecret(NamedTuple):
    """`crews` are the stored crews, in their latest versions, that use it."""

    secret: StoredSecret
    crews: list[str]


class KeepSecrets:
    """Sets, lists and removes the secrets of a group. Every call may be repeated."""

    def __init__(self, secrets: SecretStore, crews: CrewStore, clock: Clock) -> None:
        self._secrets = secrets
        self._crews = crews
        self._clock = clock

    def put(self, group_id: str, name: str, value: str, set_by: str | None) -> tuple[StoredSecret, bool]:
        """The secret, and whether it is a new one. Raises `InvalidRequest`; no error tells the value."""
        if fault := name_fault(name):
            raise InvalidRequest.at("", "secret_name", fault)
        if fault := value_fault(value):
            raise InvalidRequest.at("/value", "secret_value", fault)
        known = {one.name for one in self._secrets.secrets(group_id)}
        check_room(name, known, MOST_OF_A_GROUP, "secrets")
        return self._secrets.put(group_id, name, value, set_by=set_by, now=self._clock.now()), name not in known

    def list(self, group_id: str) -> list[KnownSecret]:
        found = self._secrets.secrets(group_id)
        crews = self._crews.crews(group_id, after=None, limit=MOST_CREWS) if found else []
        return [KnownSecret(one, [crew.name for crew in crews if one.name in crew.secrets]) for one in found]

    def unset(self, group_id: str, project: ProjectVersion) -> list[str]:
        """What of a project's environment no secret of the group fills."""
        names = set(project.environment) - {GIVEN_TO_PROJECTS}
        return sorted(self._secrets.missing(group_id, names)) if names else []

    def delete(self, group_id: str, name: str) -> None:
        self._secrets.delete(group_id, name)
