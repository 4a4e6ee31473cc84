"""What of a group's own a crew names: read when it is first asked for, and kept with the submission."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from pydantic import BaseModel

from stepcrew.domain.connection import ModelConnection, StoredConnection, connection_of
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.function_tool import FunctionTool, StoredTool
from stepcrew.domain.parts import connections_of, models_asked, tools_of
from stepcrew.domain.tools import TOOLS
from stepcrew.services.registration_ports import RegistrationStore


class OwnParts:
    """The tools and connections that one group has registered. They are read only for a crew that may name some; most
    crews name none."""

    def __init__(
        self, tools: RegistrationStore[StoredTool], connections: RegistrationStore[StoredConnection], group_id: str
    ) -> None:
        self._of_tools = tools
        self._of_connections = connections
        self._group_id = group_id

    @cached_property
    def _tools(self) -> list[FunctionTool]:
        return [tool.as_submitted() for tool in self._of_tools.every(self._group_id)]

    @cached_property
    def _connections(self) -> list[ModelConnection]:
        return [one.as_submitted() for one in self._of_connections.every(self._group_id)]

    def tool_names(self) -> list[str]:
        return [tool.name for tool in self._tools]

    def connections(self) -> dict[str, list[str]]:
        return {one.name: one.fallbacks for one in self._connections}

    def kept_for(self, crew: CrewDefinition) -> dict[str, Sequence[BaseModel]]:
        """Fields of the crew's submission: what it names. What it names nothing of is no field, and counts nothing for
        the fingerprint."""
        kept: dict[str, Sequence[BaseModel]] = {
            "tools": self.tools_in(crew),
            "connections": self.connections_in(crew),
        }
        return {field: parts for field, parts in kept.items() if parts}

    def tools_in(self, crew: CrewDefinition) -> list[FunctionTool]:
        named = tools_of(crew) - set(TOOLS)
        return [tool for tool in self._tools if tool.name in named] if named else []

    def connections_in(self, crew: CrewDefinition) -> list[ModelConnection]:
        """Those that are named, and those of their fallbacks."""
        if not connections_of(crew):
            return []
        asked = {connection_of(settings.model) for _, settings in models_asked(crew, self.connections())}
        return [one for one in self._connections if one.name in asked]
