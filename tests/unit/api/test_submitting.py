from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.aws_table import TRACEPARENT
from tests.unit.api.harness import BOB, MIA, Harness, body


def test_a_submission_is_stored_started_and_answered_at_once(harness: Harness) -> None:
    answer = harness.client().post("/executions", json=body(name="poems", inputs={"x": 1}))
    assert answer.status_code == 202
    execution_id = answer.json()["execution_id"]
    assert answer.json() == {"execution_id": execution_id, "status": "PENDING", "replayed": False}
    assert answer.headers["location"] == f"/api/v1/executions/{execution_id}"
    assert answer.headers["retry-after"] == "1"
    assert harness.orchestrator.started == [execution_id]
    stored = harness.client().get(f"/executions/{execution_id}").json()
    assert (stored["name"], stored["status"], stored["submitted_by"]) == ("poems", "PENDING", "ada@example.com")


def test_the_same_key_and_body_is_one_execution_started_again_while_pending(harness: Harness) -> None:
    client, headers = harness.client(), {"Idempotency-Key": "k"}
    first = client.post("/executions", json=body(), headers=headers)
    again = client.post("/executions", json=body(), headers=headers)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (202, "true")
    assert again.json() == {**first.json(), "replayed": True}
    assert harness.orchestrator.started == [first.json()["execution_id"]] * 2
    other = client.post("/executions", json=body(name="other"), headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "urn:stepcrew:problem:idempotency-mismatch")
    foreign = harness.client(BOB).post("/executions", json=body(), headers=headers)
    assert foreign.json()["execution_id"] != first.json()["execution_id"]


def test_a_dry_run_tells_what_would_run_and_stores_nothing(harness: Harness) -> None:
    sent = body(inputs={"topic": "rain"})
    sent["config"]["tasks"][0] |= {"description": "About {topic}.", "tools": ["crewai_tools:CalculatorTool"]}
    answer = harness.client().post("/executions?dry_run=true", json=sent)
    assert answer.status_code == 200
    plan = answer.json()
    assert (plan["models"], plan["tools"]) == (["openai/gpt-4.1-mini"], ["CalculatorTool"])
    assert plan["placeholders"] == ["topic"]
    assert harness.orchestrator.started == []
    assert harness.client().get("/executions").json()["executions"] == []


def test_yaml_is_accepted_as_a_body(harness: Harness) -> None:
    answer = harness.client().post(
        "/executions", content=json.dumps(body()), headers={"Content-Type": "application/yaml"}
    )
    assert answer.status_code == 202


def test_a_fault_of_the_crew_is_named_by_its_pointer(harness: Harness) -> None:
    sent = body(limits={"timeout_seconds": 0})
    answer = harness.client().post("/executions", json=sent)
    assert answer.json()["errors"][0]["pointer"] == "/limits/timeout_seconds"
    sent = body()
    sent["config"]["tasks"][0]["agent"] = "poetess"
    answer = harness.client().post("/executions", json=sent)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/config/tasks/0/agent"


def test_limits_are_kept_exactly(harness: Harness) -> None:
    amounts = {"timeout_seconds": 60, "max_tokens": 10**12, "max_cost_usd": 0.000000001, "max_model_calls": 5}
    limits = {**amounts, "on_budget": "ask"}
    execution_id = harness.client().post("/executions", json=body(limits=limits)).json()["execution_id"]
    stored = harness.client().get(f"/executions/{execution_id}").json()
    assert stored["limits"] == limits
    assert stored["deadline"] == "2026-11-24T09:01:00Z"


def test_unicode_and_control_characters_come_back_as_they_went(harness: Harness) -> None:
    text = "naïve 🌧️ عربي 中文 \u0000 \u2028 {} 𝕏"
    sent = body(name=text, inputs={text: [text, {text: None}], "n": 10**30})
    sent["config"]["agents"] = {"📝/~": {"role": text, "goal": text, "backstory": text}}
    sent["config"]["tasks"][0] |= {"agent": "📝/~", "description": text}
    execution_id = harness.client().post("/executions", json=sent).json()["execution_id"]
    stored = harness.client().get(f"/executions/{execution_id}/definition").json()
    assert stored["inputs"] == sent["inputs"]
    assert stored["config"]["agents"] == sent["config"]["agents"]
    assert harness.client().get(f"/executions/{execution_id}").json()["name"] == text
    assert len(harness.client().get("/executions", params={"crew": text}).json()["executions"]) == 1


