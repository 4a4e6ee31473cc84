"""Batches through the whole stack: rows that fail, a cancellation half way, a retry of what did not complete."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew_local.stack import Stack
from tests.e2e.bus import announced, subscribe
from tests.e2e.user import User

ROWS = 20
BAD = {3, 17}
CONFIG: dict[str, Any] = {
    "agents": {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}},
    "tasks": [{"name": "haiku", "description": "About {topic}. {do}", "expected_output": "Text", "agent": "poet"}],
}
PATIENCE_SECONDS = 100


@pytest.fixture
def crew(ada: User, model: ScriptedModel) -> str:
    name = f"haiku-{time.time_ns()}"
    assert ada.put(f"/crews/{name}", json={"config": CONFIG}).status_code == 201
    return name


def until(user: User, batch_id: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        batch = user.get(f"/batches/{batch_id}").json()
        counted = batch["pending"] + sum(batch["counts"].values())
        assert counted == batch["total"], batch
        if reached(batch):
            return batch
        assert time.monotonic() < deadline, json.dumps(batch)
        time.sleep(0.2)


def rows_of(user: User, batch_id: str) -> list[dict[str, Any]]:
    return user.get(f"/batches/{batch_id}/rows", params={"limit": 1000}).json()["rows"]


def test_a_batch_is_cancelled_half_way_retried_and_killed_and_its_counts_add_up(
    ada: User, crew: str, running: tuple[str, ScriptedModel, Stack]
) -> None:
    stack = running[2]
    subscribe(stack)
    inputs = [
        {"topic": f"rain {row}", "do": "[[fail 400]]" if row in BAD else f"[[say ROW-{row}]]"}
        for row in range(1, ROWS + 1)
    ]
    answer = ada.post("/batches", json={"crew": crew, "inputs": inputs, "max_concurrency": 3})
    assert answer.status_code == 202, answer.text
    batch_id = answer.json()["batch_id"]
    assert (answer.json()["crew"], answer.json()["total"]) == (f"{crew}@1", ROWS)

    until(ada, batch_id, lambda batch: batch["counts"]["completed"] >= 4)
    assert ada.post(f"/batches/{batch_id}/cancel").status_code == 202
    cancelled = until(ada, batch_id, lambda batch: batch["status"] != "RUNNING")
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["counts"]["running"] == 0
    assert cancelled["pending"] > 0

    assert ada.post(f"/batches/{batch_id}/retry").status_code == 202
    until(ada, batch_id, lambda batch: batch["counts"]["completed"] >= 10)
    machine = stack.outputs["BatchStateMachineArn"].replace(":stateMachine:", ":execution:")
    stack.client("stepfunctions").stop_execution(executionArn=f"{machine}:{batch_id}-round-2", cause="A test kills it.")
    ended = until(ada, batch_id, lambda batch: batch["status"] != "RUNNING")
    assert (ended["status"], ended["round"]) == ("COMPLETED", 2)
    assert ended["counts"] == {"running": 0, "completed": ROWS - len(BAD), "failed": len(BAD), "cancelled": 0}

    rows = rows_of(ada, batch_id)
    assert [row["row"] for row in rows] == list(range(1, ROWS + 1))
    assert {row["row"] for row in rows if row["status"] == "FAILED"} == BAD
    made = ada.get("/executions", params={"crew": crew, "limit": 100}).json()["executions"]
    again = cancelled["counts"]["failed"] + cancelled["counts"]["cancelled"]
    assert len(made) == ended["usage"]["executions"] <= ROWS + again
    assert {row["execution_id"] for row in rows} <= {one["execution_id"] for one in made}
    lines = [json.loads(line) for line in ada.get(f"/batches/{batch_id}/results?limit=100").text.splitlines()]
    assert {line["row"]: line["output"] for line in lines} == {
        row: None if row in BAD else f"ROW-{row}" for row in range(1, ROWS + 1)
    }
    assert [line["inputs"] for line in lines] == inputs

    def both_ends(told: list[dict[str, Any]]) -> bool:
        return sum(one["subject"] == batch_id for one in told) >= 2

    told = {one["id"]: one for one in announced(stack, both_ends) if one["subject"] == batch_id}
    assert [one["type"] for one in told.values()] == ["stepcrew.batch.cancelled", "stepcrew.batch.completed"]
    assert [one["data"]["counts"] for one in told.values()] == [cancelled["counts"], ended["counts"]]
