from __future__ import annotations

import json
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.execution import TaskState, crews_answer
from stepcrew_runner.crew.own_tools import CalculatorTool
from tests.runner.harness import Harness, agent, crew, task


def test_one_agent_and_one_task_complete(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(crew(task("Say it. [[say Hello]]")))
    assert ended.outcome == "COMPLETED"
    assert [output.raw for output in ended.outputs] == ["Hello"]
    assert len(model.requests) == 1
    assert ended.execution.progress.tasks_done == 1
    assert ended.execution.progress.current_task is None


def test_later_tasks_see_all_earlier_outputs_unless_they_say_which(harness: Harness, model: ScriptedModel) -> None:
    harness.run(
        crew(
            task("First. [[say OUTPUT-ONE]]", "one"),
            task("Second. [[say OUTPUT-TWO]]", "two"),
            task("Third. [[say OUTPUT-THREE]]", "three", context=["one"]),
            task("Fourth. [[say OUTPUT-FOUR]]", "four", context=[]),
        )
    )
    second, third, fourth = (request.text for request in model.requests[1:])
    assert "OUTPUT-ONE" in second
    assert "OUTPUT-ONE" in third
    assert "OUTPUT-TWO" not in third
    assert "OUTPUT-" not in fourth.replace("[[say OUTPUT-FOUR]]", "")


def test_inputs_are_put_into_every_text_once(harness: Harness, model: ScriptedModel) -> None:
    config = {
        "agents": {"worker": agent("Expert of {topic}", goal="Know {topic}", backstory="Loves {topic}.")},
        "tasks": [task("Write about {topic}.", expected_output="A text about {topic}")],
    }
    ended = harness.run(config, inputs={"topic": "bees, {not} an input"})
    assert ended.outcome == "COMPLETED"
    assert model.requests[0].text.count("bees, {not} an input") == 5
    assert "{topic}" not in model.requests[0].text


def test_the_trigger_payload_reaches_the_first_task(harness: Harness, model: ScriptedModel) -> None:
    config = crew(task("First.", "one"), task("Second.", "two", context=[]))
    harness.run(config, inputs={"crewai_trigger_payload": "PAYLOAD-42"})
    assert "Trigger Payload: PAYLOAD-42" in model.requests[0].text
    assert "PAYLOAD-42" not in model.requests[1].text


def test_a_tool_is_called_with_the_models_arguments(harness: Harness, model: ScriptedModel) -> None:
    described = 'Calculate. [[tool calculator {"expression": "6*7"}]] [[say It is 42.]]'
    ended = harness.run({"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(described)]})
    assert [output.raw for output in ended.outputs] == ["It is 42."]
    assert len(model.requests) == 2
    assert "42" in model.requests[1].text


def test_a_tool_of_a_task_is_offered_for_that_task_only(harness: Harness, model: ScriptedModel) -> None:
    harness.run(crew(task("One.", "one", tools=["CurrentTimeTool"]), task("Two.", "two")))
    assert [request.tools for request in model.requests] == [["current_time"], []]


def test_a_manager_delegates_to_a_coworker(harness: Harness, model: ScriptedModel) -> None:
    arguments = {"task": "Do the delegated work", "context": "none", "coworker": "Worker"}
    described = f"Manage it. [[tool delegate_work_to_coworker {json.dumps(arguments)}]] [[say Managed]]"
    ended = harness.run(
        {"agents": {"worker": agent()}, "tasks": [task(described, agent=None)], "process": "hierarchical"}
    )
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert [output.raw for output in ended.outputs] == ["Managed"]
    assert len(model.requests) == 3
    roles = [event.agent_role for event in ended.of("llm_call_started")]
    assert roles[0] == roles[2] == "Crew Manager"
    assert roles[1] == "Worker"
    assert {event.task_name for event in ended.events if event.event_source.value == "llm"} == {"task"}


def test_an_agent_may_be_the_manager(harness: Harness, model: ScriptedModel) -> None:
    config = {
        "agents": {"boss": agent("Boss"), "worker": agent()},
        "tasks": [task("Lead. [[say Led]]", agent=None)],
        "process": "hierarchical",
        "manager_agent": "boss",
    }
    ended = harness.run(config)
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert ended.of("llm_call_started")[0].agent_role == "Boss"


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ({"contains": "yes"}, True),
        ({"contains": "no"}, False),
        ({"not_contains": "no"}, True),
        ({"longer_than": 100}, False),
        ({"equals": "yes indeed"}, True),
    ],
)
def test_a_conditional_task_runs_only_if_its_condition_holds(
    harness: Harness, model: ScriptedModel, condition: dict[str, Any], runs: bool
) -> None:
    ended = harness.run(
        crew(
            task("First. [[say yes indeed]]", "one"),
            task("Maybe. [[say RAN]]", "two", condition=condition),
            task("Last. [[say END]]", "three"),
        )
    )
    assert ended.outcome == "COMPLETED"
    assert [output.state for output in ended.outputs][1] == (TaskState.COMPLETED if runs else TaskState.SKIPPED)
    assert len(model.requests) == (3 if runs else 2)
    assert ("task_skipped" in ended.types) is not runs
    assert ended.execution.progress.tasks_done == 3


def test_a_condition_may_read_a_field_of_structured_output(harness: Harness, model: ScriptedModel) -> None:
    schema = {"title": "Score", "type": "object", "properties": {"score": {"type": "integer"}}, "required": ["score"]}
    ended = harness.run(
        crew(
            task('Judge. [[json {"score": 9}]]', "one", output_json=schema),
            task("High. [[say HIGH]]", "two", condition={"field": "score", "greater_than": 5}),
            task("Low. [[say LOW]]", "three", condition={"field": "score", "less_than": 5}),
        )
    )
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert [output.raw for output in ended.outputs] == ['{"score":9}', "HIGH", ""]


def test_an_asynchronous_task_sees_only_the_outputs_that_it_names(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(
        crew(
            task("First. [[say FIRST-OUTPUT]]", "one"),
            task("Unnamed. [[say A]]", "two", async_execution=True),
            task("Naming. [[say B]]", "three", async_execution=True, context=["one"]),
            task("After. [[say C]]", "four"),
        )
    )
    assert ended.outcome == "COMPLETED", ended.execution.error
    seen = {name: "FIRST-OUTPUT" in model.mentioning(name)[0].text for name in ("Unnamed.", "Naming.", "After.")}
    assert seen == {"Unnamed.": False, "Naming.": True, "After.": True}
    submitted = harness.executions.submission("group-a", ended.execution.execution_id).definition
    assert [one.sees for one in submitted.tasks] == [None, [], ["one"], None]


def test_a_skipped_last_task_leaves_the_output_of_the_task_before_as_the_crews(harness: Harness) -> None:
    ended = harness.run(
        crew(task("Report. [[say REPORT]]", "one"), task("Maybe. [[say X]]", "two", condition={"contains": "never"}))
    )
    assert ended.outcome == "COMPLETED", ended.execution.error
    own = crews_answer(ended.outputs)
    assert own is not None
    (completed,) = ended.of("crew_completed")
    assert own.raw == completed.output == "REPORT"


def test_a_skipped_task_says_what_was_compared_with_what(harness: Harness) -> None:
    condition = {"field": "urgent", "equals": True}
    ended = harness.run(
        crew(task('Judge. [[say ```json\n{"urgent": false}\n```]]', "one"), task("Maybe.", "two", condition=condition))
    )
    (skipped,) = ended.of("task_skipped")
    assert skipped.output == (
        "The field urgent of the output of crew task one is false; the condition asks for equals true."
    )


ANSWERS = {
    "fenced": '```json\n{"price": 3, "name": "tea"}\n```',
    "with a sentence around it": 'Here it is:\n{"price": 3, "name": "tea"}\nAnything else?',
    "plain": '{"price": 3, "name": "tea"}',
}
SCHEMA = {
    "title": "Offer",
    "type": "object",
    "properties": {"price": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["price", "name"],
}


@pytest.mark.parametrize("written", ANSWERS)
@pytest.mark.parametrize("field", ["output_pydantic", "output_json", "response_model"])
@pytest.mark.parametrize("tools", [[], ["CalculatorTool"]])
def test_a_structured_answer_is_accepted_however_it_is_written(
    harness: Harness, written: str, field: str, tools: list[str]
) -> None:
    described = {**task(f"Offer. [[say {ANSWERS[written]}]]"), field: SCHEMA}
    ended = harness.run({"agents": {"worker": agent(tools=tools)}, "tasks": [described]})
    assert ended.execution.error is None
    if field != "response_model":
        assert ended.outputs[0].json_dict == {"price": 3, "name": "tea"}
    assert ended.execution.usage.model_calls == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('{"price": "three", "name": "tea"}', "price"),
        ('```json\n{"name": "tea"}\n```', "price"),
        ('{"price": 3, "na', "not JSON"),
    ],
)
def test_an_answer_that_does_not_fit_names_the_field_and_the_answer(harness: Harness, answer: str, told: str) -> None:
    ended = harness.run(
        {
            "agents": {"worker": agent(max_retry_limit=0)},
            "tasks": [task(f"Offer. [[say {answer}]]", output_pydantic=SCHEMA)],
        }
    )
    error = ended.execution.error
    assert error is not None
    assert (ended.outcome, error.category.value, error.type, error.task) == (
        "FAILED",
        "model",
        "AnswerNotOfSchema",
        "task",
    )
    assert told in error.message
    assert "tea" in error.message or "na" in error.message


def test_asynchronous_tasks_of_one_agent_run_at_the_same_time(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run(
        crew(
            task("Left. [[meets Right.]] [[say LEFT]]", "left", async_execution=True),
            task("Right. [[meets Left.]] [[say RIGHT]]", "right", async_execution=True),
            task("Join. [[say JOINED]]", "join", context=["left", "right"]),
        )
    )
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert all(text in model.requests[2].text for text in ("LEFT", "RIGHT"))
    calls = ended.of("llm_call_started")
    assert sorted(str(event.task_name) for event in calls) == ["join", "left", "right"]
    by_task = {event.task_name: event for event in ended.of("llm_call_completed")}
    assert {name: str(event.output) for name, event in by_task.items()} == {
        "left": "LEFT",
        "right": "RIGHT",
        "join": "JOINED",
    }


@pytest.mark.parametrize("field", ["output_json", "output_pydantic", "response_model"])
def test_structured_output_follows_a_json_schema(harness: Harness, model: ScriptedModel, field: str) -> None:
    schema: dict[str, Any] = {
        "title": "Person",
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 0}},
        "required": ["name", "age"],
    }
    fields: dict[str, Any] = {field: schema}
    ended = harness.run(crew(task('Who? [[json {"name": "Zoë", "age": 7}]]', **fields)))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert json.loads(ended.outputs[0].raw) == {"name": "Zoë", "age": 7}
    if field != "response_model":
        assert ended.outputs[0].json_dict == {"name": "Zoë", "age": 7}


