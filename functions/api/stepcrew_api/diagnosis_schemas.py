"""The shape of a diagnosis on the wire."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.diagnosis import AttemptFacts, Finding, Machine, Slots, TraceQueueDepth
from stepcrew.domain.execution import Status
from stepcrew.domain.trace import Gap, LogLine


class OpenApproval(BaseModel):
    """What waits for a person."""

    number: int
    kind: ApprovalKind
    task_name: str | None
    expires_at: datetime


class DiagnosisView(BaseModel):
    """`summary` says in one paragraph what happened and what to do; `findings` are its parts, none where nothing wrong
    was found. The rest are the facts. `unread` names parts of the platform that did not answer."""

    execution_id: str
    status: Status
    summary: str
    findings: list[Finding]
    attempts: list[AttemptFacts]
    machine: Machine | None = Field(description="The state machine execution; null where there is none.")
    trace_queue: TraceQueueDepth | None
    slots: Slots | None = Field(description="Of the group, while the execution is open.")
    approvals: list[OpenApproval]
    gaps: list[Gap]
    complete: bool = Field(description="Whether it has ended and every trace event is recorded.")
    logs: list[LogLine] = Field(description="The last log lines of the execution, oldest first.")
    unread: list[str]
