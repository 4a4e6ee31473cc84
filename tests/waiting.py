"""An execution that waits for a person, made the way the runner makes one."""

from __future__ import annotations

from datetime import datetime, timedelta

from stepcrew.domain.approval import Approval, ApprovalKind
from stepcrew.domain.execution import Execution, Progress, Usage
from stepcrew.domain.submission import Submission
from tests.aws_table import GROUP, ID, NOW, Aws, execution, submission


def question(number: int = 1, *, execution_id: str = ID, output: str = "Rain.", **changes: object) -> Approval:
    """About an answer, unless `changes` say otherwise."""
    made = Approval(
        execution_id=execution_id,
        group_id=GROUP,
        number=number,
        kind=ApprovalKind.ANSWER,
        execution_name="haiku",
        question="Is this a haiku?",
        task_name="haiku",
        output=output,
        requested_at=NOW,
        expires_at=NOW + timedelta(days=7),
        attempt=1,
    )
    return made.model_copy(update=changes)


def running(aws: Aws, execution_id: str = ID, submitted: Submission | None = None, **changes: object) -> Execution:
    made = execution(execution_id).model_copy(update=changes)
    aws.executions.create(made, submitted or submission(), None)
    return aws.executions.begin_attempt(GROUP, execution_id, NOW)


def park(aws: Aws, held: Execution, approval: Approval, now: datetime = NOW, usage: Usage | None = None) -> Execution:
    return aws.approvals.park(
        held,
        approval,
        progress=Progress(tasks_done=1, tasks_total=2),
        usage=usage or Usage(model_calls=3),
        traces_emitted=12,
        now=now,
    )


def with_slot(aws: Aws, queued: Execution, slot: int = 0, now: datetime = NOW) -> Execution:
    """What waits for a slot gets one that nobody has; nobody is told."""
    given = aws.slots.take(queued, slot, instead_of=None, deadline=queued.deadline, now=now)
    assert given is not None
    return given


def parked(aws: Aws, execution_id: str = ID) -> Execution:
    return park(aws, running(aws, execution_id), question(execution_id=execution_id))
