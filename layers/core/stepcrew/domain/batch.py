"""Batches: many executions of one stored crew, one for each row of inputs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel, Field

from stepcrew.domain.execution import BatchPlace, Execution, Limits, Status, Usd
from stepcrew.domain.stored_crew import split_reference

MOST_ROWS = 10_000
MOST_INPUT_BYTES = 20_000_000
MOST_OPEN_BATCHES = 20
"""Of one group: each of them asks for slots again and again."""
DEFAULT_TOLERATED_FAILURES = 100
"""With so many, the crew or the inputs are wrong rather than the rows."""


class BatchRow(BaseModel):
    """One row (numbered from 1). Without a record in the store it is PENDING; RUNNING is one whose execution is open or
    about to be made. `round` grows with each retry of the batch that took the row again; `execution_id` is that of its
    last round, null while none was made. `reason` says why it did not complete."""

    row: int
    round: int
    status: Status
    execution_id: str | None = None
    reason: str = ""
    error_type: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    model_calls: int = 0
    total_tokens: int = 0
    cost_usd: Usd | None = None
    tokens: list[str] = Field(default=[], exclude=True)
    """The task tokens that wait for the end of the row: one of each state machine that asked for it."""


class BatchCounts(BaseModel):
    """Rows by status; those that are in none of these are PENDING."""

    running: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def begun(self) -> int:
        return self.running + self.completed + self.failed + self.cancelled


class BatchUsage(BaseModel):
    """Sums over every execution of the batch that has ended, those of rows that were retried too. `cost_usd` lacks the
    executions counted in `unpriced`, whose cost is unknown."""

    executions: int = 0
    model_calls: int = 0
    total_tokens: int = 0
    cost_usd: Usd = Decimal(0)
    unpriced: int = 0


class Batch(BaseModel):
    """`status` is RUNNING or terminal. `crew` names one version. At most `max_concurrency` of its executions are open
    at the same time; with more than `tolerated_failures` failed rows in one round no further one is started. `round`
    grows with each retry, `rows_in_round` are those it takes. `reason` says why it did not complete. `revision` grows
    with every write. Its executions are parts of the caller's trace, `traceparent`.
    """

    batch_id: str
    group_id: str
    name: str
    crew: str
    status: Status = Status.RUNNING
    reason: str = ""
    revision: int = 1
    total: int
    counts: BatchCounts = BatchCounts()
    usage: BatchUsage = BatchUsage()
    max_concurrency: int
    tolerated_failures: int
    limits: Limits | None = None
    webhooks: list[str] = []
    submitted_by: str | None = None
    traceparent: str | None = None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    round: int = 1
    rows_in_round: int
    failed_in_round: int = 0
    cancel_requested_at: datetime | None = None
    tokens: list[str] = Field(default=[], exclude=True)
    """The task tokens that wait until no row is RUNNING: one of each state machine that came so far."""

    @property
    def crew_name(self) -> str:
        return split_reference(self.crew)[0]

    @property
    def not_begun(self) -> int:
        return self.total - self.counts.begun

    @property
    def starts_no_more(self) -> bool:
        """Whether no further row is to be started."""
        return (
            self.status.is_terminal
            or self.cancel_requested_at is not None
            or self.failed_in_round > self.tolerated_failures
        )

    def ending(self) -> tuple[Status, str]:
        """How it ends, and why it did not complete, once no row is RUNNING and no further one is started."""
        if self.cancel_requested_at and self.counts.completed + self.counts.failed < self.total:
            return Status.CANCELLED, "It was cancelled."
        if self.failed_in_round > self.tolerated_failures:
            reason = f"{self.failed_in_round} rows failed; {self.tolerated_failures} were tolerated."
            return Status.FAILED, reason + (f" {self.not_begun} were not started." if self.not_begun else "")
        if self.not_begun:
            return Status.FAILED, f"{self.not_begun} rows could not be started. Retry the batch."
        return Status.COMPLETED, ""


class RowReference(NamedTuple):
    """A row in one round of a batch; its inputs are the bytes from `first` to `last` (included) of all inputs."""

    group_id: str
    batch_id: str
    round: int
    row: int
    first: int
    last: int


class RowEnding(NamedTuple):
    """How a row ended. `usage` is what its execution used; null where none was made."""

    status: Status
    reason: str = ""
    error_type: str | None = None
    used: Execution | None = None


NOT_STARTED = RowEnding(Status.CANCELLED, "It was not started: the batch was cancelled, or too many rows failed.")
GONE = RowEnding(Status.FAILED, "Its execution was deleted.", "ExecutionNotFound")


def key_of(place: BatchPlace) -> str:
    """The idempotency key of the execution that runs a row in one round."""
    return f"batch/{place.batch_id}#{place.row}#{place.round}"


def ending_of(execution: Execution) -> RowEnding:
    """Of a row whose execution has ended."""
    error = execution.error
    return RowEnding(execution.status, error.message if error else "", error.type if error else None, execution)
