"""What waits for a person: an answer to judge, a tool call to allow, a budget to raise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, JsonValue

from stepcrew.domain.execution import Execution, Limits
from stepcrew.domain.trace import PayloadReference

_SPARE = timedelta(hours=1)
_SHORTEST_WAIT = timedelta(minutes=1)


class ApprovalKind(StrEnum):
    ANSWER = "answer"
    """A crew task's answer, because the task has `human_input`."""
    TOOL = "tool"
    """Calls of tools that the crew's `approval.tools` marks."""
    BUDGET = "budget"
    """A limit that is used up, because of `on_budget: ask`."""
    EFFECT = "effect"
    """A call with effects that an attempt had begun when it died: to make it again, or not."""
    FEEDBACK = "feedback"
    """What a method of a project's flow made, because of `@human_feedback`. The flow is told any decision."""
    INPUT = "input"
    """A text that a project's own code asks for. The `output` of its approval is the text; without one it is empty."""


class DecisionKind(StrEnum):
    APPROVE = "approve"
    REVISE = "revise"
    """Only of an answer, where the agent goes on with the comment and asks again, and of feedback."""
    REJECT = "reject"


class ToolCall(BaseModel):
    """One call that is held back. `call_id` is its place in the journal: the next attempt comes to the same call."""

    call_id: str
    tool_name: str
    arguments: dict[str, JsonValue]


class Decision(BaseModel):
    """What was decided. `decided_by` is null when nobody did in time and `on_timeout` was taken.

    `output` replaces the answer that was approved; `limits` are those of the execution from now on.
    """

    kind: DecisionKind
    comment: str | None = None
    output: str | None = None
    limits: Limits | None = None
    decided_by: str | None = None
    decided_at: datetime


class Approval(BaseModel):
    """One question to people. Open while there is neither a `decision` nor a withdrawal (the execution ended).

    `number` counts within the execution from 1, and `approval_id` is `<execution_id>.<number>`. `key` is the question's
    own name: every attempt that comes to the same question makes the same. `output` is what is to
    be judged; where it is large, `output_reference` stands for it. `deciders` lists who may decide, by e-mail address;
    empty means everyone who may write in the group.
    """

    execution_id: str
    group_id: str
    number: int
    kind: ApprovalKind
    key: str | None = None
    execution_name: str
    question: str
    task_name: str | None = None
    agent_role: str | None = None
    output: str = ""
    output_reference: PayloadReference | None = None
    tools: list[ToolCall] = []
    limit: str | None = None
    deciders: list[str] = []
    on_timeout: DecisionKind = DecisionKind.REJECT
    requested_at: datetime
    expires_at: datetime
    attempt: int
    decision: Decision | None = None
    withdrawn_at: datetime | None = None

    @property
    def approval_id(self) -> str:
        return f"{self.execution_id}.{self.number}"

    @property
    def is_open(self) -> bool:
        return self.decision is None and self.withdrawn_at is None

    def allows(self, email: str | None) -> bool:
        """Whether a member of the group with this address may decide; addresses are compared letter by letter:
        folding case joins addresses that are not the same (`boſs` folds to `boss`)."""
        return not self.deciders or email in self.deciders


def numbered(asked: Iterable[Approval], number: int) -> Approval | None:
    """The one of an execution's approvals that has this number."""
    return next((one for one in asked if one.number == number), None)


ENDING = (ApprovalKind.ANSWER, ApprovalKind.BUDGET, ApprovalKind.INPUT)
"""Whose rejection ends the execution."""


def expiring_in_time(approval: Approval, execution: Execution, removed_at: datetime, now: datetime) -> Approval:
    """Expires early enough that the crew can still use the time it has left before the execution's data is removed."""
    left = max(execution.deadline - now, timedelta())
    latest = max(removed_at - left - _SPARE, now + _SHORTEST_WAIT)
    return approval.model_copy(update={"expires_at": min(approval.expires_at, latest)})


def waiting_for(approval: Approval) -> str:
    """The execution's message while this is open."""
    match approval.kind:
        case ApprovalKind.ANSWER:
            return f"Waiting for a person to judge the answer of {approval.task_name or 'a crew task'}…"
        case ApprovalKind.TOOL:
            names = ", ".join(sorted({call.tool_name for call in approval.tools}))
            return f"Waiting for a person to allow {names or 'a tool call'}…"
        case ApprovalKind.BUDGET:
            return f"Waiting for a person to raise {approval.limit or 'a limit'}…"
        case ApprovalKind.EFFECT:
            return "Waiting for a person to say whether a tool call is made again…"
        case ApprovalKind.FEEDBACK:
            return f"Waiting for what a person says to {approval.task_name or 'the flow'}…"
        case ApprovalKind.INPUT:
            return "Waiting for a text that the code asks for…"


def going_on(decision: Decision) -> str:
    """The execution's message once this was decided, until the next attempt has begun."""
    words = {DecisionKind.APPROVE: "Approved", DecisionKind.REVISE: "To be revised", DecisionKind.REJECT: "Rejected"}
    who = f"by {decision.decided_by}" if decision.decided_by else "because nobody decided in time"
    return f"{words[decision.kind]} {who}; going on…"
