"""Ends a round of a batch: waits until no row is RUNNING, and says how the batch ended."""

from __future__ import annotations

from enum import StrEnum

from stepcrew.domain.batch import GONE, NOT_STARTED, Batch, BatchRow, key_of
from stepcrew.domain.errors import BatchNotFound, ExecutionNotFound
from stepcrew.domain.execution import BatchPlace, Status
from stepcrew.services.batch_ports import BatchOrchestrator, BatchStore
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.end_row import EndRow
from stepcrew.services.ports import Clock, ExecutionStore


class RoundState(StrEnum):
    OPEN = "OPEN"
    """Rows are RUNNING."""
    ENDED = "ENDED"


class EndBatch:
    """Ends rounds of batches in which no further row is started. Every call may be repeated."""

    def __init__(
        self,
        batches: BatchStore,
        orchestrator: BatchOrchestrator,
        executions: ExecutionStore,
        cancel: CancelExecution,
        end_row: EndRow,
        clock: Clock,
    ) -> None:
        self._batches = batches
        self._orchestrator = orchestrator
        self._executions = executions
        self._cancel = cancel
        self._end_row = end_row
        self._clock = clock

    def wait(self, group_id: str, batch_id: str, number_of_round: int, token: str) -> None:
        """The token is sent back when no row is RUNNING, at once if none is. Raises `PlatformUnavailable`."""
        batch = self._known(group_id, batch_id, number_of_round)
        if batch:
            self._batches.keep_token(batch, token)
            self.see_to_rows(batch)
            batch = self._known(group_id, batch_id, number_of_round)
        if batch is None or not batch.counts.running:
            self._orchestrator.resume(token)

    def finish(self, group_id: str, batch_id: str, number_of_round: int) -> RoundState:
        """Raises `PlatformUnavailable`."""
        batch = self._known(group_id, batch_id, number_of_round)
        if batch is None or self._batches.end(batch, *batch.ending(), self._clock.now()):
            return RoundState.ENDED
        return RoundState.OPEN if self._known(group_id, batch_id, number_of_round) else RoundState.ENDED

    def see_to_rows(self, batch: Batch, *, starting: bool = False) -> None:
        """Ends RUNNING rows that nobody else will end: the end of whose execution was not told, or, unless rows are
        `starting` at this moment, whose start was cut off. Cancels executions that the batch's cancellation has
        missed."""
        for row in self._batches.rows(batch.group_id, batch.batch_id, status=Status.RUNNING):
            if row.execution_id or not starting:
                self._see_to(batch, row)

    def _see_to(self, batch: Batch, row: BatchRow) -> None:
        place = BatchPlace(batch_id=batch.batch_id, row=row.row, round=row.round)
        execution_id = row.execution_id
        if execution_id is None:
            made = self._executions.idempotency(batch.group_id, key_of(place), self._clock.now())
            if made is None:
                self._end_row(batch.group_id, place, NOT_STARTED)
                return
            execution_id = made.execution_id
            self._batches.note_execution(batch, row.row, execution_id)
        try:
            execution = self._executions.get(batch.group_id, execution_id)
        except ExecutionNotFound:
            self._end_row(batch.group_id, place, GONE)
            return
        if execution.status.is_terminal:
            self._end_row.of_execution(execution)
        elif batch.cancel_requested_at:
            self._cancel.if_open(batch.group_id, execution_id)

    def _known(self, group_id: str, batch_id: str, number_of_round: int) -> Batch | None:
        """None when the round has ended."""
        try:
            batch = self._batches.get(group_id, batch_id)
        except BatchNotFound:
            return None
        return None if batch.status.is_terminal or batch.round != number_of_round else batch
