"""What the meter of an attempt counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.aws_table import BUCKET, NOW, TABLE, emulated_aws
from tests.vectors import vector_bucket

from stepcrew.aws.clients import Clients
from stepcrew.aws.meter import RequestMeter
from stepcrew.domain.vectors import pack

KEY = {"PK": {"S": "GROUP#demo"}, "SK": {"S": "X"}}


def test_the_tables_own_count_is_taken_request_by_request() -> None:
    with emulated_aws():
        meter = RequestMeter(NOW, 1024)
        clients = Clients(meter=meter)
        asked: list[dict[str, Any]] = []
        told = iter([1.5, 4.0, 6.0])

        def ask(params: dict[str, Any], **_: Any) -> None:
            asked.append(params)

        def tell(parsed: dict[str, Any], **_: Any) -> None:
            """The emulator's own count depends on nothing."""
            parsed["ConsumedCapacity"] = {"CapacityUnits": next(told)}

        events = clients.dynamodb.meta.events
        events.register("provide-client-params.dynamodb.*", ask)
        events.register_first("after-call.dynamodb.*", tell)
        clients.dynamodb.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True)
        clients.dynamodb.put_item(TableName=TABLE, Item=KEY)
        clients.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": KEY}}])
        found = meter.read(NOW)
    assert (found.read_units, found.write_units) == (1.5, 10.0)
    assert all(params["ReturnConsumedCapacity"] == "TOTAL" for params in asked)


def test_every_kind_of_answer_is_counted() -> None:
    """Batches and transactions tell a list, one for each table."""
    with emulated_aws():
        meter = RequestMeter(NOW, 1024)
        clients = Clients(meter=meter)
        clients.dynamodb.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": KEY}}]})
        clients.dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": KEY}}])
        written = meter.read(NOW).write_units
        clients.dynamodb.query(
            TableName=TABLE, KeyConditionExpression="PK = :k", ExpressionAttributeValues={":k": KEY["PK"]}
        )
        assert written > 0
        assert meter.read(NOW).read_units > 0
        assert meter.read(NOW).write_units == written


def test_objects_and_time_count_too() -> None:
    with emulated_aws():
        meter = RequestMeter(NOW, 2048, ready_ms=500)
        clients = Clients(meter=meter)
        clients.s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
        clients.s3.get_object(Bucket=BUCKET, Key="a")
        clients.s3.get_object(Bucket=BUCKET, Key="a")
        found = meter.read(NOW + timedelta(seconds=2))
    assert (found.object_writes, found.object_reads) == (1, 2)
    assert (found.attempts, found.mb_ms) == (1, 2048 * 2500)


def test_queries_of_vectors_count_and_a_put_counts_as_128_kb_at_least() -> None:
    with emulated_aws():
        meter = RequestMeter(NOW, 1024)
        clients = Clients(meter=meter)
        _, bucket = vector_bucket(clients)
        one = [1.0] * 4_096
        assert bucket.nearest("index", pack(one), 5, None) is None  # there is no index yet
        assert meter.read(NOW).vector_queries == 0
        bucket.put("index", "a", pack(one), {"scopes": ["x"]})
        assert meter.read(NOW).vector_put_bytes == 128 * 1024  # though it was put twice: the index was made in between
        many = [{"key": f"k{n}", "data": {"float32": one}, "metadata": {"n": n}} for n in range(9)]
        clients.s3vectors.put_vectors(vectorBucketName="vectors", indexName="index", vectors=many)
        assert meter.read(NOW).vector_put_bytes == 128 * 1024 + 9 * (4 * 4_096 + len("k0") + len('{"n": 0}'))
        bucket.nearest("index", pack(one), 5, None)
        bucket.remove("index", ["a"])
    assert meter.read(NOW).vector_queries == 1


def test_clients_without_a_meter_ask_for_nothing_more() -> None:
    with emulated_aws() as aws:
        assert "ConsumedCapacity" not in aws.clients.dynamodb.put_item(TableName=TABLE, Item=KEY)
