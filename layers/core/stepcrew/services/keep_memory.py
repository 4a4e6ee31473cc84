"""Shows what a group's crews remember, and removes it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from stepcrew.domain.memory import MemoryRecord, RootScope, content_hash, is_within, normal_scope, root_of
from stepcrew.services.memory_ports import Memories
from stepcrew.services.ports import Clock


class ScopeSummary(BaseModel):
    """A scope with what lies in it and below it. `embedder` and `dimension` are those of its root scope, null where
    that was deleted just now; `oldest` and `newest` are null when there is nothing in it."""

    path: str
    records: int
    embedder: str | None
    dimension: int | None
    oldest: datetime | None
    newest: datetime | None


class MemoryReceipt(BaseModel):
    """What was removed: records with their vectors and texts, and how many vectors that were kept for reuse. Journals
    and traces of executions keep what they showed until those are deleted or expire; `executions` are the ones that
    wrote the records."""

    scope: str
    records: int
    vectors: int
    executions: list[str]
    deleted_at: datetime


class KeepMemory:
    """Lists, searches and removes records. Every call may be repeated."""

    def __init__(self, store: Memories, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def scopes(self, group_id: str) -> list[ScopeSummary]:
        """All scopes of the group and the paths above them, by path."""
        found: list[ScopeSummary] = []
        for root in self._store.roots(group_id):
            records = self._standing(group_id, root.path)
            paths = {root.path}.union(*(_from(root.path, record.scope) for record in records))
            found += [_summary(path, root, records) for path in sorted(paths)]
        return found

    def records(self, group_id: str, scope: str | None = None, words: str = "") -> list[MemoryRecord]:
        """Those in the scope and below it, or all of the group, newest first; with words, only records that have one of
        them, those with most of them first. Raises `ScopeInvalid`."""
        path = normal_scope(scope) if scope else None
        roots = [root_of(path)] if path else [root.path for root in self._store.roots(group_id)]
        found = [
            record
            for root in roots
            for record in self._standing(group_id, root)
            if path is None or is_within(record.scope, path)
        ]
        found.sort(key=place_of, reverse=True)
        wanted = _words(words)
        if not wanted:
            return found
        scored = [(len(wanted & _words(record.content)), record) for record in found]
        return [record for score, record in sorted(scored, key=lambda pair: -pair[0]) if score]

    def forget_record(self, group_id: str, record_id: str) -> MemoryReceipt:
        """A record that is not there is none that was removed."""
        for root in self._store.roots(group_id):
            found = self._store.record(group_id, root.path, record_id)
            if found is not None:
                return self._forget(group_id, found.record.scope, root, [found.record])
        return self._forget(group_id, "", None, [])

    def forget_scope(self, group_id: str, scope: str) -> MemoryReceipt:
        """The scope and everything below it. What a crew remembers there meanwhile is removed too, until the end of
        this call; then another embedding model may begin a root scope again. Raises `ScopeInvalid`."""
        path = normal_scope(scope)
        name = root_of(path)
        root = self._store.root(group_id, name)
        here = [one for one in self._store.records(group_id, name) if is_within(one.scope, path)]
        receipt = self._forget(group_id, path, root, here)
        if path != name:
            return receipt
        self._store.close_root(group_id, name)
        late = self._forget(group_id, path, root, self._store.records(group_id, name))
        return receipt.model_copy(
            update={
                "records": receipt.records + late.records,
                "vectors": receipt.vectors + late.vectors,
                "executions": sorted({*receipt.executions, *late.executions}),
            }
        )

    def _standing(self, group_id: str, root: str) -> list[MemoryRecord]:
        """Without those that the table is about to remove."""
        now = self._clock.now()
        return [record for record in self._store.records(group_id, root) if not record.is_expired(now)]

    def _forget(self, group_id: str, scope: str, root: RootScope | None, records: list[MemoryRecord]) -> MemoryReceipt:
        gone = [one for one in records if self._store.forget(group_id, root_of(one.scope), one.record_id)]
        hashes = {content_hash(record.content) for record in gone}
        kept = self._store.vectors(group_id, root.embedder, hashes) if root and hashes else {}
        if root and kept:
            self._store.forget_vectors(group_id, root.embedder, kept)
        return MemoryReceipt(
            scope=scope,
            records=len(gone),
            vectors=len(kept),
            executions=sorted({record.execution_id for record in gone if record.execution_id}),
            deleted_at=self._clock.now(),
        )


def place_of(record: MemoryRecord) -> str:
    """Sorts by time."""
    return f"{record.created_at.isoformat()} {record.record_id}"


def _summary(path: str, root: RootScope, records: Iterable[MemoryRecord]) -> ScopeSummary:
    times = [record.created_at for record in records if is_within(record.scope, path)]
    return ScopeSummary(
        path=path,
        records=len(times),
        embedder=root.embedder,
        dimension=root.dimension,
        oldest=min(times, default=None),
        newest=max(times, default=None),
    )


def _from(root: str, scope: str) -> set[str]:
    """The paths from the root scope down to this one."""
    parts = scope.removeprefix(root).strip("/").split("/")
    return {"/".join([root, *parts[:length]]) for length in range(1, len(parts) + 1) if parts[0]}


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
