"""People in the loop: an attempt that asks ends, and the next one goes on from the decision."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.approval import Approval, ApprovalKind, DecisionKind
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, Limits, Status
from stepcrew.services.cancel_execution import request_cancel
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.until import until

SUM = '[[tool calculator {"expression": "6*7"}]] [[say It is 42.]]'


def judged(description: str, name: str = "answer", **more: Any) -> dict[str, Any]:
    return task(description, name, human_input=True, **more)


def asks(harness: Harness, execution_id: str) -> Approval:
    """Runs an attempt that must end with a question."""
    assert harness.attempt(execution_id).outcome.value == "PARKED"
    assert harness.executions.get(GROUP, execution_id).status is Status.WAITING
    return harness.approvals.approvals(GROUP, execution_id)[-1]


def completes(harness: Harness, execution_id: str) -> list[str]:
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    return [output.raw for output in harness.tasks.task_outputs(GROUP, execution_id)]


def record(harness: Harness, execution_id: str) -> Execution:
    return harness.executions.get(GROUP, execution_id)


def events(harness: Harness, execution_id: str, *types: str) -> list[Any]:
    """What happened, each once: not what a later attempt came to again."""
    told = [event for event in harness.queue.events(execution_id) if not event.trace_metadata.get("replayed")]
    return [event for event in told if event.event_type in types]


def test_an_approved_answer_becomes_the_output_without_a_model_call(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]"), task("Use it. [[say USED]]", "use")))
    question = asks(harness, execution_id)
    assert (question.kind, question.output, question.task_name) == (ApprovalKind.ANSWER, "DRAFT", "answer")
    assert (question.number, question.on_timeout) == (1, DecisionKind.REJECT)
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["DRAFT", "USED"]
    assert len(model.requests) == 2
    assert "DRAFT" in model.requests[1].text
    asked, answered = events(harness, execution_id, "human_feedback_requested", "human_feedback_received")
    assert (asked.output, asked.task_name, asked.extra_data["approval"]) == ("DRAFT", "answer", 1)
    assert (answered.extra_data["decision"], answered.extra_data["decided_by"]) == ("approve", "ada@example.com")


def test_revising_twice_costs_one_model_call_each(harness: Harness, model: ScriptedModel) -> None:
    config = {"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [judged(f"Sum. {SUM}", "sum")]}
    execution_id = harness.submit(config)
    assert asks(harness, execution_id).output == "It is 42."
    assert len(model.requests) == 2
    harness.decide(execution_id, "revise", comment="Shorter. [[say 42]]")
    assert asks(harness, execution_id).output == "42"
    harness.decide(execution_id, "revise", comment="With a dot. [[say 42.]]")
    assert asks(harness, execution_id).number == 3
    assert len(model.requests) == 4
    assert "Shorter." in model.requests[3].text
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["42."]
    assert len(model.requests) == 4
    assert len(events(harness, execution_id, "tool_usage_completed")) == 1
    assert record(harness, execution_id).usage.model_calls == 4


def test_an_agent_without_tools_sees_the_answer_it_is_to_revise(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]")))
    asks(harness, execution_id)
    harness.decide(execution_id, "revise", comment="Better. [[say BETTER]]")
    assert asks(harness, execution_id).output == "BETTER"
    messages = model.requests[1].body["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[2]["content"] == "DRAFT"
    assert "Better." in messages[3]["content"]


def test_a_slice_that_ends_after_a_revision_does_not_repeat_the_comment(harness: Harness, model: ScriptedModel) -> None:
    config = {"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [judged("Sum. [[say 1]]", "sum")]}
    execution_id = harness.submit(config)
    asks(harness, execution_id)
    harness.decide(execution_id, "revise", comment=f"Calculate. {SUM}")
    before = len(model.requests)
    harness.remaining = lambda: 900 if len(model.requests) == before else 100
    assert harness.attempt(execution_id).outcome.value == "CONTINUE"
    harness.remaining = lambda: 900
    assert asks(harness, execution_id).output == "It is 42."
    assert model.requests[-1].text.count("Calculate.") == 1
    assert len(events(harness, execution_id, "tool_usage_completed")) == 1


def test_a_person_may_replace_the_answer(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]"), task("Use it. [[say USED]]", "use")))
    asks(harness, execution_id)
    harness.decide(execution_id, "approve", output="EDITED")
    assert completes(harness, execution_id) == ["EDITED", "USED"]
    assert "EDITED" in model.requests[1].text
    assert "DRAFT" not in model.requests[1].text.replace("[[say DRAFT]]", "")


def test_an_approved_answer_is_structured_as_the_task_asks(harness: Harness, model: ScriptedModel) -> None:
    schema = {"title": "P", "type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    execution_id = harness.submit(crew(judged('Who? [[json {"name": "Zoë"}]]', "who", output_pydantic=schema)))
    assert json.loads(asks(harness, execution_id).output) == {"name": "Zoë"}
    harness.decide(execution_id, "approve", output='{"name": "Ada"}')
    completes(harness, execution_id)
    assert harness.tasks.task_outputs(GROUP, execution_id)[0].json_dict == {"name": "Ada"}
    assert len(model.requests) == 1


def test_a_guardrail_may_refuse_what_a_person_approved(harness: Harness, model: ScriptedModel) -> None:
    guard = 'Judge. [[json {"valid": true, "feedback": null}]]'
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]", guardrail=guard)))
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["DRAFT"]
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("by", "comment", "expected"),
    [
        ("ada@example.com", "Not our tone.", "ada@example.com rejected the answer of crew task answer: Not our tone."),
        (None, None, "Nobody decided on the answer of crew task answer in time, which counts as a rejection."),
    ],
)
def test_a_rejected_answer_ends_the_execution(
    harness: Harness, model: ScriptedModel, by: str | None, comment: str | None, expected: str
) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), judged("Draft. [[say DRAFT]]")))
    asks(harness, execution_id)
    harness.decide(execution_id, "reject", decided_by=by, comment=comment)
    assert harness.attempt(execution_id).outcome.value == "FAILED"
    error = record(harness, execution_id).error
    assert error is not None
    assert (error.category.value, error.message, error.task) == ("rejected", expected, "answer")
    assert len(model.requests) == 2
    assert [output.raw for output in harness.tasks.task_outputs(GROUP, execution_id)] == ["ONE"]
    assert events(harness, execution_id, "human_feedback_received")


def test_a_manager_may_be_judged_too(harness: Harness, model: ScriptedModel) -> None:
    tasks = [judged("Lead. [[say LED]]", "lead", agent=None)]
    execution_id = harness.submit({"agents": {"worker": agent()}, "tasks": tasks, "process": "hierarchical"})
    assert asks(harness, execution_id).output == "LED"
    harness.decide(execution_id, "revise", comment="Better. [[say BETTER]]")
    assert asks(harness, execution_id).output == "BETTER"
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["BETTER"]
    assert len(model.requests) == 2


def gated(*descriptions: str, **more: Any) -> dict[str, Any]:
    tasks = [task(text, f"t{number}") for number, text in enumerate(descriptions)]
    approval = {"tools": ["CalculatorTool"], "deciders": ["ada@example.com"], "on_timeout": "approve"}
    return {"agents": {"worker": agent(tools=["CalculatorTool", "CurrentTimeTool"])}, "tasks": tasks} | {
        "approval": approval,
        **more,
    }


def test_a_marked_tool_is_called_only_after_it_was_allowed(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(gated(f"Sum. {SUM}"))
    question = asks(harness, execution_id)
    assert question.kind is ApprovalKind.TOOL
    assert [(call.tool_name, call.arguments) for call in question.tools] == [("calculator", {"expression": "6*7"})]
    assert (question.deciders, question.on_timeout) == (["ada@example.com"], DecisionKind.APPROVE)
    assert not events(harness, execution_id, "tool_usage_completed")
    assert events(harness, execution_id, "tool_usage_held")
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["It is 42."]
    assert len(model.requests) == 2
    assert model.requests[1].body["messages"][-1]["content"] == "42"
    assert [event.output for event in events(harness, execution_id, "tool_usage_completed")] == ["42"]


def test_a_refused_tool_call_is_told_to_the_agent(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(gated(f"Sum. {SUM}"))
    asks(harness, execution_id)
    harness.decide(execution_id, "reject", comment="Too expensive.")
    assert completes(harness, execution_id) == ["It is 42."]
    told = model.requests[1].body["messages"][-1]["content"]
    assert told == "A person did not allow this tool call. Too expensive."
    assert [event.output for event in events(harness, execution_id, "tool_usage_completed")] == [told]


def test_each_call_of_a_marked_tool_is_asked_about(harness: Harness, model: ScriptedModel) -> None:
    calls = '[[tool calculator {"expression": "1+1"}]] [[tool calculator {"expression": "1+1"}]] [[say two]]'
    execution_id = harness.submit(gated(f"Sum. {calls}"))
    for _ in range(2):
        asks(harness, execution_id)
        harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["two"]
    assert len(model.requests) == 3


def test_calls_of_tasks_side_by_side_are_one_question(harness: Harness, model: ScriptedModel) -> None:
    config = gated(f"Left. [[meets Right.]] {SUM}", f"Right. [[meets Left.]] {SUM}", "End. [[say END]]")
    for one in config["tasks"][:2]:
        one["async_execution"] = True
    execution_id = harness.submit(config)
    assert len(asks(harness, execution_id).tools) == 2
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["It is 42.", "It is 42.", "END"]
    assert len(model.requests) == 5
    assert len(events(harness, execution_id, "tool_usage_completed")) == 2


def test_other_tools_are_not_asked_about(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(gated('Time. [[tool current_time {"timezone": "UTC"}]] [[say noon]]'))
    assert completes(harness, execution_id) == ["noon"]


def test_an_allowed_call_is_not_made_again_when_the_attempt_dies_after_it(
    harness: Harness, model: ScriptedModel
) -> None:
    execution_id = harness.submit(gated(f"Sum. [[slow 0.3]] {SUM}"))
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    harness.in_background(execution_id)
    until(lambda: len(model.requests) == 2)
    # As if the process had been killed in the model call behind the tool call.
    harness.executions.change(execution_id, attempt=2)
    assert completes(harness, execution_id) == ["It is 42."]
    assert len([event for event in events(harness, execution_id, "tool_usage_started") if event.attempt == 3]) == 0


def test_a_call_inside_delegated_work_is_asked_about_once(harness: Harness, model: ScriptedModel) -> None:
    arguments = json.dumps({"task": f"Inner. {SUM}", "context": "none", "coworker": "Worker"})
    config = gated(f"Manage. [[tool delegate_work_to_coworker {arguments}]] [[say MANAGED]]", process="hierarchical")
    del config["tasks"][0]["agent"]
    execution_id = harness.submit(config)
    question = asks(harness, execution_id)
    assert [call.arguments for call in question.tools] == [{"expression": "6*7"}]
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["MANAGED"]
    assert "42" in [event.output for event in events(harness, execution_id, "tool_usage_completed")]


def test_a_call_of_a_planning_agent_is_asked_about_once(harness: Harness, model: ScriptedModel) -> None:
    config = gated(f"Sum. {SUM}")
    config["agents"]["worker"]["planning_config"] = {"max_attempts": 1, "max_steps": 2}
    execution_id = harness.submit(config)
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["It is 42."]


def test_an_attempt_that_cannot_write_its_question_is_repeated(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]")))
    park = harness.approvals.park

    def unavailable(*_: Any, **__: Any) -> Execution:
        raise PlatformUnavailable("The table did not answer.")

    harness.approvals.park = unavailable
    with pytest.raises(PlatformUnavailable):
        harness.attempt(execution_id)
    harness.approvals.park = park
    assert record(harness, execution_id).status is Status.RUNNING
    assert asks(harness, execution_id).output == "DRAFT"


def test_a_used_up_budget_can_ask_for_more(harness: Harness, model: ScriptedModel) -> None:
    limits = Limits(max_model_calls=1, on_budget="ask")
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")), limits=limits)
    question = asks(harness, execution_id)
    assert (question.kind, question.limit, question.task_name) == (ApprovalKind.BUDGET, "max_model_calls", "two")
    assert "1 used" in question.question
    harness.decide(execution_id, "approve", limits={"max_model_calls": 2, "on_budget": "ask"})
    assert completes(harness, execution_id) == ["ONE", "TWO"]
    assert len(model.requests) == 2


def test_a_refused_budget_ends_the_execution(harness: Harness, model: ScriptedModel) -> None:
    limits = Limits(max_tokens=1, on_budget="ask")
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")), limits=limits)
    asks(harness, execution_id)
    harness.decide(execution_id, "reject")
    assert harness.attempt(execution_id).outcome.value == "FAILED"
    error = record(harness, execution_id).error
    assert error is not None
    assert (error.category.value, error.task) == ("rejected", "two")
    assert len(model.requests) == 1


def test_nothing_runs_while_it_waits(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]")))
    asks(harness, execution_id)
    assert harness.attempt(execution_id).outcome.value == "PARKED"
    assert record(harness, execution_id).attempt == 1
    assert len(model.requests) == 1


def test_a_cancel_request_wins_against_the_question(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]")))
    park = harness.approvals.park

    def cancelled_meanwhile(*arguments: Any, **named: Any) -> Execution:
        request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
        return park(*arguments, **named)

    harness.approvals.park = cancelled_meanwhile
    assert harness.attempt(execution_id).outcome.value == "CANCELLED"
    ended = record(harness, execution_id)
    assert ended.status is Status.CANCELLED
    assert ended.cancel_receipt is not None
    assert ended.cancel_receipt.model_calls == 0


def test_the_decision_of_a_dead_attempt_is_told_by_the_next(harness: Harness, model: ScriptedModel) -> None:
    execution_id = harness.submit(crew(judged("Draft. [[say DRAFT]]")))
    asks(harness, execution_id)
    harness.decide(execution_id, "approve")
    harness.executions.change(execution_id, attempt=2)  # it died before it sent anything
    assert completes(harness, execution_id) == ["DRAFT"]
    assert [event.attempt for event in events(harness, execution_id, "human_feedback_received")] == [3]


def handing_on(**more: Any) -> dict[str, Any]:
    """A worker who gives a part of the task to a helper before the answer that is judged."""
    arguments = json.dumps({"task": "Inner. [[say INNER]]", "context": "none", "coworker": "Helper"})
    text = f"Lead. [[tool delegate_work_to_coworker {arguments}]] [[say LED]]"
    agents = {"worker": agent(allow_delegation=True), "helper": agent("Helper")}
    return {"agents": agents, "tasks": [judged(text, "lead", **more), task("Use it. [[say USED]]", "use")]}


def led_by_a_manager() -> dict[str, Any]:
    config = handing_on(agent=None)
    config["agents"]["worker"]["allow_delegation"] = False
    return {**config, "process": "hierarchical"}


def planned(**plan: Any) -> dict[str, Any]:
    config = crew(judged(f"Lead. {SUM.replace('It is 42.', 'LED')}", "lead"), task("Use it. [[say USED]]", "use"))
    config["agents"]["worker"] = agent(tools=["CalculatorTool"], **plan)
    return config


WORKING = {
    "delegated work": handing_on(),
    "a manager's work": led_by_a_manager(),
    "an agent that plans": planned(planning=True),
    "an agent that reasons": planned(reasoning=True),
    "an agent that plans in steps": planned(planning_config={"max_attempts": 1, "max_steps": 2}),
}


@pytest.mark.parametrize("kind", WORKING)
def test_an_answer_is_judged_and_revised_whoever_worked_on_it(
    harness: Harness, model: ScriptedModel, kind: str
) -> None:
    execution_id = harness.submit(WORKING[kind])
    assert asks(harness, execution_id).output == "LED"
    first = len(model.requests)
    harness.decide(execution_id, "revise", comment="Shorter, please. [[say L]]")
    assert asks(harness, execution_id).output == "L"
    again = model.requests[first:]
    assert again, "The agent is asked once more."
    assert all("Shorter, please." in request.text for request in again)
    before = len(model.requests)
    harness.decide(execution_id, "approve")
    assert completes(harness, execution_id) == ["L", "USED"]
    again = [one for one in model.requests[before:] if "Lead." in one.text]
    assert not again, "What was answered is not asked again."
    assert record(harness, execution_id).usage.model_calls == len(model.requests)