def test_a_guardrail_that_is_passed_costs_one_call(harness: Harness, model: ScriptedModel) -> None:
    guardrail = 'Be kind. [[json {"valid": true, "feedback": null}]]'
    ended = harness.run(crew(task("Greet. [[say Dear friend]]", guardrail=guardrail)))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert ended.outputs[0].raw == "Dear friend"
    assert len(model.requests) == 2
    judged = ended.of("guardrail_completed")
    assert [event.extra_data["success"] for event in judged] == [True]
    assert judged[0].task_name == "task"


def test_a_guardrail_that_is_never_passed_fails_the_execution(harness: Harness, model: ScriptedModel) -> None:
    guardrail = 'Be kind. [[json {"valid": false, "feedback": "too rude"}]]'
    ended = harness.run(crew(task("Greet. [[say Go away]]", guardrail=guardrail, guardrail_max_retries=1)))
    assert ended.outcome == "FAILED"
    error = ended.execution.error
    assert error is not None
    assert (error.category.value, error.type, error.task) == ("guardrail", "GuardrailNotPassed", "task")
    assert "too rude" in error.message


def test_planning_adds_its_plan_to_the_tasks(harness: Harness, model: ScriptedModel) -> None:
    plan = {"list_of_plans_per_task": [{"task_number": 1, "task": "t", "plan": " PLAN-ONE"}]}
    ended = harness.run(crew(task(f"Do it. [[json {json.dumps(plan)}]]"), planning=True))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert len(model.requests) == 2
    assert "PLAN-ONE" in model.requests[1].text
    planner = ended.of("llm_call_completed")[0]
    assert planner.agent_role == "Task Execution Planner"
    assert planner.task_name is None
    assert ended.execution.usage.model_calls == 2


