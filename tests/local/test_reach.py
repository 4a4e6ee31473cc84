"""Who can reach what of the local stack: nobody but its own user through its own gateway.

The ports are those that the kernel says the stack listens on, so a new one is attacked here too.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.local.listening import Address, listening
from tests.local.tiny_stack import invoke, tiny_options

from stepcrew_local.deploy import physical_id
from stepcrew_local.emulator import ACCOUNT, REGION
from stepcrew_local.stack import Stack, StackOptions, running_stack

pytestmark = pytest.mark.embedded_model

CANARY = "a-secret-of-another-group"
PATIENCE_SECONDS = 20
"""A busy machine answers late; who is let in to wait, waits longer."""
TARGETS = [
    "/",
    "/_ministack/health",
    "/_ministack/config",
    "/_ministack/reset",
    "/_localstack/health",
    "/_stepcrew/warm?function=stepcrew-local-RunnerFunction",
    "/_aws/sqs/messages",
    "/2018-06-01/runtime/invocation/next",
    "/2018-06-01/runtime/init/error",
    "/2015-03-31/functions/",
    "/stepcrew-local-code?list-type=2",
    "/stepcrew-local-code/template.json",
    "/v1/models",
    "/v1/chat/completions",
    "/models",
    "/health",
    "/oauth2/token",
    "/restapis/x/y/_user_request_/api/v1/health",
]
READ_SECRETS = {
    "x-amz-target": "AmazonSSM.GetParametersByPath",
    "content-type": "application/x-amz-json-1.1",
}
SECRETS = json.dumps({"Path": "/stepcrew", "Recursive": True, "WithDecryption": True}).encode()


@pytest.fixture(scope="module")
def others() -> set[Address]:
    """What other stacks of this test session listen on."""
    return listening(os.getpid())


@pytest.fixture(scope="module")
def stack(others: set[Address]) -> Iterator[Stack]:
    """With the embedded model, so that its server is there too, and every function started."""
    options = tiny_options()
    collector = {"ExportEndpoint": "http://127.0.0.1:1"}
    with running_stack(StackOptions(port=0, sources=options.sources, environment={}, parameters=collector)) as stack:
        stack.wait_until_healthy()
        for function in options.sources:
            if function != "ApiFunction":
                invoke(stack, function, {})
        stack.client("ssm").put_parameter(
            Name=f"{stack.outputs['SecretsPrefix']}/groups/other/KEY", Value=CANARY, Type="SecureString"
        )
        yield stack


@pytest.fixture
def everywhere(stack: Stack, others: set[Address]) -> list[Address]:
    """Every port of the stack."""
    found = sorted(listening(os.getpid()) - others)
    assert len(found) >= 7, "the gateway, the emulator, the model server and a runtime for each function"
    return found


@pytest.fixture
def gateway(stack: Stack) -> Address:
    return Address("127.0.0.1", urlsplit(stack.url).port or 0)


@pytest.fixture
def inner(everywhere: list[Address], gateway: Address) -> list[Address]:
    """Every port but the gateway's."""
    return [address for address in everywhere if address != gateway]


