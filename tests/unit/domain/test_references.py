from __future__ import annotations

from typing import Any

import pytest

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.parsing import parse_crew
from stepcrew.domain.parts import models_of
from stepcrew.domain.references import ModelRules, check_references


def openai_only(name: str) -> bool:
    return name.startswith("openai/")


RULES = ModelRules("openai/gpt-4.1-mini", "openai/*", openai_only)
AGENT: dict[str, Any] = {"role": "Poet", "goal": "Write", "backstory": "Old"}


def agent(**changes: Any) -> dict[str, Any]:
    return {**AGENT, **changes}


def task(name: str = "one", **changes: Any) -> dict[str, Any]:
    given = {"name": name, "description": "Write.", "expected_output": "Text", "agent": "poet", **changes}
    return {field: value for field, value in given.items() if value is not None}


MANAGED: dict[str, Any] = {
    "process": "hierarchical",
    "manager_agent": "boss",
    "agents": {"poet": agent(), "boss": agent()},
}


def faults(config: dict[str, Any], inputs: dict[str, Any] | None = None, rules: ModelRules = RULES) -> list[Fault]:
    try:
        check_references(parse_crew({"agents": {"poet": agent()}, **config}, inputs), rules)
    except InvalidRequest as invalid:
        return invalid.faults
    return []


def test_a_sound_crew_has_no_fault() -> None:
    assert faults({"tasks": [task(), task("two", context=["one"], tools=["CalculatorTool"])]}) == []


@pytest.mark.parametrize(
    ("config", "pointer", "code"),
    [
        ({"tasks": [task(agent="poetess")]}, "/config/tasks/0/agent", "unknown_agent"),
        ({"tasks": [task(agent=None)]}, "/config/tasks/0/agent", "missing_agent"),
        ({"tasks": [task(), task()]}, "/config/tasks/1/name", "duplicate_task"),
        ({"tasks": [task(context=["none"])]}, "/config/tasks/0/context/0", "unknown_context"),
        ({"tasks": [task(context=["one"])]}, "/config/tasks/0/context/0", "circular_context"),
        (
            {"tasks": [task(context=["two"]), task("two", context=["one"])]},
            "/config/tasks/0/context/0",
            "circular_context",
        ),
        ({"tasks": [task(context=["two"]), task("two")]}, "/config/tasks/0/context/0", "later_context"),
        ({"tasks": [task(tools=["CalculaterTool"])]}, "/config/tasks/0/tools/0", "unknown_tool"),
        ({"tasks": [task()], "manager_llm": "openai/gpt-4o"}, "/config/manager_llm", "unused_manager"),
        (
            {"tasks": [task(agent=None)], "process": "hierarchical", "manager_agent": "boss"},
            "/config/manager_agent",
            "unknown_agent",
        ),
        ({"tasks": [task(condition={"contains": "x"})]}, "/config/tasks/0/condition", "first_conditional"),
        (
            {"tasks": [task(async_execution=True), task("two", async_execution=True)]},
            "/config/tasks/1/async_execution",
            "async_end",
        ),
        ({"tasks": [task()], "model": "groq/llama"}, "/config/model", "unknown_model"),
        ({"tasks": [task()], "model": "anthropic/claude-sonnet-4-5"}, "/config/model", "model_not_allowed"),
        ({"tasks": [task(description="About {topic}.")]}, "/config/tasks/0/description", "missing_input"),
        ({"tasks": [task(), task("two", context=["none"])]}, "/config/tasks/1/context/0", "unknown_context"),
        (
            {"tasks": [task(), task("two", condition={"contains": "x"}, async_execution=True), task("three")]},
            "/config/tasks/1/async_execution",
            "async_conditional",
        ),
        (
            {"tasks": [task(async_execution=True), task("two")], "process": "hierarchical"},
            "/config/tasks/0/async_execution",
            "async_hierarchical",
        ),
        (
            {"tasks": [task(agent=None, guardrail="Is polite")], "process": "hierarchical"},
            "/config/tasks/0/agent",
            "missing_agent",
        ),
        ({**MANAGED, "tasks": [task(agent="boss")]}, "/config/tasks/0/agent", "manager_task"),
        (
            {**MANAGED, "tasks": [task()], "agents": {"poet": agent(), "boss": agent(tools=["CalculatorTool"])}},
            "/config/agents/boss/tools",
            "manager_tools",
        ),
        ({**MANAGED, "tasks": [task(agent=None)], "agents": {"boss": agent()}}, "/config/agents", "no_workers"),
        ({"tasks": [task()], "manager_agent": "poet"}, "/config/tasks/0/agent", "manager_task"),
        ({"tasks": [task()], "agents": {"poet": agent(tools=["Bash"])}}, "/config/agents/poet/tools/0", "unknown_tool"),
        ({"tasks": [task()], "agents": {"poet": agent(llm="llama3")}}, "/config/agents/poet/llm", "unknown_model"),
        ({"tasks": [task()], "planning_llm": "claude-haiku-4-5"}, "/config/planning_llm", "model_not_allowed"),
        (
            {"tasks": [task()], "agents": {"poet": agent(planning_config={"llm": "anthropic/x"})}},
            "/config/agents/poet/planning_config/llm",
            "model_not_allowed",
        ),
        (
            {"tasks": [task()], "agents": {"poet": agent(mcps=["https://10.0.0.1/mcp"])}},
            "/config/agents/poet/mcps/0",
            "mcp_address",
        ),
        (
            {"tasks": [task()], "agents": {"poet": agent(mcps=["http://example.com/mcp"])}},
            "/config/agents/poet/mcps/0",
            "mcp_address",
        ),
    ],
)
def test_a_broken_reference_is_named_with_its_place(config: dict[str, Any], pointer: str, code: str) -> None:
    found = faults(config)
    assert (found[0].pointer, found[0].code) == (pointer, code)
    assert found[0].detail


