"""The part of statemachine/execution.asl.yaml that waits for people, executed."""

from __future__ import annotations

from typing import Any

from tests.statemachine.scripted_machine import Machine, moment

PARKED: dict[str, Any] = {"answer": {"outcome": "PARKED", "attempt": 1}}
COMPLETED: dict[str, Any] = {"answer": {"outcome": "COMPLETED", "attempt": 2}}
KEPT: dict[str, Any] = {"answer": {}}


def waiting(seconds: float = 600) -> dict[str, Any]:
    return {"M": {"number": {"N": "1"}, "expires_at": {"S": moment(seconds)}}}


def parks(seconds: float = 600, status: str = "WAITING") -> dict[str, Any]:
    return {"set_status": status, "set": {"waiting": waiting(seconds), "deadline": {"S": moment(600)}}, **PARKED}


def test_a_crew_that_waits_goes_on_when_its_token_comes_back(machine: Machine) -> None:
    running = machine.begin(runner=[parks(), COMPLETED], reconciler=[KEPT])
    [event] = running.calls("reconciler", 1)
    assert event.keys() == {"group_id", "execution_id", "task_token"}

    running.set(status={"S": "RUNNING"})
    running.send_back(event["task_token"])
    outcome = running.outcome()

    assert outcome.states == [
        *("MarkRunning", "RunCrew", "ChooseNext", "ReadOutcome", "ChooseNext", "WaitForDecision"),
        *("ReadOutcome", "ChooseNext", "RunCrew", "ChooseNext", "Finish"),
    ]
    assert len(outcome.runner_events) == 2
    assert len(outcome.reconciler_events) == 1
    assert outcome.ended_as == "COMPLETED"


def test_a_decision_that_was_faster_than_the_token_is_not_lost(machine: Machine) -> None:
    decided = {"set_status": "RUNNING", "send_back": True, **KEPT}
    outcome = machine.run(runner=[parks(), COMPLETED], reconciler=[decided])

    assert outcome.states.count("WaitForDecision") == 1
    assert len(outcome.runner_events) == 2
    assert outcome.status == "SUCCEEDED"


def test_a_decision_that_was_faster_than_the_look_at_the_record_is_not_waited_for(machine: Machine) -> None:
    outcome = machine.run(runner=[parks(status="RUNNING"), COMPLETED])

    assert "WaitForDecision" not in outcome.states
    assert not outcome.reconciler_events
    assert len(outcome.runner_events) == 2


def test_a_crew_may_wait_again_and_again(machine: Machine) -> None:
    running = machine.begin(runner=[parks(), parks(), COMPLETED], reconciler=[KEPT])
    for number in (1, 2):
        token = running.calls("reconciler", number)[-1]["task_token"]
        running.set(status={"S": "RUNNING"})
        running.send_back(token)
    outcome = running.outcome()

    tokens = {event["task_token"] for event in outcome.reconciler_events}
    assert len(tokens) == 2
    assert len(outcome.runner_events) == 3


def test_a_token_that_comes_back_too_early_finds_the_record_waiting_and_waits_again(machine: Machine) -> None:
    running = machine.begin(runner=[parks(), COMPLETED], reconciler=[KEPT])
    running.send_back(running.calls("reconciler", 1)[-1]["task_token"])
    again = running.calls("reconciler", 2)[-1]["task_token"]
    running.set(status={"S": "RUNNING"})
    running.send_back(again)

    assert running.outcome().states.count("WaitForDecision") == 2


def test_when_nobody_decides_in_time_the_default_is_taken(machine: Machine) -> None:
    default = {"set_status": "RUNNING", "answer": {"outcome": "RUNNING"}}
    outcome = machine.run(runner=[parks(1), COMPLETED], reconciler=[KEPT, default])

    assert outcome.states[5:9] == ["WaitForDecision", "TakeDefault", "ReadOutcome", "ChooseNext"]
    assert outcome.reconciler_events[1].keys() == {"group_id", "execution_id", "expired"}
    assert outcome.reconciler_events[1]["expired"] is True
    assert len(outcome.runner_events) == 2
    assert outcome.ended_as == "COMPLETED"


