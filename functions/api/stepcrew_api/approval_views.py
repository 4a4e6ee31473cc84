"""The shapes of approvals and of the decisions on them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepcrew.domain.approval import Approval, ApprovalKind, Decision, DecisionKind
from stepcrew.domain.execution import GroupLimits, Limits
from stepcrew.domain.membership import Role
from stepcrew_api.identity import Identity
from stepcrew_api.schemas import BodyReference
from stepcrew_api.views import TEXT, body_reference, location

MOST_COMMENT = 10_000
MOST_OUTPUT = 2_000_000
INLINE_CHARACTERS = 20_000
PREVIEW_CHARACTERS = 300


class FeedbackRequest(BaseModel):
    """The body of POST /executions/{id}/feedback. Unknown fields are faults.

    `approval_id` names the question that is answered: send it, and the same decision sent twice counts once. `output`
    replaces the answer that is approved; `limits` say how much a budget is raised to (else each used-up limit grows by
    its first amount over what was used).
    """

    model_config = ConfigDict(extra="forbid")

    decision: DecisionKind
    comment: str | None = Field(None, max_length=MOST_COMMENT, description="For the agent (revise) and the trace.")
    output: str | None = Field(None, max_length=MOST_OUTPUT)
    limits: GroupLimits | None = None
    approval_id: str | None = Field(None, max_length=100)


class ToolCallView(BaseModel):
    """A call that is held back."""

    call_id: str
    tool_name: str
    arguments: dict[str, JsonValue]


class DecisionView(BaseModel):
    """What was decided. `decided_by` is null when nobody did in time. `output` is the answer as it was corrected, null
    where there is none or `output_reference` stands for it."""

    kind: DecisionKind
    comment: str | None
    output: str | None
    output_reference: BodyReference | None
    limits: Limits | None
    decided_by: str | None
    decided_at: datetime


class ApprovalView(BaseModel):
    """A question to people. It is open while `decision` and `withdrawn_at` (the execution ended) are null.

    `output` is the answer to judge, null where `output_reference` stands for it. `deciders` lists who may decide; empty
    means every member and admin of the group. `may_decide` says whether the caller may, now.
    """

    approval_id: str
    execution_id: str
    number: int
    kind: ApprovalKind
    execution_name: str
    question: str
    task_name: str | None
    agent_role: str | None
    output: str | None
    output_reference: BodyReference | None
    tools: list[ToolCallView]
    limit: str | None
    deciders: list[str]
    may_decide: bool
    on_timeout: DecisionKind
    requested_at: datetime
    expires_at: datetime
    decision: DecisionView | None
    withdrawn_at: datetime | None


class ApprovalList(BaseModel):
    """`next_cursor` is opaque and null on the last page. A page may be shorter than its limit."""

    approvals: list[ApprovalView]
    next_cursor: str | None


def approval_view(approval: Approval, identity: Identity) -> ApprovalView:
    url = f"{location(approval.execution_id)}/approvals/{approval.number}/output"
    reference = approval.output_reference
    allowed = approval.is_open and identity.role.permits(Role.MEMBER) and approval.allows(identity.email)
    return ApprovalView.model_validate(
        {
            **approval.model_dump(),
            "approval_id": approval.approval_id,
            "output": None if reference else approval.output,
            "output_reference": body_reference(reference, url) if reference else None,
            "may_decide": allowed,
            "decision": _decision(approval.decision, f"{url}?corrected=true") if approval.decision else None,
        }
    )


def _decision(decision: Decision, url: str) -> DecisionView:
    output, reference = decision.output, None
    if output is not None and len(output) > INLINE_CHARACTERS:
        preview, size = output[:PREVIEW_CHARACTERS], len(output.encode())
        output, reference = None, BodyReference(url=url, bytes=size, content_type=TEXT, preview=preview)
    return DecisionView.model_validate({**decision.model_dump(), "output": output, "output_reference": reference})
