"""Declarative flows: every fault at once, each at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from stepcrew.domain.expressions import expressions_in, fault_of
from stepcrew.domain.models import ModelRules
from stepcrew.domain.parts import placeholders_of
from stepcrew.domain.submission import Submission, document_of, fingerprint
from stepcrew.services.check_crew import examine_crew

RULES = ModelRules("openai/gpt-4o", ["*"])
EXAMPLE = Path(__file__).parents[3] / "examples/report-flow/flow.yaml"
AGENT = {"role": "R", "goal": "G", "backstory": "B"}


def expression(text: str = "state.topic") -> dict[str, Any]:
    return {"call": "expression", "expr": text}


def crew(**more: Any) -> dict[str, Any]:
    task = {"name": "t", "description": "About {topic}", "expected_output": "Text", "agent": "w"}
    return {"call": "crew", "with": {"agents": {"w": AGENT}, "tasks": [task], **more}, "inputs": {"topic": "x"}}


def faults_of(inputs: dict[str, Any] | None = None, **document: Any) -> dict[str, str]:
    whole = {"schema": "crewai.flow/v1", "name": "f", "state": {"default": {"topic": "x", "rows": [1]}}, **document}
    return {one.pointer: one.code for one in examine_crew(whole, inputs, RULES, 30).faults}


def methods_faults(**methods: Any) -> dict[str, str]:
    found = faults_of(methods={"first": {"start": True, "do": expression()}, **methods})
    return {pointer.removeprefix("/config/methods/"): code for pointer, code in found.items()}


def test_the_example_is_sound_and_keeps_its_fingerprint() -> None:
    document = yaml.safe_load(EXAMPLE.read_text())
    parsed = examine_crew(document, {"topic": "rivers"}, RULES, 30).sound()
    assert list(parsed.definition.agents) == ["research.researcher", "write"]
    assert [task.name for task in parsed.definition.tasks] == ["research.facts"]
    submission = Submission(definition=parsed.definition, inputs=parsed.inputs, flow=parsed.flow)
    assert fingerprint(Submission.model_validate_json(document_of(submission))) == fingerprint(submission)
    assert placeholders_of(submission) == ["most_words", "topic"]
    assert submission.config == document


def test_what_would_run_code_or_read_files_is_refused_with_its_place() -> None:
    assert methods_faults(
        a={"listen": "first", "do": {"call": "script", "code": "import os"}},
        b={"listen": "first", "do": {"call": "code", "ref": "os:system"}},
        c={"listen": "first", "do": {"call": "tool", "ref": "os:system"}},
        d={"listen": "first", "do": {"call": "crew", "from_declaration": "../x"}},
        e={
            "listen": "first",
            "do": {"call": "agent", "with": {**AGENT, "input": "x", "response_format": {"python": "a"}}},
        },
        g={"listen": "first", "do": expression(), "human_feedback": {"message": "m", "provider": "a:b"}},
        h={"listen": "first", "do": expression(), "persist": {"persistence": {"ref": "a:b"}}},
        i={
            "listen": "first",
            "do": {
                "call": "each",
                "in": "state.rows",
                "do": [{"name": "s", "action": {"call": "script", "code": "1"}}],
            },
        },
        j={"listen": "first", "do": crew(agents={"w": {**AGENT, "type": {"python": "a.B"}}})},
    ) == {
        "a/do/call": "refused",
        "b/do/call": "refused",
        "c/do/ref": "unknown_tool",
        "d/do": "refused",
        "e/do/with/response_format": "unknown_field",
        "g/human_feedback": "refused",
        "h/persist": "refused",
        "i/do/do/0/action/call": "refused",
        "j/do/with/agents/w/type": "refused",
    }
    assert faults_of(methods={"a": {"start": True, "do": expression()}}, state={"type": "pydantic", "ref": "os:x"}) == {
        "/config/state": "refused"
    }


def test_ways_that_lead_nowhere_are_told() -> None:
    assert methods_faults(
        a={"listen": "nobody", "do": expression()},
        b={"listen": {"and": ["first", "b"]}, "do": expression()},
        c={"listen": {"xor": ["first"]}, "do": expression()},
        d={"do": expression()},
        e={"listen": "first", "do": expression(), "emit": ["x"]},
        g={
            "listen": {"or": ["good", {"and": ["first", "a"]}]},
            "do": expression(),
            "human_feedback": {"message": "m", "emit": ["good"], "default_outcome": "bad"},
        },
    ) == {
        "a/listen": "unknown_event",
        "b/listen/and/1": "circular",
        "c/listen": "condition",
        "d": "unreachable",
        "e/emit": "emit_without_router",
        "g/human_feedback/default_outcome": "default_outcome",
    }
    assert faults_of(methods={"a": {"listen": "a", "do": expression()}})["/config/methods"] == "no_start"


def test_crews_in_it_are_checked_as_crews_are() -> None:
    found = methods_faults(
        a={
            "listen": "first",
            "do": crew(agents={"w": {**AGENT, "tools": ["NoTool"], "goal": "{absent}"}}, effects=["x"]),
        },
        b={"listen": "first", "do": crew(tasks=[{"description": "d", "expected_output": "e", "agent": "q"}])},
    )
    assert found == {
        "a/do/with/agents/w/tools/0": "unknown_tool",
        "a/do/with/agents/w/goal": "missing_input",
        "a/do/with/effects/0": "unknown_tool",
        "a/do/with/effects": "refused",
        "b/do/with/tasks/0/agent": "unknown_agent",
    }


def test_inputs_that_nobody_gives_are_told() -> None:
    state = {
        "type": "json_schema",
        "json_schema": {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    }
    methods = {"first": {"start": True, "do": expression("state.a + state.b + (has(state.c) ? state.c : '')")}}
    whole = {"schema": "crewai.flow/v1", "name": "f", "state": state, "methods": methods}
    found = examine_crew(whole, {}, RULES, 30).faults
    assert [one.detail.split("'")[1] for one in found] == ["a", "b"]
    assert examine_crew(whole, {"a": "1", "b": "2"}, RULES, 30).faults == []
    assert examine_crew(whole, {}, RULES, 30, inputs_follow=True).faults == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("state.topic == 'a' && outputs.one.raw != \"b}\"", None),
        ("state.rows.map(r, r.x).filter(r, r > 1)", None),
        ("{'a': state.topic, 'b': [1, 2.5]}", None),
        ("size(outputs.one) > 1 ? true : null", None),
        ("r'a\\' + state.x", None),
        ("", "is empty"),
        ("state.topic + 'a", "not closed"),
        ("(state.topic", "( is not closed"),
        ("state.topic]", "] closes nothing"),
        ("1 +", "missing at its end"),
        ("state.topic == == 'a'", "missing before =="),
        ("state.topic state.rows", "state follows a value"),
        ("size(state.rows,)", "missing before )"),
        ("state..topic", "a name must follow"),
        ("state.topic = 'a'", "= means nothing"),
        ("state.topic and state.rows", "and follows a value"),
        ("state.rows ! state.topic", "! follows a value"),
        ("topic", "reads 'topic'"),
        ("item.x", "reads 'item'"),
        ("outputs.two", "no output 'two'"),
        ("__import__('os')", None),  # a function that CEL has not: the runner says so before anything is asked
        ("x" * 2001, "more than"),
    ],
)
def test_an_expression_is_read_as_far_as_its_names(text: str, told: str | None) -> None:
    fault = fault_of(text, {"state", "outputs"}, {"one"})
    assert fault is None if told is None else told in (fault or "")


def test_expressions_stand_in_texts_between_braces() -> None:
    assert [one.text for one in expressions_in("a ${state.x} b ${ {'k': '}'}.k } c")] == ["state.x", " {'k': '}'}.k "]
    [open_one] = expressions_in("a ${state.x")
    assert open_one.fault


def test_a_flow_that_goes_on_with_a_kept_state_may_lack_what_that_has() -> None:
    persists: dict[str, Any] = {"methods": {"a": {"start": True, "do": expression("state.guest")}}}
    for persist, inputs, faults in (
        ({"enabled": True}, {"id": "7"}, {}),
        ({"enabled": True}, {}, {"/inputs": "missing_input"}),
        ({"enabled": False}, {"id": "7"}, {"/inputs": "missing_input"}),
    ):
        assert faults_of(**persists, persist=persist, inputs=inputs) == faults