def test_a_wait_that_is_not_over_goes_on_after_a_look(machine: Machine) -> None:
    not_yet = {"set_status": "WAITING", "set": {"waiting": waiting(600)}, "answer": {"outcome": "WAITING"}}
    running = machine.begin(runner=[parks(1), COMPLETED], reconciler=[KEPT, not_yet, KEPT])
    token = running.calls("reconciler", 3)[-1]["task_token"]
    running.set(status={"S": "RUNNING"})
    running.send_back(token)
    outcome = running.outcome()

    assert outcome.states.count("WaitForDecision") == 2
    assert outcome.states.count("TakeDefault") == 1
    assert outcome.status == "SUCCEEDED"


def test_an_end_that_the_machine_did_not_hear_of_is_seen_by_a_look(machine: Machine) -> None:
    unheard = {"set_status": "CANCELLED", "answer": {"outcome": "CANCELLED"}}
    outcome = machine.run(runner=[parks(1), COMPLETED], reconciler=[KEPT, unheard])

    assert len(outcome.runner_events) == 1
    assert outcome.ended_as == "CANCELLED"


def test_taking_the_default_is_repeated_until_it_succeeds(machine: Machine) -> None:
    default = {"set_status": "RUNNING", "answer": {"outcome": "RUNNING"}}
    faults = [{"raise": "PlatformUnavailable"}, {"exit": 1}]
    outcome = machine.run(runner=[parks(-5), COMPLETED], reconciler=[KEPT, *faults, default])

    assert len(outcome.reconciler_events) == 4
    assert outcome.status == "SUCCEEDED"


def test_an_execution_cancelled_while_it_waits_runs_nothing(machine: Machine) -> None:
    running = machine.begin(runner=[parks(), COMPLETED], reconciler=[KEPT])
    [event] = running.calls("reconciler", 1)
    running.set(status={"S": "CANCELLED"})
    running.send_back(event["task_token"])
    outcome = running.outcome()

    assert len(outcome.runner_events) == 1
    assert outcome.ended_as == "CANCELLED"


def test_an_execution_deleted_while_it_waits_ends_in_silence(machine: Machine) -> None:
    running = machine.begin(runner=[parks(), COMPLETED], reconciler=[KEPT])
    [event] = running.calls("reconciler", 1)
    machine.table.delete_item(TableName=machine.table_name, Key=running.key)
    running.send_back(event["task_token"])
    outcome = running.outcome()

    assert outcome.states[-1] == "Finish"
    assert outcome.ended_as == "DELETED"


def test_a_token_that_could_not_be_kept_is_followed_by_another(machine: Machine) -> None:
    running = machine.begin(runner=[parks(), COMPLETED], reconciler=[{"raise": "PlatformUnavailable"}, KEPT])
    token = running.calls("reconciler", 2)[-1]["task_token"]
    running.set(status={"S": "RUNNING"})
    running.send_back(token)
    outcome = running.outcome()

    assert outcome.status == "SUCCEEDED"
    assert outcome.states.count("WaitForDecision") == 1


def test_a_machine_whose_tokens_are_never_kept_fails_and_leaves_the_record_waiting(machine: Machine) -> None:
    outcome = machine.run(runner=[parks()], reconciler=[{"raise": "PlatformUnavailable"}])

    assert outcome.status == "FAILED"
    assert outcome.record["status"] == "WAITING"
    assert len(outcome.reconciler_events) == 9
    assert all("task_token" in event for event in outcome.reconciler_events)


