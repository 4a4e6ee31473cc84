"""Execution records in the table. Every change of status is one conditional write that names what it may leave."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stepcrew.aws import keys
from stepcrew.aws.batches import write_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.aws.items import Item, item, plain, values
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.transactions import cancellation_codes, retry_conflicts
from stepcrew.aws.updates import Update
from stepcrew.domain.errors import (
    AlreadyExists,
    Category,
    Conflict,
    ExecutionError,
    ExecutionNotFound,
    IdempotencyInFlight,
    Superseded,
)
from stepcrew.domain.execution import OPEN, SOURCES_OF, Execution, Progress, Status, Usage
from stepcrew.domain.submission import IdempotencyRecord, Submission

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputPaginateTypeDef

IDEMPOTENCY_HOURS = 24
INLINE_BYTES = 100_000
"""Documents above this size are kept in the bucket: an item holds at most 400 KB."""
DEFINITION_PAYLOAD = "definition"
CANCELLED = ExecutionError(
    category=Category.CANCELLED,
    type="Cancelled",
    message="The execution was cancelled before it started.",
    remedy="Submit it again when you want it to run.",
)
_RACES = 5


class TableExecutions:
    """`ExecutionStore` over DynamoDB (and the bucket for large definitions)."""

    def __init__(self, clients: Clients, table: str, payloads: BucketPayloads, retention_days: int) -> None:
        self._clients = clients
        self._table = table
        self._payloads = payloads
        self._retention = timedelta(days=retention_days)

    def create(self, execution: Execution, submission: Submission, idempotency: IdempotencyRecord | None) -> None:
        group_id, execution_id = execution.group_id, execution.execution_id
        key = {"PK": keys.execution(group_id, execution_id)}
        expires_at = int((execution.created_at + self._retention).timestamp())
        record = {
            **plain(execution),
            **key,
            "SK": keys.EXECUTION,
            "group_key": keys.group(group_id),
            "group_sort": execution_id,
            "open_key": keys.open_shard(execution_id),
            "open_sort": execution_id,
            "expires_at": expires_at,
        }
        document = submission.model_dump_json(exclude_unset=True)
        if len(document.encode()) > INLINE_BYTES:
            self._payloads.put(group_id, execution_id, DEFINITION_PAYLOAD, document.encode())
            definition = {**key, "SK": keys.DEFINITION, "payload_id": DEFINITION_PAYLOAD, "expires_at": expires_at}
        else:
            definition = {**key, "SK": keys.DEFINITION, "document": document, "expires_at": expires_at}
        items = [record, definition]
        if idempotency:
            until = execution.created_at + timedelta(hours=IDEMPOTENCY_HOURS)
            items.append(
                {
                    **plain(idempotency),
                    "PK": keys.idempotency(group_id, idempotency.key),
                    "SK": keys.IDEMPOTENCY,
                    "expires_at": int(until.timestamp()),
                }
            )
        with platform_errors("Storing the execution"):
            try:
                self._clients.dynamodb.transact_write_items(
                    TransactItems=[
                        {
                            "Put": {
                                "TableName": self._table,
                                "Item": item(new),
                                "ConditionExpression": "attribute_not_exists(PK)",
                            }
                        }
                        for new in items
                    ]
                )
            except ClientError as error:
                codes = cancellation_codes(error)
                if "ConditionalCheckFailed" in codes:
                    raise AlreadyExists("The execution id or the idempotency key is taken.") from error
                if "TransactionConflict" in codes:
                    raise IdempotencyInFlight(
                        "A request with this Idempotency-Key is being written at this moment."
                    ) from error
                raise

    def get(self, group_id: str, execution_id: str) -> Execution:
        found = self._item(keys.execution(group_id, execution_id), keys.EXECUTION)
        if found is None:
            raise ExecutionNotFound(execution_id)
        return Execution.model_validate(values(found))

    def list_newest(
        self, group_id: str, *, status: Status | None, name: str | None, before: str | None, limit: int
    ) -> list[Execution]:
        condition = "group_key = :group" + (" AND group_sort < :before" if before else "")
        arguments: dict[str, object] = {":group": keys.group(group_id)}
        if before:
            arguments[":before"] = before
        wanted = {"status": status and status.value, "name": name}
        filters = {field: value for field, value in wanted.items() if value}
        arguments.update({f":{field}": value for field, value in filters.items()})
        query: QueryInputPaginateTypeDef = {
            "TableName": self._table,
            "IndexName": keys.BY_GROUP_INDEX,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": item(arguments),
            "ScanIndexForward": False,
            "PaginationConfig": {"PageSize": 1000 if filters else limit},
        }
        if filters:
            query["FilterExpression"] = " AND ".join(f"#{field} = :{field}" for field in filters)
            query["ExpressionAttributeNames"] = {f"#{field}": field for field in filters}
        found: list[Execution] = []
        with platform_errors("Listing executions"):
            pages = self._clients.dynamodb.get_paginator("query").paginate(**query)
            for page in pages:
                found += [Execution.model_validate(values(entry)) for entry in page["Items"]]
                if len(found) >= limit:
                    break
        return found[:limit]

    def submission(self, group_id: str, execution_id: str) -> Submission:
        found = self._item(keys.execution(group_id, execution_id), keys.DEFINITION)
        if found is None:
            raise ExecutionNotFound(execution_id)
        entry = values(found)
        document = entry.get("document")
        if document is None:
            document = self._payloads.get(group_id, execution_id, entry["payload_id"])
        if document is None:
            raise ExecutionNotFound(execution_id)
        return Submission.model_validate_json(document)

    def idempotency(self, group_id: str, key: str) -> IdempotencyRecord | None:
        found = self._item(keys.idempotency(group_id, key), keys.IDEMPOTENCY)
        if found is None:
            return None
        entry = values(found)
        # DynamoDB removes expired items late; until then they must not count.
        return IdempotencyRecord.model_validate(entry) if entry["expires_at"] > time.time() else None

    def begin_attempt(self, group_id: str, execution_id: str, now: datetime) -> Execution:
        update = Update(now).set("status", Status.RUNNING).add("attempt", 1).set("started_at", now, keep=True)
        changed = self._update(group_id, execution_id, update.require_status(SOURCES_OF[Status.RUNNING]))
        if changed is None:
            self.get(group_id, execution_id)
            raise Superseded("The execution has ended already.")
        return changed

    def save_progress(
        self,
        execution: Execution,
        *,
        progress: Progress,
        usage: Usage,
        message: str,
        now: datetime,
        traces_emitted: int | None = None,
    ) -> Execution:
        update = Update(now).set("progress", progress).set("usage", usage).set("message", message)
        if traces_emitted is not None:
            update.set(f"traces_emitted.{execution.attempt}", traces_emitted)
        update.require("attempt", execution.attempt).require_status({Status.RUNNING})
        changed = self._update(execution.group_id, execution.execution_id, update)
        if changed is None:
            raise Superseded("A later attempt or a terminal status took over.")
        return changed

    def request_cancel(self, group_id: str, execution_id: str, now: datetime) -> Execution:
        for _ in range(_RACES):
            current = self.get(group_id, execution_id)
            if current.status in (Status.COMPLETED, Status.FAILED):
                raise Conflict(
                    f"The execution has ended already with status {current.status}.",
                    remedy="Nothing to cancel: read its result.",
                )
            if current.status is Status.CANCELLED or current.cancel_requested_at:
                return current
            update = Update(now).set("cancel_requested_at", now, keep=True).require_status({current.status})
            if current.status is Status.PENDING:
                update.set("status", Status.CANCELLED).set("ended_at", now).set("error", CANCELLED)
                update.set("message", CANCELLED.message).remove("open_key", "open_sort")
            else:
                update.set("message", "Cancelling…")
            changed = self._update(group_id, execution_id, update)
            if changed is not None:
                return changed
        raise Conflict("The execution changes too fast to be cancelled.", remedy="Cancel it again in a second.")

    def finish(
        self,
        execution: Execution,
        status: Status,
        *,
        message: str,
        now: datetime,
        progress: Progress | None = None,
        usage: Usage | None = None,
        error: ExecutionError | None = None,
        traces_emitted: int | None = None,
        fenced: bool = True,
    ) -> Execution:
        update = Update(now).set("status", status).set("message", message).set("ended_at", now)
        update.remove("open_key", "open_sort")
        for path, value in (("progress", progress), ("usage", usage), ("error", error)):
            if value is not None:
                update.set(path, value)
        if traces_emitted is not None:
            update.set(f"traces_emitted.{execution.attempt}", traces_emitted)
        if fenced:
            update.require("attempt", execution.attempt).require_status({Status.RUNNING})
        else:
            update.require_status(OPEN)
        changed = self._update(execution.group_id, execution.execution_id, update)
        if changed is not None:
            return changed
        current = self.get(execution.group_id, execution.execution_id)
        if fenced and current.status is status and current.attempt == execution.attempt:
            return current  # our own earlier write whose answer was lost
        raise Superseded(f"The execution has status {current.status} already.")

    def delete(self, group_id: str, execution_id: str) -> None:
        if not self.get(group_id, execution_id).status.is_terminal:
            raise Conflict("The execution is still open.", remedy="Cancel it first, then delete it.")
        key = keys.execution(group_id, execution_id)
        self._payloads.delete_all(group_id, execution_id)
        with platform_errors("Deleting the execution"):
            pages = self._clients.dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :key",
                ExpressionAttributeValues=item({":key": key}),
                ProjectionExpression="PK, SK",
            )
            for page in pages:
                children = [entry for entry in page["Items"] if entry["SK"] != {"S": keys.EXECUTION}]
                write_all(
                    self._clients.dynamodb, self._table, [{"DeleteRequest": {"Key": child}} for child in children]
                )
            self._clients.dynamodb.delete_item(TableName=self._table, Key=item({"PK": key, "SK": keys.EXECUTION}))

    def _item(self, partition: str, sort: str) -> Item | None:
        with platform_errors("Reading the table"):
            answer = self._clients.dynamodb.get_item(
                TableName=self._table, Key=item({"PK": partition, "SK": sort}), ConsistentRead=True
            )
        return answer.get("Item")

    def _update(self, group_id: str, execution_id: str, update: Update) -> Execution | None:
        """The record after the update, or None when its condition did not hold."""
        key = item({"PK": keys.execution(group_id, execution_id), "SK": keys.EXECUTION})
        with platform_errors("Updating the execution"):
            try:
                request = update.request(self._table, key)
                answer = retry_conflicts(lambda: self._clients.dynamodb.update_item(**request, ReturnValues="ALL_NEW"))
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return None
        return Execution.model_validate(values(answer.get("Attributes", {})))


class SystemClock:
    """`Clock` of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)
