"""What the crew produced."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import PlainTextResponse

from stepcrew.domain.errors import ExecutionNotFound
from stepcrew.domain.execution import Status
from stepcrew_api.identity import Caller
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import ExecutionId
from stepcrew_api.routes.payloads import TOO_LARGE, whole_body
from stepcrew_api.schemas import ResultView, TaskOutputView
from stepcrew_api.services import Injected
from stepcrew_api.views import TEXT, task_view

router = APIRouter(prefix="/executions/{execution_id}", tags=["results"])

INLINE_BYTES = 2_000_000
"""Outputs are written into one answer up to this sum; further ones are references."""


@router.get("/result", responses=responses(404))
def result(execution_id: ExecutionId, identity: Caller, services: Injected) -> ResultView:
    """The final output and the output of every finished task, of an execution that did not complete too."""
    execution = services.executions.get(identity.group_id, execution_id)
    outputs = services.tasks.task_outputs(identity.group_id, execution_id, whole=False)
    budget = INLINE_BYTES
    tasks: list[TaskOutputView] = []
    for output in outputs:
        size = len(output.raw.encode())
        tasks.append(task_view(execution_id, output, inline=size <= budget))
        budget -= size if size <= budget else 0
    final = execution.status is Status.COMPLETED
    last = tasks[-1] if final and tasks else None
    return ResultView(
        execution_id=execution_id,
        status=execution.status,
        final=final,
        output=last.raw if last else None,
        output_reference=last.raw_reference if last else None,
        json_dict=last.json_dict if last else None,
        tasks=tasks,
        usage=execution.usage,
        error=execution.error,
    )


@router.get(
    "/tasks/{index}/output",
    responses={**responses(404), **TOO_LARGE},
    response_class=PlainTextResponse,
)
def task_output(
    execution_id: ExecutionId,
    index: Annotated[int, Path(ge=0, le=9999)],
    identity: Caller,
    services: Injected,
) -> Response:
    """The whole output of one finished task, as text."""
    found = services.tasks.task_output(identity.group_id, execution_id, index, whole=False)
    if found is None:
        raise ExecutionNotFound(execution_id)
    if found.raw_reference:
        return whole_body(services, identity.group_id, execution_id, found.raw_reference)
    return Response(found.raw, media_type=TEXT)
