"""Whatever dies, no answer is paid for twice: each kind of call is answered from the journal in the next attempt."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scripted_model import ScriptedModel
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution
from stepcrew.domain.journal import EntryState, JournalEntry
from tests.runner.harness import GROUP, Ended, Harness, agent, crew, task

SUM = '[[tool calculator {"expression": "6*7"}]]'
PERSON = {"title": "P", "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
FINE = 'Judge. [[json {"valid": true, "feedback": null}]]'


SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
ENDS = ("llm_call_completed", "llm_call_failed")


def worker(**more: Any) -> dict[str, Any]:
    return agent(tools=["CalculatorTool"], **more)


def delegating() -> dict[str, Any]:
    arguments = json.dumps({"task": f"Inner. {SUM} [[say INNER]]", "context": "none", "coworker": "Helper"})
    agents = {"worker": agent(allow_delegation=True), "helper": worker() | {"role": "Helper"}}
    return {"agents": agents, "tasks": [task(f"Lead. [[tool delegate_work_to_coworker {arguments}]] [[say LED]]")]}


def managed() -> dict[str, Any]:
    arguments = json.dumps({"task": "Inner. [[say INNER]]", "context": "none", "coworker": "Worker"})
    text = f"Lead. [[tool delegate_work_to_coworker {arguments}]] [[say LED]]"
    return {"agents": {"worker": agent()}, "tasks": [task(text, agent=None)], "process": "hierarchical"}


def planned() -> dict[str, Any]:
    plan = json.dumps({"list_of_plans_per_task": [{"task_number": 1, "task": "t", "plan": "PLANNED"}]})
    return crew(task(f"Do. [[json {plan}]]", "one"), planning=True)


def parallel(count: int) -> dict[str, Any]:
    tasks = [task(f"T{n}. {SUM} [[say X{n}]]", f"t{n}", async_execution=True) for n in range(count)]
    return {"agents": {"worker": worker()}, "tasks": [*tasks, task("End. [[say END]]", "end")]}


CREWS: dict[str, dict[str, Any]] = {
    "task": crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")),
    "tool": {"agents": {"worker": worker()}, "tasks": [task(f"Sum. {SUM} [[say 42]]", "sum")]},
    "delegated": delegating(),
    "reasoning": {"agents": {"worker": worker(reasoning=True)}, "tasks": [task(f"Sum. {SUM} [[say 42]]", "sum")]},
    "planner": planned(),
    "memory": crew(task("Note it. [[say ADA LIKES TEA]]", "note"), task("Tell. [[say TEA]]", "tell"), memory=True),
    "guardrail": crew(task("Draft. [[say DRAFT]]", "draft", guardrail=FINE), task("Two. [[say TWO]]", "two")),
    "converter": crew(task("Who? [[say Zoë]]", "who", output_pydantic=PERSON), task("Two. [[say TWO]]", "two")),
    "manager": managed(),
    "side by side": parallel(3),
}


def paid(ended: Ended) -> tuple[Any, ...]:
    usage = ended.execution.usage
    error = ended.execution.error
    return (
        ended.outcome,
        error and error.type,
        [(output.name, output.raw, output.json_dict) for output in ended.outputs],
        usage.model_dump(),
    )


class Death(NamedTuple):
    """Of an attempt, at its n-th write into the journal: right after it, or right before it, when what was got is lost
    with the process."""

    write: int
    is_kept: bool = True


def dying(harness: Harness, execution_id: str, death: Death, lost: list[JournalEntry]) -> None:
    """The attempt is overtaken at that write: nothing else of it counts, as if its process had been killed then."""
    write, left = harness.journal.write, [death.write]

    def overtaken(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        left[0] -= 1
        if left[0] == 0:
            harness.executions.change(execution_id, attempt=execution.attempt + 1)
            if not death.is_kept:
                lost.append(entry)
                return entry
        return write(execution, entry, again=again)

    harness.journal.write = overtaken


class Survived(NamedTuple):
    """How it ended, and what was lost on the way."""

    ended: Ended
    lost: list[JournalEntry]


def killed_and_run_on(harness: Harness, config: dict[str, Any], deaths: Iterable[Death]) -> Survived:
    """Attempts that die, each in its way, and a last one that does not."""
    execution_id, write, lost = harness.submit(config), harness.journal.write, list[JournalEntry]()
    for death in deaths:
        dying(harness, execution_id, death, lost)
        answer = harness.attempt(execution_id)
        harness.journal.write = write
        if answer.outcome.value != "SUPERSEDED":
            return Survived(harness.ended(execution_id, answer), lost)
    return Survived(harness.ended(execution_id, harness.attempt(execution_id)), lost)


def killed_after_each_call(harness: Harness, config: dict[str, Any], most: int = 20) -> Ended:
    return killed_and_run_on(harness, config, [Death(1)] * most).ended


@pytest.mark.parametrize("kind", CREWS)
def test_after_any_call_the_next_attempt_pays_for_nothing_again(
    harness: Harness, model: ScriptedModel, kind: str
) -> None:
    remembered = harness.memory.kept()
    undisturbed = harness.run(CREWS[kind])
    requests = len(model.requests)
    assert requests > 1 or kind == "planner"
    model.reset()
    harness.memory.restore(remembered)
    ended = killed_after_each_call(harness, CREWS[kind])
    assert paid(ended) == paid(undisturbed)
    assert len(model.requests) == requests


@pytest.mark.parametrize("kind", CREWS)
def test_a_run_that_is_repeated_from_its_beginning_asks_no_model(
    harness: Harness, model: ScriptedModel, kind: str
) -> None:
    first = harness.run(CREWS[kind])
    model.reset()
    harness.tasks.restore({})
    execution_id = first.execution.execution_id
    harness.executions.change(execution_id, status="RUNNING", ended_at=None)
    again = harness.ended(execution_id, harness.attempt(execution_id))
    assert paid(again) == paid(first)
    assert model.requests == []
    told = [event for event in again.events if event.attempt == 2 and event.event_type in ENDS]
    assert told
    assert all(event.trace_metadata == {"replayed": True} for event in told)
    assert all('"total_tokens": 0' in json.dumps(event.extra_data.get("usage", {"total_tokens": 0})) for event in told)


def delegate(coworker: str) -> str:
    arguments = json.dumps({"task": "Inner. [[say INNER]]", "context": "none", "coworker": coworker})
    return f"[[tool delegate_work_to_coworker {arguments}]]"


@st.composite
def crews(draw: st.DrawFn) -> dict[str, Any]:
    """Of one family: one to four tasks, each with some of a tool, delegated work, a guardrail, structured output and
    parallelism; agents that plan; a crew that plans, and one that is managed."""
    count = draw(st.integers(1, 4))
    is_managed, is_planned = draw(st.booleans()), draw(st.booleans())
    plans = [{"task_number": number + 1, "task": f"t{number}", "plan": "PLAN"} for number in range(count)]
    tasks: list[dict[str, Any]] = []
    for number in range(count):
        more: dict[str, Any] = {"agent": None} if is_managed else {}
        # Not side by side: a coworker that has two tasks at once is refused by CrewAI.
        if not is_managed and number < count - 1:
            more["async_execution"] = draw(st.booleans())
        calls = SUM if draw(st.booleans()) and not is_managed else ""
        if draw(st.booleans()) and not more.get("async_execution"):
            calls += delegate("Worker" if is_managed else "Helper")
        if draw(st.booleans()) and not is_managed:
            more["guardrail"] = FINE
        if draw(st.booleans()) and not is_planned:  # the model answers the planner with what stands in the tasks
            more["output_pydantic"] = PERSON
        answer = json.dumps({"list_of_plans_per_task": plans} if is_planned else {"name": f"N{number}"})
        tasks.append(task(f"Task {number}. {calls} [[json {answer}]]", f"t{number}", **more))
    lead = worker(planning=draw(st.booleans()), allow_delegation=not is_managed)
    config = {"agents": {"worker": lead, "helper": agent("Helper")}, "tasks": tasks, "planning": is_planned}
    return config | ({"process": "hierarchical"} if is_managed else {})


@pytest.mark.timeout(400)
@settings(
    max_examples=12, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=SLOW, database=None
)
@given(config=crews(), deaths=st.lists(st.builds(Death, st.integers(1, 6), st.booleans()), max_size=4))
def test_any_crew_killed_anywhere_ends_as_if_nothing_had_happened(
    running_model: ScriptedModel, config: dict[str, Any], deaths: list[Death]
) -> None:
    running_model.reset()
    undisturbed = Harness(running_model).run(config)
    assert undisturbed.outcome == "COMPLETED", undisturbed.execution.error
    requests = len(running_model.requests)
    running_model.reset()
    ended, lost = killed_and_run_on(Harness(running_model), config, deaths)
    assert paid(ended) == paid(undisturbed)
    in_flight = sum(entry.kind == "model" for entry in lost)
    assert requests <= len(running_model.requests) <= requests + in_flight


def test_a_table_that_does_not_answer_at_once_loses_no_answer(harness: Harness, model: ScriptedModel) -> None:
    harness.journal.outages = 2
    ended = harness.run(CREWS["task"])
    assert ended.outcome == "COMPLETED"
    assert len(model.requests) == 2


def test_an_answer_that_cannot_be_kept_is_not_shown_to_the_crew(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(CREWS["task"])
    harness.journal.outages = 100
    with pytest.raises(PlatformUnavailable):
        harness.attempt(execution_id)
    assert not harness.tasks.task_outputs(GROUP, execution_id)


def test_of_two_attempts_that_got_an_answer_the_first_counts_and_both_are_paid_for(
    harness: Harness, model: ScriptedModel
) -> None:
    execution_id, write = harness.submit(crew(task("One. [[say ONE]]", "one"))), harness.journal.write

    def late(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        """Another attempt has written just before."""
        harness.journal.write = write
        other = entry.model_copy(update={"attempt": 0, "body": entry.body.replace("ONE", "THE FIRST")})
        write(execution, other)
        return write(execution, entry, again=again)

    harness.journal.write = late
    ended = harness.ended(execution_id, harness.attempt(execution_id))
    assert ended.outputs[0].raw == "THE FIRST"
    states = sorted(entry.state for entry in harness.journal.entries(GROUP, execution_id))
    assert states == [EntryState.ANSWERED, EntryState.LOST]


def test_an_execution_that_an_older_version_accepted_and_this_one_began_goes_on(
    harness: Harness, model: ScriptedModel
) -> None:
    execution_id = harness.submit(CREWS["task"])
    harness.executions.change(execution_id, journalled=False)
    dying(harness, execution_id, Death(1), [])
    assert harness.attempt(execution_id).outcome.value == "SUPERSEDED"
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert len(model.requests) == 2


def test_an_execution_that_an_older_version_began_ends_with_the_reason(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(CREWS["task"])
    harness.executions.change(execution_id, attempt=1, journalled=False, status="RUNNING")
    ended = harness.ended(execution_id, harness.attempt(execution_id))
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert ended.execution.error.type == "BegunByOlderVersion"
    assert model.requests == []
