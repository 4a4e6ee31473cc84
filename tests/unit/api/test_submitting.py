from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.api.house import BOB, VERA, House, body


def test_a_submission_is_stored_started_and_answered_at_once(home: House) -> None:
    answer = home.client().post("/executions", json=body(name="poems", inputs={"x": 1}))
    assert answer.status_code == 202
    execution_id = answer.json()["execution_id"]
    assert answer.json() == {"execution_id": execution_id, "status": "PENDING", "replayed": False}
    assert answer.headers["location"] == f"/api/v1/executions/{execution_id}"
    assert answer.headers["retry-after"] == "1"
    assert home.started.ids == [execution_id]
    stored = home.client().get(f"/executions/{execution_id}").json()
    assert (stored["name"], stored["status"], stored["submitted_by"]) == ("poems", "PENDING", "ada@example.com")


def test_the_same_key_and_body_is_one_execution_started_again_while_pending(home: House) -> None:
    client, headers = home.client(), {"Idempotency-Key": "k"}
    first = client.post("/executions", json=body(), headers=headers)
    again = client.post("/executions", json=body(), headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert again.json() == {**first.json(), "replayed": True}
    assert home.started.ids == [first.json()["execution_id"]] * 2
    other = client.post("/executions", json=body(name="other"), headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "urn:stepcrew:problem:idempotency-mismatch")
    foreign = home.client(BOB).post("/executions", json=body(), headers=headers)
    assert foreign.json()["execution_id"] != first.json()["execution_id"]


def test_a_dry_run_tells_what_would_run_and_stores_nothing(home: House) -> None:
    sent = body(inputs={"topic": "rain"})
    sent["config"]["tasks"][0] |= {"description": "About {topic}.", "tools": ["crewai_tools:CalculatorTool"]}
    answer = home.client().post("/executions?dry_run=true", json=sent)
    assert answer.status_code == 200
    plan = answer.json()
    assert (plan["models"], plan["tools"]) == (["openai/gpt-4.1-mini"], ["CalculatorTool"])
    assert plan["placeholders"] == ["topic"]
    assert home.started.ids == []
    assert home.client().get("/executions").json()["executions"] == []


def test_yaml_is_accepted_as_a_body(home: House) -> None:
    answer = home.client().post("/executions", content=json.dumps(body()), headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ('{"config": NaN}', "application/json", 400),
        ('{"config": {"agents": "\\ud800"}}', "application/json", 400),
        ('{"config": ' + "[" * 5000 + "]" * 5000 + "}", "application/json", 400),
        ("{}", "text/plain", 415),
        ("{}", "application/json", 422),
        ('{"config": {}, "other": 1}', "application/json", 422),
        ('{"config": [1]}', "application/json", 422),
        ("a: [", "application/yaml", 422),
        ('{"config": {"agents": "' + "x" * 5_100_000 + '"}}', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem_and_stores_nothing(
    home: House, content: str, media_type: str, status: int
) -> None:
    answer = home.client().post("/executions", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status, answer.text[:500]
    problem: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["status"], problem["category"], problem["request_id"]) == (status, "input", "r-1")
    assert problem["detail"]
    assert home.started.ids == []
    assert home.client().get("/executions").json()["executions"] == []


def test_a_fault_of_the_crew_is_named_by_its_pointer(home: House) -> None:
    sent = body(limits={"timeout_seconds": 0})
    answer = home.client().post("/executions", json=sent)
    assert answer.json()["errors"][0]["pointer"] == "/limits/timeout_seconds"
    sent = body()
    sent["config"]["tasks"][0]["agent"] = "poetess"
    answer = home.client().post("/executions", json=sent)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/config/tasks/0/agent"


def test_a_viewer_a_stranger_and_a_foreign_group_are_kept_out(home: House) -> None:
    assert home.client(VERA).post("/executions", json=body()).status_code == 403
    assert home.client({}).post("/executions", json=body()).status_code == 401
    client = home.client()
    assert client.get("/me", headers={"X-Group-Id": "research"}).json()["group_id"] == "research"
    assert client.get("/me", headers={"X-Group-Id": "other"}).status_code == 403
    assert home.client({"sub": "x", "group_id": "a#b"}).get("/me").status_code == 403


def test_the_group_of_the_body_counts_for_nothing(home: House) -> None:
    answer = home.client().post("/executions", json={**body(), "group_id": "other"})
    assert answer.status_code == 422
