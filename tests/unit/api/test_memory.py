"""The group's memory over the API: what is shown to whom, and what is left after a deletion."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from stepcrew.aws import keys
from stepcrew.aws.items import item
from stepcrew.domain.knowledge_requests import MemoryHit, MemoryHits, ReembedMemory, SearchMemory
from stepcrew.domain.memory import Backend, RootScope, content_hash
from stepcrew.domain.vectors import pack
from tests.aws_table import GROUP, NOW, TABLE
from tests.unit.api.harness import BOB, MIA, VERA, Harness
from tests.unit.api.remembered import EMBEDDER, remember, root_scope

SHOP = "/crews/shop"


def contents(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [record["content"] for record in answer.json()["records"]]


def test_scopes_are_told_with_what_lies_in_them_and_below(harness: Harness) -> None:
    remember(harness, "one", f"{SHOP}/agent/ada")
    remember(harness, "two", minutes=5)
    remember(harness, "three", "/shared/x")
    found = harness.client(VERA).get("/memory").json()["scopes"]
    assert [(scope["path"], scope["records"]) for scope in found] == [
        (SHOP, 2),
        (f"{SHOP}/agent", 1),
        (f"{SHOP}/agent/ada", 1),
        ("/shared", 1),
        ("/shared/x", 1),
    ]
    assert (found[0]["embedder"], found[0]["dimension"]) == (EMBEDDER, 2)
    assert found[0]["newest"] > found[0]["oldest"]


def test_records_come_newest_first_in_pages(harness: Harness) -> None:
    for number in range(5):
        remember(harness, f"fact {number}", minutes=number)
    client = harness.client(VERA)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        answer = client.get("/memory/records", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += contents(answer)
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"fact {number}" for number in (4, 3, 2, 1, 0)]
    assert "vector" not in client.get("/memory/records").json()["records"][0]


def test_records_are_found_by_scope_and_words(harness: Harness) -> None:
    remember(harness, "Ada prefers TEA.", f"{SHOP}/agent/ada")
    remember(harness, "Bob prefers coffee, not tea.", minutes=1)
    remember(harness, "Nobody likes rain.", "/shared")
    client = harness.client(VERA)
    assert contents(client.get("/memory/records", params={"words": "tea ADA"})) == [
        "Ada prefers TEA.",
        "Bob prefers coffee, not tea.",
    ]
    assert contents(client.get("/memory/records", params={"scope": f"{SHOP}/agent"})) == ["Ada prefers TEA."]
    assert contents(client.get("/memory/records", params={"scope": "/crews/none"})) == []


def test_everything_of_a_scope_is_exported_page_by_page(harness: Harness) -> None:
    for number in range(3):
        remember(harness, f"fact {number}", f"{SHOP}/agent/ada", minutes=number)
    remember(harness, "of all", "/shared")
    client, lines, path = harness.client(VERA), list[dict[str, Any]](), f"/memory/export?limit=2&scope={SHOP}/agent"
    while path:
        answer = client.get(path)
        assert answer.headers["content-type"] == "application/jsonl"
        lines += [json.loads(line) for line in answer.text.splitlines()]
        path = answer.links.get("next", {}).get("url", "").removeprefix("/api/v1")
    assert [line["content"] for line in lines] == ["fact 2", "fact 1", "fact 0"]
    assert (lines[0]["execution_id"], "vector" in lines[0]) == ("e-1", False)
    assert len(client.get("/memory/export").text.splitlines()) == 4
    assert harness.client(BOB).get("/memory/export").text == ""


@pytest.mark.parametrize("scope", ["/", "/other", "/crews", "GROUP#demo2"])
def test_what_is_no_scope_is_a_fault(harness: Harness, scope: str) -> None:
    assert harness.client().get("/memory/records", params={"scope": scope}).status_code == 422
    assert harness.client().delete(f"/memory/scopes/{scope.replace('#', '%23')}").status_code == 422


def test_a_record_is_removed_with_its_vectors_and_a_receipt(harness: Harness) -> None:
    record_id = remember(harness, "one")
    remember(harness, "two")
    client = harness.client(MIA)
    receipt = client.delete(f"/memory/records/{record_id}").json()
    assert (receipt["scope"], receipt["records"], receipt["vectors"]) == (SHOP, 1, 1)
    assert receipt["executions"] == ["e-1"]
    assert contents(client.get("/memory/records")) == ["two"]
    assert harness.memory.vectors(GROUP, EMBEDDER, [content_hash("one")]) == {}
    assert client.delete(f"/memory/records/{record_id}").json()["records"] == 0


def test_a_scope_is_removed_with_what_is_below_it_and_nothing_else(harness: Harness) -> None:
    remember(harness, "one", f"{SHOP}/agent/ada")
    remember(harness, "two", f"{SHOP}/agent/adam")
    remember(harness, "three", "/crews/shop2")
    client = harness.client()
    assert client.delete(f"/memory/scopes{SHOP}/agent/ada").json()["records"] == 1
    assert sorted(contents(client.get("/memory/records"))) == ["three", "two"]
    receipt = client.delete(f"/memory/scopes{SHOP}").json()
    assert (receipt["records"], receipt["vectors"]) == (1, 1)
    assert [scope["path"] for scope in client.get("/memory").json()["scopes"]] == ["/crews/shop2"]
    assert harness.memory.root(GROUP, SHOP) is None, "Another embedding model may begin it again."
    assert client.delete(f"/memory/scopes{SHOP}").json()["records"] == 0


def test_vectors_in_an_index_go_too_and_are_counted(harness: Harness) -> None:
    entry = {"PK": keys.root_scopes(GROUP), "SK": keys.MEMORY_BACKEND, "memory_backend": "s3vectors"}
    harness.aws.clients.dynamodb.put_item(TableName=TABLE, Item=item(entry))
    record_id = remember(harness, "one")
    for content in ("two", "three"):
        remember(harness, content)
    client = harness.client()
    assert client.get("/memory").json()["scopes"][0]["backend"] == "s3vectors"
    assert client.delete(f"/memory/records/{record_id}").json()["vectors"] == 2, "Its own, and the one kept for reuse."
    assert len(harness.vectors.places()) == 2
    receipt = client.delete(f"/memory/scopes{SHOP}").json()
    assert (receipt["records"], receipt["vectors"]) == (2, 4)
    assert harness.vectors.indexes == {}


def test_a_memory_is_moved_into_another_backend_with_the_model_it_has(harness: Harness) -> None:
    remember(harness, "one")
    moving = harness.client().post("/memory/reembed", json={"scope": SHOP, "backend": "s3vectors"}).json()
    assert (moving["backend"], moving["moving_into"], moving["moving_to"]) == ("table", "s3vectors", EMBEDDER)
    assert harness.worker.asked[-1] == ReembedMemory(
        group_id=GROUP, path=SHOP, embedder=EMBEDDER, backend=Backend.S3_VECTORS
    )


def test_another_group_sees_and_removes_nothing(harness: Harness) -> None:
    record_id = remember(harness, "mine")
    client = harness.client(BOB)
    assert client.get("/memory").json()["scopes"] == []
    assert contents(client.get("/memory/records", params={"scope": SHOP})) == []
    assert harness.client({**BOB, "role": "admin"}).delete(f"/memory/records/{record_id}").json()["records"] == 0
    assert harness.client({**BOB, "role": "admin"}).delete(f"/memory/scopes{SHOP}").json()["records"] == 0
    assert contents(harness.client().get("/memory/records")) == ["mine"]


def test_what_has_expired_is_not_shown_and_goes_with_its_scope(harness: Harness) -> None:
    remember(harness, "one", expires_at=NOW)
    remember(harness, "two", expires_at=NOW + timedelta(minutes=1))
    client = harness.client()
    assert contents(client.get("/memory/records")) == ["two"]
    assert [scope["records"] for scope in client.get("/memory").json()["scopes"]] == [1]
    assert len(client.get("/memory/export").text.splitlines()) == 1
    assert client.delete(f"/memory/scopes{SHOP}").json()["records"] == 2
    assert harness.memory.records(GROUP, SHOP) == []


def test_only_members_remove_records_and_only_admins_scopes(harness: Harness) -> None:
    record_id = remember(harness, "one")
    assert harness.client(VERA).delete(f"/memory/records/{record_id}").status_code == 403
    assert harness.client(MIA).delete(f"/memory/scopes{SHOP}").status_code == 403


def test_records_are_found_by_their_meaning(harness: Harness) -> None:
    remember(harness, "Ada prefers tea.")
    (record,) = harness.memory.records(GROUP, SHOP)
    harness.worker.hits = MemoryHits(hits=[MemoryHit(record=record, score=0.75)])
    asked = {"scope": f"{SHOP}/", "query": "hot drinks", "limit": 5}
    (hit,) = harness.client(MIA).get("/memory/search", params=asked).json()["hits"]
    assert (hit["record"]["content"], hit["score"]) == ("Ada prefers tea.", 0.75)
    assert harness.worker.asked == [SearchMemory(group_id=GROUP, scope=SHOP, query="hot drinks", limit=5)]
    assert harness.client(VERA).get("/memory/search", params=asked).status_code == 403, "It costs the group something."
    for wrong in ({"query": "x"}, {"scope": SHOP}, {"scope": "/other", "query": "x"}):
        assert harness.client(MIA).get("/memory/search", params=wrong).status_code == 422


def test_a_root_scope_is_sent_to_another_model_once(harness: Harness) -> None:
    remember(harness, "one")
    client = harness.client()
    for _ in range(2):
        answer = client.post("/memory/reembed", json={"scope": SHOP, "embedder": "openai/large"})
        assert answer.status_code == 202, answer.text
        assert (answer.json()["embedder"], answer.json()["moving_to"]) == (EMBEDDER, "openai/large")
    request = ReembedMemory(group_id=GROUP, path=SHOP, embedder="openai/large")
    assert harness.worker.asked == [request, request], "Asked again, it goes on where it stopped."
    assert harness.memory.root(GROUP, SHOP) == root_scope(SHOP).moving_to("openai/large")
    (scope,) = client.get("/memory").json()["scopes"]
    assert (scope["moving_to"], scope["reason"]) == ("openai/large", "")
    back = client.post("/memory/reembed", json={"scope": SHOP, "embedder": EMBEDDER}).json()
    assert back["moving_to"] == EMBEDDER
    harness.memory.keep_vectors(GROUP, "openai/large", {content_hash("one"): pack([1])}, now=NOW)
    client.post("/memory/reembed", json={"scope": SHOP, "embedder": "openai/large"})
    assert client.delete(f"/memory/scopes{SHOP}").json()["vectors"] == 2, "Of both models."


def test_a_scope_that_has_the_model_already_is_left_alone(harness: Harness) -> None:
    remember(harness, "one")
    assert (
        harness.client().post("/memory/reembed", json={"scope": SHOP, "embedder": EMBEDDER}).json()["moving_to"] is None
    )
    assert harness.worker.asked == []


def test_what_cannot_be_embedded_again_says_why(harness: Harness) -> None:
    remember(harness, "one")
    client = harness.client()
    own = RootScope(path="/crews/project", embedder="the project's own", dimension=2, created_at=NOW)
    harness.memory.open_root(GROUP, own)
    for scope, embedder, status, word in (
        ("/crews/none", "openai/large", 404, "no memory"),
        (f"{SHOP}/agent", "openai/large", 422, "no root scope"),
        (SHOP, "large", 422, "no embedding model"),
        (SHOP, "bedrock/amazon.titan-embed-text-v2:0", 422, "not available"),
        ("/crews/project", "openai/large", 422, "its code"),
    ):
        answer = client.post("/memory/reembed", json={"scope": scope, "embedder": embedder})
        assert (answer.status_code, word in answer.json()["detail"]) == (status, True), answer.text
    other = {"scope": SHOP, "embedder": "openai/large"}
    assert harness.client(MIA).post("/memory/reembed", json=other).status_code == 403
    assert harness.client({**BOB, "role": "admin"}).post("/memory/reembed", json=other).status_code == 404
    assert harness.worker.asked == []