def _ask(address: Address, method: str, target: str, headers: dict[str, str]) -> int:
    """The status; an answer that does not come in time counts as one that waits for the caller's turn. llama.cpp takes
    every OPTIONS for a preflight: that answer is empty and allows no page anything, which is a refusal."""
    body = SECRETS if method == "POST" else None
    connection = http.client.HTTPConnection(address.host, address.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert CANARY.encode() not in content
        if method == "OPTIONS" and not content and not answer.headers.get("access-control-allow-origin"):
            return 403
    except TimeoutError:
        pytest.fail(f"{method} {target} on port {address.port} was let in to wait")
    finally:
        connection.close()
    return answer.status


def test_nothing_listens_beyond_the_loopback_interface(everywhere: list[Address]) -> None:
    assert {address.host for address in everywhere} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "page",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"host": "evil.example"},
        {"host": "evil.example:8400", "origin": "http://evil.example:8400"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_a_web_page_reaches_no_port(everywhere: list[Address], page: dict[str, str]) -> None:
    for address in everywhere:
        for target in TARGETS:
            for method in ("GET", "POST"):
                status = _ask(address, method, target, {**READ_SECRETS, **page})

                assert status in (400, 401, 403, 404, 405), f"{method} {target} on {address.port}: {status}"


def test_another_process_without_a_token_reaches_no_inner_port(inner: list[Address]) -> None:
    for address in inner:
        for target in TARGETS:
            for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
                status = _ask(address, method, target, READ_SECRETS)

                assert status in (400, 401, 403, 404, 405, 501), f"{method} {target} on {address.port}: {status}"


def test_another_process_without_a_token_reaches_only_what_is_public_at_the_gateway(gateway: Address) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert _ask(gateway, method, "/api/v1/executions", READ_SECRETS) == 401


def _post_to_emulator(stack: Stack, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(stack.emulator.url, content=SECRETS, headers={**READ_SECRETS, **headers}, trust_env=False)


def _signed(stack: Stack, key: str, secret: str, token: str | None = None, body: bytes = SECRETS) -> dict[str, str]:
    request = AWSRequest("POST", stack.emulator.url, headers=dict(READ_SECRETS), data=body)
    SigV4Auth(Credentials(key, secret, token), "ssm", REGION).add_auth(request)
    return dict(request.headers.items())


def test_only_the_administrators_key_is_root_and_only_with_its_signature(stack: Stack) -> None:
    own = stack.emulator.credentials
    assert _post_to_emulator(stack, _signed(stack, own.access_key_id, own.secret_access_key)).status_code == 200

    scope = f"20260101/{REGION}/ssm/aws4_request"
    forged = {
        "nothing": {},
        "a bearer token": {"authorization": f"Bearer {stack.token('vera')}"},
        "basic": {"authorization": "Basic dGVzdDp0ZXN0"},
        "the emulator's usual key": _signed(stack, "test", "test"),
        "an account for a key": _signed(stack, ACCOUNT, "test"),
        "another account for a key": _signed(stack, "000000000000", "x"),
        "the administrator's key with another secret": _signed(stack, own.access_key_id, "guess"),
        "an empty key": {"authorization": f"AWS4-HMAC-SHA256 Credential=/{scope}, SignedHeaders=host, Signature=0"},
        "a key that was never issued": _signed(stack, "ASIAAAAAAAAAAAAAAAAA", "x", "y"),
        "the old way": {"authorization": f"AWS {own.access_key_id}:AAAA"},
        "a signature of another body": _signed(stack, own.access_key_id, own.secret_access_key, body=b"{}"),
        "a signature of another operation": _signed(stack, own.access_key_id, own.secret_access_key)
        | {"X-Amz-Target": "AmazonSSM.DescribeParameters"},
        "a guessed secret of the gateway": {"x-stepcrew-secret": "guess"},
    }
    for name, headers in forged.items():
        answer = _post_to_emulator(stack, headers)

        assert answer.status_code == 403, f"{name}: {answer.status_code}"
        assert CANARY not in answer.text, name


def test_a_functions_credentials_cannot_be_worked_out_from_names(stack: Stack) -> None:
    environment = invoke(stack, "RunnerFunction", {})["environment"]
    configuration = stack.client("lambda").get_function_configuration(
        FunctionName=physical_id(stack.emulator, "RunnerFunction")
    )
    digest = hashlib.sha256(f"{configuration['FunctionArn']}:{configuration['Role']}".encode()).hexdigest()
    guess = (
        f"ASIA{digest[:16].upper()}",
        hashlib.sha256(f"secret:{digest}".encode()).hexdigest(),
        hashlib.sha256(f"token:{digest}".encode()).hexdigest(),
    )

    assert environment["AWS_SECRET_ACCESS_KEY"] not in guess
    assert _post_to_emulator(stack, _signed(stack, *guess)).status_code == 403


def test_a_functions_credentials_need_their_token_and_open_no_control_path(stack: Stack) -> None:
    environment = invoke(stack, "TraceSinkFunction", {})["environment"]
    key, secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    token = environment["AWS_SESSION_TOKEN"]
    untyped: Any = boto3
    settings: dict[str, Any] = {"endpoint_url": stack.emulator.url, "region_name": REGION}
    for wrong in ({"aws_session_token": None}, {"aws_session_token": "other"}, {"aws_secret_access_key": "other"}):
        keys = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token, **wrong}
        client = untyped.client("sts", **settings, **keys, config=Config(retries={"total_max_attempts": 1}))
        with pytest.raises(ClientError) as refused:
            client.get_caller_identity()
        assert refused.value.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 403

    for path in ("/_ministack/reset", "/_ministack/config", "/_stepcrew/warm", "/_aws/sqs/messages", "/oauth2/token"):
        request = AWSRequest("POST", stack.emulator.url + path, headers={}, data=b"{}")
        SigV4Auth(Credentials(key, secret, token), "s3", REGION).add_auth(request)
        answer = httpx.post(stack.emulator.url + path, content=b"{}", headers=dict(request.headers.items()))
        assert answer.status_code == 403, path


def _raw(stack: Stack, target: str, headers: dict[str, str], body: bytes = b"", method: str = "POST") -> bytes:
    """The whole answer to a request whose target is sent as it stands."""
    port = urlsplit(stack.url).port or 0
    fields = {"host": f"127.0.0.1:{port}", "content-length": str(len(body)), "connection": "close", **headers}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        parts: list[bytes] = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "target",
    [
        "/api/../../../../../",
        "/api/../../../..",
        "/api/..",
        "/api/.",
        "/api/./../../x",
        "/api/%2e%2e/%2e%2e/%2E%2E/%2e%2e/",
        "/api/.%2e/.%2e/.%2e/.%2e/",
        "/api/%252e%252e/%252e%252e/%252e%252e/%252e%252e/",
        "/api/..%2f..%2f..%2f..%2f",
        "/api/..%5c..%5c..%5c..%5c",
        "/api\\..\\..\\..\\..\\",
        "/api//../../../..//",
        "//api/v1/executions",
        "/api//v1/executions",
        "/api/..;/..;/..;/..;/",
        "/api/v1/%00/../../../../..",
        "/api/v1/x%0d%0a",
        "/api/v1/x?y=/../../../../../",
        "http://127.0.0.1:{emulator}/",
        "http://127.0.0.1:{emulator}/api/../../../..",
        "http://evil.example/api/../../../../",
        "//127.0.0.1:{emulator}/",
        "/auth/../api/../../../../",
        "/%61pi/../../../../",
        "*",
    ],
)
def test_no_path_leads_a_token_out_of_the_api(stack: Stack, target: str) -> None:
    target = target.replace("{emulator}", str(urlsplit(stack.emulator.url).port))
    headers = {**READ_SECRETS, "authorization": f"Bearer {stack.token('vera')}"}

    answer = _raw(stack, target, headers, SECRETS)

    assert CANARY.encode() not in answer
    assert b'"Parameters"' not in answer
    if b"requestContext" in answer:  # it reached the API's function: then under one of the API's own paths
        event = json.loads(answer[answer.index(b"{") : answer.rindex(b"}") + 1])
        assert event["rawPath"].startswith("/api/v1/")
        assert ".." not in event["rawPath"]


