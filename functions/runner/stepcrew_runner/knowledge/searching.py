"""Finds what a group's crews remember by its meaning."""

from __future__ import annotations

from stepcrew.domain.knowledge_requests import MemoryHit, MemoryHits, SearchMemory
from stepcrew.domain.memory import root_of
from stepcrew.domain.memory_filter import MemoryFilter
from stepcrew.services.memory_ports import MemoryStore
from stepcrew.services.ports import Clock
from stepcrew_runner.crew.root_view import RootView
from stepcrew_runner.knowledge.vectors import GroupVectors


class SearchGroupMemory:
    """Over the whole root scope. The query's vector comes from the model that the scope's vectors come from."""

    def __init__(self, memory: MemoryStore, vectors: GroupVectors, clock: Clock) -> None:
        self._memory = memory
        self._vectors = vectors
        self._clock = clock

    def __call__(self, request: SearchMemory) -> MemoryHits:
        """Nothing for a scope that is not there. Raises `ScopeInvalid` and `EmbeddingRefused`."""
        view = RootView(self._memory, request.group_id, root_of(request.scope), self._clock)
        root = view.root
        if root is None:
            return MemoryHits(hits=[])
        (wanted,) = self._vectors.kept(root.embedder, [request.query])
        hits = view.nearest(wanted, request.limit, MemoryFilter(request.scope, self._clock.now()))
        return MemoryHits(hits=[MemoryHit(record=record, score=score) for score, record in hits])
