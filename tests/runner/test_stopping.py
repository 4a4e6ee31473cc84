"""Each reason to stop stands at the gate: whoever asks a model or calls a tool, nothing begins after it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.execution import Execution, Limits
from stepcrew.domain.journal import JournalEntry
from stepcrew.services.cancel_execution import request_cancel
from stepcrew_runner.crew.own_tools import CalculatorTool
from stepcrew_runner.gate.aborts import Abort
from stepcrew_runner.gate.control import Control
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.runner.test_approvals import asks
from tests.runner.test_budgets import HARD
from tests.until import until

KINDS: dict[str, dict[str, Any]] = {
    **HARD,
    "a conversation that is summarized": crew(
        task(f"Sum up. [[window 40000]] {'word ' * 9_000}"), model="openai/our-own-model"
    ),
}


def cancel(harness: Harness, execution: Execution) -> None:
    request_cancel(harness.executions, GROUP, execution.execution_id, harness.clock.now())


def deadline(harness: Harness, execution: Execution) -> None:
    harness.clock.advance(execution.limits.timeout_seconds + 1)


def newer_attempt(harness: Harness, execution: Execution) -> None:
    harness.executions.change(execution.execution_id, attempt=execution.attempt + 1)


def short_time(harness: Harness, execution: Execution) -> None:
    harness.remaining = lambda: 30.0


REASONS: dict[str, tuple[Callable[[Harness, Execution], None], str]] = {
    "cancel": (cancel, "CANCELLED"),
    "deadline": (deadline, "FAILED"),
    "newer attempt": (newer_attempt, "SUPERSEDED"),
    "short time": (short_time, "CONTINUE"),
}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("kind", KINDS)
def test_after_a_reason_to_stop_no_request_leaves(
    harness: Harness, model: ScriptedModel, kind: str, reason: str
) -> None:
    """It comes up while the first answer is written down; calls that had begun beside it may end."""
    stop, outcome = REASONS[reason]
    write, seen = harness.journal.write, list[int]()

    def stopped(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        standing = write(execution, entry, again=again)
        if not seen:
            stop(harness, execution)
            seen.append(len(model.requests))
        return standing

    harness.journal.write = stopped
    ended = harness.run(KINDS[kind])
    tasks = KINDS[kind]["tasks"]
    beside = sum(bool(one.get("async_execution")) for one in tasks)
    assert len(model.requests) <= max(1, beside)
    if ended.outcome == "COMPLETED":
        assert (kind, len(model.requests)) == ("planner", 1), "There was nothing left that could be stopped."
        return
    if kind in ("a model that refuses", "a model that is not in time") and reason == "short time":
        outcome = "FAILED"  # an attempt that brought nothing further must not be followed by another
    assert ended.outcome == outcome, ended.execution.error


@pytest.fixture
def slow_tool(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], threading.Event]:
    """The calls of a calculator that were made; they end when the event is set. Each has a result of its own: CrewAI
    lets a task fail whose calls bring the same one five times."""
    made, let_go = list[str](), threading.Event()

    def waits(_tool: CalculatorTool, expression: str) -> str:
        made.append(expression)
        assert let_go.wait(60)
        return uuid.uuid4().hex

    monkeypatch.setattr(CalculatorTool, "_run", waits)
    return made, let_go


AT_ONCE = 8
"""As many calls as CrewAI makes side by side."""


@pytest.mark.parametrize("reason", REASONS)
def test_tool_calls_that_wait_for_their_turn_do_not_begin_after_a_reason_to_stop(
    harness: Harness, model: ScriptedModel, slow_tool: tuple[list[str], threading.Event], reason: str
) -> None:
    made, let_go = slow_tool
    stop, outcome = REASONS[reason]
    many = task('Sum. [[tools 20 calculator {"expression": "1+1"}]] [[say DONE]]', "sum")
    execution_id = harness.submit({"agents": {"worker": agent(tools=["CalculatorTool"], cache=False)}, "tasks": [many]})
    attempt = harness.in_background(execution_id)
    until(lambda: len(made) == AT_ONCE)
    stop(harness, harness.executions.get(GROUP, execution_id))
    if reason == "short time":
        harness.remaining = lambda: 5.0
    let_go.set()
    ended = attempt.ended()
    assert ended.outcome == outcome, ended.execution.error
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith("ThreadPoolExecutor")])
    assert len(made) == AT_ONCE
    assert len(model.requests) == 1


def test_tool_calls_that_wait_for_their_turn_do_not_begin_when_a_person_is_asked(
    harness: Harness, model: ScriptedModel, slow_tool: tuple[list[str], threading.Event]
) -> None:
    made, let_go = slow_tool
    let_go.set()
    many = task('Sum. [[tools 20 calculator {"expression": "1+1"}]] [[say DONE]]', "sum")
    worker = agent(tools=["CalculatorTool"], cache=False)
    config = {"agents": {"worker": worker}, "tasks": [many], "approval": {"tools": ["CalculatorTool"]}}
    execution_id = harness.submit(config)
    assert 0 < len(asks(harness, execution_id).tools) <= 20
    assert made == []
    harness.decide(execution_id, "reject")
    while harness.attempt(execution_id).outcome.value == "PARKED":
        harness.decide(execution_id, "reject")
    assert made == []


def test_tool_calls_do_not_begin_when_a_task_beside_them_has_used_up_the_budget(
    harness: Harness,
    model: ScriptedModel,
    slow_tool: tuple[list[str], threading.Event],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, let_go = slow_tool
    settle, settled = Control.settle, threading.Event()

    def told(self: Control, abort: Abort) -> Abort:
        settled.set()
        return settle(self, abort)

    monkeypatch.setattr(Control, "settle", told)
    many = task('Sum. [[tools 20 calculator {"expression": "1+1"}]] [[say DONE]]', "sum", async_execution=True)
    other = task("Ask. [[slow 0.5]] [[tool current_time {}]] [[say ONE]]", "ask", async_execution=True)
    worker = agent(tools=["CalculatorTool", "CurrentTimeTool"], cache=False)
    config = {"agents": {"worker": worker}, "tasks": [many, other, task("End. [[say END]]", "end", context=["ask"])]}
    attempt = harness.in_background(harness.submit(config, limits=Limits(max_model_calls=2)))
    until(lambda: len(made) == AT_ONCE)
    assert settled.wait(60)
    let_go.set()
    ended = attempt.ended()
    assert ended.execution.error is not None
    assert (ended.outcome, ended.execution.error.type) == ("FAILED", "LimitReached")
    assert len(made) == AT_ONCE
    assert len(model.requests) == 2
