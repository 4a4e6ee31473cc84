"""Tokens and money, whatever a provider calls them."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from stepcrew.domain.execution import Usage
from stepcrew.domain.models import ModelName
from stepcrew_runner.gate.usage import CallUsage, UsageMeter, normalise, price

SHAPES: dict[str, tuple[dict[str, Any] | None, CallUsage]] = {
    "OpenAI by CrewAI": (
        {"prompt_tokens": 100, "completion_tokens": 20, "cached_prompt_tokens": 40, "reasoning_tokens": 5},
        CallUsage(100, 40, 20, 5),
    ),
    "OpenAI itself": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 40},
            "completion_tokens_details": {"reasoning_tokens": 5},
        },
        CallUsage(100, 40, 20, 5),
    ),
    "OpenAI's responses": (
        {
            "input_tokens": 100,
            "output_tokens": 20,
            "input_tokens_details": {"cached_tokens": 40},
            "output_tokens_details": {"reasoning_tokens": 5},
        },
        CallUsage(100, 40, 20, 5),
    ),
    "Anthropic by CrewAI": (
        {
            "input_tokens": 100,
            "output_tokens": 20,
            "total_tokens": 120,
            "cached_prompt_tokens": 40,
            "cache_creation_tokens": 10,
        },
        CallUsage(100, 40, 20, 0, 10),
    ),
    "Anthropic itself": (
        {
            "input_tokens": 50,
            "output_tokens": 20,
            "cache_read_input_tokens": 40,
            "cache_creation_input_tokens": 10,
        },
        CallUsage(100, 40, 20, 0, 10),
    ),
    "Bedrock": (
        {"inputTokens": 50, "outputTokens": 20, "cacheReadInputTokens": 40, "cacheWriteInputTokens": 10},
        CallUsage(100, 40, 20, 0, 10),
    ),
    "nothing": (None, CallUsage(0, 0, 0, 0)),
    "nulls": ({"prompt_tokens": None, "completion_tokens": "many"}, CallUsage(0, 0, 0, 0)),
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
    full, cached = price(name, CallUsage(1000, 0, 100, 0)), price(name, CallUsage(1000, 900, 100, 0))
    assert full is not None
    assert cached is not None
    assert 0 < cached < full < Decimal("0.01")


def test_what_is_written_into_a_cache_costs_more() -> None:
    name = ModelName("anthropic", "claude-sonnet-4-5")
    full, written = price(name, CallUsage(1000, 0, 100, 0)), price(name, CallUsage(1000, 0, 100, 0, 900))
    assert full is not None
    assert written is not None
    assert written > full


def test_an_unknown_model_has_no_price() -> None:
    assert price(ModelName("openai", "of-our-own"), CallUsage(1, 0, 1, 0)) is None


def test_the_sum_goes_on_from_earlier_attempts() -> None:
    meter = UsageMeter(Usage(model_calls=2, prompt_tokens=10, total_tokens=15, cost_usd=Decimal("0.5")))
    meter.add("openai/gpt-4.1-mini", {"prompt_tokens": 5, "completion_tokens": 5})
    total = meter.total()
    assert (total.model_calls, total.prompt_tokens, total.total_tokens) == (3, 15, 25)
    assert total.cost_usd is not None
    assert total.cost_usd > Decimal("0.5")


def test_one_unpriced_call_makes_the_sum_unknown_for_good() -> None:
    meter = UsageMeter(Usage())
    for model in ("openai/gpt-4.1-mini", "openai/of-our-own", "openai/gpt-4.1-mini"):
        meter.add(model, {"prompt_tokens": 5, "completion_tokens": 5})
    assert meter.total().cost_usd is None
    assert meter.total().cost_note == "No price is known for openai/of-our-own."


def test_calls_that_end_at_the_same_time_are_all_counted() -> None:
    meter = UsageMeter(Usage())

    def many() -> None:
        for _ in range(200):
            meter.add("openai/gpt-4.1-mini", {"prompt_tokens": 1, "completion_tokens": 1})

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.total().model_calls == 800
    assert meter.total().total_tokens == 1600
