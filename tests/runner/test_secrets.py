"""No key and no secret leaves the runner, whatever a crew does with it."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew_runner.attempt.run_attempt import Unexpected
from stepcrew_runner.crew.tools import OWN
from stepcrew_runner.trace import logs
from tests.runner.conftest import OPERATOR_KEY
from tests.runner.harness import GROUP, Harness, agent, crew, task

GROUP_SECRET = "group-secret-9f8e7d6c"


def everything(harness: Harness) -> str:
    outputs = "".join(
        output.model_dump_json()
        for batch in harness.queue.batches
        for output in harness.tasks.task_outputs(batch.group_id, batch.execution_id)
    )
    payloads = "".join(body.decode() for body in harness.payloads.bodies.values())
    records = "".join(record.model_dump_json() for record in harness.executions.all())
    return harness.queue.text() + outputs + payloads + records


def test_the_operators_key_reaches_the_model_and_nothing_else(harness: Harness, model: ScriptedModel) -> None:
    plan = '[[json {"list_of_plans_per_task": [{"task_number": 1, "task": "t", "plan": "p"}]}]]'
    described = f'Calculate. [[tool calculator {{"expression": "1+1"}}]] {plan}'
    guardrail = 'Fine? [[json {"valid": true, "feedback": null}]]'
    config = {
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [task(described, guardrail=guardrail), task("Fail. [[fail 401]]", "bad")],
        "planning": True,
    }
    harness.run(config)
    assert {request.authorization for request in model.requests} == {f"Bearer {OPERATOR_KEY}"}
    assert OPERATOR_KEY not in everything(harness)


def test_a_key_that_a_model_repeats_is_masked(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(task(f"Say. [[say the key is {OPERATOR_KEY}]]")))
    assert ended.outputs[0].raw == "the key is [secret]"
    assert OPERATOR_KEY not in everything(harness)


def test_a_secret_that_a_failing_tool_tells_is_masked(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.secrets.groups[GROUP, "SERPER_API_KEY"] = GROUP_SECRET

    class Leaking(OWN["CalculatorTool"]):  # type: ignore[misc,valid-type]
        def _run(self, expression: str) -> str:
            raise RuntimeError(f"cannot use {GROUP_SECRET}")

    monkeypatch.setitem(OWN, "CalculatorTool", Leaking)
    described = 'Calculate. [[tool calculator {"expression": "1+1"}]] [[say done]]'
    config = {"agents": {"worker": agent(tools=["CalculatorTool", "SerperDevTool"])}, "tasks": [task(described)]}
    ended = harness.run(config)
    assert ended.outcome == "COMPLETED"
    assert any("cannot use [secret]" in event.model_dump_json() for event in ended.events)
    assert GROUP_SECRET not in everything(harness)


def test_no_environment_variable_changes_while_a_crew_with_secrets_runs(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []

    class Looking(OWN["CalculatorTool"]):  # type: ignore[misc,valid-type]
        def _run(self, expression: str) -> str:
            seen.append(dict(os.environ))
            return "2"

    monkeypatch.setitem(OWN, "CalculatorTool", Looking)
    for name in ("SERPER_API_KEY", "MCP_KEY", "AWS_ENDPOINT_URL_S3"):
        harness.secrets.groups[GROUP, name] = GROUP_SECRET
    before = dict(os.environ)
    described = 'Calculate. [[tool calculator {"expression": "1+1"}]] [[say done]]'
    config = {"agents": {"worker": agent(tools=["CalculatorTool", "SerperDevTool"])}, "tasks": [task(described)]}
    assert harness.run(config).outcome == "COMPLETED"
    server = {"url": "https://mcp.example.com/", "headers": {"X-Key": {"secret": "AWS_ENDPOINT_URL_S3"}}}
    harness.run({"agents": {"worker": agent(mcps=[server])}, "tasks": [task("Do.")]})
    assert [GROUP_SECRET in variables.values() for variables in seen] == [False]
    assert [variables == before for variables in [*seen, dict(os.environ)]] == [True, True]


def test_a_tool_may_use_a_key_that_the_operator_lends(harness: Harness, model: ScriptedModel) -> None:
    harness.secrets.operator["SERPER_API_KEY"] = GROUP_SECRET
    assert (
        harness.run({"agents": {"worker": agent(tools=["SerperDevTool"])}, "tasks": [task("Do.")]}).outcome
        == "COMPLETED"
    )
    server = {"url": "https://mcp.example.com/", "headers": {"X-Key": {"secret": "SERPER_API_KEY"}}}
    both = {"agents": {"worker": agent(tools=["SerperDevTool"], mcps=[server])}, "tasks": [task("Do.")]}
    assert harness.run(both).outcome == "FAILED"


def test_a_missing_secret_is_named(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run({"agents": {"worker": agent(tools=["SerperDevTool"])}, "tasks": [task("Do.")]})
    assert ended.outcome == "FAILED"
    error = ended.execution.error
    assert error is not None
    assert (error.category.value, error.type) == ("tool", "ToolNotUsable")
    assert "SERPER_API_KEY" in error.message
    assert model.requests == []


def test_another_groups_secret_is_not_found(harness: Harness, model: ScriptedModel) -> None:
    harness.secrets.groups["group-b", "SERPER_API_KEY"] = GROUP_SECRET
    ended = harness.run({"agents": {"worker": agent(tools=["SerperDevTool"])}, "tasks": [task("Do.")]})
    assert ended.outcome == "FAILED"


def test_a_server_cannot_be_sent_a_key_of_the_operator(harness: Harness, model: ScriptedModel) -> None:
    server = {"url": "https://mcp.example.com/", "headers": {"Authorization": {"secret": "OPENAI_API_KEY"}}}
    ended = harness.run({"agents": {"worker": agent(mcps=[server])}, "tasks": [task("Do.")]})
    assert ended.outcome == "FAILED"
    error: Any = ended.execution.error
    assert "OPENAI_API_KEY" in error.message
    assert OPERATOR_KEY not in everything(harness)


def test_a_model_without_a_key_is_named(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(task("Do."), model="anthropic/claude-sonnet-4-5"))
    error: Any = ended.execution.error
    assert (ended.outcome, error.type) == ("FAILED", "ModelNotAvailable")
    assert "ANTHROPIC_API_KEY" in error.message


def test_a_fault_of_the_platforms_own_is_raised_without_secrets(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError(f"The queue knows {OPERATOR_KEY}.")

    monkeypatch.setattr(harness.queue, "send", broken)
    with pytest.raises(Unexpected) as raised:
        harness.run(crew(task("Say. [[say hello]]")))
    assert raised.value.message == "RuntimeError: The queue knows [secret]."
    assert (raised.value.__cause__, raised.value.__suppress_context__) == (None, True)
    assert "broken" in caplog.text
    assert OPERATOR_KEY not in caplog.text


def test_what_a_library_logs_or_prints_in_a_thread_of_its_own_has_no_secret(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    handler = logging.StreamHandler()
    handler.addFilter(logs._outside_of_executions)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(logging.getLogger(), "handlers", [*logging.getLogger().handlers, handler])

    def work() -> None:
        try:
            raise ValueError(f"no {OPERATOR_KEY}")
        except ValueError:
            logging.getLogger("a.library").exception("It used %s", OPERATOR_KEY)
        print(OPERATOR_KEY, file=sys.stderr)

    class Working(OWN["CalculatorTool"]):  # type: ignore[misc,valid-type]
        def _run(self, expression: str) -> str:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            return "2"

    monkeypatch.setitem(OWN, "CalculatorTool", Working)
    described = 'Calculate. [[tool calculator {"expression": "1+1"}]] [[say done]]'
    harness.run({"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(described)]})
    printed = capfd.readouterr()
    assert "It used [secret]" in printed.err
    assert OPERATOR_KEY not in printed.out + printed.err
