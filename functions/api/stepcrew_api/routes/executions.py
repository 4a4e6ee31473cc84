"""Submitting, listing, reading, cancelling and deleting executions."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import AfterValidator, AwareDatetime

from stepcrew.domain import cursor as cursors
from stepcrew.domain.errors import NotAllowed
from stepcrew.domain.execution import Status
from stepcrew.domain.listing import ListFilter
from stepcrew.domain.membership import Role
from stepcrew.domain.trace_context import traceparent_in
from stepcrew.services.delete_execution import delete_execution
from stepcrew.services.follow_execution import MOST_WAIT_SECONDS
from stepcrew.services.submit_execution import Accepted, CrewSubmission, name_of
from stepcrew_api.bodies import Submitted
from stepcrew_api.body_shapes import CrewRequest, RerunRequest
from stepcrew_api.dry_run_schemas import DryRun
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller, Identity, Member
from stepcrew_api.paging import Cursor, Limit
from stepcrew_api.problems import responses
from stepcrew_api.schemas import DeletionReceipt, ExecutionList, ExecutionView, SubmittedExecution
from stepcrew_api.services import Injected, queue_positions
from stepcrew_api.views import dry_run_view, execution_view, location

router = APIRouter(prefix="/executions", tags=["executions"], route_class=GuardedRoute)

ExecutionId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,80}$", description="The id a submission answered with.")]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Traceparent = Annotated[
    str | None,
    Header(max_length=500, description="W3C trace context of the caller; what is started becomes a part of it."),
    AfterValidator(traceparent_in),
]
Coming = Annotated[
    list[str],
    Query(max_length=100, description="Files that will be uploaded before the crew is run: a dry run misses none."),
]
_REVISION = re.compile(r'"([0-9]{1,12})(?:-[0-9]{1,12})?"')
POLL_SECONDS = 1


@router.post(
    "",
    status_code=202,
    response_model=SubmittedExecution | DryRun,
    responses={200: {"model": DryRun, "description": "Dry run"}, **responses(400, 402, 404, 409, 413, 415, 429)},
)
def submit(
    body: Submitted,
    identity: Member,
    services: Injected,
    response: Response,
    dry_run: bool = False,
    coming: Coming = [],  # noqa: B006
    idempotency_key: IdempotencyKey = None,
    traceparent: Traceparent = None,
) -> SubmittedExecution | DryRun:
    """Checks the whole crew, stores and starts it. The same `Idempotency-Key` with the same body is one execution."""
    request = asked_for(body, identity, idempotency_key, traceparent)._replace(crew=body.crew, webhooks=body.webhooks)
    if dry_run:
        response.status_code = 200
        checked = services.submit.check(request, coming)
        name = name_of(request, checked)
        estimate = services.estimate_cost(identity.group_id, name)
        unset = services.secrets.unset(identity.group_id, checked.project) if checked.project else []
        return dry_run_view(checked, name, services.submit.default_model, estimate, unset)
    return submitted(services.submit(request), response)


def asked_for(
    body: CrewRequest | RerunRequest, identity: Identity, idempotency_key: str | None, traceparent: str | None
) -> CrewSubmission:
    """What a body that starts an execution asks for, in the name of its sender. Raises `NotAllowed`."""
    if body.debug and not identity.role.permits(Role.ADMIN):
        raise NotAllowed("Only an admin may debug an execution.", remedy="Leave debug out, or ask an admin.")
    return CrewSubmission(
        group_id=identity.group_id,
        submitted_by=identity.name,
        config=dict(body.config) if body.config is not None else None,
        inputs=dict(body.inputs) if body.inputs is not None else None,
        name=body.name,
        limits=body.limits,
        idempotency_key=idempotency_key,
        traceparent=traceparent,
        debug=body.debug,
    )


def submitted(accepted: Accepted, response: Response) -> SubmittedExecution:
    """The answer to whatever starts an execution."""
    response.headers["Location"] = location(accepted.execution.execution_id)
    response.headers["Retry-After"] = str(POLL_SECONDS)
    if accepted.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return SubmittedExecution(
        execution_id=accepted.execution.execution_id, status=accepted.execution.status, replayed=accepted.replayed
    )


@router.get("", responses=responses())
def list_executions(
    identity: Caller,
    services: Injected,
    status: Status | None = None,
    crew: Annotated[str | None, Query(max_length=200)] = None,
    search: Annotated[str | None, Query(max_length=200, description="A part of the name, in any case.")] = None,
    created_after: Annotated[AwareDatetime | None, Query(description="Included.")] = None,
    created_before: Annotated[AwareDatetime | None, Query(description="Not included.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ExecutionList:
    """The group's executions, newest first. A page may be short, or empty, though `next_cursor` leads to more: one
    request looks through 2,000 executions at most."""
    found = services.listing.newest(
        identity.group_id,
        ListFilter(status, crew, search, created_after, created_before),
        before=cursors.decode(cursor),
        limit=limit,
    )
    positions = queue_positions(services, identity.group_id, found.executions)
    return ExecutionList(
        executions=[execution_view(one, services.read_cost.summary(one), positions) for one in found.executions],
        next_cursor=cursors.encode(found.before) if found.before else None,
    )


@router.get(
    "/{execution_id}",
    response_model=ExecutionView,
    responses={304: {"description": "Nothing changed since the ETag"}, **responses(404)},
)
def read(
    execution_id: ExecutionId,
    identity: Caller,
    services: Injected,
    response: Response,
    if_none_match: Annotated[str | None, Header(max_length=200)] = None,
    prefer: Annotated[str | None, Header(max_length=200)] = None,
) -> ExecutionView | Response:
    """How it stands. `Prefer: wait=n` answers when something changed, or after n seconds (at most 20); at once, and
    without Preference-Applied, when ten callers of the group wait already."""
    wait = _wait_seconds(prefer)
    known = {int(revision) for revision in _REVISION.findall(if_none_match or "")}
    execution, waited = services.follow(identity.group_id, execution_id, seen=known, seconds=wait)
    positions = queue_positions(services, identity.group_id, [execution])
    view = execution_view(execution, services.read_cost.summary(execution), positions)
    # The place in the queue changes without the record.
    place = f"-{view.queue_position}" if view.queue_position else ""
    etag = f'"{execution.revision}{place}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if wait and waited:
        headers["Preference-Applied"] = f"wait={wait}"
    if not execution.status.is_terminal:
        headers["Retry-After"] = str(POLL_SECONDS)
    if etag in (if_none_match or ""):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return view


def _wait_seconds(prefer: str | None) -> int:
    found = re.search(r"\bwait=(\d{1,4})\b", prefer or "")
    return min(int(found[1]), MOST_WAIT_SECONDS) if found else 0


@router.get("/{execution_id}/definition", responses=responses(404))
def definition(execution_id: ExecutionId, identity: Caller, services: Injected) -> dict[str, Any]:
    """The crew definition and inputs as they were accepted; `config` and `inputs` can be submitted again. Where
    there is a `project`, its code is what ran, and `config` an outline of it."""
    submission = services.executions.submission(identity.group_id, execution_id)
    accepted = {"config": submission.config, "inputs": submission.inputs}
    return accepted | ({"project": submission.project} if submission.project else {})


@router.post("/{execution_id}/cancel", status_code=202, responses=responses(404, 409))
def cancel(execution_id: ExecutionId, identity: Member, services: Injected) -> ExecutionView:
    """Asks the runner to stop; one that has not started or waits for a person is cancelled at once. Asking again
    changes nothing."""
    cancelled = services.cancel(identity.group_id, execution_id)
    return execution_view(cancelled, services.read_cost.summary(cancelled))


@router.delete("/{execution_id}", responses=responses(404, 409))
def delete(execution_id: ExecutionId, identity: Admin, services: Injected) -> DeletionReceipt:
    """Removes a terminal execution with its trace, outputs and payloads, and tells what went."""
    gone = delete_execution(services.executions, identity.group_id, execution_id)
    return DeletionReceipt(execution_id=execution_id, removed=gone)
