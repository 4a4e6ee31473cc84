"""Declarative flows, run by the real runner on in-memory ports."""

from __future__ import annotations

from itertools import count
from typing import Any

import celpy
import pytest
from celpy.celparser import CELParseError

from scripted_model import ScriptedModel
from stepcrew.domain.approval import Approval
from stepcrew.domain.execution import Limits
from stepcrew.domain.expressions import fault_of
from stepcrew.domain.models import ModelRules
from stepcrew.domain.submission import Submission
from stepcrew.services.check_crew import examine_crew
from tests.runner.fakes import new_execution
from tests.runner.harness import GROUP, MODEL, Ended, Harness, agent, task

RULES = ModelRules(MODEL, ["*"])
NUMBERS = count(1)
STATE = {"type": "dict", "default": {"topic": "tides", "rows": [1, 2, 3]}}


def crew_step(text: str, **inputs: Any) -> dict[str, Any]:
    return {"call": "crew", "with": {"agents": {"worker": agent()}, "tasks": [task(text)]}, "inputs": inputs}


def agent_step(text: str, **more: Any) -> dict[str, Any]:
    return {"call": "agent", "with": {**agent(**more), "input": text}}


def expression(text: str) -> dict[str, Any]:
    return {"call": "expression", "expr": text}


def calculator(text: str) -> dict[str, Any]:
    return {"call": "tool", "ref": "CalculatorTool", "with": {"expression": text}}


class Flow:
    """One submitted flow."""

    def __init__(self, harness: Harness, inputs: dict[str, Any] | None = None, **document: Any) -> None:
        self._harness = harness
        whole = {"schema": "crewai.flow/v1", "name": "Report", "state": STATE, **document}
        parsed = examine_crew(whole, inputs, RULES, 30).sound()
        submission = Submission(definition=parsed.definition, inputs=parsed.inputs, flow=parsed.flow)
        self.id = f"flow-{next(NUMBERS)}"
        harness.executions.add(new_execution(self.id, 0, harness.clock.now(), Limits(), GROUP), submission)

    def attempt(self) -> Ended:
        return self._harness.ended(self.id, self._harness.attempt(self.id))

    def asked(self) -> Approval:
        return self._harness.approvals.approvals(GROUP, self.id)[-1]


def methods_of(ended: Ended) -> list[tuple[str, Any]]:
    told = [event for event in ended.events if event.event_type == "flow_method_completed"]
    return [(event.event_context, event.extra_data.get("route")) for event in told]


REPORT: dict[str, Any] = {
    "research": {
        "start": True,
        "do": crew_step("Find {what}. [[say three facts]]", what="${state.topic} in ${state.place}"),
    },
    "choose": {
        "listen": "research",
        "router": True,
        "emit": ["good", "bad"],
        "do": expression("outputs.research.raw == 'three facts' ? 'good' : 'bad'"),
    },
    "write": {"listen": "good", "do": agent_step("Write about ${outputs.research.raw}. [[say a report]]")},
    "drop": {"listen": "bad", "do": expression("'nothing'")},
}


def test_methods_start_listen_and_go_the_way_a_router_says(harness: Harness, model: ScriptedModel) -> None:
    ended = Flow(harness, {"place": "Bergen"}, methods=REPORT).attempt()
    assert ended.execution.error is None
    assert [(one.name, one.raw) for one in ended.outputs] == [("research.task", "three facts"), ("Report", "a report")]
    assert "Find tides in Bergen." in model.requests[0].text
    assert "Write about three facts." in model.requests[-1].text
    assert methods_of(ended) == [("research", None), ("choose", "good"), ("write", None)]


def test_a_killed_flow_pays_for_nothing_twice(harness: Harness, model: ScriptedModel) -> None:
    flow = Flow(harness, {"place": "Bergen"}, methods=REPORT)
    kept = harness.kept()
    first = flow.attempt()
    calls, answers = len(model.requests), harness.journal.kept()
    harness.restore(kept)
    harness.journal.restore(answers)
    harness.executions.begin_attempt(GROUP, flow.id, harness.clock.now())  # the one that died
    again = flow.attempt()
    assert len(model.requests) == calls == 2
    assert [one.raw for one in again.outputs] == [one.raw for one in first.outputs]
    assert again.execution.usage == first.execution.usage


KEPT: dict[str, Any] = {
    "persist": {"enabled": True},
    "methods": {"tell": {"start": True, "do": expression("state.guest + ' of ' + state.topic + ' as ' + state.id")}},
}


def test_a_flow_goes_on_with_the_state_that_an_execution_before_it_kept(harness: Harness, model: ScriptedModel) -> None:
    first = Flow(harness, {"id": "guest-7", "guest": "Ada"}, **KEPT).attempt()
    assert first.outputs[-1].raw == "Ada of tides as guest-7"
    again = Flow(harness, {"id": "guest-7", "topic": "moons"}, **KEPT)
    kept = harness.kept()
    assert again.attempt().outputs[-1].raw == "Ada of moons as guest-7"
    writes, answers = harness.states.writes, harness.journal.kept()
    harness.restore(kept)
    harness.journal.restore(answers)
    harness.executions.begin_attempt(GROUP, again.id, harness.clock.now())  # the one that died
    assert again.attempt().outputs[-1].raw == "Ada of moons as guest-7"
    assert harness.states.writes == writes
    other = Flow(harness, {"id": "guest-8"}, **KEPT).attempt()
    assert other.execution.error is not None, "nobody gave it a guest"
    by_its_own = Flow(harness, {"guest": "Bob"}, **KEPT)
    by_its_own.attempt()
    assert Flow(harness, {"id": by_its_own.id}, **KEPT).attempt().outputs[-1].raw == f"Bob of tides as {by_its_own.id}"


