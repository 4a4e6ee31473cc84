from __future__ import annotations

from datetime import timedelta

import pytest
from tests.aws_table import GROUP, ID, NOW, Aws, execution
from tests.fakes.orchestrator import FakeOrchestrator
from tests.unit.services.reconciling import OVERDUE, Harness, MovableClock, harness, park, submitted
from tests.waiting import with_slot

from stepcrew.domain.approval import Decision, DecisionKind
from stepcrew.domain.errors import Category, PlatformUnavailable
from stepcrew.domain.execution import Execution, Progress, Status, Usage
from stepcrew.domain.trace import SYSTEM_ATTEMPT
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.ports import Orchestration
from stepcrew.services.reconcile_execution import Action

RUNNING = Orchestration("RUNNING")
FAILED = Orchestration("FAILED", "States.Runtime", "an internal matter")
STOPPED = Orchestration("ABORTED", "Operator", "by hand")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def made(aws: Aws, orchestrator: FakeOrchestrator, clock: MovableClock) -> Harness:
    return harness(aws, orchestrator, clock)


def decide(aws: Aws) -> Execution:
    """As somebody whose process died before it woke the state machine."""
    waiting = aws.executions.get(GROUP, ID)
    return aws.approvals.decide(
        waiting, Decision(kind=DecisionKind.APPROVE, decided_at=NOW), deadline=waiting.deadline, now=NOW
    )


def hand_over(aws: Aws) -> None:
    running = aws.executions.begin_attempt(GROUP, ID, NOW)
    aws.executions.save_progress(running, progress=Progress(), usage=Usage(), message="", now=NOW, traces_emitted=5)


def test_a_lost_start_is_started(aws: Aws, orchestrator: FakeOrchestrator, made: Harness) -> None:
    submitted(aws)
    assert made.reconcile(GROUP, ID) is Action.STARTED
    assert orchestrator.started == [ID]
    assert aws.executions.get(GROUP, ID).status is Status.PENDING


def test_an_execution_that_never_began_gets_another_machine_when_its_own_failed(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness
) -> None:
    submitted(aws)
    orchestrator.standing[ID] = FAILED
    assert made.reconcile(GROUP, ID) is Action.REPLACED
    assert orchestrator.replaced == [ID]


@pytest.mark.parametrize(
    ("machine", "kind", "words"),
    [
        (None, "StateMachineGone", "is gone in crew task haiku."),
        (STOPPED, "StateMachineStopped", "was stopped by an operator in crew task haiku: Operator: by hand."),
        (FAILED, "StateMachineFailed", "failed in crew task haiku: States.Runtime."),
        (Orchestration("TIMED_OUT"), "StateMachineTimedOut", "reached the longest time AWS allows"),
        (Orchestration("SUCCEEDED"), "StateMachineLeft", "ended without the crew's end being recorded"),
    ],
)
def test_an_attempt_whose_machine_is_not_running_ends_with_the_true_reason(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness, machine: Orchestration | None, kind: str, words: str
) -> None:
    submitted(aws)
    running = aws.executions.begin_attempt(GROUP, ID, NOW)
    progress = Progress(current_task="haiku", tasks_total=1)
    aws.executions.save_progress(running, progress=progress, usage=Usage(), message="", now=NOW)
    if machine:
        orchestrator.standing[ID] = machine

    assert made.reconcile(GROUP, ID) is Action.ENDED

    ended = aws.executions.get(GROUP, ID)
    assert ended.status is Status.FAILED
    assert ended.error
    assert (ended.error.category, ended.error.type, ended.error.task) == (Category.PLATFORM, kind, "haiku")
    assert words in ended.error.message
    event = aws.traces.event(GROUP, ID, SYSTEM_ATTEMPT, 1)
    assert event
    assert event.output == ended.error.message
    assert orchestrator.replaced == []
    assert not orchestrator.started


def test_an_orphan_that_was_to_be_cancelled_is_cancelled(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness
) -> None:
    submitted(aws)
    aws.executions.begin_attempt(GROUP, ID, NOW)
    request_cancel(aws.executions, GROUP, ID, NOW)
    orchestrator.standing[ID] = FAILED

    assert made.reconcile(GROUP, ID) is Action.ENDED
    assert aws.executions.get(GROUP, ID).status is Status.CANCELLED


def test_a_crew_between_two_slices_goes_on_with_another_machine(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness
) -> None:
    submitted(aws)
    hand_over(aws)
    orchestrator.standing[ID] = FAILED
    assert made.reconcile(GROUP, ID) is Action.REPLACED
    assert aws.executions.get(GROUP, ID).status is Status.RUNNING


def test_a_crew_that_waits_goes_on_waiting_with_another_machine(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness
) -> None:
    submitted(aws)
    park(aws)
    orchestrator.standing[ID] = FAILED
    assert made.reconcile(GROUP, ID) is Action.REPLACED
    assert aws.executions.get(GROUP, ID).status is Status.WAITING


