"""What the use cases need from the outside. `stepcrew.aws` implements them; tests use fakes or an emulated AWS.

Every method may be repeated safely. All raise our own errors; a platform fault surfaces as `PlatformUnavailable`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from stepcrew.domain.errors import ExecutionError
from stepcrew.domain.execution import Execution, Progress, Status, TaskOutput, Usage
from stepcrew.domain.submission import IdempotencyRecord, Submission
from stepcrew.domain.trace import LogLine, PayloadReference, RecordedRange, TraceEvent


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


class ExecutionStore(Protocol):
    """Execution records, their submissions and idempotency records."""

    def create(self, execution: Execution, submission: Submission, idempotency: IdempotencyRecord | None) -> None:
        """Writes all of them at once or nothing. Raises `AlreadyExists` when the execution id or the idempotency key is
        taken, `IdempotencyInFlight` when another request is writing the same key at this moment."""
        ...

    def get(self, group_id: str, execution_id: str) -> Execution:
        """Strongly consistent. Raises `ExecutionNotFound`."""
        ...

    def list_newest(
        self, group_id: str, *, status: Status | None, name: str | None, before: str | None, limit: int
    ) -> list[Execution]:
        """Up to `limit` executions older than the execution id `before`, newest first."""
        ...

    def submission(self, group_id: str, execution_id: str) -> Submission:
        """Raises `ExecutionNotFound`."""
        ...

    def idempotency(self, group_id: str, key: str) -> IdempotencyRecord | None: ...

    def begin_attempt(self, group_id: str, execution_id: str, now: datetime) -> Execution:
        """Takes the next attempt number and marks RUNNING. Raises `Superseded` when the status is terminal."""
        ...

    def save_progress(
        self,
        execution: Execution,
        *,
        progress: Progress,
        usage: Usage,
        message: str,
        now: datetime,
        traces_emitted: int | None = None,
    ) -> Execution:
        """With `traces_emitted`, the attempt says that it ends here. Fenced by `execution.attempt`: raises `Superseded`
        when a later attempt or a terminal status took over."""
        ...

    def request_cancel(self, group_id: str, execution_id: str, now: datetime) -> Execution:
        """Sets `cancel_requested_at` once, while open, and answers the record as it is now. A PENDING execution becomes
        CANCELLED at once. Raises `Conflict` when the status is already terminal (COMPLETED or FAILED)."""
        ...

    def finish(
        self,
        execution: Execution,
        status: Status,
        *,
        message: str,
        now: datetime,
        progress: Progress | None = None,
        usage: Usage | None = None,
        error: ExecutionError | None = None,
        traces_emitted: int | None = None,
        fenced: bool = True,
    ) -> Execution:
        """The one write that ends an execution. With `fenced`, only the attempt `execution.attempt` may; without, any
        open execution is ended (the platform's own verdict). Raises `Superseded` otherwise, having written nothing."""
        ...

    def delete(self, group_id: str, execution_id: str) -> None:
        """Removes everything of a terminal execution, the record last. Raises `Conflict` while it is open."""
        ...


class TaskOutputStore(Protocol):
    """Outputs of finished crew tasks: the result, and the checkpoint of a later attempt."""

    def save_task_output(self, execution: Execution, output: TaskOutput) -> None:
        """Fenced by `execution.attempt`; bodies too large for the table go to the bucket unseen by the caller."""
        ...

    def task_outputs(self, group_id: str, execution_id: str, *, whole: bool = True) -> list[TaskOutput]:
        """All finished tasks by index. With `whole` false, bodies kept in the bucket stay there (`raw_reference`)."""
        ...

    def task_output(self, group_id: str, execution_id: str, index: int, *, whole: bool = True) -> TaskOutput | None:
        """One finished task; `whole` as above."""
        ...


class TraceStore(Protocol):
    def record(self, group_id: str, execution_id: str, events: list[TraceEvent], logs: list[LogLine]) -> None:
        """Stores one batch (consecutive events of one attempt) idempotently by (attempt, sequence) and counts it
        exactly once in the execution's `traces_recorded`. Events of an execution that was deleted are dropped."""
        ...

    def events(self, group_id: str, execution_id: str, *, after: tuple[int, int], limit: int) -> list[TraceEvent]:
        """In order, those behind (attempt, sequence)."""
        ...

    def event(self, group_id: str, execution_id: str, attempt: int, sequence: int) -> TraceEvent | None: ...

    def logs(self, group_id: str, execution_id: str, *, after: tuple[int, int], limit: int) -> list[LogLine]: ...

    def recorded_ranges(self, group_id: str, execution_id: str) -> list[RecordedRange]:
        """Which events are stored, in order: what lies between is a gap."""
        ...


class TraceQueue(Protocol):
    def send(
        self, group_id: str, execution_id: str, attempt: int, events: list[TraceEvent], logs: list[LogLine]
    ) -> None:
        """Sends consecutive events as one message, at most 100 events and 900,000 bytes; returns when acknowledged."""
        ...


class PayloadStore(Protocol):
    """Claim checks: bodies kept in the bucket below the execution's own path."""

    def put(
        self, group_id: str, execution_id: str, payload_id: str, body: bytes, content_type: str = "application/json"
    ) -> PayloadReference: ...

    def get(self, group_id: str, execution_id: str, payload_id: str) -> bytes | None: ...

    def url(self, group_id: str, execution_id: str, payload_id: str) -> str:
        """A presigned address of the payload, good for a few minutes."""
        ...

    def delete_all(self, group_id: str, execution_id: str) -> None: ...


class Orchestrator(Protocol):
    def start(self, execution: Execution) -> None:
        """Starts the state machine under the execution's id; starting again is harmless."""
        ...


class Secrets(Protocol):
    def group_secret(self, group_id: str, name: str) -> str | None: ...

    def operator_secrets(self) -> dict[str, str]:
        """The provider keys of the operator, by environment variable name."""
        ...
