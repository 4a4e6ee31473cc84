"""What the trigger function makes of the messages of its queue."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from stepcrew.domain.batch import RowReference
from stepcrew.domain.errors import BatchStopped, PlatformUnavailable
from stepcrew.services.end_batch import RoundState
from stepcrew.services.take_object import NewObject
from stepcrew_trigger import handler as trigger

S3_EVENT: dict[str, Any] = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "account": "111122223333",
    "time": "2021-11-12T00:00:00Z",
    "region": "ca-central-1",
    "resources": ["arn:aws:s3:::inbox"],
    "detail": {
        "version": "0",
        "bucket": {"name": "inbox"},
        "object": {"key": "demo/a b.txt", "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "00617F"},
        "request-id": "N4N7GDK58NMKJ12R",
        "requester": "123456789012",
        "reason": "PutObject",
    },
}
"""As https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html shows it."""


class Context(LambdaContext):
    def __init__(self) -> None:
        self._function_name = "trigger"
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = "arn"
        self._aws_request_id = "1"


class Seen:
    """Remembers what was asked for; `trouble` is raised for the group `away`."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.end_batch = self

    def run_row(self, row: RowReference, token: str) -> None:
        if row.group_id == "away":
            raise BatchStopped("The batch starts no further rows.")
        self.calls.append(("row", row, token))

    def wait(self, group_id: str, batch_id: str, number: int, token: str) -> None:
        self.calls.append(("wait", group_id, batch_id, number, token))

    def finish(self, group_id: str, batch_id: str, number: int) -> RoundState:
        return RoundState.OPEN

    def take_object(self, found: NewObject) -> None:
        self.calls.append(("object", found))

    def take_event(self, group_id: str, name: str, event: dict[str, Any]) -> None:
        if group_id == "away":
            raise PlatformUnavailable("The table is away.")
        self.calls.append(("event", group_id, name, event))

    def take_tick(self, group_id: str, name: str, time: str) -> None:
        self.calls.append(("schedule", group_id, name, time))

    def proceed(self, group_id: str, name: str, firing_id: str, turn: int) -> None:
        self.calls.append(("turn", group_id, name, firing_id, turn))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    made = Seen()
    monkeypatch.setattr(trigger, "triggers", lambda: made)
    return made


def handle(*bodies: str) -> list[str]:
    """The numbers of the messages that the queue shall keep."""
    records: list[dict[str, Any]] = [
        {
            "messageId": str(number),
            "receiptHandle": "h",
            "body": body,
            "attributes": {},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:triggers",
            "awsRegion": "us-east-1",
        }
        for number, body in enumerate(bodies)
    ]
    answer = trigger.handler({"Records": records}, Context())
    return [str(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


def test_each_kind_of_message_reaches_its_use_case(seen: Seen) -> None:
    of = {"group_id": "demo", "trigger": "t"}
    assert (
        handle(
            json.dumps(S3_EVENT),
            json.dumps({**of, "event": {"id": "e1", "source": "shop"}}),
            json.dumps({**of, "schedule": {"time": "2026-10-25T00:30:00Z"}}),
            json.dumps({**of, "firing": {"firing_id": "f1", "turn": 3}}),
        )
        == []
    )
    etag = "b1946ac92492d2347c6235b4d2611184"
    assert seen.calls == [
        ("object", NewObject("inbox", "demo/a b.txt", 5, "00617F", None, etag)),
        ("event", "demo", "t", {"id": "e1", "source": "shop"}),
        ("schedule", "demo", "t", "2026-10-25T00:30:00Z"),
        ("turn", "demo", "t", "f1", 3),
    ]


def test_the_version_of_an_object_tells_it_from_others_of_its_key(seen: Seen) -> None:
    versioned = json.loads(json.dumps(S3_EVENT))
    versioned["detail"]["object"]["version-id"] = "v7"
    assert handle(json.dumps(versioned)) == []
    (found,) = [call[1] for call in seen.calls]
    assert isinstance(found, NewObject)
    assert (found.version, found.stored_version) == ("v7", "v7")


def test_what_cannot_be_handled_stays_in_the_queue_and_the_others_do_not(seen: Seen) -> None:
    good = json.dumps({"group_id": "demo", "trigger": "t", "event": {"id": "e1"}})
    away = json.dumps({"group_id": "away", "trigger": "t", "event": {"id": "e1"}})
    assert handle("no JSON", good, away, '{"group_id": "demo", "trigger": "t", "event": {}, "more": 1}') == [
        "0",
        "2",
        "3",
    ]
    assert len(seen.calls) == 1


def test_a_batch_of_which_nothing_can_be_handled_fails_whole(seen: Seen) -> None:
    with pytest.raises(BatchProcessingError):
        handle("no JSON", "{}")


ROW = {"group_id": "demo", "batch_id": "b", "round": 2, "row": 7, "first": 10, "last": 19}


def test_each_step_of_a_batch_reaches_its_use_case(seen: Seen) -> None:
    place = {"group_id": "demo", "batch_id": "b", "round": 2}
    assert trigger.handler({"row": ROW, "task_token": "t"}, Context()) == {}
    assert trigger.handler({**place, "task_token": "t"}, Context()) == {}
    assert trigger.handler({**place, "finish": True}, Context()) == {"state": "OPEN"}
    assert seen.calls == [("row", RowReference("demo", "b", 2, 7, 10, 19), "t"), ("wait", "demo", "b", 2, "t")]


def test_why_a_row_was_not_started_is_the_name_of_the_error(seen: Seen) -> None:
    """The state machine goes on by that name."""
    with pytest.raises(BatchStopped):
        trigger.handler({"row": {**ROW, "group_id": "away"}, "task_token": "t"}, Context())


@pytest.mark.parametrize(
    "event", [{}, {"row": ROW}, {"group_id": "demo", "batch_id": "b", "round": 1, "finish": False}]
)
def test_a_step_it_does_not_know_is_an_error(seen: Seen, event: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        trigger.handler(event, Context())
