"""The same crew on each provider's own client: answers, tools, usage, keys and refusals come through alike."""

from __future__ import annotations

import os

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.errors import Category
from tests.runner.house import House

AGENT = {"role": "Analyst", "goal": "Calculate.", "backstory": "Exact.", "tools": ["CalculatorTool"]}
MODELS = {
    "openai": "openai/gpt-4.1-mini",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "bedrock": "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0",
}


@pytest.fixture
def provided(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> ScriptedModel:
    """The operator's keys and endpoints of all three providers."""
    root = model.url.removesuffix("/v1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-anthropic-0123456789")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", root)
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-token-0123456789")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", root)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return model


def crew(description: str, model: str) -> dict[str, object]:
    task = {"name": "price", "description": description, "expected_output": "A number.", "agent": "analyst"}
    return {"agents": {"analyst": AGENT}, "tasks": [task], "model": model}


@pytest.mark.parametrize("provider", MODELS)
def test_a_crew_with_a_tool_runs_on(provider: str, house: House, provided: ScriptedModel) -> None:
    description = 'Do. [[tool calculator {"expression": "17*23"}]] [[say It is 391.]]'
    ended = house.run(crew(description, MODELS[provider]))
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
def test_a_key_that_is_not_accepted_is_told_on(provider: str, house: House, provided: ScriptedModel) -> None:
    ended = house.run(crew("Do. [[fail 401]]", MODELS[provider]))
    assert ended.outcome == "FAILED"
    error = ended.execution.error
    assert error is not None
    assert (error.category, error.type) == (Category.MODEL, "ModelAuthentication"), error
    assert {request.provider for request in provided.requests} == {provider}
