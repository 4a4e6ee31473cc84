"""Tools that are functions of the group: called outside of the runner, at the same gate as every other tool."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.errors import FunctionFailed
from stepcrew.domain.execution import Status
from stepcrew.domain.function_tool import FunctionTool
from stepcrew_runner.isolation.addresses import is_trusted
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.runner.test_approvals import asks
from tests.runner.test_effects import died_in_the_call

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {"type": "string", "description": "Its number."},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"item": {"type": "string"}}}},
        "note": {"type": "string"},
    },
    "required": ["order"],
}
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:refund"
CALL = '[[tool refund_order {"order": "A-7", "lines": [{"item": "cup"}]}]] [[say Refunded.]]'


class Functions:
    """The group's functions: what they were asked; `answers` are texts, or errors."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any], bool]] = []
        self.answer: str | Exception = '{"refunded": true}'

    def call(self, tool: FunctionTool, arguments: Mapping[str, Any]) -> str:
        self.asked.append((tool.function_arn, dict(arguments), is_trusted()))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def functions(harness: Harness) -> Functions:
    made = Functions()
    harness.ports = harness.ports._replace(functions=made)
    return made


def tool(**more: Any) -> FunctionTool:
    told = {"name": "refund_order", "description": "Refunds an order.", "input_schema": SCHEMA, "function_arn": ARN}
    return FunctionTool.model_validate({**told, **more})


def refunds(text: str = CALL, **more: Any) -> dict[str, Any]:
    config = crew(task(f"Refund. {text}", "refund"), **more)
    config["agents"]["worker"] = agent(tools=["refund_order"])
    return config


def run(harness: Harness, config: dict[str, Any], *tools: FunctionTool) -> Any:
    execution_id = harness.submit(config, tools=tools)
    return harness.ended(execution_id, harness.attempt(execution_id))


def test_a_function_is_called_with_what_the_model_gave_and_the_model_is_told_its_answer(
    harness: Harness, functions: Functions, model: ScriptedModel
) -> None:
    ended = run(harness, refunds(), tool())
    assert ended.execution.error is None
    assert functions.asked == [(ARN, {"order": "A-7", "lines": [{"item": "cup"}]}, True)]
    assert [output.raw for output in ended.outputs] == ["Refunded."]
    [offered] = model.requests[0].body["tools"]
    assert (offered["function"]["name"], "Refunds an order." in str(offered)) == ("refund_order", True)
    assert "refunded" in model.requests[1].text
    assert ended.types.count("tool_usage_completed") == 1


def test_arguments_that_do_not_fit_the_schema_never_reach_the_function(
    harness: Harness, functions: Functions, model: ScriptedModel
) -> None:
    ended = run(harness, refunds('[[tool refund_order {"note": "x"}]] [[say No number.]]'), tool())
    assert functions.asked == []
    assert ended.execution.status is Status.COMPLETED
    assert "order" in model.requests[1].text


def test_an_error_of_the_function_is_told_to_the_model(
    harness: Harness, functions: Functions, model: ScriptedModel
) -> None:
    functions.answer = FunctionFailed("refund_order failed: KeyError: A-7")
    ended = run(harness, refunds(), tool(effects=True))
    assert ended.execution.status is Status.COMPLETED
    assert "KeyError: A-7" in model.requests[1].text
    assert len(functions.asked) == 1
    lines = [(line.level, line.message) for line in harness.queue.logs(ended.execution.execution_id)]
    assert ("WARNING", "The tool refund_order failed: refund_order failed: KeyError: A-7") in lines


def test_a_function_with_effects_is_not_repeated_without_a_persons_word(harness: Harness, functions: Functions) -> None:
    harness.submit = partial(harness.submit, tools=[tool(effects=True)])
    execution_id = died_in_the_call(harness, refunds())
    question = asks(harness, execution_id)
    assert (question.kind, len(functions.asked)) == (ApprovalKind.EFFECT, 1)
    harness.decide(execution_id, "reject")
    harness.attempt(execution_id)
    assert len(functions.asked) == 1
    assert harness.executions.get(GROUP, execution_id).status is Status.COMPLETED


def test_one_that_only_reads_is_asked_again_and_a_kept_answer_is_not(harness: Harness, functions: Functions) -> None:
    harness.submit = partial(harness.submit, tools=[tool()])
    execution_id = died_in_the_call(harness, refunds())
    harness.attempt(execution_id)
    assert len(functions.asked) == 2
    assert harness.executions.get(GROUP, execution_id).status is Status.COMPLETED


def test_a_person_may_be_asked_before_each_call(harness: Harness, functions: Functions) -> None:
    execution_id = harness.submit(refunds(approval={"tools": ["refund_order"]}), tools=[tool()])
    question = asks(harness, execution_id)
    assert [(call.tool_name, call.arguments["order"]) for call in question.tools] == [("refund_order", "A-7")]
    assert functions.asked == []
    harness.decide(execution_id, "approve")
    harness.attempt(execution_id)
    assert len(functions.asked) == 1


def test_a_function_without_arguments(harness: Harness, functions: Functions) -> None:
    nothing = tool(name="ping", input_schema={"type": "object", "properties": {}})
    config = refunds("[[tool ping {}]] [[say Pong.]]")
    config["agents"]["worker"] = agent(tools=["ping"])
    assert run(harness, config, nothing).execution.error is None
    assert functions.asked == [(ARN, {}, True)]


def test_a_tool_that_the_execution_does_not_have_is_none(harness: Harness, functions: Functions) -> None:
    ended = run(harness, refunds(), tool(name="other"))
    assert ended.execution.error is not None
    assert "no tool" in ended.execution.error.message
    assert functions.asked == []
