"""When schedules of EventBridge Scheduler fire: in their own time zone, daylight saving included, and with the time
they were due in the message. The emulator's own ticker knows UTC only and leaves `<aws.scheduler.…>` as it is.

Sources: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (a local time that a change of
clocks leaves out is skipped, one that comes twice fires once) and .../managing-schedule-context-attributes.html.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ministack.services import eventbridge, scheduler

SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
TICK_SECONDS = 1

_due: dict[Any, datetime] = {}
"""By schedule: the next time it is due, with what it was worked out from."""


def install() -> None:
    """Replaces the emulator's tick. Raises RuntimeError when the emulator is not the version this was written for."""
    for owner, name in (
        (scheduler, "_tick_schedules"),
        (scheduler, "_SCHEDULE_TICK_INTERVAL"),
        (eventbridge, "_cron_next_fire"),
        (eventbridge, "_parse_cron_fields"),
        (eventbridge, "_parse_rate_seconds"),
        (eventbridge, "_invoke_target"),
    ):
        if not hasattr(owner, name):
            raise RuntimeError(f"The emulator changed: there is no {name}.")
    scheduler._SCHEDULE_TICK_INTERVAL = TICK_SECONDS
    scheduler._tick_schedules = tick


def tick() -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    for key, schedule in list(scheduler._schedules._data.items()):
        mark = (key, schedule.get("LastModificationDate"), schedule.get("ScheduleExpression"))
        if mark not in _due:
            for known in [known for known in _due if known[0] == key]:
                del _due[known]
            made = datetime.fromtimestamp(_epoch(schedule.get("LastModificationDate"), now), UTC)
            first = following(schedule, made)
            if first is not None:
                _due[mark] = first
        due = _due.get(mark)
        if due is None or due > now or schedule.get("State") != "ENABLED":
            continue
        _fire(key, schedule, due)
        _due[mark] = following(schedule, due) or datetime.max.replace(tzinfo=UTC)


def following(schedule: dict[str, Any], after: datetime) -> datetime | None:
    """The first time behind `after` at which a schedule is due, between its first and last day; None for none."""
    start, end = scheduler._to_epoch(schedule.get("StartDate")), scheduler._to_epoch(schedule.get("EndDate"))
    first = datetime.fromtimestamp(start, UTC) if start is not None and start > after.timestamp() else None
    after = first - timedelta(seconds=1) if first else after
    expression = schedule.get("ScheduleExpression", "")
    zone = ZoneInfo(schedule.get("ScheduleExpressionTimezone") or "UTC")
    seconds = eventbridge._parse_rate_seconds(expression)
    if seconds is not None:
        found = first or after + timedelta(seconds=seconds)
    elif expression.startswith("at("):
        moment = datetime.fromisoformat(expression[3:-1]).replace(tzinfo=zone).astimezone(UTC)
        found = moment if moment > after else None
    else:
        found = _by_clock(expression, zone, after)
    return None if found is None or (end is not None and found.timestamp() > end) else found


def _by_clock(expression: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    fields = eventbridge._parse_cron_fields(expression)
    if fields is None:
        return None
    local = after.astimezone(zone).replace(tzinfo=None)
    while True:
        # The emulator's walk knows no time zones: it is given local times as if they were UTC.
        local = eventbridge._cron_next_fire(fields, local.replace(tzinfo=UTC))
        if local is None:
            return None
        local = local.replace(tzinfo=None)
        moment = local.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) == local and moment > after:
            return moment


def _fire(key: Any, schedule: dict[str, Any], due: datetime) -> None:
    account, region, _ = key
    target = dict(schedule.get("Target") or {})
    moment = due.strftime("%Y-%m-%dT%H:%M:%SZ")
    if "Input" in target:
        target["Input"] = target["Input"].replace(SCHEDULED_TIME, moment)
    event = {
        "EventId": scheduler.new_uuid(),
        "Source": "aws.scheduler",
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "Time": due.timestamp(),
        "Resources": [schedule.get("Arn", "")],
        "Account": account,
        "Region": region,
    }
    before = scheduler.get_account_id(), scheduler.get_region()
    scheduler.set_request_account_id(account)
    scheduler.set_request_region(region)
    try:
        eventbridge._invoke_target(target, event, schedule)
    finally:
        scheduler.set_request_account_id(before[0])
        scheduler.set_request_region(before[1])


def _epoch(value: Any, now: datetime) -> float:
    found = scheduler._to_epoch(value)
    return now.timestamp() if found is None else found
