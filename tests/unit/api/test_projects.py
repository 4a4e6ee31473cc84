from __future__ import annotations

from typing import Any

from stepcrew.domain.execution import Status
from stepcrew.domain.project import function_marker
from tests.aws_table import BUCKET, NOW
from tests.unit.api.harness import BOB, MIA, Harness

DIGEST = "ab" * 32


def project(group: str = "demo", **more: Any) -> dict[str, Any]:
    function = f"stack{function_marker(group)}poems-1:1"
    return {"project": {"bundle": DIGEST, "entry": "main:Poems", "kind": "flow", "function": function} | more}


def uploaded(harness: Harness, group: str = "demo") -> None:
    upload = harness.client().post("/projects/poems/bundle", json={"sha256": DIGEST}).json()
    assert upload["stored"] is False
    assert f"/kept/{group}/bundles/{DIGEST}.zip" in upload["url"]
    assert set(upload["headers"]) == {"content-type", "x-amz-checksum-sha256"}
    harness.aws.clients.s3.put_object(Bucket=BUCKET, Key=f"kept/{group}/bundles/{DIGEST}.zip", Body=b"zip")
    assert harness.client().post("/projects/poems/bundle", json={"sha256": DIGEST}).json()["stored"] is True


def test_a_project_is_a_version_of_a_stored_crew(harness: Harness) -> None:
    uploaded(harness)
    client = harness.client()
    sent = project(environment=["POEM_KEY"], inputs=["topic"]) | {"inputs": {"topic": "rain"}}
    assert client.put("/projects/poems", json=sent).status_code == 201
    assert client.put("/projects/poems", json=sent).status_code == 200
    stored = client.get("/crews/poems").json()
    assert (stored["kind"], stored["version"], stored["placeholders"]) == ("flow", 1, ["topic"])
    answer = client.post("/executions", json={"crew": "poems", "inputs": {"topic": "snow"}})
    assert answer.status_code == 202
    execution_id = answer.json()["execution_id"]
    assert harness.aws.executions.get("demo", execution_id).runner == sent["project"]["function"]
    submission = harness.aws.executions.submission("demo", execution_id)
    assert submission.project
    assert submission.inputs == {"topic": "snow"}


def test_a_project_needs_its_bundle_and_a_function_of_its_group(harness: Harness) -> None:
    answer = harness.client().put("/projects/poems", json=project("other"))
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/project/bundle", "/project/function"]
    assert harness.client(BOB).get("/crews/poems").status_code == 404


def test_only_an_administrator_deploys(harness: Harness) -> None:
    member = harness.client(MIA)
    assert member.post("/projects/poems/bundle", json={"sha256": DIGEST}).status_code == 403
    assert member.put("/projects/poems", json=project()).status_code == 403
    assert member.get("/projects/runtime").json()["python"] == "3.13"


def test_a_project_is_run_again_with_its_code_and_from_its_beginning_only(harness: Harness) -> None:
    uploaded(harness)
    client = harness.client()
    sent = project() | {"outline": {"tasks": [{"name": "one", "description": "One", "expected_output": "Text"}]}}
    client.put("/projects/poems", json=sent)
    old = client.post("/executions", json={"crew": "poems", "inputs": {"topic": "snow"}}).json()["execution_id"]
    execution = harness.aws.executions.begin_attempt("demo", old, NOW)
    harness.aws.executions.finish(execution, Status.FAILED, message="", now=NOW, traces_emitted=0)
    client.delete("/crews/poems")
    answer = client.post(f"/executions/{old}/rerun", json={"inputs": {"tone": "dry"}})
    assert answer.status_code == 202, answer.text
    new = answer.json()["execution_id"]
    assert harness.aws.executions.get("demo", new).runner == sent["project"]["function"]
    submission = harness.aws.executions.submission("demo", new)
    assert submission.project == harness.aws.executions.submission("demo", old).project
    assert submission.inputs == {"topic": "snow", "tone": "dry"}
    assert client.get(f"/executions/{new}/definition").json()["project"]["bundle"] == DIGEST

    asked = {"from_task": "one", "task_outputs": {"one": "x"}}
    answer = client.post(f"/executions/{old}/rerun", json=asked)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/from_task", "/task_outputs"]


def test_a_projects_function_is_told_with_the_executions_that_need_it(harness: Harness) -> None:
    client = harness.client()
    assert client.get("/projects/poems/function").status_code == 404
    uploaded(harness)
    client.put("/projects/poems", json=project())
    client.put("/projects/others", json=project())
    made = [client.post("/executions", json={"crew": "poems", "name": "renamed"}).json()["execution_id"] for _ in "ab"]
    client.post("/executions", json={"crew": "others"})
    told = client.get("/projects/poems/function").json()
    assert told["open_executions"] == sorted(made)
    named = client.post("/projects/poems/bundle", json={"sha256": DIGEST}).json()["parameters"]
    assert told["parameters"] | {"Bundle": DIGEST} == named
    client.post(f"/executions/{made[0]}/cancel")
    client.delete("/crews/poems")
    assert client.get("/projects/poems/function").json()["open_executions"] == made[1:]
    assert harness.client(MIA).get("/projects/poems/function").status_code == 403
    assert harness.client(BOB).get("/projects/poems/function").status_code == 404


def test_a_rollback_brings_back_the_code_and_the_function_of_a_version(harness: Harness) -> None:
    uploaded(harness)
    client = harness.client()
    first = client.put("/projects/poems", json=project()).json()
    client.put("/projects/poems", json=project(function=f"stack{function_marker('demo')}poems-1:2"))
    back = client.post("/crews/poems/rollback", json={"version": 1}).json()
    assert (back["version"], back["kind"]) == (3, first["kind"])
    execution_id = client.post("/executions", json={"crew": "poems"}).json()["execution_id"]
    assert harness.aws.executions.get("demo", execution_id).runner == project()["project"]["function"]


def test_secrets_that_a_project_needs_are_told_before_it_starts_and_others_in_the_dry_run(harness: Harness) -> None:
    uploaded(harness)
    client = harness.client()
    needs = {
        "POEM_KEY": "src/poems.py:3",
        "SERPER_API_KEY": "The tool Serper",
        "MODEL": "a.py:1",
        "AWS_REGION": "a.py:2",
    }
    read = [*needs, "OPENAI_API_KEY", "TONE"]
    assert client.put("/projects/poems", json=project(environment=read, needs=needs)).status_code == 201
    harness.aws.clients.ssm.put_parameter(Name="/stepcrew/test/operator/POEM_KEY", Value="x", Type="SecureString")
    for address in ("/executions", "/executions?dry_run=true"):
        faults = client.post(address, json={"crew": "poems"}).json()["errors"]
        assert [(one["pointer"], one["code"], one["remedy"][:29]) for one in faults] == [
            ("/crew", "missing_secret", "stepcrew secrets set POEM_KEY"),
            ("/crew", "missing_secret", "stepcrew secrets set SERPER_A"),
        ]
        assert faults[0]["detail"].startswith("src/poems.py:3 needs the secret POEM_KEY")
    for name in ("POEM_KEY", "SERPER_API_KEY", "TONE"):
        client.put(f"/secrets/{name}", json={"value": "a-secret-value"})
    told = client.post("/executions?dry_run=true", json={"crew": "poems"}).json()
    assert told["unset_environment"] == ["AWS_REGION", "OPENAI_API_KEY"]
    assert client.post("/executions", json={"crew": "poems"}).status_code == 202
