"""One submission with numbers that versions of pydantic print differently. Its fingerprint is asked for in the API's
environment and in the runner's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stepcrew.domain.submission import Submission
from stepcrew.domain.trace import EventSource, PayloadReference, TraceEvent

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
HASH_OF_EVENT = "cfb4acd35f538d70708ccac93d5cf7cc47cdc6bb34233393da21ba60f312a7ad"
FINGERPRINT = "2db3fd890245e9f9a1ea37eb8f5932c50f0f913bbf41071e8ee68714d71be05c"


def with_floats() -> Submission:
    schema = {"type": "object", "properties": {"n": {"type": "number", "maximum": 1e20, "minimum": -1e16}}}
    task = {"name": "t", "description": "d", "expected_output": "e", "agent": "a", "output_json": schema}
    agent = {"role": "r", "goal": "g", "backstory": "b", "llm": {"model": "openai/m", "temperature": 1e-7}}
    return Submission.model_validate(
        {"definition": {"tasks": [task], "agents": {"a": agent}}, "inputs": {"x": NUMBERS, "text": "ä \u2028"}}
    )


def an_event(previous: str | None) -> TraceEvent:
    moment = datetime(2026, 11, 24, 9, 0, 0, 120, tzinfo=UTC)
    return TraceEvent(
        execution_id="e",
        group_id="g",
        attempt=1,
        sequence=2,
        emitted_at=moment,
        event_type="llm_call_completed",
        event_source=EventSource.LLM,
        duration_ms=1e16,
        output={"numbers": NUMBERS, "text": 'ä \u2028 🌧️ "\\'},
        extra_data={"nothing": None, "empty": ""},
        output_reference=PayloadReference(payload_id="p", bytes=1),
        previous=previous,
    )
