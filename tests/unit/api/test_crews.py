from __future__ import annotations

from typing import Any

from tests.unit.api.harness import BOB, VERA, Harness, body


def poem(text: str = "Write about {topic}.", **more: Any) -> dict[str, Any]:
    sent = body(**more)
    sent["config"]["tasks"][0]["description"] = text
    return sent


def test_a_crew_is_stored_read_listed_and_deleted(harness: Harness) -> None:
    client = harness.client()
    answer = client.put("/crews/poems", json=poem(inputs={"topic": "rain"}))
    assert (answer.status_code, answer.headers["location"]) == (201, "/api/v1/crews/poems?version=1")
    view = answer.json()
    assert (view["name"], view["version"], view["updated_by"]) == ("poems", 1, "ada@example.com")
    assert (view["tasks"], view["agents"]) == (1, 1)
    again = client.put("/crews/poems", json=poem(inputs={"topic": "rain"}))
    assert (again.status_code, again.json()) == (200, view)
    assert client.put("/crews/poems", json=poem("Other.")).json()["version"] == 2
    assert [crew["version"] for crew in client.get("/crews").json()["crews"]] == [2]
    first = client.get("/crews/poems", params={"version": 1}).json()
    assert (first["inputs"], first["placeholders"]) == ({"topic": "rain"}, ["topic"])
    assert client.put("/crews/copy", json={"config": first["config"], "inputs": first["inputs"]}).status_code == 201
    assert [client.delete("/crews/poems").status_code for _ in range(2)] == [204, 204]
    assert client.get("/crews/poems").status_code == 404
    assert [crew["name"] for crew in client.get("/crews").json()["crews"]] == ["copy"]


