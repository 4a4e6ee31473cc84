"""What an attempt reads and writes, in memory: as far as an attempt uses it."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from stepcrew.domain.approval import Approval
from stepcrew.domain.bundle import Bundle
from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.submission import Submission
from stepcrew.domain.trace import LogLine, PayloadReference, TraceEvent
from stepcrew_runner.gate.journal import Source


class OneExecution:
    """`ExecutionStore` of the one execution that is replayed."""

    def __init__(self, execution: Execution, submission: Submission) -> None:
        self.record = execution
        self._submission = submission
        self._lock = threading.Lock()

    def get(self, group_id: str, execution_id: str) -> Execution:
        with self._lock:
            return self.record.model_copy()

    def submission(self, group_id: str, execution_id: str) -> Submission:
        return self._submission

    def begin_attempt(self, group_id: str, execution_id: str, now: datetime, memory_mb: int = 0) -> Execution:
        return self._write(status=Status.RUNNING, attempt=1)

    def save_progress(self, execution: Execution, **_news: Any) -> Execution:
        return self.get(execution.group_id, execution.execution_id)

    def finish(self, execution: Execution, status: Status, **news: Any) -> Execution:
        return self._write(status=status, **{name: news.get(name) for name in ("message", "error")})

    def _write(self, **changes: Any) -> Execution:
        with self._lock:
            self.record = self.record.model_copy(update=changes)
            return self.record.model_copy()


class Outputs:
    """`TaskOutputStore`, beginning with the outputs that the execution itself began with."""

    def __init__(self, kept: list[TaskOutput]) -> None:
        self.by_name = {output.name: output for output in kept}

    def save_task_output(self, execution: Execution, output: TaskOutput, **_more: Any) -> None:
        self.by_name[output.name] = output

    def task_outputs(self, group_id: str, execution_id: str, **_more: Any) -> list[TaskOutput]:
        return sorted(self.by_name.values(), key=lambda output: output.index)


class BundledJournal:
    """`JournalStore`: the bundle's entries under `source`, and what the replay itself writes."""

    def __init__(self, bundle: Bundle, source: Source) -> None:
        self._source = source
        self._bundled = bundle.journal
        self.written: list[JournalEntry] = []

    def entries(self, group_id: str, execution_id: str) -> list[JournalEntry]:
        return list(self._bundled) if Source(group_id, execution_id) == self._source else []

    def body(self, group_id: str, execution_id: str, entry: JournalEntry) -> str:
        return entry.body

    def write(self, execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        self.written.append(entry)
        return entry


class Decided:
    """`ApprovalStore` with what people decided on the execution; what it asks beyond that is `asked`."""

    def __init__(self, approvals: list[Approval]) -> None:
        self._approvals = approvals
        self.asked: Approval | None = None

    def approvals(self, group_id: str, execution_id: str) -> list[Approval]:
        return self._approvals

    def park(self, execution: Execution, approval: Approval, **_news: Any) -> Execution:
        self.asked = approval
        return execution


class Kept:
    """`TraceQueue` and `PayloadStore`: nobody reads the trace of a replay, but what it counts."""

    def __init__(self) -> None:
        self.events: list[TraceEvent] = []

    def send(
        self, group_id: str, execution_id: str, attempt: int, events: list[TraceEvent], logs: list[LogLine]
    ) -> None:
        self.events += events

    def put(
        self, group_id: str, execution_id: str, payload_id: str, body: bytes, content_type: str = "application/json"
    ) -> PayloadReference:
        return PayloadReference(payload_id=payload_id, bytes=len(body), content_type=content_type)


class StandIns:
    """`Secrets`: a made-up value for each name, so that tools and models can be built without the real ones. `given`
    are real ones, for a replay that lets requests out."""

    def __init__(self, given: dict[str, str]) -> None:
        self._given = given

    def group_secret(self, group_id: str, name: str) -> str | None:
        return self._given.get(name) or f"stand-in-for-the-secret-{name}"

    def operator_secrets(self) -> dict[str, str]:
        keys = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
        return {name: self._given.get(name) or f"stand-in-for-the-key-{name}" for name in keys}


class NoFiles:
    """`FileStore`: what was read of files and of what is known is in the journal, and nothing else is known here."""

    def file(self, group_id: str, name: str) -> None:
        return None
