"""The same crew on each provider's own client: answers, tools, usage, keys and refusals come through alike."""

from __future__ import annotations

import os

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.errors import Category
from tests.runner.harness import Harness

AGENT = {"role": "Analyst", "goal": "Calculate.", "backstory": "Exact.", "tools": ["CalculatorTool"]}
MODELS = {
    "openai": "openai/gpt-4.1-mini",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "bedrock": "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0",
}


def crew(description: str, model: str) -> dict[str, object]:
    task = {"name": "price", "description": description, "expected_output": "A number.", "agent": "analyst"}
    return {"agents": {"analyst": AGENT}, "tasks": [task], "model": model}


@pytest.mark.parametrize("provider", MODELS)
def test_a_crew_with_a_tool_runs_on(provider: str, harness: Harness, provided: ScriptedModel) -> None:
    description = 'Do. [[tool calculator {"expression": "17*23"}]] [[say It is 391.]]'
    ended = harness.run(crew(description, MODELS[provider]))
    assert ended.execution.error is None
    assert ended.outputs[0].raw == "It is 391."
    (used,) = ended.of("tool_usage_completed")
    assert "391" in str(used.output)
    requests = provided.requests
    assert {request.provider for request in requests} == {provider}
    usage = ended.execution.usage
    assert usage.model_calls == len(requests) == 2
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert 0 < usage.cached_prompt_tokens < usage.prompt_tokens
    assert usage.cost_usd
    assert os.environ["ANTHROPIC_API_KEY"] not in str(ended.events)


@pytest.mark.parametrize("provider", MODELS)
def test_a_key_that_is_not_accepted_is_told_on(provider: str, harness: Harness, provided: ScriptedModel) -> None:
    ended = harness.run(crew("Do. [[fail 401]]", MODELS[provider]))
    assert ended.outcome == "FAILED"
    error = ended.execution.error
    assert error is not None
    assert (error.category, error.type) == (Category.MODEL, "ModelAuthentication"), error
    assert {request.provider for request in provided.requests} == {provider}


@pytest.mark.parametrize("provider", MODELS)
def test_a_conversation_too_long_for_its_model_fails_at_once_where_it_is_not_to_be_summarized(
    provider: str, harness: Harness, provided: ScriptedModel
) -> None:
    agents = {"analyst": {**AGENT, "respect_context_window": False}}
    ended = harness.run({**crew("Do. [[window 100]]", MODELS[provider]), "agents": agents})
    error = ended.execution.error
    assert error is not None
    assert (ended.outcome, error.category, error.type, error.retryable) == (
        "FAILED",
        Category.MODEL,
        "ContextTooLong",
        False,
    )
    assert len(provided.requests) == 1
    started = [event.event_type for event in ended.events if event.event_type.endswith("_started")]
    failed = [event.event_type for event in ended.events if event.event_type.endswith("_failed")]
    assert [name.replace("_failed", "_started") for name in failed] == started[::-1]
    assert ended.execution.traces_emitted == {"1": len(ended.events)}


def test_a_conversation_too_long_for_its_model_is_summarized_by_default(
    harness: Harness, provided: ScriptedModel
) -> None:
    # Of a model that CrewAI does not know it summarizes parts of 28,000 characters.
    ended = harness.run(crew(f"Sum up. [[window 40000]] {'word ' * 9_000}", "openai/our-own-model"))
    assert ended.execution.error is None
    assert ended.outputs[0].raw.startswith("answer")
    refused, *summaries, last = provided.requests
    assert (len(refused.text) > 40_000, len(summaries) > 1, len(last.text) < 40_000) == (True, True, True)
    assert ended.execution.usage.model_calls == len(provided.requests)


def test_a_request_that_stays_too_long_is_summarized_twice_at_most(harness: Harness, provided: ScriptedModel) -> None:
    ended = harness.run(crew("Do. [[window 1]] ", MODELS["openai"]))
    error = ended.execution.error
    assert error is not None
    assert error.type == "ContextTooLong"
    assert len(provided.requests) <= 6
