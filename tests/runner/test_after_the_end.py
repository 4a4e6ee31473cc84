"""What an attempt had to leave behind begins nothing more: no tool call, no connection, in nobody else's name."""

from __future__ import annotations

import contextvars
import socket
import threading
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from scripted_model import ScriptedModel
from stepcrew.services.cancel_execution import request_cancel
from stepcrew_runner.crew import tools
from stepcrew_runner.crew.own_tools import CalculatorTool
from stepcrew_runner.gate.aborts import GateShut
from stepcrew_runner.isolation.addresses import AttemptOver
from tests.runner.gates import in_attempt
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.until import until

OTHER = "group-b"
KEYS = {GROUP: "key-of-group-a-0123", OTHER: "key-of-group-b-4567"}


class Calls:
    """Of a tool that waits in each call until `let_go`; `begun` are the keys with which calls began."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.let_go = threading.Event()

    def modules(self, _paths: Any, keys: dict[str, str]) -> SimpleNamespace:
        """In place of the module of `SerperDevTool`."""
        calls, key = self, keys["SERPER_API_KEY"]

        class Waiting(CalculatorTool):
            def _run(self, expression: str) -> str:
                calls.begun.append(key)
                calls.let_go.wait(30)
                return "2"

        return SimpleNamespace(SerperDevTool=Waiting)


@pytest.fixture
def calls(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    monkeypatch.setattr(tools, "own_modules", made.modules)
    for group, key in KEYS.items():
        harness.secrets.groups[group, "SERPER_API_KEY"] = key
    return made


def twenty_calls() -> dict[str, Any]:
    described = 'Calculate. [[tools 20 calculator {"expression": "1+1"}]] [[say done]]'
    return {"agents": {"worker": agent(tools=["SerperDevTool"], cache=False)}, "tasks": [task(described)]}


def others_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]


def test_of_twenty_tool_calls_at_once_none_begins_after_a_cancel_nor_with_another_groups_key(
    harness: Harness, model: ScriptedModel, calls: Calls
) -> None:
    execution_id = harness.submit(twenty_calls())
    attempt = harness.in_background(execution_id)
    until(lambda: len(calls.begun) == 8)  # as many as CrewAI makes at once
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    assert attempt.ended().outcome == "CANCELLED"
    other = harness.submit(crew(task("Say. [[say hello]]")), group_id=OTHER)
    assert harness.attempt(other, OTHER).outcome.value == "COMPLETED"
    calls.let_go.set()
    until(lambda: not others_threads())
    assert calls.begun == [KEYS[GROUP]] * 8
    assert len(model.mentioning("Calculate.")) == 1


def test_a_tool_call_of_another_group_uses_its_own_key_beside_what_was_left_behind(
    harness: Harness, model: ScriptedModel, calls: Calls
) -> None:
    execution_id = harness.submit(twenty_calls())
    attempt = harness.in_background(execution_id)
    until(lambda: len(calls.begun) == 8)
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    assert attempt.ended().outcome == "CANCELLED"
    described = 'Calculate too. [[tool calculator {"expression": "1+1"}]] [[say done]]'
    other = harness.submit(
        {"agents": {"worker": agent(tools=["SerperDevTool"])}, "tasks": [task(described)]}, group_id=OTHER
    )
    threading.Timer(0.5, calls.let_go.set).start()
    assert harness.attempt(other, OTHER).outcome.value == "COMPLETED"
    until(lambda: not others_threads())
    assert sorted(calls.begun) == [KEYS[GROUP]] * 8 + [KEYS[OTHER]]


def test_what_an_ended_attempt_left_behind_connects_to_nothing(harness: Harness) -> None:
    left = in_attempt(harness, contextvars.copy_context)
    with pytest.raises(AttemptOver):
        left.run(socket.create_connection, ("93.184.216.34", 80), timeout=0.1)


def test_the_gate_itself_refuses_what_an_ended_attempt_left_behind(harness: Harness, model: ScriptedModel) -> None:
    left = in_attempt(harness, contextvars.copy_context)
    with pytest.raises(GateShut):
        left.run(CalculatorTool().run, expression="6*7")
    with pytest.raises(GateShut):
        left.run(httpx.post, f"{model.url}/chat/completions", json={"model": "gpt-4.1-mini", "messages": []})
    assert not model.requests
