"""Sees to one open execution of which nothing was heard for a while, or whose state machine ended abnormally."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from stepcrew.domain.errors import Category, ExecutionError, ExecutionNotFound
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.queueing import has_queued_too_long
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.explain_machine import explain_machine
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.ports import Clock, ExecutionStore, Orchestration, Orchestrator
from stepcrew.services.record_failure import Failure, RecordFailure
from stepcrew.services.wake_machine import WakeMachine

EXPIRY_MARGIN = timedelta(seconds=30)
"""The state machine notices the end of a wait itself; so long it is given to do so."""


class Action(StrEnum):
    """What was done for an execution."""

    NOTHING = "nothing"
    STARTED = "started"
    """Its start had been lost."""
    REPLACED = "replaced"
    """Its state machine execution had ended, with nothing in flight: another one goes on."""
    WOKEN = "woken"
    """It was decided, but its state machine had not heard."""
    FILLED = "filled"
    """A slot was free that nobody had given to those who wait for one."""
    ENDED = "ended"
    """Nobody would have ended it any more."""


class ReconcileExecution:
    """Repairs or ends one open execution. Every call may be repeated and may race with whoever else acts on the
    execution: all it does is conditional.

    What becomes of an execution whose state machine execution is not running: while nothing is in flight (not begun,
    waiting, or handed over by its last attempt) another state machine execution goes on; an attempt in flight may have
    died with it, so the execution fails with the machine's own reason. What an operator stopped is ended either way.
    """

    def __init__(
        self,
        executions: ExecutionStore,
        orchestrator: Orchestrator,
        decide: DecideApproval,
        wake: WakeMachine,
        record_failure: RecordFailure,
        fill_slots: FillSlots,
        clock: Clock,
        overdue: timedelta,
        retention_days: int,
    ) -> None:
        """So long (`overdue`) after its deadline an execution is ended even if its state machine still runs."""
        self._executions = executions
        self._orchestrator = orchestrator
        self._decide = decide
        self._wake = wake
        self._record_failure = record_failure
        self._fill_slots = fill_slots
        self._clock = clock
        self._overdue = overdue
        self._retention = timedelta(days=retention_days)

    def __call__(self, group_id: str, execution_id: str) -> Action:
        """Raises `PlatformUnavailable`; nothing is lost then, the next call does what this one could not."""
        try:
            execution = self._executions.get(group_id, execution_id)
        except ExecutionNotFound:
            return Action.NOTHING
        if execution.waiting and self._clock.now() > execution.waiting.expires_at + EXPIRY_MARGIN:
            execution = self._decide.nobody(group_id, execution_id)
        if execution.status.is_terminal:
            return Action.NOTHING
        if execution.queued_at is not None:
            return self._while_queued(execution)
        woken = execution.status is not Status.WAITING and self._wake(execution)
        machine = self._orchestrator.look(execution_id)
        if machine is None and not _in_flight(execution):
            self._orchestrator.start(execution)
            return Action.STARTED
        if machine and machine.status == "RUNNING":
            return self._while_running(execution, woken)
        return self._without_machine(execution, machine)

    def _while_queued(self, execution: Execution) -> Action:
        """It needs no state machine until it has a slot; what then lacks one is seen to by the next sweep."""
        if has_queued_too_long(execution, self._retention, self._clock.now()):
            self._record_failure(execution.group_id, execution.execution_id, _queued_too_long(execution))
            return Action.ENDED
        return Action.FILLED if self._fill_slots(execution.group_id) else Action.NOTHING

    def _while_running(self, execution: Execution, woken: bool) -> Action:
        is_overdue = execution.status is not Status.WAITING and self._clock.now() > execution.deadline + self._overdue
        if not is_overdue:
            return Action.WOKEN if woken else Action.NOTHING
        self._record_failure(execution.group_id, execution.execution_id, Failure("States.Timeout", ""))
        return Action.ENDED

    def _without_machine(self, execution: Execution, machine: Orchestration | None) -> Action:
        goes_on = machine is not None and machine.status in ("FAILED", "TIMED_OUT") and not _in_flight(execution)
        if goes_on and self._orchestrator.replace(execution):
            return Action.REPLACED
        error = explain_machine(machine, execution)
        self._record_failure(execution.group_id, execution.execution_id, error)
        return Action.ENDED


def _queued_too_long(execution: Execution) -> ExecutionError:
    return ExecutionError(
        category=Category.TIMEOUT,
        type="NoFreeSlot",
        message="The execution waited for a free slot until its data were about to expire.",
        retryable=True,
        remedy="Submit fewer at a time, or ask the operator to let more executions of the group run at once.",
        task=execution.progress.current_task,
    )


def _in_flight(execution: Execution) -> bool:
    """Whether an attempt may be running, or have died. One that handed over or parked has said how many events it
    emitted."""
    return (
        execution.status is Status.RUNNING
        and execution.attempt > 0
        and str(execution.attempt) not in execution.traces_emitted
    )
