"""Fires a trigger: from one cause to the executions it starts, exactly once however often the cause is delivered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple

from stepcrew.domain.errors import Fault, InvalidRequest, PlatformUnavailable, StepcrewError, TooManyOpen
from stepcrew.domain.mapping import NothingThere, filled
from stepcrew.domain.trigger import (
    MOST_CHAIN,
    MOST_ROWS,
    REQUESTS,
    Cause,
    Firing,
    FiringStatus,
    Trigger,
    TriggerKind,
    firing_id_of,
)
from stepcrew.services.ports import Clock
from stepcrew.services.request_object import request_of
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution
from stepcrew.services.trigger_ports import TriggerQueue, TriggerStore

logger = logging.getLogger(__name__)

MOST_IDS = 100
MOST_FAULTS = 20
ROWS_AT_ONCE = 100
"""Started in one turn, which takes a few seconds; the rest follows in the next."""
MOST_FAILED_ROWS = 100
"""With so many, the mapping is wrong rather than the rows: the firing ends, and goes on when it is fired again."""
FIRST_PAUSE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 600
PATIENCE = timedelta(days=1)
"""So long a firing waits for the group to have room."""
KEY_HOURS = 24 * 15
"""An idempotency key stands longer than a cause may lie in the dead-letter queue, which keeps it for 14 days."""


class Fired(NamedTuple):
    """The firing, and whether it had been made before by an earlier delivery of the same cause."""

    firing: Firing
    repeated: bool


class FireTrigger:
    """A fault of the trigger, the crew or the cause ends in a FAILED firing, which can be seen and fired again. While
    the group has too many open executions the firing is DEFERRED and sent to the queue to go on later. Only a fault of
    the platform is raised, so that the delivery is repeated."""

    def __init__(self, triggers: TriggerStore, submit: SubmitExecution, queue: TriggerQueue, clock: Clock) -> None:
        self._triggers = triggers
        self._submit = submit
        self._queue = queue
        self._clock = clock

    def __call__(self, group_id: str, trigger: Trigger | None, cause: Cause, *, again: bool = False) -> Fired:
        """Raises `PlatformUnavailable`.

        Args:
            trigger: None stands for the built-in one, whose causes are requests themselves.
            again: fires anew what an earlier delivery of this cause did not start.
        """
        name = trigger.name if trigger else REQUESTS
        known = self._triggers.firing(group_id, name, firing_id_of(name, cause.key))
        goes_on = known is None or known.status is FiringStatus.DEFERRED or (again and not known.is_whole)
        if known and not goes_on:
            return Fired(known, repeated=True)
        firing = known.begun(self._clock.now()) if known else self._first(name, cause)
        return self._turn(group_id, trigger, cause, firing, known)

    def proceed(self, group_id: str, trigger: Trigger | None, firing_id: str, turn: int) -> Firing | None:
        """The next turn of a DEFERRED firing; None when it is gone or somebody else has gone on with it already."""
        name = trigger.name if trigger else REQUESTS
        known = self._triggers.firing(group_id, name, firing_id)
        cause = self._triggers.cause(group_id, name, firing_id)
        if known is None or cause is None or known.status is not FiringStatus.DEFERRED or known.turn != turn:
            return None
        return self._turn(group_id, trigger, cause, known.begun(self._clock.now()), known).firing

    def _first(self, name: str, cause: Cause) -> Firing:
        return Firing(
            firing_id=firing_id_of(name, cause.key),
            trigger=name,
            cause=cause.key,
            status=FiringStatus.FAILED,
            fired_at=self._clock.now(),
        )

    def _turn(
        self, group_id: str, trigger: Trigger | None, cause: Cause, firing: Firing, known: Firing | None
    ) -> Fired:
        try:
            firing = self._fired(group_id, trigger, cause, firing)
        except PlatformUnavailable as error:
            self._show(group_id, cause, firing, known, error.message)
            raise
        pause = 0
        if firing.status is FiringStatus.DEFERRED and firing.waiting_since:
            waited = self._clock.now() - firing.waiting_since
            pause = min(max(FIRST_PAUSE_SECONDS, int(waited.total_seconds())), LONGEST_PAUSE_SECONDS)
            if waited >= PATIENCE:
                firing = _failed(firing, firing.reason)
        if not self._triggers.save_firing(group_id, firing, cause, seen=known.turn if known else None):
            # Another delivery of the same cause was faster. What both have started is the same, by its keys.
            stands = self._triggers.firing(group_id, firing.trigger, firing.firing_id)
            return Fired(stands or firing, repeated=True)
        if firing.status is FiringStatus.DEFERRED:
            self._queue.proceed(group_id, firing.trigger, firing.firing_id, firing.turn, pause)
        told = {"group_id": group_id, "trigger": firing.trigger, "firing_id": firing.firing_id}
        logger.info("Trigger fired", extra={**told, "status": firing.status, "reason": firing.reason})
        return Fired(firing, repeated=False)

    def _show(self, group_id: str, cause: Cause, firing: Firing, known: Firing | None, reason: str) -> None:
        """Why nothing was started yet, where that was not to be seen before: a delivery that is repeated in vain would
        leave no firing. It changes nothing of how the next one goes on."""
        if known and known.status is not FiringStatus.DEFERRED:
            return
        waits = (known or firing).model_copy(update={"status": FiringStatus.DEFERRED, "reason": reason})
        with suppress(PlatformUnavailable):
            self._triggers.save_firing(group_id, waits, cause, seen=known.turn if known else None)

    def _fired(self, group_id: str, trigger: Trigger | None, cause: Cause, firing: Firing) -> Firing:
        if trigger and not trigger.enabled:
            return firing.model_copy(update={"status": FiringStatus.SKIPPED, "reason": "The trigger is paused."})
        if cause.unreadable:
            return _failed(firing, cause.unreadable, cause.faults)
        if trigger and (trigger.name in cause.chain or len(cause.chain) >= MOST_CHAIN):
            path = " → ".join([*cause.chain, trigger.name])
            return _failed(firing, f"A loop: triggers started one another ({path}).")
        rows: list[Any] | None = cause.document.get("rows") if trigger and trigger.has_rows else None
        if rows is None:
            return self._one(group_id, trigger, cause, firing, None)
        if len(rows) > MOST_ROWS:
            return _failed(firing, f"The object has {len(rows)} rows; {MOST_ROWS} are allowed.")
        if not rows:
            return firing.model_copy(update={"status": FiringStatus.SKIPPED, "reason": "The object has no rows."})
        return self._rows(group_id, trigger, cause, firing.model_copy(update={"rows": len(rows)}))

    def _rows(self, group_id: str, trigger: Trigger | None, cause: Cause, firing: Firing) -> Firing:
        for _ in range(ROWS_AT_ONCE):
            number = firing.next_row
            if number is None:
                return firing
            if firing.failed >= MOST_FAILED_ROWS:
                reason = f"{firing.reason} {MOST_FAILED_ROWS} rows failed; the rest was not tried."
                return firing.model_copy(update={"reason": reason})
            firing = self._one(group_id, trigger, cause, firing, number)
            if firing.status is FiringStatus.DEFERRED:
                return firing
            firing = firing.past_row()
        if firing.next_row is not None:
            return firing.model_copy(update={"status": FiringStatus.DEFERRED})
        return firing

    def _one(self, group_id: str, trigger: Trigger | None, cause: Cause, firing: Firing, row: int | None) -> Firing:
        """The firing with one more execution, or with the reason why there is none. `row` is the number of the row."""
        try:
            accepted = self._submit(submission(group_id, trigger, cause, row))
        except NothingThere as missing:
            return _failed(firing, f"${{{missing.expression}}} finds nothing in what made the trigger fire.", row=row)
        except TooManyOpen as full:
            since = firing.waiting_since or self._clock.now()
            return firing.model_copy(
                update={"status": FiringStatus.DEFERRED, "reason": full.message, "waiting_since": since}
            )
        except StepcrewError as error:
            if error.retryable:
                raise
            return _failed(firing, error.message, error.faults if isinstance(error, InvalidRequest) else [], row)
        started = accepted.execution.execution_id
        known = firing.execution_ids
        return firing.model_copy(
            update={
                "status": FiringStatus.STARTED,
                "started": firing.started + 1,
                "execution_ids": [*known, started][:MOST_IDS],
                "waiting_since": None,
                "reason": firing.reason if firing.failed else "",
            }
        )


def submission(group_id: str, trigger: Trigger | None, cause: Cause, row: int | None = None) -> CrewSubmission:
    """What a cause submits. `trigger` None stands for the built-in one, `row` for the number of one of its rows.

    Raises `NothingThere`, and `InvalidRequest` for a cause that is no request."""
    key = f"trigger/{firing_id_of(trigger.name if trigger else REQUESTS, cause.key)}"
    if trigger is None:
        return request_of(cause.document.get("request"))._replace(
            group_id=group_id,
            submitted_by=cause.key.partition("?")[0],
            idempotency_key=key,
            key_hours=KEY_HOURS,
            source=TriggerKind.OBJECT.value,
            triggered_by=[REQUESTS],
        )
    document = cause.document
    if row is not None:
        document = {**document, "row": document["rows"][row - 1], "row_number": row}
    return CrewSubmission(
        group_id=group_id,
        submitted_by=trigger.made_by,
        config=None,
        crew=trigger.crew,
        inputs=filled(trigger.inputs, document),
        limits=trigger.limits,
        idempotency_key=key if row is None else f"{key}#{row}",
        key_hours=KEY_HOURS,
        source=trigger.kind.value,
        triggered_by=[*cause.chain, trigger.name],
        traceparent=cause.traceparent,
    )


def _failed(firing: Firing, reason: str, faults: Sequence[Fault] = (), row: int | None = None) -> Firing:
    """Of rows, some may have started: the firing keeps that, with the first reason why another did not."""
    first = firing.failed == 0
    return firing.model_copy(
        update={
            "status": FiringStatus.STARTED if firing.started else FiringStatus.FAILED,
            "failed": firing.failed + 1,
            "failed_rows": firing.failed_rows if row is None else [*firing.failed_rows, row],
            "reason": reason if first else firing.reason,
            "faults": list(faults[:MOST_FAULTS]) if first else firing.faults,
        }
    )
