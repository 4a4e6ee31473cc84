"""The deployed handler itself, called as Lambda calls it: with an event of an HTTP API (payload format 2.0)."""

from __future__ import annotations

import base64
import gzip
import importlib
import json
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import pytest

from stepcrew.domain.execution import Execution, TaskOutput
from stepcrew.settings import settings
from tests.aws_table import BUCKET, GROUP, NOW, TABLE, Aws, emulated_aws
from tests.unit.api.harness import ADA, as_the_authorizer_says, body, token_of

ROLE = "arn:aws:iam::123456789012:role/states"
NOTHING = '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}'
LAMBDA_BYTES = 6_291_556


class LambdaContext(NamedTuple):
    """What Powertools reads of Lambda's context."""

    function_name: str = "api"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:api"
    aws_request_id: str = "lambda-1"


class Deployed:
    """Calls the handler and reads its answers as API Gateway would."""

    def __init__(self, handler: Callable[[dict[str, Any], Any], dict[str, Any]], aws: Aws, machine: str) -> None:
        self._handler = handler
        self.aws = aws
        self.machine = machine

    def __call__(self, event: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body, unpacked."""
        answer = self._handler(event, LambdaContext())
        assert len(json.dumps(answer)) < LAMBDA_BYTES
        content = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        headers = answer["headers"]
        return answer["statusCode"], headers, gzip.decompress(content) if "content-encoding" in headers else content

    def running(self) -> Execution:
        _, _, content = self(event("POST", "/executions", json.dumps(body()), content_type="application/json"))
        return self.aws.executions.begin_attempt(GROUP, json.loads(content)["execution_id"], NOW)


@pytest.fixture(scope="module")
def deployed() -> Generator[Deployed]:
    with emulated_aws() as aws, pytest.MonkeyPatch.context() as patch:
        made = aws.clients.stepfunctions.create_state_machine(name="execution", definition=NOTHING, roleArn=ROLE)
        machine = made["stateMachineArn"]
        names = {"TABLE_NAME": TABLE, "BUCKET_NAME": BUCKET, "STATE_MACHINE_ARN": machine}
        for name, value in {**names, "DEFAULT_MODEL": "openai/gpt-4.1-mini"}.items():
            patch.setenv(name, value)
        settings.cache_clear()
        yield Deployed(importlib.import_module("stepcrew_api.handler").handler, aws, machine)
    settings.cache_clear()


def event(method: str, path: str, content: bytes | str | None = None, **headers: str) -> dict[str, Any]:
    raw = content.encode() if isinstance(content, str) else content
    path, _, query = path.partition("?")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": f"/api/v1{path}",
        "rawQueryString": query,
        "headers": {
            "host": "api.example.com",
            "authorization": f"Bearer {token_of(ADA)}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a",
            "domainName": "api.example.com",
            "http": {"method": method, "path": f"/api/v1{path}", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "gateway-1",
            "stage": "$default",
            "timeEpoch": 1_795_500_000_000,
            "authorizer": {"jwt": {"claims": as_the_authorizer_says(ADA), "scopes": None}},
        },
        "body": base64.b64encode(raw).decode() if raw is not None else None,
        "isBase64Encoded": raw is not None,
    }


def test_a_submission_starts_the_state_machine_with_references_only(deployed: Deployed) -> None:
    status, headers, content = deployed(
        event("POST", "/executions", json.dumps(body()), content_type="application/json")
    )
    execution_id = json.loads(content)["execution_id"]
    assert (status, headers["location"]) == (202, f"/api/v1/executions/{execution_id}")
    arn = deployed.machine.replace(":stateMachine:", ":execution:") + f":{execution_id}"
    given = json.loads(deployed.aws.clients.stepfunctions.describe_execution(executionArn=arn).get("input", ""))
    assert given.keys() == {"group_id", "execution_id", "deadline"}
    assert (given["group_id"], given["execution_id"]) == (GROUP, execution_id)


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/executions/01936a3c-0000-7000-8000-0000000000ff/traces", "GET /executions/{execution_id}/traces"),
        ("GET", "/executions/what-somebody-typed", "GET /executions/{execution_id}"),
        ("GET", "/health", "GET /health"),
        ("GET", "/what/somebody/typed", None),
        ("PROPFIND", "/what", None),
    ],
)
def test_the_metrics_of_a_request_name_its_route_and_never_its_path(
    deployed: Deployed, capsys: pytest.CaptureFixture[str], method: str, path: str, route: str | None
) -> None:
    deployed(event(method, path))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "ApiMilliseconds" in line]
    assert [line.get("route") for line in lines] == [route]
    assert "somebody" not in str(lines)
    dimensions = [names for line in lines for told in line["_aws"]["CloudWatchMetrics"] for names in told["Dimensions"]]
    assert "route" not in str(dimensions)


def test_a_key_sent_twice_starts_one_execution(deployed: Deployed) -> None:
    sent = event("POST", "/executions", json.dumps(body()), content_type="application/json", idempotency_key="h-1")
    first, again = deployed(sent), deployed(sent)
    assert json.loads(first[2])["execution_id"] == json.loads(again[2])["execution_id"]
    assert (first[0], again[0], again[1]["idempotency-replayed"]) == (202, 202, "true")


def test_a_body_in_yaml_arrives_through_its_base64(deployed: Deployed) -> None:
    text = "config:\n  agents: {poet: {role: Dichter, goal: schön, backstory: ü}}\n  tasks:\n"
    text += "    - {description: d, expected_output: e, agent: poet}\n"
    status, _, content = deployed(event("POST", "/executions?dry_run=true", text, content_type="application/yaml"))
    assert (status, json.loads(content)["agents"]) == (200, ["poet"])


def test_a_page_behind_a_cursor_arrives_through_the_query_string(deployed: Deployed) -> None:
    for _ in range(2):
        deployed.running()
    first = json.loads(deployed(event("GET", "/executions?limit=1"))[2])
    second = json.loads(deployed(event("GET", f"/executions?limit=1&cursor={first['next_cursor']}"))[2])
    assert first["executions"][0]["execution_id"] > second["executions"][0]["execution_id"]


def test_a_megabyte_of_result_fits_through_packed_and_unpacked(deployed: Deployed) -> None:
    execution, text = deployed.running(), '"ü\\' * 250_000
    deployed.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="haiku", raw=text))
    for headers in ({}, {"accept_encoding": "gzip"}):
        path = f"/executions/{execution.execution_id}"
        status, _, content = deployed(event("GET", f"{path}/result", **headers))
        reference = json.loads(content)["tasks"][0]["raw_reference"]
        assert (status, reference["url"], reference["bytes"]) == (200, f"/api/v1{path}/tasks/0/output", 1_000_000)
        status, _, content = deployed(event("GET", f"{path}/tasks/0/output", **headers))
        assert (status, content.decode()) == (200, text)


def test_what_came_around_the_authorizer_is_refused(deployed: Deployed) -> None:
    sent = event("GET", "/executions")
    del sent["requestContext"]["authorizer"]
    status, headers, content = deployed(sent)
    assert (status, headers["content-type"]) == (401, "application/problem+json")
    assert json.loads(content)["request_id"] == "gateway-1"


def test_claims_sent_as_headers_count_for_nothing(deployed: Deployed) -> None:
    sent = event("GET", "/me", x_group_id="other", group_id="other")
    assert deployed(sent)[0] == 403


def test_a_bug_is_a_problem_without_its_details_and_told_in_the_log(
    deployed: Deployed,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a secret detail")

    monkeypatch.setattr("stepcrew.aws.executions.TableExecutions.get", broken)
    status, headers, content = deployed(event("GET", "/executions/x"))
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert b"secret" not in content
    assert "a secret detail" in caplog.text
    told = '"class":"5xx","service":"api","route":"GET /executions/{execution_id}","Responses":[1.0]'
    assert told in capsys.readouterr().out


def test_the_documents_about_the_api_are_served(deployed: Deployed) -> None:
    for path, media_type in (
        ("openapi.json", "application/json"),
        ("docs", "text/html; charset=utf-8"),
        ("docs.js", "text/javascript; charset=utf-8"),
    ):
        sent = event("GET", "", accept_encoding="gzip")
        sent["rawPath"] = sent["requestContext"]["http"]["path"] = f"/api/{path}"
        del sent["requestContext"]["authorizer"]
        status, headers, content = deployed(sent)
        assert (status, headers["content-type"]) == (200, media_type)
        assert b"//" not in content or path != "docs"  # no script, font or style from anywhere else
