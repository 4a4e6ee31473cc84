"""Vectors of texts: those that were made already, and the others by a request that passes the gate."""

from __future__ import annotations

import base64

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.knowledge_requests import MOST_TEXTS
from stepcrew.domain.memory import content_hash
from stepcrew.domain.vectors import unpack
from stepcrew.services.memory_ports import VectorStore
from stepcrew_runner.crew.embedding_models import Ask, packed
from stepcrew_runner.crew.failures import model_failure
from stepcrew_runner.crew.group_stores import asked, ended_by
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.companions import Companions


class Embedder:
    """What CrewAI's memory calls for vectors, in the order of the texts.

    A failure ends the attempt: CrewAI would go on without memory, and what a task should have remembered would be lost
    without a word."""

    def __init__(self, name: str, companions: Companions, vectors: VectorStore, ask: Ask) -> None:
        """`name` is `provider/model`."""
        self.name = name
        self._companions = companions
        self._vectors = vectors
        self._ask = ask

    def __call__(self, texts: list[str]) -> list[list[float]]:
        hashes = [content_hash(text) for text in texts]
        found = self._known(sorted(set(hashes)))
        missing = {one: text for one, text in zip(hashes, texts, strict=True) if one not in found}
        found |= dict(zip(missing, self.made(list(missing.values())), strict=True))
        if missing:
            self._keep({one: found[one] for one in missing})
        return [unpack(found[one]) for one in hashes]

    def _known(self, hashes: list[str]) -> dict[str, bytes]:
        def read(_key: object) -> dict[str, str]:
            known = self._vectors.vectors(self._companions.execution.group_id, self.name, hashes)
            return {one: base64.b64encode(vector).decode() for one, vector in known.items()}

        found = asked(self._companions, "vectors", [self.name, hashes], read)
        return {one: base64.b64decode(vector) for one, vector in found.items()}

    def _keep(self, vectors: dict[str, bytes]) -> None:
        def write(_key: object) -> None:
            now = self._companions.clock.now()
            self._vectors.keep_vectors(self._companions.execution.group_id, self.name, vectors, now=now)

        asked(self._companions, "keep_vectors", [self.name, sorted(vectors)], write)

    def made(self, texts: list[str]) -> list[bytes]:
        """New ones, as they are kept, whatever was made before."""
        return [
            vector
            for start in range(0, len(texts), MOST_TEXTS)
            for vector in self._made(texts[start : start + MOST_TEXTS])
        ]

    def _made(self, texts: list[str]) -> list[bytes]:
        try:
            return packed(self.name, texts, self._ask(texts))
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> BaseException:
        text = self._companions.redactor.text(str(error))
        task = scope.current_task()
        explained = model_failure(error, text, task, self.name) or ExecutionError(
            category=Category.MODEL,
            type="EmbeddingFailed",
            message=f"The embedding model {self.name} made no vectors: {text[:500]}",
            remedy="Look whether the embedding model can be reached, or choose another embedder.",
            task=task,
        )
        return ended_by(self._companions, explained)
