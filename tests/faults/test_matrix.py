"""The fault matrix. Each test runs one table of docs/reliability.md, several executions at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.faults.calls import (
    API,
    BEGIN,
    COUNT_EVENTS,
    END,
    GIVE_SLOT,
    READ_DEFINITION,
    READ_HOLDERS,
    READ_KEYS,
    READ_OUTPUTS,
    RUNNER,
    SINK,
    START_MACHINE,
    STORE_EVENTS,
    STORE_EXECUTION,
    STORE_OUTPUT,
    WORDS,
    WRITE_JOURNAL,
)
from tests.faults.cases import Case, Expected, Found
from tests.faults.harness import FaultHarness
from tests.faults.processes import kill
from tests.faults.proxy import Call, Fault, How, Plan
from tests.faults.reliability import Findings, Row
from tests.faults.table_rows import DescribedCase, run_all

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
MORE_THAN_THE_SDK_TRIES = 6
TWICE = Expected(attempts=2, died=(1,))


def killed_runner(
    key: str, when: str, call: str, how: How, number: int = 1, expected: Expected = TWICE
) -> DescribedCase:
    return DescribedCase("the runner is killed", when, Case(key, [Fault(RUNNER, call, how, number)], expected))


def in_a_model_call(harness: FaultHarness) -> Callable[[str, Plan], None]:
    def during(_execution_id: str, plan: Plan) -> None:
        harness.called(f"Do second of {plan.marker.decode()}.")
        assert kill(plan.pids[RUNNER])

    return during


def test_a_killed_runner_costs_at_most_the_model_call_in_flight(harness: FaultHarness, findings: Findings) -> None:
    in_flight = Expected(attempts=2, died=(1,), calls={"second": 2}, unknown=1)
    call = Case("killed-in-a-call", [], in_flight, during=in_a_model_call(harness))
    before, after = How.KILL_BEFORE, How.KILL_AFTER
    findings.add(
        "runner",
        run_all(
            harness,
            [
                killed_runner("killed-at-start", "before its first write", BEGIN, before, expected=Expected()),
                killed_runner("killed-begun", "after it took the attempt, before any task", BEGIN, after),
                killed_runner("killed-between", "between the first and the second task", STORE_OUTPUT, after),
                DescribedCase("the runner is killed", "inside the second task's model call", call),
                killed_runner(
                    "killed-answered", "before an answer is in the journal", WRITE_JOURNAL, before, 2, in_flight
                ),
                killed_runner("killed-written", "after an answer is in the journal", WRITE_JOURNAL, after, 2),
                killed_runner(
                    "killed-at-last", "after the last task's output is stored", STORE_OUTPUT, after, 3, TWICE
                ),
                killed_runner("killed-at-end", "before the result is written", END, before),
                killed_runner(
                    "killed-ended", "after the result is written, before it answers", END, after, 1, Expected()
                ),
            ],
        ),
    )


def test_a_killed_api_or_sink_and_a_disordered_queue_lose_nothing(harness: FaultHarness, findings: Findings) -> None:
    def injected(key: str, what: str, when: str, *faults: Fault) -> DescribedCase:
        return DescribedCase(what, when, Case(key, faults))

    def swept(_execution_id: str, _plan: Plan) -> None:
        harness.sweep()

    before, after = How.KILL_BEFORE, How.KILL_AFTER
    given_up = Case("api-given-up", [Fault(API, START_MACHINE, before)], abandoned=True, during=swept)
    api, sink = "the API is killed", "the trace sink is killed"
    twice = Case("queue-reversed", [], hold=True)
    # Whoever comes first starts an execution, for others too.
    of_api = run_all(
        harness,
        [
            injected("api-before", api, "before the record is stored", Fault(API, STORE_EXECUTION, before)),
            injected("api-between", api, "between its two writes", Fault(API, START_MACHINE, before)),
            DescribedCase(api, "between its two writes; nobody asks again, the sweep comes", given_up),
            injected("api-started", api, "after the start, before it answers", Fault(API, START_MACHINE, after)),
        ],
        at_once=1,
    )
    of_sink = run_all(
        harness,
        [
            injected("sink-before", sink, "before it stores a batch", Fault(SINK, STORE_EVENTS, before)),
            injected("sink-stored", sink, "after it stored a batch", Fault(SINK, STORE_EVENTS, after)),
            injected("sink-counted", sink, "after it counted a batch", Fault(SINK, COUNT_EVENTS, after)),
            DescribedCase("every message of the queue comes twice", "after the end, the last one first", twice),
        ],
    )
    findings.add("others", [*of_api, *of_sink])


UNSAID = Expected(attempts=2, died=(1,))
"""The attempt gave up before it could write down that it had emitted nothing."""
AFTER_LONG: dict[tuple[str, str], Expected] = {
    (RUNNER, END): Expected(attempts=2),
    (RUNNER, READ_DEFINITION): UNSAID,
    (RUNNER, READ_OUTPUTS): Expected(attempts=2),
    (RUNNER, READ_KEYS): Expected(attempts=2),
}


def failing(kind: str, calls: list[Call], how: How, times: int = 1) -> dict[Call, Case]:
    """One execution for each call."""
    cases: dict[Call, Case] = {}
    for number, call in enumerate(calls):
        fault = Fault(call.function, call.name, how, call.number, times)
        expected = AFTER_LONG.get((call.function, call.name), Expected()) if times > 1 else Expected()
        cases[call] = Case(f"{kind}-{number}.", [fault], expected)
    return cases


def everything(key: str, names: list[tuple[str, str]], how: How) -> Case:
    """One execution in which every call fails the first time, and succeeds when the SDK repeats it."""
    return Case(key, [Fault(*name, how, times=1000, stride=2) for name in names])


def test_every_call_to_aws_may_fail(harness: FaultHarness, findings: Findings) -> None:
    clean = harness.run([Case("clean.", [])])["clean."]
    assert not clean.problems
    # The reconciler's sweep comes by the clock, perhaps just now.
    own = [call for call in clean.plan.calls if call.function in (API, RUNNER, SINK) and call.name != READ_HOLDERS]
    first = [call for call in own if call.number == 1]
    names = sorted((call.function, call.name) for call in first)
    columns = [
        failing("once", first, How.REFUSE),
        failing("lost", first, How.LOSE),
        failing("long", first, How.REFUSE, MORE_THAN_THE_SDK_TRIES),
    ]
    all_at_once = [everything("all-refused.", names, How.REFUSE), everything("all-lost.", names, How.LOSE)]
    by_anybody = [
        case for column in columns for call, case in column.items() if call.name in (GIVE_SLOT, START_MACHINE)
    ]
    by_one = [case for column in columns for case in column.values() if case not in by_anybody]
    cases = [*by_one, *by_anybody, *all_at_once]
    found = harness.run([*all_at_once, *by_one]) | harness.run(by_anybody, at_once=1)
    problems = {f"{case.key} {case.faults[0][1:]}": found[case.key].problems for case in cases}
    assert not any(problems.values()), {key: one for key, one in problems.items() if one}
    rows = [cells(name, found, *columns) for name in names]
    whole = [cell(found[case.key]) for case in all_at_once]
    heads = ("who", "call", "refused once", "answer lost", "refused for long")
    findings.add("calls", [*rows, ("all", "every call in one execution", *whole, "–")], heads)


def cell(found: Found) -> str:
    return f"{found.record['attempt']}, {found.trace}"


def cells(name: tuple[str, str], found: Mapping[str, Found], *columns: Mapping[Call, Case]) -> Row:
    """The row of one call."""
    row = [WORDS[name[0]], name[1]]
    for cases in columns:
        one = next(found[case.key] for call, case in cases.items() if (call.function, call.name) == name)
        assert one.plan.injected, f"nothing injected {name}"
        row.append(cell(one))
    return tuple(row)
