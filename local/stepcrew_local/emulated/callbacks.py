"""Task tokens: what the pinned emulator lacks of them. `engine` checks that each piece still fits."""

from __future__ import annotations

import json
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


def with_tokens(extract_resource_arn: Callable[..., str]) -> Callable[..., str]:
    """Sending a task token back is a permission on its state machine; the emulator would ask for one on everything.
    Nobody but the emulator's memory knows whose a token is, so this holds while there is one state machine."""

    def extract(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        arn = extract_resource_arn(service, method, path, headers, body, query_params, region, account_id)
        machines = list(stepfunctions._state_machines)
        if service == "states" and arn == "*" and len(machines) == 1 and "taskToken" in json.loads(body or b"{}"):
            return machines[0]
        return arn

    return extract


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