def test_a_near_name_is_suggested() -> None:
    assert faults({"tasks": [task(agent="poat")]})[0].remedy == "Did you mean poet?"
    assert faults({"tasks": [task(tools=["CalculaterTool"])]})[0].remedy == "Did you mean CalculatorTool?"


def test_without_any_model_the_agent_without_one_is_named() -> None:
    found = faults({"tasks": [task()]}, rules=ModelRules("", "", openai_only))
    assert (found[0].pointer, found[0].code) == ("/config/agents/poet/llm", "missing_model")


@pytest.mark.parametrize(
    ("config", "pointer"),
    [({"process": "hierarchical"}, "/config/manager_llm"), ({"planning": True}, "/config/planning_llm")],
)
def test_without_any_model_the_manager_or_planner_without_one_is_named(config: dict[str, Any], pointer: str) -> None:
    crew = {"tasks": [task()], "agents": {"poet": agent(llm="openai/gpt-4o")}, **config}
    found = faults(crew, rules=ModelRules("", "", openai_only))
    assert [(fault.pointer, fault.code) for fault in found] == [(pointer, "missing_model")]
    assert faults(crew) == []


@pytest.mark.parametrize("trailing", [[], ["async"]])
def test_one_asynchronous_task_may_end_a_crew_and_more_may_be_joined(trailing: list[str]) -> None:
    tasks = [task("a", async_execution=True), task("b", async_execution=True), task("join")]
    assert faults({"tasks": [*tasks, *(task(name, async_execution=True) for name in trailing)]}) == []


@pytest.mark.parametrize(
    "address",
    [
        "https://127.1/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://100.64.0.1/",
        "https://localhost./",
        "https://db.internal./",
        "https://key:secret@example.com/",
        "https://[::1/",
        "https://example.com:99999/",
        "https:///path",
        "file:///x",
    ],
)
def test_an_address_inside_the_platform_or_none_at_all_is_refused(address: str) -> None:
    found = faults({"tasks": [task()], "agents": {"poet": agent(mcps=[address])}})
    assert [(fault.pointer, fault.code) for fault in found] == [("/config/agents/poet/mcps/0", "mcp_address")]


def test_a_public_address_is_allowed() -> None:
    servers = ["https://mcp.example.com/mcp#search", {"url": "https://8.8.8.8/mcp", "headers": {"A": {"secret": "K"}}}]
    assert faults({"tasks": [task()], "agents": {"poet": agent(mcps=servers)}}) == []


def test_given_inputs_fill_their_placeholders_and_null_is_no_value() -> None:
    config = {"tasks": [task(description="About {topic} and {other-thing}. {not a name} {}")]}
    assert faults(config, {"topic": "rain", "other-thing": ["a", "b"]}) == []
    found = faults(config, {"topic": None, "other-thing": 1})
    assert [(fault.pointer, fault.code) for fault in found] == [("/inputs/topic", "input_type")]
    found = faults({**config, "inputs": {"topic": None, "other-thing": 1}})
    assert [fault.pointer for fault in found] == ["/config/inputs/topic"]


