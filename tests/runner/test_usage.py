"""Tokens and money, whatever a provider calls them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from scripted_model import streams
from stepcrew.domain.journal import JournalEntry, TokenUsage, usage_of
from stepcrew.domain.models import ModelName
from stepcrew_runner.gate.usage import Answer, normalise, price, told_by


def tokens(prompt: int, cached: int, completion: int, reasoning: int, written: int = 0) -> TokenUsage:
    return TokenUsage(prompt=prompt, cached=cached, completion=completion, reasoning=reasoning, written=written)


SHAPES: dict[str, tuple[dict[str, Any], TokenUsage | None]] = {
    "OpenAI itself": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 40},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
        tokens(100, 40, 20, 5),
    ),
    "OpenAI's responses": (
        {
            "input_tokens": 100,
            "output_tokens": 20,
            "input_tokens_details": {"cached_tokens": 40},
            "output_tokens_details": {"reasoning_tokens": 5},
        },
        tokens(100, 40, 20, 5),
    ),
    "a gateway to Anthropic in OpenAI's form": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 10,
        },
        tokens(100, 40, 20, 0, 10),
    ),
    "Anthropic itself": (
        {
            "input_tokens": 50,
            "output_tokens": 20,
            "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 10,
        },
        tokens(100, 40, 20, 0, 10),
    ),
    "Bedrock": (
        {"inputTokens": 50, "outputTokens": 20, "cacheReadInputTokens": 40, "cacheWriteInputTokens": 10},
        tokens(100, 40, 20, 0, 10),
    ),
    "an empty object": ({}, None),
    "a negative number": ({"prompt_tokens": 10, "completion_tokens": -1_000_000}, None),
    "a negative number inside": ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": -5}}, None),
    "no number": ({"prompt_tokens": float("nan"), "completion_tokens": 1}, None),
    "nulls": ({"prompt_tokens": None, "completion_tokens": "many"}, tokens(0, 0, 0, 0)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_providers_shape_means_the_same(shape: str) -> None:
    given, expected = SHAPES[shape]
    assert normalise(given) == expected


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4.1-mini"),
        ("anthropic", "claude-sonnet-4-5"),
        ("bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0"),
    ],
)
def test_a_known_model_has_a_price_and_cached_tokens_cost_less(provider: str, model: str) -> None:
    name = ModelName(provider, model)
    full, cached = price(name, tokens(1000, 0, 100, 0)), price(name, tokens(1000, 900, 100, 0))
    assert full is not None
    assert cached is not None
    assert 0 < cached < full < Decimal("0.01")


def test_what_is_written_into_a_cache_costs_more() -> None:
    name = ModelName("anthropic", "claude-sonnet-4-5")
    full, written = price(name, tokens(1000, 0, 100, 0)), price(name, tokens(1000, 0, 100, 0, 900))
    assert full is not None
    assert written is not None
    assert written > full


def test_an_unknown_model_has_no_price() -> None:
    assert price(ModelName("openai", "of-our-own"), tokens(1, 0, 1, 0)) is None


def entry(model: str = "openai/gpt-4.1-mini", cost: str | None = "0.5", **more: Any) -> JournalEntry:
    fields: dict[str, Any] = {"kind": "model", "state": "answered", "scope": "t", "digest": "d", "nth": 1, "attempt": 1}
    fields |= {"written_at": datetime(2026, 1, 1, tzinfo=UTC), "name": model, "usage": tokens(5, 0, 5, 0)}
    return JournalEntry.model_validate(fields | {"cost_usd": cost} | more)


def test_one_unpriced_call_makes_the_sum_unknown_for_good() -> None:
    total = usage_of([entry(), entry("openai/of-our-own", None), entry()])
    assert total.cost_usd is None
    assert total.cost_note == "No price is known for openai/of-our-own."


def test_a_request_without_an_answer_is_a_call_that_cost_nothing_anybody_told() -> None:
    lost = entry(cost=None, state="lost", usage=None, reserved_tokens=100)
    refused = entry(cost=None, status=400, usage=None)
    total = usage_of([entry(), lost, refused])
    assert (total.model_calls, total.total_tokens, total.cost_usd) == (3, 10, Decimal("0.5"))
    assert total.unanswered_calls == 1


def test_a_call_whose_server_tells_no_usage_is_not_called_unpriced() -> None:
    total = usage_of([entry(), entry(cost=None, usage=None, reserved_tokens=100)])
    assert (total.cost_usd, total.unanswered_calls) == (None, 0)
    assert total.cost_note == "openai/gpt-4.1-mini did not say what a call used."


def test_tool_calls_and_counts_of_tokens_are_no_model_calls() -> None:
    assert usage_of([entry(kind="tool"), entry(is_billed=False)]).model_calls == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"usage": {"prompt_tokens": 3, "completion_tokens": 4}}', tokens(3, 0, 4, 0)),
        (b'{"error": {"message": "no"}}', None),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
        (
            b'data: {"choices": []}\n\ndata: {"usage": {"prompt_tokens": 3, "completion_tokens": 4}}\n\ndata: [DONE]\n',
            tokens(3, 0, 4, 0),
        ),
        (
            b'event: message_start\ndata: {"message": {"usage": {"input_tokens": 3, "output_tokens": 1}}}\n\n'
            b'event: message_delta\ndata: {"usage": {"output_tokens": 4}}\n\n',
            tokens(3, 0, 4, 0),
        ),
        (b'data: {"response": {"usage": {"input_tokens": 3, "output_tokens": 4}}}\n', tokens(3, 0, 4, 0)),
    ],
)
def test_usage_is_read_from_an_answer_and_from_the_events_of_a_stream(body: bytes, expected: TokenUsage | None) -> None:
    assert told_by(Answer(200, {}, body)) == expected


def test_usage_of_bedrock_is_read_from_its_events_and_where_the_body_is_the_models_own_from_the_headers() -> None:
    usage = {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}
    answer = {"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn", "usage": usage}
    body = streams.of_bedrock({**answer, "metrics": {"latencyMs": 1}})
    events = {"content-type": streams.AWS_EVENTS}
    assert told_by(Answer(200, events, body)) == tokens(3, 0, 4, 0)
    assert told_by(Answer(200, events, body[:-60])) is None, "It was cut before it told."
    assert told_by(Answer(200, events, body[:40] + b"?" + body[41:])) is None
    headers = {"x-amzn-bedrock-input-token-count": "5", "content-type": "application/json"}
    assert told_by(Answer(200, headers, b'{"embedding": [0.5]}')) == tokens(5, 0, 0, 0)
