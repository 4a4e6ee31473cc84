"""What the trace of an execution tells, and that it tells all of it, in order."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.trace import TraceEvent
from stepcrew_runner.trace import sender as sending
from stepcrew_runner.trace.kinds import KINDS
from tests.runner.harness import GROUP, Ended, Harness, agent, crew, task

CALCULATE = 'Calculate. [[tool calculator {"expression": "6*7"}]] [[say 42]]'


def calculated(harness: Harness) -> Ended:
    ended = harness.run({"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(CALCULATE, "sum")]})
    assert ended.outcome == "COMPLETED"
    return ended


def test_the_events_of_a_small_crew_are_complete_and_in_order(harness: Harness, model: ScriptedModel) -> None:
    assert calculated(harness).types == [
        "crew_started",
        "task_started",
        "agent_execution_started",
        "llm_call_started",
        "llm_call_completed",
        "tool_usage_started",
        "tool_usage_completed",
        "llm_call_started",
        "llm_call_completed",
        "agent_execution_completed",
        "task_completed",
        "crew_completed",
    ]


def test_every_event_names_its_enclosing_one(harness: Harness, model: ScriptedModel) -> None:
    events = calculated(harness).events
    parents = {event.event_type: event.parent_sequence for event in events}
    by_type = {event.event_type: event.sequence for event in reversed(events)}
    assert parents["crew_started"] is None
    assert parents["task_started"] == by_type["crew_started"]
    assert parents["agent_execution_started"] == by_type["task_started"]
    # CrewAI puts a flow of its own between; nobody asked for it.
    assert parents["llm_call_started"] == by_type["agent_execution_started"]
    assert parents["tool_usage_started"] == by_type["agent_execution_started"]


def test_finished_events_name_the_started_one_and_how_long_it_took(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(task("Slow. [[slow 0.3]]")))
    started = {event.sequence: event for event in ended.events}
    for event in ended.events:
        if event.event_type.endswith("_completed"):
            opener = started[event.started_sequence or 0]
            assert opener.event_type == event.event_type.replace("_completed", "_started")
            assert event.duration_ms is not None
            difference = (event.emitted_at - opener.emitted_at).total_seconds() * 1000
            assert abs(event.duration_ms - difference) < 1
    call = ended.of("llm_call_completed")[0]
    assert (call.duration_ms or 0) >= 300


def test_events_belong_to_crew_task_and_agent(harness: Harness, model: ScriptedModel) -> None:
    config = {
        "agents": {"worker": agent("Writer"), "other": agent("Reader")},
        "tasks": [task("Write.", "write"), task("Read.", "read", agent="other")],
    }
    events = harness.run(config).events
    inner = [event for event in events if event.event_source.value in ("agent", "llm", "task")]
    assert {(event.task_name, event.task_id, event.agent_role) for event in inner} == {
        ("write", "0", "Writer"),
        ("read", "1", "Reader"),
    }


def test_a_model_call_carries_messages_answer_usage_and_cost(harness: Harness, model: ScriptedModel) -> None:
    ended = calculated(harness)
    started, completed = ended.of("llm_call_started")[1], ended.of("llm_call_completed")[1]
    messages: Any = started.output
    assert [message["role"] for message in messages][-1] == "tool"
    assert messages[-1]["content"] == "42"
    assert completed.output == "42"
    facts: Any = completed.extra_data
    assert facts["model"] == "openai/gpt-4.1-mini"
    usage = facts["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert usage["cached_prompt_tokens"] == usage["prompt_tokens"] // 2
    assert 0 < facts["cost_usd"] < 0.01
    total = ended.execution.usage
    assert total.total_tokens == sum(
        event.extra_data["usage"]["total_tokens"]  # type: ignore[index,call-overload]
        for event in ended.of("llm_call_completed")
    )
    assert total.model_calls == len(model.requests)


def test_a_failure_is_told_where_it_happened_and_once_by_the_system(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(task("Good.", "good"), task("Bad. [[fail 400]]", "bad")))
    failed = [event for event in ended.events if event.event_type.endswith("_failed")]
    assert {event.event_type for event in failed} >= {"llm_call_failed", "task_failed", "crew_failed"}
    assert {event.task_name for event in failed if event.event_type != "crew_failed"} == {"bad"}
    counts = Counter(ended.types)
    assert counts["error"] == 1
    assert counts["llm_call_failed"] == 1
    assert ended.events[-1].output == ended.execution.message


def test_large_bodies_travel_by_claim_check(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(task("Big. [[size 20000]]", "big"), task("Next.", "next")))
    large = [event for event in ended.events if event.output_reference]
    assert {event.event_type for event in large} == {
        "llm_call_completed",
        "agent_execution_completed",
        "task_completed",
        "task_started",
        "agent_execution_started",
        "llm_call_started",
    }
    for event in large:
        reference = event.output_reference
        assert reference is not None
        assert reference.payload_id == f"trace-1-{event.sequence}"
        body = harness.payloads.get(GROUP, event.execution_id, reference.payload_id)
        assert len(body or b"") == reference.bytes
        assert "x" * 20_000 in json.dumps(json.loads(body or b""))


def test_large_arguments_of_a_tool_are_whole_in_the_body_and_short_beside_it(
    harness: Harness, model: ScriptedModel
) -> None:
    long = "1+" * 3_000 + "1"
    described = f"Calculate. [[tool calculator {json.dumps({'expression': long})}]] [[say done]]"
    ended = harness.run({"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(described)]})
    started: TraceEvent = ended.of("tool_usage_started")[0]
    assert long in json.dumps(started.output)
    assert len(json.dumps(started.extra_data)) < 3_000


def test_the_first_event_leaves_at_once(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LINGER_SECONDS", 3600)
    ended = harness.run(crew(task("Slow. [[slow 1]]")))
    assert len(harness.queue.batches) == 2, "Without it, all of them would leave at the end."
    assert len(harness.queue.batches[0].events) < len(ended.events)


def test_events_leave_in_batches_of_a_hundred_at_most(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_LINGER_SECONDS", "LINGER_SECONDS"):
        monkeypatch.setattr(sending, name, 60.0)  # no batch leaves because the crew is slow
    harness.run(crew(*(task(f"Task {n}.", f"t{n}", context=[]) for n in range(40))))
    sizes = [len(batch.events) for batch in harness.queue.batches]
    assert max(sizes) == sending.BATCH_EVENTS
    assert sum(sizes) > 240


def test_the_log_tells_the_attempts_of_this_execution_only(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(task("Fail. [[fail 400]]")))
    harness.attempt(execution_id)
    lines = harness.queue.logs(execution_id)
    assert [line.sequence for line in lines] == list(range(1, len(lines) + 1))
    assert "Attempt 1 starts" in lines[0].message
    assert any("scripted failure 400" in line.message and line.level == "ERROR" for line in lines)


def test_every_kind_that_starts_also_ends() -> None:
    kinds = {kind.event_type for kind in KINDS.values()}
    for started in (kind for kind in kinds if kind.endswith("_started")):
        assert started.replace("_started", "_completed") in kinds


def test_the_log_of_an_execution_that_is_debugged_has_every_step_and_names_every_event(harness: Harness) -> None:
    def lines(**changes: bool) -> list[str]:
        execution_id = harness.submit(crew(task("One. [[say ONE]]", "one")))
        harness.executions.change(execution_id, **changes)
        harness.attempt(execution_id)
        return [f"{line.level} {line.logger} {line.message}" for line in harness.queue.logs(execution_id)]

    usual, whole = lines(), lines(debug=True)
    assert not [line for line in usual if "DEBUG" in line or "callbacks" in line]
    assert "DEBUG stepcrew_runner.callbacks CrewAI tells llm_call_started" in whole
    assert [line for line in whole if line.startswith("DEBUG stepcrew_runner openai/")]
    assert not [line for line in whole if "ONE" in line]
