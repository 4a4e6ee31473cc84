"""The slots of a group and its queue: one item for each, in a partition of the group.

A slot's item names the execution that has it, so nothing is counted and no count can go wrong. One that has ended, or
waits for a person, holds no slot any more whatever the item says; the next execution that needs the slot takes it over,
in one transaction that checks just that.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stepcrew.aws import keys, queue_items
from stepcrew.aws.batches import read_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.records import Records, key_of
from stepcrew.aws.transactions import cancellation_codes
from stepcrew.aws.updates import Update
from stepcrew.domain.execution import SLOT_STATUSES, Execution
from stepcrew.domain.timestamps import timestamp

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_STATUSES = {f":s{number}": status.value for number, status in enumerate(sorted(SLOT_STATUSES))}
_HOLDS_NONE = (
    f"attribute_not_exists(PK) OR expires_at <= :now OR attribute_exists(queued_at)"
    f" OR NOT #status IN ({', '.join(_STATUSES)})"
)
"""The opposite of `Execution.holds_slot`, as a condition; true also of a record that does not exist or has expired."""


class TableSlots:
    """`SlotStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def first_queued(self, group_id: str, limit: int) -> list[str]:
        return self._queued(group_id, limit)

    def positions(self, group_id: str) -> dict[str, int]:
        return {execution_id: place for place, execution_id in enumerate(self._queued(group_id), start=1)}

    def taken(self, group_id: str) -> dict[int, str]:
        found = self._query(group_id, keys.SLOT_PREFIX, None)
        return {int(entry["SK"].removeprefix(keys.SLOT_PREFIX)): entry["execution_id"] for entry in found}

    def records(self, group_id: str, execution_ids: list[str]) -> dict[str, Execution]:
        wanted = [key_of(group_id, execution_id) for execution_id in sorted(set(execution_ids))]
        with platform_errors("Reading the executions that run"):
            found = [
                Execution.model_validate(values(entry))
                for entry in read_all(self._clients.dynamodb, self._table, wanted)
            ]
        return {execution.execution_id: execution for execution in found}

    def take(
        self, execution: Execution, slot: int, *, instead_of: str | None, deadline: datetime, now: datetime
    ) -> Execution | None:
        group_id, execution_id = execution.group_id, execution.execution_id
        update = Update(now).remove("queued_at").set("deadline", deadline)
        update.require("revision", execution.revision).require_present("queued_at").require_status(SLOT_STATUSES)
        entry = {"PK": keys.slots(group_id), "SK": keys.slot(slot), "execution_id": execution_id}
        stored = item({**entry, "taken_at": timestamp(now)})
        put: Any = {"Put": {"TableName": self._table, "Item": stored, **_as_it_was(instead_of)}}
        companions: list[TransactWriteItemTypeDef] = [put, queue_items.leaves(self._table, group_id, execution_id)]
        if instead_of not in (None, execution_id):
            companions.append(self._holds_none(group_id, instead_of, now))
        return self._records.update_with(group_id, execution_id, update, *companions)

    def leave_queue(self, group_id: str, execution_id: str) -> None:
        check: TransactWriteItemTypeDef = {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": key_of(group_id, execution_id),
                "ConditionExpression": "attribute_not_exists(queued_at)",
            }
        }
        with platform_errors("Taking an execution out of the queue"):
            try:
                self._clients.dynamodb.transact_write_items(
                    TransactItems=[queue_items.leaves(self._table, group_id, execution_id), check]
                )
            except ClientError as error:
                if not cancellation_codes(error):
                    raise

    def _holds_none(self, group_id: str, execution_id: str, now: datetime) -> TransactWriteItemTypeDef:
        return {
            "ConditionCheck": {
                "TableName": self._table,
                "Key": key_of(group_id, execution_id),
                "ConditionExpression": _HOLDS_NONE,
                "ExpressionAttributeNames": {"#status": "status"},
                "ExpressionAttributeValues": item({**_STATUSES, ":now": int(now.timestamp())}),
            }
        }

    def _queued(self, group_id: str, limit: int | None = None) -> list[str]:
        found = self._query(group_id, keys.QUEUED_PREFIX, limit)
        return [entry["SK"].removeprefix(keys.QUEUED_PREFIX) for entry in found]

    def _query(self, group_id: str, prefix: str, limit: int | None) -> list[dict[str, Any]]:
        condition, known = "PK = :key AND begins_with(SK, :prefix)", {":key": keys.slots(group_id), ":prefix": prefix}
        paging = {"PageSize": limit, "MaxItems": limit} if limit else {}
        found = self._records.found("Reading the slots of the group", condition, known, PaginationConfig=paging)
        return [values(entry) for entry in found]


def _as_it_was(owner: str | None) -> dict[str, Any]:
    if owner is None:
        return {"ConditionExpression": "attribute_not_exists(PK)"}
    return {
        "ConditionExpression": "execution_id = :owner",
        "ExpressionAttributeValues": item({":owner": owner}),
    }
