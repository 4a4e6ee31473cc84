from __future__ import annotations

from typing import Any

import pytest
from crewai.tasks.task_output import TaskOutput as CrewOutput

from stepcrew.domain.definition import Condition
from stepcrew_runner.crew.conditions import judge

FENCED = 'Sure!\n```json\n{"urgent": true, "score": "7", "why": null, "tags": ["a", "b"]}\n```\nDone.'


def output(raw: str, json_dict: dict[str, Any] | None = None) -> CrewOutput:
    return CrewOutput(name="triage", description="d", raw=raw, json_dict=json_dict, agent="a")


@pytest.mark.parametrize(
    ("condition", "raw", "holds"),
    [
        ({"equals": "yes"}, "yes\n", True),
        ({"equals": "yes"}, "Yes", False),
        ({"equals": " yes "}, "yes", True),
        ({"equals": True}, "true\n", True),
        ({"equals": True}, "Yes.", True),
        ({"equals": False}, "no", True),
        ({"equals": True}, "1", False),
        ({"equals": 1}, "true", False),
        ({"equals": 5}, "5.0\n", True),
        ({"equals": 5}, "five", False),
        ({"equals": True}, "```json\ntrue\n```", True),
        ({"field": "urgent", "equals": True}, FENCED, True),
        ({"field": "urgent", "equals": False}, FENCED, False),
        ({"field": "urgent", "equals": "true"}, FENCED, True),
        ({"field": "score", "greater_than": 5.0}, FENCED, True),
        ({"field": "score", "equals": 7}, FENCED, True),
        ({"field": "score", "less_than": 7.0}, FENCED, False),
        ({"field": "tags", "contains": "b"}, FENCED, True),
        ({"field": "why", "longer_than": 0}, FENCED, False),
        ({"field": "none", "contains": "n"}, FENCED, False),
        ({"field": "none", "not_contains": "n"}, FENCED, True),
        ({"field": "none", "equals": "None"}, FENCED, False),
        ({"field": "urgent", "equals": True}, "no JSON at all", False),
        ({"field": "urgent", "equals": True}, '{"urgent": tr', False),
        ({"greater_than": 1.0}, "true", False),
        ({"longer_than": 3}, "four", True),
    ],
)
def test_conditions_read_answers_as_models_write_them(condition: dict[str, Any], raw: str, holds: bool) -> None:
    assert judge(Condition.model_validate(condition), output(raw)).holds is holds


def test_structured_output_goes_before_the_text() -> None:
    condition = Condition.model_validate({"field": "a", "equals": 2})
    assert judge(condition, output('{"a": 1}', {"a": 2})).holds


def test_what_was_compared_is_told_in_a_bounded_sentence() -> None:
    told = judge(Condition.model_validate({"field": "gone", "equals": True}), output("x")).compared
    assert told == "The field gone of the output of crew task triage is not there; the condition asks for equals true."
    assert len(judge(Condition.model_validate({"contains": "y"}), output("x" * 10_000)).compared) < 500
