"""A task longer than a slice goes on from its conversation: no model call and no tool call is made twice."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.execution import Status
from tests.runner.conftest import OPERATOR_KEY
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.runner.test_approvals import events

SUM = '[[tool calculator {"expression": "1+1"}]] [[tool calculator {"expression": "2+2"}]]'


def worker(**more: Any) -> dict[str, Any]:
    return agent(tools=["CalculatorTool"], **more)


def after_each_call(harness: Harness, model: ScriptedModel, execution_id: str) -> list[str]:
    """Attempts whose time runs short after one model call each; their outcomes."""
    outcomes: list[str] = []
    while not outcomes or outcomes[-1] == "CONTINUE":
        before = len(model.requests)
        harness.remaining = lambda before=before: 900 if len(model.requests) == before else 100
        outcomes.append(harness.attempt(execution_id).outcome.value)
        assert len(outcomes) < 30
    return outcomes


def tool_results(harness: Harness, execution_id: str) -> list[str]:
    return [str(event.output) for event in events(harness, execution_id, "tool_usage_completed")]


def test_a_task_goes_on_in_the_middle_without_repeating_a_tool_call(harness: Harness, model: ScriptedModel) -> None:
    tasks = [task(f"Sum. {SUM} [[say DONE]]", "sum"), task("End. [[say END]]", "end")]
    execution_id = harness.submit({"agents": {"worker": worker()}, "tasks": tasks})
    assert after_each_call(harness, model, execution_id) == ["CONTINUE"] * 3 + ["COMPLETED"]
    assert len(model.requests) == 4
    assert tool_results(harness, execution_id) == ["2", "4"]
    assert [output.raw for output in harness.tasks.task_outputs(GROUP, execution_id)] == ["DONE", "END"]
    record = harness.executions.get(GROUP, execution_id)
    assert record.usage.model_calls == 4
    types = [event.event_type for event in harness.queue.events(execution_id)]
    assert types.count("task_interrupted") == 3
    assert "task_failed" not in types


def test_the_conversation_is_the_one_of_an_unsliced_run(harness: Harness, model: ScriptedModel) -> None:
    config = {"agents": {"worker": worker()}, "tasks": [task(f"Sum. {SUM} [[say DONE]]", "sum")]}
    after_each_call(harness, model, harness.submit(config))
    sliced = [request.body["messages"] for request in model.requests]
    model.reset()
    harness.remaining = lambda: 900
    harness.run(config)
    whole = [request.body["messages"] for request in model.requests]
    assert without_ids(sliced) == without_ids(whole)


def without_ids(requests: list[Any]) -> str:
    return re.sub(r'"(call_)?[0-9a-f-]{8,}"', '"id"', json.dumps(requests))


PERSON = {"title": "P", "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}


@pytest.mark.parametrize("kind", ["output_json", "output_pydantic", "response_model"])
def test_an_answer_that_a_guardrail_has_yet_to_judge_is_paid_for_once(
    harness: Harness, model: ScriptedModel, kind: str
) -> None:
    asked = 'Who? [[json {"name": "Zoë"}]]'
    guard = 'Judge. [[json {"valid": true, "feedback": null}]]'
    config = crew(task(asked, guardrail=guard), task("End. [[say END]]", "end"))
    config["tasks"][0][kind] = PERSON
    execution_id = harness.submit(config)
    assert after_each_call(harness, model, execution_id) == ["CONTINUE"] * 2 + ["COMPLETED"]
    assert len(model.requests) == 3
    assert json.loads(harness.tasks.task_outputs(GROUP, execution_id)[0].raw) == {"name": "Zoë"}


def test_the_refusals_of_a_guardrail_are_counted_over_slices(harness: Harness, model: ScriptedModel) -> None:
    guard = 'Judge. [[json {"valid": false, "feedback": "FAR TOO SHORT"}]]'
    execution_id = harness.submit(crew(task("Draft. [[say DRAFT]]", guardrail=guard, guardrail_max_retries=1)))
    assert after_each_call(harness, model, execution_id) == ["CONTINUE"] * 3 + ["FAILED"]
    error = harness.executions.get(GROUP, execution_id).error
    assert error is not None
    assert error.type == "GuardrailNotPassed"
    assert len(model.requests) == 4
    assert "FAR TOO SHORT" in model.requests[2].text


def test_asynchronous_tasks_keep_a_conversation_each(harness: Harness, model: ScriptedModel) -> None:
    left, right = (task(f"{name}. {SUM} [[say {name}]]", name, async_execution=True) for name in ("LEFT", "RIGHT"))
    execution_id = harness.submit(
        {"agents": {"worker": worker()}, "tasks": [left, right, task("End. [[say END]]", "end")]}
    )
    harness.remaining = lambda: 900 if len(model.requests) < 4 else 100
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.remaining = lambda: 900
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert sorted(tool_results(harness, execution_id)) == ["2", "2", "4", "4"]
    assert len(model.requests) == 7


def test_an_agent_out_of_iterations_is_made_to_answer_over_slices_too(harness: Harness, model: ScriptedModel) -> None:
    config = {"agents": {"worker": worker(max_iter=2)}, "tasks": [task(f"Sum. {SUM} {SUM} {SUM}", "sum")]}
    execution_id = harness.submit(config)
    assert after_each_call(harness, model, execution_id)[-1] == "COMPLETED"
    assert len(model.requests) <= 4
    assert len(tool_results(harness, execution_id)) <= 3


def test_no_secret_is_part_of_the_journal_and_the_crew_sees_it_all_the_same(
    harness: Harness, model: ScriptedModel
) -> None:
    key = OPERATOR_KEY
    config = crew(task(f"Leak. [[say The key is {key}.]]", "leak"), task("End. [[say END]]", "end"))
    config["agents"]["worker"] = worker()
    execution_id = harness.run(config).execution.execution_id
    assert key not in harness.journal.text()
    assert "<stepcrew:secret:OPENAI_API_KEY:" in harness.journal.text()
    model.reset()
    harness.tasks.restore({})
    harness.executions.change(execution_id, status=Status.RUNNING)
    harness.attempt(execution_id)
    assert model.requests == [], "The same key stands in the second request again, so its answer is found."


def test_a_slice_may_be_shorter_than_the_invocation(harness: Harness, model: ScriptedModel) -> None:
    harness.slice_seconds = 0.01
    execution_id = harness.submit(crew(*(task(f"Task {n}. [[say OUT-{n}]]", f"t{n}") for n in range(5))))
    outcomes: list[str] = []
    while not outcomes or outcomes[-1] == "CONTINUE":
        outcomes.append(harness.attempt(execution_id).outcome.value)
        assert len(outcomes) < 10
    assert outcomes == ["CONTINUE"] * 4 + ["COMPLETED"]
    assert len(model.requests) == 5


@pytest.mark.parametrize("planning", [{"planning": True}, {"planning_config": {"reasoning_effort": "low"}}])
def test_a_planning_agents_task_goes_on_in_the_middle_too(
    harness: Harness, model: ScriptedModel, planning: dict[str, Any]
) -> None:
    config = {"agents": {"worker": worker(**planning)}, "tasks": [task(f"Sum. {SUM} [[say DONE]]", "sum")]}
    whole = harness.run(config)
    undisturbed = len(model.requests)
    model.reset()
    execution_id = harness.submit(config)
    assert after_each_call(harness, model, execution_id)[-1] == "COMPLETED"
    assert len(model.requests) == undisturbed
    assert harness.executions.get(GROUP, execution_id).usage == whole.execution.usage


def test_a_call_longer_than_a_slice_fails_instead_of_going_in_circles(harness: Harness, model: ScriptedModel) -> None:
    harness.remaining = lambda: 900 if not model.requests else 5
    execution_id = harness.submit(crew(task("Slow. [[slow 20]]", "slow")))
    assert harness.attempt(execution_id).outcome.value == "FAILED"
    error = harness.executions.get(GROUP, execution_id).error
    assert error is not None
    assert (error.type, error.task) == ("TaskTooLong", "slow")


def test_a_call_in_flight_when_the_time_is_over_is_all_that_is_repeated(harness: Harness, model: ScriptedModel) -> None:
    described = 'Sum. [[tool calculator {"expression": "1+1"}]] [[slow 1.5]] [[say DONE]]'
    execution_id = harness.submit({"agents": {"worker": worker()}, "tasks": [task(described, "sum")]})
    harness.remaining = lambda: 900 if len(model.requests) < 2 else 5
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.remaining = lambda: 900
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert tool_results(harness, execution_id) == ["2"]
    assert len(model.requests) == 3


def test_a_changed_definition_is_refused(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")))
    harness.remaining = lambda: 900 if not model.requests else 100
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.executions.change(execution_id, definition_hash="0" * 64)
    assert harness.attempt(execution_id).outcome.value == "FAILED"
    record = harness.executions.get(GROUP, execution_id)
    assert record.status is Status.FAILED
    assert record.error is not None
    assert record.error.type == "DefinitionChanged"
    assert len(model.requests) == 1
    assert [output.raw for output in harness.tasks.task_outputs(GROUP, execution_id)] == ["ONE"]
