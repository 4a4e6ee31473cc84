"""In-memory ports for the runner. They pass the contract tests of the adapters (tests/unit/contracts)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from stepcrew.domain.approval import Approval, Decision
from stepcrew.domain.errors import ExecutionError, ExecutionNotFound, PlatformUnavailable, StillWaiting, Superseded
from stepcrew.domain.execution import CancelReceipt, Execution, Limits, Progress, Status, TaskOutput, Usage, Waiting
from stepcrew.domain.journal import EntryState, JournalEntry
from stepcrew.domain.metering import Metered
from stepcrew.domain.proof import AttemptProof
from stepcrew.domain.submission import IdempotencyRecord, Submission
from stepcrew.domain.trace import LogLine, PayloadReference, TraceBatch, TraceEvent


class FakeClock:
    """The real time, shifted by what `advance` was told."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


class FakeExecutions:
    """`ExecutionStore`, as far as the runner uses it. `outages` makes the next writes fail, one for each."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._records: dict[str, Execution] = {}
        self._submissions: dict[str, Submission] = {}
        self._lock = threading.RLock()
        self.approvals: dict[str, list[Approval]] = {}
        self.finishes: list[Status] = []
        self.outages = 0

    def add(self, execution: Execution, submission: Submission) -> None:
        self._records[execution.execution_id] = execution
        self._submissions[execution.execution_id] = submission

    def create(self, execution: Execution, submission: Submission, idempotency: IdempotencyRecord | None) -> None:
        self.add(execution, submission)

    def get(self, group_id: str, execution_id: str) -> Execution:
        with self._lock:
            found = self._records.get(execution_id)
            if found is None or found.group_id != group_id:
                raise ExecutionNotFound(execution_id)
            return found.model_copy(deep=True)

    def submission(self, group_id: str, execution_id: str) -> Submission:
        self.get(group_id, execution_id)
        # Through JSON, as a store would: nothing is shared with the test.
        return Submission.model_validate_json(self._submissions[execution_id].model_dump_json(exclude_unset=True))

    def idempotency(self, group_id: str, key: str, now: datetime) -> IdempotencyRecord | None:
        return None

    def begin_attempt(self, group_id: str, execution_id: str, now: datetime, memory_mb: int = 0) -> Execution:
        with self._lock:
            record = self.get(group_id, execution_id)
            if record.status.is_terminal:
                raise Superseded("The execution has ended already.")
            if record.status is Status.WAITING:
                raise StillWaiting("The execution waits for a person.")
            if record.queued_at is not None:
                raise StillWaiting("The execution waits for a slot.")
            started_at = record.started_at or now
            since = record.unmetered_since or now
            metering = {"unmetered_since": since, "memory_mb": memory_mb}
            running = {"status": Status.RUNNING, "attempt": record.attempt + 1, "started_at": started_at}
            return self._write(record, now, **running, **metering)

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
        with self._lock:
            record = self._held(execution)
            emitted = dict(record.traces_emitted)
            if traces_emitted is not None:
                emitted[str(execution.attempt)] = traces_emitted
            return self._write(
                record,
                now,
                progress=progress,
                usage=usage,
                message=message,
                traces_emitted=emitted,
                proof=_proven(record, proof),
                **_metering(metered),
            )

    def count_open(self, group_id: str, most: int) -> int:
        raise NotImplementedError("The runner submits nothing.")

    def open_of(self, group_id: str) -> Iterator[Execution]:
        raise NotImplementedError("The runner deletes no projects.")

    def open_executions(self, *, unchanged_since: datetime) -> Iterator[Execution]:
        raise NotImplementedError("The runner sweeps nothing.")

    def change(self, execution_id: str, **changes: object) -> Execution:
        """What somebody else wrote, without a fence."""
        with self._lock:
            return self._write(self._records[execution_id], self._clock.now(), **changes)

    def request_cancel(self, execution: Execution, *, message: str, now: datetime) -> Execution | None:
        with self._lock:
            record = self.get(execution.group_id, execution.execution_id)
            if record.status is not Status.RUNNING or record.queued_at is not None:
                return None
            return self._write(record, now, cancel_requested_at=record.cancel_requested_at or now, message=message)

    def cancel_at_rest(
        self, execution: Execution, error: ExecutionError, receipt: CancelReceipt, event: TraceEvent, *, now: datetime
    ) -> Execution | None:
        with self._lock:
            record = self.get(execution.group_id, execution.execution_id)
            if record.status is not execution.status:
                return None
            self._withdraw(record, now)
            attempt = str(event.attempt)
            return self._write(
                record,
                now,
                status=Status.CANCELLED,
                cancel_requested_at=now,
                ended_at=now,
                message=error.message,
                error=error,
                cancel_receipt=receipt,
                waiting=None,
                queued_at=None,
                traces_emitted={**record.traces_emitted, attempt: 1},
                traces_recorded={**record.traces_recorded, attempt: 1},
            )

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
        with self._lock:
            record = self.get(execution.group_id, execution.execution_id)
            if fenced and record.status is status and record.attempt == execution.attempt:
                return record  # its own earlier write, repeated
            if fenced:
                self._held(execution)
            elif record.status.is_terminal:
                raise Superseded("It has ended already.")
            self.finishes.append(status)
            self._withdraw(record, now)
            given: dict[str, object] = {
                "progress": progress,
                "usage": usage,
                "error": error,
                "cancel_receipt": cancel_receipt,
                "proof": _proven(record, proof),
            }
            if traces_emitted is not None:
                given["traces_emitted"] = {**record.traces_emitted, str(execution.attempt): traces_emitted}
            changes = {name: value for name, value in given.items() if value is not None}
            changes |= {"waiting": None, "queued_at": None, **_metering(metered)}
            return self._write(record, now, status=status, message=message, ended_at=now, **changes)

    def delete(self, group_id: str, execution_id: str) -> Counter[str]:
        del self._records[execution_id]
        return Counter(executions=1)

    def all(self) -> list[Execution]:
        return list(self._records.values())

    def kept(self) -> tuple[dict[str, Execution], dict[str, Submission]]:
        with self._lock:
            return dict(self._records), dict(self._submissions)

    def restore(self, records: dict[str, Execution], submissions: dict[str, Submission]) -> None:
        self._records, self._submissions = records, submissions

    def fence(self, execution: Execution) -> None:
        """Raises `Superseded` unless the attempt still holds the execution."""
        self._held(execution)

    def fail_when_due(self) -> None:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The table did not answer.")

    def _held(self, execution: Execution) -> Execution:
        self.fail_when_due()
        record = self.get(execution.group_id, execution.execution_id)
        if record.attempt != execution.attempt or record.status is not Status.RUNNING:
            raise Superseded("A later attempt or a terminal status took over.")
        return record

    def _withdraw(self, record: Execution, now: datetime) -> None:
        asked = self.approvals.get(record.execution_id, [])
        self.approvals[record.execution_id] = [
            one.model_copy(update={"withdrawn_at": now}) if one.is_open else one for one in asked
        ]

    def _write(self, record: Execution, now: datetime, **changes: object) -> Execution:
        changed = record.model_copy(update={**changes, "updated_at": now, "revision": record.revision + 1})
        self._records[record.execution_id] = Execution.model_validate_json(changed.model_dump_json())
        return self._records[record.execution_id].model_copy(deep=True)


def _metering(metered: Metered | None) -> dict[str, object]:
    return {} if metered is None else {"metered": metered, "unmetered_since": None}


def _proven(record: Execution, proof: AttemptProof | None) -> dict[str, AttemptProof] | None:
    return record.proof if proof is None else {**(record.proof or {}), str(record.attempt): proof}


class FakeApprovals:
    """`ApprovalStore`, as far as the runner uses it, and `decide` for the tests' people."""

    def __init__(self, executions: FakeExecutions) -> None:
        self._executions = executions
        self._approvals = executions.approvals

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
        record = self._executions.get(execution.group_id, execution.execution_id)
        if record.attempt == execution.attempt and record.approvals == approval.number:
            return record  # its own earlier write, repeated
        self._executions.fence(execution)
        if record.cancel_requested_at:
            raise Superseded("A cancel request came before.")
        self._approvals.setdefault(execution.execution_id, []).append(approval)
        return self._executions.change(
            execution.execution_id,
            status=Status.WAITING,
            waiting=Waiting(
                number=approval.number,
                kind=approval.kind.value,
                task_name=approval.task_name,
                since=now,
                expires_at=approval.expires_at,
            ),
            approvals=approval.number,
            progress=progress,
            usage=usage,
            traces_emitted={**record.traces_emitted, str(execution.attempt): traces_emitted},
            proof=_proven(record, proof),
            **_metering(metered),
        )

    def approvals(self, group_id: str, execution_id: str) -> list[Approval]:
        asked = self._approvals.get(execution_id, [])
        return [one.model_copy(deep=True) for one in asked if one.group_id == group_id]

    def waiting(self, group_id: str, *, after: str | None, limit: int) -> list[Approval]:
        raise NotImplementedError("The runner lists nothing.")

    def decide(self, execution: Execution, decision: Decision, *, deadline: datetime, now: datetime) -> Execution:
        record = self._executions.get(execution.group_id, execution.execution_id)
        if execution.waiting is None or record.waiting != execution.waiting:
            raise Superseded("Nothing waits for this decision any more.")
        asked = self._approvals[execution.execution_id]
        asked[-1] = asked[-1].model_copy(update={"decision": decision})
        changes: dict[str, object] = {"status": Status.RUNNING, "waiting": None, "deadline": deadline}
        changes["queued_at"] = now
        if decision.limits is not None:
            changes |= {"limits": decision.limits, "first_limits": record.first_limits or record.limits}
        return self._executions.change(execution.execution_id, **changes)

    def keep_token(self, group_id: str, execution_id: str, token: str) -> Execution | None:
        raise NotImplementedError("The runner knows no tokens.")

    def token(self, group_id: str, execution_id: str) -> str | None:
        raise NotImplementedError("The runner knows no tokens.")

    def forget_token(self, group_id: str, execution_id: str, token: str) -> None:
        raise NotImplementedError("The runner knows no tokens.")


