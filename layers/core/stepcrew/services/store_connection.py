"""Keeps a model connection of a group."""

from __future__ import annotations

from collections.abc import Collection

from stepcrew.domain.connection import MOST_CONNECTIONS, ConnectionSpec, StoredConnection
from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.registration import check_room
from stepcrew.services.ports import Clock
from stepcrew.services.registration_ports import RegistrationStore


class StoreConnection:
    """Registers connections, or replaces them. Storing the same again changes nothing but the date. `operators` are the
    names of the operator's connections."""

    def __init__(
        self, connections: RegistrationStore[StoredConnection], clock: Clock, operators: Collection[str]
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._operators = operators

    def __call__(
        self, group_id: str, name: str, spec: ConnectionSpec, updated_by: str | None
    ) -> tuple[StoredConnection, bool]:
        """The connection as it is stored now, and whether there was none of that name. Raises `InvalidRequest`."""
        made = StoredConnection(**spec.model_dump(), name=name, updated_at=self._clock.now(), updated_by=updated_by)
        known = {one.name for one in self._connections.every(group_id)}
        if faults := made.faults(self._operators, known):
            raise InvalidRequest(faults[0].detail, faults)
        check_room(name, known, MOST_CONNECTIONS, "connections")
        self._connections.put(group_id, made)
        return made, name not in known
