"""Answers when an execution has changed, or after a while, so that callers need not ask again and again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from stepcrew.domain.execution import Execution, Status
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew.services.waiting_ports import WaitingPlaces

MOST_WAIT_SECONDS = 20
LOOK_SECONDS = 0.25
MOST_WAITING = 10
"""Callers of one group that may wait at the same time: each of them holds one of the function's processes."""


class Followed(NamedTuple):
    """The record as it is now, and whether the caller was let wait for it."""

    execution: Execution
    waited: bool


class FollowExecution:
    def __init__(
        self, executions: ExecutionStore, places: WaitingPlaces, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        self._executions = executions
        self._places = places
        self._clock = clock
        self._sleep = sleep

    def __call__(self, group_id: str, execution_id: str, *, seen: set[int], seconds: int) -> Followed:
        """Waits up to `seconds` (20 at most) while the record has one of the revisions in `seen`, or the one it has now
        where none is given, and is not terminal. Where as many of the group wait as may, it answers at once.

        Raises `ExecutionNotFound`."""
        execution = self._executions.get(group_id, execution_id)
        known = seen or {execution.revision}
        return self._wait(execution, seconds, lambda one: one.revision not in known or one.status.is_terminal)

    def to_rest(self, group_id: str, execution_id: str, *, seconds: int) -> Followed:
        """The same until it has ended or waits for a person. Raises `ExecutionNotFound`."""
        execution = self._executions.get(group_id, execution_id)
        return self._wait(execution, seconds, lambda one: one.status.is_terminal or one.status is Status.WAITING)

    def _wait(self, execution: Execution, seconds: int, is_reached: Callable[[Execution], bool]) -> Followed:
        if seconds <= 0 or is_reached(execution):
            return Followed(execution, waited=seconds > 0)
        group_id = execution.group_id
        now = self._clock.now()
        until = now + timedelta(seconds=min(seconds, MOST_WAIT_SECONDS))
        place = self._places.take(group_id, now=now, until=until, most=MOST_WAITING)
        if place is None:
            return Followed(execution, waited=False)
        try:
            while not is_reached(execution) and self._clock.now() < until:
                self._sleep(LOOK_SECONDS)
                execution = self._executions.get(group_id, execution.execution_id)
        finally:
            self._places.leave(place)
        return Followed(execution, waited=True)
