"""The sender of webhooks is killed: every delivery arrives, once or more, under one id."""

from __future__ import annotations

from typing import Any

import pytest

from stepcrew_local.deploy import physical_id
from tests.e2e.receiver import Receiver, Reply, receiving
from tests.faults.calls import HIDE_MESSAGE, KEEP_DELIVERY, SENDER
from tests.faults.cases import three_tasks
from tests.faults.harness import REDELIVERY_SECONDS, FaultHarness, seen
from tests.faults.proxy import Fault, How, Plan
from tests.faults.reliability import Findings, Row

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
BEFORE, AFTER, LOSE = How.KILL_BEFORE, How.KILL_AFTER, How.LOSE
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CASES = (
    ("hook-begun", "before the delivery is kept", Fault(SENDER, KEEP_DELIVERY, BEFORE), False),
    ("hook-kept", "after it is kept, before it is posted", Fault(SENDER, KEEP_DELIVERY, AFTER), False),
    ("hook-posted", "after it is posted, before the answer is kept", Fault(SENDER, KEEP_DELIVERY, BEFORE, 2), False),
    ("hook-told", "after the answer is kept", Fault(SENDER, KEEP_DELIVERY, AFTER, 2), False),
    ("hook-lost", "its answer of keeping the answer is lost", Fault(SENDER, KEEP_DELIVERY, LOSE, 2), False),
    ("hook-hidden", "after a refusal, before it puts off the next try", Fault(SENDER, HIDE_MESSAGE, BEFORE), True),
)


def test_a_delivery_arrives_whenever_its_sender_dies(harness: FaultHarness, findings: Findings) -> None:
    harness.stack.client("sqs").set_queue_attributes(
        QueueUrl=physical_id(harness.stack.emulator, "WebhookQueue"),
        Attributes={"VisibilityTimeout": REDELIVERY_SECONDS},
    )
    assert harness.user.put("/secrets/WEBHOOK_FAULTS", json={"value": SECRET}).is_success
    with receiving() as receiver:
        plans = {key: _begun(harness, receiver, key, fault, refuses) for key, _, fault, refuses in CASES}
        rows = [_delivered(harness, receiver, key, when, plans[key]) for key, when, _, _ in CASES]
    findings.add("webhooks", rows, ("the sender dies", "the delivery is", "posted"))


def _begun(harness: FaultHarness, receiver: Receiver, key: str, fault: Fault, refuses: bool) -> Plan:
    """An execution whose end one webhook hears of; its receiver refuses the first delivery where asked."""
    known = receiver.behave
    receiver.behave = lambda request, before: (
        Reply(503) if refuses and request.path == f"/{key}" and not before else known(request, before)
    )
    hook: dict[str, Any] = {"url": f"{receiver.url}/{key}", "secret": "WEBHOOK_FAULTS", "crews": []}
    assert harness.user.put(f"/webhooks/{key}", json=hook).is_success
    plan = harness.proxy.add(Plan(key, [fault]))
    body = {"config": three_tasks(key), "webhooks": [key]}
    answer = harness.user.post("/executions", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 202, answer.text
    return plan


def _delivered(harness: FaultHarness, receiver: Receiver, key: str, when: str, plan: Plan) -> Row:
    def done() -> dict[str, Any] | None:
        found = harness.get(f"/webhooks/{key}/deliveries")["deliveries"]
        return next((one for one in found if one["state"] != "WAITING"), None)

    delivery = seen(done, f"the delivery of {key}")
    seen(lambda: plan.injected or None, f"the fault of {key}")
    posted = receiver.at(f"/{key}")
    assert {one.headers["webhook-id"] for one in posted} == {delivery["delivery_id"]}
    times = {1: "once", 2: "twice"}[len(posted)]
    return (when, delivery["state"], times)
