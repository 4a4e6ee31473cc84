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

from stepcrew.domain.approval import Approval, ApprovalKind, Decision, Verdict
from stepcrew.domain.definition import JsonSchema
from stepcrew.domain.errors import Conflict, InvalidRequest, NotAllowed
from stepcrew.domain.execution import Execution, GroupLimits, Limits, Status, Usage
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.decide_approval import DecideApproval, Feedback
from stepcrew.services.wake_machine import WakeMachine

ADA = "ada@example.com"
FIRST = f"{ID}.1"
BUDGET: dict[str, Any] = {"kind": ApprovalKind.BUDGET, "limit": "max_tokens", "output": ""}


class Home:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.machine = FakeOrchestrator()
        self.clock = FakeClock(NOW)
        self.limits = FakeLimits()
        wake = WakeMachine(aws.approvals, self.machine)
        self.decide = DecideApproval(aws.executions, aws.approvals, self.limits, wake, self.clock)
        self.cancel = CancelExecution(aws.executions, wake, self.clock)

    def say(self, decision: Decision = Decision.APPROVE, who: str = ADA, **more: Any) -> Execution:
        return self.decide(Feedback(GROUP, ID, decision, who, who, **more))

    def approval(self, number: int = 1) -> Approval:
        return self.aws.approvals.approvals(GROUP, ID)[number - 1]

    def verdict(self, number: int = 1) -> Verdict:
        found = self.approval(number).verdict
        assert found is not None
        return found


@pytest.fixture
def home() -> Generator[Home]:
    with emulated_aws() as aws:
        yield Home(aws)


def over_budget(home: Home, **ceilings: object) -> Execution:
    home.limits.cap(**ceilings)
    held = running(home.aws, limits=Limits(max_tokens=100, on_budget="ask"))
    return park(home.aws, held, question(**BUDGET), usage=Usage(total_tokens=120))


def faults(caught: pytest.ExceptionInfo[InvalidRequest]) -> list[str]:
    return [fault.pointer for fault in caught.value.faults]


def test_an_approval_goes_on_with_a_later_deadline_and_wakes_the_machine(home: Home) -> None:
    waiting = parked(home.aws)
    home.aws.approvals.keep_token(GROUP, ID, "t1")
    home.clock.advance(hours=5)
    going_on = home.say(comment="Nice.")
    assert (going_on.status, going_on.deadline) == (Status.RUNNING, waiting.deadline + timedelta(hours=5))
    assert home.verdict() == Verdict(
        decision=Decision.APPROVE, comment="Nice.", decided_by=ADA, decided_at=NOW + timedelta(hours=5)
    )
    assert (home.machine.resumed, home.aws.approvals.token(GROUP, ID)) == (["t1"], None)


def test_a_decision_before_the_token_is_known_wakes_nothing(home: Home) -> None:
    parked(home.aws)
    assert home.say().status is Status.RUNNING
    assert home.machine.resumed == []


def test_a_machine_that_cannot_be_woken_fails_no_decision_and_keeps_the_token(home: Home) -> None:
    parked(home.aws)
    home.aws.approvals.keep_token(GROUP, ID, "t1")
    home.machine.outages = 1
    assert home.say(approval_id=FIRST).status is Status.RUNNING
    assert home.aws.approvals.token(GROUP, ID) == "t1"
    home.say(approval_id=FIRST)
    assert home.machine.resumed == ["t1"]


def test_the_same_decision_sent_twice_counts_once(home: Home) -> None:
    parked(home.aws)
    first = home.say(Decision.REVISE, comment="Shorter.", approval_id=FIRST)
    home.clock.advance(minutes=1)
    assert home.say(Decision.REVISE, comment="Shorter.", approval_id=FIRST) == first
    assert home.verdict().decided_at == NOW


