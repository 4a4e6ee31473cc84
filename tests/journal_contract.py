"""What every `JournalStore` does. The table's adapter and the runner's fake in memory play the same tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from stepcrew.domain.execution import Execution
from stepcrew.domain.journal import EntryState, JournalEntry, TokenUsage
from stepcrew.services.ports import JournalStore

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class Stored(NamedTuple):
    """A store, and two executions of one group that may write to it."""

    store: JournalStore
    one: Execution
    other: Execution


def entry(**more: Any) -> JournalEntry:
    fields: dict[str, Any] = {"kind": "model", "state": "answered", "scope": "écrire#1", "digest": "d" * 64, "nth": 1}
    fields |= {"attempt": 1, "written_at": NOW, "body": "answer", "usage": TokenUsage(prompt=1, completion=2)}
    return JournalEntry.model_validate(fields | more)


class JournalContract:
    """A subclass gives `stored`, a fixture."""

    def test_an_entry_comes_back_as_it_was_written(self, stored: Stored) -> None:
        written = entry(cost_usd="0.000000001", is_binary=True, reserved_tokens=5)
        assert stored.store.write(stored.one, written) == written
        assert self.entries(stored) == [written]

    def test_the_first_answer_stands(self, stored: Stored) -> None:
        first, second = entry(), entry(attempt=2, body="another")
        stored.store.write(stored.one, first)
        assert stored.store.write(stored.one, second) == first
        assert stored.store.write(stored.one, second, again=True) == first
        assert stored.store.write(stored.one, entry(nth=2)).nth == 2
        assert len(self.entries(stored)) == 2

    def test_writing_the_same_again_changes_nothing(self, stored: Stored) -> None:
        for _ in range(2):
            assert stored.store.write(stored.one, entry()) == entry()
        assert self.entries(stored) == [entry()]

    def test_a_beginning_gives_way_to_its_result_and_to_a_beginning_that_was_decided(self, stored: Stored) -> None:
        beginning = entry(kind="tool", state="begun", body="")
        stored.store.write(stored.one, beginning)
        another = beginning.model_copy(update={"attempt": 2})
        assert stored.store.write(stored.one, another) == beginning, "Nobody begins the same call a second time."
        assert stored.store.write(stored.one, another, again=True) == another
        assert stored.store.write(stored.one, entry(kind="tool", attempt=2)).state is EntryState.ANSWERED
        assert stored.store.write(stored.one, beginning, again=True).state is EntryState.ANSWERED

    def test_requests_without_an_answer_take_no_answers_place(self, stored: Stored) -> None:
        for number in (1, 2):
            stored.store.write(stored.one, entry(state="lost", nth=number, body=""))
        stored.store.write(stored.one, entry())
        assert len(self.entries(stored)) == 3

    def test_each_place_in_the_crew_has_its_own_answers(self, stored: Stored) -> None:
        places = [entry(), entry(scope="crew"), entry(digest="e" * 64), entry(nth=2)]
        for one in places:
            assert stored.store.write(stored.one, one) == one
        assert len(self.entries(stored)) == len(places)

    def test_an_execution_has_a_journal_of_its_own(self, stored: Stored) -> None:
        stored.store.write(stored.one, entry())
        assert stored.store.entries(stored.other.group_id, stored.other.execution_id) == []
        assert stored.store.entries("another-group", stored.one.execution_id) == []
        assert stored.store.write(stored.other, entry(body="of the other")).body == "of the other"

    def test_a_body_is_whole_however_large_it_is(self, stored: Stored) -> None:
        for number, body in enumerate(["", "x" * 500_000, "é" * 200_000, "\x00"], start=1):
            large = entry(nth=number, body=body)
            assert stored.store.write(stored.one, large).body == body
            (found,) = [one for one in self.entries(stored) if one.nth == number]
            assert stored.store.body(stored.one.group_id, stored.one.execution_id, found) == body

    def test_nobody_is_fenced_out(self, stored: Stored) -> None:
        late = stored.one.model_copy(update={"attempt": 0})
        assert stored.store.write(late, entry(attempt=0)).attempt == 0

    def entries(self, stored: Stored) -> list[JournalEntry]:
        return stored.store.entries(stored.one.group_id, stored.one.execution_id)
