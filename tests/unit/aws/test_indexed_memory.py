"""Vectors of memory in Amazon S3 Vectors: what is found, what is left when something dies in between, and what goes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import GROUP, NOW, RETENTION_DAYS, TABLE, Aws, emulated_aws
from tests.vectors import vector_bucket

from stepcrew.aws import keys
from stepcrew.aws.indexed_memory import UNDERWAY_SECONDS, IndexedMemory, index_name
from stepcrew.aws.items import item
from stepcrew.aws.vector_bucket import VectorBucket
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.memory import Backend, MemoryRecord, Remembered, RootScope, ScopeNotFound
from stepcrew.domain.memory_filter import MemoryFilter
from stepcrew.domain.project import group_digest
from stepcrew.domain.vectors import VectorsMissing, VectorUnusable, pack
from stepcrew_local.vectors import VectorsStandIn

PATH = "/crews/poets"
EAST, NORTH, NORTHEAST, WEST = [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 0.0]


@dataclass
class Harness:
    aws: Aws
    vectors: VectorsStandIn
    memory: IndexedMemory
    root: RootScope

    def add(self, record_id: str, numbers: list[float] = EAST, **more: Any) -> bool:
        return self.memory.add(GROUP, self.root, fact(record_id, numbers, **more))

    def found(self, numbers: list[float] = EAST, limit: int = 10, scope: str = PATH, **more: Any) -> list[str]:
        among = MemoryFilter(scope, self.aws.clock.now(), **more)
        return [one.record_id for _, one in self.memory.nearest(GROUP, self.root, pack(numbers), limit, among)]

    def left(self) -> list[str]:
        """The records whose vectors are in an index."""
        return sorted(key.split("/")[1].split(".")[0] for key in self.vectors.places())

    def fail(self, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        def died(*_: Any, **__: Any) -> Any:
            raise Killed

        monkeypatch.setattr(owner, name, died)


class Killed(BaseException):
    """The process is gone."""


def fact(record_id: str, numbers: list[float] = EAST, **more: Any) -> Remembered:
    fields = {"scope": PATH, "content": f"about {record_id}", "created_at": NOW, "updated_at": NOW, **more}
    return Remembered(MemoryRecord.model_validate({"record_id": record_id, **fields}), pack(numbers))


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        vectors, bucket = vector_bucket(aws.clients)
        memory = IndexedMemory(aws.clients, TABLE, RETENTION_DAYS, bucket, Backend.S3_VECTORS)
        new = RootScope(path=PATH, embedder="openai/small", dimension=2, created_at=NOW)
        yield Harness(aws, vectors, memory, memory.open_root(GROUP, new))


def test_the_nearest_come_first_with_the_cosine_and_never_below_zero(harness: Harness) -> None:
    for record_id, numbers in (("east", EAST), ("north", NORTH), ("northeast", [3.0, 3.0]), ("west", WEST)):
        harness.add(record_id, numbers)
    among = MemoryFilter(PATH, NOW)
    found = harness.memory.nearest(GROUP, harness.root, pack(EAST), 10, among)
    assert [(one.record_id, pytest.approx(score)) for score, one in found] == [
        ("east", 1),
        ("northeast", 2**-0.5),
        ("north", 0),
        ("west", 0),
    ]
    assert harness.found(limit=2) == ["east", "northeast"]


def test_an_index_that_was_removed_under_its_records_is_not_taken_for_an_empty_one(harness: Harness) -> None:
    assert harness.found() == []  # nothing is remembered yet
    harness.add("a")
    index = index_name(GROUP, harness.root, 0)
    harness.memory._bucket.drop(index)  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(VectorsMissing, match="The vectors of the memory /crews/poets are not there") as told:
        harness.found()
    assert "stepcrew memory reembed /crews/poets --backend table" in told.value.remedy
    assert harness.memory.forget(GROUP, PATH, "a")
    assert harness.found() == []
    harness.add("b")
    harness.memory.close_root(GROUP, PATH)
    assert harness.found() == []  # it is being removed


def test_it_finds_within_scope_categories_and_metadata(harness: Harness) -> None:
    deep = PATH + "/x" * 30
    harness.add("a", categories=["tea"], metadata={"n": 1})
    harness.add("b", scope=f"{PATH}/agent/ada", categories=["tea", "card"])
    harness.add("c", scope=f"{PATH}/agent/adam", metadata={"n": 2})
    harness.add("d", scope=deep, categories=[f"kind {number}" for number in range(60)])
    assert harness.found() == ["a", "b", "c", "d"]
    assert harness.found(scope=f"{PATH}/agent") == ["b", "c"]
    assert harness.found(scope=f"{PATH}/agent/ada") == ["b"]
    assert harness.found(scope=deep) == ["d"]
    assert harness.found(scope=f"{deep}/y") == []
    assert harness.found(categories=frozenset({"tea"})) == ["a", "b"]
    assert harness.found(categories=frozenset({"kind 59"})) == ["d"]
    assert harness.found(metadata={"n": 2}) == ["c"]


def test_what_fits_is_found_behind_many_that_do_not(harness: Harness) -> None:
    for number in range(60):
        harness.add(f"{number:02}", metadata={"n": 1})
    harness.add("wanted", NORTHEAST, metadata={"n": 2})
    assert harness.found(limit=1, metadata={"n": 2}) == ["wanted"]


@pytest.mark.parametrize("dies_at", ["transact_write_items", "put_vectors"])
def test_who_dies_while_remembering_leaves_nothing_that_is_found_and_is_repeated(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    harness.add("before")
    clients = harness.aws.clients
    owner: Any = clients.dynamodb if dies_at == "transact_write_items" else clients.s3vectors
    with monkeypatch.context() as patched:
        harness.fail(patched, owner, dies_at)
        with pytest.raises(Killed):
            harness.add("one")
    assert harness.found() == ["before"]
    assert harness.add("one")
    assert not harness.add("one"), "It is remembered once."
    assert harness.found() == ["before", "one"]
    assert harness.left() == ["before", "one"]


def test_a_change_that_dies_in_between_keeps_the_record_as_it_was(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.add("one")
    changed = fact("one", NORTH, content="another", revision=2)
    with monkeypatch.context() as patched:
        harness.fail(patched, harness.aws.clients.dynamodb, "transact_write_items")
        with pytest.raises(Killed):
            harness.memory.replace(GROUP, harness.root, changed, seen=1)
    assert harness.found() == ["one"]
    found = harness.memory.record(GROUP, PATH, "one")
    assert found == fact("one")
    assert harness.memory.replace(GROUP, harness.root, changed, seen=1)
    assert harness.memory.record(GROUP, PATH, "one") == changed
    assert harness.left() == ["one"], "The vector of the old text is gone."


def test_of_two_that_change_a_record_the_vector_is_that_of_the_one_that_stands(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.add("one")
    first = fact("one", NORTH, content="first", revision=2)
    second = fact("one", NORTHEAST, content="second", revision=2)
    with monkeypatch.context() as patched:  # the second is between its vector and its record
        harness.fail(patched, harness.aws.clients.dynamodb, "transact_write_items")
        with pytest.raises(Killed):
            harness.memory.replace(GROUP, harness.root, second, seen=1)
    assert harness.memory.replace(GROUP, harness.root, first, seen=1)
    assert not harness.memory.replace(GROUP, harness.root, second, seen=1)
    assert harness.memory.record(GROUP, PATH, "one") == first
    among = MemoryFilter(PATH, NOW)
    ((score, record),) = harness.memory.nearest(GROUP, harness.root, pack(NORTH), 10, among)
    assert (pytest.approx(score), record.content) == (1, "first")


def test_a_search_removes_vectors_without_a_record_but_none_whose_record_may_still_come(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.add("kept")
    with monkeypatch.context() as patched:
        harness.fail(patched, harness.aws.clients.dynamodb, "transact_write_items")
        for number in range(15):
            with pytest.raises(Killed):
                harness.add(f"lost {number:02}")
    assert harness.found(limit=1) == ["kept"]
    assert len(harness.left()) == 16
    harness.aws.clock.at += timedelta(seconds=UNDERWAY_SECONDS + 1)
    assert harness.found() == ["kept"]
    assert harness.left() == ["kept"]


def test_a_forgotten_record_has_no_vector_left_even_when_who_forgot_it_died(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.add("one")
    harness.add("two")
    assert harness.memory.forget(GROUP, PATH, "one")
    assert harness.left() == ["two"]
    with monkeypatch.context() as patched:
        harness.fail(patched, harness.aws.clients.s3vectors, "delete_vectors")
        with pytest.raises(Killed):
            harness.memory.forget(GROUP, PATH, "two")
    assert harness.found() == []
    harness.aws.clock.at += timedelta(seconds=UNDERWAY_SECONDS + 1)
    assert harness.found() == []
    assert harness.left() == []


def test_what_has_expired_is_not_found_and_its_vector_goes(harness: Harness) -> None:
    until = NOW + timedelta(days=1)
    harness.add("short", expires_at=until)
    harness.add("long", NORTHEAST)
    assert harness.found() == ["short", "long"]
    harness.aws.clock.at = until
    assert harness.found(limit=1) == ["long"]
    assert harness.left() == ["long"]


def test_who_remembers_something_that_will_expire_removes_the_vectors_of_what_has(harness: Harness) -> None:
    until = NOW + timedelta(days=1)
    harness.add("long")
    harness.add("short", expires_at=until)
    harness.add("other", expires_at=until + timedelta(days=1))
    harness.aws.clock.at = until
    harness.add("new", WEST, expires_at=until + timedelta(days=9))
    assert harness.left() == ["long", "new", "other"]


def test_two_groups_with_the_same_crew_names_and_texts_share_nothing(harness: Harness) -> None:
    other = harness.memory.open_root("other", harness.root)
    harness.add("one")
    harness.memory.add("other", other, fact("one"))
    harness.memory.add("other", other, fact("two"))
    assert harness.found() == ["one"]
    among = MemoryFilter(PATH, NOW)
    assert len(harness.memory.nearest("other", other, pack(EAST), 10, among)) == 2
    assert harness.memory.forget("other", PATH, "one")
    harness.memory.close_root("other", PATH)
    assert harness.found() == ["one"]
    assert harness.left() == ["one"]


def test_a_root_scope_goes_with_its_index(harness: Harness) -> None:
    harness.add("one")
    harness.add("two")
    assert harness.memory.forget(GROUP, PATH, "two")
    assert harness.memory.close_root(GROUP, PATH) == 1
    assert harness.vectors.indexes == {}
    with pytest.raises(ScopeNotFound):
        harness.add("late")
    assert harness.vectors.indexes == {}, "Who comes late leaves no index that nobody knows of."
    harness.memory.open_root(GROUP, harness.root.model_copy(update={"created_at": NOW + timedelta(seconds=1)}))
    with pytest.raises(ScopeNotFound):
        harness.add("late")
    assert harness.vectors.indexes == {}


@pytest.mark.parametrize(
    ("own", "expected"), [(None, "table"), ("s3vectors", "s3vectors"), ("table", "table"), ("x", None)]
)
def test_a_group_may_have_a_backend_of_its_own(harness: Harness, own: str | None, expected: str | None) -> None:
    memory = IndexedMemory(harness.aws.clients, TABLE, RETENTION_DAYS, VectorBucket(harness.aws.clients, "vectors"))
    if own:
        entry = {"PK": keys.root_scopes("other"), "SK": keys.MEMORY_BACKEND, "memory_backend": own}
        harness.aws.clients.dynamodb.put_item(TableName=TABLE, Item=item(entry))
    opened: Callable[[], RootScope] = lambda: memory.open_root("other", harness.root)  # noqa: E731
    if expected is None:
        with pytest.raises(PlatformUnavailable, match="cannot be read"):
            opened()
        return
    assert opened().backend == expected
    assert memory.roots("other") == [opened()], "The backend of a group is no root scope."


def test_a_memory_stays_where_it_was_made(harness: Harness) -> None:
    harness.add("one")
    later = IndexedMemory(harness.aws.clients, TABLE, RETENTION_DAYS, VectorBucket(harness.aws.clients, "vectors"))
    assert later.open_root(GROUP, harness.root) == harness.root
    assert later.add(GROUP, harness.root, fact("two"))
    assert harness.left() == ["one", "two"]


def test_without_a_bucket_a_memory_in_an_index_says_why_it_does_not_answer(harness: Harness) -> None:
    without = IndexedMemory(harness.aws.clients, TABLE, RETENTION_DAYS, VectorBucket(harness.aws.clients, ""))
    with pytest.raises(PlatformUnavailable, match="no vector bucket"):
        without.nearest(GROUP, harness.root, pack(EAST), 1, MemoryFilter(PATH, NOW))
    with pytest.raises(PlatformUnavailable, match="no vector bucket"):
        without.add(GROUP, harness.root, fact("one"))
    assert without.records(GROUP, PATH) == []


def test_vectors_that_do_not_fit_are_refused_before_a_memory_begins(harness: Harness) -> None:
    wide = harness.root.model_copy(update={"path": "/crews/wide", "dimension": 5_000})
    with pytest.raises(VectorUnusable, match="4,096"):
        harness.memory.open_root(GROUP, wide)
    assert harness.memory.root(GROUP, "/crews/wide") is None


def test_a_groups_indexes_begin_with_its_digest_and_each_generation_has_its_own(harness: Harness) -> None:
    root = harness.root
    again = root.model_copy(update={"created_at": NOW + timedelta(seconds=1)})
    roots = [(group_id, one) for group_id in (GROUP, "x" * 128) for one in (root, again)]
    names = {index_name(group_id, one, generation) for group_id, one in roots for generation in (0, 1)}
    assert len(names) == 8
    assert all(len(name) <= 63 and name == name.lower() for name in names)
    assert sum(name.startswith(f"{group_digest(GROUP)}-") for name in names) == 4
