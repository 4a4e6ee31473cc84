"""Starts one row of a batch; its state machine then waits for the end of the row."""

from __future__ import annotations

import json

from stepcrew.domain.batch import GONE, NOT_STARTED, Batch, BatchRow, RowEnding, RowReference, key_of
from stepcrew.domain.errors import BatchStopped, ExecutionNotFound, StepcrewError
from stepcrew.domain.execution import BatchPlace, Status
from stepcrew.services.batch_ports import BatchInputs, BatchOrchestrator, BatchStore
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.end_row import EndRow
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution

KEY_HOURS = 24 * 15
"""Needed only until the row names its execution; a state machine repeats its calls for days at most."""


class RunRow:
    """Starts rows of batches. Every call may be repeated, also by another state machine execution: the row's execution
    has an idempotency key of the batch, the row and the round, so a row never runs twice in one round."""

    def __init__(
        self,
        batches: BatchStore,
        inputs: BatchInputs,
        orchestrator: BatchOrchestrator,
        executions: ExecutionStore,
        submit: SubmitExecution,
        cancel: CancelExecution,
        end_row: EndRow,
        clock: Clock,
    ) -> None:
        self._batches = batches
        self._inputs = inputs
        self._orchestrator = orchestrator
        self._executions = executions
        self._submit = submit
        self._cancel = cancel
        self._end_row = end_row
        self._clock = clock

    def __call__(self, reference: RowReference, token: str) -> None:
        """The token is sent back when the row ends, at once if it has.

        Raises `BatchStopped` when no further row is to be started, and `TooManyOpen` and `PlatformUnavailable`, after
        which it is to be repeated."""
        batch = self._batches.get(reference.group_id, reference.batch_id)
        if batch.round != reference.round:
            raise BatchStopped("The batch is in another round.")
        row = self._begun(batch, reference.row)
        if row.status is Status.RUNNING and (execution_id := self._execution_id(batch, reference, row)):
            self._wait_for(batch, reference, execution_id, token)
        else:
            self._orchestrator.resume(token)

    def _begun(self, batch: Batch, number: int) -> BatchRow:
        row = None if batch.starts_no_more else self._batches.begin_row(batch, number, self._clock.now())
        row = row or self._batches.row(batch.group_id, batch.batch_id, number)
        if row is None or row.round != batch.round:
            raise BatchStopped("The batch starts no further rows.")
        return row

    def _execution_id(self, batch: Batch, reference: RowReference, row: BatchRow) -> str | None:
        """Of the execution that runs the row; None when there will be none, and the row has ended."""
        if row.execution_id:
            return row.execution_id
        place = BatchPlace(batch_id=batch.batch_id, row=row.row, round=row.round)
        key = key_of(place)
        if batch.starts_no_more and not self._executions.idempotency(batch.group_id, key, self._clock.now()):
            self._end_row(batch.group_id, place, NOT_STARTED)
            return None
        submission = CrewSubmission(
            group_id=batch.group_id,
            submitted_by=batch.submitted_by,
            config=None,
            crew=batch.crew,
            inputs=json.loads(self._inputs.read(reference)),
            name=batch.name,
            limits=batch.limits,
            idempotency_key=key,
            key_hours=KEY_HOURS,
            source="batch",
            batch=place,
            traceparent=batch.traceparent,
        )
        try:
            return self._submit(submission).execution.execution_id
        except StepcrewError as error:
            if error.retryable:
                raise
            self._end_row(batch.group_id, place, RowEnding(Status.FAILED, error.message, type(error).__name__))
            return None

    def _wait_for(self, batch: Batch, reference: RowReference, execution_id: str, token: str) -> None:
        """Once the token is kept, either the end of the execution finds it, or the execution is found ended here."""
        if not self._batches.note_execution(batch, reference.row, execution_id, token):
            self._orchestrator.resume(token)
            return
        try:
            execution = self._executions.get(batch.group_id, execution_id)
        except ExecutionNotFound:
            place = BatchPlace(batch_id=batch.batch_id, row=reference.row, round=batch.round)
            self._end_row(batch.group_id, place, GONE)
            return
        if execution.status.is_terminal:
            self._end_row.of_execution(execution)
        elif self._batches.get(batch.group_id, batch.batch_id).cancel_requested_at:
            self._cancel.if_open(batch.group_id, execution_id)
