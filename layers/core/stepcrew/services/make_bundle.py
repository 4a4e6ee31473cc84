"""Writes one execution, with all that is known of it, into one file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import IO

from stepcrew.domain.bundle import APPROVALS, JOURNAL, OUTPUTS, TRACE, BundleWriter
from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.execution import TaskOutput
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.trace import PayloadReference, TraceEvent
from stepcrew.services.ports import (
    ApprovalStore,
    ExecutionStore,
    JournalStore,
    PayloadStore,
    TaskOutputStore,
    TraceStore,
)
from stepcrew.services.read_trace import recorded_events


class MakeBundle:
    """Makes the bundle of an execution: of all of it once it has ended, else of what there is so far."""

    def __init__(
        self,
        executions: ExecutionStore,
        tasks: TaskOutputStore,
        approvals: ApprovalStore,
        traces: TraceStore,
        journal: JournalStore,
        payloads: PayloadStore,
        default_model: str,
        default_embedder: str = "",
        operators: Mapping[str, ConnectionSpec] = MappingProxyType({}),
    ) -> None:
        """`operators` are the operator's connections."""
        self._executions = executions
        self._tasks = tasks
        self._approvals = approvals
        self._traces = traces
        self._journal = journal
        self._payloads = payloads
        self._default_model = default_model
        self._default_embedder = default_embedder
        self._operators = operators

    def __call__(self, group_id: str, execution_id: str) -> IO[bytes]:
        """A temporary file, at its beginning. Bodies are read one at a time: all of them together may be large. Raises
        `ExecutionNotFound`."""
        execution = self._executions.get(group_id, execution_id)
        submission = self._executions.submission(group_id, execution_id)
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        references: list[PayloadReference] = []
        with BundleWriter(file, self._default_model, self._default_embedder) as bundle:
            bundle.execution(execution)
            bundle.crew(submission, self._operators)
            bundle.lines(OUTPUTS, self._outputs(group_id, execution_id))
            approvals = self._approvals.approvals(group_id, execution_id)
            bundle.lines(APPROVALS, approvals)
            references += [one.output_reference for one in approvals if one.output_reference]
            bundle.lines(TRACE, self._events(group_id, execution_id, references))
            bundle.lines(JOURNAL, self._entries(group_id, execution_id))
            for reference in references:
                body = self._payloads.get(group_id, execution_id, reference.payload_id)
                if body is not None:
                    bundle.body(reference.payload_id, body)
        file.seek(0)
        return file

    def _outputs(self, group_id: str, execution_id: str) -> Iterator[TaskOutput]:
        for light in self._tasks.task_outputs(group_id, execution_id, whole=False):
            whole = self._tasks.task_output(group_id, execution_id, light.index)
            if whole is not None:
                yield whole

    def _events(self, group_id: str, execution_id: str, references: list[PayloadReference]) -> Iterator[TraceEvent]:
        for event in recorded_events(self._traces, group_id, execution_id):
            if event.output_reference:
                references.append(event.output_reference)
            yield event

    def _entries(self, group_id: str, execution_id: str) -> Iterator[JournalEntry]:
        found = self._journal.entries(group_id, execution_id)
        for entry in sorted(found, key=lambda entry: (entry.attempt, entry.written_at, entry.entry_id)):
            body = self._journal.body(group_id, execution_id, entry)
            yield entry.model_copy(update={"body": body, "body_reference": None})
