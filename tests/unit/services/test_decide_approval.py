"""Who decides, twice, too late, at once with others, or not at all."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import GROUP, ID, NOW, Aws, emulated_aws, submission
from tests.fakes.clock import FakeClock
from tests.fakes.limits import FakeLimits
from tests.fakes.orchestrator import FakeOrchestrator
from tests.waiting import park, parked, question, running

from stepcrew.domain.approval import Approval, ApprovalKind, Decision, DecisionKind
from stepcrew.domain.definition import JsonSchema
from stepcrew.domain.errors import Conflict, InvalidRequest, NotAllowed
from stepcrew.domain.execution import Execution, GroupLimits, Limits, Status, Usage
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.decide_approval import DecideApproval, Feedback
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.wake_machine import WakeMachine

ADA = "ada@example.com"
FIRST = f"{ID}.1"
BUDGET: dict[str, Any] = {"kind": ApprovalKind.BUDGET, "limit": "max_tokens", "output": ""}


class Harness:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.machine = FakeOrchestrator()
        self.clock = FakeClock(NOW)
        self.limits = FakeLimits()
        wake = WakeMachine(aws.approvals, self.machine)
        fill = FillSlots(aws.slots, self.limits, self.machine, wake, self.clock)
        self.decide = DecideApproval(aws.executions, aws.approvals, self.limits, fill, self.clock)
        self.cancel = CancelExecution(aws.executions, wake, self.clock)

    def say(self, decision: DecisionKind = DecisionKind.APPROVE, who: str = ADA, **more: Any) -> Execution:
        return self.decide(Feedback(GROUP, ID, decision, who, who, **more))

    def approval(self, number: int = 1) -> Approval:
        return self.aws.approvals.approvals(GROUP, ID)[number - 1]

    def decision(self, number: int = 1) -> Decision:
        found = self.approval(number).decision
        assert found is not None
        return found


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def over_budget(harness: Harness, **ceilings: object) -> Execution:
    harness.limits.cap(**ceilings)
    held = running(harness.aws, limits=Limits(max_tokens=100, on_budget="ask"))
    return park(harness.aws, held, question(**BUDGET), usage=Usage(total_tokens=120))


def faults(caught: pytest.ExceptionInfo[InvalidRequest]) -> list[str]:
    return [fault.pointer for fault in caught.value.faults]


def test_an_approval_goes_on_with_a_later_deadline_and_wakes_the_machine(harness: Harness) -> None:
    waiting = parked(harness.aws)
    harness.aws.approvals.keep_token(GROUP, ID, "t1")
    harness.clock.advance(hours=5)
    going_on = harness.say(comment="Nice.")
    assert (going_on.status, going_on.deadline) == (Status.RUNNING, waiting.deadline + timedelta(hours=5))
    assert harness.decision() == Decision(
        kind=DecisionKind.APPROVE, comment="Nice.", decided_by=ADA, decided_at=NOW + timedelta(hours=5)
    )
    assert (harness.machine.resumed, harness.aws.approvals.token(GROUP, ID)) == (["t1"], None)


def test_a_decision_before_the_token_is_known_wakes_nothing(harness: Harness) -> None:
    parked(harness.aws)
    assert harness.say().status is Status.RUNNING
    assert harness.machine.resumed == []


def test_a_machine_that_cannot_be_woken_fails_no_decision_and_keeps_the_token(harness: Harness) -> None:
    parked(harness.aws)
    harness.aws.approvals.keep_token(GROUP, ID, "t1")
    harness.machine.outages = 1
    assert harness.say(approval_id=FIRST).status is Status.RUNNING
    assert harness.aws.approvals.token(GROUP, ID) == "t1"
    harness.say(approval_id=FIRST)
    assert harness.machine.resumed == ["t1"]


def test_the_same_decision_sent_twice_counts_once(harness: Harness) -> None:
    parked(harness.aws)
    first = harness.say(DecisionKind.REVISE, comment="Shorter.", approval_id=FIRST)
    harness.clock.advance(minutes=1)
    assert harness.say(DecisionKind.REVISE, comment="Shorter.", approval_id=FIRST) == first
    assert harness.decision().decided_at == NOW


@pytest.mark.parametrize(
    "other",
    [
        {"decision": DecisionKind.REJECT},
        {"comment": "Longer."},
        {"who": "bob@example.com"},
        {"output": "Snow."},
        {"approval_id": None},
        {"approval_id": f"{ID}.2"},
    ],
)
def test_any_other_decision_after_it_is_a_conflict_that_says_how_it_stands(
    harness: Harness, other: dict[str, Any]
) -> None:
    parked(harness.aws)
    harness.say(comment="Nice.", approval_id=FIRST)
    said: dict[str, Any] = {"comment": "Nice.", "approval_id": FIRST, **other}
    with pytest.raises(Conflict) as caught:
        harness.say(**said)
    assert ADA in caught.value.message or "RUNNING" in caught.value.message
    assert harness.decision().comment == "Nice."


def test_a_decision_meant_for_an_earlier_question_does_not_answer_the_open_one(harness: Harness) -> None:
    parked(harness.aws)
    harness.say(DecisionKind.REVISE, comment="Shorter.", approval_id=FIRST)
    park(harness.aws, harness.aws.executions.begin_attempt(GROUP, ID, NOW), question(2, attempt=2))
    with pytest.raises(Conflict) as caught:
        harness.say(approval_id=FIRST)
    assert "decided already: revise, by ada@example.com" in caught.value.message
    assert harness.aws.executions.get(GROUP, ID).status is Status.WAITING


@pytest.mark.parametrize("moment", ["between the reads", "before the write"])
def test_who_loses_a_race_is_told_what_the_winner_decided(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    parked(harness.aws)
    look, looks = harness.aws.approvals.approvals, list[str]()

    def late(group_id: str, execution_id: str) -> list[Approval]:
        looks.append(execution_id)
        if len(looks) > 1:
            return look(group_id, execution_id)
        before = look(group_id, execution_id)
        harness.say(DecisionKind.REJECT, "bob@example.com")
        return before if moment == "before the write" else look(group_id, execution_id)

    monkeypatch.setattr(harness.aws.approvals, "approvals", late)
    with pytest.raises(Conflict) as caught:
        harness.say(approval_id=FIRST)
    assert "decided already: reject, by bob@example.com" in caught.value.message
    assert harness.decision().kind is DecisionKind.REJECT


def test_only_the_named_deciders_may_decide_and_their_addresses_are_compared_letter_by_letter(harness: Harness) -> None:
    park(harness.aws, running(harness.aws), question(deciders=["boss@example.com"]))
    for email in ("bob@example.com", None, "", "Boss@example.com", "bo\u017fs@example.com", "boss@example.com "):
        with pytest.raises(NotAllowed) as caught:
            harness.decide(Feedback(GROUP, ID, DecisionKind.APPROVE, "bob", email))
        assert "boss@example.com" in caught.value.remedy
    harness.decide(Feedback(GROUP, ID, DecisionKind.APPROVE, "boss", "boss@example.com"))
    assert harness.aws.executions.get(GROUP, ID).status is Status.RUNNING


@pytest.mark.parametrize(
    ("changes", "said", "pointer"),
    [
        ({}, {"decision": DecisionKind.REVISE}, "/comment"),
        ({}, {"decision": DecisionKind.REVISE, "comment": "  "}, "/comment"),
        ({}, {"decision": DecisionKind.REJECT, "output": "Snow."}, "/output"),
        ({}, {"output": " "}, "/output"),
        ({}, {"limits": GroupLimits(max_tokens=5)}, "/limits"),
        ({"kind": ApprovalKind.TOOL}, {"decision": DecisionKind.REVISE, "comment": "No."}, "/decision"),
        ({"kind": ApprovalKind.TOOL}, {"output": "Snow."}, "/output"),
        (BUDGET, {"decision": DecisionKind.REJECT, "limits": GroupLimits(max_tokens=5)}, "/limits"),
    ],
)
def test_what_does_not_fit_the_question_is_refused(
    harness: Harness, changes: dict[str, Any], said: dict[str, Any], pointer: str
) -> None:
    park(harness.aws, running(harness.aws), question(**changes))
    with pytest.raises(InvalidRequest) as caught:
        harness.say(**said)
    assert faults(caught) == [pointer]
    assert harness.aws.executions.get(GROUP, ID).status is Status.WAITING


def test_a_corrected_answer_must_satisfy_the_tasks_schema(harness: Harness) -> None:
    schema: JsonSchema = {"type": "object", "properties": {"lines": {"type": "integer"}}, "required": ["lines"]}
    crew = submission()
    crew.definition.tasks[0].output_json = schema
    park(harness.aws, running(harness.aws, submitted=crew), question())
    for wrong in ("Rain.", '{"lines": "three"}'):
        with pytest.raises(InvalidRequest) as caught:
            harness.say(output=wrong)
        assert faults(caught) == ["/output"]
    harness.say(output='{"lines": 3}')
    assert harness.decision().output == '{"lines": 3}'


def test_a_budget_is_granted_once_more_or_as_said(harness: Harness) -> None:
    over_budget(harness)
    assert harness.say().limits == Limits(max_tokens=220, on_budget="ask")
    assert harness.decision().limits == Limits(max_tokens=220, on_budget="ask")
    held = harness.aws.executions.begin_attempt(GROUP, ID, NOW)
    assert held.first_limits == Limits(max_tokens=100, on_budget="ask")
    park(harness.aws, held, question(2, attempt=2, **BUDGET), usage=Usage(total_tokens=220))
    granted = GroupLimits(max_tokens=1000, timeout_seconds=7200)
    going_on = harness.say(limits=granted)
    assert (going_on.limits.max_tokens, going_on.deadline) == (1000, held.deadline + timedelta(hours=1))


def test_a_budget_raised_to_another_amount_is_another_decision(harness: Harness) -> None:
    over_budget(harness)
    granted = harness.say(limits=GroupLimits(max_tokens=500), approval_id=FIRST)
    assert harness.say(limits=GroupLimits(max_tokens=500), approval_id=FIRST) == granted
    with pytest.raises(Conflict):
        harness.say(limits=GroupLimits(max_tokens=501), approval_id=FIRST)


def test_no_person_passes_the_groups_ceiling(harness: Harness) -> None:
    over_budget(harness, max_tokens=500)
    with pytest.raises(InvalidRequest) as caught:
        harness.say(limits=GroupLimits(max_tokens=501))
    assert faults(caught) == ["/limits/max_tokens"]
    assert harness.say(limits=GroupLimits(max_tokens=500)).limits.max_tokens == 500


def test_nobody_deciding_takes_the_default_once_the_time_is_over(harness: Harness) -> None:
    waiting = park(harness.aws, running(harness.aws), question(on_timeout=DecisionKind.APPROVE))
    assert harness.decide.nobody(GROUP, ID) == waiting
    harness.clock.advance(days=7)
    assert harness.decide.nobody(GROUP, ID).status is Status.RUNNING
    assert (harness.decision().kind, harness.decision().decided_by) == (DecisionKind.APPROVE, None)
    again = harness.decide.nobody(GROUP, ID)
    assert (again.status, again.approvals) == (Status.RUNNING, 1)


def test_a_budget_that_may_not_grow_is_rejected_when_nobody_decides(harness: Harness) -> None:
    over_budget(harness, max_tokens=110)
    harness.clock.advance(days=7)
    harness.decide.nobody(GROUP, ID)
    assert harness.decision().kind is DecisionKind.REJECT


def test_cancelling_what_waits_ends_it_and_wakes_the_machine(harness: Harness) -> None:
    parked(harness.aws)
    harness.aws.approvals.keep_token(GROUP, ID, "t1")
    assert harness.cancel(GROUP, ID).status is Status.CANCELLED
    assert harness.machine.resumed == ["t1"]
    with pytest.raises(Conflict) as caught:
        harness.say(approval_id=FIRST)
    assert "withdrawn" in caught.value.message


def test_a_cancel_whose_waking_failed_wakes_when_repeated(harness: Harness) -> None:
    parked(harness.aws)
    harness.aws.approvals.keep_token(GROUP, ID, "t1")
    harness.machine.outages = 1
    first = harness.cancel(GROUP, ID)
    assert harness.cancel(GROUP, ID) == first
    assert harness.machine.resumed == ["t1"]
