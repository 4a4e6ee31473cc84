"""`GET /executions/{id}/why`: the facts of one execution and what follows from them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stepcrew.domain.diagnosis import MachineStep
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Status
from stepcrew.domain.trace import LogLine
from stepcrew.services.ports import Orchestration
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import BOB, VERA, Harness, body
from tests.unit.api.test_costs import running
from tests.unit.api.test_reading import events


def why(harness: Harness, execution_id: str, claims: dict[str, Any] = VERA) -> dict[str, Any]:
    answer = harness.client(claims).get(f"/executions/{execution_id}/why")
    assert answer.status_code == 200, answer.text
    return answer.json()


def line(sequence: int, message: str) -> LogLine:
    return LogLine(attempt=1, sequence=sequence, emitted_at=NOW, level="INFO", logger="crew", message=message)


def test_a_failure_is_told_with_what_led_to_it(harness: Harness) -> None:
    execution = running(harness)
    execution_id = execution.execution_id
    harness.aws.traces.record(
        GROUP, execution_id, events(execution, 1, 3), [line(n, f"line {n}") for n in range(1, 31)]
    )
    error = ExecutionError(category=Category.TOOL, type="Refused", message="No.", remedy="Ask again.", task="haiku")
    harness.aws.executions.finish(
        execution, Status.FAILED, message="", now=NOW + timedelta(seconds=50), error=error, traces_emitted=5
    )
    step = MachineStep(at=NOW, event="TaskStateEntered", state="RunCrew")
    harness.orchestrator.standing[execution_id] = Orchestration("SUCCEEDED")
    harness.orchestrator.steps[execution_id] = [step]
    harness.aws.clock.at = NOW + timedelta(hours=1)
    found = why(harness, execution_id)
    assert found["summary"] == (
        "The execution failed in crew task haiku after 50 s (tool, Refused): No. Ask again. "
        "2 of its trace events are not recorded. No queue has them any more; tell the operator."
    )
    assert [one["rule"] for one in found["findings"]] == ["failed", "trace_missing"]
    assert found["attempts"] == [{"attempt": 1, "emitted": 5, "recorded": 3, "died": False}]
    assert found["machine"]["steps"][0]["state"] == "RunCrew"
    assert [one["message"] for one in found["logs"]] == [f"line {n}" for n in range(11, 31)]
    assert (found["gaps"], found["slots"]) == ([{"attempt": 1, "first": 4, "last": 5}], None)


def test_an_open_one_is_told_with_the_slots_of_its_group(harness: Harness) -> None:
    execution_id = harness.client().post("/executions", json=body()).json()["execution_id"]
    slots = {"running": 1, "may_run": 20, "waiting": 0, "position": None, "open": 1, "may_be_open": 200}
    found = why(harness, execution_id)
    assert (found["slots"], found["findings"]) == (slots, [])
    assert found["summary"].startswith("Nothing wrong was found")


def test_limits_that_cannot_be_read_are_said_and_hide_nothing_else(harness: Harness) -> None:
    harness.limits.write(GROUP, running_executions=1)
    first, second = (harness.client().post("/executions", json=body()).json()["execution_id"] for _ in range(2))
    harness.limits.faults[GROUP] = "The limits of group demo cannot be read: ceilings.max_token: wrong."
    harness.aws.clock.at = NOW + timedelta(minutes=5)
    found = why(harness, second)
    assert [one["rule"] for one in found["findings"]] == ["limits_unreadable"]
    assert "slot since 5 min, and none is given: The limits of group demo cannot be read: ceil" in found["summary"]
    assert (found["slots"], found["machine"], found["unread"]) == (None, None, [])
    assert "limits_unreadable" not in [one["rule"] for one in why(harness, first)["findings"]]
    me = harness.client().get("/me")
    assert (me.status_code, me.json()["limits"], me.json()["role"]) == (200, None, "admin")
    assert harness.client().post("/executions", json=body()).status_code == 503


def test_a_platform_that_does_not_answer_is_said_and_hides_nothing_else(harness: Harness) -> None:
    execution = running(harness)
    harness.orchestrator.outages, harness.trace_queue.found = 1, None
    found = why(harness, execution.execution_id)
    assert found["unread"] == ["state machine", "queues"]
    assert (found["machine"], found["trace_queue"]) == (None, None)
    assert found["attempts"] == [{"attempt": 1, "emitted": None, "recorded": 0, "died": False}]


def test_another_group_learns_not_even_that_there_is_one(harness: Harness) -> None:
    execution = running(harness)
    foreign = harness.client(BOB).get(f"/executions/{execution.execution_id}/why")
    absent = harness.client(BOB).get("/executions/none/why")
    assert (foreign.status_code, absent.status_code) == (404, 404)
