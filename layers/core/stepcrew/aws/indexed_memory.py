"""Memory whose records lie in the table, and its vectors there too or in an index of Amazon S3 Vectors, as the root
scope says.

A record's item names the place of its vector in the index. The key there is made of the record's id and of what the
vector is found by: whoever writes another text writes another vector, and an attempt that repeats a write finds its
own. A vector is put before its record, and removed after it: what dies in between leaves a vector without a record,
which finds nothing, and is removed by the search that meets it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from stepcrew.aws import keys
from stepcrew.aws.batches import read_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import Item, values
from stepcrew.aws.memory import TableMemory, attribute, remembered
from stepcrew.aws.vector_bucket import MOST_DIMENSIONS, MOST_FOUND, Hit, VectorBucket
from stepcrew.aws.vector_marks import EXPIRES, WRITTEN, query_for, told_of
from stepcrew.domain.canonical import digest
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.memory import Backend, MemoryRecord, Remembered, RootScope, ScopeNotFound
from stepcrew.domain.memory_filter import MemoryFilter
from stepcrew.domain.project import group_digest
from stepcrew.domain.vectors import VectorsMissing, VectorUnusable, dimension_of
from stepcrew.services.memory_ports import Ranked
from stepcrew.settings import Settings

MORE = 10
"""Vectors that a search asks for at first, beyond the records it wants: some may have none any more."""
UNDERWAY_SECONDS = 3600
"""So long a vector without a record may be one whose record is about to be written: an invocation ends before."""


class _Choice(BaseModel):
    memory_backend: Backend


class IndexedMemory(TableMemory):
    """`MemoryStore` and `VectorStore`.

    Args:
        everyone: the backend of new root scopes where their group has none of its own.
    """

    def __init__(
        self,
        clients: Clients,
        table: str,
        retention_days: int,
        bucket: VectorBucket,
        everyone: Backend = Backend.TABLE,
    ) -> None:
        super().__init__(clients, table, retention_days)
        self._bucket = bucket
        self._everyone = everyone

    def open_root(self, group_id: str, root: RootScope) -> RootScope:
        chosen = self._chosen(group_id)
        if chosen is Backend.S3_VECTORS:
            _check(root.dimension)
        return super().open_root(group_id, root.model_copy(update={"backend": chosen}))

    def close_root(self, group_id: str, path: str) -> int:
        root = self.root(group_id, path)
        names = index_names(group_id, root) if root and self._bucket.exists else []
        gone = sum(map(self._bucket.drop, names))
        super().close_root(group_id, path)
        return gone + sum(map(self._bucket.drop, names))  # what was put in between

    def add(self, group_id: str, root: RootScope, new: Remembered) -> bool:
        self._put_vector(group_id, root, new, root.generation)
        try:
            added = super().add(group_id, root, new)
        except ScopeNotFound:
            self._leave(group_id, root)
            raise
        if new.record.expires_at and root.backend is Backend.S3_VECTORS:
            self._remove_expired(index_name(group_id, root, root.generation), new.vector)
        return added

    def replace(self, group_id: str, root: RootScope, changed: Remembered, *, seen: int) -> bool:
        key = keys.memory(group_id, root.path), keys.memory_record(changed.record.record_id)
        before = _places(self._records.item(*key) or {})
        place = self._place(group_id, root, changed, root.generation)
        if place not in before:
            self._put_vector(group_id, root, changed, root.generation)
        try:
            done = super().replace(group_id, root, changed, seen=seen)
        except ScopeNotFound:
            self._leave(group_id, root)
            raise
        if done:
            self._remove(before - {place})
        return done

    def add_vector(self, group_id: str, root: RootScope, found: Remembered, generation: int) -> bool:
        self._put_vector(group_id, root, found, generation)
        return super().add_vector(group_id, root, found, generation)

    def nearest(self, group_id: str, root: RootScope, wanted: bytes, limit: int, among: MemoryFilter) -> Ranked:
        """Asks again, for as many as there are at once, where too few of those that were found fit. Raises
        `VectorsMissing`."""
        index, query = index_name(group_id, root, root.generation), query_for(root, among)
        found: Ranked = []
        for most in (min(limit + MORE, MOST_FOUND), MOST_FOUND, MOST_FOUND):
            hits = self._bucket.nearest(index, wanted, most, query)
            if hits is None:
                self._check_nothing_is_lost(group_id, root)
                break
            standing = self._standing(group_id, root, hits)
            gone = [hit.key for hit in hits if self._is_gone(hit, standing.get(hit.key))]
            self._bucket.remove(index, gone)
            pairs = ((hit.score, standing[hit.key]) for hit in hits if hit.key in standing)
            found = [(score, record) for score, record in pairs if among.takes(record)]
            if len(found) >= limit or len(hits) < most or (most == MOST_FOUND and not gone):
                break
        return sorted(found, key=lambda pair: (-pair[0], pair[1].record_id))[:limit]

    def forget_unused(self, group_id: str, root: RootScope) -> None:
        for generation in root.unused if self._bucket.exists else ():
            self._bucket.drop(index_name(group_id, root, generation))

    def _chosen(self, group_id: str) -> Backend:
        """The group's own backend, as its operator wrote it, else everyone's."""
        found = self._records.item(keys.root_scopes(group_id), keys.MEMORY_BACKEND)
        if found is None:
            return self._everyone
        try:
            return _Choice.model_validate(values(found)).memory_backend
        except ValidationError as error:
            raise PlatformUnavailable(
                f"The memory backend of group {group_id} cannot be read: {error.errors()[0]['msg']}.",
                remedy="Tell the operator: the item BACKEND of the group's memory is malformed.",
            ) from error

    def _standing(self, group_id: str, root: RootScope, hits: Sequence[Hit]) -> dict[str, MemoryRecord]:
        """The records that still have these vectors, by the vectors' keys."""
        wanted = {hit.key.rpartition(".")[0] for hit in hits}
        read = [self._record_key(group_id, root.path, record_id) for record_id in sorted(wanted)]
        with platform_errors("Reading memory"):
            entries = list(map(values, read_all(self._clients.dynamodb, self._table, read)))
        name = attribute("place", root.generation)
        return {_parted(one[name])[1]: remembered(one, 0).record for one in entries if name in one}

    def _is_gone(self, hit: Hit, record: MemoryRecord | None) -> bool:
        """Whether the vector is of no use to anybody any more."""
        now = self._clients.now()
        if record is not None:
            return record.is_expired(now)
        return hit.metadata.get(WRITTEN, 0) + UNDERWAY_SECONDS < now.timestamp()

    def _remove_expired(self, index: str, anyones: bytes) -> None:
        """The table removes records that have expired, and tells nobody of their vectors."""
        hits = self._bucket.nearest(
            index, anyones, MOST_FOUND, {EXPIRES: {"$lte": int(self._clients.now().timestamp())}}
        )
        self._bucket.remove(index, [hit.key for hit in hits or ()])

    def _check_nothing_is_lost(self, group_id: str, root: RootScope) -> None:
        """There is no index while nothing is remembered yet, nor any more when the root scope has moved on."""
        standing = self.root(group_id, root.path)
        if standing is None or (standing.created_at, standing.generation) != (root.created_at, root.generation):
            return
        if any(self._partition(keys.memory(group_id, root.path), ProjectionExpression="PK", Limit=1)):
            raise VectorsMissing(
                f"The vectors of the memory {root.path} are not there: their index of Amazon S3 Vectors was removed.",
                remedy="An admin of the group has them made anew by moving it:"
                f" stepcrew memory reembed {root.path} --backend table.",
            )

    def _put_vector(self, group_id: str, root: RootScope, new: Remembered, generation: int) -> None:
        if place := self._place(group_id, root, new, generation):
            _check(dimension_of(new.vector))
            index, key = _parted(place)
            told = {**told_of(root, new.record), WRITTEN: int(self._clients.now().timestamp())}
            self._bucket.put(index, key, new.vector, told)

    def _leave(self, group_id: str, root: RootScope) -> None:
        """The root scope is not the one any more that a vector was put for: nobody else will remove its index."""
        standing = self.root(group_id, root.path)
        is_another = standing is None or standing.created_at != root.created_at or root.generation in standing.unused
        if root.backend is Backend.S3_VECTORS and is_another:
            self._bucket.drop(index_name(group_id, root, root.generation))

    def _place(self, group_id: str, root: RootScope, new: Remembered, generation: int) -> str:
        """Index and key of the record's vector; empty where it lies in the table."""
        if root.backend_of(generation) is Backend.TABLE or not new.vector:
            return ""
        return f"{index_name(group_id, root, generation)}/{vector_key(new.record)}"

    def _vector(self, _group: str, _root: RootScope, new: Remembered, generation: int) -> dict[str, Any]:
        place = self._place(_group, _root, new, generation)
        return {attribute("place", generation): place} if place else super()._vector(_group, _root, new, generation)

    def _remembered(self, entries: list[Item], generation: int) -> list[Remembered]:
        name, found = attribute("place", generation), list(map(values, entries))
        vectors = self._vectors_at(one[name] for one in found if name in one)
        return [
            one._replace(vector=vectors.get(entry[name], b"")) if name in entry else one
            for entry, one in zip(found, super()._remembered(entries, generation), strict=True)
        ]

    def _vectors_at(self, places: Iterable[str]) -> dict[str, bytes]:
        return {
            f"{index}/{key}": vector
            for index, some in _by_index(places).items()
            for key, vector in self._bucket.vectors(index, some).items()
        }

    def _removed(self, entry: Item) -> None:
        self._remove(_places(entry))

    def _remove(self, places: Iterable[str]) -> None:
        for index, some in _by_index(places).items():
            self._bucket.remove(index, some)


