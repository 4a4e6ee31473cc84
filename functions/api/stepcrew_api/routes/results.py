"""What the crew produced, and everything that is known of it in one file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import PlainTextResponse

from stepcrew.domain import bundle as bundles
from stepcrew.domain.otlp import PROTOBUF
from stepcrew.services.export_trace import export_trace
from stepcrew.services.read_bodies import JSON
from stepcrew.services.read_result import read_result
from stepcrew_api.accepting import wish
from stepcrew_api.file_schemas import ArtifactList
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import ExecutionId
from stepcrew_api.routes.whole_bodies import TOO_LARGE, Accept, answer
from stepcrew_api.schemas import ResultView
from stepcrew_api.services import Injected
from stepcrew_api.views import artifact_list, result_view

router = APIRouter(prefix="/executions/{execution_id}", tags=["results"], route_class=GuardedRoute)


@router.get("/result", responses=responses(404))
def result(execution_id: ExecutionId, identity: Caller, services: Injected) -> ResultView:
    """The final output and the output of every finished task, of an execution that did not complete too."""
    return result_view(read_result(services.executions, services.tasks, identity.group_id, execution_id))


@router.get(
    "/tasks/{index}/output",
    responses={**responses(404, 410), **TOO_LARGE},
    response_class=PlainTextResponse,
)
def task_output(
    execution_id: ExecutionId,
    index: Annotated[int, Path(ge=0, le=9999)],
    identity: Caller,
    services: Injected,
    accept: Accept = "",
) -> Response:
    """The whole output of one finished task, as text."""
    return answer(services.bodies.of_task(identity.group_id, execution_id, index), accept)


@router.get("/artifacts", responses=responses(404))
def list_artifacts(execution_id: ExecutionId, identity: Caller, services: Injected) -> ArtifactList:
    """The outputs that the definition gives a file's name (`output_file`), of the tasks that have finished; of a
    project, the files that it wrote below `output/` or as an `output_file`."""
    return artifact_list(services.artifacts.list(identity.group_id, execution_id))


@router.get("/artifacts/{name:path}", responses={**responses(404), **TOO_LARGE}, response_class=Response)
def artifact(
    execution_id: ExecutionId,
    name: Annotated[str, Path(max_length=500, description="As it is listed, with the folders before it.")],
    identity: Caller,
    services: Injected,
    accept: Accept = "",
) -> Response:
    """One artifact whole. A browser saves it and never shows it: its content is a model's."""
    found, content = services.artifacts.read(identity.group_id, execution_id, name)
    kept_as = f"artifact-{found.output.index:04d}" if found.output else found.written
    given = services.bodies.of_file(identity.group_id, execution_id, kept_as, content, found.media_type)
    answered = answer(given, accept)
    answered.headers["Content-Disposition"] = "attachment"
    return answered


@router.get(
    "/otlp",
    responses={
        **responses(404),
        **TOO_LARGE,
        200: {"content": {JSON: {}, PROTOBUF: {}}, "description": "A request to /v1/traces, in the form of `Accept`"},
    },
    response_class=Response,
)
def otlp(execution_id: ExecutionId, identity: Caller, services: Injected, accept: Accept = "") -> Response:
    """The trace as OTLP/HTTP JSON, with OpenTelemetry's names for generative AI, for a collector; with
    `Accept: application/x-protobuf` as protobuf, which every collector takes. It has no bodies: no prompt, no answer,
    no argument."""
    content = export_trace(services.executions, services.traces, identity.group_id, execution_id)
    file = "otlp.json", content, JSON
    if wish(accept, PROTOBUF) > wish(accept, JSON):
        from stepcrew.domain.otlp_protobuf import protobuf_of  # imported here: only this answer needs protobuf

        file = "otlp.pb", protobuf_of(content), PROTOBUF
    return answer(services.bodies.of_file(identity.group_id, execution_id, *file), accept)


@router.get(
    "/bundle",
    responses={**responses(404), **TOO_LARGE, 200: {"content": {bundles.MEDIA_TYPE: {}}, "description": "A ZIP file"}},
    response_class=Response,
)
def bundle(execution_id: ExecutionId, identity: Caller, services: Injected, accept: Accept = "") -> Response:
    """The execution as one file: definition, inputs, outputs, approvals, trace and journal. No secret is in it."""
    with services.make_bundle(identity.group_id, execution_id) as file:
        content = file.read()
    given = services.bodies.of_file(identity.group_id, execution_id, "bundle.zip", content, bundles.MEDIA_TYPE)
    found = answer(given, accept)
    found.headers["Content-Disposition"] = f'attachment; filename="{execution_id}.zip"'
    return found
