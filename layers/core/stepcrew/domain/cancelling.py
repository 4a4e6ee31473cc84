"""What a cancel of an execution at rest (not started, or waiting for a person) says: nothing ran, nothing was spent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import CancelReceipt, Execution, Status


def cancelled_at_rest(execution: Execution) -> ExecutionError:
    waited = execution.status is Status.WAITING
    return ExecutionError(
        category=Category.CANCELLED,
        type="Cancelled",
        message=f"The execution was cancelled {'while it waited for a person' if waited else 'before it started'}.",
        remedy="Submit it again when you want it to run.",
        task=execution.waiting.task_name if execution.waiting else None,
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
