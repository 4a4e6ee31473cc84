"""What is announced when an execution begins to wait for a person or ends, when a batch ends, and when a budget is
nearly or wholly spent: a CloudEvent with references, no bodies.

Source: CloudEvents 1.0.2, "Context attributes" (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, SerializerFunctionWrapHandler, model_serializer

from stepcrew.domain.batch import Batch, BatchCounts, BatchUsage
from stepcrew.domain.budgets import BudgetData
from stepcrew.domain.callback import StepData, TaskData, step_digest
from stepcrew.domain.errors import Category
from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.money import Usd
from stepcrew.domain.stored_crew import CrewVersion
from stepcrew.domain.trace import TraceEvent
from stepcrew.domain.trace_context import passed_on

SOURCE = "stepcrew"


class AnnouncedError(BaseModel):
    """Why it failed or was cancelled; the message may tell of what the crew wrote, so it is read through the API."""

    category: Category
    type: str
    retryable: bool


class AnnouncedUsage(BaseModel):
    """Until then. `cost_usd` is null where a price is unknown."""

    model_calls: int
    total_tokens: int
    cost_usd: Usd | None


class AnnouncedWait(BaseModel):
    """The approval of this number is asked for."""

    number: int
    kind: str
    expires_at: datetime


class ExecutionData(BaseModel):
    """How the execution stood when its status was stored."""

    group_id: str
    execution_id: str
    name: str
    status: Status
    revision: int
    crew: CrewVersion | None
    source: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    usage: AnnouncedUsage
    error: AnnouncedError | None
    waiting: AnnouncedWait | None


class BatchData(BaseModel):
    """How the batch stood when it ended. `pending` rows were not started."""

    group_id: str
    batch_id: str
    name: str
    status: Status
    revision: int
    crew: str
    round: int
    created_at: datetime
    ended_at: datetime | None
    total: int
    pending: int
    counts: BatchCounts
    usage: BatchUsage


class Announcement(BaseModel):
    """`id` is the same whenever the same change is told again; `type` is `stepcrew.execution.<status>` or
    `stepcrew.batch.<status>`, `stepcrew.budget.warning` or `stepcrew.budget.used_up`; `subject` is the id of the
    execution or batch, or a budget's group with its crew; `time` is when the status was stored, or the budget seen.
    `traceparent` leads to the execution's span, or to that of the batch's caller (CloudEvents' extension for
    distributed tracing); others have none. `stepcrew.execution.task` and `.step` are told to callbacks only."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str = SOURCE
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: str | None = None
    data: ExecutionData | BatchData | BudgetData | TaskData | StepData

    @model_serializer(mode="wrap")
    def _without_nothing(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        told: dict[str, Any] = serialize(self)
        if told.get("traceparent") is None:  # absent already where nulls are left out
            told.pop("traceparent", None)
        return told


def announcement_of(changed: Execution | Batch) -> Announcement:
    """Made from the record as it was stored with its new status."""
    return _of_execution(changed) if isinstance(changed, Execution) else _of_batch(changed)


def task_told(group_id: str, execution_id: str, output: TaskOutput, ended_at: datetime) -> Announcement:
    """An output that was stored: of an attempt, because a person may have a task done again."""
    data = TaskData(group_id=group_id, execution_id=execution_id, attempt=output.attempt, task=output.index)
    told_as = f"{execution_id}.task.{output.index}.{output.attempt}"
    return Announcement(id=told_as, type="stepcrew.execution.task", subject=execution_id, time=ended_at, data=data)


def step_told(step: TraceEvent) -> Announcement:
    data = StepData(
        group_id=step.group_id, execution_id=step.execution_id, attempt=step.attempt, sequence=step.sequence
    )
    return Announcement(
        id=f"{step.execution_id}.step.{step_digest(step)}",
        type="stepcrew.execution.step",
        subject=step.execution_id,
        time=step.emitted_at,
        data=data,
    )


def _of_batch(batch: Batch) -> Announcement:
    stored = batch.model_dump(include=set(BatchData.model_fields))
    data = BatchData.model_validate({**stored, "pending": batch.not_begun})
    return Announcement(
        id=f"{batch.batch_id}.{batch.revision}",
        type=f"stepcrew.batch.{batch.status.lower()}",
        subject=batch.batch_id,
        time=batch.updated_at,
        traceparent=batch.traceparent,
        data=data,
    )


def _of_execution(execution: Execution) -> Announcement:
    data = ExecutionData.model_validate(execution.model_dump(include=set(ExecutionData.model_fields)))
    return Announcement(
        id=f"{execution.execution_id}.{execution.revision}",
        type=f"stepcrew.execution.{execution.status.lower()}",
        subject=execution.execution_id,
        time=execution.updated_at,
        traceparent=passed_on(execution),
        data=data,
    )
