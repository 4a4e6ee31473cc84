"""Crew tasks side by side share one budget, one question and one end."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from openai import AsyncOpenAI

from scripted_model import ScriptedModel
from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.execution import Execution, Limits, Usage
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.aborts import Abort, AskPerson, Question
from stepcrew_runner.gate.control import Control, Time
from stepcrew_runner.isolation.addresses import asking_model
from tests.runner.gates import in_attempt
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.runner.test_approvals import asks, completes, events, gated

CALL = '[[tool calculator {"expression": "1+1"}]]'


def three(description: str) -> dict[str, Any]:
    tasks = [task(f"T{n}. {description} [[say X{n}]]", f"t{n}", async_execution=True) for n in range(3)]
    config = crew(*tasks, task("End. [[say END]]", "end"))
    config["agents"]["worker"] = agent(tools=["CalculatorTool"])
    return config


def test_only_one_of_them_begins_the_last_call_that_is_allowed(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(three("[[slow 0.5]]"), limits=Limits(max_model_calls=1))
    assert ended.outcome == "FAILED"
    assert len(model.requests) == 1
    assert len(ended.outputs) == 1, "The call that had begun was paid for, and its answer is kept."
    assert ended.execution.usage.model_calls == 1
    assert ended.execution.error is not None
    assert ended.execution.error.type == "LimitReached"


def test_all_of_them_go_on_when_the_budget_was_raised(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(three(CALL), limits=Limits(max_model_calls=3, on_budget="ask"))
    asks(harness, execution_id)
    harness.decide(execution_id, "approve", limits={"max_model_calls": 7, "on_budget": "ask"})
    assert completes(harness, execution_id) == ["X0", "X1", "X2", "END"]
    assert len(model.requests) == 7
    assert len(events(harness, execution_id, "tool_usage_completed")) == 3


def test_a_slice_that_ends_between_their_allowed_calls_repeats_none(harness: Harness, model: ScriptedModel) -> None:
    config = gated(
        f"Left. [[meets Right.]] {CALL} [[say L]]", f"Right. [[meets Left.]] {CALL} [[say R]]", "End. [[say END]]"
    )
    for one in config["tasks"][:2]:
        one["async_execution"] = True
    execution_id = harness.submit(config)
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    before = len(model.requests)
    harness.remaining = lambda: 900 if len(model.requests) == before else 100
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.remaining = lambda: 900
    assert completes(harness, execution_id) == ["L", "R", "END"]
    assert len(events(harness, execution_id, "tool_usage_completed")) == 2
    assert len(model.requests) == 5


def test_an_abort_stays_though_another_thread_looks_at_that_moment(harness: Harness) -> None:
    execution_id = harness.submit(crew(task("One.", "one")))
    execution = harness.executions.begin_attempt(GROUP, execution_id, harness.clock.now())
    control = Control(execution, harness.executions, harness.clock, Time(harness.remaining, 1), Usage)
    get, question = harness.executions.get, Question(ApprovalKind.TOOL, "May it?")

    def asked_meanwhile(group_id: str, execution_id: str) -> Execution:
        control.ask(question)
        return get(group_id, execution_id)

    harness.executions.get = asked_meanwhile
    abort = control.check()
    assert isinstance(abort, AskPerson)
    assert control.interrupt is abort


def test_a_call_that_is_given_up_before_it_leaves_holds_no_room_in_the_limits(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_go, check = threading.Event(), threading.Event(), Control.check

    def waits(control: Control) -> Abort | None:
        begun.set()
        assert let_go.wait(60)
        return check(control)

    monkeypatch.setattr(Control, "check", waits)

    async def give_up() -> None:
        client = AsyncOpenAI(base_url=model.url, api_key="local", max_retries=0)
        messages: Any = [{"role": "user", "content": "Hello."}]
        asked = asyncio.ensure_future(client.chat.completions.create(model="gpt-4.1-mini", messages=messages))
        await asyncio.to_thread(begun.wait, 60)
        asked.cancel()
        await asyncio.wait([asked])
        assert asked.cancelled()
        let_go.set()
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0.01)

    def run() -> None:
        with asking_model():
            asyncio.run(give_up())
        now = harness.clock.now()
        assert scope.current_gate().receipt(now, now).abandoned_calls == 0

    in_attempt(harness, run)
    assert model.requests == []