def test_the_list_goes_on_from_its_cursor(harness: Harness) -> None:
    client = harness.client()
    for name in ("c", "a", "b"):
        client.put(f"/crews/{name}", json=poem())
    page = client.get("/crews?limit=2").json()
    rest = client.get("/crews", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [crew["name"] for crew in page["crews"] + rest["crews"]] == ["a", "b", "c"]
    assert rest["next_cursor"] is None
    assert client.get("/crews", params={"cursor": "YSNi"}).json()["errors"][0]["code"] == "cursor"


def test_a_crew_is_checked_as_a_submission_but_for_inputs_that_come_later(harness: Harness) -> None:
    client = harness.client()
    assert client.put("/crews/poems", json=poem()).status_code == 201
    broken = poem()
    broken["config"]["tasks"][0]["agent"] = "poetess"
    answer = client.put("/crews/poems", json=broken)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ["/config/tasks/0/agent"]
    assert client.put("/crews/poems", json={"inputs": {}}).json()["errors"][0]["pointer"] == "/config"
    assert client.put("/crews/.hidden", json=poem()).status_code == 422


def test_viewers_read_crews_and_other_groups_see_none(harness: Harness) -> None:
    harness.client().put("/crews/poems", json=poem())
    viewer = harness.client(VERA)
    assert viewer.get("/crews/poems").status_code == 200
    assert viewer.put("/crews/poems", json=poem()).status_code == 403
    assert viewer.delete("/crews/poems").status_code == 403
    stranger = harness.client(BOB)
    assert stranger.get("/crews").json()["crews"] == []
    assert stranger.get("/crews/poems").status_code == 404
    assert stranger.post("/executions", json={"crew": "poems"}).status_code == 404


def test_an_execution_keeps_the_version_it_was_made_from(harness: Harness) -> None:
    client = harness.client()
    client.put("/crews/poems", json=poem("About {topic}, in {style}.", inputs={"topic": "rain", "style": "prose"}))
    sent = {"crew": "poems", "inputs": {"topic": "snow"}}
    execution_id = client.post("/executions", json=sent).json()["execution_id"]
    client.put("/crews/poems", json=poem("Something else."))
    client.delete("/crews/poems")
    record = client.get(f"/executions/{execution_id}").json()
    assert (record["name"], record["crew"]) == ("poems", {"name": "poems", "version": 1})
    kept = client.get(f"/executions/{execution_id}/definition").json()
    assert kept["inputs"] == {"topic": "snow", "style": "prose"}
    assert kept["config"]["tasks"][0]["description"] == "About {topic}, in {style}."


def test_a_version_may_be_named_and_a_submission_without_a_stored_crew_has_none(harness: Harness) -> None:
    client = harness.client()
    for text in ("One.", "Two."):
        client.put("/crews/poems", json=poem(text))
    made = [client.post("/executions", json=sent).json()["execution_id"] for sent in ({"crew": "poems@1"}, body())]
    crews = [client.get(f"/executions/{execution_id}").json()["crew"] for execution_id in made]
    assert crews == [{"name": "poems", "version": 1}, None]
    missing = client.post("/executions", json={"crew": "poems@3"})
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:stepcrew:problem:crew-not-found")
    assert "Did you mean poems?" in client.post("/executions", json={"crew": "peoms"}).json()["detail"]


def test_a_dry_run_plans_a_stored_crew(harness: Harness) -> None:
    client = harness.client()
    client.put("/crews/poems", json=poem(inputs={"topic": "rain"}))
    plan = client.post("/executions?dry_run=true", json={"crew": "poems"})
    assert (plan.status_code, plan.json()["name"], plan.json()["placeholders"]) == (200, "poems", ["topic"])
    assert client.get("/executions").json()["executions"] == []


def test_faults_of_a_stored_crew_are_told_by_what_the_request_has_of_it(harness: Harness) -> None:
    client = harness.client()
    client.put("/crews/poems", json=poem())
    lacking = client.post("/executions", json={"crew": "poems"}).json()["errors"]
    assert [(fault["pointer"], fault["code"]) for fault in lacking] == [("/inputs", "missing_input")]
    both = client.post("/executions", json={"crew": "poems", **body()})
    assert (both.status_code, both.json()["errors"][0]["pointer"]) == (422, "/crew")
    neither = client.post("/executions", json={})
    assert (neither.status_code, neither.json()["errors"][0]["pointer"]) == (422, "/config")
    odd = client.post("/executions", json={"crew": "poems@-"})
    assert (odd.status_code, odd.json()["errors"][0]["pointer"]) == (422, "/crew")


def test_an_idempotency_key_stands_for_the_reference_as_it_was_written(harness: Harness) -> None:
    client, headers = harness.client(), {"Idempotency-Key": "k"}
    client.put("/crews/poems", json=poem("One."))
    first = client.post("/executions", json={"crew": "poems"}, headers=headers).json()
    client.put("/crews/poems", json=poem("Two."))
    client.delete("/crews/poems")
    again = client.post("/executions", json={"crew": "poems"}, headers=headers)
    assert (again.status_code, again.json()) == (202, {**first, "replayed": True})
    other = client.post("/executions", json={"crew": "poems@1"}, headers=headers)
    assert other.json()["type"] == "urn:stepcrew:problem:idempotency-mismatch"


def test_an_alias_is_a_reference_wherever_a_crew_is_named(harness: Harness) -> None:
    client = harness.client()
    for text in ("One.", "Two."):
        client.put("/crews/poems", json=poem(text))
    moved = client.put("/crews/poems/aliases/prod", json={"version": 1})
    assert (moved.status_code, moved.json()["version"], moved.json()["moved_by"]) == (200, 1, "ada@example.com")
    assert client.get("/crews/poems/aliases").json()["aliases"] == [moved.json()]
    assert client.get("/crews/poems?alias=prod").json()["config"]["tasks"][0]["description"] == "One."
    for sent in ({"crew": "poems@prod"}, {"crew": "poems"}):
        made = client.post("/executions", json=sent).json()["execution_id"]
        expected = 1 if "@" in sent["crew"] else 2
        assert client.get(f"/executions/{made}").json()["crew"] == {"name": "poems", "version": expected}
    kicked = client.post("/amp/poems@prod/kickoff", json={"inputs": {}}).json()["kickoff_id"]
    assert client.get(f"/executions/{kicked}").json()["crew"]["version"] == 1
    assert client.get(f"/amp/poems@prod/status/{kicked}").status_code == 200
    assert client.put("/triggers/t", json={"crew": "poems@prod", "object": {}}).status_code == 201
    missing = client.put("/triggers/t", json={"crew": "poems@beta", "object": {}})
    assert (missing.status_code, missing.json()["detail"]) == (
        404,
        "The crew 'poems' has no alias 'beta'; it has prod.",
    )
    assert client.get("/crews/poems?alias=prod&version=1").status_code == 422
    assert client.delete("/crews/poems/aliases/prod").status_code == 204
    assert client.post("/executions", json={"crew": "poems@prod"}).status_code == 404


def test_a_rollback_stores_an_earlier_version_again(harness: Harness) -> None:
    client = harness.client()
    for text in ("One.", "Two."):
        client.put("/crews/poems", json=poem(text))
    answer = client.post("/crews/poems/rollback", json={"version": 1})
    assert (answer.status_code, answer.json()["version"]) == (201, 3)
    assert client.get("/crews/poems").json()["config"]["tasks"][0]["description"] == "One."
    assert client.post("/crews/poems/rollback", json={"version": 3}).status_code == 200
    assert client.post("/crews/poems/rollback", json={"version": 7}).status_code == 404
    assert client.post("/crews/poems/rollback", json={}).status_code == 422
    viewer = harness.client(VERA)
    assert viewer.post("/crews/poems/rollback", json={"version": 1}).status_code == 403
    assert viewer.put("/crews/poems/aliases/prod", json={}).status_code == 403
    assert viewer.get("/crews/poems/aliases").json() == {"aliases": []}
    assert harness.client(BOB).get("/crews/poems/aliases").status_code == 404
