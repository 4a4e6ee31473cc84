"""What the pinned emulator lacks and our template uses. Each piece checks that it still fits before it is put in.

See docs/decisions/0002-local-aws-emulator.md for the list of gaps and how the others are avoided.
"""

from __future__ import annotations

import inspect
import queue
import socketserver
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime
from ministack.services import apigateway, cognito, dynamodb, lambda_svc, ses_v2, sqs, stepfunctions, sts

from stepcrew_local.emulated import (
    absent,
    callbacks,
    mails,
    maps,
    policies,
    retries,
    scaling,
    senders,
    sizes,
    streams,
    user_pool,
    vectors,
)

INIT_SECONDS = 60
"""Lambda allows 10 s and begins again after that; several runners that import at once on a small machine need more."""
INVOKE = ("self", "event", "request_id", "trace_id", "invoked_function_arn")
ENFORCE = ("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context")
REQUEST = ("service", "method", "path", "headers", "body", "query_params", "region", "account_id")
DISTRIBUTED_MAP = ("state_def", "raw_input", "effective", "iterator", "execution", "ctx")
TOKEN = (
    *("sub", "pool_id", "client_id", "token_type", "username", "user_attrs", "groups", "nonce", "trigger_source"),
    *("client_metadata", "origin_jti", "scope"),
)


def complete() -> None:
    """Puts the pieces in.

    Raises:
        RuntimeError: the emulator is another version than these pieces were written for.
    """
    _expect(app, "_enforce_ses_v2", ("method", "path", "headers", "body", "query_params", "request_id"))
    _expect(ses_v2, "_smtp_relay", ("source", "to_addrs", "message_str"))
    _expect(stepfunctions, "_execute_task", ("state_def", "raw_input", "execution", "ctx"))
    _expect(stepfunctions, "_jsonata_state_field", ("state_def", "field", "expected", "raw_input", "ctx"))
    _expect(stepfunctions, "_run_distributed_map", DISTRIBUTED_MAP)
    _expect(stepfunctions, "_call_lambda", ("func_ref", "event"))
    _expect(stepfunctions, "_invoke_with_callback", ("resource", "input_data", "token", "state_def"))
    _expect(lambda_runtime.Worker, "_drain_stderr_bounded", ("self", "first_line_wait", "idle_confirm", "hard_cap"))
    _expect(iam_actions, "extract_resource_arn", REQUEST)
    _expect(lambda_runtime, "acquire_worker", ("func_name", "config", "code_zip", "qualifier", "max_concurrency"))
    _expect(lambda_runtime, "release_worker", ("worker",))
    _expect(cognito, "_update_user_attributes", ("data",))
    _expect(cognito, "_fake_token", TOKEN)
    _expect(apigateway, "_fetch_jwks", ("url",))
    _expect(lambda_runtime, "execution_credentials", ("config",))
    _expect(lambda_runtime.ProvidedWorker, "_build_handler_class", ("self", "generation", "pending"))
    _expect(lambda_svc, "_provided_worker_env", ("config", "code_dir", "port"))
    _expect(iam_evaluator, "is_root_access_key", ("access_key_id",))
    _expect(iam_evaluator, "resolve_credential", ("access_key_id", "account_id", "session_token"))
    _expect(iam_evaluator, "resolve_principal", ("access_key_id", "account_id", "credential"))
    _expect(iam_evaluator, "enforce", ENFORCE)
    _expect(iam_evaluator, "_resolve_condition_key", ("key", "ctx"))
    _expect(iam_actions, "dynamodb_service_context", ("body",))
    _expect(iam_actions, "dynamodb_transaction_checks", ("iam_action", "body", "region", "account_id"))
    _expect(sts, "_session_tags", ("params", "check"))
    _expect(sqs, "_build_send_sys_attrs", ("now", "sys_attrs_input"))
    _expect(lambda_svc, "invoke_async_with_retry", ("func", "event"))
    _expect(lambda_svc, "_dispatch_esm_batch", ("esm_id", "fn", "args"))
    _expect(lambda_runtime.ProvidedWorker, "invoke", INVOKE)
    _expect(lambda_svc, "lambda_execute_result_to_api_proxy_response", ("exec_result",))
    _expect(dynamodb, "get_state", ())
    _expect(dynamodb, "load_persisted_state", ("data",))
    if not (hasattr(dynamodb, "_stream_records") and hasattr(dynamodb, "_stream_trimmed")):
        raise RuntimeError("The emulator changed: the records of streams are somewhere else.")
    stepfunctions._execute_task = _with_timeout_expression(stepfunctions._execute_task)
    lambda_runtime.Worker._drain_stderr_bounded = _drain_without_waiting
    if not hasattr(lambda_runtime, "_PROVIDED_INIT_TIMEOUT"):
        raise RuntimeError("The emulator changed: there is no _PROVIDED_INIT_TIMEOUT.")
    lambda_runtime._PROVIDED_INIT_TIMEOUT = INIT_SECONDS
    scaling.install()
    # Its runtime API sends an answer in two pieces; with Nagle's algorithm each waits 40 ms for an acknowledgement.
    socketserver.StreamRequestHandler.disable_nagle_algorithm = True
    iam_actions.extract_resource_arn = _with_exact_resources(iam_actions.extract_resource_arn)
    callbacks.install()
    maps.install()
    user_pool.install()
    policies.install()
    iam_actions.dynamodb_service_context = policies.with_leading_keys(iam_actions.dynamodb_service_context)
    absent.install()
    mails.install()
    senders.install()
    streams.install()
    sizes.install()
    retries.install()
    if vectors.SERVICE in app.SERVICE_HANDLERS:
        raise RuntimeError("The emulator changed: it has Amazon S3 Vectors of its own.")
    vectors.install()


