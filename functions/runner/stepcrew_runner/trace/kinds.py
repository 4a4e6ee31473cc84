"""Which CrewAI events become trace events, and which of their fields. Everything else of an event stays inside: whole
events hold keys. The catalogue for readers is docs/trace-events.md."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from pydantic_core import PydanticSerializationError, to_jsonable_python

from stepcrew.domain.nesting import TOO_DEEP, is_too_deep
from stepcrew.domain.text_bounds import beginning
from stepcrew.domain.trace import EventSource

Body = Callable[[Any], Any]
MOST_CHARACTERS = 2_000

MODEL_NAME = "stepcrew_name"
"""The attribute of a model object of ours with what definitions call the model."""
FALLBACK_OF = "stepcrew_fallback_of"
"""The attribute of one that is asked in the place of another, with the name of that."""


class Kind(NamedTuple):
    """How one CrewAI event is recorded. `output` takes the body from it; `extra` names fields that are copied."""

    event_type: str
    source: EventSource
    output: Body | None = None
    extra: tuple[str, ...] = ()
    context: str = ""


def field(name: str) -> Body:
    return lambda event: getattr(event, name, None)


def _output_text(event: Any) -> Any:
    output = event.output
    return getattr(output, "raw", None) or (str(output) if output is not None else None)


def _messages(event: Any) -> Any:
    messages = event.messages
    if isinstance(messages, str) or messages is None:
        return messages
    return [{"role": one.get("role"), "content": one.get("content"), **_calls(one), **_files(one)} for one in messages]


def _calls(message: Any) -> dict[str, Any]:
    return {name: message[name] for name in ("tool_calls", "tool_call_id", "name") if message.get(name)}


def _files(message: Any) -> dict[str, Any]:
    """Which files it shows, of each its name, kind, size and hash: CrewAI's event has them as Python writes them."""
    shown: list[dict[str, Any]] = []
    files: dict[str, Any] = message.get("files") or {}
    for name, file in files.items():
        told: dict[str, Any] = {"name": name}
        with suppress(ValueError, SyntaxError, TypeError, KeyError, AttributeError):
            source: Any = ast.literal_eval(file["source"]) if len(file["source"]) <= MOST_CHARACTERS else {}
            told |= {key: source[key] for key in ("filename", "media_type", "size", "sha256") if key in source}
        shown.append(told)
    return {"files": shown} if shown else {}


def _text(name: str) -> Body:
    return lambda event: str(getattr(event, name, ""))


def _guardrail_result(event: Any) -> Any:
    return event.error or event.result


def _error(event: Any) -> Any:
    return str(event.error) if event.error is not None else None


S = EventSource
_TOOL = ("tool_name", "tool_args")
_MCP = ("server_name", "server_url", "transport_type")
_MCP_TOOL = ("server_name", "server_url", "tool_name", "tool_args")
_STEP = ("step_number", "step_description")

