"""What executions used, in the table: an entry for each, and the sums, which grow in the entry's own transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import holds
from stepcrew.domain.usage_sums import By, DaySum, Part, Sums, UsageEntry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

KEPT = timedelta(days=800)
"""Two years can be compared, to the month."""


class TableUsage:
    """`UsageStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def count(self, entry: UsageEntry) -> bool:
        partition = keys.usage(entry.group_id)
        expires_at = int((self._clients.now() + KEPT).timestamp())
        new = {
            "PK": partition,
            "SK": keys.usage_entry(entry.day.isoformat(), entry.execution_id),
            "document": entry.model_dump_json(exclude_defaults=True),
            "expires_at": expires_at,
        }
        # An execution that is told again ended on the same day, so its entry has the same key.
        writes: list[TransactWriteItemTypeDef] = [
            {
                "Put": {
                    "TableName": self._table,
                    "Item": item(new),
                    "ConditionExpression": "attribute_not_exists(PK)",
                }
            },
            *(self._adds(partition, entry.day, part, expires_at) for part in entry.parts),
        ]
        with platform_errors("Counting what an execution used"):
            return holds(lambda: self._clients.dynamodb.transact_write_items(TransactItems=writes))

    def sums(self, group_id: str, by: By, first: date, last: date) -> list[DaySum]:
        # Without its last sign, the end lies before the sum without a name of the day after.
        end = keys.usage_sum(by, _after(last), "").removesuffix("#")
        found = self._between(group_id, keys.usage_sum(by, first.isoformat(), ""), end)
        return [
            DaySum(by=by, day=date.fromisoformat(one["day"]), name=one["name"], sums=Sums.model_validate(one))
            for one in found
        ]

    def entries(self, group_id: str, first: date, last: date) -> Iterator[UsageEntry]:
        begin, end = keys.usage_entry(first.isoformat(), ""), keys.usage_entry(_after(last), "")
        for one in self._between(group_id, begin, end):
            yield UsageEntry.model_validate_json(one["document"])

    def _adds(self, partition: str, day: date, part: Part, expires_at: int) -> TransactWriteItemTypeDef:
        amounts = {name: getattr(part.sums, name) for name in Sums.model_fields if getattr(part.sums, name)}
        names = {f"#a{number}": name for number, name in enumerate(amounts)}
        given = {f":a{number}": amount for number, amount in enumerate(amounts.values())}
        adds = ", ".join(f"{name} :{name[1:]}" for name in names)
        known = {":name": part.name, ":day": day.isoformat(), ":expires": expires_at}
        return {
            "Update": {
                "TableName": self._table,
                "Key": item({"PK": partition, "SK": keys.usage_sum(part.by, day.isoformat(), part.name)}),
                "UpdateExpression": f"SET #name = :name, #day = :day, expires_at = :expires ADD {adds}",
                "ExpressionAttributeNames": {**names, "#name": "name", "#day": "day"},
                "ExpressionAttributeValues": item({**given, **known}),
            }
        }

    def _between(self, group_id: str, begin: str, end: str) -> Iterator[dict[str, Any]]:
        """What lies from one sort key up to another one, which is not included."""
        known = {":key": keys.usage(group_id), ":begin": begin, ":end": end}
        found = self._records.found("Reading what was used", "PK = :key AND SK BETWEEN :begin AND :end", known)
        return map(values, found)


def _after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat()
