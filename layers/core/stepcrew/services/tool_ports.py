"""Where the function tools of groups are kept, and how they are called. `stepcrew.aws.tools` and
`stepcrew.aws.tool_functions` implement it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stepcrew.domain.function_tool import FunctionTool, StoredTool


class ToolStore(Protocol):
    """Every method may be repeated safely."""

    def tool(self, group_id: str, name: str) -> StoredTool | None:
        """Strongly consistent."""
        ...

    def tools(self, group_id: str) -> list[StoredTool]:
        """All of a group by name, strongly consistent."""
        ...

    def put(self, group_id: str, tool: StoredTool) -> None: ...

    def delete(self, group_id: str, name: str) -> None: ...


class ToolFunctions(Protocol):
    def call(self, tool: FunctionTool, arguments: Mapping[str, Any]) -> str:
        """One call, never repeated by itself; what the function answers, as text: JSON where it is no text. Raises
        `FunctionFailed`, which the model is told."""
        ...
