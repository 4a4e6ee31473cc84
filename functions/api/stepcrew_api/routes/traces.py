"""The trace and the log of an execution."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from stepcrew.domain import cursor as cursors
from stepcrew.services.read_logs import read_logs
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import POLL_SECONDS, ExecutionId
from stepcrew_api.routes.whole_bodies import TOO_LARGE, Accept, answer
from stepcrew_api.schemas import LogPage, TracePage
from stepcrew_api.services import Injected
from stepcrew_api.views import trace_page

router = APIRouter(prefix="/executions/{execution_id}", tags=["traces"], route_class=GuardedRoute)

After = Annotated[str | None, Query(max_length=100, description="The cursor of the page before.")]
Search = Annotated[
    str | None, Query(min_length=2, max_length=200, description="A text; also looked for in large bodies, in any case.")
]
EventId = Annotated[str, Path(pattern=r"^[0-9]{1,4}\.[0-9]{1,8}$", description="<attempt>.<sequence>")]


@router.get("/traces", responses=responses(404))
def traces(
    execution_id: ExecutionId,
    identity: Caller,
    services: Injected,
    response: Response,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    search: Search = None,
) -> TracePage:
    """Events behind the cursor, in order and without gaps; what is missing is named.

    With `search` only the events that hold the text come, wherever it stands in them. A page may then be empty though
    `more` follows: each looks at a bounded part of the trace.
    """
    position = cursors.decode_position(after)
    if search:
        page = services.search_trace(identity.group_id, execution_id, search=search, after=position, limit=limit)
    else:
        page = services.read_trace(identity.group_id, execution_id, after=position, limit=limit)
    if not page.execution.status.is_terminal:
        response.headers["Retry-After"] = str(POLL_SECONDS)
    return trace_page(page)


@router.get(
    "/traces/{event_id}/output",
    responses={**responses(404, 410), **TOO_LARGE},
)
def output(
    execution_id: ExecutionId, event_id: EventId, identity: Caller, services: Injected, accept: Accept = ""
) -> Response:
    """The whole body of one event."""
    attempt, sequence = (int(part) for part in event_id.split("."))
    return answer(services.bodies.of_event(identity.group_id, execution_id, attempt, sequence), accept)


@router.get("/logs", responses=responses(404))
def logs(
    execution_id: ExecutionId,
    identity: Caller,
    services: Injected,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> LogPage:
    """The log lines of the execution behind the cursor."""
    position = cursors.decode_position(after)
    page = read_logs(services.executions, services.traces, identity.group_id, execution_id, after=position, limit=limit)
    return LogPage(lines=page.lines, cursor=cursors.encode(*page.position), more=page.more)
