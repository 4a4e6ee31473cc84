"""Answers and arguments of a model that are nested more deeply than anything behind the runner could read."""

from __future__ import annotations

from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.nesting import MAX_DEPTH
from stepcrew_runner.trace.kinds import plain
from tests.runner.harness import Harness, agent, crew, task

SCHEMA: dict[str, Any] = {
    "title": "Tree",
    "type": "object",
    "properties": {"a": {"type": "object", "additionalProperties": True}},
    "required": ["a"],
}
DEEP = [MAX_DEPTH + 1, 220, 300, 900]
"""From 201 levels on pydantic does not read what it wrote, from 256 on it does not write."""


def nested(levels: int) -> str:
    return '{"a": ' * levels + "1" + "}" * levels


@pytest.mark.parametrize(
    ("field", "tools"),
    [
        *(("output_json", []), ("output_pydantic", []), ("response_model", [])),
        *(("output_json", ["CalculatorTool"]), ("output_pydantic", ["CalculatorTool"])),
    ],
)
@pytest.mark.parametrize("levels", DEEP)
def test_a_structured_answer_that_is_nested_too_deeply_fits_no_schema(
    harness: Harness, model: ScriptedModel, field: str, tools: list[str], levels: int
) -> None:
    model.words["deep"] = nested(levels)
    answer = task("Say. [[say <<deep>>]]") | {field: SCHEMA}

    ended = harness.run({"agents": {"worker": agent(tools=tools, max_retry_limit=0)}, "tasks": [answer]})

    error = ended.execution.error
    assert error is not None
    assert (error.category.value, error.type) == ("model", "AnswerNotOfSchema")
    assert f"nested deeper than {MAX_DEPTH} levels" in error.message


def test_a_structured_answer_may_be_nested_as_deeply_as_an_input(harness: Harness, model: ScriptedModel) -> None:
    model.words["deep"] = nested(MAX_DEPTH)

    ended = harness.run(crew(task("Say. [[say <<deep>>]]", output_json=SCHEMA)))

    assert ended.outcome == "COMPLETED"


@pytest.mark.parametrize("levels", DEEP)
def test_a_tool_is_not_called_with_arguments_that_are_nested_too_deeply(harness: Harness, levels: int) -> None:
    call = f"Calculate. [[tool calculator {nested(levels)}]] [[say Done.]]"

    ended = harness.run({"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(call)]})

    assert ended.outcome == "COMPLETED", ended.execution.error
    [failed] = ended.of("tool_usage_failed")
    assert f"nested deeper than {MAX_DEPTH} levels" in str(failed.output)
    assert all(f"nested deeper than {MAX_DEPTH}" in str(event.output) for event in ended.of("tool_usage_started"))


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 300, 100_000])
def test_the_trace_tells_of_a_value_without_end_only_that_it_has_none(levels: int) -> None:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]

    assert plain({"value": value}) == f"(nested deeper than {MAX_DEPTH} levels)"
