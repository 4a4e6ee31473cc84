"""Tokens and money, summed over the model calls. CrewAI's own totals double when agents share a model."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple, cast

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

from stepcrew.domain.execution import CancelReceipt, Usage
from stepcrew.domain.models import ModelName, parse_model_name


class CallUsage(NamedTuple):
    """Tokens of one model call. `prompt` includes those read from a provider's cache and those written into it."""

    prompt: int
    cached: int
    completion: int
    reasoning: int
    written: int = 0


def normalise(usage: Mapping[str, Any] | None) -> CallUsage:
    """From CrewAI's reports, or what OpenAI, Anthropic or Bedrock say themselves. The latter two count the tokens of
    their cache apart from the prompt's; CrewAI has already added them up for Anthropic, but not for Bedrock."""
    given = usage or {}

    def number(*names: str, inside: Mapping[str, Any] = given) -> int:
        return next((int(inside[name]) for name in names if isinstance(inside.get(name), int | float)), 0)

    def detail(name: str, *groups: str) -> int:
        found = [given[group] for group in groups if isinstance(given.get(group), Mapping)]
        return next((number(name, inside=cast("Mapping[str, Any]", one)) for one in found), 0)

    read_apart = number("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount")
    written_apart = number("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    prompt = number("prompt_tokens", "input_tokens", "inputTokens")
    if "prompt_tokens" not in given:
        prompt += read_apart + written_apart
    return CallUsage(
        prompt=prompt,
        cached=detail("cached_tokens", "prompt_tokens_details", "input_tokens_details")
        or number("cached_prompt_tokens", "cached_tokens")
        or read_apart,
        completion=number("completion_tokens", "output_tokens", "outputTokens"),
        reasoning=detail("reasoning_tokens", "completion_tokens_details", "output_tokens_details")
        or number("reasoning_tokens"),
        written=written_apart or number("cache_creation_tokens"),
    )


_unpriced: set[ModelName] = set()
"""The library searches its whole table anew for a model that it does not know, and this runs in the crew's threads."""


def price(model: ModelName, call: CallUsage) -> Decimal | None:
    """US dollars by the price library's table; None when it does not know the model."""
    if model in _unpriced:
        return None
    provider = {"bedrock": "aws"}.get(model.provider, model.provider)
    counted = PricedUsage(
        input_tokens=call.prompt,
        cache_read_tokens=call.cached,
        cache_write_tokens=call.written,
        output_tokens=call.completion,
    )
    try:
        return calc_price(counted, model_ref=model.model, provider_id=provider).total_price
    except LookupError:
        _unpriced.add(model)
        return None


class Ended(NamedTuple):
    """One model call that ended."""

    at: datetime
    tokens: int
    cost: Decimal | None


class UsageMeter:
    """The sum so far. Model calls end in several threads."""

    def __init__(self, so_far: Usage) -> None:
        self._usage = so_far.model_copy()
        self._before = so_far.model_calls
        self._lock = threading.Lock()
        self._in_flight: set[str] = set()
        self._failed = 0
        self._ended: list[Ended] = []

    def started(self, call_id: str) -> None:
        with self._lock:
            self._in_flight.add(call_id)

    def failed(self, call_id: str) -> None:
        with self._lock:
            if call_id in self._in_flight:  # it is told on two levels
                self._in_flight.remove(call_id)
                self._failed += 1

    def add(self, model: str, raw: Mapping[str, Any] | None, call_id: str = "") -> tuple[CallUsage, Decimal | None]:
        """Counts one call and answers what it used and cost."""
        call, name = normalise(raw), parse_model_name(model)
        cost = price(name, call) if name else None
        with self._lock:
            self._in_flight.discard(call_id)
            self._ended.append(Ended(datetime.now(UTC), call.prompt + call.completion, cost))
            usage = self._usage
            usage.model_calls += 1
            usage.prompt_tokens += call.prompt
            usage.cached_prompt_tokens += call.cached
            usage.completion_tokens += call.completion
            usage.reasoning_tokens += call.reasoning
            usage.total_tokens += call.prompt + call.completion
            if cost is None:
                usage.cost_usd, usage.cost_note = None, f"No price is known for {model}."
            elif usage.cost_note is None:
                usage.cost_usd = (usage.cost_usd or Decimal(0)) + cost
        return call, cost

    def total(self) -> Usage:
        with self._lock:
            return self._usage.model_copy()

    @property
    def calls_of_attempt(self) -> int:
        with self._lock:
            return self._usage.model_calls - self._before

    @property
    def ended_of_attempt(self) -> int:
        """Model calls, those that failed included."""
        with self._lock:
            return self._usage.model_calls - self._before + self._failed

    def receipt(self, requested_at: datetime, observed_at: datetime) -> CancelReceipt:
        """What was spent since a cancel request. A call still in flight is abandoned: its provider never told its
        usage, so the money is unknown then."""
        with self._lock:
            after, abandoned = [call for call in self._ended if call.at > requested_at], len(self._in_flight)
        costs = [call.cost for call in after]
        known = not abandoned and all(cost is not None for cost in costs)
        return CancelReceipt(
            requested_at=requested_at,
            observed_at=observed_at,
            model_calls=len(after) + abandoned,
            abandoned_calls=abandoned,
            total_tokens=sum(call.tokens for call in after),
            cost_usd=sum((cost for cost in costs if cost is not None), Decimal(0)) if known else None,
        )
