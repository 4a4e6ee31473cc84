"""A call that changes something outside is never repeated by itself, and one that only reads may be."""

from __future__ import annotations

from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.execution import Execution
from stepcrew.domain.journal import EntryState, JournalEntry
from stepcrew_runner.crew.own_tools import CalculatorTool
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.runner.test_approvals import asks, completes
from tests.runner.test_decisions import ANSWER_AS_TEXT, CALL_AS_TEXT, without_native_calls

SUM = '[[tool calculator {"expression": "6*7"}]] [[say It is 42.]]'


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the calculator was really asked."""
    found: list[str] = []
    calculate = CalculatorTool._run  # pyright: ignore[reportPrivateUsage]

    def counted(tool: CalculatorTool, expression: str) -> str:
        found.append(expression)
        return calculate(tool, expression)

    monkeypatch.setattr(CalculatorTool, "_run", counted)
    return found


def with_effects(text: str = SUM, **more: Any) -> dict[str, Any]:
    config = crew(task(f"Sum. {text}", "sum"), effects=["CalculatorTool"], **more)
    config["agents"]["worker"] = agent(tools=["CalculatorTool"])
    return config


def died_in_the_call(harness: Harness, config: dict[str, Any]) -> str:
    """An execution whose attempt made the call and died before the result was in the journal."""
    execution_id, write = harness.submit(config), harness.journal.write

    def dies(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if entry.kind == "tool" and entry.state is EntryState.ANSWERED:
            harness.executions.change(execution_id, attempt=execution.attempt + 1)
            return entry
        return write(execution, entry, again=again)

    harness.journal.write = dies
    assert harness.attempt(execution_id).outcome.value == "SUPERSEDED"
    harness.journal.write = write
    return execution_id


def test_a_call_whose_end_nobody_knows_is_asked_about_and_made_again_when_a_person_says_so(
    harness: Harness, model: ScriptedModel, made: list[str]
) -> None:
    execution_id = died_in_the_call(harness, with_effects())
    question = asks(harness, execution_id)
    assert question.kind is ApprovalKind.EFFECT
    assert [(call.tool_name, call.arguments) for call in question.tools] == [("calculator", {"expression": "6*7"})]
    assert made == ["6*7"]
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["It is 42."]
    assert made == ["6*7", "6*7"]
    assert len(model.requests) == 2


def test_a_call_that_a_person_does_not_let_repeat_is_told_to_the_agent(
    harness: Harness, model: ScriptedModel, made: list[str]
) -> None:
    execution_id = died_in_the_call(harness, with_effects())
    asks(harness, execution_id)
    harness.decide(execution_id, "reject", comment="It arrived.")
    assert completes(harness, execution_id) == ["It is 42."]
    assert made == ["6*7"]
    told = model.requests[-1].body["messages"][-1]["content"]
    assert told == "Nobody knows whether this tool call took effect, and it is not made again. It arrived."


def test_a_repeated_call_that_ends_the_same_way_is_another_question(
    harness: Harness, model: ScriptedModel, made: list[str]
) -> None:
    execution_id = died_in_the_call(harness, with_effects())
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    write = harness.journal.write

    def dies(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if entry.state is EntryState.ANSWERED:
            harness.executions.change(execution_id, attempt=execution.attempt + 1)
            return entry
        return write(execution, entry, again=again)

    harness.journal.write = dies
    assert harness.attempt(execution_id).outcome.value == "SUPERSEDED"
    harness.journal.write = write
    assert asks(harness, execution_id).number == 2
    assert made == ["6*7", "6*7"]


def test_the_crew_may_be_made_to_fail_instead(harness: Harness, model: ScriptedModel, made: list[str]) -> None:
    execution_id = died_in_the_call(harness, with_effects(on_unknown_effect="fail"))
    ended = harness.ended(execution_id, harness.attempt(execution_id))
    assert ended.execution.error is not None
    assert (ended.outcome, ended.execution.error.type) == ("FAILED", "UnknownEffect")
    assert made == ["6*7"]


@pytest.mark.parametrize("effects", [{"on_unknown_effect": "repeat"}, {"effects": []}], ids=["repeat", "no effects"])
def test_a_call_that_may_be_repeated_is(
    harness: Harness, model: ScriptedModel, made: list[str], effects: dict[str, Any]
) -> None:
    execution_id = died_in_the_call(harness, with_effects() | effects)
    assert completes(harness, execution_id) == ["It is 42."]
    assert made == ["6*7", "6*7"]
    assert len(model.requests) == 2


def test_a_result_that_is_in_the_journal_is_not_asked_for_again(
    harness: Harness, model: ScriptedModel, made: list[str]
) -> None:
    execution_id = harness.submit(with_effects())
    harness.remaining = lambda: 900 if len(model.requests) < 1 else 100
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.remaining = lambda: 900
    assert completes(harness, execution_id) == ["It is 42."]
    assert made == ["6*7"]
    states = {entry.state for entry in harness.journal.entries(GROUP, execution_id)}
    assert states == {EntryState.ANSWERED}


def test_two_calls_with_effects_are_two_calls_though_crewai_has_a_cache(
    harness: Harness, model: ScriptedModel, made: list[str]
) -> None:
    twice = '[[tool calculator {"expression": "1+1"}]] [[tool calculator {"expression": "1+1"}]] [[say two]]'
    execution_id = harness.submit(with_effects(twice))
    assert completes(harness, execution_id) == ["two"]
    assert made == ["1+1", "1+1"]


def test_a_call_as_text_that_raised_is_not_repeated_by_crewai(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of models without function calling, CrewAI makes a call that raised three times."""
    made: list[str] = []

    def breaks(_tool: CalculatorTool, expression: str) -> str:
        made.append(expression)
        raise OSError("The connection broke.")

    monkeypatch.setattr(CalculatorTool, "_run", breaks)
    without_native_calls(model, monkeypatch, CALL_AS_TEXT, ANSWER_AS_TEXT)
    assert completes(harness, harness.submit(with_effects("Sum."))) == ["It is 42."]
    assert made == ["6*7"]
    assert "The connection broke." in model.requests[1].text
