"""How large what is handed on may be: AWS's limits that the emulator lacks. It has those of items and messages.

Sources: "Lambda quotas" (AWS Lambda developer guide), "Quotas related to state machine executions" (AWS Step Functions
developer guide). What API Gateway answers was seen on AWS: koki-develop/lgtm-generator, issue 10.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, stepfunctions

PAYLOAD_BYTES = 6 * 1024 * 1024
"""Of a synchronous invocation, each way."""
STATE_BYTES = 256 * 1024
"""Of the input or the result of a state."""
TOO_LONG = "RequestTooLargeException"

_invoke = lambda_runtime.ProvidedWorker.invoke
_shape = lambda_svc.lambda_execute_result_to_api_proxy_response


def install() -> None:
    """Puts the limits in. `engine` checks that they still fit."""
    lambda_runtime.ProvidedWorker.invoke = invoke
    lambda_svc.lambda_execute_result_to_api_proxy_response = shape
    stepfunctions._execute_task = with_bounded_results(stepfunctions._execute_task)


def invoke(worker: Any, event: Any, request_id: str, **more: Any) -> dict[str, Any]:
    """As the emulator's, but a request that is too large reaches no function, and a response that is reaches nobody."""
    size = _size(event)
    if size > PAYLOAD_BYTES:
        return _failed(TOO_LONG, f"{size} byte payload is too large for the RequestResponse invocation type")
    answer = _invoke(worker, event, request_id, **more)
    if answer.get("status") == "ok" and _size(answer.get("result")) > PAYLOAD_BYTES:
        message = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_BYTES} bytes)."
        return _failed("Function.ResponseSizeTooLarge", message)
    return answer


def shape(result: dict[str, Any]) -> Any:
    """As the emulator's, but what API Gateway answers when its function gave no answer tells nothing of why."""
    if not result.get("error"):
        return _shape(result)
    body = result.get("body")
    is_too_long = isinstance(body, dict) and body.get("errorType") == TOO_LONG
    status, message = (413, "Request Too Long") if is_too_long else (500, "Internal Server Error")
    headers = {"Content-Type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps({"message": message})}, None


def with_bounded_results(execute_task: Callable[..., Any]) -> Callable[..., Any]:
    """A task fails whose result is larger than a state may hand on."""

    def execute(
        state: Mapping[str, Any], raw_input: object, execution: object, context: dict[str, Any]
    ) -> tuple[object, object]:
        output, following = execute_task(state, raw_input, execution, context)
        if _size(output) > STATE_BYTES:
            raise stepfunctions._ExecutionError(
                "States.DataLimitExceeded",
                "The task returned a result with a size exceeding the maximum number of bytes service limit.",
            )
        return output, following

    return execute


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", errors="surrogatepass"))


def _failed(kind: str, message: str) -> dict[str, Any]:
    payload = {"errorMessage": message, "errorType": kind}
    return {"status": "error", "error": message, "error_payload": payload, "cold_start": False, "log": ""}