def test_only_the_methods_that_say_so_keep_the_state(harness: Harness, model: ScriptedModel) -> None:
    told = {"start": True, "do": expression("state.topic")}
    last = {"listen": "first", "do": expression("state.topic")}
    for first, persists, writes in ((True, None, 1), (False, {"enabled": True}, 1), (None, {"enabled": True}, 2)):
        own = {} if first is None else {"persist": {"enabled": first}}
        flow = {"persist": persists} if persists else {}
        before = harness.states.writes
        Flow(harness, methods={"first": {**told, **own}, "last": last}, **flow).attempt()
        assert harness.states.writes - before == writes


def test_each_runs_steps_for_every_item_and_tools_pass_the_gate(harness: Harness, model: ScriptedModel) -> None:
    each = {
        "call": "each",
        "in": "state.rows",
        "do": [
            {
                "name": "double",
                "action": {"call": "tool", "ref": "CalculatorTool", "with": {"expression": "${item} * 2"}},
            },
            {"name": "tell", "if": "item > 1", "action": expression("'is ' + outputs.double")},
        ],
    }
    ended = Flow(harness, methods={"rows": {"start": True, "do": each}}).attempt()
    assert ended.execution.error is None
    assert ended.outputs[-1].raw == '["2", "is 4", "is 6"]'
    assert len(harness.journal.entries(GROUP, ended.execution.execution_id)) == 3
    assert model.requests == []


def test_a_persons_word_is_an_approval_and_chooses_the_way(harness: Harness, model: ScriptedModel) -> None:
    feedback = {"message": "Is it good?", "emit": ["publish", "revise"], "default_outcome": "publish"}
    flow = Flow(
        harness,
        methods={
            "draft": {"start": True, "do": agent_step("Draft. [[say a draft]]"), "human_feedback": feedback},
            "send": {"listen": "publish", "do": expression("'sent'")},
        },
    )
    assert flow.attempt().outcome == "PARKED"
    asked = flow.asked()
    assert (asked.kind.value, asked.question, asked.output) == ("feedback", "Is it good?", "a draft")
    harness.decide(flow.id, "approve")
    ended = flow.attempt()
    assert (ended.outcome, ended.outputs[-1].raw) == ("COMPLETED", "sent")
    assert len(model.requests) == 1


def test_calls_of_tools_with_approval_wait_for_a_person(harness: Harness, model: ScriptedModel) -> None:
    step = calculator("2 * 3")
    rules = {"tools": ["CalculatorTool"]}
    flow = Flow(harness, approval=rules, methods={"count": {"start": True, "do": step}})
    assert flow.attempt().outcome == "PARKED"
    assert [call.tool_name for call in flow.asked().tools] == ["calculator"]
    harness.decide(flow.id, "approve")
    assert flow.attempt().outputs[-1].raw == "6"


def test_an_expression_that_cannot_be_read_ends_the_flow_before_anything_is_paid(
    harness: Harness, model: ScriptedModel
) -> None:
    methods = {
        "draft": {"start": True, "do": agent_step("Draft. [[say a draft]]")},
        "tell": {"listen": "draft", "do": expression("state.topic ? 'x'")},
    }
    ended = Flow(harness, methods=methods).attempt()
    assert ended.execution.error
    assert "tell" in ended.execution.error.message
    assert model.requests == []


def test_the_time_and_the_id_of_an_expression_are_those_of_the_execution(
    harness: Harness, model: ScriptedModel
) -> None:
    flow = Flow(harness, methods={"tell": {"start": True, "do": expression("state.id + ' ' + string(now())")}})
    ended = flow.attempt()
    created = ended.execution.created_at.strftime("%Y-%m-%dT%H:%M:%S")
    assert ended.outputs[-1].raw.startswith(f"{flow.id} {created}")


WHOLE = """
state.a | state.a[0].b | -state.a + 3 | !state.a && !(state.b || state.c) | a ? b : c ? d : e | [] | {} | size([])
{'k': state.a, 'l': [1, 2u, 0x1F, 1.5e3]} | a.startsWith('x') | x in [1, 2] | has(state.a) | b'bytes' | a.b{c: 1}
a.filter(x, x > 1).map(x, x * 2) | now() - duration('1h') | a - -1 | .a.b | ((a)) | f() | .5 + 1 | 1e-5
"""
BROKEN = """
1 + | * 2 | a b | a.5 | a == == b | f(1,) | f(,1) | a. | a..b | a.1 | a = b | a and b | a ! b | () | a; b | a @ b
[1 2] | {'k' 1} | a ? b | in x | a & | 'it''s' | a[] | (1)(2 | a ? : b
"""
SAMPLES = [text.strip() for text in f"{WHOLE}\n{BROKEN}".replace("\n", " | ").split(" | ") if text.strip()]
MISSED = ["a ? b"]
"""What only the compiler sees."""


@pytest.mark.parametrize("text", SAMPLES)
def test_what_is_told_of_an_expression_at_submission_is_what_its_compiler_says(text: str) -> None:
    told = fault_of(text, set("abcdefx") | {"state"}, set())
    compiler: Any = celpy.Environment()
    try:
        compiler.compile(text)
    except CELParseError:
        assert told or text in MISSED
    else:
        assert told is None
