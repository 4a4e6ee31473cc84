"""Transactions of moto without a copy of the whole table for each of their items, which makes a test with many items
take minutes. What a refused transaction has changed is put back as before: items it names are copied."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_transact: Any = models.DynamoDBBackend.transact_write_items


@contextmanager
def light_transactions() -> Generator[None]:
    with patch.object(models.DynamoDBBackend, "transact_write_items", _light):
        yield


def _light(backend: Any, transact_items: list[dict[str, Any]]) -> None:
    named = [_key(operation) for item in transact_items for operation in item.values()]
    snapshots: dict[int, Any] = {}

    def copied(thing: Any) -> Any:
        if not isinstance(thing, Table):
            return copy.deepcopy(thing)
        if id(thing) not in snapshots:
            snapshots[id(thing)] = _snapshot(thing, named)
        return snapshots[id(thing)]

    with patch.object(models, "copy", SimpleNamespace(deepcopy=copied)):
        _transact(backend, transact_items)


def _key(operation: dict[str, Any]) -> tuple[DynamoType, DynamoType]:
    key = operation.get("Key") or operation["Item"]
    return DynamoType(key["PK"]), DynamoType(key["SK"])


def _snapshot(table: Any, named: list[tuple[DynamoType, DynamoType]]) -> Any:
    snapshot = copy.copy(table)
    snapshot.items = defaultdict(dict, table.items)
    for partition, place in named:
        rows = dict(snapshot.items.get(partition, {}))
        if place in rows:
            rows[place] = copy.deepcopy(rows[place])
        snapshot.items[partition] = rows
    return snapshot
