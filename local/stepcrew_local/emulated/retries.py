"""An asynchronous invocation that failed is repeated under its request id, where the emulator makes a new one.

Source: "Asynchronous invocation", "Error handling" (Lambda developer guide); request ids of retries: "Using Lambda
function idempotency", the same guide.
"""

from __future__ import annotations

import contextvars
from typing import Any
from uuid import uuid4

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request id of all tries", default="")


def install() -> None:
    """Puts itself around all tries, and around each, as they are by now. `engine` checks that they still fit."""
    invoke_all, invoke_once = lambda_svc.invoke_async_with_retry, lambda_runtime.ProvidedWorker.invoke

    def invoke_async(func: dict[str, Any], event: dict[str, Any]) -> None:
        context = contextvars.copy_context()
        context.run(_request_id.set, str(uuid4()))
        context.run(invoke_all, func, event)

    def invoke(worker: Any, event: Any, request_id: str, **more: Any) -> dict[str, Any]:
        return invoke_once(worker, event, _request_id.get() or request_id, **more)

    lambda_svc.invoke_async_with_retry = invoke_async
    lambda_runtime.ProvidedWorker.invoke = invoke
