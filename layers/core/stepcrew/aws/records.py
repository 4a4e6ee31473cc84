"""Reads and conditional writes of execution records; what must change with a record changes in its transaction."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from stepcrew.aws import keys
from stepcrew.aws.batches import read_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import Item, item, values
from stepcrew.aws.transactions import holds, unless_refused
from stepcrew.aws.updates import Update
from stepcrew.domain.errors import ExecutionNotFound
from stepcrew.domain.execution import Execution

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

logger = logging.getLogger(__name__)


_GOLDEN = 0.618033988749895
"""Its multiples, without their whole part, fall evenly between 0 and 1, however many there are."""


class Records:
    """Execution records of one table, and reads of whatever else is in it."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self.table = table

    def item(self, partition: str, sort: str) -> Item | None:
        """Reads one item, strongly consistent; None when there is none."""
        with platform_errors("Reading the table"):
            answer = self._clients.dynamodb.get_item(
                TableName=self.table, Key=item({"PK": partition, "SK": sort}), ConsistentRead=True
            )
        return answer.get("Item")

    def found(self, doing: str, condition: str, known: Mapping[str, Any], **options: Any) -> Iterator[Item]:
        """Reads page by page what a key condition finds, strongly consistent but in an index. `doing` says what was
        being done, for the message of an error."""
        with platform_errors(doing):
            pages = self._clients.dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=item(known),
                ConsistentRead="IndexName" not in options,
                **options,
            )
            for page in pages:
                yield from page["Items"]

    def put(self, doing: str, entry: Mapping[str, Any]) -> None:
        """Writes an item, also in the place of one with the same key."""
        with platform_errors(doing):
            self._clients.dynamodb.put_item(TableName=self.table, Item=item(entry))

    def remove(self, doing: str, partition: str, sort: str) -> None:
        """Removes an item. Removing what is not there changes nothing."""
        with platform_errors(doing):
            self._clients.dynamodb.delete_item(TableName=self.table, Key=item({"PK": partition, "SK": sort}))

    def whole(self, doing: str, listed: Sequence[Item]) -> list[Item]:
        """The items whose keys an index has listed, in that order and as they are now; without those that are gone."""
        found = [{name: entry[name] for name in ("PK", "SK")} for entry in listed]
        with platform_errors(doing):
            read = {_place(one): one for one in read_all(self._clients.dynamodb, self.table, found)}
        return [read[place] for place in map(_place, listed) if place in read]

    def get(self, group_id: str, execution_id: str) -> Execution:
        """Raises `ExecutionNotFound`."""
        found = self.item(keys.execution(group_id, execution_id), keys.EXECUTION)
        if found is None:
            raise ExecutionNotFound(execution_id)
        return Execution.model_validate(values(found))

    def update(self, group_id: str, execution_id: str, update: Update) -> Execution | None:
        """The record after the update, or None when its condition did not hold."""
        request = update.request(self.table, key_of(group_id, execution_id))
        with platform_errors("Updating the execution"):
            answer = unless_refused(lambda: self._clients.dynamodb.update_item(**request, ReturnValues="ALL_NEW"))
        return Execution.model_validate(values(answer.get("Attributes", {}))) if answer else None

    def update_with(
        self, group_id: str, execution_id: str, update: Update, *companions: TransactWriteItemTypeDef
    ) -> Execution | None:
        """The same in one transaction with the companions; None, and nothing written, when any condition did not
        hold."""
        request = update.request(self.table, key_of(group_id, execution_id))
        with platform_errors("Updating the execution"):
            written = holds(
                lambda: self._clients.dynamodb.transact_write_items(TransactItems=[{"Update": request}, *companions])
            )
        return self.get(group_id, execution_id) if written else None

    def count_open(self, group_id: str, most: int) -> int:
        """Up to `most`, from the sparse index of open executions: keys alone are read."""
        with platform_errors("Counting the open executions"):
            answer = self._clients.dynamodb.query(
                TableName=self.table,
                IndexName=keys.OPEN_INDEX,
                KeyConditionExpression="open_key = :shard AND begins_with(open_sort, :group)",
                ExpressionAttributeValues=item(
                    {":shard": keys.open_shard(group_id), ":group": keys.open_sort(group_id, "")}
                ),
                Select="COUNT",
                Limit=most,
            )
            return answer["Count"]

    def open_of(self, group_id: str) -> Iterator[Execution]:
        """Those of one group, from the sparse index."""
        known = {":shard": keys.open_shard(group_id), ":group": keys.open_sort(group_id, "")}
        found = self._open("open_key = :shard AND begins_with(open_sort, :group)", known)
        yield from self._unchanged(found, datetime.max.replace(tzinfo=UTC))

    def open(self, *, unchanged_since: datetime) -> Iterator[Execution]:
        """Shard by shard; only the sparse index says which records are read. Another shard is the first every minute,
        and another record within each, so that a reader who runs out of time reads all of them in turn."""
        shards = keys.open_shards()
        minute = int(unchanged_since.timestamp()) // 60
        first = minute % len(shards)
        for shard in shards[first:] + shards[:first]:
            found = self._open("open_key = :shard", {":shard": shard})
            turn = int(minute * _GOLDEN % 1 * len(found))
            yield from self._unchanged(found[turn:] + found[:turn], unchanged_since)

    def open_ids(self, doing: str, key: str) -> Iterator[tuple[str, str]]:
        """Group and id of everything that stands under a key of the sparse index and is no execution."""
        for entry in self.found(doing, "open_key = :key", {":key": key}, IndexName=keys.OPEN_INDEX):
            group_id, _, some_id = str(values(entry)["open_sort"]).rpartition("#")
            yield group_id, some_id

    def _open(self, condition: str, known: Mapping[str, str]) -> list[Item]:
        """The keys of those records."""
        only_keys = {"IndexName": keys.OPEN_INDEX, "ProjectionExpression": "PK, SK"}
        return list(self.found("Reading the open executions", condition, known, **only_keys))

    def _unchanged(self, found: Sequence[Item], since: datetime) -> Iterator[Execution]:
        with platform_errors("Reading the open executions"):
            records = read_all(self._clients.dynamodb, self.table, found)
        for record in records:
            try:
                execution = Execution.model_validate(values(record))
            except ValidationError:  # of another version, or changed by hand; the others are not to suffer from it
                logger.exception("The record %s cannot be read", record.get("PK"))
                continue
            if not execution.status.is_terminal and execution.updated_at <= since:
                yield execution


def _place(entry: Item) -> tuple[str, str]:
    named = values({name: entry[name] for name in ("PK", "SK")})
    return named["PK"], named["SK"]


def key_of(group_id: str, execution_id: str) -> Item:
    return item({"PK": keys.execution(group_id, execution_id), "SK": keys.EXECUTION})