def test_only_headers_that_api_gateway_passes_reach_the_function(stack: Stack) -> None:
    headers = {
        "authorization": f"Bearer {stack.token('vera')}",
        "x-amz-target": "AmazonSSM.GetParametersByPath",
        "x-amz-date": "20260101T000000Z",
        "x-stepcrew-secret": "mine",
        "x-ministack-invoke-depth": "9",
        "x-forwarded-host": "evil.example",
        "x-forwarded-for": "203.0.113.9",
        "forwarded": "for=203.0.113.9",
        "via": "1.1 evil.example",
        "prefer": "wait=1",
    }
    event = httpx.get(f"{stack.url}/api/v1/executions", headers=headers).json()

    assert event["headers"]["prefer"] == "wait=1"
    assert not [name for name in event["headers"] if name.startswith(("x-amz-", "x-stepcrew", "x-ministack", "via"))]
    assert "203.0.113.9" not in json.dumps(event)
    assert "evil.example" not in json.dumps(event)


def test_a_processs_runtime_port_answers_only_who_has_its_own_secret(stack: Stack) -> None:
    addresses = {
        invoke(stack, function, {})["environment"]["AWS_LAMBDA_RUNTIME_API"]
        for function in ("RunnerFunction", "TraceSinkFunction", "ReconcilerFunction")
    }

    assert len({address.partition("/")[2] for address in addresses}) == 3
    for address in addresses:
        host, _, secret = address.partition("/")
        others = [other.partition("/")[2] for other in addresses if other != address]
        for wrong in ("", "/guess", *(f"/{other}" for other in others)):
            url = f"http://{host}{wrong}/2018-06-01/runtime/invocation/next"
            assert httpx.get(url, timeout=PATIENCE_SECONDS).status_code == 403
        page = {"origin": "https://evil.example"}
        assert httpx.get(f"http://{address}/2018-06-01/runtime/invocation/next", headers=page).status_code == 403
        assert len(secret) >= 32
