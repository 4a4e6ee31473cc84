"""An operator's limits for one group, set as the API's reference says, through the whole stack."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew_local.deploy import physical_id
from stepcrew_local.stack import Stack
from tests.e2e.user import User, crew, task

REFERENCE = Path(__file__).parents[2] / "docs/api.md"
GROUP = "research"
SetLimits = Callable[[dict[str, Any]], None]


def documented_item() -> dict[str, Any]:
    """What the reference's example writes."""
    found = re.search(r"dynamodb put-item --table-name TABLE --item '(\{.*?\})'", REFERENCE.read_text(), re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture
def researcher(ada: User) -> User:
    ada.headers["X-Group-Id"] = GROUP
    return ada


@pytest.fixture
def set_limits(running: tuple[str, ScriptedModel, Stack]) -> Generator[SetLimits]:
    stack = running[2]
    table, name = stack.client("dynamodb"), physical_id(stack.emulator, "Table")
    key = {part: documented_item()[part] for part in ("PK", "SK")}
    yield lambda item: table.put_item(TableName=name, Item={**key, **item})
    table.delete_item(TableName=name, Key=key)


def test_the_documented_command_gives_a_group_its_own_limits(
    researcher: User, bob: User, model: ScriptedModel, set_limits: SetLimits
) -> None:
    set_limits(documented_item())
    above = researcher.post("/executions", json={"config": crew(task("Do it.")), "limits": {"max_tokens": 2_000_001}})
    assert (above.status_code, above.json()["errors"][0]["pointer"]) == (422, "/limits/max_tokens")
    limits = researcher.run(crew(task("Do it. [[say DONE]]")))["limits"]
    assert (limits["max_tokens"], limits["max_cost_usd"], limits["timeout_seconds"]) == (200_000, 25, 3600)
    assert bob.run(crew(task("Do it. [[say DONE]]")))["limits"]["max_tokens"] is None


def test_a_ceiling_stops_a_crew_that_asked_for_nothing_and_no_decision_passes_it(
    researcher: User, model: ScriptedModel, set_limits: SetLimits
) -> None:
    set_limits({"ceilings": {"M": {"max_model_calls": {"N": "1"}}}})
    two = crew(task("First. [[say ONE]]", "first"), task("Second. [[say TWO]]", "second"))
    failed = researcher.run(two)
    assert (failed["status"], failed["error"]["category"], len(model.requests)) == ("FAILED", "budget", 1)

    execution_id = researcher.submit(two, limits={"on_budget": "ask"})
    researcher.until(execution_id, lambda record: record["status"] == "WAITING")
    answer = researcher.post(f"/executions/{execution_id}/feedback", json={"decision": "approve"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "no_room")

    set_limits({"ceilings": {"M": {"max_model_calls": {"N": "5"}}}})
    researcher.post(f"/executions/{execution_id}/feedback", json={"decision": "approve"})
    ended = researcher.ended(execution_id)
    assert (ended["status"], ended["limits"]["max_model_calls"]) == ("COMPLETED", 2)


def test_limits_that_cannot_be_read_stop_the_group_and_nobody_else(
    researcher: User, bob: User, model: ScriptedModel, set_limits: SetLimits
) -> None:
    set_limits({"ceilings": {"M": {"max_token": {"N": "1"}}}})
    config = crew(task("Do it. [[say DONE]]"))
    answer = researcher.post("/executions", json={"config": config})
    assert (answer.status_code, "max_token" in answer.json()["detail"]) == (503, True)
    assert bob.run(config)["status"] == "COMPLETED"
