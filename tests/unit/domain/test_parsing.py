from __future__ import annotations

from typing import Any

import pytest

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.memory_settings import MemorySettings
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
        (crew(tasks={"haiku": {**TASK, "output_file": "/etc/x"}}), "/config/tasks/haiku/output_file", "value_error"),
        (crew(memory={"storage": "lancedb"}), "/config/memory/storage", "refused"),
        (crew(memory="yes"), "/config/memory", "model_type"),
        (crew(memory={"scope": "/crews/other"}), "/config/memory/scope", "literal_error"),
        (
            crew(embedder={"provider": "openai", "config": {"api_key": "k"}}),
            "/config/embedder",
            "value_error",
        ),
        (crew(memory_backend={"backend_type": "databricks"}), "/config/memory_backend", "refused"),
        (crew(memory_backend={"backend_type": "default", "path": "/tmp"}), "/config/memory_backend", "refused"),
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
        (crew(tasks={"a/b": "a text"}), "/config/tasks/a~1b", "type"),
        (crew(tasks=["a text"]), "/config/tasks/0", "type"),
        (crew(tasks=7), "/config/tasks", "type"),
        (crew(agents=[{**AGENT}, {**AGENT}]), "/config/agents/1", "agent_name"),
        (crew(inputs=[1]), "/config/inputs", "type"),
        (crew(agents={"poet": {**AGENT, "llm": ""}}), "/config/agents/poet/llm", "string_too_short"),
        (crew(agents={"": AGENT}), "/config/agents/", "string_too_short"),
        (crew(tasks=[TASK, {**TASK, "condition": {"equals": [1]}}]), "/config/tasks/1/condition/equals", "string_type"),
        (crew(tasks=[TASK, {**TASK, "condition": {}}]), "/config/tasks/1/condition", "value_error"),
        (
            crew(agents={"poet": {**AGENT, "mcps": [{"url": "https://x.org", "headers": {"K": 1}}]}}),
            "/config/agents/poet/mcps/0/headers/K",
            "string_type",
        ),
        (
            crew(agents={"poet": {**AGENT, "mcps": [{"command": "sh", "url": "https://x.org"}]}}),
            "/config/agents/poet/mcps/0/command",
            "refused",
        ),
        (crew(tasks=[{**TASK}] * 201), "/config/tasks", "too_long"),
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


def test_agents_may_be_a_list_with_names_or_roles() -> None:
    parsed = parse_crew(crew(agents=[{**AGENT, "name": "poet"}, {**AGENT, "role": "Critic"}]))
    assert list(parsed.definition.agents) == ["poet", "Critic"]


def test_a_mapping_of_tasks_may_hold_names_of_its_own() -> None:
    parsed = parse_crew(crew(tasks={"a": TASK, "b": {**TASK, "name": "other"}}))
    assert [task.name for task in parsed.definition.tasks] == ["a", "other"]


def test_a_text_that_fits_no_kind_of_value_is_one_fault() -> None:
    assert len(faults(crew(tasks=[TASK, {**TASK, "condition": {"equals": {}}}]))) == 1


def older(**inputs: Any) -> dict[str, Any]:
    return {"agents_yaml": {"poet": {**AGENT}}, "tasks_yaml": {"haiku": {**TASK}}, "inputs": inputs}


def test_a_setting_among_the_inputs_of_the_older_request_is_faulted_where_it_stands() -> None:
    assert faults(older(process="parallel"))[0].pointer == "/config/inputs/process"
    assert faults(older(planning="yes"))[0].pointer == "/config/inputs/planning"


def test_the_crew_wins_over_the_same_setting_in_its_inputs() -> None:
    parsed = parse_crew({**older(process="hierarchical", planning=""), "process": "sequential"})
    assert (parsed.definition.process, parsed.inputs) == ("sequential", {})


def test_an_input_named_like_a_setting_sets_nothing_in_our_own_shape_nor_beside_the_config() -> None:
    for parsed in (parse_crew(crew(inputs={"planning": True})), parse_crew(older(), {"planning": True})):
        assert (parsed.definition.planning, parsed.inputs) == (False, {"planning": True})


def test_null_is_an_input_that_is_not_given() -> None:
    assert parse_crew(crew(inputs={"a": 1, "b": None}), {"a": None}).inputs == {}


