"""The stored crews of the group as tools for assistants: an MCP server over streamable HTTP, without sessions.

Source: https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#streamable-http
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse

from stepcrew_api.bodies import McpBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Identity, Member
from stepcrew_api.mcp.shapes import INVALID_PARAMS, METHOD_NOT_FOUND, VERSIONS, McpMessage, RpcError, traceparent_of
from stepcrew_api.mcp.tools import RESULT, call_tool, list_tools
from stepcrew_api.problems import BadRequest, responses
from stepcrew_api.routes.executions import Traceparent
from stepcrew_api.services import Injected, Services
from stepcrew_api.version import VERSION

router = APIRouter(tags=["MCP"], route_class=GuardedRoute)

INSTRUCTIONS = (
    "Each tool runs one of the group's crews. A run that takes longer than 20 seconds answers its execution_id: call "
    f"{RESULT} with it until the status is COMPLETED, FAILED or CANCELLED."
)
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer to a request, as JSON-RPC"},
    202: {"description": "A notification was taken"},
}


@router.post("/mcp", responses={**ANSWERS, **responses(400, 413, 415)})
def mcp(
    body: McpBody,
    identity: Member,
    services: Injected,
    mcp_protocol_version: Annotated[str | None, Header(max_length=40)] = None,
    traceparent: Traceparent = None,
) -> Response:
    """One message of the Model Context Protocol. Every answer is whole in itself; there is no stream to open."""
    if mcp_protocol_version is not None and mcp_protocol_version not in VERSIONS:
        raise BadRequest(
            f"This server does not speak version {mcp_protocol_version!r} of the protocol.",
            remedy=f"Speak one of {', '.join(VERSIONS)}.",
        )
    if body.method is None or body.id is None:
        return Response(status_code=202)
    try:
        answer: dict[str, Any] = {"result": _result(body, identity, services, traceparent)}
    except RpcError as error:
        answer = {"error": {"code": error.code, "message": error.message}}
    return JSONResponse({"jsonrpc": "2.0", "id": body.id, **answer}, headers={"Cache-Control": "no-store"})


def _result(message: McpMessage, identity: Identity, services: Services, traceparent: str | None) -> dict[str, Any]:
    """Raises `RpcError`."""
    params = message.params
    match message.method:
        case "initialize":
            asked = params.get("protocolVersion")
            return {
                "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "stepcrew", "version": VERSION},
                "instructions": INSTRUCTIONS,
            }
        case "ping":
            return {}
        case "tools/list":
            cursor = params.get("cursor")
            tools, following = list_tools(services, identity, str(cursor) if cursor else None)
            told = {"tools": [tool.model_dump(exclude_none=True) for tool in tools]}
            return told | ({"nextCursor": following} if following else {})
        case "tools/call":
            name, arguments = params.get("name"), params.get("arguments") or {}
            if not isinstance(name, str) or not isinstance(arguments, dict):
                raise RpcError(INVALID_PARAMS, "name must be a text, and arguments an object.")
            traceparent = traceparent_of(params) or traceparent
            return call_tool(services, identity, name, dict(arguments), traceparent).model_dump(exclude_none=True)
        case _:
            raise RpcError(METHOD_NOT_FOUND, f"Method not found: {message.method}")
