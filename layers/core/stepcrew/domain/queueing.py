"""How long an execution may wait for a slot."""

from __future__ import annotations

from datetime import datetime, timedelta

from stepcrew.domain.execution import Execution

SPARE = timedelta(hours=1)
"""Beside the time the crew has left, so long before the execution's data may vanish, waiting for a slot ends."""


def has_queued_too_long(execution: Execution, retention: timedelta, now: datetime) -> bool:
    """Whether its data could expire before it had run its time. An hour it may wait in any case."""
    if execution.queued_at is None:
        return False
    left = max(execution.deadline - execution.queued_at, timedelta())
    return now > max(execution.created_at + retention - left - SPARE, execution.queued_at + SPARE)
