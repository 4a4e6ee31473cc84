"""What knowledge needs of the outside; as in `ports`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stepcrew.domain.knowledge import Chunk


class KnowledgeStore(Protocol):
    """Chunks of files, by the SHA-256 of their bytes and the embedding model (`provider/model`)."""

    def has(self, group_id: str, sha256: str, embedder: str) -> bool:
        """Whether all chunks are there. Strongly consistent."""
        ...

    def keep(self, group_id: str, sha256: str, embedder: str, chunks: Sequence[Chunk]) -> None:
        """Repeating it changes nothing."""
        ...

    def chunks(self, group_id: str, sha256: str, embedder: str) -> list[Chunk]:
        """In the order of the file; empty when they were forgotten."""
        ...

    def forget(self, group_id: str, sha256: str) -> int:
        """Of every embedding model; answers how many chunks went. Asking again changes nothing."""
        ...
