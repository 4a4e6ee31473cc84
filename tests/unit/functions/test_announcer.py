"""What the announcer makes of the records of the table's stream."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from tests.aws_table import GROUP, ID, NOW, Aws, execution, submission
from tests.unit.functions.test_trace_sink import Context

from stepcrew.aws import keys
from stepcrew.aws.event_bus import EventBridgeBus
from stepcrew.aws.items import item, plain
from stepcrew.domain.announcement import Announcement, ExecutionData, announcement_of
from stepcrew.domain.batch import Batch, BatchCounts, BatchUsage
from stepcrew.domain.errors import Category, ExecutionError, PlatformUnavailable
from stepcrew.domain.execution import Execution, Status, TaskOutput, Usage
from stepcrew.services.cancel_execution import request_cancel
from stepcrew_announcer import handler as announcer

FAILED = execution().model_copy(
    update={
        "status": Status.FAILED,
        "revision": 7,
        "error": ExecutionError(category=Category.CREW, type="Odd", message="It wrote: SECRET TEXT."),
        "usage": Usage(model_calls=2, total_tokens=30),
        "message": "It wrote: SECRET TEXT.",
        "ended_at": NOW,
    }
)


BATCH = Batch(
    batch_id="b-1",
    group_id=GROUP,
    name="june",
    crew="haiku@1",
    status=Status.FAILED,
    revision=9,
    total=5,
    counts=BatchCounts(completed=2, failed=2),
    usage=BatchUsage(executions=4, cost_usd=Decimal("0.25")),
    max_concurrency=2,
    tolerated_failures=1,
    created_at=NOW,
    updated_at=NOW,
    ended_at=NOW,
    rows_in_round=5,
    failed_in_round=2,
)


class Told:
    """What the handler works with, remembering."""

    def __init__(self) -> None:
        self.announced: list[Announcement] = []
        self.filled: list[str] = []
        self.kept: list[dict[str, Any]] = []
        self.counted: list[Execution] = []
        self.outages = 0
        self.told_webhooks: list[Execution | Batch] = []
        self.told_work: list[Announcement] = []
        self.ended_rows: list[str] = []
        self.end_row = self
        self.bus = self
        self.unreadable = self
        self.watch_budgets = self

    def put(self, announcements: list[Announcement]) -> None:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The bus did not answer.")
        self.announced += announcements

    def of_execution(self, execution: Execution) -> None:
        self.ended_rows.append(execution.execution_id)

    def tell_webhooks(self, changes: list[Execution | Batch]) -> int:
        self.told_webhooks += changes
        return len(changes)

    def tell_work(self, told: Iterable[Announcement]) -> int:
        self.told_work += told
        return len(self.told_work)

    def count_usage(self, changes: list[Execution]) -> int:
        self.counted += changes
        return len(changes)

    def tell(self, changes: list[Execution], bus: object, _webhooks: object) -> int:
        assert bus is self
        assert self.counted[-len(changes) :] == changes
        return 0

    def fill_slots(self, group_id: str) -> int:
        self.filled.append(group_id)
        return 1

    def keep(self, record: dict[str, Any]) -> None:
        self.kept.append(record)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    monkeypatch.setattr(announcer, "announcer", lambda: made)
    return made


def record(before: Status = Status.RUNNING, **changes: Any) -> dict[str, Any]:
    new = item({**plain(FAILED), "PK": "p", "SK": "EXECUTION", "open": 1, **changes})
    old = {**new, "status": {"S": before.value}}
    return {"eventID": "1", "eventName": "MODIFY", "dynamodb": {"Keys": {"PK": "p"}, "NewImage": new, "OldImage": old}}


def call(*records: dict[str, Any]) -> dict[str, int]:
    return announcer.handler({"Records": list(records)}, Context())


def test_the_end_is_announced_with_references_and_without_what_the_crew_wrote(told: Told) -> None:
    assert call(record()) == {"announced": 1, "filled": 1}
    [event] = told.announced
    assert (event.id, event.type, event.subject) == (f"{ID}.7", "stepcrew.execution.failed", ID)
    assert event.data.model_dump(mode="json")["error"] == {"category": "crew", "type": "Odd", "retryable": False}
    assert "SECRET" not in event.model_dump_json()
    assert told.filled == [GROUP]
    assert [one.group_id for one in told.told_webhooks] == [GROUP]
    assert told.ended_rows == [ID]


def test_the_end_of_a_batch_is_announced_with_its_counts(told: Told) -> None:
    new = item({**plain(BATCH), "PK": "p", "SK": "BATCH"})
    changed = {"NewImage": new, "OldImage": {**new, "status": {"S": "RUNNING"}}}
    assert call({"eventID": "1", "eventName": "MODIFY", "dynamodb": changed}) == {"announced": 1, "filled": 0}
    [event] = told.announced
    assert (event.id, event.type, event.subject) == ("b-1.9", "stepcrew.batch.failed", "b-1")
    data = event.data.model_dump(mode="json")
    assert (data["total"], data["pending"], data["counts"]["failed"], data["usage"]["cost_usd"]) == (5, 1, 2, 0.25)
    assert Announcement.model_validate_json(event.model_dump_json()) == event
    assert (told.told_webhooks, told.ended_rows) == ([BATCH], [])


def test_a_repeated_record_is_told_under_the_same_id(told: Told) -> None:
    call(record())
    call(record())
    assert told.announced[0] == told.announced[1]


def test_a_change_that_is_none_of_status_and_a_removal_are_nothing_to_tell(told: Told) -> None:
    removed = record()
    del removed["dynamodb"]["NewImage"]
    assert call(record(before=Status.FAILED), removed, record(status="RUNNING", before=Status.PENDING)) == {
        "announced": 0,
        "filled": 0,
    }


def test_what_the_bus_does_not_take_is_brought_again(told: Told) -> None:
    told.outages = 1
    with pytest.raises(PlatformUnavailable):
        call(record())
    assert told.filled == [GROUP], "the next one starts all the same"
    call(record())
    assert len(told.announced) == 1


def test_a_record_that_cannot_be_read_is_kept_and_holds_up_no_other(told: Told) -> None:
    assert call(record(revision="no number"), record())["announced"] == 1
    [kept] = told.kept
    assert kept["eventID"] == "1"


def test_a_bus_that_takes_only_a_part_is_told_all_again(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def partly(**request: Any) -> dict[str, Any]:
        return {"Entries": [{"EventId": "1"}, {"ErrorCode": "ThrottlingException"}]}

    monkeypatch.setattr(aws.clients.events, "put_events", partly)
    with pytest.raises(PlatformUnavailable, match="ThrottlingException"):
        EventBridgeBus(aws.clients, "bus").put([announcement_of(FAILED)] * 2)


def test_many_are_put_in_requests_of_ten(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = list[int]()

    def put(Entries: list[dict[str, Any]]) -> dict[str, Any]:
        sizes.append(len(Entries))
        return {"Entries": [{"EventId": "1"} for _ in Entries]}

    monkeypatch.setattr(aws.clients.events, "put_events", put)
    EventBridgeBus(aws.clients, "bus").put([announcement_of(FAILED)] * 23)
    assert sizes == [10, 10, 3]


def test_what_the_table_stores_can_be_announced(aws: Aws) -> None:
    aws.executions.create(execution(), submission(), None)
    ended = request_cancel(aws.executions, GROUP, ID, NOW)
    data = announcement_of(ended).data
    assert isinstance(data, ExecutionData)
    assert data.status is Status.CANCELLED


def test_a_task_and_a_step_are_told_to_callbacks_and_one_that_cannot_be_read_is_kept(told: Told) -> None:
    output = TaskOutput(index=2, name="haiku", attempt=3, raw="SECRET TEXT", ended_at=NOW)
    task = {"PK": keys.execution(GROUP, ID), "SK": keys.task(2), "callback": "task"}
    records = [{**task, "document": document} for document in (output.model_dump_json(), "{}")]
    answer = call(*({"dynamodb": {"NewImage": item(one)}} for one in records))
    assert answer == {"announced": 0, "filled": 0}
    [work] = told.told_work
    assert (work.id, work.type, work.subject) == (f"{ID}.task.2.3", "stepcrew.execution.task", ID)
    assert "SECRET" not in work.model_dump_json()
    assert len(told.kept) == 1
    assert told.announced == []
