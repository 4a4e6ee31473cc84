"""Where CrewAI's memory keeps its records: one root scope of the group.

What is written is written once: a record's id comes of its place in the journal, and an attempt that writes it again
finds it there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from crewai.memory.types import MemoryRecord as CrewRecord
from pydantic_core import to_jsonable_python

from stepcrew.domain.canonical import digest
from stepcrew.domain.journal import EntryKey
from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope, ScopeNotFound, content_hash, keep_until
from stepcrew.domain.vectors import dimension_of
from stepcrew.services.memory_ports import Memories
from stepcrew_runner.crew.memory_reading import MemoryReading
from stepcrew_runner.gate.companions import Companions

_NEW = ("created_at", "updated_at", "execution_id", "expires_at")
"""What differs where the same is asked again."""


class GroupStorage(MemoryReading):
    """CrewAI's `StorageBackend`."""

    def __init__(
        self, root: str, embedder: str, companions: Companions, store: Memories, *most_days: int | None
    ) -> None:
        """`most_days` are bounds of how long a record is kept that nothing changes, as in `keep_until`."""
        super().__init__(root, embedder, companions, store)
        self._most_days = most_days

    def save(self, records: list[CrewRecord]) -> None:
        """What says nothing is not remembered."""
        records = [record for record in records if record.content.strip()]
        new = [self._ours(record) for record in records]
        vectors = [self._packed(record.embedding or []) for record in records]
        given = [one.model_dump(mode="json", exclude={"record_id", *_NEW}) for one in new]

        def write(key: EntryKey) -> Any:
            named = [one.model_copy(update={"record_id": self._id(key, number)}) for number, one in enumerate(new)]
            for record, vector in zip(named, vectors, strict=True):
                self._add(Remembered(record, vector))
            return [record.record_id for record in named]

        for record, record_id in zip(records, self._asked("save", given, write), strict=True):
            record.id = record_id

    def update(self, record: CrewRecord) -> None:
        """Where another execution has changed the record meanwhile, this is remembered beside it: neither of them was
        shown what the other one knew."""
        changed, seen = self._ours(record), self._seen.get(record.id)
        vector = self._packed(record.embedding) if record.embedding else None
        given = changed.model_dump(mode="json", exclude=set(_NEW))

        def write(key: EntryKey) -> Any:
            standing = self._view.record(record.id)
            fitting = vector or (standing.vector if standing else b"")
            if not fitting:
                return False
            root = self._opened(fitting)
            if standing and standing.record.revision == seen:
                new = changed.model_copy(
                    update={
                        "revision": standing.record.revision + 1,
                        "execution_id": standing.record.execution_id,
                        "created_at": standing.record.created_at,
                    }
                )
                new.check_size()
                if self._store.replace(self._group_id, root, Remembered(new, fitting), seen=new.revision - 1):
                    self._view.changed()
                    self._forget_vector(standing.record)
                    return new.revision
            elif standing and seen is not None and _was_written(standing.record, changed, seen + 1):
                return seen + 1
            self._add(Remembered(changed.model_copy(update={"record_id": self._id(key, 0)}), fitting))
            return True

        revision = self._asked("update", [given, seen], write)
        if not isinstance(revision, bool):
            self._seen[record.id] = revision

    def delete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        """A record that another execution has changed since the crew saw it stays."""
        where = self._path(scope_prefix)
        before = older_than.replace(tzinfo=older_than.tzinfo or UTC) if older_than else None

        def write(_key: EntryKey) -> Any:
            among = self._among(where, categories, metadata_filter)
            gone = [
                record
                for record in self._view.records()
                if (record_ids is None or record.record_id in record_ids)
                and (before is None or record.created_at < before)
                and among.takes(record)
            ]
            removed = [record for record in gone if self._forget(record)]
            self._view.changed()
            return len(removed)

        given = [where, categories, record_ids and sorted(record_ids), before and before.isoformat(), metadata_filter]
        return self._asked("delete", given, write)

    def reset(self, scope_prefix: str | None = None) -> None:
        self.delete(scope_prefix)

    async def asave(self, records: list[CrewRecord]) -> None:
        self.save(records)

    async def asearch(self, query_embedding: list[float], *arguments: Any, **named: Any) -> list[Any]:
        return self.search(query_embedding, *arguments, **named)

    async def adelete(self, *arguments: Any, **named: Any) -> int:
        return self.delete(*arguments, **named)

    def _forget(self, record: MemoryRecord) -> bool:
        seen = self._seen.get(record.record_id, record.revision)
        if not self._store.forget(self._group_id, self._root, record.record_id, seen=seen):
            return False
        self._forget_vector(record)
        return True

    def _add(self, new: Remembered) -> None:
        """Repeating it adds nothing. A root scope that is deleted at this moment is begun again."""
        new.record.check_size()
        for is_last in (False, True):
            try:
                self._store.add(self._group_id, self._opened(new.vector), new)
                break
            except ScopeNotFound:
                if is_last:
                    raise
        self._view.changed()

    def _opened(self, vector: bytes) -> RootScope:
        now = self._companions.clock.now()
        wanted = RootScope(path=self._root, embedder=self._embedder, dimension=dimension_of(vector), created_at=now)
        root = self._store.root(self._group_id, self._root) or self._store.open_root(self._group_id, wanted)
        self._check(root, wanted.dimension)
        return root

    def _forget_vector(self, record: MemoryRecord) -> None:
        self._store.forget_vectors(self._group_id, self._embedder, [content_hash(record.content)])

    def _id(self, key: EntryKey, number: int) -> str:
        """The same in every attempt of this execution, and in no other."""
        return digest(f"{self._companions.execution.execution_id}\n{key.entry_id}\n{number}")[:32]

    def _ours(self, record: CrewRecord) -> MemoryRecord:
        now = self._companions.clock.now()
        return MemoryRecord(
            record_id=record.id,
            scope=self._path(record.scope),
            content=record.content,
            categories=list(record.categories),
            metadata=to_jsonable_python(record.metadata, fallback=str, inf_nan_mode="strings"),
            importance=record.importance,
            source=record.source,
            private=record.private,
            created_at=now,
            updated_at=now,
            execution_id=self._companions.execution.execution_id,
            expires_at=keep_until(now, *self._most_days),
        )


def _was_written(standing: MemoryRecord, changed: MemoryRecord, revision: int) -> bool:
    """Whether an attempt before this one made the change, and died before it wrote so into the journal."""
    return standing.revision == revision and standing.content == changed.content
