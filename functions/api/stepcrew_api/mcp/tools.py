"""The tools: one for each stored crew, and one that asks for the result of a run that took longer than a call may."""

from __future__ import annotations

import re
from typing import Any, cast

from stepcrew.domain import cursor as cursors
from stepcrew.domain.crew_tool import description_of, input_schema
from stepcrew.domain.errors import CrewNotFound, ExecutionNotFound, InvalidRequest, StepcrewError
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.stored_crew import CREW_NAME
from stepcrew.services.read_crew import read_crew
from stepcrew.services.read_result import read_result
from stepcrew.services.submit_execution import CrewSubmission
from stepcrew_api.identity import Identity
from stepcrew_api.mcp.shapes import INVALID_PARAMS, Content, RpcError, Tool, ToolResult
from stepcrew_api.services import Services
from stepcrew_api.views import result_view

RESULT = "stepcrew_result"
"""A crew that is kept under this name is no tool."""
TOOLS_A_PAGE = 25
CALL_SECONDS = 20
"""So long a call waits for the crew: the HTTP API answers after 30 seconds at most."""
OUTCOME: dict[str, Any] = {
    "type": "object",
    "properties": {
        "execution_id": {"type": "string"},
        "status": {"type": "string", "enum": [str(status) for status in Status]},
        "tasks_done": {"type": "integer"},
        "tasks_total": {"type": "integer"},
        "output": {"type": ["string", "null"]},
        "json": {"type": ["object", "null"]},
        "error": {"type": ["string", "null"]},
    },
    "required": ["execution_id", "status", "tasks_done", "tasks_total", "output", "json", "error"],
}
ASK_AGAIN = Tool(
    name=RESULT,
    title="Result of a crew",
    description=(
        "Waits up to 20 seconds for a crew that another tool has started, and answers its result, or how far it is. "
        "Call it again while the status is PENDING or RUNNING."
    ),
    inputSchema={
        "type": "object",
        "properties": {"execution_id": {"type": "string", "description": "As the crew's tool answered it."}},
        "required": ["execution_id"],
        "additionalProperties": False,
    },
    outputSchema=OUTCOME,
    annotations={"readOnlyHint": True},
)


def list_tools(services: Services, identity: Identity, cursor: str | None) -> tuple[list[Tool], str | None]:
    """A page of the tools, and the cursor of the next one. Raises `RpcError` for a cursor that was not handed out."""
    after = _crew_name(cursor)
    found = services.crews.crews(identity.group_id, after=after, limit=TOOLS_A_PAGE + 1)
    tools = [] if cursor else [ASK_AGAIN]
    shown, following = cursors.page(found, TOOLS_A_PAGE, lambda crew: crew.name)
    for crew in shown:
        if crew.name == RESULT:
            continue
        try:
            crew, submission = read_crew(services.crews, identity.group_id, crew.name)
        except CrewNotFound:  # removed meanwhile
            continue
        description = description_of(crew, submission)
        schema = input_schema(submission)
        tools.append(Tool(name=crew.name, description=description, inputSchema=schema, outputSchema=OUTCOME))
    return tools, following


def call_tool(
    services: Services, identity: Identity, name: str, arguments: dict[str, Any], traceparent: str | None
) -> ToolResult:
    """What a model can correct (a missing input, say) is a result with `isError`. Raises `RpcError` for a tool that
    does not exist, and `PlatformUnavailable`."""
    try:
        if name == RESULT:
            execution_id = str(arguments.get("execution_id"))
        else:
            execution_id = _started(services, identity, name, arguments, traceparent)
        execution = services.follow.to_rest(identity.group_id, execution_id, seconds=CALL_SECONDS).execution
    except CrewNotFound as error:
        raise RpcError(INVALID_PARAMS, f"Unknown tool: {error.message}") from error
    except (InvalidRequest, ExecutionNotFound) as error:
        return _refused(error)
    except StepcrewError as error:
        if error.retryable:
            raise
        return _refused(error)
    return _told(services, execution)


def _started(
    services: Services, identity: Identity, name: str, arguments: dict[str, Any], traceparent: str | None
) -> str:
    if not re.fullmatch(CREW_NAME, name):
        raise RpcError(INVALID_PARAMS, f"Unknown tool: {name[:100]}")
    request = CrewSubmission(
        group_id=identity.group_id,
        submitted_by=identity.name,
        config=None,
        crew=name,
        inputs=arguments,
        source="mcp",
        traceparent=traceparent,
    )
    return services.submit(request).execution.execution_id


def _told(services: Services, execution: Execution) -> ToolResult:
    progress, output, json_dict = execution.progress, None, None
    if execution.status is Status.COMPLETED:
        view = result_view(read_result(services.executions, services.tasks, execution.group_id, execution.execution_id))
        reference = view.output_reference
        output = reference.in_short() if reference else view.output or ""
        json_dict = cast("dict[str, Any] | None", view.json_dict)
    error = execution.error.message if execution.error else None
    outcome = {
        "execution_id": execution.execution_id,
        "status": execution.status.value,
        "tasks_done": progress.tasks_done,
        "tasks_total": progress.tasks_total,
        "output": output,
        "json": json_dict,
        "error": error,
    }
    text = output if output is not None else _standing(execution, error)
    is_error = execution.status in (Status.FAILED, Status.CANCELLED)
    return ToolResult(content=[Content(text=text)], structuredContent=outcome, isError=is_error)


def _standing(execution: Execution, error: str | None) -> str:
    name = f"Execution {execution.execution_id}"
    if execution.status.is_terminal:
        return f"{name} is {execution.status}. {error or ''}".strip()
    if execution.status is Status.WAITING:
        return f"{name} waits for a person to decide. Ask for it again later with the tool {RESULT}."
    done = f"{execution.progress.tasks_done} of {execution.progress.tasks_total} tasks are done"
    return f"{name} is {execution.status}: {done}. Call the tool {RESULT} with this execution_id for its result."


def _refused(error: StepcrewError) -> ToolResult:
    details = [fault.detail for fault in error.faults] if isinstance(error, InvalidRequest) else []
    text = " ".join(dict.fromkeys([error.message, *details, error.remedy]))
    return ToolResult(content=[Content(text=text.strip())], isError=True)


def _crew_name(cursor: str | None) -> str | None:
    try:
        name = cursors.decode(cursor)
    except InvalidRequest as error:
        raise RpcError(INVALID_PARAMS, error.message) from error
    if name is not None and not re.fullmatch(CREW_NAME, name):
        raise RpcError(INVALID_PARAMS, "The cursor is not one that was handed out.")
    return name
