"""Batches and their rows in the table: one partition for each batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stepcrew.aws import keys
from stepcrew.aws.audit import acts_on
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.idempotency import created_once, idempotency_item, put_where_none_is
from stepcrew.aws.items import Item, item, plain, values
from stepcrew.aws.logbook import Logbook
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import holds
from stepcrew.aws.updates import Update
from stepcrew.domain.batch import Batch, BatchRow, RowEnding
from stepcrew.domain.errors import BatchNotFound
from stepcrew.domain.execution import TERMINAL, BatchPlace, Status
from stepcrew.domain.submission import IdempotencyRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_RACES = 5
MOST_TOKENS = 100
"""A row that is looked at once a day brings a token a day. One more is not kept, and nobody waits for it."""


class TableBatches:
    """`BatchStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str, retention_days: int) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)
        self._logbook = Logbook(clients, table)
        self._retention = timedelta(days=retention_days)

    def create(self, batch: Batch, idempotency: IdempotencyRecord | None) -> None:
        acts_on(batch.batch_id)
        entry = {
            **plain(batch),
            "PK": keys.batch_of_rows(batch.group_id, batch.batch_id),
            "SK": keys.BATCH_OF_ROWS,
            "group_key": keys.batches(batch.group_id),
            "group_sort": batch.batch_id,
            **_open_keys(batch.group_id, batch.batch_id),
            "expires_at": self._expiry(batch),
        }
        items = [entry, *([idempotency_item(batch.group_id, idempotency, batch.created_at)] if idempotency else [])]
        with platform_errors("Storing the batch"), created_once("batch"):
            self._clients.dynamodb.transact_write_items(
                TransactItems=[put_where_none_is(self._table, new, batch.created_at) for new in items]
            )

    def get(self, group_id: str, batch_id: str) -> Batch:
        found = self._records.item(keys.batch_of_rows(group_id, batch_id), keys.BATCH_OF_ROWS)
        if found is None:
            raise BatchNotFound(f"There is no batch {batch_id} in this group.")
        return Batch.model_validate(values(found))

    def newest(self, group_id: str, *, before: str | None, limit: int) -> list[Batch]:
        found = self._logbook.newest(keys.batches(group_id), before=before, limit=limit, doing="Listing the batches")
        return [Batch.model_validate(values(entry)) for entry in found]

    def open_batches(self) -> Iterator[tuple[str, str]]:
        return self._records.open_ids("Reading the open batches", keys.OPEN_BATCHES)

    def row(self, group_id: str, batch_id: str, number: int) -> BatchRow | None:
        found = self._records.item(keys.batch_of_rows(group_id, batch_id), keys.batch_row(number))
        return BatchRow.model_validate(values(found)) if found else None

    def rows(
        self, group_id: str, batch_id: str, *, after: int = 0, limit: int | None = None, status: Status | None = None
    ) -> list[BatchRow]:
        known: dict[str, Any] = {
            ":batch": keys.batch_of_rows(group_id, batch_id),
            ":first": keys.batch_row(after + 1),
            ":last": keys.batch_row(999_999),
        }
        options: dict[str, Any] = {"PaginationConfig": {"MaxItems": limit}} if limit else {}
        if status is not None:
            known[":status"] = status.value
            options |= {"FilterExpression": "#status = :status", "ExpressionAttributeNames": {"#status": "status"}}
        condition = "PK = :batch AND SK BETWEEN :first AND :last"
        found = self._records.found("Reading the rows of the batch", condition, known, **options)
        return [BatchRow.model_validate(values(entry)) for entry in found]

    def begin_row(self, batch: Batch, number: int, now: datetime) -> BatchRow | None:
        group_id, batch_id = batch.group_id, batch.batch_id
        for _ in range(_RACES):
            known = self.row(group_id, batch_id, number)
            if known and known.round >= batch.round:
                return known
            begun = BatchRow(row=number, round=batch.round, status=Status.RUNNING, started_at=now)
            counted = Update(now).require("round", batch.round).require_status({Status.RUNNING})
            counted.require_absent("cancel_requested_at").add("counts.running", 1)
            if known:
                counted.add(_count(known.status), -1)
            entry = {**plain(begun), **_row_key(group_id, batch_id, number), "expires_at": self._expiry(batch)}
            put: Any = {"Put": {"TableName": self._table, "Item": item(entry), **_as_it_was(known)}}
            if self._write(group_id, batch_id, counted, put):
                return begun
            current = self.get(group_id, batch_id)
            if current.round != batch.round or current.status.is_terminal or current.cancel_requested_at:
                return None
        return None

    def note_execution(self, batch: Batch, number: int, execution_id: str, token: str | None = None) -> bool:
        noted = Update(None).set("execution_id", execution_id)
        if token:
            noted.append("tokens", token, most=MOST_TOKENS)
        noted.require("round", batch.round).require_status({Status.RUNNING})
        return self._update(item(_row_key(batch.group_id, batch.batch_id, number)), noted)

    def end_row(self, group_id: str, place: BatchPlace, ending: RowEnding, now: datetime) -> bool:
        row = Update(None).set("status", ending.status).set("reason", ending.reason).set("ended_at", now)
        row.require("round", place.round).require_status({Status.RUNNING})
        batch = Update(now).add("counts.running", -1).add(_count(ending.status), 1)
        if ending.status is Status.FAILED:
            batch.add("failed_in_round", 1)
        if ending.error_type:
            row.set("error_type", ending.error_type)
        if ending.used:
            usage = ending.used.usage
            row.set("execution_id", ending.used.execution_id)
            batch.add("usage.executions", 1)
            sums: dict[str, int | Decimal] = {"model_calls": usage.model_calls, "total_tokens": usage.total_tokens}
            if usage.cost_usd is None:
                batch.add("usage.unpriced", 1)
            else:
                sums["cost_usd"] = usage.cost_usd
            for field, amount in sums.items():
                row.set(field, amount)
                batch.add(f"usage.{field}", amount)
        key = item(_row_key(group_id, place.batch_id, place.row))
        return self._write(group_id, place.batch_id, batch, {"Update": row.request(self._table, key)})

    def request_cancel(self, group_id: str, batch_id: str, now: datetime) -> bool:
        asked = Update(now).set("cancel_requested_at", now).require_absent("cancel_requested_at")
        return self._update(_key(group_id, batch_id), asked.require_status({Status.RUNNING}))

    def keep_token(self, batch: Batch, token: str) -> None:
        kept = Update(None).append("tokens", token, most=MOST_TOKENS).require("round", batch.round)
        self._update(_key(batch.group_id, batch.batch_id), kept.require_status({Status.RUNNING}))

    def begin_round(self, batch: Batch, rows: int, now: datetime) -> Batch | None:
        begun = Update(now).set("status", Status.RUNNING).set("round", batch.round + 1).set("rows_in_round", rows)
        begun.set("failed_in_round", 0)
        begun.set("reason", "").remove("ended_at", "cancel_requested_at", "tokens")
        for field, value in _open_keys(batch.group_id, batch.batch_id).items():
            begun.set(field, value)
        begun.require("round", batch.round).require_status(TERMINAL)
        if not self._update(_key(batch.group_id, batch.batch_id), begun):
            return None
        return self.get(batch.group_id, batch.batch_id)

    def end(self, batch: Batch, status: Status, reason: str, now: datetime) -> bool:
        ended = Update(now).set("status", status).set("reason", reason).set("ended_at", now)
        ended.remove("tokens", *_open_keys("", "")).require("round", batch.round).require("counts.running", 0)
        return self._update(_key(batch.group_id, batch.batch_id), ended.require_status({Status.RUNNING}))

    def _update(self, key: Item, update: Update) -> bool:
        """False when its condition did not hold."""
        with platform_errors("Updating the batch"):
            return holds(lambda: self._clients.dynamodb.update_item(**update.request(self._table, key)))

    def _write(self, group_id: str, batch_id: str, batch: Update, row: TransactWriteItemTypeDef) -> bool:
        """Changes the batch and one of its rows at once; False, and nothing written, when a condition did not hold."""
        request = batch.request(self._table, _key(group_id, batch_id))
        with platform_errors("Updating the batch"):
            return holds(lambda: self._clients.dynamodb.transact_write_items(TransactItems=[row, {"Update": request}]))

    def _expiry(self, batch: Batch) -> int:
        return int((batch.created_at + self._retention).timestamp())


def _count(status: Status) -> str:
    return f"counts.{status.lower()}"


def _open_keys(group_id: str, batch_id: str) -> dict[str, str]:
    return {"open_key": keys.OPEN_BATCHES, "open_sort": keys.open_sort(group_id, batch_id)}


def _key(group_id: str, batch_id: str) -> Item:
    return item({"PK": keys.batch_of_rows(group_id, batch_id), "SK": keys.BATCH_OF_ROWS})


def _row_key(group_id: str, batch_id: str, number: int) -> dict[str, str]:
    return {"PK": keys.batch_of_rows(group_id, batch_id), "SK": keys.batch_row(number)}


def _as_it_was(row: BatchRow | None) -> dict[str, Any]:
    if row is None:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {
        "ConditionExpression": "#round = :round AND #status = :status",
        "ExpressionAttributeNames": {"#round": "round", "#status": "status"},
        "ExpressionAttributeValues": item({":round": row.round, ":status": row.status.value}),
    }
