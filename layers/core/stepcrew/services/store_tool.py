"""Keeps a function as a tool of a group."""

from __future__ import annotations

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.function_tool import MOST_TOOLS, FunctionToolSpec, StoredTool
from stepcrew.services.ports import Clock
from stepcrew.services.tool_ports import ToolStore


class StoreTool:
    """Storing the same again changes nothing but the date. `home` is the platform's `region:account`."""

    def __init__(self, tools: ToolStore, clock: Clock, home: str) -> None:
        self._tools = tools
        self._clock = clock
        self._home = home

    def __call__(
        self, group_id: str, name: str, spec: FunctionToolSpec, updated_by: str | None
    ) -> tuple[StoredTool, bool]:
        """The tool as it is stored now, and whether there was none of that name. Raises `InvalidRequest`."""
        if faults := spec.faults(self._home):
            raise InvalidRequest(faults[0].detail, faults)
        known = {tool.name for tool in self._tools.tools(group_id)}
        if name not in known and len(known) >= MOST_TOOLS:
            detail = f"The group has {MOST_TOOLS} tools already."
            raise InvalidRequest(detail, [Fault(pointer="", code="too_many", detail=detail, remedy="Delete one.")])
        tool = StoredTool(**spec.model_dump(), name=name, updated_at=self._clock.now(), updated_by=updated_by)
        self._tools.put(group_id, tool)
        return tool, name not in known
