"""Stored crews as CrewAI's hosted API shows them."""

from __future__ import annotations

from typing import Any

import pytest

from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Status, TaskOutput
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import BOB, VERA, Harness
from tests.waiting import park, question

pytestmark = pytest.mark.slow

CONFIG: dict[str, Any] = {
    "agents": {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}},
    "tasks": [
        {"name": "haiku", "description": "About {topic} in {place}.", "expected_output": "A haiku", "agent": "poet"}
    ],
}


@pytest.fixture
def crew(harness: Harness) -> Harness:
    sent = {"config": CONFIG, "inputs": {"place": "Kyoto"}}
    assert harness.client().put("/crews/haiku", json=sent).status_code == 201
    return harness


def kicked_off(crew: Harness, **more: Any) -> str:
    answer = crew.client().post("/amp/haiku/kickoff", json={"inputs": {"topic": "rain"}, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["kickoff_id"]


def status(crew: Harness, execution_id: str) -> dict[str, Any]:
    client = crew.client()
    answer = client.get(f"/amp/haiku/status/{execution_id}")
    assert answer.json() == client.get(f"/amp/haiku/{execution_id}/status").json()
    return answer.json()


def test_a_crew_tells_its_inputs_and_is_started_with_them(crew: Harness) -> None:
    assert crew.client().get("/amp/haiku/inputs").json() == {"inputs": ["place", "topic"]}
    execution_id = kicked_off(crew, meta={"requestId": "1"})
    assert crew.aws.executions.submission(GROUP, execution_id).inputs == {"topic": "rain", "place": "Kyoto"}
    assert status(crew, execution_id) == {
        "status": "running",
        "state": "PENDING",
        "progress": {"completed_tasks": 0, "total_tasks": 1},
    }


def test_an_end_is_told_with_the_outputs_or_the_error(crew: Harness) -> None:
    done, failed = kicked_off(crew), kicked_off(crew)
    execution = crew.aws.executions.begin_attempt(GROUP, done, NOW)
    crew.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="haiku", agent_role="Poet", raw="Rain."))
    crew.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=0)
    execution = crew.aws.executions.begin_attempt(GROUP, failed, NOW)
    error = ExecutionError(
        category=Category.MODEL, type="Refused", message="No key.", retryable=False, remedy="Set one."
    )
    crew.aws.executions.finish(execution, Status.FAILED, message="", now=NOW, traces_emitted=0, error=error)
    found = status(crew, done)
    assert (found["status"], found["state"], found["execution_time"]) == ("completed", "SUCCESS", 0.0)
    assert found["result"] == {
        "output": "Rain.",
        "tasks": [{"task_id": "haiku", "output": "Rain.", "agent": "Poet"}],
    }
    assert status(crew, failed) == {"status": "error", "state": "FAILED", "error": "No key.", "execution_time": 0.0}


@pytest.mark.parametrize(
    ("kind", "approves", "told", "decision"),
    [
        (ApprovalKind.ANSWER, True, "resumed", "approve"),
        (ApprovalKind.ANSWER, False, "retrying", "revise"),
        (ApprovalKind.TOOL, False, "resumed", "reject"),
    ],
)
def test_a_person_decides_by_resume(
    crew: Harness, kind: ApprovalKind, approves: bool, told: str, decision: str
) -> None:
    execution_id = kicked_off(crew)
    execution = crew.aws.executions.begin_attempt(GROUP, execution_id, NOW)
    park(crew.aws, execution, question(execution_id=execution_id, kind=kind))
    waits = status(crew, execution_id)
    assert (waits["status"], waits["state"]) == ("running", "PENDING_HUMAN_INPUT")
    assert waits["pending_human_input"]["task_id"] == "haiku"
    sent = {"execution_id": execution_id, "task_id": "haiku", "human_feedback": "More rain.", "is_approve": approves}
    client = crew.client()
    assert client.post("/amp/haiku/resume", json=sent | {"task_id": "ode"}).status_code == 404
    answer = client.post("/amp/haiku/resume", json=sent)
    assert (answer.status_code, answer.json()["status"]) == (200, told)
    [asked] = client.get(f"/executions/{execution_id}/approvals").json()["approvals"]
    assert (asked["decision"]["kind"], asked["decision"]["comment"]) == (decision, "More rain.")
    assert client.post("/amp/haiku/resume", json=sent).status_code == 400


