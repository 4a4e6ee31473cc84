"""Erasures in the table, and what removes the data of batches and groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from stepcrew.aws import erasure_keys, keys, paths
from stepcrew.aws.batches import delete_found
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.indexed_memory import index_names
from stepcrew.aws.items import plain, values
from stepcrew.aws.logbook import Logbook
from stepcrew.aws.objects import delete_below
from stepcrew.aws.records import Records
from stepcrew.aws.vector_bucket import VectorBucket
from stepcrew.domain.erasure import Erasure, ErasureNotFound
from stepcrew.domain.memory import RootScope
from stepcrew.domain.trigger import REQUESTS

KEPT = timedelta(days=800)
"""As long as the audit log tells who asked for it."""


class TableErasures:
    """`ErasureStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._records = Records(clients, table)
        self._logbook = Logbook(clients, table)

    def create(self, erasure: Erasure) -> None:
        self._put(erasure, None)

    def erasure(self, group_id: str, erasure_id: str) -> Erasure:
        found = self._records.item(erasure_keys.erasures(group_id), erasure_keys.erasure(erasure_id))
        if found is None:
            raise ErasureNotFound(f"There is no erasure {erasure_id} in this group.")
        return Erasure.model_validate(values(found))

    def erasures(self, group_id: str) -> list[Erasure]:
        known = {":key": erasure_keys.erasures(group_id)}
        found = self._records.found("Listing the erasures", "PK = :key", known, ScanIndexForward=False)
        return [Erasure.model_validate(values(one)) for one in found]

    def save(self, erasure: Erasure) -> bool:
        return self._put(erasure, erasure.revision - 1)

    def open_erasures(self) -> Iterator[tuple[str, str]]:
        return self._records.open_ids("Reading the open erasures", keys.OPEN_ERASURES)

    def _put(self, erasure: Erasure, seen: int | None) -> bool:
        group_id, erasure_id = erasure.group_id, erasure.erasure_id
        entry: dict[str, Any] = {
            **plain(erasure),
            "PK": erasure_keys.erasures(group_id),
            "SK": erasure_keys.erasure(erasure_id),
            "before": erasure.before,
            "busy_until": erasure.busy_until.isoformat() if erasure.busy_until else None,
            "expires_at": int((erasure.created_at + KEPT).timestamp()),
        }
        if not erasure.status.is_terminal:
            entry |= {"open_key": keys.OPEN_ERASURES, "open_sort": keys.open_sort(group_id, erasure_id)}
        return self._logbook.put(entry, "revision", seen, "Storing the erasure")


class StoredRemains:
    """`Remains` over DynamoDB and the buckets."""

    def __init__(self, clients: Clients, table: str, bucket: str, inbox: str, vectors: VectorBucket) -> None:
        self._clients = clients
        self._table = table
        self._bucket = bucket
        self._inbox = inbox
        self._vectors = vectors
        self._records = Records(clients, table)

    def of_batch(self, group_id: str, batch_id: str) -> Iterator[Counter[str]]:
        yield self._objects(self._bucket, paths.batch_folder(group_id, batch_id))
        yield self._partition(keys.batch_of_rows(group_id, batch_id))

    def of_group(self, group_id: str) -> Iterator[Counter[str]]:
        """A partition that lists others goes behind them."""
        for folder in paths.folders(group_id):
            yield self._objects(self._bucket, folder)
        yield self._objects(self._inbox, f"{group_id}/")
        yield self._partition(keys.firings(group_id, REQUESTS))
        for scope in self._root_scopes(group_id):
            for name in index_names(group_id, scope) if self._vectors.exists else ():
                yield +Counter(vectors=self._vectors.drop(name))
            yield self._partition(keys.memory(group_id, scope.path))
            yield Counter(vectors=self._partition(keys.vectors(group_id, scope.embedder)).total())
        for indexed in self._entries(keys.knowledge(group_id)):
            yield self._partition(indexed["partition"])
        for partition in erasure_keys.plain_partitions(group_id):
            for entry in self._entries(partition):
                if listed := erasure_keys.listed_by(group_id, entry["SK"]):
                    yield self._partition(listed)
            yield self._partition(partition, spare=keys.LIMITS)

    def _root_scopes(self, group_id: str) -> list[RootScope]:
        listed = self._entries(keys.root_scopes(group_id))
        return [RootScope.model_validate_json(one["document"]) for one in listed if "document" in one]

    def _entries(self, partition: str) -> list[dict[str, Any]]:
        return list(map(values, self._records.found("Reading what is to be removed", "PK = :key", {":key": partition})))

    def _partition(self, partition: str, spare: str | None = None) -> Counter[str]:
        with platform_errors("Removing items"):
            return delete_found(self._clients.dynamodb, self._table, "PK = :key", {":key": partition}, spare=spare)

    def _objects(self, bucket: str, folder: str) -> Counter[str]:
        with platform_errors("Removing objects"):
            return +Counter(objects=delete_below(self._clients.s3, bucket, folder).objects)
