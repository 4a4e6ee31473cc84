"""Ends an execution whose runner could not: it crashed, ran out of memory or time, or was never reached."""

from __future__ import annotations

import json
import logging
import re
from typing import NamedTuple

from stepcrew.domain.errors import Category, ExecutionError, ExecutionNotFound, Superseded
from stepcrew.domain.execution import CancelReceipt, Execution, Status
from stepcrew.domain.trace import SYSTEM_ATTEMPT, EventSource, TraceEvent
from stepcrew.services.ports import Clock, ExecutionStore, TraceStore

DELETED = "DELETED"

logger = logging.getLogger(__name__)

_OUT_OF_MEMORY = ("Runtime.OutOfMemory", "signal: killed", "MemoryError")
_TIMED_OUT = ("Sandbox.Timedout", "Task timed out")
_EXIT = re.compile(r"(exit status \d{1,3}|signal: [a-z ]{1,40})")
"""As in `RequestId: … Error: Runtime exited with error: exit status 1`."""
_OF_THE_RUNNER = ("PlatformUnavailable", "QuotaUsedUp", "BundleDamaged", "Unexpected")
_MOST_SAID = 1_000
_CRASHED = ("Lambda.Unknown", "Runtime.", "Sandbox.", "Lambda.ClientExecutionTimeoutException")


class Failure(NamedTuple):
    """What the state machine caught: the error's name and its cause as Step Functions gives them."""

    error: str
    cause: str


def explain(failure: Failure, execution: Execution) -> ExecutionError:
    """The state machine's error in the words of the product. Error names: Step Functions and Lambda documentation."""
    task = execution.progress.current_task
    where = f" in crew task {task}" if task else ""
    text = f"{failure.error} {failure.cause}"
    if failure.error == "States.Timeout":
        return ExecutionError(
            category=Category.TIMEOUT,
            type="DeadlinePassed",
            message=f"The execution did not end within its {execution.limits.timeout_seconds} s{where}.",
            remedy="Raise limits.timeout_seconds, or give the crew less to do.",
            task=task,
        )
    if any(sign in text for sign in _OUT_OF_MEMORY):
        return ExecutionError(
            category=Category.CRASH,
            type="OutOfMemory",
            message=f"The runner was killed, most likely out of memory{where}, {_times(execution)}{_reason(failure)}.",
            retryable=True,
            remedy="Ask the operator for more runner memory, or make the task's tools return less.",
            task=task,
        )
    if any(sign in text for sign in _TIMED_OUT):
        return ExecutionError(
            category=Category.CRASH,
            type="InvocationTimedOut",
            message=f"One invocation of the runner reached its time limit{where}, {_times(execution)}.",
            retryable=True,
            remedy="Look for a tool or model call that never returns; give the model a timeout.",
            task=task,
        )
    if failure.error.startswith(_CRASHED):
        return ExecutionError(
            category=Category.CRASH,
            type="RunnerCrashed",
            message=f"The runner died unexpectedly{where}, {_times(execution)}{_reason(failure)}.",
            retryable=True,
            remedy="Submit it again; if it dies again, the operator finds the reason in the runner's log group.",
            task=task,
        )
    if failure.error == "Lambda.ResourceNotFoundException":
        return ExecutionError(
            category=Category.PLATFORM,
            type=failure.error,
            message=f"The function that runs it is not there{where}: {failure.error}.",
            remedy="Deploy the project again, then submit it again."
            if execution.runner
            else "Tell the operator the execution_id: the runner has to be deployed again.",
            task=task,
        )
    reason = _said(failure) or failure.error or "no error name was given"
    return ExecutionError(
        category=Category.PLATFORM,
        type=failure.error or "Unknown",
        message=f"The platform could not run the crew{where}: {reason.removesuffix('.')}.",
        retryable=True,
        remedy="Submit it again; if it fails again, "
        f"{'deploy the project again, or ' if execution.runner else ''}tell the operator the execution_id.",
        task=task,
    )


def _said(failure: Failure) -> str:
    """What the runner itself said went wrong. It names what was being done and AWS's own code, and no secret."""
    if failure.error not in _OF_THE_RUNNER:
        return ""
    try:
        return str(json.loads(failure.cause)["errorMessage"])[:_MOST_SAID]
    except (ValueError, LookupError, TypeError):
        return ""


def _reason(failure: Failure) -> str:
    """How the process ended, as Lambda says it: `: exit status 1`, `: signal: killed`; else the error's name."""
    found = _EXIT.search(failure.cause)
    return f": {found[1]}" if found else f": {failure.error}"


def _times(execution: Execution) -> str:
    return "at its first attempt" if execution.attempt <= 1 else f"at each of {execution.attempt} attempts"


class RecordFailure:
    """Records FAILED or CANCELLED. May be repeated: an execution that has ended keeps its ending, and the trace event
    is written under one key."""

    def __init__(self, executions: ExecutionStore, traces: TraceStore, clock: Clock) -> None:
        self._executions = executions
        self._traces = traces
        self._clock = clock

    def __call__(self, group_id: str, execution_id: str, failure: Failure | ExecutionError) -> str:
        """Takes what a state machine caught, or an error that is explained already. Answers the terminal status the
        execution has now, or `DELETED` when it is gone."""
        try:
            execution = self._executions.get(group_id, execution_id)
        except ExecutionNotFound:
            return DELETED
        if not execution.status.is_terminal:
            attempt, execution = execution.attempt, self._end(execution, failure)
            told = {"group_id": group_id, "execution_id": execution_id, "attempt": attempt}
            kind = execution.error.type if execution.error else ""
            ending = {"status": execution.status, "type": kind}
            logger.warning("The execution was ended for its runner", extra=told | ending)
        if str(SYSTEM_ATTEMPT) in execution.traces_emitted and execution.error and execution.ended_at:
            self._traces.record(group_id, execution_id, [_event(execution, execution.error)], [])
        return execution.status.value

    def _end(self, execution: Execution, failure: Failure | ExecutionError) -> Execution:
        error = explain(failure, execution) if isinstance(failure, Failure) else failure
        now, receipt = self._clock.now(), None
        status, message = Status.FAILED, error.message
        if execution.cancel_requested_at:
            status, message = Status.CANCELLED, f"Cancelled; before the runner could stop: {error.message}"
            # What was spent after the request nobody can say: who could is dead.
            receipt = CancelReceipt(requested_at=execution.cancel_requested_at, observed_at=now)
        try:
            return self._executions.finish(
                execution.model_copy(update={"attempt": SYSTEM_ATTEMPT}),
                status,
                message=message,
                now=now,
                error=error,
                traces_emitted=1,
                cancel_receipt=receipt,
                fenced=False,
            )
        except Superseded:
            return self._executions.get(execution.group_id, execution.execution_id)


def _event(execution: Execution, error: ExecutionError) -> TraceEvent:
    assert execution.ended_at is not None
    return TraceEvent(
        execution_id=execution.execution_id,
        group_id=execution.group_id,
        attempt=SYSTEM_ATTEMPT,
        sequence=1,
        emitted_at=execution.ended_at,
        event_type="cancelled" if error.category is Category.CANCELLED else "error",
        event_source=EventSource.SYSTEM,
        event_context=error.type,
        task_name=error.task,
        output=error.message,
        extra_data={"category": error.category.value, "remedy": error.remedy, "retryable": error.retryable},
    )
