"""People in the loop, through the whole stack: nothing runs while they think, and every decision counts once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from scripted_model import ScriptedModel
from stepcrew_local.stack import Stack
from tests.e2e.user import User, agent, crew, task

SUM = 'Sum it up. [[tool calculator {"expression": "6*7"}]] [[say It is done.]]'


def asking(**more: Any) -> dict[str, Any]:
    """A crew whose first task's answer is judged."""
    return crew(
        task("Draft it. [[say DRAFT]]", "draft", human_input=True),
        task("Print it. [[say PRINTED]]", "print", context=["draft"]),
        **more,
    )


def gated() -> dict[str, Any]:
    return {
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [task(SUM)],
        "approval": {"tools": ["CalculatorTool"]},
    }


def waiting(user: User, execution_id: str, number: int = 1) -> dict[str, Any]:
    """The open question of this number."""
    user.until(execution_id, lambda record: bool(record["waiting"]) and record["waiting"]["number"] == number)
    listed = [one for one in user.get("/approvals").json()["approvals"] if one["execution_id"] == execution_id]
    assert [one["number"] for one in listed] == [number]
    return listed[0]


def decide(user: User, execution_id: str, decision: str, **more: Any) -> httpx.Response:
    return user.post(f"/executions/{execution_id}/feedback", json={"decision": decision, **more})


def decided(user: User, execution_id: str, decision: str, **more: Any) -> None:
    answer = decide(user, execution_id, decision, **more)
    assert answer.status_code == 202, answer.text


def asked(user: User, execution_id: str) -> list[dict[str, Any]]:
    """Every question of the execution."""
    return user.get(f"/executions/{execution_id}/approvals").json()["approvals"]


def outputs(user: User, execution_id: str) -> list[str]:
    return [one["raw"] for one in user.result(execution_id)["tasks"]]