def test_the_older_request_is_accepted_as_it_is(harness: Harness) -> None:
    agents = "poet:\n  role: Poet\n  goal: Write about {topic}\n  backstory: Old\n"
    tasks = {"haiku": {"description": "A haiku", "expected_output": "Three lines", "agent": "poet"}}
    config = {"model": "gpt-4o-mini", "agents_yaml": agents, "tasks_yaml": tasks, "inputs": {"topic": "rain"}}
    sent = {"job_type": "crew", "config": {**config, "memory_backend": None}}
    assert harness.client().post("/executions", json=sent).status_code == 202
    answer = harness.client().post("/executions", json={**sent, "job_type": "flow"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/job_type")


def test_a_large_crew_is_kept_whole(harness: Harness) -> None:
    tasks = [
        {"name": f"t{n}", "description": "ü" * 20_000, "expected_output": "e", "agent": "poet"} for n in range(100)
    ]
    sent = body()
    sent["config"]["tasks"] = tasks
    execution_id = harness.client().post("/executions", json=sent).json()["execution_id"]
    assert harness.client().get(f"/executions/{execution_id}/definition").json()["config"]["tasks"] == tasks


def test_a_group_has_no_more_open_executions_than_it_may(harness: Harness) -> None:
    harness.limits.write("research", open_executions=2)
    client, other = harness.client(), {"X-Group-Id": "research"}
    ids = [client.post("/executions", json=body(), headers=other).json()["execution_id"] for _ in range(2)]
    refused = client.post("/executions", json=body(), headers=other)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    assert (refused.json()["type"], refused.json()["retryable"]) == ("urn:stepcrew:problem:too-many-open", True)
    assert client.post("/executions", json=body()).status_code == 202
    assert client.post("/executions?dry_run=true", json=body(), headers=other).status_code == 200
    assert client.post(f"/executions/{ids[0]}/cancel", headers=other).status_code == 202
    assert client.post("/executions", json=body(), headers=other).status_code == 202


def test_a_request_that_was_accepted_before_is_answered_when_no_more_may_be_open(harness: Harness) -> None:
    harness.limits.write("research", open_executions=1)
    client, headers = harness.client(), {"X-Group-Id": "research", "Idempotency-Key": "once"}
    for cancelled in client.get("/executions", headers=headers).json()["executions"]:
        client.post(f"/executions/{cancelled['execution_id']}/cancel", headers=headers)
    first = client.post("/executions", json=body(), headers=headers)
    again = client.post("/executions", json=body(), headers=headers)
    assert (first.status_code, again.status_code, again.json()["replayed"]) == (202, 202, True)


def test_a_declarative_flow_is_submitted_stored_and_answered_as_it_was_written(harness: Harness) -> None:
    document = yaml.safe_load((Path(__file__).parents[3] / "examples/report-flow/flow.yaml").read_text())
    client = harness.client()
    told = client.post("/executions?dry_run=true", json={"config": document}).json()
    assert (told["agents"], told["tools"]) == (["research.researcher", "write"], [])
    made = client.post("/executions", json={"config": document, "inputs": {"topic": "rivers"}}).json()["execution_id"]
    assert harness.aws.executions.submission("demo", made).flow == document
    assert client.get(f"/executions/{made}/definition").json() == {"config": document, "inputs": {"topic": "rivers"}}
    assert harness.aws.executions.get("demo", made).name == "report-flow"
    assert client.put("/crews/report", json={"config": document}).status_code == 201
    stored = client.get("/crews/report").json()
    assert (stored["config"], stored["placeholders"]) == (document, ["most_words", "topic"])
    again = client.post("/executions", json={"crew": "report", "inputs": {"topic": "seas"}}).json()["execution_id"]
    assert harness.aws.executions.submission("demo", again).flow == document

    document["methods"]["write"]["do"]["with"]["tools"] = ["SerperDevTool"]
    document["methods"]["choose"]["do"]["expr"] = "oops"
    faults = client.post("/executions", json={"config": document}).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in faults] == [
        ("/config/methods/choose/do/expr", "expression"),
        ("/config/methods/write/do/with/tools/0", "missing_secret"),
    ]


def test_only_an_admin_debugs_an_execution(harness: Harness) -> None:
    refused = harness.client(MIA).post("/executions", json=body(debug=True))
    assert (refused.status_code, refused.json()["remedy"]) == (403, "Leave debug out, or ask an admin.")
    made = harness.client().post("/executions", json=body(debug=True)).json()["execution_id"]
    assert harness.client().get(f"/executions/{made}").json()["debug"] is True
    assert harness.client().get("/executions").json()["executions"][0]["debug"] is True


def test_an_execution_is_a_part_of_its_callers_trace_and_a_header_that_is_none_is_left_out(harness: Harness) -> None:
    caller, client = TRACEPARENT, harness.client()

    def traceparent(header: str) -> str | None:
        made = client.post("/executions", json=body(), headers={"traceparent": header}).json()["execution_id"]
        return client.get(f"/executions/{made}").json()["traceparent"]

    assert traceparent(caller) == caller
    assert traceparent("nonsense") is None
    keyed = {"Idempotency-Key": "traced"}
    first = client.post("/executions", json=body(), headers={**keyed, "traceparent": caller}).json()
    again = client.post("/executions", json=body(), headers={**keyed, "traceparent": caller.replace("a", "c")}).json()
    assert again["execution_id"] == first["execution_id"]
