"""What is sent to a collector by itself, and when it is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.aws_table import GROUP, ID, execution
from tests.unit.domain.test_otlp import event, story

from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.exporting import ExportMessage, TracePart, finished_parts, headers_in, wait_before


def test_a_crew_task_and_a_method_of_a_flow_are_parts_when_they_end_or_are_handed_over() -> None:
    events = [
        *story(),
        event(9, "task_completed", "task", started_sequence=1),
        event(10, "flow_method_started", "flow"),
        event(12, "task_interrupted", "task", started_sequence=11),
        event(13, "flow_method_failed", "flow", started_sequence=10),
        event(14, "task_skipped", "task"),
    ]
    assert [(one.attempt, one.first, one.last) for one in finished_parts(events)] == [
        (1, 1, 9),
        (1, 11, 12),
        (1, 10, 13),
    ]


def test_a_message_of_the_sink_and_an_event_of_the_bus_are_read_alike() -> None:
    part = ExportMessage(group_id=GROUP, execution_id=ID, part=TracePart(attempt=1, first=1, last=9))
    assert ExportMessage.model_validate_json(part.model_dump_json()) == part
    told = {"source": "stepcrew", "detail": announcement_of(execution()).model_dump(mode="json")}
    assert ExportMessage.model_validate(told) == ExportMessage(group_id=GROUP, execution_id=ID)


def test_tries_are_spread_over_more_than_a_day() -> None:
    waits = [wait_before(tries) for tries in range(1, 36)]
    assert waits[:3] == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert max(waits) == timedelta(hours=1)
    assert timedelta(hours=24) < sum(waits, timedelta()) < timedelta(hours=36)


def test_a_collector_that_wants_to_be_left_alone_is_for_an_hour_at_most() -> None:
    assert wait_before(1, 90) == timedelta(seconds=90)
    assert wait_before(6, 90) == timedelta(seconds=160)
    assert wait_before(1, 10**8) == timedelta(hours=1)


def test_headers_are_written_as_opentelemetrys_variable_has_them() -> None:
    assert headers_in("") == {}
    assert headers_in("Authorization=Basic%20a2V5=, x-scope=a%2Cb") == {
        "Authorization": "Basic a2V5=",
        "x-scope": "a,b",
    }


@pytest.mark.parametrize("text", ["secret", "a b=secret", "=secret", "key=secret%0d%0ax: y", "key=secret%C3%A9"])
def test_what_is_no_header_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="header") as refused:
        headers_in(text)
    assert "secret" not in str(refused.value)
