"""Makes the vectors of a root scope anew with another embedding model or in another backend, while executions go on
reading and writing.

Each record gets its new vector beside the old one. When all have one, the root scope turns to the new ones in one
write; from then on nothing is written with a vector of the old one. Records that were written in between are given
theirs afterwards, and the old vectors go. Whoever is called again goes on where the last one stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from stepcrew.domain.knowledge_requests import MOST_TEXTS, EmbeddingRefused, ReembedMemory
from stepcrew.domain.memory import Remembered, RootScope, ScopeNotFound, content_hash
from stepcrew.domain.vectors import VectorUnusable, dimension_of
from stepcrew.services.memory_ports import Memories
from stepcrew_runner.knowledge.vectors import GroupVectors


class _Turned(Exception):
    """The root scope is gone, or on its way to another model: somebody else's work."""


class ReembedScope:
    """One call brings a root scope to its new model, as long as nothing stops it."""

    def __init__(self, memory: Memories, vectors: GroupVectors) -> None:
        self._memory = memory
        self._vectors = vectors

    def __call__(self, request: ReembedMemory) -> None:
        """Why it stops is in the root scope. Raises `PlatformUnavailable`, and `EmbeddingRefused` where it is worth to
        be called again."""
        group_id = request.group_id
        root = self._memory.root(group_id, request.path)
        if root is None or not _is_for(root, request):
            return
        going = root.moving_to(request.embedder, request.backend)
        try:
            if going != root and not self._memory.change_root(group_id, root, going):
                raise _Turned
            self._go(group_id, going)
        except _Turned:
            return
        except (EmbeddingRefused, VectorUnusable) as error:
            self._stop(group_id, request, f"{error.message} {error.remedy}".strip())
            if error.retryable:
                raise

    def _go(self, group_id: str, root: RootScope) -> None:
        assert root.move
        if root.generation != root.move.generation:
            root = self._turn(group_id, root)
        self._settle(group_id, root)
        if not self._memory.change_root(group_id, root, root.model_copy(update={"move": None})):
            raise _Turned

    def _turn(self, group_id: str, root: RootScope) -> RootScope:
        """The root scope with the new model; gives every record its vector before."""
        assert root.move
        dimension = 0
        while lacking := [
            one for one in self._memory.remembered(group_id, root.path, root.move.generation) if not one.vector
        ]:
            for one, vector in self._embedded(group_id, root, lacking):
                dimension = dimension_of(vector)
                self._memory.add_vector(group_id, root, one._replace(vector=vector), root.move.generation)
        dimension = dimension or self._dimension(group_id, root)
        moved = root.moved(dimension)
        if not self._memory.change_root(group_id, root, moved):
            raise _Turned
        return moved

    def _dimension(self, group_id: str, root: RootScope) -> int:
        """Of the vectors that are there; where nothing is remembered, of any text's."""
        assert root.move
        kept = self._memory.remembered(group_id, root.path, root.move.generation)
        vector = next((one.vector for one in kept if one.vector), b"")
        return dimension_of(vector or self._vectors.kept(root.move.embedder, [root.path])[0])

    def _settle(self, group_id: str, root: RootScope) -> None:
        """Records that came meanwhile get a vector of the new model, and those of all others go. What an execution
        changes at this moment has lost them by that."""
        assert root.move
        everything = self._memory.remembered(group_id, root.path, root.generation)
        late = [one for one in everything if not one.vector]
        done = ((one, one.vector) for one in everything if one.vector)
        for one, vector in chain(self._embedded(group_id, root, late), done):
            try:
                self._memory.replace(group_id, root, Remembered(one.record, vector), seen=one.record.revision)
            except ScopeNotFound as error:
                raise _Turned from error
        if root.move.left != root.embedder:
            hashes = {content_hash(one.record.content) for one in everything}
            self._memory.forget_vectors(group_id, root.move.left, hashes)
        self._memory.forget_unused(group_id, root)

    def _embedded(
        self, group_id: str, root: RootScope, some: Sequence[Remembered]
    ) -> Iterator[tuple[Remembered, bytes]]:
        """Each with its vector of the new model; asks for a hundred at a time. Where the model stays the same, the
        vectors in use are taken."""
        assert root.move
        in_use: dict[str, bytes] = {}
        if root.move.embedder == root.embedder and root.move.generation != root.generation and some:
            known = self._memory.remembered(group_id, root.path, root.generation)
            in_use = {one.record.record_id: one.vector for one in known if one.vector}
        for start in range(0, len(some), MOST_TEXTS):
            batch = some[start : start + MOST_TEXTS]
            self._check(group_id, root)
            asked = [one for one in batch if one.record.record_id not in in_use]
            made = self._vectors.kept(root.move.embedder, [one.record.content for one in asked]) if asked else []
            new = in_use | {one.record.record_id: vector for one, vector in zip(asked, made, strict=True)}
            yield from ((one, new[one.record.record_id]) for one in batch)

    def _check(self, group_id: str, root: RootScope) -> None:
        if self._memory.root(group_id, root.path) != root:
            raise _Turned

    def _stop(self, group_id: str, request: ReembedMemory, reason: str) -> None:
        root = self._memory.root(group_id, request.path)
        if root and root.move and _is_for(root, request):
            stopped = root.move.model_copy(update={"reason": reason})
            self._memory.change_root(group_id, root, root.model_copy(update={"move": stopped}))


def _is_for(root: RootScope, request: ReembedMemory) -> bool:
    """Whether the root scope is on its way where the request says."""
    return bool(root.move) and (root.move.embedder, root.move.backend) == (request.embedder, request.backend)