def memory_of(settings: Settings, clients: Clients) -> IndexedMemory:
    bucket = VectorBucket(clients, settings.vector_bucket_name)
    return IndexedMemory(clients, settings.table_name, settings.retention_days, bucket, settings.memory_backend)


def index_name(group_id: str, root: RootScope, generation: int) -> str:
    """Sessions reach only indexes that begin with their group's digest. The service takes 63 lower-case letters, digits
    and hyphens."""
    made = digest(f"{root.path} {root.created_at.isoformat()}")
    return f"{group_digest(group_id)}-{made[:32]}-{generation}"


def index_names(group_id: str, root: RootScope) -> list[str]:
    """All that the root scope may have."""
    return [index_name(group_id, root, generation) for generation in range(root.newest + 1)]


def vector_key(record: MemoryRecord) -> str:
    """Another one for each text, and for whatever else the vector is told of the record."""
    until = record.expires_at.isoformat() if record.expires_at else None
    found_by = [record.content, record.scope, sorted(record.categories), until]
    return f"{record.record_id}.{digest(json.dumps(found_by))[:32]}"


def _check(dimension: int) -> None:
    if dimension > MOST_DIMENSIONS:
        raise VectorUnusable(
            f"Amazon S3 Vectors keeps vectors of at most {MOST_DIMENSIONS:,} dimensions, not {dimension:,}.",
            remedy="Use an embedding model of fewer dimensions, or the table as the memory's backend.",
        )


def _places(entry: Item) -> set[str]:
    return {str(value) for name, value in values(entry).items() if name.split("_")[0] == "place"}


def _parted(place: str) -> tuple[str, str]:
    index, _, key = place.partition("/")
    return index, key


def _by_index(places: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for place in places:
        index, key = _parted(place)
        found[index].append(key)
    return found
