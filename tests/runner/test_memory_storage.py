"""What CrewAI's memory is told by the store, and what becomes of its changes when others change the same."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any

import pytest
from crewai.memory.storage.backend import StorageBackend
from crewai.memory.types import MemoryRecord as CrewRecord

from stepcrew.aws.indexed_memory import IndexedMemory
from stepcrew.domain.journal import EntryKind
from stepcrew.domain.memory import Backend, MemoryRecord, Remembered, content_hash
from stepcrew.domain.vectors import pack
from stepcrew_runner.crew.memory_storage import GroupStorage
from stepcrew_runner.crew.ranking import similarities
from stepcrew_runner.gate.aborts import CrewFailed
from stepcrew_runner.gate.companions import Companions
from tests.aws_table import RETENTION_DAYS, TABLE, emulated_aws
from tests.runner.gates import an_attempt
from tests.runner.harness import EMBEDDER, GROUP, Harness
from tests.vectors import vector_bucket

ROOT = "/crews/shop"
EAST, NORTH, NORTHEAST = [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]


def storage(harness: Harness, companions: Companions, *most_days: int) -> GroupStorage:
    return GroupStorage(ROOT, EMBEDDER, companions, harness.memory, *most_days)


def fact(content: str, vector: list[float] = EAST, **more: Any) -> CrewRecord:
    return CrewRecord.model_validate({"content": content, "embedding": vector, "scope": ROOT, **more})


def kept(harness: Harness) -> list[MemoryRecord]:
    return sorted(harness.memory.records(GROUP, ROOT), key=lambda record: record.content)


def test_it_is_what_crewai_asks_for(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        assert isinstance(storage(harness, companions), StorageBackend)


def test_the_nearest_comes_first_within_scope_categories_and_metadata(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        store = storage(harness, companions)
        store.save(
            [
                fact("east", categories=["a"], metadata={"n": 1}),
                fact("north", NORTH, scope=f"{ROOT}/x", categories=["b"]),
                fact("northeast", NORTHEAST, scope="elsewhere", categories=["a", "b"]),
            ]
        )

        def found(**more: Any) -> list[str]:
            return [record.content for record, _ in store.search(EAST, **more)]

        assert found() == ["east", "northeast", "north"]
        assert found(limit=1) == ["east"]
        assert found(min_score=0.5) == ["east", "northeast"]
        assert found(scope_prefix=f"{ROOT}/x") == ["north"]
        assert found(scope_prefix="/crews/another") == []
        assert found(categories=["b"]) == ["northeast", "north"]
        assert found(metadata_filter={"n": 1}) == ["east"]
        (_, best), *_ = store.search(EAST)
        assert best == pytest.approx(1)
        assert store.list_scopes("/") == [f"{ROOT}/elsewhere", f"{ROOT}/x"]
        assert store.list_categories() == {"a": 2, "b": 2}
        assert (store.count(), store.count(f"{ROOT}/x")) == (3, 1)
        assert store.get_scope_info(ROOT).record_count == 3
        assert {record.content for record in store.list_records(limit=2)} < {"east", "north", "northeast"}


def test_likeness_is_the_cosine_and_never_below_zero() -> None:
    vectors = [pack(one) for one in ([2, 0], [-1, 0], [1, 1], [0, 3])]
    assert similarities(vectors, pack([1, 0])) == pytest.approx([1, 0, 2**-0.5, 0])
    assert similarities([], pack([1])) == []


def changed(record: CrewRecord, content: str) -> CrewRecord:
    return record.model_copy(update={"content": content, "embedding": NORTH})


def test_a_change_is_written_over_what_the_crew_saw(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        store = storage(harness, companions)
        store.save([fact("old")])
        harness.memory.keep_vectors(GROUP, EMBEDDER, {content_hash("old"): pack(EAST)}, now=harness.clock.now())
        ((seen, _),) = store.search(EAST)
        store.update(changed(seen, "new"))
        store.update(changed(seen, "newer"))
    (record,) = kept(harness)
    assert (record.content, record.revision) == ("newer", 3)
    assert record.execution_id == companions.execution.execution_id
    assert harness.memory.vectors(GROUP, EMBEDDER, [content_hash("old")]) == {}


def test_a_change_of_what_another_execution_changed_is_remembered_beside_it(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        store, other = storage(harness, companions), storage(harness, companions)
        store.save([fact("old")])
        ((mine, _),) = store.search(EAST)
        ((theirs, _),) = other.search(EAST, limit=9)
        other.update(changed(theirs, "theirs"))
        store.update(changed(mine, "mine"))
    assert [record.content for record in kept(harness)] == ["mine", "theirs"]


def test_what_has_expired_is_not_recalled_and_a_change_begins_its_time_anew(harness: Harness) -> None:
    days = timedelta(days=3)
    with an_attempt(harness) as companions:
        store = storage(harness, companions, 3, 0)
        store.save([fact("kept"), fact("forgotten", NORTH)])
        seen = {record.content: record for record, _ in store.search(EAST)}
        root, gone = harness.memory.root(GROUP, ROOT), kept(harness)[0]
        assert root
        assert gone.expires_at == gone.created_at + days
        expired = gone.model_copy(update={"expires_at": harness.clock.now(), "revision": 2})
        harness.memory.replace(GROUP, root, Remembered(expired, pack(NORTH)), seen=1)
        harness.clock.advance(600)
        store.update(changed(seen["kept"], "kept and changed"))
        assert [record.content for record, _ in store.search(NORTH)] == ["kept and changed"]
        assert store.get_record(gone.record_id) is None
        store.update(seen["forgotten"].model_copy(update={"content": "again", "embedding": NORTH}))
        assert store.count() == 2
    again, _, changed_now = kept(harness)
    assert again.expires_at == again.created_at + days
    assert changed_now.expires_at == changed_now.updated_at + days > changed_now.created_at + days


def test_what_another_execution_changed_is_not_deleted(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        store, other = storage(harness, companions), storage(harness, companions)
        store.save([fact("old"), fact("gone")])
        seen = {record.content: record for record, _ in store.search(EAST)}
        theirs = {record.content: record for record, _ in other.search(EAST, limit=9)}
        other.update(changed(theirs["old"], "theirs"))
        store.delete(record_ids=[record.id for record in seen.values()])
    assert [record.content for record in kept(harness)] == ["theirs"]


def test_the_next_attempt_is_told_the_same_and_writes_nothing_again(harness: Harness) -> None:
    told: list[Any] = []
    execution_id = ""
    for _ in range(2):
        with an_attempt(harness) as companions:
            execution_id = companions.execution.execution_id
            store = storage(harness, companions)
            before = store.search(EAST)
            saved = fact("one")
            store.save([saved])
            after = [(record.id, record.created_at, score) for record, score in store.search(EAST)]
            told.append((before, saved.id, after, store.count()))
        for record in kept(harness):  # whatever becomes of it meanwhile
            harness.memory.forget(GROUP, ROOT, record.record_id)
    assert told[0] == told[1]
    assert kept(harness) == []
    entries = harness.journal.entries(GROUP, execution_id)
    assert {entry.kind for entry in entries} == {EntryKind.STORE}


def test_a_root_scope_that_is_deleted_meanwhile_is_begun_again(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        store = storage(harness, companions)
        store.save([fact("one")])
        harness.memory.close_root(GROUP, ROOT)
        store.save([fact("two")])
    assert [record.content for record in kept(harness)] == ["one", "two"]
    assert harness.memory.root(GROUP, ROOT) is not None


def test_a_change_that_was_made_but_not_written_down_is_not_made_twice(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        store = storage(harness, companions)
        store.save([fact("old")])
        ((seen, _),) = store.search(EAST)
        harness.journal.outages = 99
        with pytest.raises(BaseException, match="did not answer"):
            store.update(changed(seen, "new"))
    harness.journal.outages = 0
    with an_attempt(harness) as companions:
        store = storage(harness, companions)
        store.save([fact("old")])
        ((again, _),) = store.search(EAST)
        assert again.content == "old"
        store.update(changed(again, "new"))
        assert [record.content for record, _ in store.search(NORTH)] == ["new"]
    assert [record.revision for record in kept(harness)] == [2]


@pytest.fixture(params=Backend)
def either(harness: Harness, request: pytest.FixtureRequest) -> Generator[Harness]:
    """With vectors beside the records, or in an index of Amazon S3 Vectors."""
    if request.param is Backend.TABLE:
        yield harness
        return
    with emulated_aws() as aws:
        untyped: Any = harness
        _, bucket = vector_bucket(aws.clients)
        untyped.memory = IndexedMemory(aws.clients, TABLE, RETENTION_DAYS, bucket, request.param)
        yield harness


@pytest.mark.parametrize("dies", range(1, 7))
def test_killed_while_it_consolidates_it_neither_forgets_nor_remembers_twice(
    either: Harness, monkeypatch: pytest.MonkeyPatch, dies: int
) -> None:
    """CrewAI changes one record, removes one and saves one. The process dies before or after each of these writes."""
    with an_attempt(either) as companions:
        storage(either, companions).save([fact("old"), fact("outdated", NORTH)])

    def consolidate() -> None:
        with an_attempt(either) as companions:
            store = storage(either, companions)
            store.save([fact("old"), fact("outdated", NORTH)])
            seen = {record.content: record for record, _ in store.search(NORTHEAST)}
            store.update(changed(seen["old"], "old and new"))
            store.delete(record_ids=[seen["outdated"].id])
            store.save([fact("further", NORTHEAST)])

    with monkeypatch.context() as patched:
        calls: list[str] = []
        for name in ("replace", "forget", "add"):
            patched.setattr(either.memory, name, dying(getattr(either.memory, name), calls, dies))
        with pytest.raises(Killed):
            consolidate()
    for _ in range(2):
        consolidate()
    assert [(record.content, record.revision) for record in kept(either)] == [("further", 1), ("old and new", 2)]
    with an_attempt(either) as companions:
        found = [record.content for record, _ in storage(either, companions).search(NORTHEAST, limit=7)]
    assert sorted(found) == ["further", "old and new"]


class Killed(BaseException):
    """The process is gone."""


def dying(write: Callable[..., bool], calls: list[str], dies: int) -> Callable[..., bool]:
    """Odd numbers die before the write, even ones after it."""

    def called(*arguments: Any, **named: Any) -> bool:
        calls.append("before")
        if len(calls) == dies:
            raise Killed
        done = write(*arguments, **named)
        calls.append("after")
        if len(calls) == dies:
            raise Killed
        return done

    return called


def test_what_says_nothing_is_not_remembered_and_what_is_no_vector_is_an_error(harness: Harness) -> None:
    with an_attempt(harness) as companions:
        store = storage(harness, companions)
        store.save([fact("  ", [])])
        with pytest.raises(CrewFailed) as raised:
            store.search([0.0, 0.0])
    assert raised.value.error.type == "VectorUnusable"
    assert kept(harness) == []


def test_what_is_too_large_ends_the_attempt_with_a_reason(harness: Harness) -> None:
    with an_attempt(harness) as companions, pytest.raises(CrewFailed) as raised:
        storage(harness, companions).save([fact("x" * 400_000)])
    assert raised.value.error.type == "RecordTooLarge"
    assert kept(harness) == []
