"""What waits for people, and what they decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import PlainTextResponse

from stepcrew.domain import cursor as cursors
from stepcrew.domain.answer_size import how_many_fit
from stepcrew.domain.approval import Approval
from stepcrew.services.decide_approval import Feedback
from stepcrew_api.approval_views import ApprovalList, approval_view
from stepcrew_api.bodies import FeedbackBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller, Identity, Member
from stepcrew_api.paging import Cursor, Limit
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import ExecutionId
from stepcrew_api.routes.whole_bodies import TOO_LARGE, Accept, answer
from stepcrew_api.schemas import ExecutionView
from stepcrew_api.services import Injected, queue_positions
from stepcrew_api.views import execution_view

router = APIRouter(tags=["approvals"], route_class=GuardedRoute)

Number = Annotated[int, Path(ge=1, le=9999, description="Approvals count within their execution from 1.")]


@router.get("/approvals", responses=responses())
def waiting(identity: Caller, services: Injected, limit: Limit = 50, cursor: Cursor = None) -> ApprovalList:
    """What waits in the group for anybody's decision, oldest execution first."""
    after = cursors.decode(cursor)
    found = services.approvals.waiting(identity.group_id, after=after, limit=limit + 1)
    return _page(found, limit, identity, lambda approval: cursors.encode(approval.approval_id))


@router.get("/executions/{execution_id}/approvals", responses=responses(404))
def of_execution(
    execution_id: ExecutionId, identity: Caller, services: Injected, limit: Limit = 100, cursor: Cursor = None
) -> ApprovalList:
    """Everything people were asked in this execution, with what they decided, in order."""
    services.executions.get(identity.group_id, execution_id)
    _, after = cursors.decode_position(cursor)
    asked = services.approvals.approvals(identity.group_id, execution_id)
    found = [approval for approval in asked if approval.number > after]
    return _page(found, limit, identity, lambda approval: cursors.encode(0, approval.number))


@router.get(
    "/executions/{execution_id}/approvals/{number}/output",
    responses={**responses(404, 410), **TOO_LARGE},
    response_class=PlainTextResponse,
)
def output(
    execution_id: ExecutionId,
    number: Number,
    identity: Caller,
    services: Injected,
    corrected: bool = False,
    accept: Accept = "",
) -> Response:
    """The whole answer that is to be judged, as text; with `corrected`, as the person who approved it wrote it."""
    found = services.bodies.of_approval(identity.group_id, execution_id, number, corrected=corrected)
    return answer(found, accept)


@router.post(
    "/executions/{execution_id}/feedback",
    status_code=202,
    responses=responses(400, 404, 409, 413, 415),
)
def feedback(execution_id: ExecutionId, body: FeedbackBody, identity: Member, services: Injected) -> ExecutionView:
    """Decides on what the execution waits for; it goes on. The same decision with its `approval_id` counts once."""
    decided = services.decide(
        Feedback(
            group_id=identity.group_id,
            execution_id=execution_id,
            decision=body.decision,
            decided_by=identity.name or "unknown",
            email=identity.email,
            comment=body.comment,
            output=body.output,
            limits=body.limits,
            approval_id=body.approval_id,
        )
    )
    positions = queue_positions(services, identity.group_id, [decided])
    return execution_view(decided, services.read_cost.summary(decided), positions)


def _page(found: list[Approval], limit: int, identity: Identity, cursor: Callable[[Approval], str]) -> ApprovalList:
    views = [approval_view(approval, identity) for approval in found[:limit]]
    shown = views[: how_many_fit(view.model_dump_json() for view in views)]
    last = found[len(shown) - 1] if shown else None
    return ApprovalList(approvals=shown, next_cursor=cursor(last) if last and len(shown) < len(found) else None)
