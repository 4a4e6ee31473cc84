"""What the group's crews remember: its scopes, its records, and their removal."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from stepcrew.domain import cursor as cursors
from stepcrew.domain.knowledge_requests import MOST_HITS
from stepcrew.domain.memory import MOST_SCOPE, MemoryRecord
from stepcrew.services.keep_memory import MemoryReceipt, ScopeSummary, place_of
from stepcrew_api.bodies import ReembedBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller, Member
from stepcrew_api.json_lines import lines_of, page_of_lines
from stepcrew_api.memory_schemas import (
    MemoryHitList,
    MemoryHitView,
    MemoryRecordList,
    MemoryRecordView,
    ScopeList,
)
from stepcrew_api.paging import Limit
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected

router = APIRouter(prefix="/memory", tags=["memory"], route_class=GuardedRoute)

SCOPE_HELP = "A path as GET /memory lists it: /crews/NAME or /shared, or what lies below."
Scope = Annotated[str | None, Query(max_length=MOST_SCOPE, description=SCOPE_HELP)]
Cursor = Annotated[str | None, Query(max_length=300)]


@router.get("", responses=responses())
def list_scopes(identity: Caller, services: Injected) -> ScopeList:
    """The scopes of the group's memory with what lies in each."""
    return ScopeList(scopes=services.memory.scopes(identity.group_id))


@router.get("/records", responses=responses())
def list_records(
    identity: Caller,
    services: Injected,
    scope: Scope = None,
    words: Annotated[str, Query(max_length=500, description="Only records with one of these words.")] = "",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> MemoryRecordList:
    """Newest first. With `words`, those with most of the words first, on one page."""
    found = services.memory.records(identity.group_id, scope, words)
    if not words:
        found = _behind(cursor, found)
    page = found[:limit]
    more = len(found) > limit and not words
    return MemoryRecordList(
        records=[_view(record) for record in page],
        next_cursor=cursors.encode(place_of(page[-1])) if more else None,
    )


@router.get("/search", responses=responses(502))
def search_records(
    identity: Member,
    services: Injected,
    scope: Annotated[str, Query(max_length=MOST_SCOPE, description=SCOPE_HELP)],
    query: Annotated[str, Query(min_length=1, max_length=2_000, description="What the records are to be about.")],
    limit: Annotated[int, Query(ge=1, le=MOST_HITS)] = 20,
) -> MemoryHitList:
    """The records in the scope and below it whose meaning is closest to the query. The scope's own embedding model is
    asked for a vector of the query; the group pays for that."""
    hits = services.memory.search(identity.group_id, scope, query, limit)
    return MemoryHitList(hits=[MemoryHitView(record=_view(hit.record), score=hit.score) for hit in hits])


@router.post("/reembed", status_code=202, responses=responses(400, 404, 413, 415))
def reembed_scope(body: ReembedBody, identity: Admin, services: Injected) -> ScopeSummary:
    """Has the vectors of a root scope (/crews/NAME, /shared) made anew with another embedding model, or brought into
    another backend. Until all are there, crews go on with the old ones: GET /memory tells `moving_to`. Asking again
    goes on where it stopped; asking for the model and the backend that it has takes a move back."""
    return services.memory.reembed(identity.group_id, body.scope, body.embedder, body.backend)


@router.get("/export", responses={**responses(), **lines_of("MemoryRecordView")}, response_class=Response)
def export_records(
    identity: Caller,
    services: Injected,
    scope: Scope = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    cursor: Cursor = None,
) -> Response:
    """Everything that is remembered in the scope and below it, or in the whole group, as JSON Lines without vectors,
    newest first. While there are more, `Link` names the next page; the pages put together are the whole."""
    found = _behind(cursor, services.memory.records(identity.group_id, scope))[: limit + 1]
    lines = [_view(record).model_dump_json() for record in found]
    return page_of_lines(lines, lambda index: place_of(found[index]), "/memory/export", limit, scope=scope)


@router.delete("/records/{record_id}", responses=responses())
def delete_record(
    record_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")], identity: Member, services: Injected
) -> MemoryReceipt:
    """Removes a record and answers what went. Asking again removes nothing more."""
    return services.memory.forget_record(identity.group_id, record_id)


@router.delete("/scopes/{scope:path}", responses=responses())
def delete_scope(
    scope: Annotated[str, Path(max_length=MOST_SCOPE, description=SCOPE_HELP)], identity: Admin, services: Injected
) -> MemoryReceipt:
    """Removes everything in the scope and below it, and answers what went. A root scope (/crews/NAME, /shared) may
    afterwards be begun again with another embedding model."""
    return services.memory.forget_scope(identity.group_id, scope)


def _behind(cursor: str | None, found: list[MemoryRecord]) -> list[MemoryRecord]:
    """What follows the page that ended with the cursor."""
    before = cursors.decode(cursor)
    return [record for record in found if before is None or place_of(record) < before]


def _view(record: MemoryRecord) -> MemoryRecordView:
    return MemoryRecordView.model_validate(record.model_dump())
