"""What an event of a bus or the time of a schedule starts."""

from __future__ import annotations

import logging
from typing import Any, cast

from stepcrew.domain.announcement import SOURCE
from stepcrew.domain.errors import ExecutionNotFound
from stepcrew.domain.trace_context import traceparent_in
from stepcrew.domain.trigger import REQUESTS, Cause, Firing, TriggerKind
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.ports import ExecutionStore
from stepcrew.services.trigger_ports import TriggerStore

logger = logging.getLogger(__name__)


class TakeEvent:
    """Every call may be repeated. A trigger that is gone fires no more, and that is logged."""

    def __init__(self, triggers: TriggerStore, fire: FireTrigger, executions: ExecutionStore) -> None:
        self._triggers = triggers
        self._fire = fire
        self._executions = executions

    def event(self, group_id: str, name: str, event: dict[str, Any]) -> Firing | None:
        """Raises `PlatformUnavailable`."""
        cause = Cause(
            key=f"event {event.get('id')}",
            document=event,
            chain=self._chain(group_id, event),
            traceparent=traceparent_in(_detail(event).get("traceparent")),
        )
        return self._fired(group_id, name, TriggerKind.EVENT, cause)

    def tick(self, group_id: str, name: str, time: str) -> Firing | None:
        """`time` is when the schedule was due (ISO 8601). Raises `PlatformUnavailable`."""
        cause = Cause(key=f"schedule {time}", document={"time": time})
        return self._fired(group_id, name, TriggerKind.SCHEDULE, cause)

    def proceed(self, group_id: str, name: str, firing_id: str, turn: int) -> Firing | None:
        """The next turn of a firing that was deferred. Raises `PlatformUnavailable`."""
        trigger = self._triggers.trigger(group_id, name)
        if trigger is None and name != REQUESTS:
            return self._gone(group_id, name)
        return self._fire.proceed(group_id, trigger, firing_id, turn)

    def _fired(self, group_id: str, name: str, kind: TriggerKind, cause: Cause) -> Firing | None:
        """A trigger that has become one of another kind is not meant by what its earlier rule or schedule sent."""
        trigger = self._triggers.trigger(group_id, name)
        if trigger is None or trigger.kind is not kind:
            return self._gone(group_id, name)
        return self._fire(group_id, trigger, cause).firing

    def _gone(self, group_id: str, name: str) -> None:
        logger.warning("An event came for a trigger that was removed", extra={"group_id": group_id, "trigger": name})

    def _chain(self, group_id: str, event: dict[str, Any]) -> list[str]:
        """The triggers behind an event that tells of an execution of ours: a trigger among them would be a loop."""
        found = _detail(event).get("data")
        if event.get("source") != SOURCE or not isinstance(found, dict):
            return []
        data = cast("dict[str, Any]", found)
        if data.get("group_id") != group_id:
            return []
        try:
            return self._executions.get(group_id, str(data.get("execution_id"))).triggered_by
        except ExecutionNotFound:
            return []


def _detail(event: dict[str, Any]) -> dict[str, Any]:
    """What the event's source says; a CloudEvent, with its `traceparent`, where the source is ours."""
    detail = event.get("detail")
    return cast("dict[str, Any]", detail) if isinstance(detail, dict) else {}
