"""What moto takes most of its time for, done in less work and with the same outcome.

Transactions copy the items they name instead of the whole table for each of them. The one value that each attribute of
an item has is written into an answer: moto looks for ten under eight names each. A query of an index sorts what it has
found, not first all items of the table. A request is held against the addresses of the services that Stepcrew uses, not
of all there are. What a service can do is looked up once, and the text of an update parsed once: moto changes a copy.

Requests of several threads are answered one after the other: moto's transactions are not isolated from each other as
those of DynamoDB, and what one thread reads another one may not change meanwhile.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from threading import RLock
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from moto import backend_index
from moto.core import responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb import models
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

SERVICES = ("dynamodb", "events", "s3", "scheduler", "sesv2", "sqs", "ssm", "stepfunctions", "sts")
ADDRESSES = [one for one in backend_index.backend_url_patterns if one[0] in SERVICES]

_transact: Any = models.DynamoDBBackend.transact_write_items
_serializer: Any = BaseJSONSerializer
_structure: Any = _serializer._serialize_type_structure
_parser: Any = UpdateExpressionParser
_parsed: Any = cache(_parser.make)
_methods: Any = cache(method_names_from_class)
_process: Any = BotocoreStubber.process_request
_one_at_a_time = RLock()


@contextmanager
def light_moto() -> Generator[None]:
    with (
        patch.object(models.DynamoDBBackend, "transact_write_items", _light),
        patch.object(BaseJSONSerializer, "_serialize_type_structure", _written),
        patch.object(Table, "all_items", _all_items),
        patch.object(backend_index, "backend_url_patterns", ADDRESSES),
        patch.object(UpdateExpressionParser, "make", _parsed),
        patch.object(responses, "method_names_from_class", _methods),
        patch.object(BotocoreStubber, "process_request", _alone),
    ):
        yield


def _alone(stubber: Any, request: Any) -> Any:
    with _one_at_a_time:
        return _process(stubber, request)


def _written(serializer: Any, answer: dict[str, Any], value: Any, shape: Any, key: str) -> None:
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        _structure(serializer, answer, value, shape, key)
        return
    written: dict[str, Any] = {}
    for name, part in cast("dict[str, Any]", value).items():
        serializer._serialize(written, part, shape.members[name], name)
    serializer._default_serialize(answer, written, shape, key)


def _all_items(table: Any) -> list[Any]:
    return [item for partition in table.items.values() for item in partition.values()]


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
