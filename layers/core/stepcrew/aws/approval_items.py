"""How an approval lies in the table: beside its execution, and in the group's list of what waits while it is open."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from stepcrew.aws import keys
from stepcrew.aws.items import Item, item
from stepcrew.domain.approval import Approval
from stepcrew.domain.execution import Execution
from stepcrew.domain.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_IS_OPEN = "attribute_exists(PK) AND attribute_not_exists(decision) AND attribute_not_exists(withdrawn_at)"
_UNLIST = "REMOVE group_key, group_sort"


def new(table: str, approval: Approval, stored: dict[str, str], expires_at: int) -> TransactWriteItemTypeDef:
    """Puts the open approval; `stored` is its document, `expires_at` the table's own time to live (epoch seconds)."""
    entry: dict[str, Any] = {
        "PK": keys.execution(approval.group_id, approval.execution_id),
        "SK": keys.approval(approval.number),
        "group_key": keys.waiting(approval.group_id),
        "group_sort": approval.approval_id,
        "group_id": approval.group_id,
        "execution_id": approval.execution_id,
        "expires_at": expires_at,
        "approval": stored,
    }
    return {"Put": {"TableName": table, "Item": item(entry), "ConditionExpression": "attribute_not_exists(PK)"}}


def decided(table: str, execution: Execution, stored: dict[str, str]) -> TransactWriteItemTypeDef:
    """Stores the decision on the approval for which the execution waits, and takes it off the group's list."""
    return {
        "Update": {
            "TableName": table,
            "Key": _key(execution),
            "UpdateExpression": f"SET decision = :decision {_UNLIST}",
            "ConditionExpression": _IS_OPEN,
            "ExpressionAttributeValues": item({":decision": stored}),
        }
    }


def withdrawn(table: str, execution: Execution, now: datetime) -> TransactWriteItemTypeDef:
    """Takes back the approval on which the execution waits: it has ended."""
    return {
        "Update": {
            "TableName": table,
            "Key": _key(execution),
            "UpdateExpression": f"SET withdrawn_at = :now {_UNLIST}",
            "ConditionExpression": _IS_OPEN,
            "ExpressionAttributeValues": item({":now": timestamp(now)}),
        }
    }


def _key(execution: Execution) -> Item:
    assert execution.waiting is not None
    partition = keys.execution(execution.group_id, execution.execution_id)
    return item({"PK": partition, "SK": keys.approval(execution.waiting.number)})
