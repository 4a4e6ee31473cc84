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
from stepcrew.aws.transactions import cancellation_codes, holds, is_last_refused, retry_conflicts
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
        return [_root(entry) for entry in self._partition(keys.root_scopes(group_id))]

    def close_root(self, group_id: str, path: str) -> None:
        with platform_errors("Closing the memory"):
            self._clients.dynamodb.delete_item(TableName=self._table, Key=item(self._root_key(group_id, path)))

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
        return [_remembered(entry, generation) for entry in self._partition(keys.memory(group_id, path))]

    def add_vector(
        self, group_id: str, path: str, record_id: str, vector: bytes, *, generation: int, seen: int
    ) -> bool:
        with platform_errors("Keeping a vector"):
            return holds(
                lambda: self._clients.dynamodb.update_item(
                    TableName=self._table,
                    Key=item({"PK": keys.memory(group_id, path), "SK": keys.memory_record(record_id)}),
                    UpdateExpression="SET #vector = :vector",
                    ConditionExpression="revision = :seen",
                    ExpressionAttributeNames={"#vector": _vector_of(generation)},
                    ExpressionAttributeValues=item({":vector": vector, ":seen": seen}),
                )
            )

    def records(self, group_id: str, path: str) -> list[MemoryRecord]:
        found = self._partition(keys.memory(group_id, path), ProjectionExpression="document")
        return [MemoryRecord.model_validate_json(values(entry)["document"]) for entry in found]

    def record(self, group_id: str, path: str, record_id: str, generation: int = 0) -> Remembered | None:
        found = self._records.item(keys.memory(group_id, path), keys.memory_record(record_id))
        return _remembered(found, generation) if found else None

    def forget(self, group_id: str, path: str, record_id: str, *, seen: int | None = None) -> bool:
        condition: dict[str, Any] = {"ConditionExpression": "attribute_exists(PK)"}
        if seen is not None:
            known = item({":seen": seen})
            condition = {"ConditionExpression": "revision = :seen", "ExpressionAttributeValues": known}
        key = item({"PK": keys.memory(group_id, path), "SK": keys.memory_record(record_id)})
        with platform_errors("Deleting from memory"):
            return holds(lambda: self._clients.dynamodb.delete_item(TableName=self._table, Key=key, **condition))

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
                    "PK": keys.memory(group_id, root.path),
                    "SK": keys.memory_record(record.record_id),
                    "document": record.model_dump_json(),
                    "revision": record.revision,
                    _vector_of(root.generation): new.vector,
                    **expiry,
                }
            ),
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

    def _partition(self, partition: str, **options: Any) -> Iterator[Item]:
        return self._records.found("Reading memory", "PK = :key", {":key": partition}, **options)

    @staticmethod
    def _root_key(group_id: str, path: str) -> dict[str, str]:
        return {"PK": keys.root_scopes(group_id), "SK": keys.root_scope(path)}


def _root(entry: Item) -> RootScope:
    return RootScope.model_validate_json(values(entry)["document"])


def _turn(root: RootScope) -> str:
    """What tells two states of one root scope apart."""
    return f"{root.generation} {root.newest} {root.move.model_dump_json() if root.move else ''}"


def _vector_of(generation: int) -> str:
    """The attribute."""
    return f"vector_{generation}" if generation else "vector"


def _remembered(entry: Item, generation: int) -> Remembered:
    found = values(entry)
    return Remembered(
        MemoryRecord.model_validate_json(found["document"]), bytes(found.get(_vector_of(generation), b""))
    )
