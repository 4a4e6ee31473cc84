"""Tokens and money of one model call, from what its provider told."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, cast

from botocore.eventstream import EventStreamBuffer, ParserError
from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

from stepcrew.domain.journal import TokenUsage
from stepcrew.domain.model_prices import ModelPrice
from stepcrew.domain.models import ModelName

_HOLDERS = ("metadata", "message", "response")
"""Parts of an answer in which its usage stands, where it does not stand in the answer itself (streams of Bedrock,
Anthropic and OpenAI's responses)."""
_COUNTED = {
    "inputTokens": "x-amzn-bedrock-input-token-count",
    "outputTokens": "x-amzn-bedrock-output-token-count",
}
"""Headers in which Bedrock tells the usage of `InvokeModel`, whose bodies are the model's own."""


class Answer(NamedTuple):
    """What a provider sent back. The names of `headers` are found in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


def normalise(given: Mapping[str, Any]) -> TokenUsage | None:
    """From what OpenAI, Anthropic or Bedrock say. The latter two count the tokens of their cache apart from the
    prompt's; a gateway that answers for them in OpenAI's form has added them up.

    None when nothing is told, or what cannot be: a negative number would take back what other calls have used."""
    if not given or not all(_is_possible(value) for value in given.values()):
        return None

    def number(*names: str, inside: Mapping[str, Any] = given) -> int:
        return next((int(inside[name]) for name in names if isinstance(inside.get(name), int | float)), 0)

    def detail(name: str, *groups: str) -> int:
        found = [given[group] for group in groups if isinstance(given.get(group), Mapping)]
        return next((number(name, inside=cast("Mapping[str, Any]", one)) for one in found), 0)

    read_apart = number("cache_read_input_tokens", "cacheReadInputTokens", "cacheReadInputTokenCount")
    written_apart = number("cache_creation_input_tokens", "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    prompt = number("prompt_tokens", "input_tokens", "inputTokens")
    return TokenUsage(
        prompt=prompt if "prompt_tokens" in given else prompt + read_apart + written_apart,
        cached=detail("cached_tokens", "prompt_tokens_details", "input_tokens_details") or read_apart,
        completion=number("completion_tokens", "output_tokens", "outputTokens"),
        reasoning=detail("reasoning_tokens", "completion_tokens_details", "output_tokens_details"),
        written=written_apart,
    )


def _is_possible(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_possible(one) for one in cast("Mapping[str, Any]", value).values())
    return not isinstance(value, int | float) or (math.isfinite(value) and value >= 0)


def told_by(answer: Answer) -> TokenUsage | None:
    """What an answer says that the call used: in its JSON, in the events of a stream, of which later ones complete
    earlier ones (Anthropic tells the prompt at the start and the completion at the end), or in its headers.

    Sources: the API references of OpenAI (chat completions, responses, embeddings), Anthropic (messages, streaming
    messages) and Amazon Bedrock (Converse, ConverseStream, InvokeModel)."""
    told: dict[str, Any] = {}
    for part in _parts(answer):
        for holder in (part, *map(part.get, _HOLDERS)):
            usage = cast("Mapping[str, Any]", holder).get("usage") if isinstance(holder, Mapping) else None
            if isinstance(usage, Mapping):
                told |= {key: value for key, value in cast("Mapping[str, Any]", usage).items() if value is not None}
    if not told:
        counted = {name: answer.headers.get(header, "") for name, header in _COUNTED.items()}
        told = {name: int(count) for name, count in counted.items() if count.isdecimal()}
    return normalise(told)


def _parts(answer: Answer) -> Iterator[Mapping[str, Any]]:
    for text in _texts(answer):
        try:
            part = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(part, dict):
            yield cast("dict[str, Any]", part)


def _texts(answer: Answer) -> list[bytes]:
    body = answer.body
    if "amazon.eventstream" in answer.content_type:
        events = EventStreamBuffer()
        events.add_data(body)
        try:
            return [event.payload for event in events]
        except ParserError:
            return []
    if body.lstrip().startswith(b"{"):
        return [body]
    return [line[5:] for line in body.splitlines() if line.startswith(b"data:")]


_unpriced: set[ModelName] = set()
"""The library searches its whole table each time for a model that it does not know, and this runs in the crew's
threads."""


def price(model: ModelName, call: TokenUsage, own: Mapping[str, ModelPrice] | None = None) -> Decimal | None:
    """US dollars by the group's own prices, else by the price library's table; None when neither knows the model."""
    if own and (listed := own.get(str(model))):
        return listed.usd(call.prompt, call.cached, call.written, call.completion)
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
