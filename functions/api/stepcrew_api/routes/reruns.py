"""Running an ended execution again."""

from __future__ import annotations

from fastapi import APIRouter, Response

from stepcrew.services.rerun_execution import Rerun
from stepcrew_api.bodies import RerunBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Member
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import ExecutionId, IdempotencyKey, Traceparent, asked_for, submitted
from stepcrew_api.schemas import SubmittedExecution
from stepcrew_api.services import Injected

router = APIRouter(prefix="/executions/{execution_id}", tags=["executions"], route_class=GuardedRoute)


@router.post("/rerun", status_code=202, responses=responses(400, 402, 404, 409, 410, 413, 415, 429))
def rerun(
    execution_id: ExecutionId,
    body: RerunBody,
    identity: Member,
    services: Injected,
    response: Response,
    idempotency_key: IdempotencyKey = None,
    traceparent: Traceparent = None,
) -> SubmittedExecution:
    """Runs an ended execution again as a new one. With `from_task`, the outputs of the tasks before it are kept. The
    same `Idempotency-Key` with the same body is one execution."""
    changes = asked_for(body, identity, idempotency_key, traceparent)
    accepted = services.rerun(Rerun(execution_id, changes, body.from_task, dict(body.task_outputs or {})))
    return submitted(accepted, response)