@pytest.mark.parametrize(
    "other",
    [
        {"decision": Decision.REJECT},
        {"comment": "Longer."},
        {"who": "bob@example.com"},
        {"output": "Snow."},
        {"approval_id": None},
        {"approval_id": f"{ID}.2"},
    ],
)
def test_any_other_decision_after_it_is_a_conflict_that_says_how_it_stands(home: Home, other: dict[str, Any]) -> None:
    parked(home.aws)
    home.say(comment="Nice.", approval_id=FIRST)
    said: dict[str, Any] = {"comment": "Nice.", "approval_id": FIRST, **other}
    with pytest.raises(Conflict) as caught:
        home.say(**said)
    assert ADA in caught.value.message or "RUNNING" in caught.value.message
    assert home.verdict().comment == "Nice."


def test_a_decision_meant_for_an_earlier_question_does_not_answer_the_open_one(home: Home) -> None:
    parked(home.aws)
    home.say(Decision.REVISE, comment="Shorter.", approval_id=FIRST)
    park(home.aws, home.aws.executions.begin_attempt(GROUP, ID, NOW), question(2, attempt=2))
    with pytest.raises(Conflict) as caught:
        home.say(approval_id=FIRST)
    assert "decided already: revise, by ada@example.com" in caught.value.message
    assert home.aws.executions.get(GROUP, ID).status is Status.WAITING


