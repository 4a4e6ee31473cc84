"""What starting and telling ask of AWS, counted: a change that asks for more is seen before it is paid for.

STEPCREW_WRITE_COUNTS=1 writes benchmarks/counts.json, from which benchmarks/README.md tells what 1,000 of each cost.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.aws_table import GROUP, NOW, TABLE, emulated_aws
from tests.fakes.secrets import FakeSecrets
from tests.fakes.webhooks import FakeMailer, FakePoster, FakeWebhookQueue
from tests.unit.services.batching import Harness
from tests.units import TableUnits

from stepcrew.aws.link_keys import ParameterLinkKeys
from stepcrew.aws.usage import TableUsage
from stepcrew.aws.webhooks import TableWebhooks
from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.trace import EventSource, TraceEvent
from stepcrew.domain.webhook import Webhook, WebhookMessage
from stepcrew.services.count_usage import CountUsage
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.read_cost import ReadCost
from stepcrew.services.read_trace import ReadTrace
from stepcrew.services.send_webhook import SendWebhook
from stepcrew.services.submit_execution import CrewSubmission
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.services.write_callback import WriteCallback

COUNTS = Path(__file__).resolve().parents[3] / "benchmarks/counts.json"
WRITE = "STEPCREW_WRITE_COUNTS"
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")


class Asked:
    """`items` are those written into the table, `in_transactions` of them in transactions."""

    def __init__(self) -> None:
        self.by_operation: Counter[str] = Counter()
        self.items = self.in_transactions = 0

    def note(self, request: Any, operation_name: str, event_name: str, **_: Any) -> None:
        service = event_name.split(".")[1]
        self.by_operation[f"{service} {operation_name}"] += 1
        if service == "dynamodb" and operation_name in WRITES:
            together = len(json.loads(request.data).get("TransactItems", ()))
            self.items += together or 1
            self.in_transactions += together

    def told(self) -> dict[str, Any]:
        by_operation = dict(sorted(self.by_operation.items()))
        return {"by_operation": by_operation, "items": self.items, "in_transactions": self.in_transactions}


def submission(harness: Harness) -> Callable[[], object]:
    inputs = {"topic": "sun"}
    request = CrewSubmission(group_id=GROUP, submitted_by="ada", config=None, crew="haiku", inputs=inputs)
    return lambda: harness.submit(request._replace(idempotency_key="k"))


def firing(harness: Harness) -> Callable[[], object]:
    harness.trigger(object={"contents": "text"}, inputs={"topic": "${text}"})
    return lambda: harness.put("demo/a.txt", "rain")


def rows_start(harness: Harness) -> Callable[[], object]:
    batch = harness.batch(2)
    reference = harness.inputs_of_batches.rows(GROUP, batch.batch_id)[0]
    return lambda: harness.run_row(reference, "token")


def rows_end(harness: Harness) -> Callable[[], object]:
    batch = harness.batch(2)
    harness.run(batch, 1)
    ended = harness.finish(harness.execution_of(batch, 1))
    return lambda: harness.end_row.of_execution(ended)


def delivery(harness: Harness) -> Callable[[], object]:
    store = TableWebhooks(harness.aws.clients, TABLE, 30)
    hook = {"name": "ops", "url": "https://ops.example.com/", "secret": "WEBHOOK_OPS"}
    store.save(GROUP, Webhook.model_validate({**hook, "created_at": NOW, "updated_at": NOW}), seen=None)
    secrets = FakeSecrets()
    secrets.groups[GROUP, "WEBHOOK_OPS"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    submission(harness)()
    execution = harness.aws.executions.get(GROUP, harness.orchestrator.started[0])
    told = WebhookMessage(group_id=GROUP, webhook="ops", announcement=announcement_of(execution))
    send = SendWebhook(
        *(store, secrets, harness.aws.approvals, ParameterLinkKeys(harness.aws.clients, "/stepcrew/test")),
        *(FakePoster(), FakeMailer(), FakeWebhookQueue()),
        WriteCallback(harness.aws.executions, harness.aws.tasks, harness.aws.traces, "https://api"),
        *(harness.clock, "https://console", "https://api"),
    )
    return lambda: send(told)


def begun(harness: Harness) -> Execution:
    submission(harness)()
    return harness.aws.executions.begin_attempt(GROUP, harness.orchestrator.started[0], NOW, 768)


def between_calls(execution: Execution) -> list[TraceEvent]:
    """What happens between two model calls: a twentieth of the reference execution."""
    ids = {"group_id": GROUP, "execution_id": execution.execution_id}
    common: dict[str, Any] = {**ids, "emitted_at": NOW, "event_source": EventSource.LLM}
    kinds = ("llm_call_completed", "tool_usage_started", "tool_usage_finished", "task_started", "llm_call_started")
    return [
        TraceEvent(**common, attempt=1, sequence=number, event_type=kind, output="x" * 500)
        for number, kind in enumerate(kinds, 1)
    ]


def trace_message(harness: Harness) -> Callable[[], object]:
    execution = begun(harness)
    return lambda: harness.aws.traces.record(GROUP, execution.execution_id, between_calls(execution), [])


def look(harness: Harness) -> Callable[[], object]:
    execution_id = begun(harness).execution_id
    return lambda: harness.aws.executions.get(GROUP, execution_id)


def trace_page(harness: Harness) -> Callable[[], object]:
    execution = begun(harness)
    harness.aws.traces.record(GROUP, execution.execution_id, between_calls(execution), [])
    read = ReadTrace(harness.aws.executions, harness.aws.traces)
    return lambda: read(GROUP, execution.execution_id, after=(0, 0), limit=500)


def end(harness: Harness) -> Callable[[], object]:
    """What the announcer does about one, in a group without budgets, webhooks and others that wait."""
    execution = begun(harness)
    ended = harness.aws.executions.finish(execution, Status.COMPLETED, message="Done.", now=NOW)
    aws = harness.aws
    usage = CountUsage(TableUsage(aws.clients, TABLE), aws.journal, ReadCost(aws.executions, aws.journal, "us-east-1"))
    wake = WakeMachine(aws.approvals, harness.orchestrator)
    fill_slots = FillSlots(aws.slots, harness.limits, harness.orchestrator, wake, harness.clock)

    def tell() -> None:
        fill_slots(GROUP)
        TableWebhooks(aws.clients, TABLE, 30).webhooks(GROUP)
        usage([ended])

    return tell


KINDS = {
    "a submission": submission,
    "a firing": firing,
    "a row's start": rows_start,
    "a row's end": rows_end,
    "a delivery": delivery,
    "a trace message": trace_message,
    "a look at the record": look,
    "a page of the trace": trace_page,
    "an end": end,
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_more_is_asked_for_than_before(kind: str) -> None:
    with emulated_aws() as aws:
        work, asked = KINDS[kind](Harness(aws)), Asked()
        for client in (aws.clients.dynamodb, aws.clients.s3):
            client.meta.events.register("request-created", asked.note)
        units = TableUnits(aws.clients.dynamodb, TABLE)
        work()
    told = asked.told() | {"write_units": units.written, "read_units": units.read}
    kept: dict[str, dict[str, Any]] = json.loads(COUNTS.read_text())
    if os.environ.get(WRITE):
        kept[kind] = told
        COUNTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    assert told == kept[kind], f"Write it with {WRITE}=1 when it is meant."
