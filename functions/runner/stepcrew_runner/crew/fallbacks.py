"""Models that are asked in turn: the next one where a provider refuses for good or is out.

Which one was given up for a call stands in the journal: a later attempt, and a replay, begin with the one that
answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic_core import to_jsonable_python

from stepcrew.domain.journal import EntryKey, EntryKind
from stepcrew_runner.crew.provider_answers import refusal_of
from stepcrew_runner.crew.provider_errors import (
    ABOVE_RATE,
    AUTHENTICATION,
    QUOTA,
    RATE_LIMIT,
    UNAVAILABLE,
    UNKNOWN_MODEL,
)
from stepcrew_runner.gate.requests import digest_of_call
from stepcrew_runner.gate.scope import current_gate, current_task
from stepcrew_runner.trace.kinds import FALLBACK_OF, MODEL_NAME

GIVEN_UP = (QUOTA, ABOVE_RATE, RATE_LIMIT, UNKNOWN_MODEL, AUTHENTICATION, UNAVAILABLE)
"""What the provider or the account is the reason of. A request that is too long, malformed or against a policy is the
crew's own, and no other provider is asked with it."""


def ask_in_turn(models: Sequence[Any]) -> Any:
    """The first model object, which asks the others in its place."""
    first = models[0]
    names = [str(getattr(model, MODEL_NAME)) for model in models]
    for model in models[1:]:
        object.__setattr__(model, FALLBACK_OF, names[0])
    calls, acalls = [model.call for model in models], [model.acall for model in models]
    object.__setattr__(first, "call", _call(names, calls))
    object.__setattr__(first, "acall", _acall(names, acalls))
    return first


def _call(names: Sequence[str], calls: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    def in_turn(messages: Any, *arguments: Any, **named: Any) -> Any:
        for name, call in zip(names[:-1], calls[:-1], strict=True):
            key, is_given_up = _choice(name, messages)
            if is_given_up:
                continue
            try:
                return call(messages, *arguments, **named)
            except Exception as error:
                if not _is_out(error):
                    raise
            _give_up(key, name)
        return calls[-1](messages, *arguments, **named)

    return in_turn


def _acall(names: Sequence[str], calls: Sequence[Callable[..., Awaitable[Any]]]) -> Callable[..., Awaitable[Any]]:
    async def in_turn(messages: Any, *arguments: Any, **named: Any) -> Any:
        for name, call in zip(names[:-1], calls[:-1], strict=True):
            key, is_given_up = _choice(name, messages)
            if is_given_up:
                continue
            try:
                return await call(messages, *arguments, **named)
            except Exception as error:
                if not _is_out(error):
                    raise
            await asyncio.to_thread(_give_up, key, name)
        return await calls[-1](messages, *arguments, **named)

    return in_turn


def _choice(name: str, messages: Any) -> tuple[EntryKey, bool]:
    """The place in the journal where it would stand that this model was given up for this call, and whether it does."""
    journal = current_gate().journal
    digest = digest_of_call(f"given up: {name}", to_jsonable_python(messages, fallback=str), journal.seal)
    key, known = journal.next_call(current_task(), digest)
    return key, known is not None


def _give_up(key: EntryKey, name: str) -> None:
    """Before the next model is asked: a later attempt then asks that one at once, and finds its answer."""
    current_gate().result(key, name, "", EntryKind.CHOICE)


def _is_out(error: Exception) -> bool:
    return refusal_of(error) in GIVEN_UP
