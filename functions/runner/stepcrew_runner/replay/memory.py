"""Memory without a table: a replay begins with none, and nothing of it is kept."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from datetime import datetime

from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope, ScopeNotFound


class MemoryInProcess:
    """`Memories`, but `nearest`: all vectors lie beside their records. These go through JSON, as in the table."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._roots: dict[tuple[str, str], RootScope] = {}
        self._records: dict[tuple[str, str, str], tuple[str, dict[int, bytes]]] = {}
        self._vectors: dict[tuple[str, str, str], bytes] = {}

    def open_root(self, group_id: str, root: RootScope) -> RootScope:
        with self._lock:
            return self._roots.setdefault((group_id, root.path), root)

    def root(self, group_id: str, path: str) -> RootScope | None:
        return self._roots.get((group_id, path))

    def roots(self, group_id: str) -> list[RootScope]:
        return [root for key, root in sorted(self._roots.items()) if key[0] == group_id]

    def close_root(self, group_id: str, path: str) -> int:
        self._roots.pop((group_id, path), None)
        return 0

    def add(self, group_id: str, root: RootScope, new: Remembered) -> bool:
        with self._lock:
            self._check(group_id, root)
            key = (group_id, root.path, new.record.record_id)
            if key in self._records:
                return False
            self._records[key] = (new.record.model_dump_json(), {root.generation: new.vector})
            return True

    def replace(self, group_id: str, root: RootScope, changed: Remembered, *, seen: int) -> bool:
        with self._lock:
            self._check(group_id, root)
            standing = self.record(group_id, root.path, changed.record.record_id)
            if standing is None or standing.record.revision != seen:
                return False
            key = (group_id, root.path, changed.record.record_id)
            self._records[key] = (changed.record.model_dump_json(), {root.generation: changed.vector})
            return True

    def change_root(self, group_id: str, was: RootScope, now: RootScope) -> bool:
        with self._lock:
            if self._roots.get((group_id, was.path)) != was:
                return False
            self._roots[group_id, was.path] = now
            return True

    def remembered(self, group_id: str, path: str, generation: int = 0) -> list[Remembered]:
        with self._lock:
            kept = [one for key, one in self._records.items() if key[:2] == (group_id, path)]
            return [_remembered(one, generation) for one in kept]

    def add_vector(self, group_id: str, root: RootScope, found: Remembered, generation: int) -> bool:
        with self._lock:
            standing = self.record(group_id, root.path, found.record.record_id)
            if standing is None or standing.record.revision != found.record.revision:
                return False
            self._records[group_id, root.path, found.record.record_id][1][generation] = found.vector
            return True

    def forget_unused(self, group_id: str, root: RootScope) -> None:
        """They lie beside the records."""

    def records(self, group_id: str, path: str) -> list[MemoryRecord]:
        return [one.record for one in self.remembered(group_id, path)]

    def record(self, group_id: str, path: str, record_id: str, generation: int = 0) -> Remembered | None:
        kept = self._records.get((group_id, path, record_id))
        return _remembered(kept, generation) if kept else None

    def forget(self, group_id: str, path: str, record_id: str, *, seen: int | None = None) -> bool:
        with self._lock:
            standing = self.record(group_id, path, record_id)
            if standing is None or seen not in (None, standing.record.revision):
                return False
            del self._records[group_id, path, record_id]
            return True

    def vectors(self, group_id: str, embedder: str, hashes: Collection[str]) -> dict[str, bytes]:
        keys = {one: (group_id, embedder, one) for one in hashes}
        return {one: self._vectors[key] for one, key in keys.items() if key in self._vectors}

    def keep_vectors(self, group_id: str, embedder: str, vectors: Mapping[str, bytes], *, now: datetime) -> None:
        """They are kept as long as the replay runs, whatever `now` is."""
        del now
        self._vectors |= {(group_id, embedder, one): vector for one, vector in vectors.items()}

    def forget_vectors(self, group_id: str, embedder: str, hashes: Collection[str]) -> None:
        for one in hashes:
            self._vectors.pop((group_id, embedder, one), None)

    def _check(self, group_id: str, root: RootScope) -> None:
        standing = self._roots.get((group_id, root.path))
        if standing is None or standing.made != root.made:
            raise ScopeNotFound(f"The memory {root.path} was deleted meanwhile.")


def _remembered(kept: tuple[str, dict[int, bytes]], generation: int) -> Remembered:
    text, vectors = kept
    return Remembered(MemoryRecord.model_validate_json(text), vectors.get(generation, b""))
