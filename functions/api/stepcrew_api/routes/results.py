"""What the crew produced, and everything that is known of it in one file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import PlainTextResponse

from stepcrew.domain import bundle as bundles
from stepcrew.domain.errors import ExecutionNotFound
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import ExecutionId
from stepcrew_api.routes.payloads import MOST_BYTES, TOO_LARGE, elsewhere, whole_body
from stepcrew_api.schemas import ResultView
from stepcrew_api.services import Injected
from stepcrew_api.views import TEXT, result_view

router = APIRouter(prefix="/executions/{execution_id}", tags=["results"], route_class=GuardedRoute)


@router.get("/result", responses=responses(404))
def result(execution_id: ExecutionId, identity: Caller, services: Injected) -> ResultView:
    """The final output and the output of every finished task, of an execution that did not complete too."""
    execution = services.executions.get(identity.group_id, execution_id)
    outputs = services.tasks.task_outputs(identity.group_id, execution_id, whole=False)
    return result_view(execution, outputs)


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


@router.get(
    "/bundle",
    responses={**responses(404), **TOO_LARGE, 200: {"content": {bundles.MEDIA_TYPE: {}}, "description": "A ZIP file"}},
    response_class=Response,
)
def bundle(execution_id: ExecutionId, identity: Caller, services: Injected) -> Response:
    """The execution as one file: definition, inputs, outputs, approvals, trace and journal. No secret is in it."""
    with services.make_bundle(identity.group_id, execution_id) as file:
        body = file.read()
    if len(body) > MOST_BYTES:
        put = services.payloads.put(identity.group_id, execution_id, "bundle.zip", body, bundles.MEDIA_TYPE)
        return elsewhere(services, identity.group_id, execution_id, put)
    name = f'attachment; filename="{execution_id}.zip"'
    return Response(body, media_type=bundles.MEDIA_TYPE, headers={"Content-Disposition": name})
