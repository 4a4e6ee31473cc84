"""What agents know: chunks of files and texts, found by their meaning before each task.

The chunks of a file are made when it is uploaded (`stepcrew_runner.knowledge`); for another embedding model, by the
first execution that needs them: its embeddings are counted and limited as all model calls are, and every later one
finds the chunks. What was found is in the journal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from crewai.knowledge.knowledge import Knowledge
from crewai.knowledge.storage.base_knowledge_storage import BaseKnowledgeStorage
from crewai.rag.types import SearchResult
from pydantic import PrivateAttr

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import StepcrewError
from stepcrew.domain.files import FileMissing, FileState
from stepcrew.domain.knowledge import Chunk, Piece, TextPart, pieces_of
from stepcrew.domain.knowledge_settings import KnowledgeSource
from stepcrew.domain.parts import knowledge_uses
from stepcrew.domain.vectors import pack
from stepcrew_runner.crew.embedding import Embedder
from stepcrew_runner.crew.embedding_models import EmbeddingKeys, asks
from stepcrew_runner.crew.file_texts import pieces_of_file
from stepcrew_runner.crew.group_stores import asked, ends_attempt
from stepcrew_runner.crew.parts import CrewParts
from stepcrew_runner.crew.ranking import closest

PATIENCE_SECONDS = 60.0
"""So long an execution waits for chunks that are made already, before it makes them itself."""
LOOK_SECONDS = 0.5


class GroupKnowledge(BaseKnowledgeStorage):
    """What CrewAI asks before each task. Whatever is wrong with a source ends the attempt: an agent would go on without
    what it should know."""

    _sources: list[KnowledgeSource] = PrivateAttr()
    _embedder: Embedder = PrivateAttr()
    _parts: CrewParts = PrivateAttr()
    _texts: list[Chunk] | None = PrivateAttr(default=None)

    def __init__(self, sources: list[KnowledgeSource], embedder: Embedder, parts: CrewParts) -> None:
        super().__init__()
        self._sources = sources
        self._embedder = embedder
        self._parts = parts

    def search(
        self,
        query: list[str],
        limit: int = 5,
        metadata_filter: dict[str, Any] | None = None,  # noqa: ARG002 - CrewAI names none
        score_threshold: float = 0.6,
    ) -> list[SearchResult]:
        try:
            return self.find(" ".join(query), limit, score_threshold)
        except StepcrewError as error:
            raise ends_attempt(self._parts.companions, error) from error

    def find(self, query: str, limit: int, score_threshold: float) -> list[SearchResult]:
        """The most alike first. Scores are as CrewAI's: 0.5 is nothing in common, 1 is the same. Raises `FileMissing`
        and `FileUnreadable`."""
        files = {source.file: self._ready(source.file) for source in self._sources if source.file is not None}
        texts = self._own_texts()
        wanted = pack(self._embedder([query])[0])
        given = [self._embedder.name, files, [chunk.piece.text for chunk in texts], wanted.hex(), limit]
        found = asked(
            self._parts.companions,
            "knowledge search",
            [*given, score_threshold],
            lambda _key: self._found(files, texts, wanted, limit, score_threshold),
        )
        return [SearchResult(**each) for each in found]

    def save(self, documents: list[str]) -> None:
        """Does nothing: the definition says what is known."""

    def reset(self) -> None:
        """Does nothing, for the same reason."""

    async def asearch(self, query: list[str], *arguments: Any, **named: Any) -> list[SearchResult]:
        return self.search(query, *arguments, **named)

    async def asave(self, documents: list[str]) -> None:
        self.save(documents)

    async def areset(self) -> None:
        self.reset()

    def _ready(self, name: str) -> str:
        """The hash of the file's bytes, whose chunks are all there. Raises `FileMissing` and `FileUnreadable`."""
        sha256, is_ready = asked(
            self._parts.companions, f"knowledge {name}", [self._embedder.name], lambda _key: self._state(name)
        )
        return sha256 if is_ready else self._made(name)

    def _state(self, name: str) -> tuple[str, bool]:
        """Waits a while for who makes the chunks already."""
        group_id, embedder = self._parts.companions.execution.group_id, self._embedder.name
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            file = self._parts.stores.files.file(group_id, name)
            if file is None:
                raise FileMissing(f"Your group has no file {name}.")
            is_ready = self._parts.stores.knowledge.has(group_id, file.sha256, embedder)
            is_made = file.state is FileState.READING and file.embedder == embedder and time.monotonic() < until
            if is_ready or not is_made:
                return file.sha256, is_ready
            if abort := self._parts.companions.control.interrupt:
                raise abort
            time.sleep(LOOK_SECONDS)

    def _made(self, name: str) -> str:
        sha256, parts = self._parts.files.read(name)
        chunks = self._embedded(name, parts)

        def keep(_key: object) -> int:
            group_id, knowledge = self._parts.companions.execution.group_id, self._parts.stores.knowledge
            knowledge.begin(group_id, sha256, self._embedder.name)
            knowledge.put(group_id, sha256, self._embedder.name, 0, chunks)
            knowledge.finish(group_id, sha256, self._embedder.name, len(chunks))
            now = self._parts.stores.files.file(group_id, name)
            if now is None or now.sha256 != sha256:  # removed or replaced meanwhile, and its chunks with it
                knowledge.forget(group_id, sha256)
                raise FileMissing(f"The file {name} was removed or replaced while it was read.")
            return len(chunks)

        asked(self._parts.companions, f"keep knowledge {name}", [sha256, self._embedder.name], keep)
        return sha256

    def _own_texts(self) -> list[Chunk]:
        if self._texts is None:
            texts = [source.text for source in self._sources if source.text is not None]
            self._texts = [chunk for text in texts for chunk in self._known(pieces_of([TextPart("", text)]))]
        return self._texts

    def _known(self, pieces: list[Piece]) -> list[Chunk]:
        """Texts of a definition are short: their vectors are kept as those of questions are."""
        vectors = self._embedder([piece.text for piece in pieces])
        return [Chunk(piece, pack(vector)) for piece, vector in zip(pieces, vectors, strict=True)]

    def _embedded(self, name: str, parts: list[TextPart]) -> list[Chunk]:
        pieces = pieces_of_file(name, parts)
        return [
            Chunk(*pair) for pair in zip(pieces, self._embedder.made([piece.text for piece in pieces]), strict=True)
        ]

    def _found(
        self, files: Mapping[str, str], texts: list[Chunk], wanted: bytes, limit: int, threshold: float
    ) -> list[dict[str, Any]]:
        """One file after the other: all of them together may be more than fits into memory."""
        group_id, name = self._parts.companions.execution.group_id, self._embedder.name
        best = [(likeness, "", piece) for likeness, piece in _likest(texts, wanted, limit)]
        for file, sha256 in files.items():
            chunks = self._parts.stores.knowledge.chunks(group_id, sha256, name)
            if not chunks and not self._parts.stores.knowledge.has(group_id, sha256, name):
                raise FileMissing(f"The file {file} was removed or replaced while it was searched.")
            best += [(likeness, file, piece) for likeness, piece in _likest(chunks, wanted, limit)]
        ranked = sorted(best, key=lambda one: -one[0])[:limit]
        told = [_told(source, piece, (1 + likeness) / 2) for likeness, source, piece in ranked]
        return [each for each in told if each["score"] >= threshold]


