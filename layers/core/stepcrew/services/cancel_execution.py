"""Asks an execution to stop: at rest it ends at once, a running one is told."""

from __future__ import annotations

from stepcrew.domain.execution import Execution
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew.services.wake_machine import WakeMachine


class CancelExecution:
    """May be repeated: the first request counts, and waking the state machine is tried again."""

    def __init__(self, executions: ExecutionStore, wake: WakeMachine, clock: Clock) -> None:
        self._executions = executions
        self._wake = wake
        self._clock = clock

    def __call__(self, group_id: str, execution_id: str) -> Execution:
        """The record as it is now. Raises `ExecutionNotFound`, and `Conflict` when it has COMPLETED or FAILED."""
        execution = self._executions.request_cancel(group_id, execution_id, self._clock.now())
        if execution.status.is_terminal and execution.approvals:
            self._wake(execution)
        return execution
