"""The template's own state machine on the emulator, with a runner and a reconciler that follow a script."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stepcrew_local.layout import python_of
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack
from stepcrew_local.template import FunctionSource

FUNCTIONS = Path(__file__).parent / "functions"
GROUP = "demo"
END_SECONDS = 20


@dataclass
class Outcome:
    """How one state machine execution went."""

    status: str
    states: list[str]
    runner_events: list[dict[str, Any]]
    reconciler_events: list[dict[str, Any]]
    announcements: list[dict[str, Any]]
    record: dict[str, Any]


class Machine:
    """Runs executions and tells how they went."""

    def __init__(self, stack: Stack, scripts: Path) -> None:
        self.stack = stack
        self._scripts = scripts
        self._states = stack.client("stepfunctions")
        self._table = stack.client("dynamodb")
        self._sqs = stack.client("sqs")
        self._queue = self._subscribe()

    def run(
        self,
        *,
        runner: list[dict[str, Any]],
        reconciler: list[dict[str, Any]] | None = None,
        record: dict[str, str] | None = None,
        deadline_in: float = 600,
    ) -> Outcome:
        """Puts a record (None: a pending one, {}: none), runs the machine to its end and gathers what happened."""
        execution_id = str(uuid.uuid4())
        folder = self._scripts / execution_id
        folder.mkdir()
        (folder / "runner.json").write_text(json.dumps(runner))
        (folder / "reconciler.json").write_text(json.dumps(reconciler or [{"answer": {"outcome": "FAILED"}}]))
        attributes = {"status": "PENDING"} if record is None else record
        key = {"PK": {"S": f"GROUP#{GROUP}#EXECUTION#{execution_id}"}, "SK": {"S": "EXECUTION"}}
        if attributes:
            item = {**key, "revision": {"N": "1"}, **{name: {"S": value} for name, value in attributes.items()}}
            self._table.put_item(TableName=self.stack.outputs["TableName"], Item=item)
        deadline = datetime.now(UTC) + timedelta(seconds=deadline_in)
        references = {
            "group_id": GROUP,
            "execution_id": execution_id,
            "deadline": deadline.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        arn = self._states.start_execution(
            stateMachineArn=self.stack.outputs["StateMachineArn"], name=execution_id, input=json.dumps(references)
        )["executionArn"]
        status = self._wait(arn)
        history = self._states.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        states = [e["stateEnteredEventDetails"]["name"] for e in history if "stateEnteredEventDetails" in e]
        stored = self._table.get_item(TableName=self.stack.outputs["TableName"], Key=key).get("Item", {})
        return Outcome(
            status=status,
            states=states,
            runner_events=_lines(folder / "runner.calls"),
            reconciler_events=_lines(folder / "reconciler.calls"),
            announcements=[a for a in self._announcements() if a["detail"]["execution_id"] == execution_id],
            record={name: next(iter(value.values())) for name, value in stored.items()},
        )

    def _wait(self, arn: str) -> str:
        deadline = time.monotonic() + END_SECONDS
        while (status := self._states.describe_execution(executionArn=arn)["status"]) == "RUNNING":
            assert time.monotonic() < deadline, f"{arn} is still running"
            time.sleep(0.02)
        return str(status)

    def _subscribe(self) -> str:
        queue: str = self._sqs.create_queue(QueueName="announcements")["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events, bus = self.stack.client("events"), self.stack.outputs["EventBusName"]
        events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["stepcrew"]}))
        events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        return queue

    def _announcements(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def scripted_machine(scripts: Path) -> Iterator[Machine]:
    """A machine of its own, on a stack of its own."""
    api = FunctionSource(FUNCTIONS, python_of("api"))
    sources = {
        "RunnerFunction": FunctionSource(FUNCTIONS, api.python, handler="scripted.runner"),
        "ReconcilerFunction": FunctionSource(FUNCTIONS, api.python, handler="scripted.reconciler"),
    }
    script_variable = {"SCRIPTS": str(scripts)}
    options = StackOptions(
        port=0,
        model=external_model("http://127.0.0.1:9/v1"),
        sources=sources,
        for_functions=dict.fromkeys(sources, script_variable),
        wait_scale=0.01,
    )
    with running_stack(options) as stack:
        yield Machine(stack, scripts)