def test_an_agent_may_plan_before_its_task(harness: Harness, model: ScriptedModel) -> None:
    config = {
        "agents": {"worker": agent(planning_config={"max_attempts": 1, "max_steps": 2})},
        "tasks": [task("Think. [[say THOUGHT]]")],
    }
    ended = harness.run(config)
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert "agent_reasoning_started" in ended.types


def test_a_plan_that_is_never_ready_does_not_plan_for_ever(harness: Harness, model: ScriptedModel) -> None:
    ended = harness.run({"agents": {"worker": agent(planning=True)}, "tasks": [task("Think. [[say THOUGHT]]")]})
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert len(ended.of("agent_reasoning_started")) == 3


def test_markdown_is_asked_for(harness: Harness, model: ScriptedModel) -> None:
    harness.run(crew(task("Write.", markdown=True)))
    assert "Markdown" in model.requests[0].text


def test_templates_replace_the_prompts(harness: Harness, model: ScriptedModel) -> None:
    templates = {
        "system_template": "SYSTEM<{{ .System }}>",
        "prompt_template": "PROMPT<{{ .Prompt }}>",
        "response_template": "RESPONSE<{{ .Response }}>",
    }
    ended = harness.run({"agents": {"worker": agent(**templates)}, "tasks": [task("Write. [[say X]]")]})
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert "SYSTEM<" in model.requests[0].text
    assert "PROMPT<" in model.requests[0].text


