"""Looks for open executions that got stuck."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.queueing import has_queued_too_long
from stepcrew.domain.stack_state import is_stuck
from stepcrew.log_context import about
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew.services.reconcile_execution import Action, ReconcileExecution

WAITING_PERIOD = timedelta(minutes=10)
"""An execution that waits may do so for months, and an abnormal end of its state machine is told: it is looked at now
and then only."""
_SWEEP_PERIOD = timedelta(minutes=1)

logger = logging.getLogger(__name__)


class Patience(NamedTuple):
    """How long an execution may stay unchanged before it is looked at: one that has not started, and any other."""

    lost: timedelta
    silent: timedelta


class Swept(NamedTuple):
    """`actions` counts what was done; `failures` executions could not be seen to. A sweep that was `cut_short` ran out
    of time. `stuck` have a slot and should have started long ago; `queued` wait for a slot, the `oldest_queued`
    for so long."""

    actions: Counter[Action]
    failures: int
    cut_short: bool
    stuck: int = 0
    queued: int = 0
    oldest_queued: timedelta = timedelta()


class SweepExecutions:
    """Reads open executions only. May overlap with another sweep."""

    def __init__(
        self,
        executions: ExecutionStore,
        reconcile: ReconcileExecution,
        clock: Clock,
        patience: Patience,
        retention_days: int,
    ) -> None:
        self._executions = executions
        self._reconcile = reconcile
        self._clock = clock
        self._patience = patience
        self._retention = timedelta(days=retention_days)

    def __call__(self, has_time: Callable[[], bool]) -> Swept:
        """Goes on as long as `has_time` says so. Raises `PlatformUnavailable` when the executions cannot be listed."""
        now = self._clock.now()
        actions: Counter[Action] = Counter()
        filled: set[str] = set()
        failures = stuck = queued = 0
        oldest = timedelta()
        for execution in self._executions.open_executions(unchanged_since=now - min(self._patience)):
            if not has_time():
                return Swept(actions, failures, True, stuck, queued, oldest)
            if execution.queued_at:
                queued, oldest = queued + 1, max(oldest, now - execution.queued_at)
            stuck += is_stuck(execution, now)
            if not self._is_due(execution, now):
                continue
            if execution.queued_at and not has_queued_too_long(execution, self._retention, now):
                if execution.group_id in filled:  # once for all that wait there
                    continue
                filled.add(execution.group_id)
            with about(group_id=execution.group_id, execution_id=execution.execution_id, attempt=execution.attempt):
                try:
                    actions[self._reconcile(execution.group_id, execution.execution_id)] += 1
                except Exception:  # the boundary of one execution: whatever is wrong with it, the others are seen to
                    logger.exception("Execution %s could not be reconciled", execution.execution_id)
                    failures += 1
        return Swept(actions, failures, False, stuck, queued, oldest)

    def _is_due(self, execution: Execution, now: datetime) -> bool:
        unchanged = now - execution.updated_at
        if execution.status is Status.PENDING:
            return unchanged >= self._patience.lost
        if execution.waiting and now < execution.waiting.expires_at:
            return unchanged >= self._patience.silent and unchanged % WAITING_PERIOD < _SWEEP_PERIOD
        return unchanged >= self._patience.silent
