"""What memory needs of the outside; as in `ports`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope
from stepcrew.domain.memory_filter import MemoryFilter

Ranked = list[tuple[float, MemoryRecord]]
"""Records with how alike each is to a vector, the most alike first: the cosine, and 0 where that is negative."""


class MemoryStore(Protocol):
    """Records of memory, by root scope."""

    def open_root(self, group_id: str, root: RootScope) -> RootScope:
        """Puts the root scope where none of its path is, in the backend of the group, and answers the one that stands
        there afterwards. Raises `VectorUnusable` where its vectors do not fit into that backend."""
        ...

    def root(self, group_id: str, path: str) -> RootScope | None:
        """Strongly consistent."""
        ...

    def roots(self, group_id: str) -> list[RootScope]:
        """All of the group, by path."""
        ...

    def close_root(self, group_id: str, path: str) -> int:
        """From here on another embedding model may begin it again. Records are not touched. How many vectors went that
        lay elsewhere than beside their records."""
        ...

    def add(self, group_id: str, root: RootScope, new: Remembered) -> bool:
        """Writes a record where none has its id, its vector as one of the root scope's generation; false when one has,
        which stays as it is. Raises `ScopeNotFound` when the root scope is not, or not any more, the one that was
        given, or has another model by now."""
        ...

    def replace(self, group_id: str, root: RootScope, changed: Remembered, *, seen: int) -> bool:
        """Writes a record over the revision that was seen, whose vectors all go; false when it has another by now, or
        is gone. Raises `ScopeNotFound` as above."""
        ...

    def change_root(self, group_id: str, was: RootScope, now: RootScope) -> bool:
        """Puts the one in the place of the other; false where that stands there no more."""
        ...

    def remembered(self, group_id: str, path: str, generation: int = 0) -> list[Remembered]:
        """Everything in a root scope with its vectors of one generation, in no order, strongly consistent."""
        ...

    def add_vector(self, group_id: str, root: RootScope, found: Remembered, generation: int) -> bool:
        """Gives a record this vector as one of one more generation; false when it has another revision by now, or is
        gone."""
        ...

    def nearest(self, group_id: str, root: RootScope, wanted: bytes, limit: int, among: MemoryFilter) -> Ranked:
        """The records whose vectors are most like this one, at most `limit` and a hundred: of a root scope whose
        vectors lie in an index. Those of any other are found by comparing with all that `remembered` answers. Raises
        `VectorsMissing`."""
        ...

    def forget_unused(self, group_id: str, root: RootScope) -> None:
        """Removes what is left elsewhere of generations that are not used any more."""
        ...

    def records(self, group_id: str, path: str) -> list[MemoryRecord]:
        """The same without vectors."""
        ...

    def record(self, group_id: str, path: str, record_id: str, generation: int = 0) -> Remembered | None: ...

    def forget(self, group_id: str, path: str, record_id: str, *, seen: int | None = None) -> bool:
        """Removes a record (with `seen`, only if that is its revision); false when nothing was removed."""
        ...


class VectorStore(Protocol):
    """Vectors that were made already, by embedding model and `content_hash` of the text."""

    def vectors(self, group_id: str, embedder: str, hashes: Collection[str]) -> dict[str, bytes]:
        """Those that are known."""
        ...

    def keep_vectors(self, group_id: str, embedder: str, vectors: Mapping[str, bytes], *, now: datetime) -> None: ...

    def forget_vectors(self, group_id: str, embedder: str, hashes: Collection[str]) -> None:
        """Asking again changes nothing."""
        ...


class Memories(MemoryStore, VectorStore, Protocol):
    """Both: one object has them."""
