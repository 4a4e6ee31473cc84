"""Asks an execution to stop. One that waits to run or for a person ends at once; the runner ends one that runs."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from stepcrew.domain.cancelling import CANCEL_REQUESTED, cancelled_at_rest, cancelled_event, receipt_at_rest
from stepcrew.domain.errors import Conflict, ExecutionNotFound
from stepcrew.domain.execution import Execution, Status
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew.services.wake_machine import WakeMachine

_RACES = 5


class CancelExecution:
    """Cancels an execution. May be repeated: the first request counts, and waking the state machine is tried again."""

    def __init__(self, executions: ExecutionStore, wake: WakeMachine, clock: Clock) -> None:
        self._executions = executions
        self._wake = wake
        self._clock = clock

    def __call__(self, group_id: str, execution_id: str) -> Execution:
        """The record as it is now. Raises `ExecutionNotFound`, and `Conflict` when it has COMPLETED or FAILED."""
        execution = request_cancel(self._executions, group_id, execution_id, self._clock.now())
        if execution.status.is_terminal and execution.approvals:
            self._wake(execution)
        return execution

    def if_open(self, group_id: str, execution_id: str) -> None:
        """The same; one that has ended, or is gone, needs no cancelling."""
        with suppress(Conflict, ExecutionNotFound):
            self(group_id, execution_id)


def request_cancel(executions: ExecutionStore, group_id: str, execution_id: str, now: datetime) -> Execution:
    """The record after the request; a request that was made before is not made again. Raises as above."""
    for _ in range(_RACES):
        current = executions.get(group_id, execution_id)
        if current.status in (Status.COMPLETED, Status.FAILED):
            raise Conflict(
                f"The execution has ended already with status {current.status}.",
                remedy="Nothing to cancel: read its result.",
            )
        if current.status is Status.CANCELLED or current.cancel_requested_at:
            return current
        if current.status is Status.RUNNING and current.queued_at is None:
            changed = executions.request_cancel(current, message=CANCEL_REQUESTED, now=now)
        else:
            error, receipt = cancelled_at_rest(current), receipt_at_rest(current, now)
            changed = executions.cancel_at_rest(current, error, receipt, cancelled_event(current, error, now), now=now)
        if changed is not None:
            return changed
    raise Conflict("The execution changes too fast to be cancelled.", remedy="Cancel it again in a second.")
