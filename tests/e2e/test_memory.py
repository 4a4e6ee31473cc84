"""Crews that remember, through the whole stack."""

from __future__ import annotations

import time
from typing import Any

from scripted_model import ScriptedModel
from tests.e2e.user import User, crew, task

SHOP = "/crews/memory-shop"


def noting(text: str) -> dict[str, Any]:
    return crew(task(f"Note what the customer prefers. [[say {text}]]"), name="memory-shop", memory=True)


def told_of(model: ScriptedModel, text: str) -> bool:
    """Whether an agent was told this as something it remembers."""
    return any("Relevant memories" in one.text and text in one.text for one in model.requests)


def test_a_crew_remembers_for_its_own_group_and_no_other_sees_or_removes_it(
    ada: User, bob: User, model: ScriptedModel
) -> None:
    first = ada.run(noting("ADA PREFERS TEA"))
    assert first["status"] == "COMPLETED", first["error"]
    assert first["usage"]["model_calls"] == len(model.requests)

    model.reset()
    bobs = bob.run(noting("BOB PREFERS MILK"))
    assert bobs["status"] == "COMPLETED", bobs["error"]
    assert not told_of(model, "ADA PREFERS TEA")
    (bobs_record,) = bob.get("/memory/records").json()["records"]
    assert bobs_record["execution_id"] == bobs["execution_id"]
    (record,) = ada.get("/memory/records", params={"scope": SHOP}).json()["records"]
    assert record["execution_id"] == first["execution_id"]
    assert bob.get("/memory/records", params={"words": "tea"}).json()["records"] == []
    assert bob.delete(f"/memory/records/{record['record_id']}").json()["records"] == 0
    assert bob.delete(f"/memory/scopes{SHOP}").json()["records"] == 1, "His own of the same name."
    assert [one["records"] for one in ada.get("/memory").json()["scopes"] if one["path"] == SHOP] == [1]

    model.reset()
    second = ada.run(noting("ADA IS BACK"))
    assert told_of(model, "ADA PREFERS TEA")
    assert not told_of(model, "BOB PREFERS MILK")
    (found,) = [one for one in ada.trace(second["execution_id"]) if one["event_type"] == "memory_retrieval_completed"]
    assert "ADA PREFERS TEA" in found["output"]

    receipt = ada.delete(f"/memory/scopes{SHOP}").json()
    assert (receipt["records"], receipt["executions"]) == (2, sorted([first["execution_id"], second["execution_id"]]))
    assert receipt["vectors"] > 0
    assert ada.get("/memory/records", params={"scope": SHOP}).json()["records"] == []


def test_what_two_remember_at_once_is_found_by_its_meaning_and_moves_to_another_model_and_backend(
    ada: User, bob: User, model: ScriptedModel
) -> None:
    scope = "/crews/moving-shop"

    def noted(text: str, **more: Any) -> dict[str, Any]:
        return noting(text) | {"name": "moving-shop", **more}

    both = [ada.submit(noted(text)) for text in ("ADA PREFERS GREEN TEA", "MIA PAYS BY CARD")]
    assert [ada.ended(one)["status"] for one in both] == ["COMPLETED", "COMPLETED"]
    asked = {"scope": scope, "query": "green tea"}
    best, other = ada.get("/memory/search", params=asked).json()["hits"]
    assert "ADA PREFERS GREEN TEA" in best["record"]["content"]
    assert 1 >= best["score"] > other["score"]
    assert {best["record"]["execution_id"], other["record"]["execution_id"]} == set(both)
    assert bob.get("/memory/search", params=asked).json()["hits"] == []

    moving = ada.post("/memory/reembed", json={"scope": scope, "embedder": "openai/another"}).json()
    assert moving["moving_to"] == "openai/another"

    def stands() -> dict[str, Any]:
        (found,) = [one for one in ada.get("/memory").json()["scopes"] if one["path"] == scope]
        return found

    def has_moved() -> None:
        deadline = time.monotonic() + 60
        while stands()["moving_to"] is not None and time.monotonic() < deadline:
            time.sleep(0.2)

    has_moved()
    assert (stands()["embedder"], stands()["reason"], stands()["records"]) == ("openai/another", "", 2)
    refused = ada.run(noted("ADA IS BACK"))
    assert refused["error"]["type"] == "EmbedderChanged"
    assert f"stepcrew memory reembed {scope}" in refused["error"]["remedy"]
    model.reset()
    assert ada.run(noted("ADA IS BACK", embedder="openai/another"))["status"] == "COMPLETED"
    assert told_of(model, "ADA PREFERS GREEN TEA")

    ada.post("/memory/reembed", json={"scope": scope, "backend": "s3vectors"})
    has_moved()
    assert (stands()["backend"], stands()["embedder"], stands()["reason"]) == ("s3vectors", "openai/another", "")
    best = ada.get("/memory/search", params=asked).json()["hits"][0]
    assert "ADA PREFERS GREEN TEA" in best["record"]["content"]
    assert bob.get("/memory/search", params=asked).json()["hits"] == []
    model.reset()
    leaving = ada.run(noted("ADA LEAVES", embedder="openai/another"))
    assert leaving["status"] == "COMPLETED"
    assert told_of(model, "ADA PREFERS GREEN TEA")
    bill = ada.get(f"/executions/{leaving['execution_id']}/cost").json()
    in_indexes = {line["item"] for line in bill["infrastructure"] if line["what"].startswith("Memory")}
    assert in_indexes == {"vector_queries", "vector_gb_read", "vector_gb_put"}
    records = stands()["records"]
    assert "ADA LEAVES" in ada.get("/memory/records", params={"scope": scope}).text
    receipt = ada.delete(f"/memory/scopes{scope}").json()
    assert receipt["records"] == records
    assert receipt["vectors"] >= records
