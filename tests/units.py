"""Request units of the table, worked out as DynamoDB counts them, for the emulated one tells none.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html and, for the indexes,
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
READS = ("GetItem", "Query", "BatchGetItem")
_WRITTEN, _READ = 1024, 4096
Item = dict[str, Any]


class _Write(NamedTuple):
    key: Item
    before: Item
    checks_only: bool


class TableUnits:
    """Watches a client of one emulated table. `written` and `read` are what its requests took."""

    def __init__(self, client: Any, table: str) -> None:
        self.written = 0
        self.read = 0.0
        self._table = table
        untyped: Any = boto3  # its stubs know only literal service names
        self._own: Any = untyped.client("dynamodb")
        described: Any = self._own.describe_table(TableName=table)["Table"]
        self._indexes: list[dict[str, Any]] = described.get("GlobalSecondaryIndexes", [])
        self._open: list[_Write] = []
        client.meta.events.register("before-call.dynamodb", self._before)
        client.meta.events.register("after-call.dynamodb", self._after)

    def _before(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        if model.name in WRITES:
            self._open = [_Write(key, self._item(key), checks) for key, checks in _keys(json.loads(params["body"]))]

    def _after(self, model: Any, parsed: dict[str, Any], http_response: Any, **_: Any) -> None:
        if model.name in READS:
            found = parsed.get("Items") or [parsed.get("Item", {})]
            self.read += max(1, math.ceil(sum(map(size, found)) / _READ))
        elif model.name in WRITES:
            doubled = 2 if model.name == "TransactWriteItems" else 1
            for write in self._open:
                now = write.before if write.checks_only else self._item(write.key)
                self.written += doubled * max(1, math.ceil(max(size(write.before), size(now)) / _WRITTEN))
                self.written += sum(self._of_index(index, write.before, now) for index in self._indexes)

    def _of_index(self, index: dict[str, Any], before: Item, now: Item) -> int:
        """A change of what the index holds is one write, one of its key two."""
        key = [one["AttributeName"] for one in index["KeySchema"]]
        old, new = _projected(index, key, before), _projected(index, key, now)
        if old == new:
            return 0
        moved = bool(old) and bool(new) and any(old[name] != new[name] for name in key)
        return (1 + moved) * max(1, math.ceil(max(size(old), size(new)) / _WRITTEN))

    def _item(self, key: Item) -> Item:
        return dict(self._own.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {}))


def size(item: Item) -> int:
    """Names and values; the markers of types are not stored."""
    return sum(len(name.encode()) + _value(value) for name, value in item.items())


def _value(value: Any) -> int:
    [(kind, held)] = value.items()
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value(inner) for name, inner in held.items())
    if kind == "L":
        return 3 + sum(1 + _value(inner) for inner in held)
    if kind == "N":
        return len(held) // 2 + 2
    return 1 if kind in ("BOOL", "NULL") else len(held if isinstance(held, bytes) else str(held).encode())


def _projected(index: dict[str, Any], key: list[str], item: Item) -> Item:
    if not all(name in item for name in key):
        return {}
    projection = index["Projection"]
    if projection["ProjectionType"] == "ALL":
        return item
    wanted = {"PK", "SK", *key, *projection.get("NonKeyAttributes", ())}
    return {name: value for name, value in item.items() if name in wanted}


def _keys(body: dict[str, Any]) -> Iterator[tuple[Item, bool]]:
    """Which items a request writes, and whether it only checks one."""
    for kind, write in (
        *((kind, write) for each in body.get("TransactItems", ()) for kind, write in each.items()),
        *((k, w) for requests in body.get("RequestItems", {}).values() for each in requests for k, w in each.items()),
        *((("", body),) if "Key" in body or "Item" in body else ()),
    ):
        key = write.get("Key") or {name: write["Item"][name] for name in ("PK", "SK")}
        yield key, kind == "ConditionCheck"
