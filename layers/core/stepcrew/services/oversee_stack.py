"""The stack as its operator sees it."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import NamedTuple

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution
from stepcrew.domain.stack_state import (
    GroupState,
    OpenExecution,
    PartState,
    QueueState,
    SweepState,
    group_state,
    health,
    open_execution,
)
from stepcrew.services.ports import Clock, ExecutionStore, LimitStore
from stepcrew.services.read_limits import read_limits
from stepcrew.services.stack_ports import Queues, SweepLog

MOST_READ, MOST_SHOWN = 5_000, 200


class StackState(NamedTuple):
    """`executions` are open, the oldest first, `MOST_SHOWN` at most; `open` counts them up to `MOST_READ`."""

    parts: list[PartState]
    queues: list[QueueState]
    sweep: SweepState | None
    groups: list[GroupState]
    executions: list[OpenExecution]
    open: int


class OverseeStack:
    def __init__(
        self, executions: ExecutionStore, limits: LimitStore, queues: Queues, sweeps: SweepLog, clock: Clock
    ) -> None:
        self._executions = executions
        self._limits = limits
        self._queues = queues
        self._sweeps = sweeps
        self._clock = clock

    def __call__(self) -> StackState:
        now = self._clock.now()
        found = list(islice(self._executions.open_executions(unchanged_since=now), MOST_READ))
        found.sort(key=lambda one: one.created_at)
        try:
            queues = self._queues.states()
        except PlatformUnavailable:  # the others are told all the same
            queues = None
        sweep, groups = self._sweeps.last(), self._groups(found)
        return StackState(
            parts=health(found, groups, queues, sweep, now),
            queues=queues or [],
            sweep=sweep,
            groups=groups,
            executions=[open_execution(one) for one in found[:MOST_SHOWN]],
            open=len(found),
        )

    def redrive(self, queue: str) -> None:
        """As `Queues.redrive`."""
        self._queues.redrive(queue)

    def _groups(self, found: list[Execution]) -> list[GroupState]:
        by_group: defaultdict[str, list[Execution]] = defaultdict(list)
        for execution in found:
            by_group[execution.group_id].append(execution)
        return [
            group_state(group_id, of_group, *read_limits(self._limits, group_id))
            for group_id, of_group in sorted(by_group.items(), key=lambda one: (-len(one[1]), one[0]))
        ]
