"""Task tokens: what the pinned emulator lacks of them. `engine` checks that each piece still fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from ministack.services import stepfunctions

_token: ContextVar[str | None] = ContextVar("token", default=None)
"""The task token that this thread's invocation is to deliver."""


def install() -> None:
    """A function that fails to take a task token fails the task; the emulator would wait for the token all the same."""
    stepfunctions._invoke_with_callback = _with_token_known(stepfunctions._invoke_with_callback)
    stepfunctions._call_lambda = _with_failed_callbacks(stepfunctions._call_lambda)


def _with_token_known(invoke_with_callback: Callable[..., Any]) -> Callable[..., Any]:
    def invoke(resource: str, input_data: object, token: str, state: Mapping[str, Any]) -> object:
        known = _token.set(token)
        try:
            return invoke_with_callback(resource, input_data, token, state)
        finally:
            _token.reset(known)

    return invoke


def _with_failed_callbacks(call_lambda: Callable[..., Any]) -> Callable[..., Any]:
    def call(function: object, event: object) -> object:
        try:
            return call_lambda(function, event)
        except stepfunctions._ExecutionError as error:
            waiting = stepfunctions._task_tokens.get(_token.get())
            if waiting is not None:
                waiting["error"] = {"Error": error.error, "Cause": error.cause}
                waiting["event"].set()
            raise

    return call
