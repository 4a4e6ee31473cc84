"""Batch reads and writes that end only when the table has given or taken everything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stepcrew.aws.items import item, values
from stepcrew.aws.kinds import kind_of
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.retrying import Patience, attempts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestUnionTypeDef

    from stepcrew.aws.items import Item

# The service's limits of one batch.
_MOST = 25
_MOST_READ = 100
_PATIENCE = Patience(tries=8, first=0.05, longest=2.0)


def write_all(client: DynamoDBClient, table: str, requests: Sequence[WriteRequestUnionTypeDef]) -> None:
    """Puts and deletes, each safe to repeat. Raises `PlatformUnavailable` when the table keeps refusing a part."""
    for start in range(0, len(requests), _MOST):
        pending: Sequence[WriteRequestUnionTypeDef] = requests[start : start + _MOST]
        for _ in attempts(_PATIENCE):
            answer = client.batch_write_item(RequestItems={table: pending})
            pending = answer.get("UnprocessedItems", {}).get(table, [])
            if not pending:
                break
        else:
            raise PlatformUnavailable("The table took only a part of the items.")


def delete_found(
    client: DynamoDBClient, table: str, condition: str, known: Mapping[str, str], *, spare: str | None = None
) -> Counter[str]:
    """Deletes what the key condition finds, page by page, but the item with the sort key `spare`. How many of each kind
    went."""
    gone: Counter[str] = Counter()
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=item(known),
        ProjectionExpression="PK, SK",
        ConsistentRead=True,
    )
    for page in pages:
        found: list[Item] = [key for key in page["Items"] if key["SK"] != {"S": spare}]
        write_all(client, table, [{"DeleteRequest": {"Key": key}} for key in found])
        gone.update(kind_of(values(key)["SK"]) for key in found)
    return gone


def read_all(client: DynamoDBClient, table: str, keys: Sequence[Item]) -> list[Item]:
    """Those items that exist, strongly consistent. Raises `PlatformUnavailable` when a part stays unread."""
    found: list[Item] = []
    for start in range(0, len(keys), _MOST_READ):
        pending: Sequence[Item] = keys[start : start + _MOST_READ]
        for _ in attempts(_PATIENCE):
            answer = client.batch_get_item(RequestItems={table: {"Keys": pending, "ConsistentRead": True}})
            found += answer["Responses"].get(table, [])
            left = answer.get("UnprocessedKeys", {}).get(table)
            if not left:
                break
            pending = [dict(key) for key in left["Keys"]]
        else:
            raise PlatformUnavailable("The table gave only a part of the items.")
    return found
