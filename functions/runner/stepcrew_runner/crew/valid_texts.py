"""What a model says is made valid Unicode where it comes in, and what is said to it where it goes out.

A model may answer half a surrogate pair, and a tool may return one. No later request could be written with it, so the
crew task after it would fail: what is stored and what the crew goes on with is cleaned alike.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from stepcrew_runner.isolation.redaction import valid


def keep_texts_valid(model: Any) -> None:
    """Wraps the two calls of a model object of CrewAI."""
    object.__setattr__(model, "call", _call(model.call))
    object.__setattr__(model, "acall", _acall(model.acall))


def _call(call: Callable[..., Any]) -> Callable[..., Any]:
    def cleaned(messages: Any, *arguments: Any, **named: Any) -> Any:
        return _clean(call(_clean(messages), *arguments, **named))

    return cleaned


def _acall(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def cleaned(messages: Any, *arguments: Any, **named: Any) -> Any:
        return _clean(await call(_clean(messages), *arguments, **named))

    return cleaned


def _clean(value: Any) -> Any:
    """In place where it is a list or a dict: CrewAI goes on with the conversation that it passed in."""
    if isinstance(value, str):
        return valid(value)
    if isinstance(value, list | dict):
        parts = cast("dict[Any, Any]", value)
        places: list[Any] = list(parts) if isinstance(value, dict) else list(range(len(parts)))
        for place in places:
            parts[place] = _clean(parts[place])
        return parts
    return value
