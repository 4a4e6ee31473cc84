"""A trace as other systems take it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.aws_table import GROUP, ID, NOW, execution

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.otlp import SCHEMA_URL, otlp_of
from stepcrew.domain.trace import TraceEvent

USAGE = {"prompt_tokens": 90, "completion_tokens": 10, "cached_prompt_tokens": 40, "reasoning_tokens": 4}


def event(sequence: int, event_type: str, source: str, **fields: Any) -> TraceEvent:
    own = {"execution_id": ID, "group_id": GROUP, "attempt": 1, "sequence": sequence}
    at = NOW + timedelta(seconds=sequence)
    return TraceEvent.model_validate(
        {**own, "emitted_at": at, "event_type": event_type, "event_source": source, **fields}
    )


def story() -> list[TraceEvent]:
    who = {"agent_role": "Poet", "task_name": "haiku"}
    call = {"model": "openai/gpt-4.1-mini", "usage": USAGE, "cost_usd": 0.002, "finish_reason": "stop"}
    return [
        event(1, "task_started", "task", event_context="Poet", task_name="haiku"),
        event(2, "agent_execution_started", "agent", parent_sequence=1, **who),
        event(3, "llm_call_started", "llm", parent_sequence=2, extra_data={"model": "openai/gpt-4.1-mini"}, **who),
        event(4, "llm_call_completed", "llm", parent_sequence=2, started_sequence=3, extra_data=call, **who),
        event(5, "tool_usage_started", "tool", parent_sequence=2, extra_data={"tool_name": "SearchTool"}, **who),
        event(6, "tool_usage_failed", "tool", parent_sequence=2, started_sequence=5, output="No key.", **who),
        event(7, "tool_failure", "tool", parent_sequence=2, **who),
        event(8, "agent_execution_completed", "agent", parent_sequence=1, started_sequence=2, **who),
    ]


def spans_of(one: Execution, events: list[TraceEvent]) -> dict[str, dict[str, Any]]:
    [resource] = otlp_of(one, events)["resourceSpans"]
    [scope] = resource["scopeSpans"]
    assert (resource["schemaUrl"], scope["schemaUrl"]) == (SCHEMA_URL, SCHEMA_URL)
    return {span["name"]: span for span in scope["spans"]}


def facts(span: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in span["attributes"]}


def test_pairs_of_events_are_spans_below_one_another() -> None:
    found = spans_of(execution(), story())
    names = ("invoke_workflow haiku", "task haiku", "invoke_agent Poet", "chat gpt-4.1-mini", "execute_tool SearchTool")
    assert tuple(found) == names
    root, task, agent, chat, tool = (found[name] for name in names)
    assert "parentSpanId" not in root
    assert [one["parentSpanId"] for one in (task, agent, chat, tool)] == [
        *(root["spanId"], task["spanId"], agent["spanId"], agent["spanId"]),
    ]
    assert len({one["traceId"] for one in found.values()}) == 1
    assert (len(root["traceId"]), len(root["spanId"])) == (32, 16)
    assert int(chat["endTimeUnixNano"]) - int(chat["startTimeUnixNano"]) == 1_000_000_000
    assert chat["startTimeUnixNano"] == str(int((NOW + timedelta(seconds=3)).timestamp()) * 10**9)
    assert [one["name"] for one in agent["events"]] == ["tool_failure"]


def test_a_model_call_has_the_names_of_the_conventions() -> None:
    chat = spans_of(execution(), story())["chat gpt-4.1-mini"]
    assert chat["kind"] == 3
    assert facts(chat) == {
        "stepcrew.event": "1.3",
        "stepcrew.attempt": "1",
        "stepcrew.task": "haiku",
        "gen_ai.agent.name": "Poet",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4.1-mini",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.finish_reasons": {"values": [{"stringValue": "stop"}]},
        "stepcrew.cost_usd": 0.002,
        "gen_ai.usage.input_tokens": "90",
        "gen_ai.usage.output_tokens": "10",
        "gen_ai.usage.cache_read.input_tokens": "40",
        "gen_ai.usage.reasoning.output_tokens": "4",
    }


def test_what_failed_and_what_never_ended_is_told() -> None:
    found = spans_of(execution(), story())
    assert found["execute_tool SearchTool"]["status"] == {"code": 2, "message": "No key."}
    assert facts(found["execute_tool SearchTool"])["error.type"] == "_OTHER"
    assert facts(found["task haiku"])["stepcrew.unfinished"] is True
    assert found["task haiku"]["endTimeUnixNano"] == found["invoke_agent Poet"]["endTimeUnixNano"]
    error = ExecutionError(category=Category.CREW, type="Odd", message="It broke.")
    failed = execution().model_copy(update={"status": Status.FAILED, "error": error, "ended_at": NOW})
    root = spans_of(failed, [])["invoke_workflow haiku"]
    assert (root["status"], facts(root)["error.type"]) == ({"code": 2, "message": "It broke."}, "Odd")


def test_a_call_that_was_answered_from_the_journal_is_told_once() -> None:
    again = {"attempt": 2, "trace_metadata": {"replayed": True}}
    replayed = [one.model_copy(update=again) for one in story()[2:4]]
    names = [
        span["name"]
        for span in otlp_of(execution(), [*story(), *replayed])["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]
    assert names.count("chat gpt-4.1-mini") == 1


def test_the_same_trace_gives_the_same_ids_and_another_groups_others() -> None:
    other = execution(group_id="other")
    assert otlp_of(execution(), story()) == otlp_of(execution(), story())
    assert (
        spans_of(other, [])["invoke_workflow haiku"]["traceId"]
        != spans_of(execution(), [])["invoke_workflow haiku"]["traceId"]
    )
