"""Messages of the Model Context Protocol, as far as a server needs them that offers tools and keeps no session.

Source: https://modelcontextprotocol.io/specification/2025-06-18 (schema.ts), whose names these are.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepcrew.domain.trace_context import traceparent_in

VERSIONS = ("2025-11-25", "2025-06-18")
"""Of the protocol, the newest first. Older ones may send several messages in one body."""
METHOD_NOT_FOUND, INVALID_PARAMS = -32601, -32602


class McpMessage(BaseModel):
    """A request; without `id` a notification, without `method` an answer to a request that this server never sends."""

    model_config = ConfigDict(extra="ignore")

    jsonrpc: Literal["2.0"]
    id: int | str | None = None
    method: str | None = Field(None, max_length=200)
    params: dict[str, JsonValue] = {}


def traceparent_of(params: dict[str, JsonValue]) -> str | None:
    """A request's own trace context, which comes before that of its HTTP request.
    https://modelcontextprotocol.io/community/seps/414-request-meta"""
    meta = params.get("_meta")
    return traceparent_in(meta.get("traceparent")) if isinstance(meta, dict) else None


class Tool(BaseModel):
    name: str
    title: str | None = None
    description: str
    inputSchema: dict[str, Any]
    outputSchema: dict[str, Any]
    annotations: dict[str, bool] = {}


class Content(BaseModel):
    type: Literal["text"] = "text"
    text: str


class ToolResult(BaseModel):
    """`content` is for models, `structuredContent` for programs; with `isError` the call itself went wrong."""

    content: list[Content]
    structuredContent: dict[str, Any] | None = None
    isError: bool = False


class RpcError(Exception):
    """An error of the protocol: the request itself cannot be answered."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
