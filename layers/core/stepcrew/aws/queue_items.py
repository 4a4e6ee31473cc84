"""How an execution that waits for a slot lies in its group's queue. The queue changes with the record, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepcrew.aws import keys
from stepcrew.aws.items import Item, item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


def joins(table: str, group_id: str, execution_id: str, expires_at: int) -> TransactWriteItemTypeDef:
    """`expires_at` is that of the record, in epoch seconds."""
    entry = {**_key(group_id, execution_id), **item({"expires_at": expires_at})}
    return {"Put": {"TableName": table, "Item": entry}}


def leaves(table: str, group_id: str, execution_id: str) -> TransactWriteItemTypeDef:
    return {"Delete": {"TableName": table, "Key": _key(group_id, execution_id)}}


def _key(group_id: str, execution_id: str) -> Item:
    return item({"PK": keys.slots(group_id), "SK": keys.queued(execution_id)})
