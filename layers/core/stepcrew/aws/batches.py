"""Batch writes that end only when the table has taken everything."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from stepcrew.domain.errors import PlatformUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import WriteRequestUnionTypeDef

_MOST = 25  # the service's limit of one batch
_TRIES = 8


def write_all(client: DynamoDBClient, table: str, requests: Sequence[WriteRequestUnionTypeDef]) -> None:
    """Puts and deletes, each safe to repeat. Raises `PlatformUnavailable` when the table keeps refusing a part."""
    for start in range(0, len(requests), _MOST):
        pending: Sequence[WriteRequestUnionTypeDef] = requests[start : start + _MOST]
        for attempt in range(_TRIES):
            answer = client.batch_write_item(RequestItems={table: pending})
            pending = answer.get("UnprocessedItems", {}).get(table, [])
            if not pending:
                break
            time.sleep(min(2.0, 0.05 * 2**attempt))
        else:
            raise PlatformUnavailable("The table took only a part of the items.")
