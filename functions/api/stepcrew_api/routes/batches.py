"""Many executions of one stored crew, one for each row of inputs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from stepcrew.domain import cursor as cursors
from stepcrew.domain.batch import Batch
from stepcrew.domain.execution import Status
from stepcrew.services.batch_results import RowResult
from stepcrew.services.create_batch import BatchSubmission
from stepcrew_api.batch_schemas import BatchList, BatchRowList, BatchView, RowResultView
from stepcrew_api.bodies import BatchBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller, Member
from stepcrew_api.json_lines import lines_of, page_of_lines
from stepcrew_api.paging import Cursor, Limit
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import IdempotencyKey, Traceparent
from stepcrew_api.services import Injected
from stepcrew_api.views import PREFIX, task_view

router = APIRouter(prefix="/batches", tags=["batches"], route_class=GuardedRoute)

BatchId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,60}$", description="The id a batch was accepted with.")]


@router.post("", status_code=202, responses=responses(400, 402, 404, 409, 413, 415, 429))
def create_batch(
    body: BatchBody,
    identity: Member,
    services: Injected,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    traceparent: Traceparent = None,
) -> BatchView:
    """Checks the crew with the first row, keeps all rows and starts them, few at a time. The same `Idempotency-Key`
    with the same body is one batch."""
    request = BatchSubmission(
        group_id=identity.group_id,
        submitted_by=identity.name,
        crew=body.crew,
        rows=services.rows_of_batch(identity.group_id, body.inputs, body.file, body.s3),
        name=body.name,
        limits=body.limits,
        max_concurrency=body.max_concurrency,
        tolerated_failures=body.tolerated_failures,
        webhooks=body.webhooks,
        idempotency_key=idempotency_key,
        traceparent=traceparent,
    )
    batch, replayed = services.create_batch(request)
    response.headers["Location"] = f"{PREFIX}/batches/{batch.batch_id}"
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return view(batch)


@router.get("", responses=responses())
def list_batches(identity: Caller, services: Injected, limit: Limit = 20, cursor: Cursor = None) -> BatchList:
    """The group's batches, newest first."""
    before = cursors.decode(cursor)
    found = services.batches.newest(identity.group_id, before=before, limit=limit + 1)
    shown, following = cursors.page(found, limit, lambda batch: batch.batch_id)
    return BatchList(batches=[view(batch) for batch in shown], next_cursor=following)


@router.get("/{batch_id}", responses=responses(404))
def read_batch(batch_id: BatchId, identity: Caller, services: Injected) -> BatchView:
    """How it stands: its counts always add up to `total`."""
    return view(services.batches.get(identity.group_id, batch_id))


@router.get("/{batch_id}/rows", responses=responses(404))
def list_rows(
    batch_id: BatchId,
    identity: Caller,
    services: Injected,
    status: Status | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> BatchRowList:
    """The rows that were begun, by number."""
    services.batches.get(identity.group_id, batch_id)
    after = cursors.decode_number(cursor)
    found = services.batches.rows(identity.group_id, batch_id, after=after, limit=limit + 1, status=status)
    shown, following = cursors.page(found, limit, lambda row: row.row)
    return BatchRowList(rows=shown, next_cursor=following)


@router.get("/{batch_id}/results", responses={**responses(404), **lines_of("RowResultView")}, response_class=Response)
def batch_results(
    batch_id: BatchId,
    identity: Caller,
    services: Injected,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The rows that have ended as JSON Lines, in their order. While there are more, `Link` names the next page; the
    pages put together are the whole."""
    after = cursors.decode_number(cursor)
    found = services.batch_results(identity.group_id, batch_id, after=after, limit=limit + 1)
    lines = [result_line(result) for result in found]
    path = f"/batches/{batch_id}/results"
    return page_of_lines(lines, lambda index: str(found[index].row.row), path, limit)


@router.post("/{batch_id}/cancel", status_code=202, responses=responses(404, 409))
def cancel_batch(batch_id: BatchId, identity: Member, services: Injected) -> BatchView:
    """Starts no further rows and cancels those that run. Asking again changes nothing."""
    return view(services.cancel_batch(identity.group_id, batch_id))


@router.post("/{batch_id}/retry", status_code=202, responses=responses(404, 409, 410, 429))
def retry_batch(batch_id: BatchId, identity: Member, services: Injected) -> BatchView:
    """Runs the rows again that did not complete, once the batch has ended."""
    return view(services.retry_batch(identity.group_id, batch_id))


def view(batch: Batch) -> BatchView:
    return BatchView.model_validate({**batch.model_dump(), "pending": batch.not_begun})


def result_line(result: RowResult) -> str:
    row = result.row
    answer = task_view(row.execution_id, result.answer, inline=True) if row.execution_id and result.answer else None
    line = RowResultView(
        **row.model_dump(include={"row", "status", "execution_id", "reason", "error_type", "total_tokens", "cost_usd"}),
        inputs=result.inputs,
        output=answer.raw if answer else None,
        json_dict=answer.json_dict if answer else None,
        output_reference=answer.raw_reference if answer else None,
    )
    return line.model_dump_json()
