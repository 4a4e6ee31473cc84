"""What the end of a state machine execution means for the crew that it ran."""

from __future__ import annotations

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution
from stepcrew.services.ports import Orchestration

_STOPPED = "ABORTED"
_WORDS = {
    "ABORTED": ("StateMachineStopped", "was stopped by an operator"),
    "FAILED": ("StateMachineFailed", "failed"),
    "TIMED_OUT": ("StateMachineTimedOut", "reached the longest time AWS allows"),
    "SUCCEEDED": ("StateMachineLeft", "ended without the crew's end being recorded"),
}
_GONE = ("StateMachineGone", "is gone")


def explain_machine(machine: Orchestration | None, execution: Execution) -> ExecutionError:
    """Why an execution ends whose state machine execution is not running. Whoever stopped one may have said why; the
    cause of one that failed is written for operators and stays in its history."""
    kind, words = _WORDS.get(machine.status, _GONE) if machine else _GONE
    said = [machine.error, machine.cause if machine.status == _STOPPED else ""] if machine else []
    reason = "".join(f": {text}" for text in said if text)
    task = execution.progress.current_task
    return ExecutionError(
        category=Category.PLATFORM,
        type=kind,
        message=f"The state machine execution {words}{f' in crew task {task}' if task else ''}{reason[:1000]}.",
        retryable=True,
        remedy="Submit it again; if that fails too, tell the operator the execution_id.",
        task=task,
    )
