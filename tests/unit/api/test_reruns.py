"""Running an ended execution again: what is kept, what is refused, and how the records are linked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stepcrew.domain.execution import MOST_RERUNS, Status, TaskOutput, TaskState
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import BOB, VERA, Harness

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def config(**of_second: Any) -> dict[str, Any]:
    def task(name: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "description": f"{name} {{topic}}.", "expected_output": "Text", "agent": "poet", **more}

    agents = {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}}
    return {"name": "poems", "agents": agents, "tasks": [task("one"), task("two", **of_second), task("three")]}


def ended(harness: Harness, *outputs: TaskOutput, status: Status = Status.FAILED, **of_second: Any) -> str:
    sent = {"config": config(**of_second), "inputs": {"topic": "rain", "tone": "dry"}, "limits": {"max_tokens": 900}}
    execution_id = harness.client().post("/executions", json=sent).json()["execution_id"]
    execution = harness.aws.executions.begin_attempt(GROUP, execution_id, NOW)
    for output in outputs:
        harness.aws.tasks.save_task_output(execution, output)
    harness.aws.executions.finish(execution, status, message="", now=NOW, traces_emitted=0)
    return execution_id


ONE, TWO = TaskOutput(index=0, name="one", raw="ONE"), TaskOutput(index=1, name="two", raw="TWO")


def rerun(harness: Harness, execution_id: str, headers: Any = None, **asked: Any) -> Any:
    return harness.client().post(f"/executions/{execution_id}/rerun", json=asked, headers=headers)


def record(harness: Harness, execution_id: str) -> dict[str, Any]:
    return harness.client().get(f"/executions/{execution_id}").json()


def kept(harness: Harness, execution_id: str) -> list[tuple[str, str, bool]]:
    tasks = harness.client().get(f"/executions/{execution_id}/result").json()["tasks"]
    assert all(one["attempt"] == 0 for one in tasks)
    return [(one["name"], one["raw"], one["edited"]) for one in tasks]


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


def test_a_rerun_is_a_new_execution_of_the_same_and_the_records_name_each_other(harness: Harness) -> None:
    old = ended(harness, ONE)
    answer = rerun(harness, old)
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")
    new = answer.json()["execution_id"]
    assert answer.headers["location"] == f"/api/v1/executions/{new}"
    assert harness.orchestrator.started == [old, new]
    made, before = record(harness, new), record(harness, old)
    assert (made["rerun_of"], made["rerun_from"], made["source"], made["name"]) == (old, None, "rerun", "poems")
    assert (before["reruns"], before["rerun_of"], before["source"]) == ([new], None, "api")
    assert made["limits"]["max_tokens"] == 900
    assert kept(harness, new) == []
    definition = [harness.client().get(f"/executions/{one}/definition").json() for one in (old, new)]
    assert definition[0] == definition[1]
    again = rerun(harness, old).json()["execution_id"]
    assert record(harness, old)["reruns"] == [new, again]


def test_the_outputs_before_the_task_are_kept_and_it_and_those_behind_are_not(harness: Harness) -> None:
    old = ended(harness, ONE, TWO, TaskOutput(index=2, name="three", raw="THREE"), status=Status.COMPLETED)
    new = rerun(harness, old, from_task="three").json()["execution_id"]
    assert kept(harness, new) == [("one", "ONE", False), ("two", "TWO", False)]
    assert record(harness, new)["progress"] == {**record(harness, old)["progress"], "tasks_done": 2, "tasks_total": 3}
    first = rerun(harness, old, from_task="one").json()["execution_id"]
    assert kept(harness, first) == []
    [task, _] = harness.client().get(f"/executions/{new}/result").json()["tasks"]
    assert task["kept_from"] == old


def test_an_edited_output_stands_in_for_one_that_was_kept_or_never_came(harness: Harness) -> None:
    old = ended(harness, ONE)
    asked = {"from_task": "three", "task_outputs": {"one": "Edited.", "two": "Written."}}
    new = rerun(harness, old, **asked).json()["execution_id"]
    assert kept(harness, new) == [("one", "Edited.", True), ("two", "Written.", True)]


def test_a_large_output_is_kept_whole(harness: Harness) -> None:
    text = "x" * 300_000
    new = rerun(harness, ended(harness, TaskOutput(index=0, name="one", raw=text)), from_task="two").json()[
        "execution_id"
    ]
    harness.client().delete(f"/executions/{record(harness, new)['rerun_of']}")
    assert harness.client().get(f"/executions/{new}/tasks/0/output").text == text


def test_a_skipped_task_stays_skipped(harness: Harness) -> None:
    old = ended(harness, ONE, TaskOutput(index=1, name="two", state=TaskState.SKIPPED), condition={"contains": "x"})
    new = rerun(harness, old, from_task="three").json()["execution_id"]
    assert harness.client().get(f"/executions/{new}/result").json()["tasks"][1]["state"] == "skipped"


@pytest.mark.parametrize("value", [{"n": 3}, '{"n": 3}'], ids=["object", "text"])
def test_an_edited_output_of_a_task_with_a_schema_is_structured_again(harness: Harness, value: Any) -> None:
    old = ended(harness, ONE, output_pydantic=SCHEMA)
    new = rerun(harness, old, from_task="three", task_outputs={"two": value}).json()["execution_id"]
    task = harness.client().get(f"/executions/{new}/result").json()["tasks"][1]
    assert (task["json_dict"], task["output_format"]) == ({"n": 3}, "pydantic")


def test_outputs_of_the_wrong_kind_are_named(harness: Harness) -> None:
    old = ended(harness, ONE, output_json=SCHEMA)
    asked = {"from_task": "three", "task_outputs": {"one": {"n": 1}, "two": '{"n": "three"}', "three": "x"}}
    assert faults(rerun(harness, old, **asked)) == [
        ("/task_outputs/three", "unknown_task"),
        ("/task_outputs/one", "wrong_kind"),
        ("/task_outputs/two", "schema"),
    ]
    assert faults(rerun(harness, old, from_task="two", task_outputs={"one": " "})) == [("/task_outputs/one", "missing")]
    assert faults(rerun(harness, old, from_task="two", task_outputs={"one": 3})) == [
        ("/task_outputs/one", "wrong_kind")
    ]


def test_an_output_that_does_not_fit_a_changed_crew_is_refused(harness: Harness) -> None:
    old = ended(harness, ONE, TWO)
    changed = config(output_json=SCHEMA)
    assert faults(rerun(harness, old, from_task="three", config=changed)) == [("/task_outputs/two", "schema")]
    asked = {"from_task": "three", "config": changed, "task_outputs": {"two": {"n": 1}}}
    assert rerun(harness, old, **asked).status_code == 202


def test_what_cannot_be_kept_is_told_by_name(harness: Harness) -> None:
    old = ended(harness, ONE)
    assert faults(rerun(harness, old, from_task="three")) == [("/task_outputs/two", "missing")]
    answer = rerun(harness, old, from_task="thre")
    assert faults(answer) == [("/from_task", "unknown_task")]
    assert answer.json()["errors"][0]["remedy"] == "Did you mean three?"
    assert faults(rerun(harness, old, task_outputs={"one": "x"})) == [("/task_outputs", "unfitting")]
    assert faults(rerun(harness, old, from_tsak="x")) == [("/from_tsak", "extra_forbidden")]
    assert record(harness, old)["reruns"] == []


def test_inputs_crew_name_and_limits_may_be_changed(harness: Harness) -> None:
    old = ended(harness, ONE)
    changed = config(description="Two again {topic}.")
    asked = {"inputs": {"topic": "snow"}, "config": changed, "name": "mine", "limits": {"max_tokens": 1000}}
    new = rerun(harness, old, from_task="two", **asked).json()["execution_id"]
    made = record(harness, new)
    assert (made["name"], made["limits"]["max_tokens"]) == ("mine", 1000)
    definition = harness.client().get(f"/executions/{new}/definition").json()
    assert definition["inputs"] == {"topic": "snow", "tone": "dry"}
    assert definition["config"]["tasks"][1]["description"] == "Two again {topic}."


def test_a_stored_crew_stays_named_unless_the_crew_is_changed(harness: Harness) -> None:
    harness.client().put("/crews/poems", json={"config": config()})
    sent = {"crew": "poems", "inputs": {"topic": "rain"}}
    old = harness.client().post("/executions", json=sent).json()["execution_id"]
    harness.client().post(f"/executions/{old}/cancel")
    assert record(harness, rerun(harness, old).json()["execution_id"])["crew"] == {"name": "poems", "version": 1}
    assert record(harness, rerun(harness, old, config=config()).json()["execution_id"])["crew"] is None


def test_an_open_execution_is_not_run_again(harness: Harness) -> None:
    sent = {"config": config(), "inputs": {"topic": "rain"}}
    open_one = harness.client().post("/executions", json=sent).json()["execution_id"]
    answer = rerun(harness, open_one)
    assert (answer.status_code, "PENDING" in answer.json()["detail"]) == (409, True)
    assert harness.orchestrator.started == [open_one]


def test_an_expired_execution_is_not_run_again(harness: Harness) -> None:
    old = ended(harness, ONE)
    stored = harness.aws.executions.get(GROUP, old)
    key = {"PK": {"S": f"GROUP#{GROUP}#EXECUTION#{old}"}, "SK": {"S": "EXECUTION"}}
    harness.aws.clients.dynamodb.update_item(
        TableName="stepcrew-test",
        Key=key,
        UpdateExpression="SET created_at = :then",
        ExpressionAttributeValues={":then": {"S": (stored.created_at - timedelta(days=30)).isoformat()}},
    )
    answer = rerun(harness, old)
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:stepcrew:problem:execution-expired")
    assert answer.json()["remedy"]


def test_the_same_key_and_body_is_one_rerun(harness: Harness) -> None:
    old, key = ended(harness, ONE), {"Idempotency-Key": "k"}
    first = rerun(harness, old, key, from_task="two")
    again = rerun(harness, old, key, from_task="two")
    assert again.json() == {**first.json(), "replayed": True}
    assert record(harness, old)["reruns"] == [first.json()["execution_id"]]
    other = rerun(harness, old, key, from_task="one")
    assert (other.status_code, other.json()["type"]) == (422, "urn:stepcrew:problem:idempotency-mismatch")
    assert rerun(harness, ended(harness, ONE), key, from_task="two").status_code == 422
    harness.client().delete(f"/executions/{old}")
    assert rerun(harness, old, key, from_task="two").json()["replayed"]


def test_roles_and_groups_are_kept_apart(harness: Harness) -> None:
    old = ended(harness, ONE)
    assert harness.client(VERA).post(f"/executions/{old}/rerun", json={}).status_code == 403
    assert harness.client(BOB).post(f"/executions/{old}/rerun", json={}).status_code == 404


def test_the_limits_of_the_group_hold_for_reruns_too(harness: Harness) -> None:
    old = ended(harness, ONE)
    harness.limits.cap(max_tokens=500)
    assert faults(rerun(harness, old)) == [("/limits/max_tokens", "above_ceiling")]
    assert rerun(harness, old, limits={"max_tokens": 500}).status_code == 202
    harness.limits.write(GROUP, open_executions=1)
    answer = rerun(harness, old, limits={"max_tokens": 500}, from_task="two")
    assert answer.status_code == 429
    assert len(harness.orchestrator.started) == 2


def test_a_fault_of_the_old_crew_is_told_without_a_place_in_the_body_and_one_of_the_new_with_it(
    harness: Harness,
) -> None:
    server = {"url": "https://mcp.example.com/a", "headers": {"X-Key": {"secret": "MCP_KEY"}}}
    crew = config()
    crew["agents"]["poet"]["mcps"] = [server]
    harness.client().put("/secrets/MCP_KEY", json={"value": "a value of a secret"})
    old = harness.client().post("/executions", json={"config": crew, "inputs": {"topic": "x"}}).json()["execution_id"]
    harness.client().post(f"/executions/{old}/cancel")
    harness.client().delete("/secrets/MCP_KEY")
    answer = rerun(harness, old)
    assert faults(answer)[0][0] == ""
    assert "MCP_KEY" in answer.json()["detail"]
    changed = config(description="{missing}")
    assert faults(rerun(harness, old, config=changed))[0][0] == "/config/tasks/1/description"


def test_the_number_of_reruns_that_a_record_names_is_bounded(harness: Harness) -> None:
    old = ended(harness, ONE)
    key = {"PK": {"S": f"GROUP#{GROUP}#EXECUTION#{old}"}, "SK": {"S": "EXECUTION"}}
    harness.aws.clients.dynamodb.update_item(
        TableName="stepcrew-test",
        Key=key,
        UpdateExpression="SET reruns = :many",
        ExpressionAttributeValues={":many": {"L": [{"S": f"e-{number}"} for number in range(MOST_RERUNS)]}},
    )
    answer = rerun(harness, old)
    assert (answer.status_code, "times already" in answer.json()["detail"]) == (409, True)
    assert len(harness.client().get("/executions").json()["executions"]) == 1
