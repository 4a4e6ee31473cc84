from __future__ import annotations

from typing import Any

import pytest

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.parsing import parse_crew

AGENT: dict[str, Any] = {"role": "Poet", "goal": "Write", "backstory": "Old"}
TASK: dict[str, Any] = {"description": "Write a haiku.", "expected_output": "A haiku", "agent": "poet"}
YAML_AGENTS = "poet:\n  role: Poet\n  goal: Write\n  backstory: Old\n"
YAML_TASK = "  description: Write.\n  expected_output: Text\n  agent: poet\n"
YAML_TASKS = f"first:\n{YAML_TASK}second:\n{YAML_TASK}"


def crew(**changes: Any) -> dict[str, Any]:
    return {"agents": {"poet": {**AGENT}}, "tasks": [{**TASK}], **changes}


def faults(config: dict[str, Any], inputs: dict[str, Any] | None = None) -> list[Fault]:
    with pytest.raises(InvalidRequest) as caught:
        parse_crew(config, inputs)
    return caught.value.faults


def test_our_own_shape_is_read() -> None:
    parsed = parse_crew(crew(name="poems", process="hierarchical", model="openai/gpt-4o"), {"topic": "rain"})
    assert parsed.definition.name == "poems"
    assert parsed.definition.model is not None
    assert parsed.definition.model.model == "openai/gpt-4o"
    assert parsed.definition.tasks[0].name == "task_1"
    assert parsed.inputs == {"topic": "rain"}


def test_yaml_text_keeps_the_order_of_the_tasks() -> None:
    parsed = parse_crew({"agents_yaml": YAML_AGENTS, "tasks_yaml": YAML_TASKS})
    assert [task.name for task in parsed.definition.tasks] == ["first", "second"]


def test_the_older_request_is_accepted_as_it_is() -> None:
    parsed = parse_crew(
        {
            "model": "openai/gpt-4o-mini",
            "agents_yaml": {"poet": AGENT},
            "tasks_yaml": {"haiku": TASK},
            "inputs": {"topic": "rain", "process": "hierarchical", "planning": True},
            "memory_backend": None,
            "execution_type": "crew",
        }
    )
    assert (parsed.definition.process, parsed.definition.planning) == ("hierarchical", True)
    assert parsed.inputs == {"topic": "rain"}


def test_an_input_named_like_a_setting_stays_an_input_where_a_text_uses_it() -> None:
    parsed = parse_crew(crew(tasks=[{**TASK, "description": "Improve the {process}."}]), {"process": "hiring"})
    assert parsed.inputs == {"process": "hiring"}
    assert parsed.definition.process == "sequential"


@pytest.mark.parametrize(
    ("config", "pointer", "code"),
    [
        (crew(agents={}), "/config/agents", "empty"),
        (crew(tasks=[]), "/config/tasks", "empty"),
        ({"agents_yaml": {"poet": AGENT}}, "/config/tasks", "empty"),
        (crew(agents="poet: [unclosed"), "/config/agents", "yaml"),
        (crew(agents="a: &x {role: r}\nb: *x\n"), "/config/agents", "yaml"),
        (crew(agents=YAML_AGENTS + YAML_AGENTS), "/config/agents", "duplicate_key"),
        (crew(agents_yaml={"poet": AGENT}), "/config/agents_yaml", "ambiguous"),
        (crew(agents={"poet": "a text"}), "/config/agents/poet", "type"),
        (crew(agents={"a/b~c": {**AGENT, "rolle": "x"}}), "/config/agents/a~1b~0c/rolle", "unknown_field"),
        (crew(tasks=[{**TASK, "human_input": True}]), "/config/tasks/0/human_input", "refused"),
        (crew(tasks={"haiku": {**TASK, "output_file": "/etc/x"}}), "/config/tasks/haiku/output_file", "refused"),
        (crew(memory=True), "/config/memory", "refused"),
        (
            crew(agents={"poet": {**AGENT, "llm": {"model": "openai/x", "base_url": "http://x"}}}),
            "/config/agents/poet/llm/base_url",
            "refused",
        ),
        (crew(process="parallel"), "/config/process", "literal_error"),
        (crew(agents={"poet": {"role": "Poet", "goal": "Write"}}), "/config/agents/poet", "missing"),
        (crew(agents={"poet": {**AGENT, "max_iter": "many"}}), "/config/agents/poet/max_iter", "int_type"),
        (crew(agents={"poet": {**AGENT, "max_iter": 10_000}}), "/config/agents/poet/max_iter", "less_than_equal"),
        (crew(execution_type="flow"), "/config/execution_type", "refused"),
    ],
)
def test_a_fault_is_named_with_its_place(config: dict[str, Any], pointer: str, code: str) -> None:
    found = faults(config)[0]
    assert (found.pointer, found.code) == (pointer, code)
    assert found.detail


def test_a_fault_inside_yaml_text_carries_its_line() -> None:
    found = faults(
        {"agents_yaml": YAML_AGENTS, "tasks_yaml": YAML_TASKS.replace("agent: poet\nsecond", "agnt: poet\nsecond")}
    )
    assert (found[0].pointer, found[0].line) == ("/config/tasks_yaml/first/agnt", 4)
    assert found[0].remedy == "Did you mean agent?"


def test_every_fault_is_told_at_once() -> None:
    found = faults(crew(agents={"poet": {**AGENT, "a": 1}}, tasks=[{**TASK, "b": 2}], c=3))
    assert [fault.pointer for fault in found] == ["/config/c", "/config/agents/poet/a", "/config/tasks/0/b"]


def test_a_refused_field_that_asks_for_nothing_is_dropped() -> None:
    tasks = [{**TASK, "human_input": False, "output_file": "", "callback": None}]
    assert parse_crew(crew(memory=False, knowledge_sources=[], tasks=tasks)).definition.tasks[0].name == "task_1"
