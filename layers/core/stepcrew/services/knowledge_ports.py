"""What knowledge needs of the outside; as in `ports`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stepcrew.domain.knowledge import Chunk
from stepcrew.domain.knowledge_requests import EmbedTexts, MemoryHits, ReadFile, ReembedMemory, SearchMemory, Vectors


class KnowledgeStore(Protocol):
    """Chunks of files, by the SHA-256 of their bytes and the embedding model (`provider/model`)."""

    def has(self, group_id: str, sha256: str, embedder: str) -> bool:
        """Whether all chunks are there. Strongly consistent."""
        ...

    def begin(self, group_id: str, sha256: str, embedder: str) -> None:
        """Before the first chunk is put, so that `forget` finds what is there. Repeating it changes nothing."""
        ...

    def put(self, group_id: str, sha256: str, embedder: str, first: int, chunks: Sequence[Chunk]) -> None:
        """Some of the chunks, in the order of the file; `first` is the number of the first of them."""
        ...

    def finish(self, group_id: str, sha256: str, embedder: str, count: int) -> None:
        """All `count` chunks are there."""
        ...

    def chunks(self, group_id: str, sha256: str, embedder: str) -> list[Chunk]:
        """Those that are there, in the order of the file; empty when they were forgotten."""
        ...

    def forget(self, group_id: str, sha256: str) -> int:
        """Of every embedding model; answers how many chunks went. Asking again changes nothing."""
        ...


class KnowledgeWorker(Protocol):
    """The function that reads files and asks embedding models. Each call raises `PlatformUnavailable` where it cannot
    be reached."""

    def read_file(self, request: ReadFile) -> None:
        """Begins to; how it ends is told by the file's state. Safe to repeat."""
        ...

    def embed_texts(self, request: EmbedTexts) -> Vectors:
        """Raises `EmbeddingRefused`."""
        ...

    def search_memory(self, request: SearchMemory) -> MemoryHits:
        """Raises `EmbeddingRefused`."""
        ...

    def reembed_memory(self, request: ReembedMemory) -> None:
        """Begins to; how far it is, is told by the root scope. Safe to repeat."""
        ...
