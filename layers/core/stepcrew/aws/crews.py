"""Stored crews: one item per crew that says which of its versions count, and one per version with the document.

The documents are packed into their items and not kept in the bucket, whose objects expire with the executions'.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from stepcrew.aws import keys
from stepcrew.aws.batches import delete_found
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, plain, values
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import holds
from stepcrew.domain.stored_crew import CrewAlias, StoredCrew, VersionHistory

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

_BEHIND = "!"  # sorts in front of every character that may go on a name


class TableCrews:
    """`CrewStore` over DynamoDB. The item of a deleted crew is kept: it holds the last number that was given."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def history(self, group_id: str, name: str) -> VersionHistory | None:
        found = self._records.item(keys.group(group_id), keys.crew(name))
        if found is None:
            return None
        entry = values(found)
        return VersionHistory(latest=StoredCrew.model_validate(entry), oldest=int(entry["oldest"]))

    def add_version(self, group_id: str, crew: StoredCrew, packed: bytes, *, seen: VersionHistory | None) -> bool:
        oldest = seen.oldest if seen else 1
        fields = plain(crew)
        entry: PutTypeDef = {
            "TableName": self._table,
            "Item": item({**fields, "PK": keys.group(group_id), "SK": keys.crew(crew.name), "oldest": oldest}),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        if seen:
            entry["ConditionExpression"] = "version = :version AND oldest = :oldest"
            entry["ExpressionAttributeValues"] = item({":version": seen.latest.version, ":oldest": oldest})
        key = {"PK": keys.crew_versions(group_id, crew.name), "SK": keys.crew_version(crew.version)}
        version: PutTypeDef = {
            "TableName": self._table,
            "Item": item({**fields, **key, "packed": packed}),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        with platform_errors("Storing the crew"):
            return holds(
                lambda: self._clients.dynamodb.transact_write_items(TransactItems=[{"Put": version}, {"Put": entry}])
            )

    def version(self, group_id: str, name: str, version: int) -> tuple[StoredCrew, bytes] | None:
        found = self._records.item(keys.crew_versions(group_id, name), keys.crew_version(version))
        if found is None:
            return None
        stored = values(found)
        return StoredCrew.model_validate(stored), bytes(stored["packed"])

    def crews(self, group_id: str, *, after: str | None, limit: int) -> list[StoredCrew]:
        low = keys.crew(after + _BEHIND) if after else keys.CREW_PREFIX
        known = {":group": keys.group(group_id), ":low": low, ":high": keys.crew("~")}  # behind every name
        condition = "PK = :group AND SK BETWEEN :low AND :high"
        found = self._records.found("Listing the crews", condition, known, FilterExpression="oldest <= version")
        return [StoredCrew.model_validate(values(entry)) for entry in islice(found, limit)]

    def withdraw(self, group_id: str, name: str, *, seen: VersionHistory) -> bool:
        version = seen.latest.version
        with platform_errors("Deleting the crew"):
            return holds(
                lambda: self._clients.dynamodb.update_item(
                    TableName=self._table,
                    Key=item({"PK": keys.group(group_id), "SK": keys.crew(name)}),
                    UpdateExpression="SET oldest = :next",
                    ConditionExpression="version = :version",
                    ExpressionAttributeValues=item({":next": version + 1, ":version": version}),
                )
            )

    def remove_versions(self, group_id: str, name: str, latest: int) -> None:
        with platform_errors("Deleting the crew"):
            first, last = keys.crew_version(1), keys.crew_version(latest)
            versions = {":key": keys.crew_versions(group_id, name), ":first": first, ":latest": last}
            delete_found(self._clients.dynamodb, self._table, "PK = :key AND SK BETWEEN :first AND :latest", versions)
        for alias in self.aliases(group_id, name):
            if alias.version <= latest:
                self.remove_alias(group_id, name, alias.alias)

    def alias(self, group_id: str, name: str, alias: str) -> CrewAlias | None:
        found = self._records.item(keys.crew_versions(group_id, name), keys.crew_alias(alias))
        return CrewAlias.model_validate(values(found)) if found else None

    def aliases(self, group_id: str, name: str) -> list[CrewAlias]:
        known = {":key": keys.crew_versions(group_id, name), ":prefix": keys.ALIAS_PREFIX}
        found = self._records.found("Listing the aliases", "PK = :key AND begins_with(SK, :prefix)", known)
        return [CrewAlias.model_validate(values(entry)) for entry in found]

    def put_alias(self, group_id: str, name: str, alias: CrewAlias) -> None:
        key = {"PK": keys.crew_versions(group_id, name), "SK": keys.crew_alias(alias.alias)}
        self._records.put("Moving the alias", {**plain(alias), **key})

    def remove_alias(self, group_id: str, name: str, alias: str) -> None:
        self._records.remove("Removing the alias", keys.crew_versions(group_id, name), keys.crew_alias(alias))
