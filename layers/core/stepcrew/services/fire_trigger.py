"""Fires a trigger: from one cause to the executions it starts, exactly once however often the cause is delivered."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from stepcrew.domain.errors import InvalidRequest, StepcrewError
from stepcrew.domain.mapping import NothingThere, filled
from stepcrew.domain.trigger import MOST_CHAIN, MOST_ROWS, Cause, Firing, FiringStatus, Trigger, firing_id_of
from stepcrew.services.ports import Clock, TriggerStore
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution

logger = logging.getLogger(__name__)

MOST_IDS = 100
MOST_FAULTS = 20


class Fired(NamedTuple):
    """The firing, and whether an earlier delivery of the same cause had made it."""

    firing: Firing
    repeated: bool


class FireTrigger:
    """A fault of the trigger, the crew or the cause ends in a FAILED firing, which can be seen and fired again; only a
    fault of the platform is raised, so that the delivery is repeated."""

    def __init__(self, triggers: TriggerStore, submit: SubmitExecution, clock: Clock) -> None:
        self._triggers = triggers
        self._submit = submit
        self._clock = clock

    def __call__(self, group_id: str, trigger: Trigger, cause: Cause, *, again: bool = False) -> Fired:
        """Raises `PlatformUnavailable`. `again` fires anew what an earlier delivery of this cause made FAILED."""
        firing_id = firing_id_of(trigger.name, cause.key)
        known = self._triggers.firing(group_id, trigger.name, firing_id)
        if known and not (again and known.status is not FiringStatus.STARTED):
            return Fired(known, repeated=True)
        firing = self._fired(group_id, trigger, cause, self._blank(trigger.name, cause))
        self._triggers.save_firing(group_id, firing, cause)
        logger.info(
            "Trigger fired",
            extra={"group_id": group_id, "trigger": trigger.name, "status": firing.status, "reason": firing.reason},
        )
        return Fired(firing, repeated=False)

    def failed(self, group_id: str, trigger: str, cause: Cause, error: StepcrewError) -> Firing:
        """Records that a cause could not even be read."""
        firing_id = firing_id_of(trigger, cause.key)
        known = self._triggers.firing(group_id, trigger, firing_id)
        if known and known.status is FiringStatus.STARTED:
            return known
        firing = _failed(self._blank(trigger, cause), error)
        self._triggers.save_firing(group_id, firing, cause)
        return firing

    def _blank(self, trigger: str, cause: Cause) -> Firing:
        return Firing(
            firing_id=firing_id_of(trigger, cause.key),
            trigger=trigger,
            cause=cause.key,
            status=FiringStatus.FAILED,
            fired_at=self._clock.now(),
        )

    def _fired(self, group_id: str, trigger: Trigger, cause: Cause, firing: Firing) -> Firing:
        if not trigger.enabled:
            return _ended(firing, FiringStatus.SKIPPED, "The trigger is paused.")
        if trigger.name in cause.chain or len(cause.chain) >= MOST_CHAIN:
            path = " → ".join([*cause.chain, trigger.name])
            return _ended(firing, FiringStatus.FAILED, f"A loop: triggers started one another ({path}).")
        rows: Sequence[dict[str, Any]] | None = cause.document.get("rows")
        if rows is None:
            return self._one(group_id, trigger, cause, firing, cause.document, "")
        if len(rows) > MOST_ROWS:
            return _ended(firing, FiringStatus.FAILED, f"The object has {len(rows)} rows; {MOST_ROWS} are allowed.")
        for number, row in enumerate(rows, 1):
            document = {**cause.document, "row": row, "row_number": number}
            firing = self._one(group_id, trigger, cause, firing, document, f"#{number}")
        return firing

    def _one(
        self, group_id: str, trigger: Trigger, cause: Cause, firing: Firing, document: dict[str, Any], part: str
    ) -> Firing:
        """The firing with one more execution, or with the reason why there is none."""
        try:
            accepted = self._submit(submission(group_id, trigger, cause, document, part))
        except NothingThere as missing:
            told = f"${{{missing.expression}}} finds nothing in what made the trigger fire."
            return _failed(firing, InvalidRequest(told))
        except StepcrewError as error:
            if error.retryable:
                raise
            return _failed(firing, error)
        started = accepted.execution.execution_id
        ids = [*firing.execution_ids, started][:MOST_IDS]
        return firing.model_copy(
            update={"status": FiringStatus.STARTED, "started": firing.started + 1, "execution_ids": ids}
        )


def submission(
    group_id: str, trigger: Trigger, cause: Cause, document: dict[str, Any], part: str = ""
) -> CrewSubmission:
    """What a cause submits. Raises `NothingThere`."""
    return CrewSubmission(
        group_id=group_id,
        submitted_by=trigger.made_by,
        config=None,
        crew=trigger.crew,
        inputs=filled(trigger.inputs, document),
        limits=trigger.limits,
        idempotency_key=f"trigger/{firing_id_of(trigger.name, cause.key)}{part}",
        source=trigger.kind.value,
        triggered_by=[*cause.chain, trigger.name],
    )


def _ended(firing: Firing, status: FiringStatus, reason: str) -> Firing:
    return firing.model_copy(update={"status": status, "reason": reason})


def _failed(firing: Firing, error: StepcrewError) -> Firing:
    """Of rows, some may have started: the firing keeps that, with the first reason why another did not."""
    status = FiringStatus.STARTED if firing.started else FiringStatus.FAILED
    faults = error.faults[:MOST_FAULTS] if isinstance(error, InvalidRequest) else []
    return firing.model_copy(
        update={
            "status": status,
            "failed": firing.failed + 1,
            "reason": firing.reason or error.message,
            "faults": firing.faults or faults,
        }
    )