def test_errors_have_the_shape_that_its_clients_read(crew: Harness) -> None:
    client = crew.client()
    missing = client.post("/amp/haiku/kickoff", json={"inputs": {}})
    assert (missing.status_code, missing.headers["content-type"]) == (422, "application/json")
    assert missing.json()["details"] == {"missing_inputs": ["topic"]}
    assert set(client.get("/amp/none/inputs").json()) == {"error", "message"}
    hooked = client.post("/amp/haiku/kickoff", json={"inputs": {"topic": "x"}, "humanInputWebhook": {}})
    assert (hooked.status_code, "humanInputWebhook" in hooked.json()["message"]) == (422, True)


HOOKS = {f"{kind}WebhookUrl": f"https://hooks.example.com/{kind}?token=t0ken" for kind in ("task", "step", "crew")}


def test_a_kickoff_names_addresses_of_its_own_which_members_read_as_webhooks(crew: Harness) -> None:
    execution_id = kicked_off(crew, **HOOKS, meta={"requestId": "1"})
    assert crew.aws.executions.get(GROUP, execution_id).callbacks == ["task", "step", "crew"]
    kept = crew.aws.executions.submission(GROUP, execution_id)
    record = crew.aws.executions.get(GROUP, execution_id)
    assert "t0ken" not in kept.model_dump_json() + record.model_dump_json()
    client, name = crew.client(), f"{execution_id}:task"
    read = client.get(f"/webhooks/{name}").json()
    assert (read["url"], read["callback"]["meta"]) == (HOOKS["taskWebhookUrl"], {"requestId": "1"})
    assert client.get(f"/webhooks/{name}/deliveries").json()["deliveries"] == []
    assert client.get("/webhooks").json() == {"webhooks": []}, "they are none of the group's"
    assert client.put(f"/webhooks/{name}", json={"url": "https://x.example", "secret": "WEBHOOK_X"}).status_code == 422
    assert crew.client(VERA).get(f"/webhooks/{name}").status_code == 403
    assert crew.client(BOB).get(f"/webhooks/{name}").status_code == 404


def test_no_address_is_called_that_a_webhook_may_not_have(crew: Harness) -> None:
    client = crew.client()
    inside = ["https://10.0.0.1/x", "https://169.254.169.254/latest", "https://localhost/x", "http://hooks.example.com"]
    for url in [*inside, "https://user:pass@hooks.example.com/", "mailto:ada@example.com"]:
        answer = client.post("/amp/haiku/kickoff", json={"inputs": {"topic": "x"}, "stepWebhookUrl": url})
        assert (answer.status_code, "stepWebhookUrl" in answer.json()["message"]) == (422, True), (url, answer.text)
        assert "user:pass" not in answer.text
    assert client.get("/executions").json()["executions"] == []
    meta = {"long": "x" * 20_000}
    assert client.post("/amp/haiku/kickoff", json={"inputs": {"topic": "x"}, "meta": meta}).status_code == 422


def test_addresses_that_are_empty_are_none_and_others_make_another_request(crew: Harness) -> None:
    client, sent = crew.client(), {"inputs": {"topic": "rain"}, "taskWebhookUrl": "", "stepWebhookUrl": None}
    ids = {
        client.post("/amp/haiku/kickoff", json=sent | more, headers={"Idempotency-Key": "k"}).json().get("kickoff_id")
        for more in ({}, {}, HOOKS)
    }
    assert len(ids) == 2
    [known] = [one for one in ids if one]
    assert crew.aws.executions.get(GROUP, known).callbacks == []


def test_resume_may_name_the_addresses_of_the_kickoff_again(crew: Harness) -> None:
    named = {"taskWebhookUrl": HOOKS["taskWebhookUrl"]}
    execution_id = kicked_off(crew, **named)
    park(crew.aws, crew.aws.executions.begin_attempt(GROUP, execution_id, NOW), question(execution_id=execution_id))
    sent = {"execution_id": execution_id, "task_id": "haiku", "human_feedback": "", "is_approve": True}
    client = crew.client()
    assert client.post("/amp/haiku/resume", json={**sent, **HOOKS}).status_code == 422
    moved = {"taskWebhookUrl": "https://other.example.com/"}
    assert client.post("/amp/haiku/resume", json={**sent, **moved}).status_code == 200
    assert client.get(f"/webhooks/{execution_id}:task").json()["url"] == "https://other.example.com/"


def test_another_crew_or_group_does_not_show_an_execution_and_a_viewer_starts_none(crew: Harness) -> None:
    execution_id = kicked_off(crew)
    client = crew.client()
    client.put("/crews/other", json={"config": CONFIG})
    assert client.get(f"/amp/other/status/{execution_id}").status_code == 404
    assert crew.client(BOB).get(f"/amp/haiku/status/{execution_id}").status_code == 404
    assert crew.client(VERA).post("/amp/haiku/kickoff", json={"inputs": {}}).status_code == 403
