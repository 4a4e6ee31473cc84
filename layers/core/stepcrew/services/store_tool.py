"""Keeps a function as a tool of a group."""

from __future__ import annotations

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.function_tool import MOST_TOOLS, FunctionToolSpec, StoredTool
from stepcrew.domain.registration import check_room
from stepcrew.services.ports import Clock
from stepcrew.services.registration_ports import RegistrationStore


class StoreTool:
    """Registers tools, or replaces them. Storing the same again changes nothing but the date. `home` is the platform's
    `region:account`."""

    def __init__(self, tools: RegistrationStore[StoredTool], clock: Clock, home: str) -> None:
        self._tools = tools
        self._clock = clock
        self._home = home

    def __call__(
        self, group_id: str, name: str, spec: FunctionToolSpec, updated_by: str | None
    ) -> tuple[StoredTool, bool]:
        """The tool as it is stored now, and whether there was none of that name. Raises `InvalidRequest`."""
        if faults := spec.faults(self._home):
            raise InvalidRequest(faults[0].detail, faults)
        known = {tool.name for tool in self._tools.every(group_id)}
        check_room(name, known, MOST_TOOLS, "tools")
        tool = StoredTool(**spec.model_dump(), name=name, updated_at=self._clock.now(), updated_by=updated_by)
        self._tools.put(group_id, tool)
        return tool, name not in known
