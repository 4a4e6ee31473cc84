"""Shows what a group's crews remember, removes it, and has its vectors made anew."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.knowledge_requests import MemoryHit, ReembedMemory, SearchMemory
from stepcrew.domain.memory import (
    Backend,
    EmbedderUnusable,
    MemoryRecord,
    RootScope,
    ScopeInvalid,
    ScopeNotFound,
    content_hash,
    is_within,
    normal_scope,
    root_of,
)
from stepcrew.domain.models import ModelRules, parse_embedder_name
from stepcrew.services.knowledge_ports import KnowledgeWorker
from stepcrew.services.memory_ports import Memories
from stepcrew.services.ports import Clock

TRIES = 3
"""To change a root scope that others change at the same time."""


class ScopeSummary(BaseModel):
    """A scope with what lies in it and below it. `embedder`, `dimension` and `backend` are those of its root scope;
    `oldest` and `newest` are null when there is nothing in it. `moving_to` is the embedding model that its root scope
    is on its way to, `moving_into` the backend, and `reason` why it does not get there."""

    path: str
    records: int
    embedder: str | None
    dimension: int | None
    backend: Backend
    oldest: datetime | None
    newest: datetime | None
    moving_to: str | None
    moving_into: Backend | None
    reason: str


class MemoryReceipt(BaseModel):
    """What was removed: records with their vectors and texts, and how many vectors that lay elsewhere than beside a
    record: kept for reuse, or in an index of Amazon S3 Vectors. Journals
    and traces of executions keep what they showed until those are deleted or expire; `executions` are the ones that
    wrote the records."""

    scope: str
    records: int
    vectors: int
    executions: list[str]
    deleted_at: datetime


class KeepMemory:
    """Lists, searches and removes records, and has their vectors made anew. Every call may be repeated."""

    def __init__(self, store: Memories, worker: KnowledgeWorker, rules: ModelRules, clock: Clock) -> None:
        self._store = store
        self._worker = worker
        self._rules = rules
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

    def search(self, group_id: str, scope: str, query: str, limit: int) -> list[MemoryHit]:
        """The records in the scope and below it whose meaning is closest, the closest first. Raises `ScopeInvalid` and
        `EmbeddingRefused`."""
        request = SearchMemory(group_id=group_id, scope=normal_scope(scope), query=query, limit=limit)
        return self._worker.search_memory(request).hits

    def reembed(self, group_id: str, scope: str, embedder: str | None, backend: Backend | None = None) -> ScopeSummary:
        """Has the vectors of a root scope made anew with this embedding model in this backend. Where no backend is
        named, they stay in theirs; where only a backend is, they stay those of their model; where nothing is named,
        they become those of the operator's model. A root scope that is on its way elsewhere turns there. Raises
        `ScopeInvalid`, `ScopeNotFound` and `EmbedderUnusable`."""
        path = normal_scope(scope)
        if path != root_of(path):
            raise ScopeInvalid(f"{path} is no root scope: its vectors are those of {root_of(path)}.")
        for _ in range(TRIES):
            root = self._store.root(group_id, path)
            if root is None:
                raise ScopeNotFound(f"There is no memory {path}.")
            if parse_embedder_name(root.embedder) is None:
                raise EmbedderUnusable(f"The vectors of {path} come from {root.embedder} model, which its code asks.")
            name = root.embedder if backend and embedder is None else self._usable(embedder)
            moving = root.moving_to(name, backend)
            if moving == root or self._store.change_root(group_id, root, moving):
                if moving.move:
                    self._worker.reembed_memory(
                        ReembedMemory(group_id=group_id, path=path, embedder=name, backend=moving.move.backend)
                    )
                return _summary(path, moving, self._standing(group_id, path))
        raise PlatformUnavailable(f"The memory {path} is changed by others at this moment.")

    def _usable(self, embedder: str | None) -> str:
        """Raises `EmbedderUnusable`."""
        name = embedder or self._rules.default_embedder
        parsed = parse_embedder_name(name)
        if parsed is None:
            raise EmbedderUnusable(f"{name or 'No name'} is no embedding model of a provider we carry.")
        if name != self._rules.default_embedder and not self._rules.allows(str(parsed)):
            raise EmbedderUnusable(f"The embedding model {parsed} is not available here.")
        return str(parsed)

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
        left = self._store.close_root(group_id, name)
        late = self._forget(group_id, path, root, self._store.records(group_id, name))
        return receipt.model_copy(
            update={
                "records": receipt.records + late.records,
                "vectors": receipt.vectors + left + late.vectors,
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
        kept = len(gone) if root and root.backend is not Backend.TABLE else 0
        for embedder in root.embedders if root and hashes else ():
            found = self._store.vectors(group_id, embedder, hashes)
            self._store.forget_vectors(group_id, embedder, found)
            kept += len(found)
        return MemoryReceipt(
            scope=scope,
            records=len(gone),
            vectors=kept,
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
        backend=root.backend,
        oldest=min(times, default=None),
        newest=max(times, default=None),
        moving_to=root.move.embedder if root.move else None,
        moving_into=root.move.backend if root.move else None,
        reason=root.move.reason if root.move else "",
    )


def _from(root: str, scope: str) -> set[str]:
    """The paths from the root scope down to this one."""
    parts = scope.removeprefix(root).strip("/").split("/")
    return {"/".join([root, *parts[:length]]) for length in range(1, len(parts) + 1) if parts[0]}


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
