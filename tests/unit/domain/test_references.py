from __future__ import annotations

from typing import Any

import pytest

from stepcrew.domain.errors import Fault
from stepcrew.domain.faults import MAX_FAULTS, EnoughFaults, Faults
from stepcrew.domain.models import ModelRules
from stepcrew.domain.parsing import parse_crew, read_crew
from stepcrew.domain.parts import memory_uses, models_of
from stepcrew.domain.references import find_reference_faults
from stepcrew.domain.text_bounds import MOST_CHARACTERS

RULES = ModelRules("openai/gpt-4.1-mini", ["openai/*"])
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
    parsed = parse_crew({"agents": {"poet": agent()}, **config}, inputs)
    find_reference_faults(parsed, rules)
    return parsed.faults


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
    found = faults({"tasks": [task()]}, rules=ModelRules("", ["openai/*"]))
    assert (found[0].pointer, found[0].code) == ("/config/agents/poet/llm", "missing_model")


@pytest.mark.parametrize(
    ("config", "pointer"),
    [({"process": "hierarchical"}, "/config/manager_llm"), ({"planning": True}, "/config/planning_llm")],
)
def test_without_any_model_the_manager_or_planner_without_one_is_named(config: dict[str, Any], pointer: str) -> None:
    crew = {"tasks": [task()], "agents": {"poet": agent(llm="openai/gpt-4o")}, **config}
    found = faults(crew, rules=ModelRules("", ["openai/*"]))
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


def test_given_inputs_fill_their_placeholders_and_null_is_not_given() -> None:
    config = {"tasks": [task(description="About {topic} and {other-thing}. {not a name} {}")]}
    assert faults(config, {"topic": "rain", "other-thing": ["a", "b"]}) == []
    found = faults(config, {"topic": None, "other-thing": 1, "unused": None})
    assert [(fault.pointer, fault.code) for fault in found] == [("/config/tasks/0/description", "missing_input")]


def test_nobody_is_told_to_mean_a_tool_that_has_nothing_to_do_with_what_they_wrote() -> None:
    [fault] = faults({"tasks": [task(tools=["NL2SQLTool"])]})
    assert fault.remedy.startswith("Known: CalculatorTool, ")
    [fault] = faults({"tasks": [task(tools=["BraveSerchTool"])]})
    assert fault.remedy == "Did you mean BraveSearchTool?"


def test_a_reference_is_not_told_where_its_own_place_is_faulty_already() -> None:
    parsed = read_crew(
        {"agents": {"poet": agent()}, "tasks": [task(agent=7), task("two", agent="poetess")]}, None, Faults()
    )
    find_reference_faults(parsed, RULES)
    assert [(fault.pointer, fault.code) for fault in parsed.faults] == [
        ("/config/tasks/0/agent", "string_type"),
        ("/config/tasks/1/agent", "unknown_agent"),
    ]


def test_agents_that_cannot_be_read_make_no_reference_to_them_a_fault() -> None:
    parsed = read_crew({"agents": "poet: [", "tasks": [task(), task("two", context=["none"])]}, None, Faults())
    find_reference_faults(parsed, RULES)
    assert [fault.code for fault in parsed.faults] == ["yaml", "unknown_context"]


def test_faults_are_looked_for_only_until_there_are_enough() -> None:
    tasks = [task(f"t{n}", context=[f"none{n}-{m}" for m in range(200)]) for n in range(200)]
    parsed = parse_crew({"agents": {"poet": agent()}, "tasks": tasks})
    with pytest.raises(EnoughFaults):
        find_reference_faults(parsed, RULES)
    assert len(parsed.faults) == MAX_FAULTS


@pytest.mark.parametrize(
    ("field", "most"),
    [
        (field, most)
        for field, most in MOST_CHARACTERS.items()
        if field not in ("role", "goal", "backstory", "input_files")
    ],
)
def test_a_text_of_a_task_is_bounded_once_its_inputs_stand_in_it(field: str, most: int) -> None:
    config = {"tasks": [task(**{field: "{a} and {a}"})]}
    half = (most - 5) // 2
    assert faults(config, {"a": "x" * half, "unused": "y" * most}) == []
    [fault] = faults(config, {"a": "x" * (half + 1)})
    assert (fault.pointer, fault.code) == (f"/config/tasks/0/{field}", "too_long")
    assert fault.remedy


