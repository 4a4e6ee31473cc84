"""Memory, in the table, with vectors in Amazon S3 Vectors, and in the fake."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from stepcrew.aws.indexed_memory import IndexedMemory
from stepcrew.aws.vector_bucket import VectorBucket
from stepcrew.domain.memory import Backend, MemoryRecord, Remembered, RootScope, ScopeNotFound
from stepcrew.domain.vectors import pack
from stepcrew.services.memory_ports import Memories
from stepcrew_local.vectors import VectorsStandIn
from tests.aws_table import GROUP, NOW, RETENTION_DAYS, TABLE, emulated_aws
from tests.fakes.memory import FakeMemory
from tests.vectors import vector_bucket

PATH = "/crews/poets"
MODEL = "openai/text-embedding-3-small"
ROOT = RootScope(path=PATH, embedder=MODEL, dimension=3, created_at=NOW)
VECTOR = pack([1, 0.5, -2])
LATER = NOW + timedelta(days=36_500)
"""The emulator removes what has expired."""


@dataclass
class Harness:
    """`root` is a root scope as this memory makes it; `vectors` are those that lie elsewhere than beside records."""

    memory: Memories
    root: RootScope
    vectors: VectorsStandIn = field(default_factory=VectorsStandIn)


@pytest.fixture(params=["table", "s3vectors", "fake"])
def harness(request: pytest.FixtureRequest) -> Generator[Harness]:
    if request.param == "fake":
        yield Harness(FakeMemory(), ROOT)
        return
    backend = Backend(request.param)
    with emulated_aws() as aws:
        vectors, bucket = vector_bucket(aws.clients)
        memory = IndexedMemory(aws.clients, TABLE, RETENTION_DAYS, bucket, backend)
        yield Harness(memory, ROOT.model_copy(update={"backend": backend}), vectors)


@pytest.fixture
def memory(harness: Harness) -> Memories:
    return harness.memory


@pytest.fixture
def root(harness: Harness) -> RootScope:
    return harness.root


def fact(record_id: str = "one", vector: bytes = VECTOR, **more: Any) -> Remembered:
    fields = {"scope": PATH, "content": "Zoë likes 俳句.", "created_at": NOW, "updated_at": NOW, **more}
    return Remembered(MemoryRecord.model_validate({"record_id": record_id, **fields}), vector)


def test_a_record_comes_back_as_it_was_written(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    written = fact(categories=["taste"], metadata={"n": 1.5, "of": ["a", None]}, importance=0.9, execution_id="e")
    assert memory.add(GROUP, root, written)
    assert memory.remembered(GROUP, PATH) == [written]
    assert memory.records(GROUP, PATH) == [written.record]
    assert memory.record(GROUP, PATH, "one") == written
    assert memory.record(GROUP, PATH, "two") is None


def test_a_record_has_vectors_of_several_generations_until_it_changes(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    memory.add(GROUP, root, fact())
    memory.add(GROUP, root, fact("two"))
    newer = pack([4, 5])
    moving = root.moving_to("bedrock/titan")
    assert memory.change_root(GROUP, root, moving)
    assert memory.add_vector(GROUP, moving, fact(vector=newer), 1)
    assert not memory.add_vector(GROUP, moving, fact(vector=newer, revision=2), 1)
    assert not memory.add_vector(GROUP, moving, fact("three", newer), 1)
    vectors = {one.record.record_id: one.vector for one in memory.remembered(GROUP, PATH, 1)}
    assert vectors == {"one": newer, "two": b""}
    assert memory.record(GROUP, PATH, "one") == fact()
    assert memory.record(GROUP, PATH, "one", 1) == fact(vector=newer)
    moved = moving.moved(2)
    assert memory.change_root(GROUP, moving, moved)
    assert memory.replace(GROUP, moved, fact(vector=newer), seen=1)
    assert memory.record(GROUP, PATH, "one") == fact(vector=b"")
    assert memory.record(GROUP, PATH, "one", 1) == fact(vector=newer)


def test_of_two_that_change_a_root_scope_one_finds_out(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    first, second = root.moving_to("bedrock/titan"), root.moving_to("bedrock/cohere")
    assert memory.change_root(GROUP, root, first)
    assert not memory.change_root(GROUP, root, second)
    assert memory.root(GROUP, PATH) == first
    assert memory.add(GROUP, root, fact()), "Until it has moved, the old model's vectors are taken."
    moved = first.moved(2)
    assert memory.change_root(GROUP, first, moved)
    assert not memory.change_root(GROUP, first, root)
    with pytest.raises(ScopeNotFound):
        memory.add(GROUP, first, fact("two"))
    assert memory.add(GROUP, moved, fact("two", pack([1, 2])))
    memory.close_root(GROUP, PATH)
    assert not memory.change_root(GROUP, moved, first)


def test_the_table_is_told_when_a_record_expires() -> None:
    with emulated_aws() as aws:
        memory = IndexedMemory(aws.clients, TABLE, RETENTION_DAYS, VectorBucket(aws.clients, ""))
        memory.open_root(GROUP, ROOT)
        memory.add(GROUP, ROOT, fact("one", expires_at=LATER))
        memory.add(GROUP, ROOT, fact("two"))
        found = [each.get("expires_at") for each in aws.clients.dynamodb.scan(TableName=TABLE)["Items"]]
    assert found.count({"N": str(int(LATER.timestamp()))}) == 1
    assert found.count(None) == len(found) - 1


def test_what_is_added_again_stays_as_it_is(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    assert memory.add(GROUP, root, fact())
    assert not memory.add(GROUP, root, fact(content="another"))
    assert memory.remembered(GROUP, PATH) == [fact()]


def test_of_two_that_change_a_record_one_finds_out(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    memory.add(GROUP, root, fact())
    first, second = fact(revision=2, content="first"), fact(revision=2, content="second")
    assert memory.replace(GROUP, root, first, seen=1)
    assert not memory.replace(GROUP, root, second, seen=1)
    assert not memory.replace(GROUP, root, fact("two", revision=2), seen=1)
    assert memory.remembered(GROUP, PATH) == [first]


def test_what_changed_meanwhile_is_not_forgotten(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    memory.add(GROUP, root, fact(revision=2))
    assert not memory.forget(GROUP, PATH, "one", seen=1)
    assert memory.forget(GROUP, PATH, "one", seen=2)
    assert not memory.forget(GROUP, PATH, "one")
    assert memory.remembered(GROUP, PATH) == []


def test_the_first_embedding_model_of_a_root_scope_stands(memory: Memories, root: RootScope) -> None:
    other = root.model_copy(update={"embedder": "bedrock/titan", "dimension": 2})
    assert memory.root(GROUP, PATH) is None
    assert memory.open_root(GROUP, root) == root
    assert memory.open_root(GROUP, other) == root
    assert memory.root(GROUP, PATH) == root
    with pytest.raises(ScopeNotFound):
        memory.add(GROUP, other, fact())


def test_nothing_is_written_into_a_root_scope_that_was_closed(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    memory.add(GROUP, root, fact())
    for _ in range(2):
        memory.close_root(GROUP, PATH)
    for write in (lambda: memory.add(GROUP, root, fact("two")), lambda: memory.replace(GROUP, root, fact(), seen=1)):
        with pytest.raises(ScopeNotFound):
            write()
    again = root.model_copy(update={"dimension": 2})
    assert memory.open_root(GROUP, again) == again


def test_a_group_and_a_root_scope_have_their_own_records(memory: Memories, root: RootScope) -> None:
    longer = root.model_copy(update={"path": f"{PATH}-2"})
    for one in (longer, root):
        memory.open_root(GROUP, one)
    memory.open_root("demo2", root)  # a longer id that begins alike
    memory.add(GROUP, root, fact(content="mine"))
    memory.add(GROUP, longer, fact(content="another crew's"))
    memory.add("demo2", root, fact(content="yours"))
    assert [one.content for one in memory.records(GROUP, PATH)] == ["mine"]
    assert [one.content for one in memory.records(GROUP, longer.path)] == ["another crew's"]
    assert [one.content for one in memory.records("demo2", PATH)] == ["yours"]
    assert [one.path for one in memory.roots(GROUP)] == [PATH, longer.path]
    assert memory.roots("other") == []
    assert not memory.forget("other", PATH, "one")


def test_everything_is_read_however_much_it_is(memory: Memories, root: RootScope) -> None:
    memory.open_root(GROUP, root)
    many = {f"{number:03}" for number in range(8)}
    for record_id in many:
        memory.add(GROUP, root, fact(record_id, content="x" * 200_000))
    assert {one.record.record_id for one in memory.remembered(GROUP, PATH)} == many


def test_vectors_are_kept_by_model_and_text(memory: Memories) -> None:
    many = {f"{number:064x}": pack([number + 1]) for number in range(130)}  # more than one batch takes
    memory.keep_vectors(GROUP, MODEL, many, now=NOW)
    assert memory.vectors(GROUP, MODEL, [*many, "f" * 64]) == many
    assert memory.vectors(GROUP, "bedrock/titan", many) == {}
    assert memory.vectors("other", MODEL, many) == {}
    gone = list(many)[:2]
    for _ in range(2):
        memory.forget_vectors(GROUP, MODEL, gone)
    assert set(memory.vectors(GROUP, MODEL, many)) == set(many) - set(gone)