def test_a_decision_after_the_machine_was_lost_goes_on_with_another(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness
) -> None:
    submitted(aws)
    park(aws)
    aws.approvals.keep_token(GROUP, ID, "of the lost machine")
    decide(aws)
    orchestrator.standing[ID] = FAILED
    assert made.reconcile(GROUP, ID) is Action.FILLED
    assert made.reconcile(GROUP, ID) is Action.REPLACED
    assert aws.executions.get(GROUP, ID).status is Status.RUNNING


def test_a_crew_whose_machine_was_stopped_while_it_waited_ends(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness
) -> None:
    submitted(aws)
    park(aws)
    orchestrator.standing[ID] = STOPPED
    assert made.reconcile(GROUP, ID) is Action.ENDED
    assert aws.executions.get(GROUP, ID).status is Status.FAILED
    [approval] = aws.approvals.approvals(GROUP, ID)
    assert approval.withdrawn_at


def test_machines_that_keep_failing_end_the_execution(aws: Aws, orchestrator: FakeOrchestrator, made: Harness) -> None:
    submitted(aws)
    orchestrator.standing[ID] = FAILED
    orchestrator.replacements_left = 0
    assert made.reconcile(GROUP, ID) is Action.ENDED
    assert aws.executions.get(GROUP, ID).status is Status.FAILED


def test_a_decision_that_woke_nobody_wakes_the_machine(aws: Aws, orchestrator: FakeOrchestrator, made: Harness) -> None:
    submitted(aws)
    park(aws)
    aws.approvals.keep_token(GROUP, ID, "token")
    with_slot(aws, decide(aws))
    orchestrator.standing[ID] = RUNNING

    assert made.reconcile(GROUP, ID) is Action.WOKEN
    assert orchestrator.resumed == ["token"]
    assert made.reconcile(GROUP, ID) is Action.NOTHING
    assert orchestrator.resumed == ["token"]


def test_a_crew_that_waits_is_let_wait(aws: Aws, orchestrator: FakeOrchestrator, made: Harness) -> None:
    submitted(aws)
    park(aws)
    aws.approvals.keep_token(GROUP, ID, "token")
    orchestrator.standing[ID] = RUNNING
    assert made.reconcile(GROUP, ID) is Action.NOTHING
    assert not orchestrator.resumed
    assert aws.approvals.token(GROUP, ID) == "token"


def test_a_wait_that_the_machine_did_not_end_in_time_is_decided_by_default(
    aws: Aws, orchestrator: FakeOrchestrator, clock: MovableClock, made: Harness
) -> None:
    submitted(aws)
    park(aws, seconds=60)
    aws.approvals.keep_token(GROUP, ID, "token")
    orchestrator.standing[ID] = RUNNING

    clock.time = NOW + timedelta(seconds=80)
    assert made.reconcile(GROUP, ID) is Action.NOTHING  # the machine is given a moment to see it
    clock.time = NOW + timedelta(seconds=100)
    made.reconcile(GROUP, ID)

    assert orchestrator.resumed == ["token"]
    decided = aws.executions.get(GROUP, ID)
    assert decided.status is Status.RUNNING
    assert decided.deadline == execution().deadline + timedelta(seconds=100)


def test_a_running_machine_is_believed_until_long_after_the_deadline(
    aws: Aws, orchestrator: FakeOrchestrator, clock: MovableClock, made: Harness
) -> None:
    submitted(aws)
    running = aws.executions.begin_attempt(GROUP, ID, NOW)
    orchestrator.standing[ID] = RUNNING

    clock.time = running.deadline + OVERDUE
    assert made.reconcile(GROUP, ID) is Action.NOTHING
    clock.time += timedelta(seconds=1)
    assert made.reconcile(GROUP, ID) is Action.ENDED

    ended = aws.executions.get(GROUP, ID)
    assert ended.error
    assert ended.error.category is Category.TIMEOUT
    assert not orchestrator.replaced


def test_a_wait_may_last_longer_than_the_deadline(
    aws: Aws, orchestrator: FakeOrchestrator, clock: MovableClock, made: Harness
) -> None:
    submitted(aws)
    park(aws, seconds=30 * 24 * 3600)
    orchestrator.standing[ID] = RUNNING
    clock.time = NOW + timedelta(days=20)
    assert made.reconcile(GROUP, ID) is Action.NOTHING


def test_an_execution_that_ended_or_was_deleted_is_left_alone(
    aws: Aws, orchestrator: FakeOrchestrator, made: Harness
) -> None:
    assert made.reconcile(GROUP, ID) is Action.NOTHING
    submitted(aws)
    request_cancel(aws.executions, GROUP, ID, NOW)
    assert made.reconcile(GROUP, ID) is Action.NOTHING
    assert not orchestrator.started
    assert not orchestrator.replaced


def test_what_could_not_be_done_is_done_the_next_time(aws: Aws, orchestrator: FakeOrchestrator, made: Harness) -> None:
    submitted(aws)
    orchestrator.outages = 1
    with pytest.raises(PlatformUnavailable):
        made.reconcile(GROUP, ID)
    assert made.reconcile(GROUP, ID) is Action.STARTED
