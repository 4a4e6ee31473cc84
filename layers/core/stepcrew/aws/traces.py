"""Trace events and log lines in the table. Storing a batch again changes nothing, its count included."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from stepcrew.aws import keys
from stepcrew.aws.batches import write_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.records import Records
from stepcrew.aws.trace_items import event_entry, marker_entry
from stepcrew.aws.transactions import holds
from stepcrew.aws.updates import Update
from stepcrew.domain.event_size import fitted, fitted_line
from stepcrew.domain.trace import LogLine, RecordedRange, TraceEvent


class TableTraces:
    """`TraceStore` and `LastLogs` over DynamoDB."""

    def __init__(self, clients: Clients, table: str, retention_days: int) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)
        self._retention = timedelta(days=retention_days)

    def record(self, group_id: str, execution_id: str, events: list[TraceEvent], logs: list[LogLine]) -> None:
        partition = keys.execution(group_id, execution_id)
        now = self._clients.now()
        common: dict[str, Any] = {"PK": partition, "expires_at": int((now + self._retention).timestamp())}
        with platform_errors("Storing trace events"):
            known = self._clients.dynamodb.get_item(
                TableName=self._table,
                Key=item({"PK": partition, "SK": keys.EXECUTION}),
                ProjectionExpression="PK, callbacks",
                ConsistentRead=True,
            )
            if "Item" not in known:
                return  # deleted meanwhile: nobody could ever read these
            callbacks = values(known["Item"]).get("callbacks", [])
            entries = [event_entry(common, fitted(event), now, callbacks) for event in events] + [
                {**common, "SK": keys.log(line.attempt, line.sequence), "document": fitted_line(line).model_dump_json()}
                for line in logs
            ]
            write_all(self._clients.dynamodb, self._table, [{"PutRequest": {"Item": item(entry)}} for entry in entries])
            if events:
                self._count(group_id, execution_id, events, common, now)

    def _count(
        self, group_id: str, execution_id: str, events: list[TraceEvent], common: dict[str, Any], now: datetime
    ) -> None:
        """Counts the batch exactly once: its marker and the count are one transaction."""
        marker = marker_entry(common, events)
        record = item({"PK": keys.execution(group_id, execution_id), "SK": keys.EXECUTION})
        update = Update(now).add(f"traces_recorded.{events[0].attempt}", len(events))
        # Where the conditions do not hold, it was counted before, or the execution was deleted meanwhile.
        holds(
            lambda: self._clients.dynamodb.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": item(marker),
                            "ConditionExpression": "attribute_not_exists(PK)",
                        }
                    },
                    {"Update": update.request(self._table, record)},
                ]
            )
        )

    def events(self, group_id: str, execution_id: str, *, after: tuple[int, int], limit: int) -> list[TraceEvent]:
        found = self._query(group_id, execution_id, keys.TRACE_PREFIX, keys.trace(*after), limit)
        return [TraceEvent.model_validate_json(entry["document"]) for entry in found]

    def event(self, group_id: str, execution_id: str, attempt: int, sequence: int) -> TraceEvent | None:
        found = self._records.item(keys.execution(group_id, execution_id), keys.trace(attempt, sequence))
        return TraceEvent.model_validate_json(values(found)["document"]) if found else None

    def logs(self, group_id: str, execution_id: str, *, after: tuple[int, int], limit: int) -> list[LogLine]:
        found = self._query(group_id, execution_id, keys.LOG_PREFIX, keys.log(*after), limit)
        return [LogLine.model_validate_json(entry["document"]) for entry in found]

    def last_logs(self, group_id: str, execution_id: str, limit: int) -> list[LogLine]:
        found = self._query(group_id, execution_id, keys.LOG_PREFIX, keys.LOG_PREFIX, limit, newest=True)
        return [LogLine.model_validate_json(entry["document"]) for entry in reversed(found)]

    def recorded_ranges(self, group_id: str, execution_id: str) -> list[RecordedRange]:
        found = self._query(group_id, execution_id, keys.BATCH_PREFIX, keys.BATCH_PREFIX, None)
        return [RecordedRange.model_validate(entry) for entry in found]

    def _query(
        self, group_id: str, execution_id: str, prefix: str, after: str, limit: int | None, *, newest: bool = False
    ) -> list[dict[str, Any]]:
        """Entries of one prefix behind the sort key `after`, in order; with `newest` from the last one back."""
        known = {
            ":key": keys.execution(group_id, execution_id),
            ":after": after + " ",  # the smallest sort key behind it
            ":end": prefix + "~",
        }
        condition = "PK = :key AND SK BETWEEN :after AND :end"
        paging = {"PageSize": limit, "MaxItems": limit} if limit else {}
        order = {"ScanIndexForward": not newest, "PaginationConfig": paging}
        found = self._records.found("Reading the trace", condition, known, **order)
        return [values(entry) for entry in found]
