"""The vectors of a root scope are made anew: whatever dies or is written meanwhile, nothing is lost or compared with
vectors of another model."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.knowledge_requests import EmbeddingRefused, ReembedMemory
from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope, ScopeNotFound, content_hash
from stepcrew.domain.vectors import pack
from stepcrew_runner.crew.embedding_models import Ask, Embedded, EmbeddingKeys
from stepcrew_runner.isolation.addresses import trusted
from stepcrew_runner.knowledge.reembedding import ReembedScope
from stepcrew_runner.knowledge.vectors import GroupVectors
from tests.fakes.memory import FakeMemory
from tests.runner import test_reading_files
from tests.runner.harness import EMBEDDER, GROUP

SHOP = "/crews/shop"
OLD, NEW = "openai/old", EMBEDDER
THIRD = "openai/third"


@dataclass
class Harness:
    """A root scope with vectors of the model `OLD`, on its way to `NEW`."""

    memory: FakeMemory
    vectors: GroupVectors
    clock: Any
    numbers: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        root = RootScope(path=SHOP, embedder=OLD, dimension=2, created_at=self.clock.now())
        self.memory.open_root(GROUP, root)

    def root(self) -> RootScope:
        found = self.memory.root(GROUP, SHOP)
        assert found
        return found

    def remember(self, content: str, root: RootScope | None = None, vector: bytes = pack([1, 2])) -> None:
        now = self.clock.now()
        record = MemoryRecord(record_id=content, scope=SHOP, content=content, created_at=now, updated_at=now)
        assert self.memory.add(GROUP, root or self.root(), Remembered(record, vector))

    def change(self, record_id: str, content: str) -> None:
        root = self.root()
        found = self.memory.record(GROUP, SHOP, record_id)
        assert found
        record = found.record.model_copy(update={"content": content, "revision": found.record.revision + 1})
        assert self.memory.replace(GROUP, root, Remembered(record, pack([2, 1])), seen=found.record.revision)

    def aim(self, embedder: str) -> None:
        assert self.memory.change_root(GROUP, self.root(), self.root().moving_to(embedder))

    def go(self, embedder: str = NEW) -> None:
        ReembedScope(self.memory, self.vectors)(ReembedMemory(group_id=GROUP, path=SHOP, embedder=embedder))

    def is_whole(self, embedder: str, contents: set[str]) -> None:
        """Everything is there, with vectors of this model and of no other."""
        root = self.root()
        assert (root.embedder, root.move) == (embedder, None)
        found = {one.record.content: one.vector for one in self.memory.remembered(GROUP, SHOP, root.generation)}
        assert found == dict(zip(sorted(contents), self.vectors.kept(embedder, sorted(contents)), strict=True))
        others = [
            one.vector
            for generation in range(root.newest + 1)
            if generation != root.generation
            for one in self.memory.remembered(GROUP, SHOP, generation)
        ]
        assert not any(others)


@pytest.fixture
def harness(model: ScriptedModel) -> Generator[Harness]:
    parts = test_reading_files.Harness()
    with trusted():
        yield Harness(parts.memory, parts.vectors, parts.clock)


def at_call(harness: Harness, monkeypatch: pytest.MonkeyPatch, number: int, then: Callable[[], object]) -> None:
    """Does something just before the n-th time that vectors are asked for."""
    kept, calls = harness.vectors.kept, harness.numbers

    def asked(embedder: str, texts: Any) -> list[bytes]:
        calls.append(len(texts))
        if len(calls) == number:
            then()
        return kept(embedder, texts)

    monkeypatch.setattr(harness.vectors, "kept", asked)


def test_every_record_has_a_vector_of_the_new_model_and_of_no_other(harness: Harness) -> None:
    texts = {f"fact {number}" for number in range(250)}
    for text in texts:
        harness.remember(text)
    harness.memory.keep_vectors(GROUP, OLD, {content_hash("fact 1"): pack([1, 2])}, now=harness.clock.now())
    harness.aim(NEW)
    harness.go()
    harness.is_whole(NEW, texts)
    assert harness.memory.vectors(GROUP, OLD, [content_hash("fact 1")]) == {}
    before = harness.memory.kept()
    harness.go()
    assert harness.memory.kept() == before, "Asked again, it does nothing."


def test_an_empty_scope_moves_too(harness: Harness) -> None:
    harness.aim(NEW)
    harness.go()
    harness.is_whole(NEW, set())


def test_what_is_written_and_changed_meanwhile_is_kept_with_a_new_vector(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(150):
        harness.remember(f"fact {number:03}")
    harness.aim(NEW)

    def meanwhile() -> None:
        harness.remember("added")
        harness.change("fact 000", "changed")
        harness.memory.forget(GROUP, SHOP, "fact 149")

    at_call(harness, monkeypatch, 2, meanwhile)
    harness.go()
    harness.is_whole(NEW, {"added", "changed", *(f"fact {number:03}" for number in range(1, 149))})


def test_what_comes_between_the_last_look_and_the_turn_is_given_its_vector_afterwards(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.remember("one")
    old = harness.root()
    harness.aim(NEW)
    change_root = harness.memory.change_root

    def turning(group_id: str, was: RootScope, now: RootScope) -> bool:
        if now.generation != was.generation:
            harness.remember("late")
        return change_root(group_id, was, now)

    monkeypatch.setattr(harness.memory, "change_root", turning)
    harness.go()
    harness.is_whole(NEW, {"one", "late"})
    with pytest.raises(ScopeNotFound):
        harness.remember("with a vector of the old model", old)


@pytest.mark.parametrize("dies", range(1, 4))
def test_whoever_is_called_again_goes_on_where_it_stopped(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, dies: int
) -> None:
    texts = {f"fact {number:03}" for number in range(250)}
    for text in texts:
        harness.remember(text)
    harness.aim(NEW)

    def die() -> None:
        raise PlatformUnavailable("The function was stopped.")

    at_call(harness, monkeypatch, dies, die)
    with pytest.raises(PlatformUnavailable):
        harness.go()
    assert harness.root().embedder == OLD
    asked = sum(harness.numbers[: dies - 1])
    harness.numbers[:] = [0] * 9
    harness.go()
    assert sum(harness.numbers) == 250 - asked, "No vector is asked for twice."
    monkeypatch.undo()
    harness.is_whole(NEW, texts)


def test_it_goes_on_where_it_died_while_old_vectors_were_removed(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two", "three"):
        harness.remember(text)
    harness.aim(NEW)
    replace, calls = harness.memory.replace, list[str]()

    def dying(group_id: str, root: RootScope, changed: Remembered, *, seen: int) -> bool:
        calls.append(changed.record.record_id)
        if len(calls) == 2:
            raise PlatformUnavailable("The function was stopped.")
        return replace(group_id, root, changed, seen=seen)

    monkeypatch.setattr(harness.memory, "replace", dying)
    with pytest.raises(PlatformUnavailable):
        harness.go()
    assert harness.root().embedder == NEW
    harness.go()
    harness.is_whole(NEW, {"one", "two", "three"})


def test_a_scope_that_turns_to_a_third_model_takes_no_vector_of_the_second(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {f"fact {number:03}" for number in range(150)}
    for text in texts:
        harness.remember(text)
    harness.aim(NEW)
    at_call(harness, monkeypatch, 2, lambda: harness.aim(THIRD))
    harness.go(NEW)
    assert harness.root().embedder == OLD, "It was somebody else's by then."
    harness.go(THIRD)
    harness.is_whole(THIRD, texts)


def test_a_move_is_taken_back(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(150):
        harness.remember(f"fact {number:03}")
    before = harness.memory.remembered(GROUP, SHOP)
    harness.aim(NEW)
    at_call(harness, monkeypatch, 2, lambda: harness.aim(OLD))
    harness.go(NEW)
    harness.go(OLD)
    root = harness.root()
    assert (root.embedder, root.move, root.generation) == (OLD, None, 0)
    assert harness.memory.remembered(GROUP, SHOP) == before
    assert not any(one.vector for one in harness.memory.remembered(GROUP, SHOP, 1))


def test_a_scope_that_is_removed_meanwhile_stays_so(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(150):
        harness.remember(f"fact {number:03}")
    harness.aim(NEW)
    at_call(harness, monkeypatch, 2, lambda: harness.memory.close_root(GROUP, SHOP))
    harness.go()
    assert harness.memory.root(GROUP, SHOP) is None


def test_why_it_stopped_is_told_until_it_goes_on(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(_texts: list[str]) -> Embedded:
        raise RuntimeError("Error code: 503 - overloaded")

    def asks(_name: str, _default: str, _keys: EmbeddingKeys) -> tuple[str, Ask]:
        return NEW, busy

    harness.remember("one")
    harness.aim(NEW)
    with monkeypatch.context() as patched:
        patched.setattr("stepcrew_runner.knowledge.vectors.asks", asks)
        with pytest.raises(EmbeddingRefused):
            harness.go()
    stopped = harness.root()
    assert stopped.move
    assert "503" in stopped.move.reason
    assert stopped.embedder == OLD
    harness.go()
    harness.is_whole(NEW, {"one"})
