"""What an execution has produced so far."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.execution import Execution, Status, TaskOutput, crews_answer
from stepcrew.services.ports import ExecutionStore, TaskOutputStore


class Result(NamedTuple):
    """`outputs` are those of the finished crew tasks; `answer` is the one of them that is the crew's own, once it has
    COMPLETED. Bodies kept in the bucket stay there."""

    execution: Execution
    outputs: list[TaskOutput]
    answer: TaskOutput | None


def read_result(executions: ExecutionStore, tasks: TaskOutputStore, group_id: str, execution_id: str) -> Result:
    """Raises `ExecutionNotFound`."""
    execution = executions.get(group_id, execution_id)
    outputs = tasks.task_outputs(group_id, execution_id, whole=False)
    return Result(execution, outputs, crews_answer(outputs) if execution.status is Status.COMPLETED else None)
