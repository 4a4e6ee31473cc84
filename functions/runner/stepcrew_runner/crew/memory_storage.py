"""Where CrewAI's memory keeps its records: one root scope of the group, every operation answered through the gate.

What was read is in the journal, so that a later attempt decides as this one did, whatever other executions have
remembered meanwhile. What was written is written once: a record's id comes of its place in the journal, and an
attempt that writes it again finds it there.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from crewai.memory.types import MemoryRecord as CrewRecord
from crewai.memory.types import ScopeInfo
from pydantic_core import to_jsonable_python

from stepcrew.domain.canonical import digest
from stepcrew.domain.errors import ExecutionError, StepcrewError
from stepcrew.domain.journal import EntryKey
from stepcrew.domain.memory import (
    MemoryRecord,
    Remembered,
    RootScope,
    ScopeNotFound,
    below,
    child_scopes,
    content_hash,
    dimension_of,
    is_within,
    pack,
    same_metadata,
)
from stepcrew.services.memory_ports import Memories
from stepcrew_runner.crew.ranking import similarities
from stepcrew_runner.gate import scope as scopes
from stepcrew_runner.gate.aborts import CrewFailed
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.gate.requests import digest_of_call

FRESH_SECONDS = 2.0
"""How long what was read is taken for what is there: one recall or save of CrewAI reads the same several times."""


_NEW = ("created_at", "updated_at", "execution_id")
"""What differs where the same is asked again."""


class GroupStorage:
    """CrewAI's `StorageBackend` over one root scope. Paths outside are taken to be below it."""

    def __init__(self, root: str, embedder: str, companions: Companions, store: Memories) -> None:
        """`root` is the path of the root scope, `embedder` the `provider/model` whose vectors come in."""
        self._root = root
        self._embedder = embedder
        self._companions = companions
        self._store = store
        self._group_id = companions.execution.group_id
        self._lock = threading.Lock()
        self._read: tuple[float, list[Remembered]] | None = None
        self._seen: dict[str, int] = {}
        """Revisions of the records that the crew was shown: it changes what it saw, and nothing newer."""

    def save(self, records: list[CrewRecord]) -> None:
        new = [self._ours(record) for record in records]
        vectors = [pack(record.embedding or []) for record in records]
        given = [one.model_dump(mode="json", exclude={"record_id", *_NEW}) for one in new]

        def write(key: EntryKey) -> str:
            named = [one.model_copy(update={"record_id": self._id(key, number)}) for number, one in enumerate(new)]
            for record, vector in zip(named, vectors, strict=True):
                self._add(Remembered(record, vector))
            return json.dumps([record.record_id for record in named])

        for record, record_id in zip(records, self._asked("save", given, write), strict=True):
            record.id = record_id

    def update(self, record: CrewRecord) -> None:
        """Where another execution has changed the record meanwhile, this is remembered beside it: neither of them was
        shown what the other one knew."""
        changed, seen = self._ours(record), self._seen.get(record.id)
        vector = pack(record.embedding) if record.embedding else None
        given = changed.model_dump(mode="json", exclude=set(_NEW))

        def write(key: EntryKey) -> str:
            standing = self._store.record(self._group_id, self._root, record.id)
            fitting = vector or (standing.vector if standing else None)
            if fitting is None:
                return "false"
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
                    self._forget_vector(standing.record)
                    return json.dumps(new.revision)
            elif (
                standing
                and seen is not None
                and standing.record.revision == seen + 1
                and (standing.record.content == changed.content)
            ):
                return json.dumps(seen + 1)  # an attempt before this one wrote it and died
            self._add(Remembered(changed.model_copy(update={"record_id": self._id(key, 0)}), fitting))
            return "true"

        revision = self._asked("update", [given, seen], write)
        if not isinstance(revision, bool):
            self._seen[record.id] = revision

    def search(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[CrewRecord, float]]:
        wanted = pack(query_embedding)
        where = self._path(scope_prefix)

        def read() -> list[Any]:
            root = self._store.root(self._group_id, self._root)
            if root is None:
                return []
            self._check(root, dimension_of(wanted))
            found = [
                one
                for one in self._all()
                if len(one.vector) == len(wanted) and _fits(one.record, where, categories, metadata_filter)
            ]
            scores = similarities([one.vector for one in found], wanted)
            ranked = sorted(zip(scores, found, strict=True), key=lambda pair: (-pair[0], pair[1].record.record_id))
            return [[one.record.model_dump(mode="json"), score] for score, one in ranked[:limit] if score >= min_score]

        given = [wanted.hex(), where, categories, metadata_filter, limit, min_score]
        return [(self._theirs(record), score) for record, score in self._asked("search", given, _as_json(read))]

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

        def write(_key: EntryKey) -> str:
            gone = [
                record
                for record, _ in self._all()
                if (record_ids is None or record.record_id in record_ids)
                and (before is None or record.created_at < before)
                and _fits(record, where, categories, metadata_filter)
            ]
            for record in gone:
                if self._store.forget(
                    self._group_id, self._root, record.record_id, seen=self._seen.get(record.record_id, record.revision)
                ):
                    self._forget_vector(record)
            return json.dumps(len(gone))

        given = [where, categories, record_ids and sorted(record_ids), before and before.isoformat(), metadata_filter]
        return self._asked("delete", given, write)

    def get_record(self, record_id: str) -> CrewRecord | None:
        def read() -> Any:
            found = self._store.record(self._group_id, self._root, record_id)
            return found.record.model_dump(mode="json") if found else None

        found = self._asked("record", [record_id], _as_json(read))
        return self._theirs(found) if found else None

    def list_records(self, scope_prefix: str | None = None, limit: int = 200, offset: int = 0) -> list[CrewRecord]:
        where = self._path(scope_prefix)

        def read() -> list[Any]:
            found = sorted(self._within(where), key=lambda one: (one.created_at, one.record_id), reverse=True)
            return [one.model_dump(mode="json") for one in found[offset : offset + limit]]

        return [self._theirs(one) for one in self._asked("list", [where, limit, offset], _as_json(read))]

    def get_scope_info(self, scope: str) -> ScopeInfo:
        where = self._path(scope)

        def read() -> dict[str, Any]:
            found = self._within(where)
            times = [record.created_at for record in found]
            return {
                "path": where,
                "record_count": len(found),
                "categories": sorted({category for record in found for category in record.categories}),
                "oldest_record": min(times).isoformat() if times else None,
                "newest_record": max(times).isoformat() if times else None,
                "child_scopes": child_scopes((record.scope for record in found), where),
            }

        return ScopeInfo.model_validate(self._asked("scope", [where], _as_json(read)))

    def list_scopes(self, parent: str = "/") -> list[str]:
        where = self._path(parent)
        read = _as_json(lambda: child_scopes((record.scope for record in self._within(where)), where))
        return self._asked("scopes", [where], read)

    def list_categories(self, scope_prefix: str | None = None) -> dict[str, int]:
        where = self._path(scope_prefix)

        def read() -> dict[str, int]:
            counted = Counter(category for record in self._within(where) for category in record.categories)
            return dict(sorted(counted.items()))

        return self._asked("categories", [where], _as_json(read))

    def count(self, scope_prefix: str | None = None) -> int:
        where = self._path(scope_prefix)
        return self._asked("count", [where], _as_json(lambda: len(self._within(where))))

    def reset(self, scope_prefix: str | None = None) -> None:
        self.delete(scope_prefix)

    async def asave(self, records: list[CrewRecord]) -> None:
        self.save(records)

    async def asearch(self, query_embedding: list[float], *arguments: Any, **named: Any) -> list[Any]:
        return self.search(query_embedding, *arguments, **named)

    async def adelete(self, *arguments: Any, **named: Any) -> int:
        return self.delete(*arguments, **named)

    def _asked(self, operation: str, given: list[Any], ask: Callable[[EntryKey], str]) -> Any:
        """The answer of an operation, from the journal where it stands there. What is wrong with it ends the attempt:
        CrewAI would go on as if nothing had been asked."""
        gate = self._companions.gate
        place = digest_of_call(operation, to_jsonable_python([self._root, given]), gate.journal.seal)
        try:
            return json.loads(gate.memory(f"memory {operation}", place, ask))
        except StepcrewError as error:
            failed = CrewFailed(
                ExecutionError(
                    category=error.category,
                    type=type(error).__name__,
                    message=self._companions.redactor.text(str(error)),
                    remedy=error.remedy,
                    task=scopes.current_task(),
                )
            )
            raise self._companions.control.settle(failed) or failed from error

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
        with self._lock:
            self._read = None

    def _opened(self, vector: bytes) -> RootScope:
        now = self._companions.clock.now()
        wanted = RootScope(path=self._root, embedder=self._embedder, dimension=dimension_of(vector), created_at=now)
        root = self._store.root(self._group_id, self._root) or self._store.open_root(self._group_id, wanted)
        self._check(root, wanted.dimension)
        return root

    def _check(self, root: RootScope, dimension: int) -> None:
        root.check(self._embedder, dimension)

    def _forget_vector(self, record: MemoryRecord) -> None:
        self._store.forget_vectors(self._group_id, self._embedder, [content_hash(record.content)])

    def _all(self) -> list[Remembered]:
        with self._lock:
            if self._read is None or time.monotonic() - self._read[0] > FRESH_SECONDS:
                self._read = (time.monotonic(), self._store.remembered(self._group_id, self._root))
            return self._read[1]

    def _within(self, where: str) -> list[MemoryRecord]:
        return [record for record, _ in self._all() if is_within(record.scope, where)]

    def _path(self, scope: str | None) -> str:
        return below(self._root, scope or "/")

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
        )

    def _theirs(self, document: Any) -> CrewRecord:
        """CrewAI's times are UTC without saying so."""
        record = MemoryRecord.model_validate(document)
        self._seen[record.record_id] = record.revision
        return CrewRecord(
            id=record.record_id,
            content=record.content,
            scope=record.scope,
            categories=record.categories,
            metadata=dict(record.metadata),
            importance=record.importance,
            created_at=record.created_at.astimezone(UTC).replace(tzinfo=None),
            last_accessed=record.updated_at.astimezone(UTC).replace(tzinfo=None),
            source=record.source,
            private=record.private,
        )


def _as_json(read: Callable[[], Any]) -> Callable[[EntryKey], str]:
    return lambda _key: json.dumps(read())


def _fits(record: MemoryRecord, where: str, categories: Iterable[str] | None, metadata: dict[str, Any] | None) -> bool:
    wanted = set(categories or ())
    return (
        is_within(record.scope, where)
        and (not wanted or bool(wanted & set(record.categories)))
        and same_metadata(record, metadata or {})
    )
