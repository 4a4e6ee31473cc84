"""What the use cases need from the outside. `stepcrew.aws` implements them; tests use fakes or an emulated AWS.

Every method may be repeated safely. All raise our own errors; a platform fault surfaces as `PlatformUnavailable`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from stepcrew.domain.approval import Approval, Decision
from stepcrew.domain.errors import ExecutionError
from stepcrew.domain.execution import CancelReceipt, Execution, Progress, Status, TaskOutput, Usage
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.limits import LimitRules
from stepcrew.domain.listing import ExecutionPage, ListFilter
from stepcrew.domain.metering import Metered
from stepcrew.domain.proof import AttemptProof
from stepcrew.domain.submission import IdempotencyRecord, Submission
from stepcrew.domain.trace import LogLine, PayloadReference, RecordedRange, TraceEvent


class Orchestration(NamedTuple):
    """A state machine execution: `status` in the words of Step Functions (RUNNING, SUCCEEDED, FAILED, TIMED_OUT,
    ABORTED), with the error's name and cause when it ended abnormally."""

    status: str
    error: str = ""
    cause: str = ""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...


class ExecutionStore(Protocol):
    """Execution records, their submissions and idempotency records."""

    def create(self, execution: Execution, submission: Submission, idempotency: IdempotencyRecord | None) -> None:
        """Writes all of them at once or nothing; with `queued_at`, the execution joins its group's queue. Raises
        `AlreadyExists` when the execution id or the idempotency key is taken, `IdempotencyInFlight` when another
        request is writing the same key at this moment. A rerun is named in the record of the execution it repeats too:
        raises `Conflict` when that has as many as it can have, or is gone."""
        ...

    def get(self, group_id: str, execution_id: str) -> Execution:
        """Strongly consistent. Raises `ExecutionNotFound`."""
        ...

    def submission(self, group_id: str, execution_id: str) -> Submission:
        """Raises `ExecutionNotFound`."""
        ...

    def idempotency(self, group_id: str, key: str, now: datetime) -> IdempotencyRecord | None:
        """The record of a key that has not expired by `now`."""
        ...

    def begin_attempt(self, group_id: str, execution_id: str, now: datetime, memory_mb: int = 0) -> Execution:
        """Takes the next attempt number and marks RUNNING; `memory_mb` is that of its function. Raises `Superseded`
        when the status is terminal, and `StillWaiting` when it waits for a person, which only a decision ends, or for a
        slot."""
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
        proof: AttemptProof | None = None,
        metered: Metered | None = None,
    ) -> Execution:
        """With `traces_emitted` (and `proof`, and `metered`: the sums of all attempts with its own), the attempt says
        that it ends here. Fenced by `execution.attempt`: raises `Superseded` when a later attempt or a terminal status
        took over."""
        ...

    def request_cancel(self, execution: Execution, *, message: str, now: datetime) -> Execution | None:
        """Sets `cancel_requested_at`, once, if the execution is still RUNNING and holds its slot; None, and nothing
        written, if not."""
        ...

    def cancel_at_rest(
        self, execution: Execution, error: ExecutionError, receipt: CancelReceipt, event: TraceEvent, *, now: datetime
    ) -> Execution | None:
        """CANCELLED in one write with its error, its receipt and the only event of its trace's system attempt, if the
        execution still has the status that was read (PENDING, WAITING, or RUNNING while it waits for a slot); the
        approval it waits for is withdrawn, and it leaves the queue.
        None, and nothing written, if the status has changed."""
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
        cancel_receipt: CancelReceipt | None = None,
        proof: AttemptProof | None = None,
        metered: Metered | None = None,
        fenced: bool = True,
    ) -> Execution:
        """The one write that ends an execution. With `fenced`, only the attempt `execution.attempt` may; without, any
        open execution is ended (the platform ends it) and what waits is withdrawn. Raises `Superseded`
        otherwise, having written nothing."""
        ...

    def count_open(self, group_id: str, most: int) -> int:
        """How many executions of the group are open, counted up to `most` (1 to 5,000); eventually consistent."""
        ...

    def open_of(self, group_id: str) -> Iterator[Execution]:
        """Every open execution of the group, read from the sparse index of open executions alone; eventually
        consistent."""
        ...

    def open_executions(self, *, unchanged_since: datetime) -> Iterator[Execution]:
        """Every open execution of every group whose record did not change since, read from the sparse index of open
        executions alone. For the reconciler."""
        ...

    def delete(self, group_id: str, execution_id: str) -> Counter[str]:
        """Removes everything of the execution, which has ended; the record last. How many of each kind went."""
        ...


