"""Crew tasks side by side share one budget, one question and one end."""

from __future__ import annotations

from typing import Any

from scripted_model import ScriptedModel
from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.execution import Execution, Limits, Usage
from stepcrew_runner.gate.aborts import AskPerson, Question
from stepcrew_runner.gate.control import Control, Time
from tests.runner.house import GROUP, House, agent, crew, task
from tests.runner.test_people import asks, completes, events, gated

CALL = '[[tool calculator {"expression": "1+1"}]]'


def three(description: str) -> dict[str, Any]:
    tasks = [task(f"T{n}. {description} [[say X{n}]]", f"t{n}", async_execution=True) for n in range(3)]
    config = crew(*tasks, task("End. [[say END]]", "end"))
    config["agents"]["worker"] = agent(tools=["CalculatorTool"])
    return config


def test_only_one_of_them_begins_the_last_call_that_is_allowed(house: House, model: ScriptedModel) -> None:
    ended = house.run(three("[[slow 0.5]]"), limits=Limits(max_model_calls=1))
    assert ended.outcome == "FAILED"
    assert len(model.requests) == 1
    assert len(ended.outputs) == 1, "The call that had begun was paid for, and its answer is kept."
    assert ended.execution.usage.model_calls == 1
    assert ended.execution.error is not None
    assert ended.execution.error.type == "LimitReached"


def test_all_of_them_go_on_when_the_budget_was_raised(house: House, model: ScriptedModel) -> None:
    execution_id = house.submit(three(CALL), limits=Limits(max_model_calls=3, on_budget="ask"))
    asks(house, execution_id)
    house.decide(execution_id, "approve", limits={"max_model_calls": 7, "on_budget": "ask"})
    assert completes(house, execution_id) == ["X0", "X1", "X2", "END"]
    assert len(model.requests) == 7
    assert len(events(house, execution_id, "tool_usage_completed")) == 3


def test_a_slice_that_ends_between_their_allowed_calls_repeats_none(house: House, model: ScriptedModel) -> None:
    config = gated(f"Left. {CALL} [[say L]]", f"Right. [[slow 0.3]] {CALL} [[say R]]", "End. [[say END]]")
    for one in config["tasks"][:2]:
        one["async_execution"] = True
    execution_id = house.submit(config)
    asks(house, execution_id)
    house.decide(execution_id, "approve")
    before = len(model.requests)
    house.remaining = lambda: 900 if len(model.requests) == before else 100
    assert house.attempt(execution_id).outcome.value == "CONTINUE"
    house.remaining = lambda: 900
    assert completes(house, execution_id) == ["L", "R", "END"]
    assert len(events(house, execution_id, "tool_usage_completed")) == 2
    assert len(model.requests) == 5


def test_an_abort_stays_though_another_thread_looks_at_that_moment(house: House) -> None:
    execution_id = house.submit(crew(task("One.", "one")))
    execution = house.executions.begin_attempt(GROUP, execution_id, house.clock.now())
    control = Control(execution, house.executions, house.clock, Time(house.remaining, 1), Usage)
    get, question = house.executions.get, Question(ApprovalKind.TOOL, "May it?")

    def asked_meanwhile(group_id: str, execution_id: str) -> Execution:
        control.ask(question)
        return get(group_id, execution_id)

    house.executions.get = asked_meanwhile
    abort = control.check()
    assert isinstance(abort, AskPerson)
    assert control.interrupt is abort
