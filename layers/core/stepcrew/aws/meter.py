"""Counts what one attempt asks of the table, the bucket and the indexes of vectors. DynamoDB itself tells how many
request units it took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from stepcrew.domain.metering import LEAST_PUT_BYTES, Metered

_TABLE = ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
_READS = ("GetItem", "BatchGetItem", "Query")
_TRANSACTION = "TransactWriteItems"
_PUT_BYTES = "stepcrew_put_bytes"
_OBJECT_WRITES, _OBJECT_READS = ("PutObject",), ("GetObject",)


class RequestMeter:
    """`AttemptMeter` over the clients that it watches, which may be used by several threads.

    Args:
        began_at: when the invocation began.
        memory_mb: of the function.
        ready_ms: how long its process took to be ready, where this is its first invocation: Lambda bills that too
            (https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/).
    """

    def __init__(self, began_at: datetime, memory_mb: int, ready_ms: int = 0) -> None:
        self.began_at = began_at
        self.memory_mb = memory_mb
        self._ready_ms = ready_ms
        # Appending is one step, for whichever thread; the sum is made when it is asked for.
        self._counted: list[Metered] = []

    def watch(self, client: Any) -> None:
        events = client.meta.events
        for operation in (*_TABLE, _TRANSACTION):
            events.register(f"provide-client-params.dynamodb.{operation}", _ask_for_units)
            events.register(f"after-call.dynamodb.{operation}", self._table_answered)
        for operation in (*_OBJECT_WRITES, *_OBJECT_READS):
            events.register(f"after-call.s3.{operation}", self._bucket_answered)
        events.register("provide-client-params.s3vectors.PutVectors", _measure_put)
        events.register("after-call.s3vectors.PutVectors", self._index_answered)
        events.register("after-call.s3vectors.QueryVectors", self._index_answered)

    def read(self, now: datetime) -> Metered:
        lasted = max(0, round((now - self.began_at).total_seconds() * 1000))
        total = Metered(attempts=1, mb_ms=(lasted + self._ready_ms) * self.memory_mb)
        for one in list(self._counted):
            total = total.plus(one)
        return total

    def _table_answered(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        told: Any = parsed.get("ConsumedCapacity", [])
        tables = cast("list[dict[str, Any]]", told if isinstance(told, list) else [told])
        units = sum(float(one.get("CapacityUnits", 0)) for one in tables)
        is_read = model.name in _READS
        self._counted.append(Metered(read_units=units) if is_read else Metered(write_units=units))

    def _bucket_answered(self, model: Any, **_: Any) -> None:
        is_read = model.name in _OBJECT_READS
        self._counted.append(Metered(object_reads=1) if is_read else Metered(object_writes=1))

    def _index_answered(self, http_response: Any, model: Any, context: Mapping[str, Any], **_: Any) -> None:
        if http_response.status_code >= 300:  # most often: there is no such index yet
            return
        is_query = model.name == "QueryVectors"
        self._counted.append(Metered(vector_queries=1) if is_query else Metered(vector_put_bytes=context[_PUT_BYTES]))


def _measure_put(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """A vector is its numbers, its key and its metadata.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-vectors.html"""
    size = sum(
        4 * len(one["data"]["float32"]) + len(one["key"].encode()) + len(json.dumps(one.get("metadata", {})).encode())
        for one in params["vectors"]
    )
    context[_PUT_BYTES] = max(size, LEAST_PUT_BYTES)


def _ask_for_units(params: dict[str, Any], **_: Any) -> None:
    params["ReturnConsumedCapacity"] = "TOTAL"