class FakeJournal:
    """`JournalStore`; entries go through JSON, as in the table. `outages` makes the next writes fail, one for each."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str, str], str] = {}
        self._lock = threading.Lock()
        self.outages = 0

    def entries(self, group_id: str, execution_id: str) -> list[JournalEntry]:
        with self._lock:
            kept = [text for key, text in self._entries.items() if key[:2] == (group_id, execution_id)]
        return [JournalEntry.model_validate_json(text) for text in kept]

    def body(self, group_id: str, execution_id: str, entry: JournalEntry) -> str:
        return entry.body

    def write(self, execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The table did not answer.")
        key = (execution.group_id, execution.execution_id, entry.entry_id)
        with self._lock:
            standing = JournalEntry.model_validate_json(self._entries[key]) if key in self._entries else None
            takes_place = again or entry.state is EntryState.ANSWERED
            if standing and not (takes_place and standing.state is EntryState.BEGUN):
                return standing
            self._entries[key] = entry.model_dump_json()
        return entry

    def text(self) -> str:
        """Everything that was ever written, as text."""
        return "\n".join(self._entries.values())

    def kept(self) -> dict[tuple[str, str, str], str]:
        with self._lock:
            return dict(self._entries)

    def restore(self, entries: dict[tuple[str, str, str], str]) -> None:
        self._entries = entries


class FakeTaskOutputs:
    """`TaskOutputStore`; outputs go through JSON, as in the table."""

    def __init__(self, executions: FakeExecutions) -> None:
        self._executions = executions
        self._outputs: dict[tuple[str, str, int], str] = {}
        self.saves: list[str] = []
        self.outages = 0

    def save_task_output(self, execution: Execution, output: TaskOutput, *, usage: Usage | None = None) -> None:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The table did not answer.")
        self._executions.fence(execution)
        self.saves.append(output.name)
        if usage is not None:
            self._executions.change(execution.execution_id, usage=usage)
        self._outputs[execution.group_id, execution.execution_id, output.index] = output.model_dump_json()

    def keep_task_output(self, execution: Execution, output: TaskOutput) -> None:
        self._outputs[execution.group_id, execution.execution_id, output.index] = output.model_dump_json()

    def kept(self) -> dict[tuple[str, str, int], str]:
        return dict(self._outputs)

    def restore(self, outputs: dict[tuple[str, str, int], str]) -> None:
        self._outputs = outputs

    def task_outputs(self, group_id: str, execution_id: str, *, whole: bool = True) -> list[TaskOutput]:
        kept = sorted((key[2], text) for key, text in self._outputs.items() if key[:2] == (group_id, execution_id))
        return [TaskOutput.model_validate_json(text) for _, text in kept]

    def task_output(self, group_id: str, execution_id: str, index: int, *, whole: bool = True) -> TaskOutput | None:
        text = self._outputs.get((group_id, execution_id, index))
        return TaskOutput.model_validate_json(text) if text else None


class FakeQueue:
    """`TraceQueue` that keeps every message as what was read of the text that would travel; a message sent twice is
    kept once. `outages` makes the next sends fail, one for each."""

    def __init__(self) -> None:
        self.batches: list[TraceBatch] = []
        self._ids: set[tuple[str, int, int, int]] = set()
        self.outages = 0

    def send(
        self, group_id: str, execution_id: str, attempt: int, events: list[TraceEvent], logs: list[LogLine]
    ) -> None:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The queue did not answer.")
        assert len(events) <= 100
        assert sum(len(event.model_dump_json()) for event in events) <= 900_000
        first_event, first_log = (items[0].sequence if items else 0 for items in (events, logs))
        if (execution_id, attempt, first_event, first_log) in self._ids:
            return
        self._ids.add((execution_id, attempt, first_event, first_log))
        batch = TraceBatch(group_id=group_id, execution_id=execution_id, attempt=attempt, events=events, logs=logs)
        self.batches.append(TraceBatch.model_validate_json(batch.model_dump_json(exclude_none=True)))

    def events(self, execution_id: str) -> list[TraceEvent]:
        return [event for batch in self.batches if batch.execution_id == execution_id for event in batch.events]

    def logs(self, execution_id: str) -> list[LogLine]:
        return [line for batch in self.batches if batch.execution_id == execution_id for line in batch.logs]

    def text(self) -> str:
        """Everything that ever left, as text."""
        return "\n".join(batch.model_dump_json() for batch in self.batches)


class FakePayloads:
    """`PayloadStore` in a dictionary. `outages` makes the next writes fail, one for each."""

    def __init__(self) -> None:
        self.outages = 0
        self.bodies: dict[tuple[str, str, str], bytes] = {}

    def put(
        self, group_id: str, execution_id: str, payload_id: str, body: bytes, content_type: str = "application/json"
    ) -> PayloadReference:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The bucket did not answer.")
        self.bodies[group_id, execution_id, payload_id] = body
        preview = body[:300].decode(errors="ignore")
        return PayloadReference(payload_id=payload_id, bytes=len(body), content_type=content_type, preview=preview)

    def get(self, group_id: str, execution_id: str, payload_id: str) -> bytes | None:
        return self.bodies.get((group_id, execution_id, payload_id))

    def url(self, group_id: str, execution_id: str, payload_id: str) -> str:
        return f"https://bucket.example/{group_id}/{execution_id}/{payload_id}"

    def sizes(self, group_id: str, execution_id: str, prefix: str) -> dict[str, int]:
        own = {key[2]: len(body) for key, body in self.bodies.items() if key[:2] == (group_id, execution_id)}
        return {payload_id: size for payload_id, size in own.items() if payload_id.startswith(prefix)}

    def delete_all(self, group_id: str, execution_id: str) -> int:
        gone = [key for key in self.bodies if key[:2] == (group_id, execution_id)]
        return len([self.bodies.pop(key) for key in gone])


def new_execution(execution_id: str, tasks: int, now: datetime, limits: Limits, group_id: str) -> Execution:
    """As the runner finds it: stored by the API and marked RUNNING by the state machine."""
    return Execution(
        execution_id=execution_id,
        group_id=group_id,
        name="crew",
        status=Status.RUNNING,
        proof={},
        created_at=now,
        updated_at=now,
        deadline=now + timedelta(seconds=limits.timeout_seconds),
        limits=limits,
        progress=Progress(tasks_total=tasks),
        journalled=True,
    )
