"""What function tools need of the outside, in memory."""

from __future__ import annotations

from stepcrew.domain.function_tool import StoredTool


class NoTools:
    """A group without tools of its own."""

    def tool(self, group_id: str, name: str) -> StoredTool | None:
        return None

    def tools(self, group_id: str) -> list[StoredTool]:
        return []

    def put(self, group_id: str, tool: StoredTool) -> None:
        raise NotImplementedError

    def delete(self, group_id: str, name: str) -> None: ...
