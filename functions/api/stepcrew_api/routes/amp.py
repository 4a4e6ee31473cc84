"""Stored crews as CrewAI's hosted API (AMP) shows them, for clients that were written for it: their base URL is
`/api/v1/amp/{crew}`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path

from stepcrew.domain.approval import ApprovalKind, DecisionKind, numbered
from stepcrew.domain.errors import ExecutionNotFound, Fault, InvalidRequest
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.parts import placeholders_of
from stepcrew.domain.references import MISSING_INPUT
from stepcrew.domain.stored_crew import CREW_REFERENCE, split_reference
from stepcrew.services.decide_approval import Feedback
from stepcrew.services.kick_off import Callbacks
from stepcrew.services.read_crew import read_crew
from stepcrew.services.read_result import read_result
from stepcrew_api.amp_shapes import (
    AmpInputs,
    AmpKickedOff,
    AmpKickoff,
    AmpProgress,
    AmpQuestion,
    AmpResult,
    AmpResumed,
    AmpStatus,
    AmpTask,
)
from stepcrew_api.bodies import KickoffBody, ResumeBody
from stepcrew_api.body_shapes import CrewRequest
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller, Identity, Member
from stepcrew_api.problems import BadRequest, amp_responses
from stepcrew_api.routes.executions import ExecutionId, IdempotencyKey, Traceparent, asked_for
from stepcrew_api.schemas import BodyReference, ResultView
from stepcrew_api.services import Injected, Services
from stepcrew_api.views import result_view

router = APIRouter(prefix="/amp/{name}", tags=["AMP"], route_class=GuardedRoute)

CrewName = Annotated[str, Path(pattern=CREW_REFERENCE, description="A stored crew, also as `name@3` or `name@prod`.")]


@router.get("/inputs", responses=amp_responses(404))
def amp_inputs(name: CrewName, identity: Caller, services: Injected) -> AmpInputs:
    """The inputs the crew takes."""
    return AmpInputs(inputs=placeholders_of(read_crew(services.crews, identity.group_id, *split_reference(name))[1]))


@router.post("/kickoff", responses=amp_responses(400, 402, 404, 409, 413, 415, 429))
def kickoff(
    name: CrewName,
    body: KickoffBody,
    identity: Member,
    services: Injected,
    idempotency_key: IdempotencyKey = None,
    traceparent: Traceparent = None,
) -> AmpKickedOff:
    """Starts the crew: its latest version, unless the address names another. Its callbacks are webhooks, named after
    the kickoff id and `:task`, `:step` or `:crew`; their deliveries are read under these names."""
    sent = CrewRequest.model_validate({"crew": name, "inputs": body.inputs})
    request = asked_for(sent, identity, idempotency_key, traceparent)._replace(crew=name)
    try:
        accepted = services.kick_off(request, Callbacks(body.urls, body.meta))
    except InvalidRequest as error:
        if any(fault.code == MISSING_INPUT for fault in error.faults):
            raise _missing(services, identity, name, body) from error
        raise
    return AmpKickedOff(kickoff_id=accepted.execution.execution_id)


def _missing(services: Services, identity: Identity, name: str, body: AmpKickoff) -> InvalidRequest:
    """The error that names the inputs one by one, as this API does."""
    _, kept = read_crew(services.crews, identity.group_id, *split_reference(name))
    missing = [one for one in placeholders_of(kept) if one not in {**kept.inputs, **body.inputs}]
    faults = [
        Fault(pointer=f"/inputs/{one}", code=MISSING_INPUT, detail=f"The input {one!r} is missing.") for one in missing
    ]
    return InvalidRequest("Missing required inputs", faults)


@router.get("/{execution_id}/status", response_model_exclude_none=True, responses=amp_responses(404))
@router.get("/status/{execution_id}", response_model_exclude_none=True, responses=amp_responses(404))
def amp_status(name: CrewName, execution_id: ExecutionId, identity: Caller, services: Injected) -> AmpStatus:
    """How an execution of this crew stands. CrewAI documents both addresses."""
    execution = _of_crew(services, identity, name, execution_id)
    if not execution.status.is_terminal:
        progress = execution.progress
        return AmpStatus(
            status="running",
            state=_STATES[execution.status],
            current_task=progress.current_task,
            progress=AmpProgress(completed_tasks=progress.tasks_done, total_tasks=progress.tasks_total),
            pending_human_input=_question(services, execution),
        )
    seconds = _seconds(execution.started_at, execution.ended_at)
    if execution.status is not Status.COMPLETED:
        told = execution.error.message if execution.error else execution.message
        return AmpStatus(status="error", state="FAILED", error=told, execution_time=seconds)
    found = read_result(services.executions, services.tasks, identity.group_id, execution_id)
    return AmpStatus(status="completed", state="SUCCESS", result=_result(result_view(found)), execution_time=seconds)


@router.post("/resume", responses=amp_responses(400, 404, 413, 415))
def resume(name: CrewName, body: ResumeBody, identity: Member, services: Injected) -> AmpResumed:
    """Decides on what the execution waits for."""
    execution = _of_crew(services, identity, name, body.execution_id)
    waiting = execution.waiting
    if execution.status is not Status.WAITING or waiting is None:
        raise BadRequest("The execution is not in pending human input state.", remedy="Ask for its status.")
    if waiting.task_name != body.task_id:
        raise ExecutionNotFound(f"{body.execution_id}, waiting at task {body.task_id}")
    if body.is_approve:
        decision = DecisionKind.APPROVE
    else:
        decision = DecisionKind.REVISE if waiting.kind == ApprovalKind.ANSWER else DecisionKind.REJECT
    services.kick_off.change(execution, body.urls)
    services.decide(
        Feedback(
            group_id=identity.group_id,
            execution_id=body.execution_id,
            decision=decision,
            decided_by=identity.name or "unknown",
            email=identity.email,
            comment=body.human_feedback or None,
        )
    )
    if decision is DecisionKind.REVISE:
        return AmpResumed(status="retrying", message="The task is done again with your feedback.")
    return AmpResumed(status="resumed", message="The execution goes on.")


_STATES: dict[Status, Literal["PENDING", "RUNNING", "PENDING_HUMAN_INPUT"]] = {
    Status.PENDING: "PENDING",
    Status.RUNNING: "RUNNING",
    Status.WAITING: "PENDING_HUMAN_INPUT",
}


def _of_crew(services: Services, identity: Identity, name: str, execution_id: str) -> Execution:
    """Raises `ExecutionNotFound` for those of other crews too."""
    execution = services.executions.get(identity.group_id, execution_id)
    if execution.crew is None or execution.crew.name != split_reference(name)[0]:
        raise ExecutionNotFound(execution_id)
    return execution


def _question(services: Services, execution: Execution) -> AmpQuestion | None:
    if execution.waiting is None:
        return None
    asked = services.approvals.approvals(execution.group_id, execution.execution_id)
    open_one = numbered(asked, execution.waiting.number)
    if open_one is None:
        return None
    return AmpQuestion(task_id=open_one.task_name, question=open_one.question, output=open_one.output)


def _result(view: ResultView) -> AmpResult:
    """An output too large for one answer is told by its beginning and its address."""
    tasks = [
        AmpTask(
            task_id=one.name,
            output=_text(one.raw, one.raw_reference),
            agent=one.agent_role,
            execution_time=_seconds(one.started_at, one.ended_at),
        )
        for one in view.tasks
    ]
    return AmpResult(output=_text(view.output, view.output_reference), tasks=tasks)


def _text(whole: str | None, reference: BodyReference | None) -> str:
    return reference.in_short() if reference else whole or ""


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return round((end - start).total_seconds(), 3) if start and end else None