def _likest(chunks: list[Chunk], wanted: bytes, limit: int) -> list[tuple[float, Piece]]:
    return [(likeness, chunk.piece) for likeness, chunk in closest(chunks, wanted, limit)]


def _told(source: str, piece: Piece, score: float) -> dict[str, Any]:
    """As CrewAI's results are. The place stands before the text: CrewAI passes nothing else on, to agent and trace."""
    place = ", ".join(part for part in (source, piece.place if source else "", f"{score:.2f}") if part)
    metadata = {"source": source, "place": piece.place}
    return {"id": place, "content": f"[{place}]\n{piece.text}", "metadata": metadata, "score": score}


def make_knowledge(crew: CrewDefinition, parts: CrewParts) -> Mapping[str | None, Knowledge]:
    """What the definition says is known: under null by every agent, under their names by agents. Raises
    `ModelNotAvailable`."""
    uses = list(knowledge_uses(crew))
    if not uses:
        return {}
    embedder = crew_embedder(crew, parts)
    return {
        agent: Knowledge("sources", sources=[], storage=GroupKnowledge(sources, embedder, parts))
        for _, agent, sources in uses
    }


def crew_embedder(crew: CrewDefinition, parts: CrewParts) -> Embedder:
    """Raises `ModelNotAvailable`."""
    name, ask = asks(crew.embedder, parts.default_embedder, EmbeddingKeys(parts.models.keys, parts.models.aws_keys))
    return Embedder(name, parts.companions, parts.stores.memory, ask)