def test_limits_of_the_model_are_passed_on(harness: Harness, model: ScriptedModel) -> None:
    settings = {"model": "openai/gpt-4o", "temperature": 0.3, "max_tokens": 77, "seed": 5, "stop": ["END"]}
    harness.run({"agents": {"worker": agent(llm=settings)}, "tasks": [task("Write.")]})
    body = model.requests[0].body
    assert (body["model"], body["temperature"], body["max_tokens"], body["seed"]) == ("gpt-4o", 0.3, 77, 5)


def test_nothing_but_the_crews_own_model_calls_is_requested(harness: Harness, model: ScriptedModel) -> None:
    # Token counts before each call and compaction after each tool would be requests of their own.
    described = 'Calculate. [[tool calculator {"expression": "1+1"}]] [[say two]]'
    harness.run({"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(described)]})
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("status", "category", "kind", "requests"),
    [
        (401, "model", "ModelAuthentication", 1),
        (404, "model", "ModelNotFound", 1),
        (400, "model", "ModelRefusedRequest", 1),
        (429, "model_rate_limit", "ModelRateLimit", 9),
        (500, "model", "ModelUnavailable", 3),
    ],
)
def test_a_model_that_refuses_is_named(
    harness: Harness, model: ScriptedModel, status: int, category: str, kind: str, requests: int
) -> None:
    ended = harness.run(crew(task("Good. [[say KEPT]]", "good"), task(f"Bad. [[fail {status}]]", "bad")))
    assert ended.outcome == "FAILED"
    error = ended.execution.error
    assert error is not None
    assert (error.category.value, error.type, error.task) == (category, kind, "bad")
    assert [output.raw for output in ended.outputs] == ["KEPT"]
    failed = model.mentioning("Bad.")
    # The provider's client repeats what may pass, and CrewAI a rate limit; the agent never starts all over.
    assert len(failed) == requests
    last = ended.events[-1]
    assert (last.event_type, last.event_source.value, last.task_name) == ("error", "system", "bad")
    assert ended.execution.traces_emitted == {"1": len(ended.events)}


@pytest.mark.parametrize("ending", [SystemExit(3), KeyboardInterrupt(), RecursionError("too deep"), MemoryError()])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_nothing_that_a_crew_raises_ends_the_process(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, ending: BaseException, asynchronous: bool
) -> None:
    def ends(_self: object, expression: str) -> str:
        raise ending

    monkeypatch.setattr(CalculatorTool, "_run", ends)
    described = 'Calculate. [[tool calculator {"expression": "1+1"}]] [[say two]]'
    agents = {"worker": agent(tools=["CalculatorTool"])}
    tasks = [task("Good. [[say KEPT]]", "good"), task(described, "bad", async_execution=asynchronous)]
    ended = harness.run({"agents": agents, "tasks": tasks})
    assert ended.outcome in ("FAILED", "COMPLETED")  # an agent is told of a tool's ordinary error, and goes on
    if not isinstance(ending, Exception):
        error = ended.execution.error
        assert error is not None
        assert (error.category.value, error.type, error.retryable) == ("crew", "ProcessEnded", False)
        assert type(ending).__name__ in error.message
    assert ended.outputs[0].raw == "KEPT"
    assert ended.execution.traces_emitted == {"1": len(ended.events)}
