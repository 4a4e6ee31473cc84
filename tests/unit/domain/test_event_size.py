from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.aws_table import GROUP

from stepcrew.domain.event_size import (
    MOST_EVENT_BYTES,
    MOST_LABEL,
    MOST_LINE,
    SHORTENED,
    fitted,
    fitted_line,
    label,
)
from stepcrew.domain.trace import EventSource, LogLine, TraceEvent


def event(**fields: object) -> TraceEvent:
    about = {"execution_id": "e", "group_id": GROUP, "attempt": 1, "sequence": 1, "event_source": EventSource.LLM}
    return TraceEvent.model_validate(
        {**about, "emitted_at": datetime.now(UTC), "event_type": "llm_call_started", **fields}
    )


def size(one: TraceEvent) -> int:
    return len(one.model_dump_json().encode())


def with_body(bytes_left: int) -> TraceEvent:
    empty = event(output="")
    return empty.model_copy(update={"output": "x" * (MOST_EVENT_BYTES - size(empty) + bytes_left)})


def test_a_label_at_its_bound_stays_and_one_beyond_is_cut() -> None:
    assert label("x" * MOST_LABEL) == "x" * MOST_LABEL
    assert label("x" * (MOST_LABEL + 1)) == "x" * (MOST_LABEL - 1) + "…"


@pytest.mark.parametrize("field", ["event_context", "task_name", "agent_role"])
def test_every_label_of_an_event_is_bounded(field: str) -> None:
    at, beyond = event(**{field: "x" * MOST_LABEL}), event(**{field: "x" * (MOST_LABEL + 1)})
    assert fitted(at) is at
    assert len(getattr(fitted(beyond), field)) == MOST_LABEL


def test_an_event_at_its_bound_stays_and_one_beyond_says_what_was_cut() -> None:
    at, beyond = with_body(0), with_body(1)
    assert (size(at), size(beyond)) == (MOST_EVENT_BYTES, MOST_EVENT_BYTES + 1)
    assert fitted(at) is at
    cut = fitted(beyond)
    assert (size(cut) < MOST_EVENT_BYTES, cut.extra_data, cut.sequence) == (True, {SHORTENED: ["output"]}, 1)


@pytest.mark.parametrize("character", ["x", "\x01", "🙂", '"'])
def test_an_event_too_large_in_every_part_is_small_afterwards(character: str) -> None:
    text = character * 300_000
    huge = event(output=[text], extra_data={"a": text}, event_context=text, task_name=text, agent_role=text)
    cut = fitted(huge)
    assert size(cut) < MOST_EVENT_BYTES
    assert cut.extra_data == {SHORTENED: ["output", "extra_data"]}
    assert fitted(cut) is cut


def test_a_log_line_is_bounded_too() -> None:
    now = datetime.now(UTC)
    at = LogLine(attempt=1, sequence=1, emitted_at=now, level="INFO", logger="l", message="x" * MOST_LINE)
    assert fitted_line(at) is at
    beyond = at.model_copy(update={"message": "x" * (MOST_LINE + 1)})
    assert fitted_line(beyond) == at