@pytest.mark.parametrize("moment", ["between the reads", "before the write"])
def test_who_loses_a_race_is_told_what_the_winner_decided(
    home: Home, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    parked(home.aws)
    look, looks = home.aws.approvals.approvals, list[str]()

    def late(group_id: str, execution_id: str) -> list[Approval]:
        looks.append(execution_id)
        if len(looks) > 1:
            return look(group_id, execution_id)
        before = look(group_id, execution_id)
        home.say(Decision.REJECT, "bob@example.com")
        return before if moment == "before the write" else look(group_id, execution_id)

    monkeypatch.setattr(home.aws.approvals, "approvals", late)
    with pytest.raises(Conflict) as caught:
        home.say(approval_id=FIRST)
    assert "decided already: reject, by bob@example.com" in caught.value.message
    assert home.verdict().decision is Decision.REJECT


def test_only_the_named_deciders_may_decide_and_their_addresses_are_compared_letter_by_letter(home: Home) -> None:
    park(home.aws, running(home.aws), question(deciders=["boss@example.com"]))
    for email in ("bob@example.com", None, "", "Boss@example.com", "bo\u017fs@example.com", "boss@example.com "):
        with pytest.raises(NotAllowed) as caught:
            home.decide(Feedback(GROUP, ID, Decision.APPROVE, "bob", email))
        assert "boss@example.com" in caught.value.remedy
    home.decide(Feedback(GROUP, ID, Decision.APPROVE, "boss", "boss@example.com"))
    assert home.aws.executions.get(GROUP, ID).status is Status.RUNNING


@pytest.mark.parametrize(
    ("changes", "said", "pointer"),
    [
        ({}, {"decision": Decision.REVISE}, "/comment"),
        ({}, {"decision": Decision.REVISE, "comment": "  "}, "/comment"),
        ({}, {"decision": Decision.REJECT, "output": "Snow."}, "/output"),
        ({}, {"output": " "}, "/output"),
        ({}, {"limits": GroupLimits(max_tokens=5)}, "/limits"),
        ({"kind": ApprovalKind.TOOL}, {"decision": Decision.REVISE, "comment": "No."}, "/decision"),
        ({"kind": ApprovalKind.TOOL}, {"output": "Snow."}, "/output"),
        (BUDGET, {"decision": Decision.REJECT, "limits": GroupLimits(max_tokens=5)}, "/limits"),
    ],
)
def test_what_does_not_fit_the_question_is_refused(
    home: Home, changes: dict[str, Any], said: dict[str, Any], pointer: str
) -> None:
    park(home.aws, running(home.aws), question(**changes))
    with pytest.raises(InvalidRequest) as caught:
        home.say(**said)
    assert faults(caught) == [pointer]
    assert home.aws.executions.get(GROUP, ID).status is Status.WAITING


def test_a_corrected_answer_must_satisfy_the_tasks_schema(home: Home) -> None:
    schema: JsonSchema = {"type": "object", "properties": {"lines": {"type": "integer"}}, "required": ["lines"]}
    crew = submission()
    crew.definition.tasks[0].output_json = schema
    park(home.aws, running(home.aws, submitted=crew), question())
    for wrong in ("Rain.", '{"lines": "three"}'):
        with pytest.raises(InvalidRequest) as caught:
            home.say(output=wrong)
        assert faults(caught) == ["/output"]
    home.say(output='{"lines": 3}')
    assert home.verdict().output == '{"lines": 3}'


def test_a_budget_is_granted_once_more_or_as_said(home: Home) -> None:
    over_budget(home)
    assert home.say().limits == Limits(max_tokens=220, on_budget="ask")
    assert home.verdict().limits == Limits(max_tokens=220, on_budget="ask")
    held = home.aws.executions.begin_attempt(GROUP, ID, NOW)
    assert held.first_limits == Limits(max_tokens=100, on_budget="ask")
    park(home.aws, held, question(2, attempt=2, **BUDGET), usage=Usage(total_tokens=220))
    granted = GroupLimits(max_tokens=1000, timeout_seconds=7200)
    going_on = home.say(limits=granted)
    assert (going_on.limits.max_tokens, going_on.deadline) == (1000, held.deadline + timedelta(hours=1))


def test_a_budget_raised_to_another_amount_is_another_decision(home: Home) -> None:
    over_budget(home)
    granted = home.say(limits=GroupLimits(max_tokens=500), approval_id=FIRST)
    assert home.say(limits=GroupLimits(max_tokens=500), approval_id=FIRST) == granted
    with pytest.raises(Conflict):
        home.say(limits=GroupLimits(max_tokens=501), approval_id=FIRST)


def test_no_person_passes_the_groups_ceiling(home: Home) -> None:
    over_budget(home, max_tokens=500)
    with pytest.raises(InvalidRequest) as caught:
        home.say(limits=GroupLimits(max_tokens=501))
    assert faults(caught) == ["/limits/max_tokens"]
    assert home.say(limits=GroupLimits(max_tokens=500)).limits.max_tokens == 500


def test_nobody_deciding_takes_the_default_once_the_time_is_over(home: Home) -> None:
    waiting = park(home.aws, running(home.aws), question(on_timeout=Decision.APPROVE))
    assert home.decide.nobody(GROUP, ID) == waiting
    home.clock.advance(days=7)
    assert home.decide.nobody(GROUP, ID).status is Status.RUNNING
    assert (home.verdict().decision, home.verdict().decided_by) == (Decision.APPROVE, None)
    again = home.decide.nobody(GROUP, ID)
    assert (again.status, again.approvals) == (Status.RUNNING, 1)


def test_a_budget_that_may_not_grow_is_rejected_when_nobody_decides(home: Home) -> None:
    over_budget(home, max_tokens=110)
    home.clock.advance(days=7)
    home.decide.nobody(GROUP, ID)
    assert home.verdict().decision is Decision.REJECT


def test_cancelling_what_waits_ends_it_and_wakes_the_machine(home: Home) -> None:
    parked(home.aws)
    home.aws.approvals.keep_token(GROUP, ID, "t1")
    assert home.cancel(GROUP, ID).status is Status.CANCELLED
    assert home.machine.resumed == ["t1"]
    with pytest.raises(Conflict) as caught:
        home.say(approval_id=FIRST)
    assert "withdrawn" in caught.value.message


def test_a_cancel_whose_waking_failed_wakes_when_repeated(home: Home) -> None:
    parked(home.aws)
    home.aws.approvals.keep_token(GROUP, ID, "t1")
    home.machine.outages = 1
    first = home.cancel(GROUP, ID)
    assert home.cancel(GROUP, ID) == first
    assert home.machine.resumed == ["t1"]
