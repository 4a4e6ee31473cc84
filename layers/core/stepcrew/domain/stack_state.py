"""What an operator sees of the whole stack: numbers and ids, no text of any crew."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, Field

from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.limits import LimitRules

SWEEP_OVERDUE = timedelta(minutes=5)
"""A sweep comes every minute."""
STUCK = timedelta(minutes=5)
"""Several sweeps have tried to start it by then."""
MANY_MESSAGES = 1_000


class QueueState(BaseModel):
    """About how many messages lie in a queue (SQS counts within a minute) and among its dead letters."""

    name: str
    waiting: int
    in_flight: int
    dead: int
    redrivable: bool = Field(description="Whether its dead letters can be sent again.")


class SweepState(BaseModel):
    """The last sweep of the reconciler: what it did, by action."""

    at: datetime
    actions: dict[str, int]
    failures: int
    cut_short: bool


class OpenExecution(BaseModel):
    group_id: str
    execution_id: str
    status: Status
    queued: bool = Field(description="Whether it waits for a slot of its group.")
    attempt: int
    created_at: datetime
    updated_at: datetime


class GroupState(BaseModel):
    """A group that has open executions, and what it may have: null, with the `fault`, where its limits cannot be read.
    Nothing of it is submitted or given a slot then."""

    group_id: str
    open: int
    may_be_open: int | None
    running: int
    may_run: int | None
    queued: int
    waiting: int = Field(description="For a person.")
    fault: str = ""


class PartState(BaseModel):
    """One part of the platform. `healthy` is null where it did not answer; `told` says what is so."""

    part: str
    healthy: bool | None
    told: str


def is_stuck(execution: Execution, now: datetime) -> bool:
    """Whether it has a slot and should have started, and has not."""
    waits = execution.status is Status.PENDING and execution.queued_at is None
    return waits and now - execution.updated_at >= STUCK


def open_execution(execution: Execution) -> OpenExecution:
    fields = execution.model_dump(include=set(OpenExecution.model_fields))
    return OpenExecution(**fields, queued=execution.queued_at is not None)


def group_state(group_id: str, of_group: list[Execution], rules: LimitRules | None, fault: str) -> GroupState:
    return GroupState(
        group_id=group_id,
        open=len(of_group),
        may_be_open=rules and rules.open_executions,
        running=sum(one.holds_slot for one in of_group),
        may_run=rules and rules.running_executions,
        queued=sum(one.queued_at is not None for one in of_group),
        waiting=sum(one.status is Status.WAITING for one in of_group),
        fault=fault,
    )


def health(
    executions: list[Execution],
    groups: list[GroupState],
    queues: list[QueueState] | None,
    sweep: SweepState | None,
    now: datetime,
) -> list[PartState]:
    """Of each part; that the API answers, whoever reads this knows."""
    return [
        _starts(executions, groups, now),
        _sweeps(sweep, now),
        *([_queue(queue) for queue in queues] if queues is not None else [_UNREAD]),
    ]


def _starts(executions: list[Execution], groups: list[GroupState], now: datetime) -> PartState:
    stuck = [one for one in executions if is_stuck(one, now)]
    wrong = [f"{len(stuck)} executions are PENDING for five minutes though they have a slot."] if stuck else []
    wrong += [group.fault for group in groups if group.fault]
    return PartState(part="starts", healthy=not wrong, told=" ".join(wrong) or "Nothing waits to be started.")


_UNREAD = PartState(part="queues", healthy=None, told="The queues did not answer.")


def _sweeps(sweep: SweepState | None, now: datetime) -> PartState:
    if sweep is None:
        return PartState(part="sweeps", healthy=None, told="No sweep has come yet.")
    seconds = int((now - sweep.at).total_seconds())
    if now - sweep.at > SWEEP_OVERDUE:
        return PartState(part="sweeps", healthy=False, told=f"The last one came {seconds // 60} minutes ago.")
    if sweep.failures:
        return PartState(part="sweeps", healthy=False, told=f"The last one failed for {sweep.failures} executions.")
    return PartState(part="sweeps", healthy=True, told=f"The last one came {seconds} s ago.")


def _queue(queue: QueueState) -> PartState:
    part = f"{queue.name} queue"
    if queue.dead:
        return PartState(part=part, healthy=False, told=f"{queue.dead} dead letter{'s' if queue.dead > 1 else ''}.")
    if queue.waiting > MANY_MESSAGES:
        return PartState(part=part, healthy=False, told=f"{queue.waiting} messages wait.")
    return PartState(part=part, healthy=True, told=f"{queue.waiting + queue.in_flight} messages.")
