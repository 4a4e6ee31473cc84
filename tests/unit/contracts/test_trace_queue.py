from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

import pytest

from stepcrew.aws.queue import SqsTraceQueue
from stepcrew.domain.trace import EventSource, LogLine, TraceBatch, TraceEvent
from stepcrew.services.ports import TraceQueue
from tests.aws_table import GROUP, ID, NOW, emulated_aws
from tests.runner.fakes import FakeQueue


class Queue(NamedTuple):
    port: TraceQueue
    received: Callable[[], list[TraceBatch]]
    """All messages so far, in the order in which a reader gets them."""


@pytest.fixture(params=["adapter", "fake"])
def queue(request: pytest.FixtureRequest) -> Generator[Queue]:
    if request.param == "fake":
        fake = FakeQueue()
        yield Queue(fake, lambda: fake.batches)
        return
    with emulated_aws() as aws:
        sqs = aws.clients.sqs
        url = sqs.create_queue(QueueName="trace.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]

        def received() -> list[TraceBatch]:
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
            return [TraceBatch.model_validate_json(message.get("Body", "")) for message in messages]

        yield Queue(SqsTraceQueue(aws.clients, url), received)


def event(sequence: int, *, attempt: int = 1, group_id: str = GROUP) -> TraceEvent:
    return TraceEvent(
        execution_id=ID,
        group_id=group_id,
        attempt=attempt,
        sequence=sequence,
        emitted_at=NOW,
        event_type="llm_call_completed",
        event_source=EventSource.LLM,
        output={"text": "Zoë 🌧", "none": None},
    )


def line(sequence: int) -> LogLine:
    return LogLine(attempt=1, sequence=sequence, emitted_at=NOW, level="INFO", logger="crew", message="Rain.")


def send(queue: Queue, *events: TraceEvent, logs: tuple[LogLine, ...] = (), attempt: int = 1) -> None:
    queue.port.send(GROUP, ID, attempt, list(events), list(logs))


def test_a_batch_arrives_as_it_was_sent(queue: Queue) -> None:
    send(queue, event(1), event(2), logs=(line(1),))
    expected = TraceBatch(group_id=GROUP, execution_id=ID, attempt=1, events=[event(1), event(2)], logs=[line(1)])
    assert queue.received() == [expected]


def test_batches_arrive_in_order(queue: Queue) -> None:
    for number in range(1, 6):
        send(queue, event(number))
    assert [batch.events[0].sequence for batch in queue.received()] == [1, 2, 3, 4, 5]


def test_a_batch_that_is_sent_again_arrives_once(queue: Queue) -> None:
    for _ in range(2):
        send(queue, event(1))
        send(queue, logs=(line(1),))
    assert [(len(batch.events), len(batch.logs)) for batch in queue.received()] == [(1, 0), (0, 1)]


def test_another_attempt_may_send_an_event_of_the_same_number(queue: Queue) -> None:
    send(queue, event(1))
    send(queue, event(1, attempt=2), attempt=2)
    assert [batch.attempt for batch in queue.received()] == [1, 2]
