"""Requests that are refused: each a problem document, and nothing is stored."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from stepcrew.domain.faults import MAX_FAULTS
from tests.unit.api.harness import Harness, api_harness, body


@pytest.fixture(scope="module")
def harness() -> Generator[Harness]:
    """One for all: nothing here ever stores anything."""
    with api_harness() as made:
        yield made
        assert made.orchestrator.started == []


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ('{"config": NaN}', "application/json", 400),
        ('{"config": {"agents": "\\ud800"}}', "application/json", 400),
        ('{"config": ' + "[" * 5000 + "]" * 5000 + "}", "application/json", 400),
        ('{"config": {}, "config": {"agents": {}}}', "application/json", 400),
        ('{"inputs": {"a": 1, "a": 2}, "config": {}}', "application/json", 400),
        ('{"config": {"agents": ' + "9" * 5000 + "}}", "application/json", 400),
        ('{"config": {}, "inputs": {"a": 1e400}}', "application/json", 400),
        ("{" + ", ".join(['"a": 1'] * 200_000) + "}", "application/json", 400),
        ('{"config": {"agents": [' + "1," * 260_000 + "1]}}", "application/json", 413),
        ("config:\n  agents: [" + "[]," * 110_000 + "]", "application/yaml", 422),
        (b'{"config": "\xff"}', "application/json", 400),
        (b"\x00", "application/json", 400),
        ("", "application/json", 400),
        ("null", "application/json", 400),
        ("{}", "text/plain", 415),
        ("{}", "", 415),
        ("{}", "multipart/form-data; boundary=x", 415),
        ("{}", "application/json", 422),
        ('{"config": {}, "other": 1}', "application/json", 422),
        ('{"config": [1]}', "application/json", 422),
        ("a: [", "application/yaml", 422),
        ("a: &x 1\nb: *x", "application/yaml", 422),
        ("config: {2026-11-24: x}", "application/yaml", 422),
        ("- a", "application/yaml", 400),
        ('{"config": {"agents": "' + "x" * 5_100_000 + '"}}', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem_and_stores_nothing(
    harness: Harness, content: str | bytes, media_type: str, status: int
) -> None:
    answer = harness.client().post("/executions", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text[:500]
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["category"], problem["request_id"]) == (status, "input", "r-1")
    assert problem["detail"]
    assert harness.orchestrator.started == []
    assert harness.client().get("/executions").json()["executions"] == []


@pytest.mark.parametrize("path", ["/executions", "/executions/none/feedback"])
def test_as_many_faults_of_a_body_are_told_as_anybody_reads(harness: Harness, path: str) -> None:
    answer = harness.client().post(path, json={f"unknown_{n}": n for n in range(100_000)})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == MAX_FAULTS
    assert all(fault["remedy"] for fault in answer.json()["errors"])


@pytest.mark.parametrize(
    ("limits", "pointer"),
    [
        ({"timeout_seconds": 0}, "/limits/timeout_seconds"),
        ({"timeout_seconds": 1.5}, "/limits/timeout_seconds"),
        ({"timeout_seconds": True}, "/limits/timeout_seconds"),
        ({"timeout_seconds": "60"}, "/limits/timeout_seconds"),
        ({"timeout_seconds": 7 * 24 * 3600 + 1}, "/limits/timeout_seconds"),
        ({"max_tokens": 10**40}, "/limits/max_tokens"),
        ({"max_model_calls": -1}, "/limits/max_model_calls"),
        ({"max_cost_usd": 0}, "/limits/max_cost_usd"),
        ({"max_cost_usd": 1e-200}, "/limits/max_cost_usd"),
        ({"max_cost_usd": 1e200}, "/limits/max_cost_usd"),
        ({"max_cost_usd": "1"}, "/limits/max_cost_usd"),
        ({"max_cost": 1}, "/limits/max_cost"),
        ([], "/limits"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_refused(harness: Harness, limits: object, pointer: str) -> None:
    answer = harness.client().post("/executions", json=body(limits=limits))
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert harness.orchestrator.started == []


@pytest.mark.parametrize("key", ["", "with space", "\x7f", "k" * 201])
def test_an_idempotency_key_that_is_no_token_is_refused(harness: Harness, key: str) -> None:
    answer = harness.client().post("/executions", json=body(), headers={"Idempotency-Key": key})
    assert answer.status_code == 422
    assert harness.orchestrator.started == []


def test_the_group_of_the_body_counts_for_nothing(harness: Harness) -> None:
    answer = harness.client().post("/executions", json={**body(), "group_id": "other"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/executions/none", 404),
        ("GET", "/executions/01936a3c-0000-7000-8000-00000000000a/traces", 404),
        ("GET", "/executions/with%20space", 422),
        ("GET", f"/executions/{'a' * 90}", 422),
        ("GET", "/executions?limit=0", 422),
        ("GET", "/executions?status=DONE", 422),
        ("GET", "/executions?cursor=%25", 422),
        ("GET", "/executions?limit=101", 422),
        ("GET", "/executions?limit=x", 422),
        ("GET", "/executions/x/traces?limit=501", 422),
        ("GET", "/executions/x/traces?after=%00", 422),
        ("GET", "/executions/x/traces?after=MTAwMDAuMQ", 422),
        ("GET", "/executions/x/traces/1/output", 422),
        ("GET", "/executions/x/tasks/-1/output", 422),
        ("GET", "/executions/x/tasks/1/output", 404),
        ("GET", "/executions/x/result", 404),
        ("GET", "/executions/x/logs", 404),
        ("GET", "/executions/x/definition", 404),
        ("GET", "/executions/..%2Fx", 404),
        ("POST", "/executions/x/cancel", 404),
        ("DELETE", "/executions/x", 404),
        ("GET", "/executions/", 404),
        ("PATCH", "/executions/x", 405),
        ("GET", "/nothing", 404),
        ("PUT", "/executions", 405),
    ],
)
def test_what_is_not_there_is_a_problem_document(harness: Harness, method: str, path: str, status: int) -> None:
    answer = harness.client().request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
