"""What is known of one execution when somebody asks why it stands as it does. `diagnosis_rules` says what follows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import BaseModel, Field

from stepcrew.domain.approval import Approval
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.trace import Gap, LogLine

MACHINE, QUEUES = "state machine", "queues"
"""Parts that may not have answered, as `unread` names them."""


class MachineStep(BaseModel):
    """An event of the state machine's history: a state that was entered, or what failed or ended."""

    at: datetime
    event: str
    state: str | None = None
    error: str | None = None


class Machine(BaseModel):
    """The state machine execution, the latest if it was replaced. `status` is in the words of Step Functions; `steps`
    are the last ones, oldest first."""

    status: str
    error: str = ""
    steps: list[MachineStep] = []


class TraceQueueDepth(BaseModel):
    """Messages of the stack's trace queue, of all groups together, about: a message has up to 100 events."""

    waiting: int
    in_flight: int
    dead: int = Field(description="In the dead-letter queue.")


class Slots(BaseModel):
    """How many executions of the group run, wait for a slot and are open, and how many may."""

    running: int
    may_run: int
    waiting: int
    position: int | None = Field(description="Of this execution among those that wait; 1 is next.")
    open: int
    may_be_open: int


class AttemptFacts(BaseModel):
    """One attempt. `emitted` is null when it has not said how many events it made: it runs, or died."""

    attempt: int
    emitted: int | None
    recorded: int
    died: bool


class Facts(NamedTuple):
    """`machine` is null where there is none. `unread` names the parts that did not answer; of these nothing is known.
    `recorded` events of `emitted`; `gaps` are those that are missing. `logs` are the last lines, oldest first.
    `limits_fault` says why the limits of the group cannot be read; then nothing is known of its slots."""

    now: datetime
    execution: Execution
    machine: Machine | None = None
    queue: TraceQueueDepth | None = None
    slots: Slots | None = None
    limits_fault: str = ""
    approvals: tuple[Approval, ...] = ()
    gaps: tuple[Gap, ...] = ()
    complete: bool = False
    logs: tuple[LogLine, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        return self.execution.status

    @property
    def is_open(self) -> bool:
        return not self.execution.status.is_terminal

    @property
    def should_run(self) -> bool:
        """Nothing that the group could see holds it up: no person, no slot."""
        return self.is_open and self.status is not Status.WAITING and self.execution.queued_at is None

    @property
    def knows_machine(self) -> bool:
        return MACHINE not in self.unread

    def since(self, moment: datetime) -> timedelta:
        return max(self.now - moment, timedelta())


class Finding(BaseModel):
    """`rule` is a name that stays the same; `what` tells what happened, `remedy` what to do, each in a sentence or
    two."""

    rule: str
    what: str
    remedy: str


def attempts_of(execution: Execution) -> list[AttemptFacts]:
    """All that were begun, with the platform's own (9999) where it has written."""
    begun = range(1, execution.attempt + 1)
    known = {*begun, *map(int, execution.traces_emitted), *map(int, execution.traces_recorded)}
    return [
        AttemptFacts(
            attempt=number,
            emitted=(emitted := execution.traces_emitted.get(str(number))),
            recorded=execution.traces_recorded.get(str(number), 0),
            died=emitted is None and (number < execution.attempt or execution.status.is_terminal),
        )
        for number in sorted(known)
    ]


def span(time: timedelta) -> str:
    """`45 s`, `3 min`, `2 h 5 min`, `3 days`."""
    seconds = int(time.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    if seconds < 48 * 3600:
        minutes = seconds % 3600 // 60
        return f"{seconds // 3600} h" + (f" {minutes} min" if minutes else "")
    return f"{seconds // 86400} days"
