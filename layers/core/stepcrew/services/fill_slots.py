"""Gives the free slots of a group to the executions that wait for one, first come first served, and starts them."""

from __future__ import annotations

import logging
from datetime import timedelta

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, Status
from stepcrew.services.ports import Clock, LimitStore, Orchestrator
from stepcrew.services.slot_ports import SlotStore
from stepcrew.services.wake_machine import WakeMachine

_ROUNDS = 50
"""Each gives a slot or sees that somebody else did. Where more are free than that (an operator has raised the number),
the next call goes on."""

logger = logging.getLogger(__name__)


class FillSlots:
    """Called whenever an execution joins the queue and whenever one may have given back its slot; by the sweep too.

    Any number of them may run at the same time, and each may die at any point: who has which slot is decided by one
    transaction for each, and an execution that has its slot but was not started yet is started by the sweep.
    """

    def __init__(
        self, slots: SlotStore, limits: LimitStore, orchestrator: Orchestrator, wake: WakeMachine, clock: Clock
    ) -> None:
        self._slots = slots
        self._limits = limits
        self._orchestrator = orchestrator
        self._wake = wake
        self._clock = clock

    def __call__(self, group_id: str) -> int:
        """How many executions got a slot. Never raises `PlatformUnavailable`: what waits is in the table, and the next
        call or the sweep gives what this one could not."""
        filled = 0
        try:
            for _ in range(_ROUNDS):
                taken = self._give_one(group_id)
                if taken is None:
                    break
                filled += taken
        except PlatformUnavailable as error:
            told = {"group_id": group_id, "reason": error.message}
            logger.warning("The slots were not filled; the sweep will.", extra=told)
        return filled

    def see_to(self, execution: Execution) -> None:
        """Repeats for one execution what its slot's giver may have failed to do; raises as little as the call."""
        if execution.queued_at is not None:
            self(execution.group_id)
        else:
            self._let_run(execution)

    def _give_one(self, group_id: str) -> int | None:
        """How many got a slot: 0 when somebody else was faster, None when there is nothing to give or nobody waits."""
        queue = self._slots.first_queued(group_id, 1)
        if not queue:
            return None
        most = self._limits.limit_rules(group_id).running_executions
        taken = self._slots.taken(group_id)
        known = self._slots.records(group_id, [*queue, *(taken.values() if len(taken) >= most else ())])
        execution = known.get(queue[0])
        if execution is None or execution.queued_at is None:
            self._slots.leave_queue(group_id, queue[0])
            return 0
        slot = _free_slot(execution.execution_id, taken, known if len(taken) >= most else None, most)
        if slot is None:
            return None
        now = self._clock.now()
        deadline = execution.deadline + max(now - execution.queued_at, timedelta())
        given = self._slots.take(execution, slot, instead_of=taken.get(slot), deadline=deadline, now=now)
        if given is None:
            return 0
        self._let_run(given)
        return 1

    def _let_run(self, execution: Execution) -> None:
        if execution.status is not Status.PENDING:
            self._wake(execution)
            return
        try:
            self._orchestrator.start(execution)
        except PlatformUnavailable as error:
            told = {"group_id": execution.group_id, "execution_id": execution.execution_id, "reason": error.message}
            logger.warning("The execution was not started; the sweep will.", extra=told)


def _free_slot(execution_id: str, taken: dict[int, str], known: dict[str, Execution] | None, most: int) -> int | None:
    """The slot that this execution may take. `known` are the records of those in `taken`; null where the slots that
    stand free are enough.

    Slots numbered beyond `most` may still be held when an operator has lowered it: they count, so that no more than
    `most` run in all."""
    own = next((slot for slot, owner in taken.items() if owner == execution_id), None)
    held = {
        slot
        for slot, owner in taken.items()
        if slot != own and (known is None or ((record := known.get(owner)) is not None and record.holds_slot))
    }
    if len(held) >= most:
        return None
    if own is not None and own < most:
        return own
    return next(slot for slot in range(most) if slot not in held)
