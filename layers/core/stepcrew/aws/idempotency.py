"""What is written once under an idempotency key."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stepcrew.aws import keys
from stepcrew.aws.items import item, plain
from stepcrew.aws.transactions import cancellation_codes
from stepcrew.domain.errors import AlreadyExists, IdempotencyInFlight
from stepcrew.domain.submission import IdempotencyRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


def idempotency_item(group_id: str, record: IdempotencyRecord, now: datetime) -> dict[str, Any]:
    return {
        **plain(record),
        "PK": keys.idempotency(group_id, record.key),
        "SK": keys.IDEMPOTENCY,
        "expires_at": int((now + timedelta(hours=record.hours)).timestamp()),
    }


@contextmanager
def created_once(what: str) -> Generator[None]:
    """Around the transaction that creates something, with its idempotency key. Raises `AlreadyExists` when its id or
    the key is taken, and `IdempotencyInFlight` when another request is writing the same key at this moment."""
    try:
        yield
    except ClientError as error:
        codes = cancellation_codes(error)
        if "ConditionalCheckFailed" in codes:
            raise AlreadyExists(f"The {what} id or the idempotency key is taken.") from error
        if "TransactionConflict" in codes:
            raise IdempotencyInFlight from error
        raise


def put_where_none_is(table: str, entry: dict[str, Any], now: datetime) -> TransactWriteItemTypeDef:
    """A part of a transaction: puts an item, unless there is one that has not expired."""
    return {
        "Put": {
            "TableName": table,
            "Item": item(entry),
            # DynamoDB removes expired items up to days late; until then they must not count.
            "ConditionExpression": "attribute_not_exists(PK) OR expires_at <= :now",
            "ExpressionAttributeValues": item({":now": int(now.timestamp())}),
        }
    }
