"""Batches in the table: what each write asks of what is there, and what it leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import BUCKET, GROUP, NOW, TABLE, Aws

from stepcrew.aws.batch_inputs import BucketBatchInputs
from stepcrew.aws.crew_batches import TableBatches
from stepcrew.domain.batch import Batch, RowEnding, RowReference
from stepcrew.domain.errors import AlreadyExists, BatchNotFound, BodyExpired
from stepcrew.domain.execution import BatchPlace, Status
from stepcrew.domain.submission import IdempotencyRecord

FAILED = RowEnding(Status.FAILED, "It broke.", "Broken")


@pytest.fixture
def store(aws: Aws) -> TableBatches:
    return TableBatches(aws.clients, TABLE, 30)


def batch(batch_id: str = "b-1", **changes: Any) -> Batch:
    given = {"batch_id": batch_id, "group_id": GROUP, "name": "june", "crew": "haiku@1", "total": 3, "rows_in_round": 3}
    bounds = {"max_concurrency": 2, "tolerated_failures": 1, "created_at": NOW, "updated_at": NOW}
    return Batch.model_validate({**given, **bounds, **changes})


def place(row: int = 1, number: int = 1) -> BatchPlace:
    return BatchPlace(batch_id="b-1", row=row, round=number)


def made(store: TableBatches) -> Batch:
    store.create(batch(), None)
    return store.get(GROUP, "b-1")


def test_a_batch_and_its_idempotency_key_are_written_once(store: TableBatches, aws: Aws) -> None:
    record = IdempotencyRecord(key="batches/k", body_hash="h", execution_id="b-1")
    store.create(batch(), record)
    assert store.get(GROUP, "b-1") == batch()
    with pytest.raises(AlreadyExists):
        store.create(batch("b-2"), record)
    with pytest.raises(BatchNotFound):
        store.get(GROUP, "b-2")
    assert aws.executions.idempotency(GROUP, "batches/k", NOW) == record


def test_they_are_listed_newest_first_and_are_their_groups_alone(store: TableBatches) -> None:
    for number in range(3):
        store.create(batch(f"b-{number}"), None)
    store.create(batch("b-9", group_id="other"), None)
    newest = store.newest(GROUP, before=None, limit=2)
    assert [one.batch_id for one in newest] == ["b-2", "b-1"]
    assert [one.batch_id for one in store.newest(GROUP, before="b-1", limit=2)] == ["b-0"]
    with pytest.raises(BatchNotFound):
        store.get(GROUP, "b-9")
    assert set(store.open_batches()) == {(GROUP, "b-0"), (GROUP, "b-1"), (GROUP, "b-2"), ("other", "b-9")}


def test_a_row_is_begun_once_in_each_round(store: TableBatches) -> None:
    first = made(store)
    assert store.row(GROUP, "b-1", 1) is None
    begun = store.begin_row(first, 1, NOW)
    assert begun == store.begin_row(first, 1, NOW + timedelta(hours=1))
    assert store.get(GROUP, "b-1").counts.running == 1
    assert store.end_row(GROUP, place(), FAILED, NOW)
    assert store.begin_row(first, 1, NOW) == store.row(GROUP, "b-1", 1)
    assert store.end(store.get(GROUP, "b-1"), Status.COMPLETED, "", NOW)
    second = store.begin_round(store.get(GROUP, "b-1"), 3, NOW)
    assert second
    assert store.begin_row(first, 2, NOW) is None, "the first round is over"
    again = store.begin_row(second, 1, NOW)
    assert again
    assert (again.round, again.status, again.reason, again.execution_id) == (2, Status.RUNNING, "", None)
    assert store.get(GROUP, "b-1").counts.model_dump() == {"running": 1, "completed": 0, "failed": 0, "cancelled": 0}


def test_a_row_ends_once_and_in_its_own_round(store: TableBatches) -> None:
    current = made(store)
    assert not store.end_row(GROUP, place(), FAILED, NOW), "it was not begun"
    store.begin_row(current, 1, NOW)
    assert not store.end_row(GROUP, place(number=2), FAILED, NOW)
    assert [store.end_row(GROUP, place(), FAILED, NOW) for _ in (1, 2)] == [True, False]
    ended = store.row(GROUP, "b-1", 1)
    assert ended
    assert (ended.status, ended.reason, ended.error_type, ended.ended_at) == (Status.FAILED, "It broke.", "Broken", NOW)
    counted = store.get(GROUP, "b-1")
    assert (counted.counts.failed, counted.failed_in_round, counted.usage.executions) == (1, 1, 0)
    assert not store.note_execution(current, 1, "e-1", "token")


def test_nothing_is_begun_after_a_cancellation_and_the_first_one_counts(store: TableBatches) -> None:
    current = made(store)
    store.begin_row(current, 1, NOW)
    assert [store.request_cancel(GROUP, "b-1", NOW) for _ in (1, 2)] == [True, False]
    assert store.begin_row(current, 2, NOW) is None
    assert store.begin_row(current, 1, NOW), "it was begun before"
    assert store.note_execution(current, 1, "e-1", "token")
    noted = store.row(GROUP, "b-1", 1)
    assert noted
    assert (noted.execution_id, noted.tokens) == ("e-1", ["token"])
    assert "tokens" not in noted.model_dump()


def test_a_batch_ends_only_while_no_row_runs_and_a_round_begins_only_after_its_end(store: TableBatches) -> None:
    current = made(store)
    store.begin_row(current, 1, NOW)
    assert not store.end(current, Status.COMPLETED, "", NOW)
    assert store.begin_round(current, 3, NOW) is None
    store.end_row(GROUP, place(), FAILED, NOW)
    store.keep_token(current, "the end")
    assert store.get(GROUP, "b-1").tokens == ["the end"]
    assert [store.end(current, Status.FAILED, "Too many.", NOW) for _ in (1, 2)] == [True, False]
    ended = store.get(GROUP, "b-1")
    assert (ended.status, ended.reason, ended.ended_at, ended.tokens) == (Status.FAILED, "Too many.", NOW, [])
    assert list(store.open_batches()) == []
    assert not store.request_cancel(GROUP, "b-1", NOW)
    begun = store.begin_round(ended, 2, NOW)
    assert begun
    assert (begun.round, begun.rows_in_round, begun.failed_in_round, begun.ended_at) == (2, 2, 0, None)
    assert store.begin_round(ended, 2, NOW) is None, "somebody else did"
    assert list(store.open_batches()) == [(GROUP, "b-1")]


def test_rows_are_read_by_number_and_status(store: TableBatches) -> None:
    current = made(store)
    for row in (3, 1, 2):
        store.begin_row(current, row, NOW)
    store.end_row(GROUP, place(2), FAILED, NOW)
    assert [row.row for row in store.rows(GROUP, "b-1")] == [1, 2, 3]
    assert [row.row for row in store.rows(GROUP, "b-1", after=1, limit=1)] == [2]
    assert [row.row for row in store.rows(GROUP, "b-1", status=Status.RUNNING)] == [1, 3]


def test_inputs_are_read_by_their_place_and_are_gone_when_they_expired(aws: Aws) -> None:
    inputs = BucketBatchInputs(aws.clients, BUCKET)
    rows = [RowReference(GROUP, "b-1", 1, 1, 0, 4), RowReference(GROUP, "b-1", 1, 2, 6, 9)]
    inputs.write(GROUP, "b-1", b"first\nnext\n")
    inputs.write_round(GROUP, "b-1", 1, rows)
    inputs.write_round(GROUP, "b-1", 2, rows[1:])
    assert [inputs.read(row) for row in inputs.rows(GROUP, "b-1")] == [b"first", b"next"]
    assert inputs.rows(GROUP, "b-1", 2) == [rows[1]._replace(round=2)]
    with pytest.raises(BodyExpired):
        inputs.rows("other", "b-1")
