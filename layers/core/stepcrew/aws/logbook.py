"""Things that a group keeps with a log of their own: triggers with their firings, webhooks with their deliveries. A log
is a partition, and is read by time in the index by group."""

from __future__ import annotations

from typing import Any

from stepcrew.aws import keys
from stepcrew.aws.batches import delete_found
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import Item, item
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import holds


class Logbook:
    """Reads and writes such things and their logs. `doing` says in each method what was being done, for the message of
    an error."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def put(self, entry: dict[str, Any], counter: str, seen: int | None, doing: str) -> bool:
        """Writes the entry over the `counter` that was seen, or where none was. False when another came between."""
        # DynamoDB removes expired items up to days late; until then they must not count.
        condition: dict[str, Any] = {
            "ConditionExpression": "attribute_not_exists(PK) OR expires_at <= :now",
            "ExpressionAttributeValues": item({":now": int(self._clients.now().timestamp())}),
        }
        if seen is not None:
            condition = _stands(counter, seen)
        with platform_errors(doing):
            return holds(lambda: self._clients.dynamodb.put_item(TableName=self._table, Item=item(entry), **condition))

    def newest(self, log: str, *, before: str | None, limit: int, doing: str) -> list[Item]:
        """The log's entries, newest first, before the place of their `group_sort`. Eventually consistent."""
        known: dict[str, Any] = {":key": log}
        condition = "group_key = :key"
        if before:
            condition, known[":before"] = f"{condition} AND group_sort < :before", before
        with platform_errors(doing):
            page = self._clients.dynamodb.query(
                TableName=self._table,
                IndexName=keys.BY_GROUP_INDEX,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=item(known),
                ScanIndexForward=False,
                Limit=limit,
            )
        return self._records.whole(doing, page["Items"])

    def delete(self, partition: str, sort: str, log: str, doing: str, seen: tuple[str, int] | None = None) -> None:
        """Removes the thing and its log; with `seen`, only where that counter says so. Asking again changes nothing."""
        condition = _stands(*seen) if seen else {}
        key = item({"PK": partition, "SK": sort})
        with platform_errors(doing):
            if holds(lambda: self._clients.dynamodb.delete_item(TableName=self._table, Key=key, **condition)):
                delete_found(self._clients.dynamodb, self._table, "PK = :key", {":key": log})


def _stands(counter: str, seen: int) -> dict[str, Any]:
    """The condition that an item's counter is still the one that was seen."""
    return {
        "ConditionExpression": "#counter = :seen",
        "ExpressionAttributeNames": {"#counter": counter},
        "ExpressionAttributeValues": item({":seen": seen}),
    }
