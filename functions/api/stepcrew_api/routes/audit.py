"""Who did what in the group."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from stepcrew.domain import cursor as cursors
from stepcrew_api.audit_schemas import AuditList
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin
from stepcrew_api.paging import Cursor
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected
from stepcrew_api.views import JSONL, PREFIX, next_page

router = APIRouter(prefix="/audit", tags=["audit"], route_class=GuardedRoute)
LINES: dict[int | str, dict[str, Any]] = {200: {"content": {JSONL: {}}, "description": "The entries"}}


@router.get("", response_model=AuditList, responses={**LINES, **responses()})
def audit(
    identity: Admin,
    services: Injected,
    who: Annotated[str | None, Query(max_length=400, description="Only what this caller did.")] = None,
    action: Annotated[str | None, Query(max_length=100, description="Or what it begins with, as `secrets.`.")] = None,
    target: Annotated[str | None, Query(max_length=400, description="Only what was done to this.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many entries to look at.")] = 100,
    cursor: Cursor = None,
    format: Annotated[
        Literal["json", "jsonl"], Query(description="`jsonl`: while there is more, `Link` names it.")
    ] = "json",
) -> AuditList | Response:
    """What members of the group and their tokens changed, newest first. A page may be short, or empty, though
    `next_cursor` leads to more. What triggers and batches start is in their firings and rows."""
    before = cursors.decode(cursor)
    looked_at = services.audit.newest(identity.group_id, before=before, limit=limit)
    found = [
        entry
        for entry in looked_at
        if who in (None, entry.who) and target in (None, entry.target) and entry.action.startswith(action or "")
    ]
    following = cursors.encode(looked_at[-1].entry_id) if len(looked_at) == limit else None
    if format == "json":
        return AuditList(entries=found, next_cursor=following)
    given = {"who": who, "action": action, "target": target, "limit": limit, "format": format}
    headers = next_page(f"{PREFIX}/audit", following, given) | {"Cache-Control": "no-store"}
    return Response("".join(f"{entry.model_dump_json()}\n" for entry in found), media_type=JSONL, headers=headers)
