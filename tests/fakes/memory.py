"""Memory without a table, for tests."""

from __future__ import annotations

import copy
import math
from typing import Any

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.memory import Remembered, RootScope
from stepcrew.domain.memory_filter import MemoryFilter
from stepcrew.domain.vectors import unpack
from stepcrew.services.memory_ports import Ranked
from stepcrew_runner.replay.memory import MemoryInProcess


class FakeMemory(MemoryInProcess):
    """`outages` makes the next additions fail, one for each. `reads` counts how often a root scope was read."""

    def __init__(self) -> None:
        super().__init__()
        self.outages = 0
        self.reads = 0

    def add(self, group_id: str, root: RootScope, new: Remembered) -> bool:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The table did not answer.")
        return super().add(group_id, root, new)

    def remembered(self, group_id: str, path: str, generation: int = 0) -> list[Remembered]:
        self.reads += 1
        return super().remembered(group_id, path, generation)

    def nearest(self, group_id: str, root: RootScope, wanted: bytes, limit: int, among: MemoryFilter) -> Ranked:
        found = [
            (_cosine(one.vector, wanted), one.record)
            for one in self.remembered(group_id, root.path, root.generation)
            if among.takes(one.record)
        ]
        return sorted(found, key=lambda pair: (-pair[0], pair[1].record_id))[:limit]

    def kept(self) -> tuple[Any, ...]:
        """What a table would hold, copied."""
        return copy.deepcopy((self._roots, self._records, self._vectors))

    def restore(self, kept: tuple[Any, ...]) -> None:
        self._roots, self._records, self._vectors = copy.deepcopy(kept)


def _cosine(one: bytes, other: bytes) -> float:
    left, right = unpack(one), unpack(other)
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return max(0.0, product / (math.hypot(*left) * math.hypot(*right)))
