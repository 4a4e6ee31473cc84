"""Stored crews: one item per crew that says which of its versions count, and one per version with the document.

The documents are packed into their items and not kept in the bucket, whose objects expire with the executions'.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stepcrew.aws import keys
from stepcrew.aws.batches import write_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.aws.items import Item, item, plain, values
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import cancellation_codes, retry_conflicts
from stepcrew.domain.errors import CrewNotFound, Fault, InvalidRequest, PlatformUnavailable
from stepcrew.domain.secrets import secret_uses
from stepcrew.domain.stored_crew import MOST_VERSIONS, StoredCrew
from stepcrew.domain.submission import Submission, document_of, fingerprint
from stepcrew.domain.suggestions import near_names

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

MOST_PACKED_BYTES = 380_000
"""An item holds at most 400 KB; as text this is a megabyte or more."""
_RACES = 5
_NAMES_COMPARED = 1_000
_BEHIND = "!"  # sorts in front of every character that may go on a name


class TableCrews:
    """`CrewStore` over DynamoDB. The versions from `oldest` to `latest` count; a deleted crew's item stays behind with
    none of them, so that no number is ever given twice."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def save(
        self, group_id: str, name: str, submission: Submission, *, saved_by: str | None, now: datetime
    ) -> tuple[StoredCrew, bool]:
        packed = zlib.compress(document_of(submission).encode())
        if len(packed) > MOST_PACKED_BYTES:
            detail = f"The crew is too large to be stored: {len(packed)} of {MOST_PACKED_BYTES} packed bytes."
            raise InvalidRequest(detail, [Fault(pointer="/config", code="too_large", detail=detail)])
        made = StoredCrew(
            name=name,
            version=1,
            tasks=len(submission.definition.tasks),
            agents=len(submission.definition.agents),
            updated_at=now,
            updated_by=saved_by,
            definition_hash=fingerprint(submission),
            secrets=sorted({use.name for use in secret_uses(submission.definition)}),
        )
        for _ in range(_RACES):
            entry = self._entry(group_id, name)
            if entry and _counts(entry) and entry["definition_hash"] == made.definition_hash:
                return StoredCrew.model_validate(entry), False
            made = made.model_copy(update={"version": int(entry["version"]) + 1 if entry else 1})
            if made.version > MOST_VERSIONS:
                raise InvalidRequest(f"The crew {name} has had {MOST_VERSIONS} versions: store it under another name.")
            if self._written(group_id, made, packed, entry):
                return made, True
        raise PlatformUnavailable(f"The crew {name} changes too fast to be stored.")

    def _written(self, group_id: str, crew: StoredCrew, packed: bytes, seen: dict[str, Any] | None) -> bool:
        """False, and nothing written, when another version came in between."""
        oldest = seen["oldest"] if seen else 1
        fields = plain(crew)
        entry: PutTypeDef = {
            "TableName": self._table,
            "Item": item({**fields, "PK": keys.group(group_id), "SK": keys.crew(crew.name), "oldest": oldest}),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        if seen:
            entry["ConditionExpression"] = "version = :version AND oldest = :oldest"
            entry["ExpressionAttributeValues"] = item({":version": seen["version"], ":oldest": oldest})
        key = {"PK": keys.crew_versions(group_id, crew.name), "SK": keys.crew_version(crew.version)}
        version: PutTypeDef = {
            "TableName": self._table,
            "Item": item({**fields, **key, "packed": packed}),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
        with platform_errors("Storing the crew"):
            try:
                retry_conflicts(
                    lambda: self._clients.dynamodb.transact_write_items(
                        TransactItems=[{"Put": version}, {"Put": entry}]
                    )
                )
            except ClientError as error:
                if "ConditionalCheckFailed" not in cancellation_codes(error):
                    raise
                return False
        return True

    def read(self, group_id: str, name: str, version: int | None = None) -> tuple[StoredCrew, Submission]:
        entry = self._entry(group_id, name)
        if entry is None or not _counts(entry):
            known = self.crews(group_id, after=None, limit=_NAMES_COMPARED)
            near = near_names(name, [crew.name for crew in known])
            told = f" Did you mean {' or '.join(near)}?" if near else ""
            raise CrewNotFound(f"There is no crew {name!r} in this group.{told}")
        wanted = version or int(entry["version"])
        found = None
        if entry["oldest"] <= wanted <= entry["version"]:
            found = self._records.item(keys.crew_versions(group_id, name), keys.crew_version(wanted))
        if found is None:  # or deleted since we looked
            raise CrewNotFound(f"The crew {name!r} has no version {wanted}; the latest is {entry['version']}.")
        stored = values(found)
        document = zlib.decompress(bytes(stored["packed"]))
        return StoredCrew.model_validate(stored), Submission.model_validate_json(document)

    def crews(self, group_id: str, *, after: str | None, limit: int) -> list[StoredCrew]:
        low = keys.crew(after + _BEHIND) if after else keys.CREW_PREFIX
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "PK = :group AND SK BETWEEN :low AND :high",
            "FilterExpression": "oldest <= version",
            "ExpressionAttributeValues": item(
                {":group": keys.group(group_id), ":low": low, ":high": keys.crew("~")}  # behind every name
            ),
        }
        found: list[StoredCrew] = []
        with platform_errors("Listing the crews"):
            for page in self._clients.dynamodb.get_paginator("query").paginate(**query):
                found += [StoredCrew.model_validate(values(entry)) for entry in page["Items"]]
                if len(found) >= limit:
                    break
        return found[:limit]

    def delete(self, group_id: str, name: str) -> None:
        for _ in range(_RACES):
            entry = self._entry(group_id, name)
            if entry is None:
                return
            if not _counts(entry) or self._withdrawn(group_id, name, entry["version"]):
                self._remove_versions(group_id, name, int(entry["version"]))
                return
        raise PlatformUnavailable(f"The crew {name} changes too fast to be deleted.")

    def _withdrawn(self, group_id: str, name: str, version: int) -> bool:
        """False when another version came in between."""
        with platform_errors("Deleting the crew"):
            try:
                retry_conflicts(
                    lambda: self._clients.dynamodb.update_item(
                        TableName=self._table,
                        Key=item({"PK": keys.group(group_id), "SK": keys.crew(name)}),
                        UpdateExpression="SET oldest = :next",
                        ConditionExpression="version = :version",
                        ExpressionAttributeValues=item({":next": version + 1, ":version": version}),
                    )
                )
            except ClientError as error:
                if code_of(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _remove_versions(self, group_id: str, name: str, latest: int) -> None:
        """Up to that one: later ones are of a crew that was stored since."""
        with platform_errors("Deleting the crew"):
            pages = self._clients.dynamodb.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="PK = :key AND SK <= :latest",
                ExpressionAttributeValues=item(
                    {":key": keys.crew_versions(group_id, name), ":latest": keys.crew_version(latest)}
                ),
                ProjectionExpression="PK, SK",
            )
            for page in pages:
                found: list[Item] = page["Items"]
                write_all(self._clients.dynamodb, self._table, [{"DeleteRequest": {"Key": key}} for key in found])

    def _entry(self, group_id: str, name: str) -> dict[str, Any] | None:
        found = self._records.item(keys.group(group_id), keys.crew(name))
        return values(found) if found else None


def _counts(entry: dict[str, Any]) -> bool:
    return entry["oldest"] <= entry["version"]
