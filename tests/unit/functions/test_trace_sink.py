from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.typing import LambdaContext
from tests.aws_table import GROUP, ID, NOW, Aws, emulated_aws, execution, submission

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.senders import TraceSenders
from stepcrew.domain.trace import EventSource, LogLine, TraceBatch, TraceEvent
from stepcrew_trace_sink import handler as sink
from stepcrew_trace_sink import wiring

OTHER = "01936a3c-0000-7000-8000-00000000000b"
ROLE = "AROAATTEMPT"


class Context(LambdaContext):
    def __init__(self) -> None:
        self._function_name = "trace_sink"
        self._memory_limit_in_mb = 256
        self._invoked_function_arn = "arn"
        self._aws_request_id = "1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Generator[Aws]:
    with emulated_aws() as emulated:
        for execution_id in (ID, OTHER):
            emulated.executions.create(execution(execution_id), submission(), None)
        monkeypatch.setattr(wiring, "traces", lambda: emulated.traces)
        monkeypatch.setattr(wiring, "senders", lambda: TraceSenders(ROLE, "AROAOPERATOR:ops"))
        yield emulated


def message(number: int, body: str, group: str = "g", sender: str = f"{ROLE}:{ID}") -> dict[str, Any]:
    return {
        "messageId": f"m{number}",
        "receiptHandle": "h",
        "body": body,
        "attributes": {"MessageGroupId": group, "SequenceNumber": str(number), "SenderId": sender},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:traces.fifo",
        "awsRegion": "us-east-1",
    }


def batch(first: int, last: int, execution_id: str = ID) -> str:
    events = [
        TraceEvent(
            execution_id=execution_id,
            group_id=GROUP,
            attempt=1,
            sequence=sequence,
            emitted_at=NOW,
            event_type="task_started",
            event_source=EventSource.TASK,
        )
        for sequence in range(first, last + 1)
    ]
    logs = [LogLine(attempt=1, sequence=first, emitted_at=NOW, level="INFO", logger="crew", message="hello")]
    return TraceBatch(group_id=GROUP, execution_id=execution_id, attempt=1, events=events, logs=logs).model_dump_json()


def deliver(*messages: dict[str, Any]) -> list[str]:
    answer = sink.handler({"Records": list(messages)}, Context())
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def sequences(aws: Aws, execution_id: str = ID) -> list[int]:
    return [event.sequence for event in aws.traces.events(GROUP, execution_id, after=(0, 0), limit=1000)]


def test_events_and_log_lines_of_a_message_are_stored(aws: Aws) -> None:
    assert deliver(message(1, batch(1, 100)), message(2, batch(101, 130))) == []
    assert sequences(aws) == list(range(1, 131))
    assert [line.message for line in aws.traces.logs(GROUP, ID, after=(0, 0), limit=9)] == ["hello", "hello"]


def test_every_message_delivered_twice_changes_nothing(aws: Aws) -> None:
    for _ in range(2):
        assert deliver(message(1, batch(1, 100)), message(2, batch(101, 130))) == []
    assert aws.executions.get(GROUP, ID).traces_recorded == {"1": 130}


def test_a_poison_message_holds_back_only_its_own_execution(aws: Aws) -> None:
    failed = deliver(
        message(1, batch(1, 2), "a"),
        message(2, "{not json", "a"),
        message(3, batch(3, 4), "a"),
        message(4, batch(1, 2, OTHER), "b", f"{ROLE}:{OTHER}"),
    )
    assert failed == ["m2", "m3"]
    assert sequences(aws) == [1, 2]
    assert sequences(aws, OTHER) == [1, 2]


def test_when_nothing_can_be_stored_every_message_stays_in_the_queue(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    class Down:
        def record(self, *_: object) -> None:
            raise PlatformUnavailable("The table is away.")

    monkeypatch.setattr(wiring, "traces", Down)
    with pytest.raises(BatchProcessingError):
        deliver(message(1, batch(1, 2)))
    assert sequences(aws) == []


def test_what_the_session_of_another_execution_says_is_dropped_and_holds_nobody_up(aws: Aws) -> None:
    forged = message(1, batch(1, 2), "a", f"{ROLE}:{OTHER}")

    assert deliver(forged, message(2, batch(1, 1), "a")) == []
    assert sequences(aws) == [1]


@pytest.mark.parametrize(
    "sender",
    ["123456789012", "AROAOTHER:" + ID, ROLE, f":{ID}", ID, "", f"AROAX{ROLE}:{ID}", "AROAOPERATOR:other"],
)
def test_what_anybody_else_says_is_not_stored_and_ends_in_the_dead_letter_queue(aws: Aws, sender: str) -> None:
    own = message(2, batch(1, 1, OTHER), "b", f"{ROLE}:{OTHER}")

    assert deliver(message(1, batch(1, 2), "a", sender), own) == ["m1"]
    assert sequences(aws) == []
    assert sequences(aws, OTHER) == [1]


def test_an_operator_who_redrives_is_believed(aws: Aws) -> None:
    assert deliver(message(1, batch(1, 2), "a", "AROAOPERATOR:ops")) == []
    assert sequences(aws) == [1, 2]


def test_without_knowing_the_role_nobody_is_believed(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "senders", lambda: TraceSenders(""))

    with pytest.raises(BatchProcessingError):
        deliver(message(1, batch(1, 2), "a", f":{ID}"))
    assert sequences(aws) == []
