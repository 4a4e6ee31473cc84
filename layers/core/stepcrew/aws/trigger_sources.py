"""Rules of EventBridge and schedules of EventBridge Scheduler, which send the causes of triggers to their queue."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator
from typing import Any, cast

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.domain.canonical import digest
from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.trigger import Trigger
from stepcrew.settings import Settings

_TARGET = "trigger-queue"
_EVENT = "<aws.events.event.json>"
"""The whole event, its detail included, as a value in a template."""
_REFUSED = {"InvalidEventPatternException", "ValidationException"}
_GONE = {"ResourceNotFoundException"}


class EventBridgeSources:
    """`TriggerSources`. Names hold a hash, because a group's and a trigger's name together may be longer than AWS
    allows (64 characters), and begin with the stack's name, which the role's policy demands."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        self._clients = clients
        self._settings = settings

    def put(self, group_id: str, trigger: Trigger) -> None:
        if trigger.event:
            self._put_rule(group_id, trigger)
        elif trigger.schedule:
            self._put_schedule(group_id, trigger)

    def remove(self, group_id: str, trigger: Trigger) -> None:
        if trigger.event:
            bus = trigger.event.bus or self._settings.event_bus_name
            name = self._name(group_id, trigger.name)
            with platform_errors("Removing the trigger's rule"):
                _unless_gone(lambda: self._clients.events.remove_targets(Rule=name, EventBusName=bus, Ids=[_TARGET]))
                _unless_gone(lambda: self._clients.events.delete_rule(Name=name, EventBusName=bus))
        elif trigger.schedule:
            with platform_errors("Removing the trigger's schedule"):
                _unless_gone(
                    lambda: self._clients.scheduler.delete_schedule(
                        GroupName=self._settings.schedule_group, Name=self._name(group_id, trigger.name)
                    )
                )

    def _put_rule(self, group_id: str, trigger: Trigger) -> None:
        assert trigger.event
        bus = trigger.event.bus or self._settings.event_bus_name
        if trigger.event.bus and not self._settings.group_may_hear(group_id, bus):
            detail = f"The group may not hear the event bus {bus}."
            remedy = "The operator opens a bus to groups with the parameter TriggerBuses."
            raise InvalidRequest.at("/event/bus", "not_open", detail, remedy)
        name = self._name(group_id, trigger.name)
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
        template = json.dumps({"group_id": group_id, "trigger": trigger.name, "event": _EVENT})
        with platform_errors("Storing the trigger's rule"), _faults_at("/event/pattern"):
            self._clients.events.put_rule(
                Name=name,
                EventBusName=bus,
                EventPattern=json.dumps(_pattern(group_id, trigger)),
                State="ENABLED" if trigger.enabled else "DISABLED",
                Description=f"Trigger {trigger.name} of group {group_id}",
            )
            self._clients.events.put_targets(
                Rule=name,
                EventBusName=bus,
                Targets=[
                    {
                        "Id": _TARGET,
                        "Arn": self._settings.trigger_queue_arn,
                        "InputTransformer": {
                            "InputTemplate": template.replace(f'"{_EVENT}"', _EVENT),
                        },
                        "DeadLetterConfig": {"Arn": self._settings.trigger_dead_letters_arn},
                    }
                ],
            )

    def _put_schedule(self, group_id: str, trigger: Trigger) -> None:
        assert trigger.schedule
        schedule = trigger.schedule
        message = {
            "group_id": group_id,
            "trigger": trigger.name,
            # https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
            "schedule": {"time": "<aws.scheduler.scheduled-time>"},
        }
        request: dict[str, Any] = {
            "GroupName": self._settings.schedule_group,
            "Name": self._name(group_id, trigger.name),
            "ScheduleExpression": schedule.expression,
            "ScheduleExpressionTimezone": schedule.time_zone,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED" if trigger.enabled else "DISABLED",
            "Description": f"Trigger {trigger.name} of group {group_id}",
            "Target": {
                "Arn": self._settings.trigger_queue_arn,
                "RoleArn": self._settings.schedule_role_arn,
                "Input": json.dumps(message),
                "DeadLetterConfig": {"Arn": self._settings.trigger_dead_letters_arn},
            },
        }
        for name, moment in (("StartDate", schedule.start), ("EndDate", schedule.end)):
            if moment:
                request[name] = moment
        with platform_errors("Storing the trigger's schedule"), _faults_at("/schedule/expression"):
            try:
                self._clients.scheduler.update_schedule(**request)
            except ClientError as error:
                if code_of(error) not in _GONE:
                    raise
                self._clients.scheduler.create_schedule(**request)

    def _name(self, group_id: str, trigger: str) -> str:
        told_apart = digest(f"{group_id}\n{trigger}")[:24]
        return f"{self._settings.stack_name[:38]}-{told_apart}"


def _pattern(group_id: str, trigger: Trigger) -> dict[str, Any]:
    """The user's pattern; on the product's own bus, only for events of the group itself. Each event there names it in
    its data, as the announcements of the product do (`domain/announcement.py`)."""
    assert trigger.event
    pattern = dict(trigger.event.pattern)
    if trigger.event.bus is None:
        detail = _inside(pattern, "detail")
        pattern["detail"] = {**detail, "data": {**_inside(detail, "data"), "group_id": [group_id]}}
    return pattern


def _inside(pattern: dict[str, Any], name: str) -> dict[str, Any]:
    found = pattern.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


@contextlib.contextmanager
def _faults_at(pointer: str) -> Generator[None]:
    """What AWS refuses of a pattern or an expression is a fault of the request."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in _REFUSED:
            raise
        detail = f"AWS refuses it: {error.response.get('Error', {}).get('Message', '')}"
        raise InvalidRequest.at(pointer, "refused", detail) from error


def _unless_gone(call: Callable[[], object]) -> None:
    try:
        call()
    except ClientError as error:
        if code_of(error) not in _GONE:
            raise
