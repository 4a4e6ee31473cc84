"""What crews of a group have remembered, for tests of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope, content_hash, root_of
from stepcrew.domain.vectors import pack
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import Harness

EMBEDDER = "openai/text-embedding-3-small"


def root_scope(path: str) -> RootScope:
    return RootScope(path=path, embedder=EMBEDDER, dimension=2, created_at=NOW)


def remember(
    harness: Harness, content: str, scope: str = "/crews/shop", group_id: str = GROUP, minutes: int = 0, **more: Any
) -> str:
    """A record with its kept vector; answers its id."""
    at = NOW + timedelta(minutes=minutes)
    record_id = content_hash(f"{scope}{content}")[:32]
    fields: dict[str, Any] = {"created_at": at, "updated_at": at, "execution_id": "e-1", **more}
    record = MemoryRecord(record_id=record_id, scope=scope, content=content, **fields)
    opened = harness.memory.open_root(group_id, root_scope(root_of(scope)))
    assert harness.memory.add(group_id, opened, Remembered(record, pack([1, 2])))
    harness.memory.keep_vectors(group_id, EMBEDDER, {content_hash(content): pack([1, 2])}, now=NOW)
    return record_id
