"""What stands in one root scope of a group by now, and what of it is most like a vector, wherever its vectors lie."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from stepcrew.domain.memory import Backend, MemoryRecord, Remembered, RootScope
from stepcrew.domain.memory_filter import MemoryFilter
from stepcrew.services.memory_ports import MemoryStore, Ranked
from stepcrew.services.ports import Clock
from stepcrew_runner.crew.ranking import closest

FRESH_SECONDS = 2.0
"""How long what was read is taken for what is there: one recall or save of CrewAI reads the same several times."""


@dataclass
class _Read:
    at: float
    root: RootScope | None
    everything: list[Remembered] | None = None


class RootView:
    """Without what has expired."""

    def __init__(self, store: MemoryStore, group_id: str, path: str, clock: Clock) -> None:
        self._store = store
        self._where = (group_id, path)
        self._clock = clock
        self._lock = threading.RLock()
        self._last: _Read | None = None

    @property
    def root(self) -> RootScope | None:
        return self._fresh().root

    def records(self) -> list[MemoryRecord]:
        return [one.record for one in self._everything()]

    def record(self, record_id: str) -> Remembered | None:
        """As it is at this moment."""
        root = self._store.root(*self._where)
        found = self._store.record(*self._where, record_id, root.generation if root else 0)
        return None if found is None or found.record.is_expired(self._clock.now()) else found

    def nearest(self, wanted: bytes, limit: int, among: MemoryFilter) -> Ranked:
        """The vector is one of the root scope's embedding model."""
        root = self.root
        if root and root.backend is not Backend.TABLE:
            return self._store.nearest(self._where[0], root, wanted, limit, among)
        taken = [one for one in self._everything() if among.takes(one.record)]
        ranked = closest(sorted(taken, key=lambda one: one.record.record_id), wanted, limit)
        return [(score, one.record) for score, one in ranked]

    def changed(self) -> None:
        """What was read is not what is there any more."""
        with self._lock:
            self._last = None

    def _everything(self) -> list[Remembered]:
        """With the vectors that lie beside the records."""
        with self._lock:
            read, now = self._fresh(), self._clock.now()
            if read.everything is None:
                found = self._read(read.root)
                read.everything = [one for one in found if not one.record.is_expired(now)]
            return read.everything

    def _read(self, root: RootScope | None) -> list[Remembered]:
        if root and root.backend is not Backend.TABLE:
            return [Remembered(record, b"") for record in self._store.records(*self._where)]
        return self._store.remembered(*self._where, root.generation if root else 0)

    def _fresh(self) -> _Read:
        with self._lock:
            if self._last is None or time.monotonic() - self._last.at > FRESH_SECONDS:
                self._last = _Read(time.monotonic(), self._store.root(*self._where))
            return self._last
