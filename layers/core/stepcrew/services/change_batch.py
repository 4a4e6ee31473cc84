"""What people do with a batch that was accepted: cancel the whole, or run again what did not complete."""

from __future__ import annotations

from stepcrew.domain.batch import Batch
from stepcrew.domain.errors import Conflict
from stepcrew.domain.execution import Status
from stepcrew.services.batch_ports import BatchInputs, BatchOrchestrator, BatchStore
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.create_batch import check_room, start_round
from stepcrew.services.ports import Clock


class CancelBatch:
    """No further row is started, and those that run are cancelled. May be repeated."""

    def __init__(self, batches: BatchStore, cancel: CancelExecution, clock: Clock) -> None:
        self._batches = batches
        self._cancel = cancel
        self._clock = clock

    def __call__(self, group_id: str, batch_id: str) -> Batch:
        """The batch as it is now. Raises `BatchNotFound`, and `Conflict` when it has COMPLETED or FAILED."""
        asked = self._batches.request_cancel(group_id, batch_id, self._clock.now())
        batch = self._batches.get(group_id, batch_id)
        if not asked and batch.status in (Status.COMPLETED, Status.FAILED):
            raise Conflict(
                f"The batch has ended already with status {batch.status}.",
                remedy="Nothing to cancel: read its results.",
            )
        # A row that names no execution yet is cancelled by whoever starts it.
        for row in self._batches.rows(group_id, batch_id, status=Status.RUNNING):
            if row.execution_id:
                self._cancel.if_open(group_id, row.execution_id)
        return self._batches.get(group_id, batch_id)


class RetryBatch:
    """Runs the rows that did not complete, in another round of the same batch."""

    def __init__(self, batches: BatchStore, inputs: BatchInputs, orchestrator: BatchOrchestrator, clock: Clock) -> None:
        self._batches = batches
        self._inputs = inputs
        self._orchestrator = orchestrator
        self._clock = clock

    def __call__(self, group_id: str, batch_id: str) -> Batch:
        """Raises `BatchNotFound`, `BodyExpired`, `TooManyOpen`, and `Conflict` when the batch is RUNNING or all rows
        completed."""
        batch = self._batches.get(group_id, batch_id)
        if not batch.status.is_terminal:
            raise Conflict("The batch is still running.", remedy="Wait for its end, or cancel it, and retry it then.")
        completed = {one.row for one in self._batches.rows(group_id, batch_id, status=Status.COMPLETED)}
        left = [row for row in self._inputs.rows(group_id, batch_id) if row.row not in completed]
        if not left:
            raise Conflict("Every row of the batch has completed.", remedy="Nothing to retry: read its results.")
        check_room(self._batches, group_id)
        self._inputs.write_round(group_id, batch_id, batch.round + 1, left)
        begun = self._batches.begin_round(batch, len(left), self._clock.now())
        if begun is None:
            raise Conflict("The batch is being retried by somebody else.", remedy="Read how it stands.")
        start_round(self._orchestrator, begun)
        return begun