class ListingStore(Protocol):
    def newest(self, group_id: str, wanted: ListFilter, *, before: str | None, limit: int) -> ExecutionPage:
        """Up to `limit` executions older than the execution id `before`, newest first; eventually consistent."""
        ...


class ApprovalStore(Protocol):
    """What waits for people. An execution has at most one open approval."""

    def park(
        self,
        execution: Execution,
        approval: Approval,
        *,
        progress: Progress,
        usage: Usage,
        traces_emitted: int,
        now: datetime,
        proof: AttemptProof | None = None,
        metered: Metered | None = None,
    ) -> Execution:
        """RUNNING becomes WAITING and the approval is stored, at once. Fenced by `execution.attempt`: raises
        `Superseded` when a later attempt, a terminal status or a cancel request came before. A large `output` goes to
        the bucket unseen by the caller."""
        ...

    def waiting(self, group_id: str, *, after: str | None, limit: int) -> list[Approval]:
        """Up to `limit` open approvals of the group behind the approval id `after`, oldest execution first."""
        ...

    def approvals(self, group_id: str, execution_id: str) -> list[Approval]:
        """All of one execution, by number; strongly consistent. Large outputs stay in the bucket."""
        ...

    def decide(self, execution: Execution, decision: Decision, *, deadline: datetime, now: datetime) -> Execution:
        """The execution's open approval (`execution.waiting`) gets this decision, and WAITING becomes RUNNING with the
        new deadline (and limits) and joins the queue for a slot, at once. Raises `Superseded` when another decision or
        a cancel came before."""
        ...

    def keep_token(self, group_id: str, execution_id: str, token: str) -> Execution | None:
        """Stores the state machine's task token while the execution is WAITING or waits for a slot, and answers the
        record; answers None when it does neither (any more)."""
        ...

    def token(self, group_id: str, execution_id: str) -> str | None:
        """The task token on which the state machine waits, if one is known."""
        ...

    def forget_token(self, group_id: str, execution_id: str, token: str) -> None:
        """Removes the token if it is still this one; the record's revision does not change."""
        ...


class LimitStore(Protocol):
    def limit_rules(self, group_id: str) -> LimitRules:
        """The group's own, else the operator's for all groups."""
        ...


class TaskOutputStore(Protocol):
    """Outputs of finished crew tasks: the result, and the checkpoint of a later attempt."""

    def save_task_output(self, execution: Execution, output: TaskOutput, *, usage: Usage | None = None) -> None:
        """Fenced by `execution.attempt`; bodies too large for the table go to the bucket unseen by the caller. `usage`,
        the execution's so far, is written with it: what was paid for an output is never known less than the output."""
        ...

    def keep_task_output(self, execution: Execution, output: TaskOutput) -> None:
        """Of an execution that is about to be created: a task it begins with as finished. Expires with it, also when
        it is never created."""
        ...

    def task_outputs(self, group_id: str, execution_id: str, *, whole: bool = True) -> list[TaskOutput]:
        """All finished tasks by index. With `whole` false, bodies kept in the bucket stay there (`raw_reference`)."""
        ...

    def task_output(self, group_id: str, execution_id: str, index: int, *, whole: bool = True) -> TaskOutput | None:
        """One finished task; `whole` as above."""
        ...


class JournalStore(Protocol):
    """The journal of an execution. Not fenced: an answer that a late attempt paid for is an answer all the same."""

    def entries(self, group_id: str, execution_id: str) -> list[JournalEntry]:
        """All, in no order, strongly consistent. Large bodies stay in the bucket (`body_reference`)."""
        ...

    def body(self, group_id: str, execution_id: str, entry: JournalEntry) -> str:
        """The entry's body, wherever it is kept."""
        ...

    def write(self, execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        """Puts the entry where none is (an answer, or with `again` any entry, also in the place of its call's
        beginning) and answers the one that stands there afterwards: this one, or one that another attempt put there
        before. It expires with the execution."""
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

    def delete_all(self, group_id: str, execution_id: str) -> int: ...


class Orchestrator(Protocol):
    def start(self, execution: Execution) -> None:
        """Starts the state machine under the execution's id; starting again is harmless."""
        ...

    def resume(self, token: str) -> None:
        """Lets a state machine that waits on this task token go on; one that does not wait any more is left alone."""
        ...

    def look(self, execution_id: str) -> Orchestration | None:
        """How the execution's state machine execution stands, the latest if it was replaced; None when there is
        none."""
        ...

    def replace(self, execution: Execution) -> bool:
        """Starts another state machine execution, under the next name, in place of one that has ended. Repeating it
        while that one runs starts nothing. False when the execution has had its share of them."""
        ...
