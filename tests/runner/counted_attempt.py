"""What an attempt asks of AWS, counted: the runner on the real adapters, and an emulated table, bucket and queue.

What depends on time is left out, so that the counts are the same on any machine: the look at the record each second,
and how many events a message takes along.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple
from unittest.mock import patch

from stepcrew.aws.queue import SqsTraceQueue
from stepcrew.clock import SystemClock
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.execution import Execution, Progress, Status
from stepcrew.domain.submission import Submission
from stepcrew_runner.attempt.run_attempt import Ports, RunAttempt, Stores
from stepcrew_runner.gate import control
from stepcrew_runner.isolation.addresses import trusted
from stepcrew_runner.trace import sender
from tests.aws_table import TABLE, emulated_aws
from tests.fakes.files import FakeFiles
from tests.fakes.knowledge import FakeKnowledge
from tests.fakes.memory import FakeMemory
from tests.fakes.secrets import FakeSecrets
from tests.units import TableUnits

FIVE_TASKS: dict[str, Any] = {
    "agents": {"worker": {"role": "Worker", "goal": "Do it", "backstory": "Has done it before."}},
    "tasks": [
        {"name": f"t{n}", "description": f"Task {n}. [[say done]]", "expected_output": "Text.", "agent": "worker"}
        for n in range(5)
    ],
    "model": "openai/gpt-4.1-mini",
}
LONG = 3600.0
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")


class Requests(NamedTuple):
    """`items` counts what was written into the table, `journal` what of it are entries of the journal; the bytes are
    those of the requests that wrote it; the units are the table's (`tests.units`)."""

    by_operation: dict[str, int]
    items: int
    bytes: int
    journal: int
    journal_bytes: int
    write_units: int
    read_units: float


class _Counter:
    def __init__(self) -> None:
        self.by_operation: Counter[str] = Counter()
        self.items = self.bytes = self.journal = self.journal_bytes = 0

    def note(self, request: Any, operation_name: str, event_name: str, **_: Any) -> None:
        service = event_name.split(".")[1]
        self.by_operation[f"{service} {operation_name}"] += 1
        if service != "dynamodb" or operation_name not in WRITES:
            return
        body = json.loads(request.data)
        self.items += len(body.get("TransactItems", (None,)))
        self.bytes += len(request.data)
        if body.get("Item", {}).get("SK", {}).get("S", "").startswith("JOURNAL#"):
            self.journal += 1
            self.journal_bytes += len(request.data)


def counted_attempt(config: dict[str, Any]) -> Requests:
    """One attempt of a crew, from its beginning to its end."""
    counter, clock = _Counter(), SystemClock()
    with (
        trusted(),
        emulated_aws() as aws,
        patch.object(control, "LOOK_SECONDS", LONG),
        patch.object(sender, "FIRST_LINGER_SECONDS", LONG),
        patch.object(sender, "LINGER_SECONDS", LONG),
    ):
        queue = aws.clients.sqs.create_queue(QueueName="trace.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        definition, now = CrewDefinition.model_validate(config), clock.now()
        execution = Execution(
            execution_id="01936a3c-0000-7000-8000-00000000000b",
            group_id="demo",
            name="counted",
            status=Status.RUNNING,
            created_at=now,
            started_at=now,
            updated_at=now,
            deadline=now + timedelta(hours=1),
            progress=Progress(tasks_total=len(definition.tasks)),
            journalled=True,
            proof={},
        )
        aws.executions.create(execution, Submission(definition=definition, inputs={}), None)
        for client in (aws.clients.dynamodb, aws.clients.s3, aws.clients.sqs):
            client.meta.events.register("request-created", counter.note)
        units = TableUnits(aws.clients.dynamodb, TABLE)
        ports = Ports(
            Stores(
                aws.executions,
                aws.tasks,
                aws.journal,
                aws.approvals,
                aws.payloads,
                FakeMemory(),
                FakeFiles(),
                FakeKnowledge(),
            ),
            SqsTraceQueue(aws.clients, queue),
            FakeSecrets(),
            clock,
            dict,
        )
        answer = RunAttempt(ports, "")(execution.group_id, execution.execution_id, lambda: LONG)
        assert answer.outcome.value == "COMPLETED", aws.executions.get("demo", execution.execution_id).error
    by_operation = dict(sorted(counter.by_operation.items()))
    written, read = units.written, units.read
    return Requests(by_operation, counter.items, counter.bytes, counter.journal, counter.journal_bytes, written, read)
