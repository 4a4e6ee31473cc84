"""Faults where a crew hands over to its next slice and where it waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.e2e.user import agent, crew, task
from tests.faults.calls import (
    API,
    BEGIN,
    DECIDE,
    HAND_OVER,
    KEEP_TOKEN,
    PARK,
    RECONCILER,
    RUNNER,
    WRITE_JOURNAL,
)
from tests.faults.cases import Case, Expected
from tests.faults.harness import FaultHarness, running_harness
from tests.faults.processes import kill
from tests.faults.proxy import Fault, How, Plan
from tests.faults.reliability import Findings
from tests.faults.table_rows import DescribedCase, run_all

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
SLICE_SECONDS = 2
During = Callable[[str, Plan], None]
BEFORE, AFTER = How.KILL_BEFORE, How.KILL_AFTER


@pytest.fixture(scope="module")
def sliced() -> Generator[FaultHarness]:
    with running_harness(SLICE_SECONDS=str(SLICE_SECONDS)) as harness:
        yield harness


def four_slices(key: str) -> dict[str, Any]:
    """Each model call of the first task is longer than a slice, so that each slice has one, whatever the machine is
    busy with; the second task has another slice."""
    sums = " ".join(f'[[tool calculator {{"expression": "{n}+1"}}]]' for n in range(2))
    slow = f"[[slow {SLICE_SECONDS + 0.1}]]"
    return {
        "name": key,
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [
            task(f"Do first of {key}. {sums} {slow} [[say ONE]]", "first"),
            task(f"Do second of {key}. [[say TWO]]", "second", context=["first"]),
        ],
    }


def in_slices(first: int = 3, attempts: int = 4, died: tuple[int, ...] = (), unknown: int = 0) -> Expected:
    """With so many model calls of the first task."""
    return Expected(attempts=attempts, calls={"first": first, "third": 0}, died=died, unknown=unknown)


def test_a_handover_may_be_interrupted_anywhere(sliced: FaultHarness, findings: Findings) -> None:
    """What is repeated is the model call of a slice that could not hand over, and no other."""

    clean = in_slices()

    def injected(what: str, when: str, key: str, fault: Fault, expected: Expected = clean) -> DescribedCase:
        return DescribedCase(what, when, Case(key, [fault], expected, config=four_slices))

    def in_its_call(_execution_id: str, plan: Plan) -> None:
        sliced.called(f"Do first of {plan.marker.decode()}.", times=2)
        assert kill(plan.pids[RUNNER])

    unwritten = in_slices(first=4, attempts=5, died=(1,), unknown=1)
    written = in_slices(died=(1,))  # what the killed slice brought is there, so no slice is lost
    # The third answer is the first task's last: the next slice finds nothing new to do before the second task's call,
    # so that it makes this call however long the machine took to get there.
    last_answer, third = Fault(RUNNER, WRITE_JOURNAL, AFTER, 5), in_slices(died=(3,))
    call = Case(
        "slice-call",
        [],
        in_slices(first=4, attempts=5, died=(2,), unknown=1),
        during=in_its_call,
        config=four_slices,
    )
    begun = in_slices(attempts=5, died=(2,))
    killed = "the runner is killed"
    answered, kept = "before an answer is in the journal", "after an answer is in the journal"
    findings.add(
        "slices",
        run_all(
            sliced,
            [
                DescribedCase("nothing", "–", Case("slice-clean", [], clean, config=four_slices)),
                injected(killed, answered, "slice-answered", Fault(RUNNER, WRITE_JOURNAL, BEFORE), unwritten),
                injected(killed, kept, "slice-kept", last_answer, third),
                injected(
                    killed, "before the hand-over is written", "slice-before", Fault(RUNNER, HAND_OVER, BEFORE), written
                ),
                injected(killed, "after the hand-over is written", "slice-after", Fault(RUNNER, HAND_OVER, AFTER)),
                injected(
                    killed, "when the second slice has begun", "slice-begun", Fault(RUNNER, BEGIN, AFTER, 2), begun
                ),
                DescribedCase(killed, "inside the second slice's model call", call),
                injected("AWS's answer is lost", "of the hand-over", "slice-lost", Fault(RUNNER, HAND_OVER, How.LOSE)),
            ],
            at_once=3,
        ),
    )


def asking(key: str) -> dict[str, Any]:
    return crew(
        task(f"Do first of {key}. [[say ONE]]", "first", human_input=True),
        task(f"Do second of {key}. [[slow 0.3]] [[say TWO]]", "second"),
        task(f"Do third of {key}. [[say THREE]]", "third", context=["first", "second"]),
        name=key,
    )


class Person:
    """Approves what an execution waits for, once the state machine waits too."""

    def __init__(self, harness: FaultHarness) -> None:
        self._harness = harness

    def patient(self, execution_id: str, plan: Plan) -> None:
        """Sends the decision until it is answered."""
        body = {"decision": "approve", "approval_id": self._question(execution_id, plan)}
        assert self._harness.post(f"/executions/{execution_id}/feedback", body) == 202

    def gone(self, execution_id: str, plan: Plan) -> None:
        """Sends the decision once, and never hears of it; the sweep comes by."""
        approval_id = self._question(execution_id, plan)
        assert self._once(execution_id, approval_id).status_code >= 500
        self._harness.sweep()

    def hasty(self, execution_id: str, plan: Plan) -> None:
        """Sends the same decision four times at once."""
        approval_id = self._question(execution_id, plan)
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(self._once, execution_id, approval_id) for _ in range(4)]
        assert {one.result().status_code for one in sent} == {202}

    def _question(self, execution_id: str, plan: Plan) -> str:
        record = self._harness.until(execution_id, "WAITING")
        self._harness.answered(plan, RECONCILER, KEEP_TOKEN)
        return f"{execution_id}.{record['waiting']['number']}"

    def _once(self, execution_id: str, approval_id: str) -> httpx.Response:
        body = {"decision": "approve", "approval_id": approval_id}
        return self._harness.user.post(f"/executions/{execution_id}/feedback", json=body)


def test_a_question_and_its_decision_may_be_interrupted_anywhere(harness: FaultHarness, findings: Findings) -> None:
    person = Person(harness)
    once = Expected(attempts=2)

    def asked(
        what: str, when: str, key: str, *faults: Fault, during: During = person.patient, expected: Expected = once
    ) -> DescribedCase:
        return DescribedCase(what, when, Case(key, faults, expected, during=during, config=asking))

    runner, api, reconciler = "the runner is killed", "the API is killed", "the reconciler is killed"
    again = Expected(attempts=3, died=(1,))
    unused = Expected(attempts=3, died=(2,))
    begun, between = Fault(RUNNER, BEGIN, AFTER, 2), "between decision and wake-up; "
    findings.add(
        "people",
        run_all(
            harness,
            [
                asked(
                    runner, "before the question is stored", "ask-before", Fault(RUNNER, PARK, BEFORE), expected=again
                ),
                asked(runner, "after the question is stored", "ask-after", Fault(RUNNER, PARK, AFTER)),
                asked("AWS's answer is lost", "of storing the question", "ask-lost", Fault(RUNNER, PARK, How.LOSE)),
                asked(reconciler, "before it keeps the token", "token-before", Fault(RECONCILER, KEEP_TOKEN, BEFORE)),
                asked(reconciler, "after it kept the token", "token-after", Fault(RECONCILER, KEEP_TOKEN, AFTER)),
                asked(api, "before the decision is stored", "decide-before", Fault(API, DECIDE, BEFORE)),
                asked(api, f"{between}the person repeats it", "decide-between", Fault(API, DECIDE, AFTER)),
                asked(api, f"{between}the sweep comes", "decide-gone", Fault(API, DECIDE, AFTER), during=person.gone),
                asked("the decision is sent", "four times at once", "decide-hasty", during=person.hasty),
                asked(runner, "before it has used the decision", "decide-begun", begun, expected=unused),
            ],
        ),
    )
