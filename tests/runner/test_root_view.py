"""A root scope is searched and moved alike, wherever its vectors lie."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from stepcrew.aws.indexed_memory import IndexedMemory
from stepcrew.domain.knowledge_requests import ReembedMemory
from stepcrew.domain.memory import Backend, MemoryRecord, Remembered, RootScope
from stepcrew.domain.memory_filter import MemoryFilter
from stepcrew.domain.vectors import pack
from stepcrew.services.memory_ports import Memories
from stepcrew_local.vectors import VectorsStandIn
from stepcrew_runner.crew.root_view import RootView
from stepcrew_runner.knowledge.reembedding import ReembedScope
from tests.aws_table import NOW, RETENTION_DAYS, TABLE, FixedClock, emulated_aws
from tests.fakes.memory import FakeMemory
from tests.runner.harness import GROUP
from tests.vectors import vector_bucket

PATH = "/crews/shop"
MODEL = "openai/small"
DAY = timedelta(days=1)


@dataclass
class Harness:
    memory: Memories
    root: RootScope
    clock: FixedClock
    vectors: VectorsStandIn

    def add(self, record_id: str, *numbers: float, **more: Any) -> None:
        fields = {"scope": PATH, "content": record_id, "created_at": NOW, "updated_at": NOW, **more}
        record = MemoryRecord.model_validate({"record_id": record_id, **fields})
        assert self.memory.add(GROUP, self.root, Remembered(record, pack(numbers)))

    def found(self, *numbers: float, limit: int = 10, scope: str = PATH, **more: Any) -> list[tuple[str, float]]:
        view = RootView(self.memory, GROUP, PATH, self.clock)
        ranked = view.nearest(pack(numbers), limit, MemoryFilter(scope, self.clock.now(), **more))
        return [(record.record_id, round(score, 5)) for score, record in ranked]

    def move(self, made: Made, embedder: str, backend: Backend) -> None:
        assert self.memory.change_root(GROUP, self.root, self.root.moving_to(embedder, backend))
        untyped: Any = made
        request = ReembedMemory(group_id=GROUP, path=PATH, embedder=embedder, backend=backend)
        ReembedScope(self.memory, untyped)(request)
        found = self.memory.root(GROUP, PATH)
        assert found
        self.root = found


class Made:
    """Vectors of texts, in place of a model; which were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def kept(self, _embedder: str, texts: list[str]) -> list[bytes]:
        self.asked += texts
        return [pack([len(text), 1, 1]) for text in texts]


@pytest.fixture(params=["fake", *Backend])
def harness(request: pytest.FixtureRequest) -> Generator[Harness]:
    new = RootScope(path=PATH, embedder=MODEL, dimension=2, created_at=NOW)
    if request.param == "fake":
        memory = FakeMemory()
        yield Harness(memory, memory.open_root(GROUP, new), FixedClock(), VectorsStandIn())
        return
    with emulated_aws() as aws:
        vectors, bucket = vector_bucket(aws.clients)
        stored = IndexedMemory(aws.clients, TABLE, RETENTION_DAYS, bucket, request.param)
        yield Harness(stored, stored.open_root(GROUP, new), aws.clock, vectors)


def test_the_same_is_found_with_the_same_scores(harness: Harness) -> None:
    harness.add("east", 1, 0, categories=["a"], metadata={"n": 1})
    harness.add("northeast", 2, 2, scope=f"{PATH}/agent/ada", categories=["a", "b"])
    harness.add("north", 0, 1, scope=f"{PATH}/agent/adam", metadata={"n": 2}, expires_at=NOW + DAY)
    harness.add("west", -1, 0)
    everything = [("east", 1.0), ("northeast", 0.70711), ("north", 0.0), ("west", 0.0)]
    assert harness.found(1, 0) == everything
    assert harness.found(5, 0, limit=1) == everything[:1]
    assert harness.found(1, 0, scope=f"{PATH}/agent") == everything[1:3]
    assert harness.found(1, 0, scope=f"{PATH}/agent/ada") == everything[1:2]
    assert harness.found(1, 0, categories=frozenset({"b", "c"})) == everything[1:2]
    assert harness.found(1, 0, metadata={"n": 2}) == everything[2:3]
    harness.clock.at += DAY
    assert harness.found(1, 0) == [everything[0], everything[1], everything[3]]
    assert RootView(harness.memory, "another", PATH, harness.clock).root is None


def test_a_memory_moves_into_the_other_backend_and_back_without_asking_its_model(harness: Harness) -> None:
    for number in range(120):
        harness.add(f"fact {number:03}", 1, number)
    before, made, first = harness.found(1, 3, limit=5), Made(), harness.root.backend
    for backend in (Backend.S3_VECTORS if first is Backend.TABLE else Backend.TABLE, first):
        harness.move(made, MODEL, backend)
        assert (harness.root.backend, harness.root.move) == (backend, None)
        assert harness.found(1, 3, limit=5) == before
        harness.add(f"late {backend}", -3, -1)
        is_indexed = backend is Backend.S3_VECTORS and not isinstance(harness.memory, FakeMemory)
        records = len(harness.memory.records(GROUP, PATH))
        assert len(harness.vectors.places()) == (records if is_indexed else 0)
        assert len(harness.vectors.indexes) == is_indexed, "What it left is gone."
    assert made.asked == []


def test_it_moves_into_another_backend_and_to_another_model_at_once(harness: Harness) -> None:
    harness.add("one", 1, 0)
    harness.add("three", 0, 1)
    made = Made()
    harness.move(made, "openai/large", Backend.S3_VECTORS)
    assert (harness.root.embedder, harness.root.dimension, harness.root.move) == ("openai/large", 3, None)
    assert sorted(made.asked) == ["one", "three"]
    assert [record_id for record_id, _ in harness.found(5, 1, 1)] == ["three", "one"]
    assert harness.memory.forget(GROUP, PATH, "one")
    assert [record_id for record_id, _ in harness.found(5, 1, 1)] == ["three"]