@pytest.mark.parametrize(
    ("field", "most"), [(field, MOST_CHARACTERS[field]) for field in ("role", "goal", "backstory")]
)
def test_a_text_of_an_agent_is_bounded_at_its_bound(field: str, most: int) -> None:
    config = {"agents": {"poet": agent(**{field: "{a}!"})}, "tasks": [task()]}
    assert faults(config, {"a": "x" * (most - 1)}) == []
    assert [fault.pointer for fault in faults(config, {"a": "x" * most})] == [f"/config/agents/poet/{field}"]


def test_all_texts_together_are_bounded_too_and_a_list_counts_as_it_is_written() -> None:
    tasks = [task(f"t{n}", description="{a}") for n in range(4)]
    assert faults({"tasks": tasks}, {"a": ["x" * (MOST_CHARACTERS["description"] - 4)]})[0].pointer == "/config"
    assert faults({"tasks": tasks[:3]}, {"a": ["x" * (MOST_CHARACTERS["description"] - 4)]}) == []


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


def test_effects_of_a_tool_that_nobody_has_are_a_fault() -> None:
    crew = {"agents": {"poet": agent(tools=["CalculatorTool"])}, "tasks": [task()]}
    (fault,) = faults({**crew, "effects": ["CalculatorTool", "CalculatorTol"]})
    assert (fault.pointer, fault.code) == ("/config/effects/1", "unknown_tool")


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
    parsed = parse_crew(crew)
    find_reference_faults(parsed, RULES, 10)
    [fault] = parsed.faults
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


EMBEDDER = "openai/text-embedding-3-small"


@pytest.mark.parametrize(
    ("config", "pointer", "code"),
    [
        ({"memory": True}, "/config/memory/embedder", "missing_embedder"),
        ({"agents": {"poet": agent(memory=True)}}, "/config/agents/poet/memory/embedder", "missing_embedder"),
        ({"memory": True, "embedder": "anthropic/claude"}, "/config/embedder", "unknown_embedder"),
        ({"memory": {"embedder": "cohere"}}, "/config/memory/embedder", "unknown_embedder"),
        (
            {"memory": {"embedder": "bedrock/amazon.titan-embed-text-v2:0"}},
            "/config/memory/embedder",
            "model_not_allowed",
        ),
        ({"memory": {"embedder": EMBEDDER, "llm": "bedrock/x"}}, "/config/memory/llm", "model_not_allowed"),
        (
            {"memory": {"embedder": EMBEDDER}, "agents": {"poet": agent(memory={"embedder": "openai/other"})}},
            "/config/agents/poet/memory/embedder",
            "two_embedders",
        ),
    ],
)
def test_memory_needs_one_embedding_model_for_each_root_scope(config: dict[str, Any], pointer: str, code: str) -> None:
    (found,) = faults({"tasks": [task()], **config})
    assert (found.pointer, found.code) == (pointer, code)


def test_the_operators_embedding_model_may_be_used_whatever_else_is_allowed() -> None:
    rules = ModelRules("openai/gpt-4.1-mini", ["openai/*"], "bedrock/cohere.embed-v4")
    config: dict[str, Any] = {"tasks": [task()], "memory": True, "agents": {"poet": agent(memory={"scope": "shared"})}}
    assert faults(config, rules=rules) == []
    assert faults({**config, "embedder": EMBEDDER}, rules=rules) == []


def test_each_memory_has_a_scope_of_its_own() -> None:
    agents = {"poet": agent(memory=True), "critic": agent(memory={"scope": "shared"}), "other": agent()}
    parsed = parse_crew({"name": "Poets", "agents": agents, "tasks": [task()], "memory": {"scope": "shared"}}, None)
    assert [(use.agent, use.scope) for use in memory_uses(parsed.definition)] == [
        (None, "/shared"),
        ("poet", "/crews/Poets/agent/poet"),
        ("critic", "/shared/Poets/agent/critic"),
    ]
    stored = [use.scope for use in memory_uses(parsed.definition, "kept")]
    assert stored == ["/shared", "/crews/kept/agent/poet", "/shared/kept/agent/critic"]
