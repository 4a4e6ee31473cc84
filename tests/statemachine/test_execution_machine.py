"""Every branch of statemachine/execution.asl.yaml, executed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.statemachine.scripted_machine import GROUP, Machine

COMPLETED: dict[str, Any] = {"answer": {"outcome": "COMPLETED", "attempt": 1}}
CONTINUE: dict[str, Any] = {"answer": {"outcome": "CONTINUE", "attempt": 1}}
SUPERSEDED: dict[str, Any] = {"answer": {"outcome": "SUPERSEDED", "attempt": 1}}


def test_a_crew_that_completes_is_marked_running(machine: Machine) -> None:
    outcome = machine.run(runner=[COMPLETED])

    assert outcome.status == "SUCCEEDED"
    assert outcome.states == ["MarkRunning", "RunCrew", "ChooseNext", "Finish"]
    assert outcome.record["status"] == "RUNNING"  # the end is the runner's to record
    assert outcome.record["message"] == "Preparing crew…"
    assert outcome.record["revision"] == "2"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}000Z", outcome.record["started_at"])
    assert outcome.record["updated_at"] == outcome.record["started_at"]
    assert outcome.ended_as == "COMPLETED"


@pytest.mark.parametrize("result", ["FAILED", "CANCELLED"])
def test_a_crews_own_end_is_never_repeated(machine: Machine, result: str) -> None:
    outcome = machine.run(runner=[{"answer": {"outcome": result, "attempt": 1}}])

    assert outcome.status == "SUCCEEDED"
    assert len(outcome.runner_events) == 1
    assert outcome.ended_as == result


def test_the_runner_is_called_again_as_long_as_it_answers_continue(machine: Machine) -> None:
    outcome = machine.run(runner=[CONTINUE, CONTINUE, CONTINUE, COMPLETED])

    assert len(outcome.runner_events) == 4
    assert all(event.keys() == {"group_id", "execution_id"} for event in outcome.runner_events)
    assert outcome.states.count("MarkRunning") == 1


def test_a_slice_does_not_begin_after_the_deadline(machine: Machine) -> None:
    outcome = machine.run(runner=[CONTINUE], deadline_in=-1)

    assert len(outcome.runner_events) == 1
    [event] = outcome.reconciler_events
    assert event["failure"] == {"error": "States.Timeout", "cause": "The deadline passed between two attempts."}
    assert outcome.ended_as == "FAILED"


def test_an_attempt_that_outlives_deadline_and_grace_is_recorded_as_a_timeout(machine: Machine) -> None:
    outcome = machine.run(runner=[{"sleep": 4, **COMPLETED}], deadline_in=-59)

    assert len(outcome.runner_events) == 1
    assert outcome.reconciler_events[0]["failure"]["error"] == "States.Timeout"
    assert outcome.states[-3:] == ["RecordFailure", "ChooseNext", "Finish"]


def test_a_dead_attempt_is_followed_by_another(machine: Machine) -> None:
    outcome = machine.run(runner=[{"exit": 137}, COMPLETED])

    assert outcome.status == "SUCCEEDED"
    assert len(outcome.runner_events) == 2
    assert not outcome.reconciler_events


def test_attempts_that_keep_dying_are_recorded_as_a_failure(machine: Machine) -> None:
    outcome = machine.run(runner=[{"exit": 1}])

    assert len(outcome.runner_events) == 4
    [event] = outcome.reconciler_events
    assert event["group_id"] == GROUP
    assert event["failure"]["error"] == "Runtime.ExitError"
    assert "exited" in event["failure"]["cause"]
    assert outcome.ended_as == "FAILED"


@pytest.mark.parametrize("error", ["Lambda.TooManyRequestsException", "Lambda.ServiceException"])
def test_a_throttled_attempt_is_repeated_more_patiently_than_a_dead_one(machine: Machine, error: str) -> None:
    outcome = machine.run(runner=[*[{"raise": error}] * 7, COMPLETED])

    assert len(outcome.runner_events) == 8
    assert not outcome.reconciler_events


def test_an_error_the_platform_does_not_know_is_not_repeated(machine: Machine) -> None:
    outcome = machine.run(runner=[{"raise": "ValueError"}])

    assert len(outcome.runner_events) == 1
    assert outcome.reconciler_events[0]["failure"]["error"] == "ValueError"


def test_an_answer_without_an_outcome_is_a_failure_not_a_loop(machine: Machine) -> None:
    outcome = machine.run(runner=[{"answer": {}}])

    assert len(outcome.runner_events) == 1
    assert outcome.reconciler_events[0]["failure"]["error"] == "States.QueryEvaluationError"


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "CANCELLED"])
def test_an_execution_that_has_ended_is_left_as_it_is(machine: Machine, status: str) -> None:
    outcome = machine.run(runner=[COMPLETED], record={"status": status, "message": "as it was"})

    assert not outcome.runner_events
    assert outcome.record["status"] == status
    assert outcome.record["message"] == "as it was"
    assert outcome.ended_as == status


def test_an_execution_cancelled_before_it_began_goes_to_the_runner_unmarked(machine: Machine) -> None:
    asked = {"status": "PENDING", "cancel_requested_at": "2026-11-24T10:00:00.000000Z"}
    outcome = machine.run(runner=[{"answer": {"outcome": "CANCELLED", "attempt": 1}}], record=asked)

    assert outcome.record["status"] == "PENDING"
    assert len(outcome.runner_events) == 1
    assert outcome.ended_as == "CANCELLED"


def test_a_deleted_execution_ends_in_silence(machine: Machine) -> None:
    outcome = machine.run(runner=[COMPLETED], record={})

    assert outcome.status == "SUCCEEDED"
    assert not outcome.runner_events
    assert outcome.ended_as == "DELETED"
    assert not outcome.record


def test_a_superseded_attempt_ends_as_the_record_says(machine: Machine) -> None:
    outcome = machine.run(runner=[{"set_status": "CANCELLED", **SUPERSEDED}])

    assert len(outcome.runner_events) == 1
    assert outcome.ended_as == "CANCELLED"


def test_a_superseded_attempt_of_an_open_execution_is_followed_by_another(machine: Machine) -> None:
    outcome = machine.run(runner=[SUPERSEDED, COMPLETED])

    assert outcome.states[:5] == ["MarkRunning", "RunCrew", "ChooseNext", "ReadOutcome", "ChooseNext"]
    assert len(outcome.runner_events) == 2


def test_recording_a_failure_is_repeated_until_it_succeeds(machine: Machine) -> None:
    outcome = machine.run(
        runner=[{"raise": "ValueError"}],
        reconciler=[{"raise": "AnyError"}, {"exit": 1}, {"answer": {"outcome": "FAILED"}}],
    )

    assert outcome.status == "SUCCEEDED"
    assert len(outcome.reconciler_events) == 3


def test_an_execution_that_ended_after_all_ends_as_it_ended(machine: Machine) -> None:
    outcome = machine.run(runner=[{"raise": "ValueError"}], reconciler=[{"answer": {"outcome": "COMPLETED"}}])

    assert outcome.ended_as == "COMPLETED"


def test_a_failure_of_a_deleted_execution_ends_the_machine(machine: Machine) -> None:
    outcome = machine.run(runner=[{"raise": "ValueError"}], reconciler=[{"answer": {"outcome": "DELETED"}}])

    assert outcome.status == "SUCCEEDED"
    assert outcome.ended_as == "DELETED"


def test_a_machine_that_cannot_record_a_failure_fails_itself(machine: Machine) -> None:
    outcome = machine.run(runner=[{"raise": "ValueError"}], reconciler=[{"raise": "AnyError"}])

    assert outcome.status == "FAILED"
    assert len(outcome.reconciler_events) == 9
