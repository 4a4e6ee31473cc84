"""Executions that got stuck, on a stack of their own: its API cannot start state machines, and its state survives."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scripted_model import ScriptedModel, scripted_model
from stepcrew_local.deploy import physical_id
from stepcrew_local.provider import external_model
from stepcrew_local.stack import Stack, StackOptions, running_stack
from tests.e2e.bus import announced, subscribe
from tests.e2e.user import TERMINAL, User, crew, task

NO_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:there-is-none"
SOON = {"SWEEP_LOST_SECONDS": "0", "SWEEP_SILENT_SECONDS": "1"}


class Stuck:
    """The stack, and someone who uses it."""

    def __init__(self, stack: Stack, ada: User) -> None:
        self.stack = stack
        self.ada = ada
        self._functions = stack.client("lambda")
        self._states = stack.client("stepfunctions")

    def sweep(self) -> None:
        """Does now what the next minute would do."""
        event: dict[str, Any] = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
        name = physical_id(self.stack.emulator, "ReconcilerFunction")
        answer = self._functions.invoke(FunctionName=name, Payload=json.dumps(event))
        swept = json.loads(answer["Payload"].read())
        assert swept["failures"] == 0

    def start(self, config: dict[str, Any]) -> str:
        execution_id = self.ada.submit(config)
        self.sweep()
        return execution_id

    def stop_machine(self, execution_id: str) -> None:
        """As an operator in AWS's console."""
        self._states.stop_execution(executionArn=self._arn(execution_id), error="Operator", cause="by hand")

    def _arn(self, name: str) -> str:
        return f"{self.stack.outputs['StateMachineArn'].replace(':stateMachine:', ':execution:')}:{name}"

    def until(self, execution_id: str, *statuses: str) -> dict[str, Any]:
        return self.ada.until(execution_id, lambda record: record["status"] in statuses)


@contextmanager
def stuck_stack(data: Path, model: ScriptedModel) -> Generator[Stuck]:
    options = StackOptions(
        port=0,
        data=data,
        model=external_model(model.url),
        environment={},
        for_functions={"ApiFunction": {"STATE_MACHINE_ARN": NO_MACHINE}, "ReconcilerFunction": SOON},
    )
    with running_stack(options) as stack:
        stack.wait_until_healthy()
        subscribe(stack)
        with User(stack.url, "ada") as ada:
            yield Stuck(stack, ada)


@pytest.fixture(scope="module")
def scripted() -> Generator[ScriptedModel]:
    with scripted_model() as model:
        yield model


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedModel) -> Generator[Stuck]:
    with stuck_stack(tmp_path_factory.mktemp("stuck"), scripted) as stack:
        yield stack


def test_an_execution_whose_start_was_lost_is_started_by_the_sweep(stuck: Stuck, scripted: ScriptedModel) -> None:
    execution_id = stuck.ada.submit(crew(task("Say it. [[say HERE]]")))
    assert stuck.ada.execution(execution_id)["status"] == "PENDING"

    stuck.sweep()
    record = stuck.ada.ended(execution_id)

    assert record["status"] == "COMPLETED"
    assert record["attempt"] == 1
    assert len(scripted.mentioning("Current Task: Say it.")) == 1


def test_an_execution_whose_state_machine_was_stopped_fails_with_the_true_reason(stuck: Stuck) -> None:
    execution_id = stuck.start(crew(task("Think long. [[slow 20]]", "long")))
    stuck.ada.until(execution_id, lambda record: record["progress"]["current_task"] == "long")

    stuck.stop_machine(execution_id)
    record = stuck.until(execution_id, *TERMINAL)  # by the event, without a sweep

    assert record["status"] == "FAILED"
    assert record["error"]["category"] == "platform"
    assert record["error"]["type"] == "StateMachineStopped"
    assert "Operator: by hand" in record["error"]["message"]
    assert stuck.ada.last_event(execution_id)["event_source"] == "system"
    told = announced(stuck.stack, lambda found: any(one["subject"] == execution_id for one in found))
    assert [one["data"]["status"] for one in told if one["subject"] == execution_id] == ["FAILED"]


def test_a_crew_between_attempts_is_not_lost_with_its_state_machine(tmp_path: Path, scripted: ScriptedModel) -> None:
    asks = crew(task("Ask me. [[say DRAFT]]", "asked", human_input=True), task("Go on. [[say DONE]]", "next"))
    with stuck_stack(tmp_path, scripted) as before:
        decided_later, cancelled_later = before.start(asks), before.start(asks)
        running = before.start(crew(task("Think long. [[slow 60]]", "long")))
        for execution_id in (decided_later, cancelled_later):
            before.until(execution_id, "WAITING")
        before.ada.until(running, lambda record: record["progress"]["current_task"] == "long")
    scripted.reset()

    with stuck_stack(tmp_path, scripted) as after:
        assert after.ada.execution(decided_later)["status"] == "WAITING"
        answer = after.ada.post(f"/executions/{decided_later}/feedback", json={"decision": "approve"})
        assert answer.status_code == 202, answer.text
        assert after.ada.post(f"/executions/{cancelled_later}/cancel").status_code < 300
        after.sweep()

        assert after.ada.ended(decided_later)["status"] == "COMPLETED"
        assert [one["raw"] for one in after.ada.result(decided_later)["tasks"]] == ["DRAFT", "DONE"]
        assert not scripted.mentioning("Current Task: Ask me.")
        assert after.ada.execution(cancelled_later)["status"] == "CANCELLED"
        lost = after.until(running, *TERMINAL)
        assert lost["status"] == "FAILED"
        assert "States.ServiceRestart" in lost["error"]["message"]


def test_the_sweep_comes_by_itself(stuck: Stuck) -> None:
    execution_id = stuck.ada.submit(crew(task("Wait for the minute. [[say HERE]]")))
    assert stuck.until(execution_id, *TERMINAL)["status"] == "COMPLETED"