def test_an_answer_is_revised_twice_and_then_approved(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(asking())
    question = waiting(ada, execution_id)
    assert (question["kind"], question["task_name"], question["output"]) == ("answer", "draft", "DRAFT")
    assert question["may_decide"] is True
    decided(ada, execution_id, "revise", comment="Shorter. [[say SECOND]]")
    assert waiting(ada, execution_id, 2)["output"] == "SECOND"
    decided(ada, execution_id, "revise", comment="Louder. [[say THIRD]]")
    assert waiting(ada, execution_id, 3)["output"] == "THIRD"
    assert len(model.requests) == 3

    decided(ada, execution_id, "approve", comment="Good.")
    record = ada.ended(execution_id)

    assert (record["status"], record["attempt"]) == ("COMPLETED", 4)
    assert outputs(ada, execution_id) == ["THIRD", "PRINTED"]
    assert record["usage"]["model_calls"] == len(model.requests) == 4
    assert "DRAFT" in model.requests[1].text
    assert "THIRD" in model.requests[3].text
    decisions = [one["decision"] for one in asked(ada, execution_id)]
    assert [decision["kind"] for decision in decisions] == ["revise", "revise", "approve"]
    assert {decision["decided_by"] for decision in decisions} == {record["submitted_by"]}
    told = [event for event in ada.trace(execution_id) if event["event_type"] == "human_feedback_received"]
    assert len(told) == 3
    assert not ada.get("/approvals").json()["approvals"]


def test_nothing_runs_while_a_person_thinks_and_the_time_does_not_count(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(asking())
    waiting(ada, execution_id)
    before = ada.execution(execution_id)
    calls = len(model.requests)
    decided(ada, execution_id, "approve", output="MY OWN WORDS")
    record = ada.ended(execution_id)
    assert record["status"] == "COMPLETED"
    assert record["deadline"] > before["deadline"]
    assert outputs(ada, execution_id) == ["MY OWN WORDS", "PRINTED"]
    assert len(model.requests) == calls + 1, "an approved answer needs no model call"
    assert "MY OWN WORDS" in model.requests[-1].text


def test_a_rejected_answer_fails_the_execution_with_the_reason(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(asking())
    waiting(ada, execution_id)
    decided(ada, execution_id, "reject", comment="Not at all.")
    record = ada.ended(execution_id)
    assert (record["status"], record["error"]["category"]) == ("FAILED", "rejected")
    assert "Not at all." in record["error"]["message"]
    assert len(model.requests) == 1


@pytest.mark.parametrize(("on_timeout", "status", "calls"), [("approve", "COMPLETED", 2), ("reject", "FAILED", 1)])
def test_what_nobody_decides_in_time_is_decided_by_the_rule(
    ada: User, model: ScriptedModel, on_timeout: str, status: str, calls: int
) -> None:
    record = ada.run(asking(approval={"timeout_seconds": 2, "on_timeout": on_timeout}))
    assert record["status"] == status
    (question,) = asked(ada, record["execution_id"])
    assert (question["decision"]["kind"], question["decision"]["decided_by"]) == (on_timeout, None)
    assert len(model.requests) == calls


def test_cancelling_while_it_waits_ends_it_at_once_and_takes_the_question_back(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(asking())
    question = waiting(ada, execution_id)
    assert ada.post(f"/executions/{execution_id}/cancel").json()["status"] == "CANCELLED"
    assert not ada.get("/approvals").json()["approvals"]
    assert asked(ada, execution_id)[0]["withdrawn_at"]
    late = decide(ada, execution_id, "approve", approval_id=question["approval_id"])
    assert late.status_code == 409
    record = ada.ended(execution_id)
    assert record["status"] == "CANCELLED"
    assert record["cancel_receipt"]["model_calls"] == 0
    assert len(model.requests) == 1


def test_one_decision_sent_many_times_at_once_counts_once(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(asking())
    question = waiting(ada, execution_id)
    body = {"decision": "revise", "comment": "Again. [[say AGAIN]]", "approval_id": question["approval_id"]}
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(ada.post, f"/executions/{execution_id}/feedback", json=body) for _ in range(4)]
    assert {one.result().status_code for one in sent} == {202}
    assert waiting(ada, execution_id, 2)["output"] == "AGAIN"
    assert ada.post(f"/executions/{execution_id}/feedback", json=body).status_code == 202, "a late repetition"
    decided(ada, execution_id, "approve")
    record = ada.ended(execution_id)
    assert (record["status"], record["attempt"]) == ("COMPLETED", 3)
    assert len(model.requests) == 3


def test_of_two_people_who_decide_at_once_one_wins(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(asking())
    approval_id = waiting(ada, execution_id)["approval_id"]
    with ThreadPoolExecutor(2) as pool:
        sent = [
            pool.submit(decide, ada, execution_id, decision, approval_id=approval_id)
            for decision in ("approve", "reject")
        ]
        answers = [one.result().status_code for one in sent]
    assert sorted(answers) == [202, 409]
    record = ada.ended(execution_id)
    assert record["status"] == ("COMPLETED" if answers[0] == 202 else "FAILED")
    assert len(model.requests) == (2 if answers[0] == 202 else 1)


def test_a_decision_and_a_cancel_at_once_leave_one_ending(ada: User, model: ScriptedModel) -> None:
    config = crew(task("Draft it. [[say DRAFT]]", "draft", human_input=True), task("Print it. [[slow 60]]", "print"))
    execution_ids = [ada.submit(config) for _ in range(3)]
    for execution_id in execution_ids:
        waiting(ada, execution_id)
    with ThreadPoolExecutor(8) as pool:
        decisions = [pool.submit(decide, ada, execution_id, "approve") for execution_id in execution_ids]
        cancels = [pool.submit(ada.post, f"/executions/{execution_id}/cancel") for execution_id in execution_ids]
        assert {one.result().status_code for one in cancels} == {202}
    for execution_id, decision in zip(execution_ids, decisions, strict=True):
        record = ada.ended(execution_id)
        (question,) = asked(ada, execution_id)
        assert record["status"] == "CANCELLED"
        assert record["waiting"] is None
        was_decided = decision.result().status_code == 202
        assert bool(question["decision"]) == was_decided
        assert bool(question["withdrawn_at"]) != was_decided
    assert not ada.get("/approvals").json()["approvals"]


def test_only_the_deciders_decide(
    ada: User, bob: User, model: ScriptedModel, running: tuple[str, ScriptedModel, Stack]
) -> None:
    execution_id = ada.submit(asking(approval={"deciders": ["grace@example.com"]}))
    assert waiting(ada, execution_id)["may_decide"] is False
    assert decide(ada, execution_id, "approve").status_code == 403
    assert decide(bob, execution_id, "approve").status_code == 404
    assert execution_id not in bob.get("/approvals").text
    token = running[2].token("ada", email="grace@example.com")
    with User(running[0], "ada") as grace:
        grace.headers["Authorization"] = f"Bearer {token}"
        decided(grace, execution_id, "approve")
    assert ada.ended(execution_id)["status"] == "COMPLETED"


def test_a_marked_tool_is_called_once_it_is_allowed(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(gated())
    question = waiting(ada, execution_id)
    assert question["kind"] == "tool"
    assert [(call["tool_name"], call["arguments"]) for call in question["tools"]] == [
        ("calculator", {"expression": "6*7"})
    ]
    assert not [event for event in ada.trace(execution_id) if event["event_type"] == "tool_usage_completed"]
    decided(ada, execution_id, "approve")
    record = ada.ended(execution_id)
    assert record["status"] == "COMPLETED", record["error"]
    assert record["usage"]["model_calls"] == len(model.requests) == 2
    used = [event["output"] for event in ada.trace(execution_id) if event["event_type"] == "tool_usage_completed"]
    assert used == ["42"]
    assert "42" in model.requests[1].text


def test_an_agent_is_told_when_its_tool_is_not_allowed_and_goes_on(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(gated())
    waiting(ada, execution_id)
    decided(ada, execution_id, "reject", comment="Too dear.")
    record = ada.ended(execution_id)
    assert record["status"] == "COMPLETED", record["error"]
    assert len(model.requests) == 2
    told = "A person did not allow this tool call. Too dear."
    assert told in model.requests[1].text
    used = [event["output"] for event in ada.trace(execution_id) if event["event_type"] == "tool_usage_completed"]
    assert used == [told]


def three() -> dict[str, Any]:
    return crew(*(task(f"Task {n}. [[say OUT-{n}]]", f"t{n}", context=[]) for n in range(3)))


def test_a_budget_that_is_used_up_asks_for_more(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(three(), limits={"max_model_calls": 1, "on_budget": "ask"})
    question = waiting(ada, execution_id)
    assert (question["kind"], question["limit"]) == ("budget", "max_model_calls")
    assert len(model.requests) == 1
    decided(ada, execution_id, "approve", limits={"max_model_calls": 3})
    record = ada.ended(execution_id)
    assert record["status"] == "COMPLETED", record["error"]
    assert record["limits"]["max_model_calls"] == 3
    assert outputs(ada, execution_id) == ["OUT-0", "OUT-1", "OUT-2"]
    assert len(model.requests) == 3


def test_a_budget_that_is_not_raised_ends_the_execution(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.submit(three(), limits={"max_model_calls": 1, "on_budget": "ask"})
    waiting(ada, execution_id)
    decided(ada, execution_id, "reject")
    record = ada.ended(execution_id)
    assert (record["status"], record["error"]["category"]) == ("FAILED", "rejected")
    assert outputs(ada, execution_id) == ["OUT-0"]
    assert len(model.requests) == 1
