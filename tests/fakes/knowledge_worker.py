"""The function that reads files and asks embedding models, which only notes what it is asked."""

from __future__ import annotations

from stepcrew.domain.knowledge_requests import EmbedTexts, MemoryHits, ReadFile, ReembedMemory, SearchMemory, Vectors


class FakeKnowledgeWorker:
    """`KnowledgeWorker`. `hits` and `vectors` are what it answers."""

    def __init__(self) -> None:
        self.asked: list[ReadFile | EmbedTexts | SearchMemory | ReembedMemory] = []
        self.hits = MemoryHits(hits=[])
        self.vectors = Vectors(embedder="openai/small", vectors=[])

    def read_file(self, request: ReadFile) -> None:
        self.asked.append(request)

    def embed_texts(self, request: EmbedTexts) -> Vectors:
        self.asked.append(request)
        return self.vectors

    def search_memory(self, request: SearchMemory) -> MemoryHits:
        self.asked.append(request)
        return self.hits

    def reembed_memory(self, request: ReembedMemory) -> None:
        self.asked.append(request)
