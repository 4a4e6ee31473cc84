"""Whole texts that are too large for a page: a task's answer, what a person was asked about, an event's output."""

from __future__ import annotations

import json
from typing import NamedTuple

from stepcrew.domain.answer_size import MOST_ANSWER_BYTES, answered_bytes
from stepcrew.domain.approval import numbered
from stepcrew.domain.errors import BodyExpired, ExecutionNotFound
from stepcrew.domain.trace import TEXT, PayloadReference
from stepcrew.services.ports import ApprovalStore, PayloadStore, TaskOutputStore, TraceStore

MOST_PASSED_BYTES = 3_000_000
"""Larger bodies are fetched from the bucket itself: an answer of the function holds 6 MB at most."""
JSON = "application/json"


class Body(NamedTuple):
    content: bytes
    content_type: str


class Elsewhere(NamedTuple):
    """The body is fetched from this address instead, which is good for a few minutes."""

    url: str


class ReadBodies:
    """Reads one whole body. Every method raises `ExecutionNotFound` for what is not there, and
    `BodyExpired` for what the bucket has no more."""

    def __init__(
        self, tasks: TaskOutputStore, approvals: ApprovalStore, traces: TraceStore, payloads: PayloadStore
    ) -> None:
        self._tasks = tasks
        self._approvals = approvals
        self._traces = traces
        self._payloads = payloads

    def of_task(self, group_id: str, execution_id: str, index: int) -> Body | Elsewhere:
        """The output of a finished crew task."""
        found = self._tasks.task_output(group_id, execution_id, index, whole=False)
        if found is None:
            raise ExecutionNotFound(execution_id)
        if found.raw_reference:
            return self._stored(group_id, execution_id, found.raw_reference)
        return _text(found.raw)

    def of_approval(self, group_id: str, execution_id: str, number: int, *, corrected: bool) -> Body | Elsewhere:
        """The answer a person was asked about; with `corrected`, as the person who approved it wrote it."""
        asked = self._approvals.approvals(group_id, execution_id)
        found = numbered(asked, number)
        if found is None:
            raise ExecutionNotFound(execution_id)
        if corrected:
            if found.decision is None or found.decision.output is None:
                raise ExecutionNotFound(execution_id)
            return _text(found.decision.output)
        if found.output_reference:
            return self._stored(group_id, execution_id, found.output_reference)
        return _text(found.output)

    def of_event(self, group_id: str, execution_id: str, attempt: int, sequence: int) -> Body | Elsewhere:
        """The output of a trace event."""
        event = self._traces.event(group_id, execution_id, attempt, sequence)
        if event is None:
            raise ExecutionNotFound(execution_id)
        if event.output_reference:
            return self._stored(group_id, execution_id, event.output_reference)
        return Body(json.dumps(event.output, ensure_ascii=False).encode(errors="replace"), JSON)

    def of_file(
        self, group_id: str, execution_id: str, name: str, content: bytes, content_type: str
    ) -> Body | Elsewhere:
        """What was made just now for the caller. A large one is put into the bucket first."""
        if len(content) <= MOST_PASSED_BYTES:
            return Body(content, content_type)
        put = self._payloads.put(group_id, execution_id, name, content, content_type)
        return Elsewhere(self._payloads.url(group_id, execution_id, put.payload_id))

    def _stored(self, group_id: str, execution_id: str, reference: PayloadReference) -> Body | Elsewhere:
        if reference.bytes <= MOST_PASSED_BYTES:
            body = self._payloads.get(group_id, execution_id, reference.payload_id)
            if body is None:
                raise BodyExpired("The body")
            if answered_bytes(body.decode(errors="replace")) <= MOST_ANSWER_BYTES:  # a control character takes six
                return Body(body, reference.content_type)
        return Elsewhere(self._payloads.url(group_id, execution_id, reference.payload_id))


def _text(text: str) -> Body:
    return Body(text.encode(errors="replace"), TEXT)
