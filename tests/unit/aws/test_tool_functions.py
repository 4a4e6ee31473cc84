"""What a function that is a tool is asked, checked against AWS's own model of the request."""

from __future__ import annotations

import json
from base64 import b64decode
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from stepcrew.aws.clients import Clients, SessionKeys
from stepcrew.aws.tool_functions import LambdaToolFunctions
from stepcrew.domain.errors import FunctionFailed
from stepcrew.domain.function_tool import FunctionTool

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:refund:live"
TOOL = FunctionTool(name="refund_order", description="Refunds.", input_schema={}, function_arn=ARN, timeout_seconds=7)


class OneFunction(Clients):
    def __init__(self) -> None:
        super().__init__(SessionKeys("a", "b", "c"))
        keys: dict[str, Any] = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
        untyped: Any = boto3  # its stubs know only literal service names
        self.client: Any = untyped.client("lambda", **keys)
        self.stub = Stubber(self.client)
        self.seconds: list[int] = []
        self.sent: list[dict[str, Any]] = []
        self.client.meta.events.register("provide-client-params.lambda.Invoke", self._note)

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self.sent.append(params)

    def functions(self, seconds: int) -> Any:
        self.seconds.append(seconds)
        return self.client

    def answers(self, body: str, **more: str) -> None:
        payload = StreamingBody(BytesIO(body.encode()), len(body.encode()))
        asked = {"FunctionName": ARN, "Payload": ANY, "ClientContext": ANY}
        self.stub.add_response("invoke", {"StatusCode": 200, "Payload": payload, **more}, asked)


def call(clients: OneFunction, **arguments: Any) -> str:
    with clients.stub:
        return LambdaToolFunctions(clients).call(TOOL, arguments)


def test_the_event_is_the_arguments_and_the_context_names_the_tool_as_agentcores_gateway_does() -> None:
    clients = OneFunction()
    clients.answers('{"refunded": true}')
    assert call(clients, order="Ä-7", lines=[1, {"a": None}]) == '{"refunded": true}'
    [sent] = clients.sent
    assert json.loads(sent["Payload"]) == {"order": "Ä-7", "lines": [1, {"a": None}]}
    custom = json.loads(b64decode(sent["ClientContext"]))["custom"]
    assert custom["bedrockAgentCoreToolName"] == "stepcrew___refund_order"
    assert clients.seconds == [7]


@pytest.mark.parametrize(
    ("body", "told"), [('"Done."', "Done."), ("null", "null"), ("[1]", "[1]"), ("no JSON", "no JSON"), ("", "")]
)
def test_a_text_is_told_as_it_is_and_everything_else_as_json(body: str, told: str) -> None:
    clients = OneFunction()
    clients.answers(body)
    assert call(clients) == told


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"errorType": "KeyError", "errorMessage": "A-7", "stackTrace": ["secret"]}', "failed: KeyError: A-7"),
        ("[1]", r"failed: \[1\]"),
        ("x" * 9_000, "failed: x{2000}$"),
    ],
)
def test_an_exception_of_the_function_is_an_error_without_its_stack(body: str, told: str) -> None:
    clients = OneFunction()
    clients.answers(body, FunctionError="Unhandled")
    with pytest.raises(FunctionFailed, match=told) as caught:
        call(clients)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDeniedException", "needs the tag stepcrew-group"),
        ("ResourceNotFoundException", "is not there"),
        ("TooManyRequestsException", "could not be called: TooManyRequestsException"),
    ],
)
def test_what_lambda_refuses_is_told_with_what_to_do(code: str, told: str) -> None:
    clients = OneFunction()
    clients.stub.add_client_error("invoke", code)
    with pytest.raises(FunctionFailed, match=told):
        call(clients)


def test_a_function_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clients = OneFunction()

    def slow(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="https://lambda")

    monkeypatch.setattr(clients.client, "invoke", slow)
    with pytest.raises(FunctionFailed, match="within 7 seconds"):
        LambdaToolFunctions(clients).call(TOOL, {})


def test_a_call_is_made_once_and_waited_for_as_long_as_the_tool_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    own = Clients(SessionKeys("a", "b", "c"))
    own.open("lambda_")
    config = Clients(SessionKeys("d", "e", "f"), like=own).functions(42).meta.config
    assert config.read_timeout == 42
    assert config.retries["total_max_attempts"] == 1
