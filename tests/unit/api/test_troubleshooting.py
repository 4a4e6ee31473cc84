"""Each case of docs/troubleshooting.md made to happen: what the product says then is what the document quotes."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stepcrew.domain.diagnosis import MachineStep, TraceQueueDepth
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.metering import Metered
from stepcrew.services.ports import Orchestration
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import ADA, VERA, Harness, body
from tests.unit.api.test_costs import cost, paid, running
from tests.unit.api.test_diagnoses import why
from tests.unit.api.test_reading import events
from tests.waiting import parked

DOCUMENT = (Path(__file__).parents[3] / "docs/troubleshooting.md").read_text()
QUOTED = set(re.findall(r'"([^"]+)"', DOCUMENT))


def assert_quoted(text: str, *quotes: str) -> None:
    for quote in quotes:
        assert quote in QUOTED, quote
        assert quote in text, (quote, text)


def pending(harness: Harness) -> str:
    return harness.client().post("/executions", json=body()).json()["execution_id"]


def later(harness: Harness, **time: float) -> None:
    harness.aws.clock.at = NOW + timedelta(**time)


def ended(harness: Harness, emitted: int, recorded: int, **more: Any) -> Execution:
    execution = running(harness)
    harness.aws.traces.record(GROUP, execution.execution_id, events(execution, 1, recorded), [])
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=emitted, **more)
    return execution


def test_pending_because_of_the_groups_slots(harness: Harness) -> None:
    harness.limits.write(GROUP, running_executions=1)
    pending(harness)
    assert_quoted(why(harness, pending(harness))["summary"], "It waits for a free slot of its group")


def test_pending_because_the_groups_limits_cannot_be_read(harness: Harness) -> None:
    harness.limits.write(GROUP, running_executions=1)
    pending(harness)
    execution_id = pending(harness)
    harness.limits.faults[GROUP] = f"The limits of group {GROUP} cannot be read: ceilings.max_token: wrong."
    quotes = ("It waits for a slot since", "and none is given: The limits of group")
    assert_quoted(why(harness, execution_id)["summary"], *quotes)


def test_pending_because_its_start_was_lost(harness: Harness) -> None:
    execution_id = pending(harness)
    assert_quoted(why(harness, execution_id)["summary"], "Nothing wrong was found")
    later(harness, minutes=5)
    assert_quoted(why(harness, execution_id)["summary"], "has no state machine execution: its start was lost")


def test_running_and_refused_for_want_of_capacity(harness: Harness) -> None:
    execution_id = pending(harness)
    harness.orchestrator.standing[execution_id] = Orchestration("RUNNING")
    refused = MachineStep(at=NOW, event="TaskFailed", error="Lambda.TooManyRequestsException")
    waits = MachineStep(at=NOW, event="WaitStateEntered", state="WaitForCapacity")
    harness.orchestrator.steps[execution_id] = [refused, waits]
    assert_quoted(why(harness, execution_id)["summary"], "The runner is refused at the moment")


def test_traces_that_are_on_their_way_or_dead_letters(harness: Harness) -> None:
    execution_id = ended(harness, 5, 3).execution_id
    found = why(harness, execution_id)["summary"]
    assert_quoted(found, "trace events are not recorded", "Messages are still on their way")
    harness.trace_queue.found = TraceQueueDepth(waiting=0, in_flight=0, dead=2)
    assert_quoted(why(harness, execution_id)["summary"], "in the trace dead-letter queue")


def test_traces_that_died_with_their_attempt(harness: Harness) -> None:
    first = running(harness)
    second = harness.aws.executions.begin_attempt(GROUP, first.execution_id, NOW)
    harness.aws.executions.finish(second, Status.COMPLETED, message="", now=NOW, traces_emitted=0)
    found = why(harness, first.execution_id)["summary"]
    assert_quoted(found, "told after its last batch is lost, for it died", "died without saying why")


def test_traces_that_come_late(harness: Harness) -> None:
    harness.trace_queue.found = TraceQueueDepth(waiting=900, in_flight=0, dead=0)
    execution_id = running(harness).execution_id
    assert_quoted(why(harness, execution_id)["summary"], "messages of the stack wait in the trace queue")


def test_slow_because_it_began_late_or_waits_for_an_answer(harness: Harness) -> None:
    execution_id = pending(harness)
    harness.orchestrator.standing[execution_id] = Orchestration("RUNNING")
    harness.aws.executions.begin_attempt(GROUP, execution_id, NOW + timedelta(minutes=4))
    later(harness, minutes=9)
    found = why(harness, execution_id)["summary"]
    assert_quoted(found, "It began 4 min after it was submitted.", "has told nothing for 5 min")


def test_slow_because_a_person_is_to_decide(harness: Harness) -> None:
    execution_id = parked(harness.aws).execution_id
    harness.orchestrator.standing[execution_id] = Orchestration("RUNNING")
    assert_quoted(why(harness, execution_id)["summary"], "It waits for a person to decide")


def test_a_cost_that_is_not_known(harness: Harness) -> None:
    usage = Usage(model_calls=1, cost_note="No price is known for openai/own.")
    execution = ended(harness, 3, 3, usage=usage)
    assert_quoted(why(harness, execution.execution_id)["summary"], "No price is known for")
    answer = harness.client().get(f"/executions/{execution.execution_id}").json()
    assert answer["cost"]["total_usd"] is None


def test_a_cost_that_is_not_known_because_the_server_tells_no_usage(harness: Harness) -> None:
    execution = running(harness)
    harness.aws.journal.write(execution, paid(1, "0").model_copy(update={"usage": None, "cost_usd": None}))
    found = cost(harness, execution)
    assert found["total_usd"] is None
    assert_quoted(found["notes"][0], "did not say what a call used")


def test_a_cost_that_stays_an_estimate_because_a_call_was_not_answered(harness: Harness) -> None:
    metered = Metered(attempts=1, mb_ms=1769 * 60_000)
    found = cost(harness, ended(harness, 3, 3, usage=Usage(unanswered_calls=1), metered=metered))
    assert found["estimated"]
    assert_quoted(found["notes"][0], "of its model calls brought no answer")


def test_a_cost_that_stays_an_estimate_because_an_attempt_died(harness: Harness) -> None:
    first = running(harness)
    harness.aws.journal.write(first, paid(1, "0.25"))
    second = harness.aws.executions.begin_attempt(GROUP, first.execution_id, NOW + timedelta(minutes=1), 1769)
    metered = Metered(attempts=1, mb_ms=1769 * 60_000)
    harness.aws.executions.finish(second, Status.COMPLETED, message="", now=NOW, metered=metered)
    found = cost(harness, second)
    assert (found["estimated"], found["model_usd"], bool(found["notes"])) == (True, 0.25, True)


@pytest.mark.parametrize(
    ("claims", "group", "status", "quote"),
    [
        ({**ADA, "token_use": "access"}, None, 401, "The token is no id token."),
        ({"iss": "i", "sub": "x"}, None, 403, "The token names no group."),
        (VERA, "research", 403, "The token does not belong to the group 'research'."),
        (VERA, None, 403, "Your role in the group 'demo', viewer, may not submit, cancel and decide."),
    ],
)
def test_who_cannot_sign_in_is_told_why(
    harness: Harness, claims: dict[str, Any], group: str | None, status: int, quote: str
) -> None:
    headers = {"X-Group-Id": group} if group else {}
    answer = harness.client(claims).post("/executions", json=body(), headers=headers)
    assert answer.status_code == status
    assert_quoted(answer.json()["detail"], quote)
    assert answer.json()["remedy"]


def test_every_quotation_of_the_document_is_made_to_happen_here() -> None:
    source = Path(__file__).read_text()
    assert {quote for quote in QUOTED if f'"{quote}"' not in source} == set()
