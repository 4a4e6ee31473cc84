"""A decision is neither lost nor carried out twice, and nothing is carried out after a cancel request, whatever ends
the attempt that puts it in."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from typing import Any, cast

import pytest
from crewai.llms.providers.openai.completion import OpenAICompletion

from scripted_model import ScriptedModel
from scripted_model.script import Reply
from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, Limits
from stepcrew.domain.journal import EntryKey, EntryKind, EntryState, JournalEntry
from stepcrew.services.cancel_execution import request_cancel
from stepcrew_runner.approvals.decisions import Decisions
from stepcrew_runner.approvals.tool_gate import UNASKABLE, Call, ToolGate
from stepcrew_runner.crew.own_tools import CalculatorTool
from tests.runner.conftest import OPERATOR_KEY
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.runner.test_approvals import SUM, asks, completes, events, gated, judged


def allowed(harness: Harness) -> str:
    """A crew whose one tool call was allowed, but not made yet."""
    execution_id = harness.submit(gated(f"Sum. {SUM}"))
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    return execution_id


def test_no_model_call_begins_when_an_allowed_calls_result_cannot_be_kept(
    harness: Harness, model: ScriptedModel
) -> None:
    execution_id = allowed(harness)
    write = harness.journal.write

    def without_results(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if entry.kind is EntryKind.TOOL and entry.state is EntryState.ANSWERED:
            raise PlatformUnavailable("The table did not answer.")
        return write(execution, entry, again=again)

    harness.journal.write = without_results
    with pytest.raises(PlatformUnavailable):
        harness.attempt(execution_id)
    assert len(model.requests) == 1
    harness.journal.write = write
    question = asks(harness, execution_id)
    assert question.kind is ApprovalKind.EFFECT, "It may have been made: nobody knows."
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["It is 42."]
    assert len(model.requests) == 2


def test_a_late_worker_that_made_an_allowed_call_makes_no_model_call(harness: Harness, model: ScriptedModel) -> None:
    execution_id = allowed(harness)
    write = harness.journal.write

    def overtaken(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if entry.state is EntryState.ANSWERED:
            harness.executions.change(execution_id, attempt=3)
        return write(execution, entry, again=again)

    harness.journal.write = overtaken
    assert harness.attempt(execution_id).outcome.value == "SUPERSEDED"
    assert len(model.requests) == 1


def test_an_allowed_call_is_not_made_after_a_cancel_request(harness: Harness, model: ScriptedModel) -> None:
    execution_id = allowed(harness)
    begin = harness.executions.begin_attempt

    def cancelled_at_once(group_id: str, execution_id: str, now: datetime, memory_mb: int = 0) -> Execution:
        begun = begin(group_id, execution_id, now, memory_mb)
        request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
        return begun

    harness.executions.begin_attempt = cancelled_at_once
    assert harness.attempt(execution_id).outcome.value == "CANCELLED"
    assert not events(harness, execution_id, "tool_usage_completed")
    assert len(model.requests) == 1


def test_an_allowed_call_that_took_the_whole_slice_is_an_advance(harness: Harness, model: ScriptedModel) -> None:
    execution_id = allowed(harness)
    called = threading.Event()
    write = harness.journal.write

    def after_the_call(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if entry.state is EntryState.ANSWERED:
            called.set()
        return write(execution, entry, again=again)

    harness.journal.write = after_the_call
    harness.remaining = lambda: 100 if called.is_set() else 900
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.remaining = lambda: 900
    assert completes(harness, execution_id) == ["It is 42."]
    assert [event.output for event in events(harness, execution_id, "tool_usage_completed")] == ["42"]


def test_the_agent_is_told_why_a_guardrail_refused_what_a_person_approved(
    harness: Harness, model: ScriptedModel
) -> None:
    guard = 'Judge. [[json {"valid": false, "feedback": "FAR TOO SHORT"}]]'
    config = crew(judged("Draft. [[say DRAFT]]", guardrail=guard))
    config["agents"]["worker"] = agent(tools=["CalculatorTool"])
    execution_id = harness.submit(config)
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    asks(harness, execution_id)
    assert "FAR TOO SHORT" in model.requests[-1].text
    assert len(model.requests) == 3


def test_an_approved_answer_survives_a_question_about_the_budget(harness: Harness, model: ScriptedModel) -> None:
    guard = 'Judge. [[json {"valid": true, "feedback": null}]]'
    limits = Limits(max_model_calls=1, on_budget="ask")
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]", guardrail=guard)), limits=limits)
    asks(harness, execution_id)
    harness.decide(execution_id, "approve", output="EDITED")
    assert asks(harness, execution_id).kind is ApprovalKind.BUDGET
    harness.decide(execution_id, "approve", limits={"max_model_calls": 10, "on_budget": "ask"})
    assert completes(harness, execution_id) == ["EDITED"]
    assert len(model.requests) == 2


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_secret_in_what_a_person_wrote_goes_no_further(harness: Harness, model: ScriptedModel, decision: str) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]")))
    asks(harness, execution_id)
    harness.decide(execution_id, decision, comment=f"With {OPERATOR_KEY}, please.")
    harness.attempt(execution_id)
    assert OPERATOR_KEY not in harness.queue.text()
    assert OPERATOR_KEY not in harness.executions.get(GROUP, execution_id).model_dump_json()


def test_an_agent_that_plans_by_itself_is_told_what_to_revise(harness: Harness, model: ScriptedModel) -> None:
    config = crew(judged("Draft. [[say DRAFT]]"), task("Use it. [[say USED]]", "use"))
    config["agents"]["worker"] = agent(planning_config={"max_attempts": 1, "max_steps": 2})
    execution_id = harness.submit(config)
    asks(harness, execution_id)
    for comment in ("MUCH SHORTER", "WITH A DOT"):
        before = len(model.requests)
        harness.decide(execution_id, "revise", comment=comment)
        asks(harness, execution_id)
        assert all(comment in request.text for request in model.requests[before:])
    assert "MUCH SHORTER" in model.requests[-1].text
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["DRAFT", "USED"]


def delegating(*calls: str) -> dict[str, Any]:
    """A manager whose worker makes these marked calls."""
    inner = " ".join(f'[[tool calculator {{"expression": "{call}"}}]]' for call in calls)
    arguments = json.dumps({"task": f"Inner. {inner} [[say DONE]]", "context": "none", "coworker": "Worker"})
    config = gated(f"Manage. [[tool delegate_work_to_coworker {arguments}]] [[say MANAGED]]", process="hierarchical")
    del config["tasks"][0]["agent"]
    return config


def test_each_decision_counts_for_one_call_of_delegated_work(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(delegating("1+1", "1+1"))
    for number in (1, 2):
        assert asks(harness, execution_id).number == number
        harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["MANAGED"]


def test_a_call_of_delegated_work_that_was_made_is_not_made_again(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    calculate = CalculatorTool._run  # pyright: ignore[reportPrivateUsage]

    def counted(tool: CalculatorTool, expression: str) -> str:
        made.append(expression)
        return calculate(tool, expression)

    monkeypatch.setattr(CalculatorTool, "_run", counted)
    execution_id = harness.submit(delegating("1+1", "2+2", "3+3"))
    for _ in range(3):
        asks(harness, execution_id)
        harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["MANAGED"]
    assert made == ["1+1", "2+2", "3+3"]
    assert '"content": "2"' in json.dumps(model.requests[-2].body["messages"])


def without_native_calls(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
    """The model knows no function calling: its calls are text. It gives these answers."""

    def knows_none(_model: OpenAICompletion) -> bool:
        return False

    monkeypatch.setattr(OpenAICompletion, "supports_function_calling", knows_none)
    take, left = model.take, list(answers)

    def say(body: dict[str, Any], authorization: str | None, provider: str = "openai") -> Reply:
        take(body, authorization, provider)
        return Reply(text=left.pop(0))

    monkeypatch.setattr(model, "take", say)


CALL_AS_TEXT = 'Thought: I must.\nAction: calculator\nAction Input: {"expression": "6*7"}'
ANSWER_AS_TEXT = "Thought: I know.\nFinal Answer: It is 42."


@pytest.mark.parametrize("iterations", [1, 5])
def test_a_call_as_text_is_held_back_too(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, iterations: int
) -> None:
    without_native_calls(model, monkeypatch, CALL_AS_TEXT, ANSWER_AS_TEXT)
    config = gated("Sum.")
    config["agents"]["worker"]["max_iter"] = iterations
    execution_id = harness.submit(config)
    assert asks(harness, execution_id).tools[0].arguments == {"expression": "6*7"}
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["It is 42."]
    assert len(model.requests) == 2
    assert "Observation: 42" in model.requests[1].text


def test_a_person_is_shown_what_the_tool_would_be_called_with(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    nested = '{"x": ' * 300 + "1" + "}" * 300
    call = CALL_AS_TEXT.replace('"6*7"', f'"6*7", "more": {nested}')
    without_native_calls(model, monkeypatch, call, ANSWER_AS_TEXT)
    execution_id = harness.submit(gated("Sum."))
    assert asks(harness, execution_id).tools[0].arguments == {"expression": "6*7"}, "CrewAI leaves the rest out."
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["It is 42."]


def endless() -> list[Any]:
    found: list[Any] = []
    for _ in range(10_000):
        found = [found]
    return found


@pytest.mark.parametrize("arguments", [None, {"deep": endless()}], ids=["not to be read", "without end"])
def test_a_call_that_nobody_can_be_asked_about_is_not_made(arguments: Any) -> None:
    crew_with_rules = CrewDefinition.model_validate(gated("Sum."))
    gate = ToolGate(crew_with_rules, Decisions([]), cast("Any", None))
    call = Call(EntryKey("t0", "d", 1), "calculator", ("calculator", "CalculatorTool"), arguments)
    assert gate.instead(call) == UNASKABLE
