"""MCP servers: what tools they offer is in the journal, and which of these change something outside.

A server that offers other tools a minute later would change every request of the crew, and what was paid for would be
asked again. A tool changes something outside unless its server says that it only reads: `readOnlyHint` is false where
it is not given (Model Context Protocol, ToolAnnotations); of one that is said to be destructive (`destructiveHint`) too
that is not believed. CrewAI's client drops what servers say of their tools, so it is noted where the protocol's own
client gets it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from crewai.tools.mcp_native_tool import MCPNativeTool

from stepcrew.domain.tools import TOOLS
from stepcrew_runner.crew.seams import wrap_when_imported
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.gate import Gate
from stepcrew_runner.gate.requests import digest_of_call

if TYPE_CHECKING:
    from crewai.mcp.client import MCPClient

LIST = "tools/list"
"""The protocol's name of the request."""
_only_reads: WeakKeyDictionary[Gate, dict[str, bool]] = WeakKeyDictionary()
_lists: ContextVar[bool] = ContextVar("stepcrew_lists_tools", default=False)
"""While CrewAI connects to a server for nothing but the list of its tools."""


def install() -> None:
    """Call it once per process."""
    wrap_when_imported("mcp.client.session", "ClientSession", "list_tools", _noting)
    wrap_when_imported("crewai.mcp.tool_resolver", "MCPToolResolver", "resolve", _listing)
    wrap_when_imported("crewai.mcp.client", "MCPClient", "connect", _connecting_late)
    wrap_when_imported("crewai.mcp.client", "MCPClient", "list_tools", _from_journal)


def has_effects(tool: Any) -> bool:
    """Of the tool object itself, which of a project's own says so by a field of this name; what a definition says comes
    on top."""
    if isinstance(tool, MCPNativeTool):
        return not _only_reads.get(scope.current_gate(), {}).get(tool.original_tool_name, False)
    spec = TOOLS.get(type(tool).__name__)
    return getattr(tool, "has_effects", False) is True or (spec is not None and spec.has_effects)


def _note(name: str, says_so: bool) -> None:
    """Two servers may have a tool of one name: it only reads if both say so."""
    only_reads = _only_reads.setdefault(scope.current_gate(), {})
    only_reads[name] = only_reads.get(name, True) and says_so


def _noting(list_tools: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def noted(*arguments: Any, **named: Any) -> Any:
        listed = await list_tools(*arguments, **named)
        for tool in listed.tools:
            hints = tool.annotations
            _note(tool.name, bool(hints and hints.readOnlyHint and not hints.destructiveHint))
        return listed

    return noted


def _listing(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def listing(*arguments: Any, **named: Any) -> Any:
        token = _lists.set(True)
        try:
            return resolve(*arguments, **named)
        finally:
            _lists.reset(token)

    return listing


def _connecting_late(connect: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A list that is in the journal needs no connection."""

    async def connected(self: MCPClient) -> MCPClient:
        return self if _lists.get() else await connect(self)

    return connected


def _from_journal(list_tools: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def listed(self: MCPClient, *arguments: Any, **named: Any) -> Any:
        if not _lists.get():
            return await list_tools(self, *arguments, **named)
        gate, address = scope.current_gate(), _address_of(self)
        name = f"{LIST} of {urlsplit(address).hostname or address}"
        key, kept = await asyncio.to_thread(gate.tool, name, digest_of_call(LIST, address, gate.journal.seal))
        if kept is None:
            await asyncio.to_thread(gate.begin, key, name, has_effects=False)
            token = _lists.set(False)
            try:
                found = await list_tools(self, *arguments, **named)  # which connects
            finally:
                _lists.reset(token)
            only_reads = _only_reads.get(gate, {})
            offered = [{**tool, "only_reads": only_reads.get(tool["original_name"], False)} for tool in found]
            kept = await asyncio.to_thread(gate.result, key, name, json.dumps(offered))
        tools: list[dict[str, Any]] = json.loads(kept.body)
        for tool in tools:
            _note(tool["original_name"], tool["only_reads"])
        return tools

    return listed


def _address_of(client: MCPClient) -> str:
    transport: Any = client.transport
    return getattr(transport, "url", None) or " ".join([transport.command, *transport.args])