def test_every_model_that_would_be_called_is_known() -> None:
    config: dict[str, Any] = {
        "agents": {"a": agent(), "b": agent(llm="gpt-4o")},
        "tasks": [task(agent="a")],
        "planning_llm": "openai/o3",
    }
    definition = parse_crew(config).definition
    assert models_of(definition, "openai/gpt-4.1-mini") == ["openai/gpt-4.1-mini", "openai/gpt-4o", "openai/o3"]
    config["agents"]["a"] = agent(llm="openai/o4-mini")
    assert models_of(parse_crew(config).definition, "openai/x") == ["openai/gpt-4o", "openai/o3", "openai/o4-mini"]
    config["process"] = "hierarchical"
    assert "openai/x" in models_of(parse_crew(config).definition, "openai/x")


SERVER = "https://mcp.example.org/sse"


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("Authorization", "Bearer abc", "plain_secret"),
        ("x-api-key", "abc", "plain_secret"),
        ("X-Session-Token", "abc", "plain_secret"),
        ("X-Custom", "bearer abc", "plain_secret"),
        ("X-Custom", "a\r\nHost: evil", "header_value"),
        ("X-Custom", "a\x00", "header_value"),
        ("X-Custom", "a\n", "header_value"),
        ("X-Custom", " a", "header_value"),
        ("X-Custom", "Zürich", "header_value"),
        ("X Custom", "a", "header_name"),
        ("", "a", "header_name"),
    ],
)
def test_headers_of_servers_carry_no_secret_in_plain_text_and_no_line_break(header: str, value: str, code: str) -> None:
    poet = agent(mcps=[{"url": SERVER, "headers": {header: value}}])
    found = faults({"agents": {"poet": poet}, "tasks": [task()]})
    assert [(fault.pointer, fault.code) for fault in found] == [(f"/config/agents/poet/mcps/0/headers/{header}", code)]


def test_headers_may_be_plain_or_name_a_secret() -> None:
    headers = {"Authorization": {"secret": "MCP_KEY"}, "X-Region": "eu west", "X-Empty": ""}
    assert faults({"agents": {"poet": agent(mcps=[{"url": SERVER, "headers": headers}])}, "tasks": [task()]}) == []


@pytest.mark.parametrize(
    ("approval", "pointer", "code", "remedy"),
    [
        ({"tools": ["CalculatorTol"]}, "/config/approval/tools/0", "unknown_tool", "Did you mean CalculatorTool?"),
        ({"deciders": ["ada@example.com", "ada"]}, "/config/approval/deciders/1", "decider", ""),
        ({"timeout_seconds": 864001}, "/config/approval/timeout_seconds", "beyond_retention", "At most 864000."),
    ],
)
def test_rules_about_people_that_cannot_be_kept_are_faults(
    approval: dict[str, Any], pointer: str, code: str, remedy: str
) -> None:
    crew = {"agents": {"poet": agent(tools=["CalculatorTool"])}, "tasks": [task()], "approval": approval}
    with pytest.raises(InvalidRequest) as caught:
        check_references(parse_crew(crew), RULES, 10)
    [fault] = caught.value.faults
    assert (fault.pointer, fault.code, fault.remedy) == (pointer, code, remedy)


@pytest.mark.parametrize(
    ("server", "tool", "sound"),
    [(f"{SERVER}#publish", "publish", True), (f"{SERVER}#publish", "search", False), (SERVER, "anything", True)],
)
def test_a_tool_to_be_asked_about_may_be_one_of_an_mcp_server(server: str, tool: str, sound: bool) -> None:
    crew = {"agents": {"poet": agent(mcps=[server])}, "tasks": [task()], "approval": {"tools": [tool]}}
    assert (faults(crew) == []) is sound


def test_an_answer_that_waits_for_a_person_cannot_run_beside_others() -> None:
    found = faults({"tasks": [task(human_input=True, async_execution=True)]})
    assert [(fault.pointer, fault.code) for fault in found] == [("/config/tasks/0/human_input", "async_human_input")]
    assert faults({"tasks": [task(human_input=True)], "approval": {"deciders": ["ada@example.com"]}}) == []