def _expect(owner: object, name: str, parameters: tuple[str, ...]) -> None:
    function = getattr(owner, name, None)
    if function is None or tuple(inspect.signature(function).parameters) != parameters:
        raise RuntimeError(f"The emulator changed: {name} is not what stepcrew_local.emulated.engine completes.")


def _with_timeout_expression(execute_task: Callable[..., Any]) -> Callable[..., Any]:
    """A task's TimeoutSeconds may be a JSONata expression, which the emulator would use unevaluated."""

    def execute(state: Mapping[str, Any], raw_input: object, execution: object, context: dict[str, Any]) -> object:
        if isinstance(state.get("TimeoutSeconds"), str):
            seconds = stepfunctions._jsonata_state_field(state, "TimeoutSeconds", "number", raw_input, context)
            state = {**state, "TimeoutSeconds": seconds}
        return execute_task(state, raw_input, execution, context)

    return execute


def _drain_without_waiting(worker: Any, **_waits: float) -> str:
    """Log lines already read. The emulator waits up to 50 ms for more after every invocation, but our functions write
    theirs to files."""
    lines: list[str] = []
    while True:
        try:
            lines.append(worker._stderr_queue.get_nowait())
        except queue.Empty:
            return "\n".join(lines)


def _with_exact_resources(extract_resource_arn: Callable[..., str]) -> Callable[..., str]:
    """What a permission is asked for, where the emulator does not find it: the path of parameters, the rule whose
    targets change, a schedule in its own group. A rule of the default bus has no bus in its ARN
    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html)."""

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

        def given(name: str) -> str:
            return iam_actions._param(body, query_params, name)

        own = f"{region}:{account_id}"
        rule = (given("Rule") or given("Name")) if service == "events" else ""
        if rule:
            bus = given("EventBusName").rpartition("/")[2]
            return f"arn:aws:events:{own}:rule/{rule if bus in ('', 'default') else f'{bus}/{rule}'}"
        if service == "scheduler" and path.startswith("/schedules/"):
            group = given("GroupName") or given("groupName") or "default"
            return f"arn:aws:scheduler:{own}:schedule/{group}/{path.removeprefix('/schedules/')}"
        if service == "ssm" and arn == "*" and given("Path"):
            return f"arn:aws:ssm:{own}:parameter{given('Path')}"
        return arn

    return extract
