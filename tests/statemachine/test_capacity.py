"""Lambda has no room for an attempt, or must first make the runner ready again."""

from __future__ import annotations

from typing import Any

import pytest
from tests.statemachine.scripted_machine import Machine

COMPLETED: dict[str, Any] = {"answer": {"outcome": "COMPLETED", "attempt": 1}}


@pytest.mark.parametrize(
    "error",
    [
        "Lambda.TooManyRequestsException",
        "Lambda.CodeArtifactUserPendingException",
        "Lambda.ResourceNotReadyException",
        "Lambda.ResourceConflictException",
        "Lambda.ENINotReadyException",
    ],
)
def test_an_attempt_that_lambda_refuses_for_now_is_begun_later(machine: Machine, error: str) -> None:
    outcome = machine.run(runner=[{"raise": error}, COMPLETED])

    assert outcome.status == "SUCCEEDED"
    assert outcome.reconciler_events == []
    assert outcome.states[1:6] == ["RunCrew", "WaitForCapacity", "ReadOutcome", "ChooseNext", "RunCrew"]


def test_an_accepted_crew_waits_for_capacity_longer_than_any_number_of_retries(machine: Machine) -> None:
    refusals = 15
    outcome = machine.run(runner=[*[{"raise": "Lambda.TooManyRequestsException"}] * refusals, COMPLETED])

    assert outcome.states.count("WaitForCapacity") == refusals
    assert outcome.ended_as == "COMPLETED"


def test_waiting_for_capacity_ends_with_the_deadline_and_says_so(machine: Machine) -> None:
    outcome = machine.run(runner=[{"raise": "Lambda.TooManyRequestsException"}], deadline_in=1)

    [event] = outcome.reconciler_events
    assert event["failure"]["error"] == "States.Timeout"
    assert outcome.states.count("RecordFailure") == 1
