"""What the group's crews remember: its scopes, its records, and their removal."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from stepcrew.domain import cursor as cursors
from stepcrew.domain.memory import MOST_SCOPE
from stepcrew.services.keep_memory import MemoryReceipt, place_of
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller, Member
from stepcrew_api.memory_schemas import MemoryRecordList, MemoryRecordView, ScopeList
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected

router = APIRouter(prefix="/memory", tags=["memory"], route_class=GuardedRoute)

SCOPE = "A path as GET /memory lists it: /crews/NAME or /shared, or what lies below."


@router.get("", responses=responses())
def list_scopes(identity: Caller, services: Injected) -> ScopeList:
    """The scopes of the group's memory with what lies in each."""
    return ScopeList(scopes=services.memory.scopes(identity.group_id))


@router.get("/records", responses=responses())
def list_records(
    identity: Caller,
    services: Injected,
    scope: Annotated[str | None, Query(max_length=MOST_SCOPE, description=SCOPE)] = None,
    words: Annotated[str, Query(max_length=500, description="Only records with one of these words.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> MemoryRecordList:
    """Newest first. With `words`, those with most of the words first, on one page."""
    found = services.memory.records(identity.group_id, scope, words)
    if cursor and not words:
        before = cursors.decode(cursor)
        found = [record for record in found if place_of(record) < before]
    page = found[:limit]
    more = len(found) > limit and not words
    return MemoryRecordList(
        records=[MemoryRecordView.model_validate(record.model_dump()) for record in page],
        next_cursor=cursors.encode(place_of(page[-1])) if more else None,
    )


@router.delete("/records/{record_id}", responses=responses())
def delete_record(
    record_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")], identity: Member, services: Injected
) -> MemoryReceipt:
    """Removes a record and answers what went. Asking again removes nothing more."""
    return services.memory.forget_record(identity.group_id, record_id)


@router.delete("/scopes/{scope:path}", responses=responses())
def delete_scope(
    scope: Annotated[str, Path(max_length=MOST_SCOPE, description=SCOPE)], identity: Admin, services: Injected
) -> MemoryReceipt:
    """Removes everything in the scope and below it, and answers what went. A root scope (/crews/NAME, /shared) may
    afterwards be begun again with another embedding model."""
    return services.memory.forget_scope(identity.group_id, scope)
