"""What a cancel of an execution at rest (not started, or waiting for a person) says: nothing ran, nothing was spent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import CancelReceipt, Execution, Status
from stepcrew.domain.trace import SYSTEM_ATTEMPT, EventSource, TraceEvent

CANCEL_REQUESTED = "Cancelling…"
"""The message of an execution until its runner has seen the cancel request."""


def cancelled_at_rest(execution: Execution) -> ExecutionError:
    if execution.status is Status.WAITING:
        when = "while it waited for a person"
    else:
        when = "before it started" if execution.status is Status.PENDING else "before it went on"
    return ExecutionError(
        category=Category.CANCELLED,
        type="Cancelled",
        message=f"The execution was cancelled {when}.",
        remedy="Submit it again when you want it to run.",
        task=execution.waiting.task_name if execution.waiting else None,
    )


def cancelled_event(execution: Execution, error: ExecutionError, now: datetime) -> TraceEvent:
    """What the trace of an execution that was cancelled at rest ends with, in the words the runner would use."""
    return TraceEvent(
        execution_id=execution.execution_id,
        group_id=execution.group_id,
        attempt=SYSTEM_ATTEMPT,
        sequence=1,
        emitted_at=now,
        event_type="cancelled",
        event_source=EventSource.SYSTEM,
        event_context=error.type,
        task_name=error.task,
        output=error.message,
        extra_data={"category": error.category.value, "remedy": error.remedy, "retryable": error.retryable},
    )


def receipt_at_rest(execution: Execution, now: datetime) -> CancelReceipt:
    """Seen at once and at no cost; the cost is null where that of the whole execution is unknown too."""
    unknown = execution.usage.cost_note is not None
    return CancelReceipt(
        requested_at=now,
        observed_at=now,
        model_calls=0,
        abandoned_calls=0,
        total_tokens=0,
        cost_usd=None if unknown else Decimal(0),
    )
