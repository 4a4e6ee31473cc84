"""Crews kept under names, run through the whole stack."""

from __future__ import annotations

from tests.e2e.user import User, crew, task


def test_a_stored_crew_runs_with_its_own_inputs_under_those_of_the_request(ada: User, bob: User) -> None:
    stored = {"config": crew(task("[[say about {topic} in {style}]]")), "inputs": {"topic": "rain", "style": "prose"}}
    first = ada.put("/crews/stored-crew", json=stored)
    assert first.status_code in (200, 201), first.text
    number = first.json()["version"]
    assert ada.put("/crews/stored-crew", json=stored).json()["version"] == number

    answer = ada.post("/executions", json={"crew": "stored-crew", "inputs": {"topic": "snow"}})
    assert answer.status_code == 202, answer.text
    later = ada.put("/crews/stored-crew", json={"config": crew(task("[[say another crew]]"))})
    assert (later.status_code, later.json()["version"]) == (201, number + 1)
    record = ada.ended(answer.json()["execution_id"])
    assert (record["status"], record["crew"]) == ("COMPLETED", {"name": "stored-crew", "version": number})
    assert ada.result(record["execution_id"])["output"] == "about snow in prose"

    assert bob.get("/crews/stored-crew").status_code == 404
    assert "stored-crew" in [one["name"] for one in ada.get("/crews").json()["crews"]]
    assert ada.delete("/crews/stored-crew").status_code == 204
    assert ada.post("/executions", json={"crew": f"stored-crew@{number}"}).status_code == 404