def test_mistakes_of_every_kind_are_told_at_once() -> None:
    agents = {"poet": {"role": "Poet", "max_iter": "many", "rolle": "x"}, "critic": {**AGENT, "llm": {"api_key": "k"}}}
    tasks = "one:\n  description: Write.\n  agent: poet\n  expected_output: 7\ntwo: text\n"
    found = faults(
        {"agents": agents, "tasks_yaml": tasks, "process": "parallel", "knowledge_sources": ["x"], "max_rpm": 0}
    )
    assert {(fault.pointer, fault.code) for fault in found} == {
        ("/config/knowledge_sources/0", "model_type"),
        ("/config/process", "literal_error"),
        ("/config/max_rpm", "greater_than_equal"),
        ("/config/agents/poet/rolle", "unknown_field"),
        ("/config/agents/poet", "missing"),
        ("/config/agents/poet/max_iter", "int_type"),
        ("/config/agents/critic/llm", "missing"),
        ("/config/agents/critic/llm/api_key", "refused"),
        ("/config/tasks_yaml/one/expected_output", "string_type"),
        ("/config/tasks_yaml/two", "type"),
    }
    assert [fault.detail for fault in found if fault.code == "missing"][:2] == [
        "goal is missing.",
        "backstory is missing.",
    ]
    assert all(fault.remedy for fault in found)


def test_a_part_that_cannot_be_read_does_not_hide_the_faults_of_the_other() -> None:
    found = faults(crew(agents="poet: [unclosed", tasks=[{**TASK, "agnt": "x", "async_execution": 1}]))
    assert [fault.code for fault in found] == ["yaml", "unknown_field", "bool_type"]


def test_inputs_beside_the_config_win_over_those_inside() -> None:
    assert parse_crew(crew(inputs={"a": 1, "b": 1}), {"b": 2}).inputs == {"a": 1, "b": 2}


def test_at_most_a_hundred_faults_are_told() -> None:
    assert len(faults(crew(**{f"unknown_{n}": 1 for n in range(150)}))) == 100


def test_null_asks_for_the_default() -> None:
    parsed = parse_crew(crew(agents={"poet": {**AGENT, "max_iter": None, "llm": None}}, process=None, name=None))
    assert (parsed.definition.process, parsed.definition.agents["poet"].max_iter) == ("sequential", 25)


@pytest.mark.parametrize(("given", "read"), [(2, True), (0, False), (True, True), (False, False)])
def test_levels_of_verbosity_are_read_as_a_switch(given: object, read: bool) -> None:
    assert parse_crew(crew(verbose=given)).definition.verbose is read
    assert parse_crew(crew(agents={"poet": {**AGENT, "verbose": given}})).definition.agents["poet"].verbose is read


def test_a_task_may_expect_nothing_in_particular() -> None:
    assert parse_crew(crew(tasks=[{**TASK, "expected_output": ""}])).definition.tasks[0].expected_output == ""


def test_memory_is_a_switch_or_an_object() -> None:
    assert parse_crew(crew(memory=True)).definition.memory == MemorySettings()
    assert parse_crew(crew(memory=False)).definition.memory is None
    settings = parse_crew(crew(memory={"scope": "shared", "llm": "openai/x", "embedder": "openai/y"})).definition.memory
    assert settings is not None
    assert (settings.scope, settings.embedder) == ("shared", "openai/y")
    crewais = {"provider": "openai", "config": {"model": "text-embedding-3-small"}}
    assert parse_crew(crew(embedder=crewais)).definition.embedder == "openai/text-embedding-3-small"


@pytest.mark.parametrize(
    ("backend", "remembers"),
    [
        ({"backend_type": "default"}, True),
        ({"backend_type": "default", "enable_short_term": True, "enable_entity": False}, True),
        ({"backend_type": "default", "enable_short_term": False}, False),
        (None, False),
    ],
)
def test_the_older_way_to_ask_for_memory_is_understood(backend: Any, remembers: bool) -> None:
    assert (parse_crew(crew(memory_backend=backend)).definition.memory is not None) is remembers


def test_memory_changes_no_fingerprint_of_a_crew_without_it() -> None:
    assert "memory" not in parse_crew(crew()).definition.model_fields_set
