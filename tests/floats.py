"""One submission with numbers that versions of pydantic print differently. Its fingerprint is asked for in the API's
environment and in the runner's."""

from __future__ import annotations

from typing import Any

from stepcrew.domain.submission import Submission

NUMBERS: dict[str, Any] = {
    "large": 1e16,
    "larger": 1e20,
    "largest": 1.7976931348623157e308,
    "small": 1e-7,
    "least": 5e-324,
    "third": 1 / 3,
    "whole": 2.0,
    "zero": -0.0,
    "integer": 10**30,
}
FINGERPRINT = "2db3fd890245e9f9a1ea37eb8f5932c50f0f913bbf41071e8ee68714d71be05c"


def with_floats() -> Submission:
    schema = {"type": "object", "properties": {"n": {"type": "number", "maximum": 1e20, "minimum": -1e16}}}
    task = {"name": "t", "description": "d", "expected_output": "e", "agent": "a", "output_json": schema}
    agent = {"role": "r", "goal": "g", "backstory": "b", "llm": {"model": "openai/m", "temperature": 1e-7}}
    return Submission.model_validate(
        {"definition": {"tasks": [task], "agents": {"a": agent}}, "inputs": {"x": NUMBERS, "text": "ä \u2028"}}
    )
