"""Which tools change something outside, as far as they say so themselves.

A tool of an MCP server does unless the server says that it only reads: `readOnlyHint` is false where it is not given
(Model Context Protocol, ToolAnnotations); of one that is said to be destructive (`destructiveHint`) too that is not
believed. CrewAI's client drops what servers say of their tools, so it is noted where the protocol's own client gets it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from crewai.tools.mcp_native_tool import MCPNativeTool
from mcp import ClientSession

from stepcrew.domain.tools import TOOLS
from stepcrew_runner.crew.seams import wrap
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.gate import Gate

_only_reads: WeakKeyDictionary[Gate, dict[str, bool]] = WeakKeyDictionary()


def install() -> None:
    """Once per process."""
    wrap(ClientSession, "list_tools", _noting)


def _noting(list_tools: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def noted(*arguments: Any, **named: Any) -> Any:
        listed = await list_tools(*arguments, **named)
        only_reads = _only_reads.setdefault(scope.current_gate(), {})
        for tool in listed.tools:
            hints = tool.annotations
            says_so = bool(hints and hints.readOnlyHint and not hints.destructiveHint)
            # Two servers may have a tool of one name: it only reads if both say so.
            only_reads[tool.name] = only_reads.get(tool.name, True) and says_so
        return listed

    return noted


def has_effects(tool: Any) -> bool:
    """Of the tool object itself; what a definition says comes on top."""
    if isinstance(tool, MCPNativeTool):
        return not _only_reads.get(scope.current_gate(), {}).get(tool.original_tool_name, False)
    spec = TOOLS.get(type(tool).__name__)
    return spec is not None and spec.has_effects
