"""What waits is shown to the group, and decided by those who may."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepcrew.domain.approval import ApprovalKind, ToolCall
from stepcrew.domain.execution import GroupLimits, Limits, Usage
from stepcrew.domain.limits import LimitRules
from tests.aws_table import ID, NOW
from tests.unit.api.harness import ADA, BOB, VERA, Harness, body
from tests.waiting import park, parked, question, running

CARL = {**ADA, "sub": "carl", "email": "carl@example.com", "role": "member"}
OTHER = "01936a3c-0000-7000-8000-00000000000b"


def waiting(harness: Harness, claims: dict[str, Any] = ADA, **query: Any) -> dict[str, Any]:
    answer = harness.client(claims).get("/approvals", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_waits_is_listed_with_everything_one_needs_to_decide(harness: Harness) -> None:
    parked(harness.aws)
    [approval] = waiting(harness)["approvals"]
    assert approval == {
        "approval_id": f"{ID}.1",
        "execution_id": ID,
        "number": 1,
        "kind": "answer",
        "execution_name": "haiku",
        "question": "Is this a haiku?",
        "task_name": "haiku",
        "agent_role": None,
        "output": "Rain.",
        "output_reference": None,
        "tools": [],
        "limit": None,
        "deciders": [],
        "may_decide": True,
        "on_timeout": "reject",
        "requested_at": "2026-11-24T09:00:00Z",
        "expires_at": "2026-12-01T09:00:00Z",
        "decision": None,
        "withdrawn_at": None,
    }
    assert waiting(harness, BOB)["approvals"] == []


def test_an_execution_tells_that_it_waits_and_for_what(harness: Harness) -> None:
    parked(harness.aws)
    record = harness.client().get(f"/executions/{ID}").json()
    assert record["status"] == "WAITING"
    assert record["waiting"] == {
        "number": 1,
        "kind": "answer",
        "task_name": "haiku",
        "since": "2026-11-24T09:00:00Z",
        "expires_at": "2026-12-01T09:00:00Z",
    }
    assert record["cancel_receipt"] is None


def test_the_list_continues_behind_its_cursor(harness: Harness) -> None:
    for execution_id in (ID, OTHER):
        parked(harness.aws, execution_id)
    first = waiting(harness, limit=1)
    second = waiting(harness, limit=1, cursor=first["next_cursor"])
    assert [page["approvals"][0]["execution_id"] for page in (first, second)] == [ID, OTHER]
    assert second["next_cursor"] is None


def test_a_page_ends_before_it_grows_beyond_a_response(harness: Harness) -> None:
    for execution_id in (ID, OTHER):
        call = ToolCall(call_id="c", tool_name="publish", arguments={"text": "x" * 3_000_000})
        asked = question(execution_id=execution_id, kind=ApprovalKind.TOOL, tools=[call])
        park(harness.aws, running(harness.aws, execution_id), asked)
    first = waiting(harness)
    assert [one["execution_id"] for one in first["approvals"]] == [ID]
    assert [one["execution_id"] for one in waiting(harness, cursor=first["next_cursor"])["approvals"]] == [OTHER]


@pytest.mark.parametrize(
    ("claims", "may"), [(ADA, True), (CARL, False), (VERA, False), ({**ADA, "email_verified": "false"}, False)]
)
def test_whether_the_caller_may_decide_is_told_and_kept(harness: Harness, claims: dict[str, Any], may: bool) -> None:
    park(harness.aws, running(harness.aws), question(deciders=["ada@example.com"]))
    assert [one["may_decide"] for one in waiting(harness, claims)["approvals"]] == [may]
    answer = harness.client(claims).post(f"/executions/{ID}/feedback", json={"decision": "approve"})
    assert answer.status_code == (202 if may else 403), answer.text


def test_a_viewer_reads_but_never_decides(harness: Harness) -> None:
    parked(harness.aws)
    assert harness.client(VERA).get(f"/executions/{ID}/approvals").status_code == 200
    assert harness.client(VERA).post(f"/executions/{ID}/feedback", json={"decision": "approve"}).status_code == 403
    assert harness.client(BOB).post(f"/executions/{ID}/feedback", json={"decision": "approve"}).status_code == 404
    assert harness.client(BOB).get(f"/executions/{ID}/approvals").status_code == 404
    assert harness.client(BOB).get(f"/executions/{ID}/approvals/1/output").status_code == 404


def test_a_decision_goes_on_and_stays_readable_with_who_took_it(harness: Harness) -> None:
    parked(harness.aws)
    said = {"decision": "revise", "comment": "Shorter.", "approval_id": f"{ID}.1"}
    answer = harness.client().post(f"/executions/{ID}/feedback", json=said)
    assert (answer.status_code, answer.json()["status"], answer.json()["waiting"]) == (202, "RUNNING", None)
    again = harness.client().post(f"/executions/{ID}/feedback", json=said)
    assert (again.status_code, again.json()) == (202, answer.json())
    [approval] = harness.client().get(f"/executions/{ID}/approvals").json()["approvals"]
    assert (approval["may_decide"], approval["decision"]) == (
        False,
        {
            "kind": "revise",
            "comment": "Shorter.",
            "output": None,
            "output_reference": None,
            "limits": None,
            "decided_by": "ada@example.com",
            "decided_at": "2026-11-24T09:00:00Z",
        },
    )
    assert waiting(harness)["approvals"] == []


def test_another_decision_is_a_conflict_that_says_how_it_stands(harness: Harness) -> None:
    parked(harness.aws)
    harness.client().post(f"/executions/{ID}/feedback", json={"decision": "approve"})
    answer = harness.client(CARL).post(
        f"/executions/{ID}/feedback", json={"decision": "reject", "approval_id": f"{ID}.1"}
    )
    assert answer.status_code == 409
    assert answer.json()["detail"] == f"Approval {ID}.1 was decided already: approve, by ada@example.com."
    assert harness.client().post(f"/executions/{ID}/feedback", json={"decision": "approve"}).status_code == 409


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, "/decision"),
        ({"decision": "perhaps"}, "/decision"),
        ({"decision": "revise"}, "/comment"),
        ({"decision": "reject", "output": "Snow."}, "/output"),
        ({"decision": "approve", "limits": {"max_tokens": 5}}, "/limits"),
        ({"decision": "approve", "limits": {"max_tokens": "5"}}, "/limits/max_tokens"),
        ({"decision": "approve", "choice": "yes"}, "/choice"),
    ],
)
def test_feedback_that_does_not_fit_names_its_place(harness: Harness, said: dict[str, Any], pointer: str) -> None:
    parked(harness.aws)
    headers = {"Content-Type": "application/json"}
    answer = harness.client().post(f"/executions/{ID}/feedback", content=json.dumps(said), headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert harness.client().get(f"/executions/{ID}").json()["status"] == "WAITING"


def test_large_answers_and_corrections_are_read_by_address(harness: Harness) -> None:
    park(harness.aws, running(harness.aws), question(output="ü" * 30_000))
    [approval] = waiting(harness)["approvals"]
    assert approval["output"] is None
    reference = approval["output_reference"]
    assert (reference["bytes"], len(reference["preview"])) == (60_000, 300)
    assert harness.client().get(f"http://api{reference['url']}").text == "ü" * 30_000
    harness.client().post(f"/executions/{ID}/feedback", json={"decision": "approve", "output": "ö" * 30_000})
    [approval] = harness.client().get(f"/executions/{ID}/approvals").json()["approvals"]
    corrected = approval["decision"]["output_reference"]
    assert harness.client().get(f"http://api{corrected['url']}").text == "ö" * 30_000
    assert harness.client().get(f"/executions/{ID}/approvals/2/output").status_code == 404


def test_a_budget_is_raised_below_the_ceiling_and_the_group_reads_its_rules(harness: Harness) -> None:
    harness.limits.everyone = LimitRules(GroupLimits(max_model_calls=9), GroupLimits(max_tokens=500))
    asked = question(kind=ApprovalKind.BUDGET, limit="max_tokens", output="")
    held = running(harness.aws, limits=Limits(max_tokens=100))
    park(harness.aws, held, asked, usage=Usage(total_tokens=100))
    answer = harness.client().post(
        f"/executions/{ID}/feedback", json={"decision": "approve", "limits": {"max_tokens": 501}}
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "above_ceiling")
    answer = harness.client().post(f"/executions/{ID}/feedback", json={"decision": "approve"})
    assert answer.json()["limits"]["max_tokens"] == 200
    limits = harness.client().get("/me").json()["limits"]
    assert (limits["defaults"]["max_model_calls"], limits["ceilings"]["max_tokens"]) == (9, 500)


def test_a_limit_above_the_groups_ceiling_is_refused_and_a_dry_run_shows_those_in_force(harness: Harness) -> None:
    harness.limits.cap(max_tokens=500, timeout_seconds=60)
    answer = harness.client().post("/executions", json=body(limits={"max_tokens": 501}))
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, "/limits/max_tokens", "above_ceiling")
    assert "501" in fault["detail"]
    assert "500" in fault["detail"]
    plan = harness.client().post("/executions", params={"dry_run": "true"}, json=body()).json()
    assert (plan["limits"]["max_tokens"], plan["limits"]["timeout_seconds"]) == (500, 60)


def test_cancelling_what_waits_answers_its_receipt(harness: Harness) -> None:
    parked(harness.aws)
    record = harness.client().post(f"/executions/{ID}/cancel").json()
    assert record["status"] == "CANCELLED"
    assert record["cancel_receipt"] == {
        "requested_at": NOW.isoformat().replace("+00:00", "Z"),
        "observed_at": NOW.isoformat().replace("+00:00", "Z"),
        "model_calls": 0,
        "abandoned_calls": 0,
        "total_tokens": 0,
        "cost_usd": 0.0,
    }
    [approval] = harness.client().get(f"/executions/{ID}/approvals").json()["approvals"]
    assert approval["withdrawn_at"] == "2026-11-24T09:00:00Z"


def test_a_submission_whose_start_fails_is_accepted_all_the_same(harness: Harness) -> None:
    harness.orchestrator.outages = 1
    answer = harness.client().post("/executions", json=body())
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")
