"""Sees to batches whose state machine ended abnormally or was never started."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable

from stepcrew.domain.errors import BatchNotFound
from stepcrew.services.batch_ports import BatchOrchestrator, BatchStore
from stepcrew.services.end_batch import EndBatch, RoundState
from stepcrew.services.ports import Clock
from stepcrew.services.reconcile_execution import Action
from stepcrew.services.sweep_executions import Patience, Swept

logger = logging.getLogger(__name__)


class ReconcileBatch:
    """Checks open batches and puts them right. Every call may be repeated, also while others change the batch."""

    def __init__(
        self,
        batches: BatchStore,
        orchestrator: BatchOrchestrator,
        end_batch: EndBatch,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._batches = batches
        self._orchestrator = orchestrator
        self._end_batch = end_batch
        self._clock = clock
        self._patience = patience

    def sweep(self, has_time: Callable[[], bool]) -> Swept:
        """Sees to every open batch of which nothing was heard for a while, as long as `has_time` says so."""
        actions: Counter[Action] = Counter()
        failures = 0
        for group_id, batch_id in self._batches.open_batches():
            if not has_time():
                return Swept(actions, failures, cut_short=True)
            try:
                if self._clock.now() - self._batches.get(group_id, batch_id).updated_at >= self._patience.lost:
                    actions[self(group_id, batch_id)] += 1
            except BatchNotFound:  # it has expired
                continue
            except Exception:  # the boundary of one batch: whatever is wrong with it, the others are seen to
                logger.exception("Batch could not be reconciled", extra={"group_id": group_id, "batch_id": batch_id})
                failures += 1
        return Swept(actions, failures, cut_short=False)

    def __call__(self, group_id: str, batch_id: str) -> Action:
        """Raises `BatchNotFound` and `PlatformUnavailable`."""
        batch = self._batches.get(group_id, batch_id)
        if batch.status.is_terminal:
            return Action.NOTHING
        machine = self._orchestrator.look(batch)
        if machine is None:
            self._orchestrator.start(batch)
            return Action.STARTED
        if machine.status == "RUNNING":
            self._end_batch.see_to_rows(batch, starting=True)
            return Action.NOTHING
        if self._orchestrator.replace(batch):
            return Action.REPLACED
        self._end_batch.see_to_rows(batch)
        ended = self._end_batch.finish(group_id, batch_id, batch.round) is RoundState.ENDED
        return Action.ENDED if ended else Action.NOTHING
