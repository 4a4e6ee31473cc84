"""Texts of every kind and size."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripted_model import ScriptedModel
from scripted_model.script import Reply
from stepcrew.domain.event_size import MOST_LABEL
from stepcrew_runner.crew.own_tools import CalculatorTool
from tests.runner.harness import Harness, agent, crew, task


def test_unicode_arrives_as_it_was(harness: Harness, model: ScriptedModel) -> None:
    text = "Grüße 🐝 你好 \u202e\u0000 end"
    ended = harness.run(crew(task(f"Say it. [[say {text}]]", "größe")))
    assert ended.outputs[0].raw == text
    assert ended.of("task_completed")[0].output == text


def test_half_a_surrogate_pair_breaks_nothing(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_body: dict[str, Any], _key: str | None, _provider: str) -> Reply:
        return Reply(text="a\ud83db")

    monkeypatch.setattr(model, "take", broken)
    ended = harness.run(crew(task("Break it.")))
    assert ended.outcome == "COMPLETED"
    assert ended.outputs[0].raw == "a?b"
    assert ended.of("task_completed")[0].output == "a?b"


def half(_tool: object, expression: str) -> str:
    return f"tool\udc00 {expression}"


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_task_after_it_and_the_rest_of_its_own_see_the_cleaned_text(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, asynchronous: bool
) -> None:
    """Of an answer, and of a tool's result."""
    take = model.take

    def broken(body: dict[str, Any], key: str | None, provider: str) -> Reply:
        said = take(body, key, provider)
        return said._replace(text=said.text.replace("HALF", "half\ud83d")) if said.tool is None else said

    monkeypatch.setattr(model, "take", broken)
    monkeypatch.setattr(CalculatorTool, "_run", half)
    described = 'First. [[tool calculator {"expression": "1"}]] [[say HALF]]'
    agents = {"worker": agent(tools=["CalculatorTool"])}
    first = task(described, "one", async_execution=asynchronous)
    ended = harness.run({"agents": agents, "tasks": [first, task("Second. [[say END]]", "two", context=["one"])]})
    assert ended.execution.error is None
    assert [output.raw for output in ended.outputs] == ["half?", "END"]
    assert "tool?" in model.requests[1].text
    assert "half?" in model.mentioning("Second.")[0].text


def test_sixty_tasks_complete(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(*(task(f"Task {n}. [[say OUT-{n}]]", f"t{n}", context=[]) for n in range(60))))
    assert [output.raw for output in ended.outputs] == [f"OUT-{n}" for n in range(60)]
    assert len(model.requests) == 60
    assert [event.sequence for event in ended.events] == list(range(1, len(ended.events) + 1))


def test_a_two_megabyte_output_is_kept_whole(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(task("Big. [[size 2000000]]", "big"), task("Small. [[say s]]", "small")))
    assert len(ended.outputs[0].raw) == 2_000_000
    completed = ended.of("task_completed")[0]
    assert completed.output is None
    assert completed.output_reference is not None
    body = harness.payloads.get("group-a", completed.execution_id, completed.output_reference.payload_id)
    assert json.loads(body or b"") == "x" * 2_000_000


@pytest.mark.parametrize("length", [MOST_LABEL, MOST_LABEL + 1, 600_000])
def test_a_role_of_any_length_loses_no_event(harness: Harness, length: int) -> None:
    """A definition may have 2,000 characters; what a person or a plan adds is not in it."""
    role = "r" * length
    asked = task("Ask. [[say done]]", human_input=True)
    execution_id = harness.submit({"agents": {"worker": agent(role[:50_000])}, "tasks": [task("Do.", "one"), asked]})
    ended = harness.ended(execution_id, harness.attempt(execution_id))
    assert ended.outcome == "PARKED"
    roles = {event.agent_role for event in ended.events if event.agent_role}
    assert {len(one) for one in roles} == {min(length, MOST_LABEL)}
    assert ended.execution.traces_emitted == {"1": len(ended.events)}
    assert len(str(ended.execution.progress.current_agent)) == min(length, MOST_LABEL)
    (approval,) = harness.approvals.approvals("group-a", execution_id)
    assert len(str(approval.agent_role)) == min(length, MOST_LABEL)
    assert all(len(str(output.agent_role)) == min(length, MOST_LABEL) for output in ended.outputs)
