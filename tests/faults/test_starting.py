"""The functions that start crews and tell of them are killed: a cause starts one execution, an end is told, a slot goes
to the next one."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from stepcrew_local.deploy import physical_id
from tests.e2e.bus import announced, subscribe
from tests.e2e.user import TERMINAL
from tests.faults.calls import (
    ANNOUNCE,
    ANNOUNCER,
    GIVE_SLOT,
    KEEP_FIRING,
    READ_UPLOAD,
    START_MACHINE,
    STORE_EXECUTION,
    TRIGGER,
)
from tests.faults.cases import Expected, three_tasks
from tests.faults.harness import REDELIVERY_SECONDS, FaultHarness, seen
from tests.faults.proxy import Fault, How, Plan
from tests.faults.reliability import Findings, Row

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
BEFORE, AFTER, LOSE = How.KILL_BEFORE, How.KILL_AFTER, How.LOSE
LIMITS = {"PK": {"S": "GROUP#demo"}, "SK": {"S": "LIMITS"}}


def test_an_object_starts_one_execution_whenever_the_trigger_function_dies(
    harness: FaultHarness, findings: Findings
) -> None:
    harness.stack.client("sqs").set_queue_attributes(
        QueueUrl=physical_id(harness.stack.emulator, "TriggerQueue"),
        Attributes={"VisibilityTimeout": REDELIVERY_SECONDS},
    )
    rows = [
        uploaded(harness, key, when, Fault(TRIGGER, call, how))
        for key, when, call, how in (
            ("upload-read", "before it reads the object", READ_UPLOAD, BEFORE),
            ("upload-unstored", "before the execution is stored", STORE_EXECUTION, BEFORE),
            ("upload-stored", "after the execution is stored, before its start", START_MACHINE, BEFORE),
            ("upload-started", "after the start, before the firing is kept", KEEP_FIRING, BEFORE),
            ("upload-kept", "after the firing is kept", KEEP_FIRING, AFTER),
            ("upload-lost", "its answer of keeping the firing is lost", KEEP_FIRING, LOSE),
        )
    ]
    findings.add("triggers", rows, ("the trigger function dies", "executions", "ends as", "model calls", "trace"))


def uploaded(harness: FaultHarness, key: str, when: str, fault: Fault) -> Row:
    plan = harness.proxy.add(Plan(key, [fault]))
    offer = harness.user.post(f"/inbox/{key}.json").json()
    httpx.put(offer["url"], content=json.dumps({"config": three_tasks(key)}), trust_env=False).raise_for_status()

    def fired() -> dict[str, Any] | None:
        known = harness.get("/triggers/inbox/firings")["firings"]
        return next((one for one in known if f"/{key}.json" in one["cause"]), None)

    firing = seen(fired, f"the firing of {key}")
    assert plan.injected, f"nothing injected into {key}"
    (execution_id,) = firing["execution_ids"]
    record = harness.until(execution_id, *TERMINAL)
    assert (record["source"], record["triggered_by"]) == ("object", ["inbox"])
    found = harness.found(Expected(), execution_id, plan)
    assert not found.problems, found.problems
    named = [one for one in harness.get("/executions?limit=100")["executions"] if one["name"] == key]
    return (when, str(len(named)), record["status"], found.told_calls, found.trace)


def test_an_end_is_told_and_a_slot_given_whenever_the_announcer_dies(harness: FaultHarness, findings: Findings) -> None:
    subscribe(harness.stack)
    told = [
        ended(harness, key, when, Fault(ANNOUNCER, ANNOUNCE, how))
        for key, when, how in (
            ("told-before", "before it tells the bus", BEFORE),
            ("told-after", "after it told the bus", AFTER),
            ("told-lost", "the bus's answer is lost", LOSE),
        )
    ]
    with one_at_a_time(harness):
        given = [
            queued(harness, key, when, Fault(ANNOUNCER, GIVE_SLOT, how))
            for key, when, how in (
                ("slot-before", "before the next one has the slot", BEFORE),
                ("slot-after", "after the next one has the slot, before its start", AFTER),
            )
        ]
    findings.add("announcer", [*told, *given], ("the announcer dies", "ends as", "told", "model calls"))


def ended(harness: FaultHarness, key: str, when: str, fault: Fault) -> Row:
    plan = harness.proxy.add(Plan(key, [fault]))
    return concluded(harness, harness.submit(three_tasks(key), key), plan, when)


def queued(harness: FaultHarness, key: str, when: str, fault: Fault) -> Row:
    """Of the execution that waits for the slot of another one."""
    first = harness.submit(three_tasks(f"{key}-first"), f"{key}-first")
    plan = harness.proxy.add(Plan(key, [fault]))
    execution_id = harness.submit(three_tasks(key), key)
    assert harness.get(f"/executions/{execution_id}")["queue_position"] == 1
    harness.until(first, *TERMINAL)
    seen(lambda: plan.injected or None, f"the fault of {key}")
    harness.sweep()
    return concluded(harness, execution_id, plan, when)


def concluded(harness: FaultHarness, execution_id: str, plan: Plan, when: str) -> Row:
    record = harness.until(execution_id, *TERMINAL)
    seen(lambda: plan.injected or None, when)
    heard = announced(harness.stack, lambda found: any(one["subject"] == execution_id for one in found))
    of_this = [one for one in heard if one["subject"] == execution_id]
    assert {one["data"]["status"] for one in of_this} == {record["status"]}
    assert len({one["id"] for one in of_this}) == 1
    found = harness.found(Expected(), execution_id, plan)
    assert not found.problems, found.problems
    return (when, record["status"], "once or more, one id", found.told_calls)


@contextmanager
def one_at_a_time(harness: FaultHarness) -> Generator[None]:
    table, name = harness.stack.client("dynamodb"), harness.stack.outputs["TableName"]
    table.put_item(TableName=name, Item={**LIMITS, "running_executions": {"N": "1"}})
    try:
        yield
    finally:
        table.delete_item(TableName=name, Key=LIMITS)
