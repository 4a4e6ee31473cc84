"""Knowledge without a table, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from stepcrew.domain.knowledge import Chunk
from stepcrew.services.knowledge_ports import KnowledgeStore


def keep_all(store: KnowledgeStore, group_id: str, sha256: str, embedder: str, chunks: Sequence[Chunk]) -> None:
    """All chunks of a file at once."""
    store.begin(group_id, sha256, embedder)
    store.put(group_id, sha256, embedder, 0, chunks)
    store.finish(group_id, sha256, embedder, len(chunks))


class FakeKnowledge:
    """`KnowledgeStore`."""

    def __init__(self) -> None:
        self._chunks: dict[tuple[str, str, str], dict[int, Chunk]] = {}
        self._counts: dict[tuple[str, str, str], int] = {}

    def has(self, group_id: str, sha256: str, embedder: str) -> bool:
        return (group_id, sha256, embedder) in self._counts

    def begin(self, group_id: str, sha256: str, embedder: str) -> None:
        self._chunks.setdefault((group_id, sha256, embedder), {})

    def put(self, group_id: str, sha256: str, embedder: str, first: int, chunks: Sequence[Chunk]) -> None:
        self._chunks[group_id, sha256, embedder].update(enumerate(chunks, first))

    def finish(self, group_id: str, sha256: str, embedder: str, count: int) -> None:
        self._counts[group_id, sha256, embedder] = count

    def chunks(self, group_id: str, sha256: str, embedder: str) -> list[Chunk]:
        return [chunk for _, chunk in sorted(self._chunks.get((group_id, sha256, embedder), {}).items())]

    def forget(self, group_id: str, sha256: str) -> int:
        gone = [key for key in self._chunks if key[:2] == (group_id, sha256)]
        for key in gone:
            self._chunks.pop(key)
        return sum(self._counts.pop(key, 0) for key in gone)
