from __future__ import annotations

from collections.abc import Generator

import pytest
from tests.aws_table import GROUP, ID, NOW, TABLE, Aws, emulated_aws, execution, submission

from stepcrew.domain.execution import Status
from stepcrew.domain.trace import EventSource, LogLine, RecordedRange, TraceEvent


@pytest.fixture
def aws() -> Generator[Aws]:
    with emulated_aws() as emulated:
        emulated.executions.create(execution(), submission(), None)
        yield emulated


def events(first: int, last: int, attempt: int = 1) -> list[TraceEvent]:
    return [
        TraceEvent(
            execution_id=ID,
            group_id=GROUP,
            attempt=attempt,
            sequence=sequence,
            emitted_at=NOW,
            event_type="llm_call",
            event_source=EventSource.LLM,
            output=f"event {sequence} ✓",
        )
        for sequence in range(first, last + 1)
    ]


def test_events_come_back_in_order_from_any_cursor(aws: Aws) -> None:
    aws.traces.record(GROUP, ID, events(1, 60), [])
    aws.traces.record(GROUP, ID, events(61, 120), [])
    aws.traces.record(GROUP, ID, events(1, 3, attempt=2), [])
    first = aws.traces.events(GROUP, ID, after=(0, 0), limit=100)
    rest = aws.traces.events(GROUP, ID, after=(1, 100), limit=100)
    assert [event.sequence for event in first] == list(range(1, 101))
    assert [(event.attempt, event.sequence) for event in rest] == [(1, n) for n in range(101, 121)] + [
        (2, 1),
        (2, 2),
        (2, 3),
    ]
    assert first[0].recorded_at is not None
    assert first[0].output == "event 1 ✓"


def test_a_batch_delivered_twice_is_stored_and_counted_once(aws: Aws) -> None:
    for _ in range(2):
        aws.traces.record(GROUP, ID, events(1, 40), [])
    aws.traces.record(GROUP, ID, events(41, 41), [])
    assert aws.executions.get(GROUP, ID).traces_recorded == {"1": 41}
    assert len(aws.traces.events(GROUP, ID, after=(0, 0), limit=500)) == 41


def test_whatever_arrives_is_stored_and_counted(aws: Aws) -> None:
    (one,) = events(1, 1)
    text = "\x01" * 300_000
    huge = one.model_copy(update={"output": text, "agent_role": text, "extra_data": {"a": text}})
    line = LogLine(attempt=1, sequence=1, emitted_at=NOW, level="INFO", logger=text, message=text)
    aws.traces.record(GROUP, ID, [huge], [line])
    (stored,) = aws.traces.events(GROUP, ID, after=(0, 0), limit=10)
    assert stored.extra_data == {"shortened": ["output", "extra_data"]}
    assert aws.executions.get(GROUP, ID).traces_recorded == {"1": 1}
    assert len(aws.traces.logs(GROUP, ID, after=(0, 0), limit=10)) == 1


def test_recorded_ranges_show_a_gap(aws: Aws) -> None:
    aws.traces.record(GROUP, ID, events(1, 2), [])
    aws.traces.record(GROUP, ID, events(5, 6), [])
    assert aws.traces.recorded_ranges(GROUP, ID) == [
        RecordedRange(attempt=1, first=1, last=2),
        RecordedRange(attempt=1, first=5, last=6),
    ]


def test_one_event_is_found_by_its_number(aws: Aws) -> None:
    aws.traces.record(GROUP, ID, events(1, 2), [])
    found = aws.traces.event(GROUP, ID, 1, 2)
    assert found is not None
    assert found.sequence == 2
    assert aws.traces.event(GROUP, ID, 1, 3) is None
    assert aws.traces.event("other", ID, 1, 2) is None


def test_log_lines_keep_their_order_apart_from_events(aws: Aws) -> None:
    lines = [
        LogLine(attempt=1, sequence=n, emitted_at=NOW, level="INFO", logger="stepcrew", message=str(n))
        for n in range(1, 31)
    ]
    aws.traces.record(GROUP, ID, [], lines)
    assert aws.traces.logs(GROUP, ID, after=(1, 10), limit=5) == lines[10:15]
    assert aws.traces.events(GROUP, ID, after=(0, 0), limit=5) == []


def test_events_of_a_deleted_execution_are_dropped(aws: Aws) -> None:
    aws.executions.finish(aws.executions.begin_attempt(GROUP, ID, NOW), Status.COMPLETED, message="", now=NOW)
    aws.executions.delete(GROUP, ID)
    aws.traces.record(GROUP, ID, events(1, 3), [])
    assert aws.clients.dynamodb.scan(TableName=TABLE)["Count"] == 0
