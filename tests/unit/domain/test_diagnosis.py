"""Each rule of a diagnosis speaks where its facts hold, and is silent a moment before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import NOW, execution

from stepcrew.domain.diagnosis import (
    MACHINE,
    Facts,
    Finding,
    Machine,
    MachineStep,
    Slots,
    TraceQueueDepth,
    attempts_of,
    span,
)
from stepcrew.domain.diagnosis_rules import RULES, diagnose, paragraph
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution, Progress, Status, Usage, Waiting
from stepcrew.domain.trace import Gap

MINUTE = timedelta(minutes=1)
LATER = NOW + timedelta(minutes=10)
RUNS = Machine(status="RUNNING")
IDLE = TraceQueueDepth(waiting=0, in_flight=0, dead=0)
ERROR = ExecutionError(
    category=Category.MODEL, type="ModelUnavailable", message="The model said 500.", remedy="Submit it again.", task="t"
)


def told(**changes: Any) -> Execution:
    """A running execution of which something was heard just now, changed."""
    usual: dict[str, Any] = {"status": Status.RUNNING, "attempt": 1, "started_at": NOW, "updated_at": LATER}
    return execution().model_copy(update={**usual, **changes})


def ended(status: Status = Status.COMPLETED, **changes: Any) -> Execution:
    return told(status=status, ended_at=LATER, **changes)


def facts(of: Execution, **more: Any) -> Facts:
    known: dict[str, Any] = {"now": LATER, "machine": RUNS, "queue": IDLE, **more}
    return Facts(execution=of, **known)


def waiting(expires_at: Any) -> Execution:
    asked = Waiting(number=1, kind="answer", task_name="haiku", since=NOW, expires_at=expires_at)
    return told(status=Status.WAITING, waiting=asked)


def queue(waiting: int = 0, dead: int = 0) -> TraceQueueDepth:
    return TraceQueueDepth(waiting=waiting, in_flight=0, dead=dead)


def refused() -> Machine:
    names = [("RunCrew", None), (None, "Lambda.TooManyRequestsException"), ("WaitForCapacity", None)]
    steps = [MachineStep(at=NOW, event="x", state=state, error=error) for state, error in names]
    return Machine(status="RUNNING", steps=steps)


SLOTS = Slots(running=2, may_run=2, waiting=3, position=2, open=5, may_be_open=200)
LOST = (Gap(attempt=1, first=3, last=6),)
PENDING: dict[str, Any] = {"status": Status.PENDING, "attempt": 0, "started_at": None}
LONG_AGO = LATER - 5 * MINUTE

SPEAKS: dict[str, tuple[Facts, str]] = {
    "failed": (facts(ended(Status.FAILED, error=ERROR), complete=True), "failed in crew task t after 10 min (model"),
    "waits_for_slot": (facts(told(queued_at=NOW), slots=SLOTS), "at place 2 of 3: 2 of the group run, and 2 may"),
    "limits_unreadable": (
        facts(told(queued_at=NOW), limits_fault="No limit."),
        "since 10 min, and none is given: No l",
    ),
    "waits_for_person": (facts(waiting(LATER + 3 * MINUTE)), "decide about its answer of haiku since 10 min; 3 min"),
    "decision_overdue": (facts(waiting(LONG_AGO)), "ended 5 min ago"),
    "cancel_not_seen": (facts(told(cancel_requested_at=LONG_AGO)), "asked to stop 5 min ago"),
    "not_started": (facts(told(**PENDING), machine=None), "PENDING for 10 min and has no state machine execution"),
    "machine_ended": (facts(told(), machine=Machine(status="FAILED", error="Oh")), "RUNNING, but its state machine ex"),
    "no_capacity": (facts(told(**PENDING), machine=refused()), "refused at the moment (Lambda.TooManyRequestsEx"),
    "attempts_died": (facts(told(attempt=3, traces_emitted={"2": 4})), "Attempt 1 died"),
    "overdue": (facts(told(deadline=LONG_AGO)), "passed 5 min ago"),
    "silent": (
        facts(told(updated_at=LONG_AGO, progress=Progress(current_task="haiku", current_agent="Poet"))),
        "Attempt 1 has told nothing for 5 min in crew task haiku, agent Poet.",
    ),
    "began_late": (facts(told(started_at=NOW + 4 * MINUTE)), "began 4 min after it was submitted"),
    "trace_missing": (facts(ended(traces_emitted={"1": 6}), gaps=LOST, queue=queue(dead=2)), "4 of its trace events"),
    "trace_late": (facts(told(), queue=queue(waiting=500)), "About 500 messages of the stack"),
    "cost_unknown": (facts(told(usage=Usage(cost_note="No price is known for a/b."))), "No price is known for a/b."),
}


@pytest.mark.parametrize("rule", SPEAKS)
def test_a_rule_speaks_where_its_facts_hold(rule: str) -> None:
    known, said = SPEAKS[rule]
    [found] = [one for one in diagnose(known) if one.rule == rule]
    assert said in found.what
    assert found.remedy
    assert found.what in paragraph(known, diagnose(known))


def test_no_rule_is_without_a_case() -> None:
    def rules_of(known: Facts) -> Iterator[int]:
        yield from (number for number, rule in enumerate(RULES) if rule(known))

    assert {number for known, _ in SPEAKS.values() for number in rules_of(known)} == set(range(len(RULES)))


SILENT: dict[str, Facts] = {
    "one that runs": facts(told()),
    "one that completed": facts(ended(traces_emitted={"1": 6}), complete=True),
    "one that was submitted a moment ago": facts(told(**PENDING, created_at=LATER - MINUTE), machine=None),
    "one whose cancel was asked for a moment ago": facts(told(cancel_requested_at=LATER - MINUTE)),
    "one whose deadline was a moment ago": facts(told(deadline=LATER - MINUTE)),
    "one that was silent for a minute": facts(told(updated_at=LATER - MINUTE)),
    "one whose queue has a few messages": facts(told(), queue=queue(waiting=99)),
    "one that had no capacity and then went on": facts(
        told(), machine=Machine(status="RUNNING", steps=[*refused().steps, MachineStep(at=NOW, event="x", state="R")])
    ),
    "one whose queues and state machine do not answer": facts(
        told(), machine=None, queue=None, unread=("state machine", "queues")
    ),
}


@pytest.mark.parametrize("known", SILENT.values(), ids=SILENT)
def test_nothing_wrong_is_said_honestly(known: Facts) -> None:
    assert diagnose(known) == []
    assert paragraph(known, []).startswith("Nothing wrong was found: the execution is ")


def test_parts_that_did_not_answer_are_named() -> None:
    assert paragraph(SILENT["one whose queues and state machine do not answer"], []).endswith(
        "The state machine and the queues did not answer, so what they know is missing here."
    )
    unknown = facts(told(**PENDING), machine=None, unread=(MACHINE,))
    assert diagnose(unknown) == []


@pytest.mark.parametrize(
    ("known", "remedy"),
    [
        (facts(ended(traces_emitted={"1": 6}), gaps=LOST, queue=queue(dead=2)), "the operator redrives"),
        (facts(ended(traces_emitted={"1": 6}), gaps=LOST, queue=queue(waiting=2)), "still on their way"),
        (facts(ended(traces_emitted={"1": 6}), gaps=LOST), "still on their way"),
        (facts(ended(traces_emitted={"1": 6}), gaps=LOST, now=LATER + 5 * MINUTE), "No queue has them any more"),
    ],
)
def test_what_to_do_about_a_missing_trace_follows_from_the_queues(known: Facts, remedy: str) -> None:
    [found] = diagnose(known)
    assert remedy in found.remedy


def test_what_a_dead_attempt_told_last_is_lost_and_said_so() -> None:
    known = facts(ended(attempt=2, traces_emitted={"2": 6}), gaps=(Gap(attempt=1, first=4, last=None),))
    by_rule: dict[str, Finding] = {one.rule: one for one in diagnose(known)}
    assert by_rule.keys() == {"attempts_died", "trace_missing"}
    assert by_rule["trace_missing"].what == "What attempt 1 told after its last batch is lost, for it died."


def test_a_paragraph_begins_with_how_it_stands_unless_a_failure_says_so() -> None:
    known, _ = SPEAKS["cost_unknown"]
    assert paragraph(known, diagnose(known)).startswith("The execution is RUNNING since 10 min; 0 of 0 crew tasks")
    known, _ = SPEAKS["failed"]
    assert paragraph(known, diagnose(known)).startswith("The execution failed in crew task t")


@pytest.mark.parametrize(
    ("note", "remedy"),
    [("No price is known for a/b.", "stepcrew prices set"), ("a/b did not say what a call used.", "tell `usage`")],
)
def test_what_to_do_about_an_unknown_cost_follows_from_its_reason(note: str, remedy: str) -> None:
    [found] = [one for one in diagnose(facts(told(usage=Usage(cost_note=note)))) if one.rule == "cost_unknown"]
    assert remedy in found.remedy


def test_a_crash_is_told_once() -> None:
    crash = ERROR.model_copy(update={"category": Category.CRASH})
    assert [one.rule for one in diagnose(facts(ended(Status.FAILED, error=crash), complete=True))] == ["failed"]


def test_attempts_tell_whether_they_died() -> None:
    found = attempts_of(told(attempt=2, traces_emitted={"9999": 1}, traces_recorded={"1": 3, "9999": 1}))
    assert [(one.attempt, one.emitted, one.recorded, one.died) for one in found] == [
        *((1, None, 3, True), (2, None, 0, False), (9999, 1, 1, False)),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(45, "45 s"), (200, "3 min"), (7500, "2 h 5 min"), (7200, "2 h"), (260_000, "3 days")]
)
def test_a_time_is_told_by_its_largest_parts(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text