def test_the_time_waited_does_not_count_against_the_deadline(machine: Machine) -> None:
    decided = {"set_status": "RUNNING", "set": {"deadline": {"S": moment(600)}}, "send_back": True, **KEPT}
    parked = {"set_status": "WAITING", "set": {"waiting": waiting()}, **PARKED}
    again = {"answer": {"outcome": "CONTINUE", "attempt": 2}}
    # Both the loop's look at the deadline and the backstop of an attempt would end it by the first deadline.
    outcome = machine.run(runner=[parked, again, {"sleep": 2, **COMPLETED}], reconciler=[decided], deadline_in=-59)

    assert len(outcome.runner_events) == 3
    assert outcome.ended_as == "COMPLETED"


def test_the_backstop_of_an_attempt_after_a_wait_is_the_moved_deadline(machine: Machine) -> None:
    decided = {"set_status": "RUNNING", "set": {"deadline": {"S": moment(-59)}}, "send_back": True, **KEPT}
    outcome = machine.run(
        runner=[parks(), {"sleep": 4, **COMPLETED}],
        reconciler=[decided, {"answer": {"outcome": "FAILED"}}],
    )

    assert "ChooseNext" in outcome.states
    assert outcome.reconciler_events[1]["failure"]["error"] == "States.Timeout"


def test_another_machine_of_a_waiting_execution_waits_on(machine: Machine) -> None:
    running = machine.begin(
        runner=[COMPLETED],
        reconciler=[KEPT],
        record={"status": "WAITING", "message": "Waiting", "deadline": moment(600), "waiting": waiting()},
    )
    token = running.calls("reconciler", 1)[-1]["task_token"]
    assert not running.calls("runner")
    running.set(status={"S": "RUNNING"})
    running.send_back(token)
    outcome = running.outcome()

    assert outcome.states[:4] == ["MarkRunning", "ReadOutcome", "ChooseNext", "WaitForDecision"]
    assert outcome.status == "SUCCEEDED"


def test_a_late_attempt_of_a_waiting_execution_makes_the_machine_wait(machine: Machine) -> None:
    superseded = {"set_status": "WAITING", "set": {"waiting": waiting()}, "answer": {"outcome": "SUPERSEDED"}}
    running = machine.begin(runner=[superseded, COMPLETED], reconciler=[KEPT])
    token = running.calls("reconciler", 1)[-1]["task_token"]
    running.set(status={"S": "RUNNING"})
    running.send_back(token)

    assert running.outcome().states.count("WaitForDecision") == 1


def test_times_without_fractions_are_read_too(machine: Machine) -> None:
    record = {
        "status": "CANCELLED",
        "deadline": "2126-11-24T10:00:00Z",
        "waiting": {"M": {"expires_at": {"S": "2126-11-24T10:00:00Z"}}},
    }
    assert machine.run(runner=[COMPLETED], record=record).status == "SUCCEEDED"


def test_a_decided_crew_goes_on_only_when_it_has_a_slot(machine: Machine) -> None:
    queued = {"status": {"S": "RUNNING"}, "queued_at": {"S": moment(0)}}
    running = machine.begin(runner=[parks(), COMPLETED], reconciler=[KEPT])
    token = running.calls("reconciler", 1)[-1]["task_token"]
    running.set(**queued)
    running.send_back(token)
    again = running.calls("reconciler", 2)[-1]["task_token"]
    assert len(running.calls("runner")) == 1
    running.unset("queued_at")
    running.send_back(again)
    outcome = running.outcome()

    assert outcome.states.count("WaitForDecision") == 2
    assert len(outcome.runner_events) == 2


def test_a_machine_started_for_one_that_waits_for_a_slot_does_not_mark_it_running(machine: Machine) -> None:
    running = machine.begin(runner=[COMPLETED], reconciler=[KEPT], record={"status": "PENDING", "queued_at": moment(0)})
    token = running.calls("reconciler", 1)[-1]["task_token"]
    assert not running.calls("runner")
    running.unset("queued_at")
    running.send_back(token)

    assert running.outcome().states[:4] == ["MarkRunning", "ReadOutcome", "ChooseNext", "WaitForDecision"]
