"""Why an execution stands as it does."""

from __future__ import annotations

from fastapi import APIRouter

from stepcrew.domain.diagnosis import attempts_of
from stepcrew_api.diagnosis_schemas import DiagnosisView, OpenApproval
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import ExecutionId
from stepcrew_api.services import Injected

router = APIRouter(prefix="/executions/{execution_id}", tags=["diagnoses"], route_class=GuardedRoute)


@router.get("/why", responses=responses(404))
def why(execution_id: ExecutionId, identity: Caller, services: Injected) -> DiagnosisView:
    """What happened and what to do, with the facts behind it: attempts, the state machine's last steps, the trace and
    its queue, slots, open approvals and the last log lines. Of the stack as a whole it tells counts only."""
    facts, findings, summary = services.explain(identity.group_id, execution_id)
    return DiagnosisView(
        execution_id=execution_id,
        status=facts.status,
        summary=summary,
        findings=findings,
        attempts=attempts_of(facts.execution),
        machine=facts.machine,
        trace_queue=facts.queue,
        slots=facts.slots,
        approvals=[
            OpenApproval(number=one.number, kind=one.kind, task_name=one.task_name, expires_at=one.expires_at)
            for one in facts.approvals
        ],
        gaps=list(facts.gaps),
        complete=facts.complete,
        logs=list(facts.logs),
        unread=list(facts.unread),
    )
