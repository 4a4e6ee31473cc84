"""Makes CrewAI's MCP client work on Python 3.11.

It opens and closes connections under `asyncio.wait_for`. Until 3.12 that ran its operation in a task of its own, but
an MCP connection must be closed in the task that opened it: each call of a tool ended with an error, its result lost.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable
from types import ModuleType
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def wait_for(operation: Awaitable[Answer], timeout: float | None) -> Answer:
    """As asyncio's own since 3.12."""
    async with asyncio.timeout(timeout):
        return await operation


class _Asyncio(ModuleType):
    wait_for = staticmethod(wait_for)

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)


def patch() -> None:
    """Before the first use of an MCP server; repeating it is harmless."""
    if sys.version_info >= (3, 12):
        return
    from crewai.mcp import client
    from crewai.mcp.transports import http

    for module in (client, http):
        setattr(module, "asyncio", _Asyncio("asyncio"))  # noqa: B010 - the attribute is a module to type checkers
