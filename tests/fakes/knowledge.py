"""Knowledge without a table, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from stepcrew.domain.knowledge import Chunk


class FakeKnowledge:
    """`KnowledgeStore`."""

    def __init__(self) -> None:
        self._chunks: dict[tuple[str, str, str], list[Chunk]] = {}

    def has(self, group_id: str, sha256: str, embedder: str) -> bool:
        return (group_id, sha256, embedder) in self._chunks

    def keep(self, group_id: str, sha256: str, embedder: str, chunks: Sequence[Chunk]) -> None:
        self._chunks[group_id, sha256, embedder] = list(chunks)

    def chunks(self, group_id: str, sha256: str, embedder: str) -> list[Chunk]:
        return self._chunks.get((group_id, sha256, embedder), [])

    def forget(self, group_id: str, sha256: str) -> int:
        gone = [key for key in self._chunks if key[:2] == (group_id, sha256)]
        return sum(len(self._chunks.pop(key)) for key in gone)
