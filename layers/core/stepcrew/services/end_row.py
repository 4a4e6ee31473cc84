"""Records that a row of a batch has ended, and wakes whoever waits for that."""

from __future__ import annotations

from collections.abc import Iterable

from stepcrew.domain.batch import RowEnding, ending_of
from stepcrew.domain.errors import BatchNotFound
from stepcrew.domain.execution import BatchPlace, Execution
from stepcrew.services.batch_ports import BatchOrchestrator, BatchStore
from stepcrew.services.ports import Clock


class EndRow:
    """Records the end of rows. Every call may be repeated: a row is counted once."""

    def __init__(self, batches: BatchStore, orchestrator: BatchOrchestrator, clock: Clock) -> None:
        self._batches = batches
        self._orchestrator = orchestrator
        self._clock = clock

    def of_execution(self, execution: Execution) -> None:
        """Of a row whose execution has ended; nothing for an execution of no batch. Raises `PlatformUnavailable`."""
        if execution.batch:
            self(execution.group_id, execution.batch, ending_of(execution))

    def __call__(self, group_id: str, place: BatchPlace, ending: RowEnding) -> None:
        """Raises `PlatformUnavailable`."""
        self._batches.end_row(group_id, place, ending, self._clock.now())
        # Also when it was counted before: whoever did so may have died before this.
        row = self._batches.row(group_id, place.batch_id, place.row)
        if row and row.round == place.round:
            self._resume(row.tokens)
        try:
            batch = self._batches.get(group_id, place.batch_id)
        except BatchNotFound:  # it has expired
            return
        if not batch.counts.running:
            self._resume(batch.tokens)

    def _resume(self, tokens: Iterable[str]) -> None:
        for token in tokens:
            self._orchestrator.resume(token)
