"""The rules and schedules that triggers have on AWS."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from tests.aws_table import CREDENTIALS, GROUP, NOW

from stepcrew.aws.clients import Clients
from stepcrew.aws.trigger_sources import EventBridgeSources
from stepcrew.domain.errors import InvalidRequest, QuotaUsedUp
from stepcrew.domain.trigger import Trigger
from stepcrew.settings import Settings

QUEUE = "arn:aws:sqs:us-east-1:123456789012:triggers"
SETTINGS = Settings(
    event_bus_name="stack",
    trigger_queue_arn=QUEUE,
    trigger_dead_letters_arn=f"{QUEUE}-dead",
    stack_name="stack",
    schedule_group="stack-triggers",
    schedule_role_arn="arn:aws:iam::123456789012:role/schedules",
    trigger_buses={"default": [GROUP], "shared": ["*"]},
)


@pytest.fixture
def clients() -> Generator[Clients]:
    with patch.dict("os.environ", CREDENTIALS), mock_aws():
        made = Clients()
        for bus in ("stack", "shared"):
            made.events.create_event_bus(Name=bus)
        made.scheduler.create_schedule_group(Name="stack-triggers")
        yield made


def trigger(**spec: Any) -> Trigger:
    times = {"created_at": NOW, "updated_at": NOW}
    return Trigger.model_validate({"name": "t", "crew": "haiku", **times, **spec})


@pytest.mark.parametrize(
    ("spec", "api", "code"),
    [
        ({"event": {"pattern": {"source": ["a"]}}}, ("events", "put_rule"), "LimitExceededException"),
        (
            {"schedule": {"expression": "rate(1 hour)"}},
            ("scheduler", "create_schedule"),
            "ServiceQuotaExceededException",
        ),
    ],
)
def test_a_quota_of_the_account_is_the_operators_to_raise(
    clients: Clients, monkeypatch: pytest.MonkeyPatch, spec: dict[str, Any], api: tuple[str, str], code: str
) -> None:
    def full(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no more"}}, api[1])

    monkeypatch.setattr(getattr(clients, api[0]), api[1], full)
    with pytest.raises(QuotaUsedUp, match="quota of the account") as caught:
        EventBridgeSources(clients, SETTINGS).put(GROUP, trigger(**spec))
    assert not caught.value.retryable
    assert "operator" in caught.value.remedy


def test_a_rule_of_the_products_own_bus_hears_only_the_groups_own_events(clients: Clients) -> None:
    sources = EventBridgeSources(clients, SETTINGS)
    asked = {"data": {"group_id": ["other"], "status": ["FAILED"]}}
    sources.put(GROUP, trigger(event={"pattern": {"source": ["stepcrew"], "detail": asked}}))
    (rule,) = clients.events.list_rules(EventBusName="stack")["Rules"]
    heard = {"data": {"group_id": [GROUP], "status": ["FAILED"]}}
    assert json.loads(rule.get("EventPattern", "")) == {"source": ["stepcrew"], "detail": heard}
    (target,) = clients.events.list_targets_by_rule(Rule=rule.get("Name", ""), EventBusName="stack")["Targets"]
    assert target["Arn"] == QUEUE
    template = target.get("InputTransformer", {}).get("InputTemplate", "")
    assert json.loads(template.replace("<aws.events.event.json>", '{"id": 1}')) == {
        "group_id": GROUP,
        "trigger": "t",
        "event": {"id": 1},
    }


def test_putting_again_changes_the_rule_and_removing_twice_is_harmless(clients: Clients) -> None:
    sources = EventBridgeSources(clients, SETTINGS)
    sources.put(GROUP, trigger(event={"pattern": {"source": ["a"]}}))
    paused = trigger(event={"pattern": {"source": ["a"]}}, enabled=False)
    sources.put(GROUP, paused)
    (rule,) = clients.events.list_rules(EventBusName="stack")["Rules"]
    assert rule.get("State") == "DISABLED"
    sources.remove(GROUP, paused)
    sources.remove(GROUP, paused)
    assert clients.events.list_rules(EventBusName="stack")["Rules"] == []


@pytest.mark.parametrize(
    ("bus", "group", "may"),
    [("default", GROUP, True), ("default", "b", False), ("shared", "b", True), ("secret", GROUP, False)],
)
def test_a_bus_is_heard_only_by_groups_the_operator_opened_it_to(
    clients: Clients, bus: str, group: str, may: bool
) -> None:
    sources, rule = EventBridgeSources(clients, SETTINGS), trigger(event={"bus": bus, "pattern": {"source": ["a"]}})
    if may:
        sources.put(group, rule)
        assert len(clients.events.list_rules(EventBusName=bus)["Rules"]) == 1
        return
    with pytest.raises(InvalidRequest) as caught:
        sources.put(group, rule)
    assert caught.value.faults[0].pointer == "/event/bus"


def test_two_groups_may_have_triggers_of_one_name(clients: Clients) -> None:
    sources = EventBridgeSources(clients, SETTINGS)
    for group in ("a", "b"):
        sources.put(group, trigger(schedule={"expression": "rate(1 hour)"}))
    assert len(clients.scheduler.list_schedules(GroupName="stack-triggers")["Schedules"]) == 2


def test_a_schedule_keeps_its_time_zone_and_its_first_and_last_day(clients: Clients) -> None:
    sources = EventBridgeSources(clients, SETTINGS)
    schedule: dict[str, Any] = {"expression": "cron(30 2 * * ? *)", "time_zone": "Europe/Berlin"}
    sources.put(GROUP, trigger(schedule=schedule))
    dates = {"start": "2026-12-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    changed = trigger(schedule={**schedule, **dates}, enabled=False)
    sources.put(GROUP, changed)
    (known,) = clients.scheduler.list_schedules(GroupName="stack-triggers")["Schedules"]
    found = clients.scheduler.get_schedule(GroupName="stack-triggers", Name=known.get("Name", ""))
    assert (found["ScheduleExpression"], found["ScheduleExpressionTimezone"]) == (
        "cron(30 2 * * ? *)",
        "Europe/Berlin",
    )
    assert found["State"] == "DISABLED"
    message = json.loads(found["Target"].get("Input", ""))
    assert message == {"group_id": GROUP, "trigger": "t", "schedule": {"time": "<aws.scheduler.scheduled-time>"}}
    sources.remove(GROUP, changed)
    sources.remove(GROUP, changed)
    assert clients.scheduler.list_schedules(GroupName="stack-triggers")["Schedules"] == []
