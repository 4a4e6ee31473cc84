"""Memory in the table: one item for each record with its vector, in a partition of its root scope."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from stepcrew.aws import keys
from stepcrew.aws.batches import read_all, write_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import Item, item, values
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import cancellation_codes, holds, is_last_refused, retry_conflicts, unless_refused
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope, ScopeNotFound


class TableMemory:
    """`MemoryStore` and `VectorStore` over DynamoDB. Records stay until somebody removes them, or until their own
    time; since the table removes them hours later, their readers look at that. Vectors kept by hash expire after
    `retention_days`, since questions have vectors too."""

    def __init__(self, clients: Clients, table: str, retention_days: int) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)
        self._retention = timedelta(days=retention_days)

    def open_root(self, group_id: str, root: RootScope) -> RootScope:
        new = {**self._root_key(group_id, root.path), "document": root.model_dump_json(), "made": root.made}
        with platform_errors("Opening the memory"):
            opened = holds(
                lambda: self._clients.dynamodb.put_item(
                    TableName=self._table, Item=item(new), ConditionExpression="attribute_not_exists(PK)"
                )
            )
        standing = root if opened else self.root(group_id, root.path)
        if standing is None:
            raise PlatformUnavailable("The memory was deleted at this moment.")
        return standing

    def root(self, group_id: str, path: str) -> RootScope | None:
        found = self._records.item(keys.root_scopes(group_id), keys.root_scope(path))
        return _root(found) if found else None

    def roots(self, group_id: str) -> list[RootScope]:
        known = {":key": keys.root_scopes(group_id), ":prefix": keys.ROOT_SCOPE_PREFIX}
        found = self._records.found("Reading memory", "PK = :key AND begins_with(SK, :prefix)", known)
        return list(map(_root, found))

    def close_root(self, group_id: str, path: str) -> int:
        self._records.remove("Closing the memory", keys.root_scopes(group_id), keys.root_scope(path))
        return 0

    def add(self, group_id: str, root: RootScope, new: Remembered) -> bool:
        return self._put(group_id, root, new, {"ConditionExpression": "attribute_not_exists(PK)"})

    def replace(self, group_id: str, root: RootScope, changed: Remembered, *, seen: int) -> bool:
        condition = {
            "ConditionExpression": "revision = :seen",
            "ExpressionAttributeValues": item({":seen": seen}),
        }
        return self._put(group_id, root, changed, condition)

    def change_root(self, group_id: str, was: RootScope, now: RootScope) -> bool:
        with platform_errors("Changing the memory"):
            return holds(
                lambda: self._clients.dynamodb.update_item(
                    TableName=self._table,
                    Key=item(self._root_key(group_id, was.path)),
                    UpdateExpression="SET document = :now, made = :made, turn = :turn",
                    ConditionExpression="made = :was AND (attribute_not_exists(turn) OR turn = :old)",
                    ExpressionAttributeValues=item(
                        {
                            ":now": now.model_dump_json(),
                            ":made": now.made,
                            ":turn": _turn(now),
                            ":was": was.made,
                            ":old": _turn(was),
                        }
                    ),
                )
            )

    def remembered(self, group_id: str, path: str, generation: int = 0) -> list[Remembered]:
        return self._remembered(list(self._partition(keys.memory(group_id, path))), generation)

    def add_vector(self, group_id: str, root: RootScope, found: Remembered, generation: int) -> bool:
        ((name, value),) = self._vector(group_id, root, found, generation).items()
        with platform_errors("Keeping a vector"):
            return holds(
                lambda: self._clients.dynamodb.update_item(
                    TableName=self._table,
                    Key=self._record_key(group_id, root.path, found.record.record_id),
                    UpdateExpression="SET #vector = :vector",
                    ConditionExpression="revision = :seen",
                    ExpressionAttributeNames={"#vector": name},
                    ExpressionAttributeValues=item({":vector": value, ":seen": found.record.revision}),
                )
            )

    def forget_unused(self, group_id: str, root: RootScope) -> None:
        """They lie in the items."""

    def records(self, group_id: str, path: str) -> list[MemoryRecord]:
        found = self._partition(keys.memory(group_id, path), ProjectionExpression="document")
        return [MemoryRecord.model_validate_json(values(entry)["document"]) for entry in found]

    def record(self, group_id: str, path: str, record_id: str, generation: int = 0) -> Remembered | None:
        found = self._records.item(keys.memory(group_id, path), keys.memory_record(record_id))
        return self._remembered([found], generation)[0] if found else None

    def forget(self, group_id: str, path: str, record_id: str, *, seen: int | None = None) -> bool:
        condition: dict[str, Any] = {"ConditionExpression": "attribute_exists(PK)"}
        if seen is not None:
            known = item({":seen": seen})
            condition = {"ConditionExpression": "revision = :seen", "ExpressionAttributeValues": known}
        key = self._record_key(group_id, path, record_id)
        with platform_errors("Deleting from memory"):
            answer = unless_refused(
                lambda: self._clients.dynamodb.delete_item(
                    TableName=self._table, Key=key, ReturnValues="ALL_OLD", **condition
                )
            )
        if answer is not None:
            self._removed(answer.get("Attributes", {}))
        return answer is not None

    def vectors(self, group_id: str, embedder: str, hashes: Collection[str]) -> dict[str, bytes]:
        partition = keys.vectors(group_id, embedder)
        wanted = [item({"PK": partition, "SK": one}) for one in sorted(set(hashes))]
        with platform_errors("Reading vectors"):
            found = [values(entry) for entry in read_all(self._clients.dynamodb, self._table, wanted)]
        return {entry["SK"]: bytes(entry["vector"]) for entry in found}

    def keep_vectors(self, group_id: str, embedder: str, vectors: Mapping[str, bytes], *, now: datetime) -> None:
        partition, expires_at = keys.vectors(group_id, embedder), int((now + self._retention).timestamp())
        new = [
            item({"PK": partition, "SK": one, "vector": vector, "expires_at": expires_at})
            for one, vector in vectors.items()
        ]
        with platform_errors("Keeping vectors"):
            write_all(self._clients.dynamodb, self._table, [{"PutRequest": {"Item": entry}} for entry in new])

    def forget_vectors(self, group_id: str, embedder: str, hashes: Collection[str]) -> None:
        partition = keys.vectors(group_id, embedder)
        gone = [item({"PK": partition, "SK": one}) for one in sorted(set(hashes))]
        with platform_errors("Deleting vectors"):
            write_all(self._clients.dynamodb, self._table, [{"DeleteRequest": {"Key": key}} for key in gone])

    def _put(self, group_id: str, root: RootScope, new: Remembered, condition: dict[str, Any]) -> bool:
        """In one transaction with a look at the root scope, which may be closed or begun again at any moment."""
        record = new.record
        expiry = {"expires_at": int(record.expires_at.timestamp())} if record.expires_at else {}
        put: Any = {
            "TableName": self._table,
            "Item": item(
                {
                    "document": record.model_dump_json(),
                    "revision": record.revision,
                    **self._vector(group_id, root, new, root.generation),
                    **expiry,
                }
            )
            | self._record_key(group_id, root.path, record.record_id),
            **condition,
        }
        with platform_errors("Remembering"):
            try:
                retry_conflicts(
                    lambda: self._clients.dynamodb.transact_write_items(
                        TransactItems=[
                            {
                                "ConditionCheck": {
                                    "TableName": self._table,
                                    "Key": item(self._root_key(group_id, root.path)),
                                    "ConditionExpression": "made = :made",
                                    "ExpressionAttributeValues": item({":made": root.made}),
                                }
                            },
                            {"Put": put},
                        ]
                    )
                )
            except ClientError as error:
                if "ConditionalCheckFailed" not in cancellation_codes(error):
                    raise
                if is_last_refused(error):
                    return False
                raise ScopeNotFound(f"The memory {root.path} was deleted meanwhile.") from error
        return True

    def _vector(self, _group: str, _root: RootScope, new: Remembered, generation: int) -> dict[str, Any]:
        """What a record's item holds of its vector."""
        return {attribute("vector", generation): new.vector}

    def _remembered(self, entries: list[Item], generation: int) -> list[Remembered]:
        return [remembered(values(entry), generation) for entry in entries]

    def _removed(self, entry: Item) -> None:
        """A record's item is gone, with its vectors."""

    def _partition(self, partition: str, **options: Any) -> Iterator[Item]:
        return self._records.found("Reading memory", "PK = :key", {":key": partition}, **options)

    @staticmethod
    def _record_key(group_id: str, path: str, record_id: str) -> Item:
        return item({"PK": keys.memory(group_id, path), "SK": keys.memory_record(record_id)})

    @staticmethod
    def _root_key(group_id: str, path: str) -> dict[str, str]:
        return {"PK": keys.root_scopes(group_id), "SK": keys.root_scope(path)}


def _root(entry: Item) -> RootScope:
    return RootScope.model_validate_json(values(entry)["document"])


def _turn(root: RootScope) -> str:
    """What tells two states of one root scope apart."""
    return f"{root.generation} {root.newest} {root.move.model_dump_json() if root.move else ''}"


def attribute(name: str, generation: int) -> str:
    """In a record's item, of the vector of one generation."""
    return f"{name}_{generation}" if generation else name


def remembered(found: dict[str, Any], generation: int) -> Remembered:
    vector = bytes(found.get(attribute("vector", generation), b""))
    return Remembered(MemoryRecord.model_validate_json(found["document"]), vector)
