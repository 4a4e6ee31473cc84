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
END_SECONDS = 60


@dataclass
class Outcome:
    """How one state machine execution went."""

    status: str
    states: list[str]
    runner_events: list[dict[str, Any]]
    reconciler_events: list[dict[str, Any]]
    ended_as: str | None
    record: dict[str, Any]


class Running:
    """One state machine execution under way."""

    def __init__(self, machine: Machine, execution_id: str, folder: Path) -> None:
        self.arn = ""
        self.key = {"PK": {"S": f"GROUP#{GROUP}#EXECUTION#{execution_id}"}, "SK": {"S": "EXECUTION"}}
        self._machine = machine
        self._folder = folder

    def calls(self, function: str, number: int = 0) -> list[dict[str, Any]]:
        """What the function was called with; waits until it was called at least `number` times."""
        deadline = time.monotonic() + END_SECONDS
        while len(found := _lines(self._folder / f"{function}.calls")) < number:
            assert time.monotonic() < deadline, f"{function} was called {len(found)} times only"
            time.sleep(0.02)
        return found

    def set(self, **attributes: Any) -> None:
        """Changes attributes of the record, given as DynamoDB's values."""
        self._machine.table.update_item(
            TableName=self._machine.table_name,
            Key=self.key,
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
            ExpressionAttributeNames={f"#{name}": name for name in attributes},
            ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
        )

    def unset(self, attribute: str) -> None:
        self._machine.table.update_item(
            TableName=self._machine.table_name,
            Key=self.key,
            UpdateExpression="REMOVE #name",
            ExpressionAttributeNames={"#name": attribute},
        )

    def send_back(self, token: str) -> None:
        self._machine.states.send_task_success(taskToken=token, output="{}")

    def outcome(self) -> Outcome:
        """Waits for the end."""
        status = self._wait()
        ended = self._machine.states.describe_execution(executionArn=self.arn)
        history = self._machine.states.get_execution_history(executionArn=self.arn, maxResults=1000)["events"]
        stored = self._machine.table.get_item(TableName=self._machine.table_name, Key=self.key).get("Item", {})
        return Outcome(
            status=status,
            states=[e["stateEnteredEventDetails"]["name"] for e in history if "stateEnteredEventDetails" in e],
            runner_events=self.calls("runner"),
            reconciler_events=self.calls("reconciler"),
            ended_as=json.loads(ended.get("output", "{}")).get("outcome"),
            record={name: next(iter(value.values())) for name, value in stored.items()},
        )

    def _wait(self) -> str:
        deadline = time.monotonic() + END_SECONDS
        while (status := self._machine.states.describe_execution(executionArn=self.arn)["status"]) == "RUNNING":
            assert time.monotonic() < deadline, f"{self.arn} is still running"
            time.sleep(0.02)
        return str(status)


class Machine:
    """Runs executions and tells how they went."""

    def __init__(self, stack: Stack, scripts: Path) -> None:
        self.stack = stack
        self._scripts = scripts
        self.states = stack.client("stepfunctions")
        self.table = stack.client("dynamodb")

    def run(
        self,
        *,
        runner: list[dict[str, Any]],
        reconciler: list[dict[str, Any]] | None = None,
        record: dict[str, Any] | None = None,
        deadline_in: float = 600,
    ) -> Outcome:
        """Puts a record (None: a pending one, {}: none), runs the machine to its end and gathers what happened."""
        return self.begin(runner=runner, reconciler=reconciler, record=record, deadline_in=deadline_in).outcome()

    def begin(
        self,
        *,
        runner: list[dict[str, Any]],
        reconciler: list[dict[str, Any]] | None = None,
        record: dict[str, Any] | None = None,
        deadline_in: float = 600,
    ) -> Running:
        """As `run`, but answers while it is still running."""
        execution_id = str(uuid.uuid4())
        folder = self._scripts / execution_id
        folder.mkdir()
        (folder / "runner.json").write_text(json.dumps(runner))
        (folder / "reconciler.json").write_text(json.dumps(reconciler or [{"answer": {"outcome": "FAILED"}}]))
        running = Running(self, execution_id, folder)
        attributes = {"status": "PENDING"} if record is None else record
        if attributes:
            item: dict[str, Any] = {k: {"S": v} if isinstance(v, str) else v for k, v in attributes.items()}
            self.table.put_item(TableName=self.table_name, Item={**running.key, "revision": {"N": "1"}, **item})
        references = {"group_id": GROUP, "execution_id": execution_id, "deadline": moment(deadline_in)}
        running.arn = self.states.start_execution(
            stateMachineArn=self.stack.outputs["StateMachineArn"], name=execution_id, input=json.dumps(references)
        )["executionArn"]
        return running

    @property
    def table_name(self) -> str:
        return self.stack.outputs["TableName"]


def moment(seconds: float) -> str:
    """The time so many seconds from now, as the product writes it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


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
