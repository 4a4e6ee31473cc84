"""Which tools change something outside, as far as they say so themselves.

A tool of an MCP server does unless the server says that it only reads: `readOnlyHint` is false where it is not given
(Model Context Protocol, ToolAnnotations). CrewAI's client drops what servers say of their tools, so it is noted where
the protocol's own client gets it.
"""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakKeyDictionary

from crewai.tools.mcp_native_tool import MCPNativeTool
from mcp import ClientSession

from stepcrew.domain.tools import TOOLS
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.gate import Gate

_only_reads: WeakKeyDictionary[Gate, dict[str, bool]] = WeakKeyDictionary()


def install() -> None:
    """Once per process."""
    found = ClientSession.list_tools
    if getattr(found, "_stepcrew", False):
        return

    @functools.wraps(found)
    async def list_tools(self: ClientSession, *arguments: Any, **named: Any) -> Any:
        listed = await found(self, *arguments, **named)
        noted = _only_reads.setdefault(scope.current_gate(), {})
        for tool in listed.tools:
            says_so = bool(tool.annotations and tool.annotations.readOnlyHint)
            # Two servers may have a tool of one name: it only reads if both say so.
            noted[tool.name] = noted.get(tool.name, True) and says_so
        return listed

    list_tools._stepcrew = True  # type: ignore[attr-defined]
    ClientSession.list_tools = list_tools  # type: ignore[method-assign]


def has_effects(tool: Any) -> bool:
    """Of the tool object itself; what a definition says comes on top."""
    if isinstance(tool, MCPNativeTool):
        return not _only_reads.get(scope.current_gate(), {}).get(tool.original_tool_name, False)
    spec = TOOLS.get(type(tool).__name__)
    return spec is not None and spec.has_effects
