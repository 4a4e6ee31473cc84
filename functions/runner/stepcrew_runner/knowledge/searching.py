"""Finds what a group's crews remember by its meaning."""

from __future__ import annotations

from stepcrew.domain.knowledge_requests import MemoryHit, MemoryHits, SearchMemory
from stepcrew.domain.memory import is_within, root_of
from stepcrew.services.memory_ports import MemoryStore
from stepcrew.services.ports import Clock
from stepcrew_runner.crew.ranking import closest
from stepcrew_runner.knowledge.vectors import GroupVectors


class SearchGroupMemory:
    """Exact, over the whole root scope. The query's vector comes from the model that the scope's vectors come from."""

    def __init__(self, memory: MemoryStore, vectors: GroupVectors, clock: Clock) -> None:
        self._memory = memory
        self._vectors = vectors
        self._clock = clock

    def __call__(self, request: SearchMemory) -> MemoryHits:
        """Nothing for a scope that is not there. Raises `ScopeInvalid` and `EmbeddingRefused`."""
        root = self._memory.root(request.group_id, root_of(request.scope))
        if root is None:
            return MemoryHits(hits=[])
        (wanted,) = self._vectors.kept(root.embedder, [request.query])
        now = self._clock.now()
        found = [
            one
            for one in self._memory.remembered(request.group_id, root.path, root.generation)
            if is_within(one.record.scope, request.scope) and not one.record.is_expired(now)
        ]
        hits = closest(found, wanted, request.limit)
        return MemoryHits(hits=[MemoryHit(record=one.record, score=score) for score, one in hits])