KINDS: dict[str, Kind] = {
    "flow_started": Kind("flow_started", S.FLOW, field("inputs"), (), "flow_name"),
    "flow_finished": Kind("flow_completed", S.FLOW, field("result"), (), "flow_name"),
    "flow_failed": Kind("flow_failed", S.FLOW, _error, (), "flow_name"),
    "method_execution_started": Kind("flow_method_started", S.FLOW, field("params"), (), "method_name"),
    "method_execution_finished": Kind("flow_method_completed", S.FLOW, field("result"), (), "method_name"),
    "method_execution_failed": Kind("flow_method_failed", S.FLOW, _error, (), "method_name"),
    "crew_kickoff_started": Kind("crew_started", S.CREW, None, (), "crew_name"),
    "crew_kickoff_completed": Kind("crew_completed", S.CREW, _output_text, (), "crew_name"),
    "crew_kickoff_failed": Kind("crew_failed", S.CREW, _error, (), "crew_name"),
    "task_started": Kind("task_started", S.TASK, field("context")),
    "task_completed": Kind("task_completed", S.TASK, _output_text),
    "task_failed": Kind("task_failed", S.TASK, _error),
    "agent_execution_started": Kind("agent_execution_started", S.AGENT, field("task_prompt")),
    "agent_execution_completed": Kind("agent_execution_completed", S.AGENT, field("output")),
    "agent_execution_error": Kind("agent_execution_failed", S.AGENT, _error),
    "lite_agent_execution_started": Kind("agent_execution_started", S.AGENT),
    "lite_agent_execution_completed": Kind("agent_execution_completed", S.AGENT, field("output")),
    "lite_agent_execution_error": Kind("agent_execution_failed", S.AGENT, _error),
    "llm_call_started": Kind("llm_call_started", S.LLM, _messages, ("model", "call_id", "temperature"), "model"),
    "llm_call_completed": Kind(
        "llm_call_completed", S.LLM, field("response"), ("model", "call_id", "call_type", "finish_reason"), "model"
    ),
    "llm_call_failed": Kind("llm_call_failed", S.LLM, _error, ("model", "call_id"), "model"),
    "context_window_summarization_started": Kind("summarization_started", S.LLM, None, ("model",), "model"),
    "context_window_summarization_completed": Kind("summarization_completed", S.LLM, None, ("model",), "model"),
    "context_window_summarization_failed": Kind("summarization_failed", S.LLM, _error, ("model",), "model"),
    "tool_usage_started": Kind("tool_usage_started", S.TOOL, field("tool_args"), _TOOL, "tool_name"),
    "tool_usage_finished": Kind("tool_usage_completed", S.TOOL, field("output"), (*_TOOL, "from_cache"), "tool_name"),
    "tool_usage_error": Kind("tool_usage_failed", S.TOOL, _error, _TOOL, "tool_name"),
    "tool_validate_input_error": Kind("tool_usage_failed", S.TOOL, _error, _TOOL, "tool_name"),
    "tool_selection_error": Kind("tool_usage_failed", S.TOOL, _error, _TOOL, "tool_name"),
    "tool_failure_detected": Kind("tool_failure", S.TOOL, _text("failure"), _TOOL, "tool_name"),
    "agent_reasoning_started": Kind("agent_reasoning_started", S.REASONING, None, ("attempt",)),
    "agent_reasoning_completed": Kind("agent_reasoning_completed", S.REASONING, field("plan"), ("attempt", "ready")),
    "agent_reasoning_failed": Kind("agent_reasoning_failed", S.REASONING, _error, ("attempt",)),
    "plan_step_started": Kind("plan_step_started", S.REASONING, None, _STEP),
    "plan_step_completed": Kind("plan_step_completed", S.REASONING, field("result"), (*_STEP, "success")),
    "step_observation_started": Kind("step_observation_started", S.REASONING, None, _STEP),
    "step_observation_completed": Kind(
        "step_observation_completed", S.REASONING, field("key_information_learned"), (*_STEP, "needs_full_replan")
    ),
    "step_observation_failed": Kind("step_observation_failed", S.REASONING, _error, _STEP),
    "plan_refinement": Kind("plan_refinement", S.REASONING, field("refinements"), _STEP),
    "plan_replan_triggered": Kind("plan_replan", S.REASONING, field("replan_reason"), ("replan_count",)),
    "goal_achieved_early": Kind("goal_achieved_early", S.REASONING, None, ("steps_remaining",)),
    "llm_guardrail_started": Kind("guardrail_started", S.GUARDRAIL, _text("guardrail"), ("retry_count",)),
    "llm_guardrail_completed": Kind("guardrail_completed", S.GUARDRAIL, _guardrail_result, ("success", "retry_count")),
    "mcp_connection_started": Kind("mcp_connection_started", S.MCP, None, _MCP, "server_name"),
    "mcp_connection_completed": Kind("mcp_connection_completed", S.MCP, None, _MCP, "server_name"),
    "mcp_connection_failed": Kind("mcp_connection_failed", S.MCP, _error, (*_MCP, "error_type"), "server_name"),
    "mcp_tool_execution_started": Kind("mcp_tool_started", S.MCP, field("tool_args"), _MCP_TOOL, "tool_name"),
    "mcp_tool_execution_completed": Kind("mcp_tool_completed", S.MCP, field("result"), _MCP_TOOL, "tool_name"),
    "mcp_tool_execution_failed": Kind("mcp_tool_failed", S.MCP, _error, _MCP_TOOL, "tool_name"),
    "memory_query_started": Kind("memory_query_started", S.MEMORY, field("query"), ("limit", "score_threshold")),
    "memory_query_completed": Kind("memory_query_completed", S.MEMORY, field("results"), ("query", "limit")),
    "memory_query_failed": Kind("memory_query_failed", S.MEMORY, _error, ("query",)),
    "memory_retrieval_started": Kind("memory_retrieval_started", S.MEMORY),
    "memory_retrieval_completed": Kind("memory_retrieval_completed", S.MEMORY, field("memory_content")),
    "memory_retrieval_failed": Kind("memory_retrieval_failed", S.MEMORY, _error),
    "memory_save_started": Kind("memory_save_started", S.MEMORY, field("value")),
    "memory_save_completed": Kind("memory_save_completed", S.MEMORY, field("value")),
    "memory_save_failed": Kind("memory_save_failed", S.MEMORY, _error),
    "knowledge_search_query_started": Kind("knowledge_retrieval_started", S.KNOWLEDGE),
    "knowledge_search_query_completed": Kind(
        "knowledge_retrieval_completed", S.KNOWLEDGE, field("retrieved_knowledge"), ("query",)
    ),
    "knowledge_search_query_failed": Kind("knowledge_retrieval_failed", S.KNOWLEDGE, _error, ("query",)),
    "knowledge_query_started": Kind("knowledge_query_started", S.KNOWLEDGE, field("task_prompt")),
    "knowledge_query_completed": Kind("knowledge_query_completed", S.KNOWLEDGE, field("query")),
    "knowledge_query_failed": Kind("knowledge_query_failed", S.KNOWLEDGE, _error),
}
INTERRUPTED: dict[str, Kind] = {
    "flow_failed": Kind("flow_interrupted", S.FLOW, _error, (), "flow_name"),
    "method_execution_failed": Kind("flow_method_interrupted", S.FLOW, _error, (), "method_name"),
    "crew_kickoff_failed": Kind("crew_interrupted", S.CREW, _error, (), "crew_name"),
    "task_failed": Kind("task_interrupted", S.TASK, _error),
    "agent_execution_error": Kind("agent_execution_interrupted", S.AGENT, _error),
}
"""The same CrewAI events when the attempt hands over or asks a person: nothing failed, and the next one goes on."""
TOOL_STARTED = "tool_usage_started"
TOOL_HELD = Kind("tool_usage_held", S.TOOL, None, (), "tool_name")
LEFT_OPEN = {
    "flow_started": "flow_failed",
    "flow_method_started": "method_execution_failed",
    "crew_started": "crew_kickoff_failed",
    "task_started": "task_failed",
    "agent_execution_started": "agent_execution_error",
}
"""CrewAI's event that would end what began with this event type."""


def plain(value: Any) -> Any:
    """A JSON-like copy, so that later changes of CrewAI's objects do not reach the trace; of what is nested too deeply,
    which nobody behind the runner could read, only that it is."""
    try:
        copy = to_jsonable_python(value, fallback=str, inf_nan_mode="strings")
    except (PydanticSerializationError, ValueError, RecursionError):
        return f"({TOO_DEEP})"
    return f"({TOO_DEEP})" if is_too_deep(copy) else copy


def clipped(value: Any) -> Any:
    """A small fact as it is; a large one as the beginning of its text, because facts travel inside the event."""
    if isinstance(value, int | float | bool) or value is None:
        return value
    text = str(value)
    return value if len(text) <= MOST_CHARACTERS else beginning(text, MOST_CHARACTERS)
