"""Which of many vectors are most like another: exact, over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import numpy as np


class HasVector(Protocol):
    @property
    def vector(self) -> bytes: ...


Kind = TypeVar("Kind", bound=HasVector)


def similarities(vectors: Sequence[bytes], wanted: bytes) -> list[float]:
    """How alike each vector is to the one that is wanted, 0 to 1 in the order of `vectors`: the cosine, and 0 where
    that is negative. All are packed float32 numbers of one dimension (`stepcrew.domain.memory`)."""
    if not vectors:
        return []
    matrix = np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(vectors), -1)
    query = np.frombuffer(wanted, dtype="<f4")
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
    return np.clip(matrix @ query / lengths, 0.0, 1.0).astype(float).tolist()


def closest(found: Iterable[Kind], wanted: bytes, limit: int) -> list[tuple[float, Kind]]:
    """The `limit` of them that are most like it, with how much, the most alike first; of those alike, those that came
    first. What has no vector of its dimension is left out."""
    fitting = [one for one in found if len(one.vector) == len(wanted)]
    scores = similarities([one.vector for one in fitting], wanted)
    return sorted(zip(scores, fitting, strict=True), key=lambda pair: -pair[0])[:limit]
