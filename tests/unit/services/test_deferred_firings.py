"""Firings that do not start everything at once: many rows, a group without room, and what is fired again."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from tests.aws_table import GROUP, emulated_aws
from tests.unit.services.triggering import Harness

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.trigger import REQUESTS, Cause, Firing, FiringStatus
from stepcrew.services import fire_trigger
from stepcrew.services.fire_trigger import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS

pytestmark = pytest.mark.slow

ROWS_AT_ONCE, MOST_FAILED_ROWS = 4, 6


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows show the same as many."""
    monkeypatch.setattr(fire_trigger, "ROWS_AT_ONCE", ROWS_AT_ONCE)
    monkeypatch.setattr(fire_trigger, "MOST_FAILED_ROWS", MOST_FAILED_ROWS)


@pytest.fixture
def triggers() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def rows(number: int) -> str:
    return "".join(f'{{"name": "row {one}"}}\n' for one in range(1, number + 1))


def test_a_group_without_room_gets_its_execution_later_and_exactly_once(triggers: Harness) -> None:
    triggers.trigger(object={})
    triggers.room(1)
    (first,) = triggers.put(f"{GROUP}/a", "x")
    (second,) = triggers.put(f"{GROUP}/b", "x")
    assert (first.status, second.status) == (FiringStatus.STARTED, FiringStatus.DEFERRED)
    assert "open executions" in second.reason
    (deferred,) = triggers.queue.waiting
    assert (deferred.firing_id, deferred.seconds) == (second.firing_id, FIRST_PAUSE_SECONDS)
    assert triggers.go_on().status is FiringStatus.DEFERRED
    triggers.room(2)
    ended = triggers.go_on()
    assert (ended.status, ended.reason, ended.started) == (FiringStatus.STARTED, "", 1)
    assert triggers.queue.waiting == []
    assert len(triggers.orchestrator.started) == 2


def test_requests_without_room_go_on_later_too(triggers: Harness) -> None:
    triggers.room(0)
    (firing,) = triggers.put(f"{GROUP}/a.json", '{"crew": "haiku", "inputs": {"topic": "rain"}}')
    assert (firing.trigger, firing.status) == (REQUESTS, FiringStatus.DEFERRED)
    triggers.room(1)
    assert triggers.go_on().status is FiringStatus.STARTED


def test_a_turn_that_comes_twice_or_late_is_ignored(triggers: Harness) -> None:
    triggers.trigger(object={})
    triggers.room(0)
    triggers.put(f"{GROUP}/a", "x")
    stale = triggers.queue.waiting[0]
    triggers.go_on()
    assert triggers.take_event.proceed(GROUP, "t", stale.firing_id, stale.turn) is None
    assert triggers.take_event.proceed(GROUP, "gone", stale.firing_id, stale.turn) is None
    assert triggers.take_event.proceed(GROUP, "t", "0" * 32, 1) is None
    assert len(triggers.queue.waiting) == 1


def test_a_delivery_that_died_before_it_told_the_queue_is_made_up_for_by_the_next(
    triggers: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggers.trigger(object={})
    triggers.room(0)

    def down(*_: object) -> None:
        raise PlatformUnavailable("The queue is away.")

    with monkeypatch.context() as patched:
        patched.setattr(triggers.queue, "proceed", down)
        with pytest.raises(PlatformUnavailable):
            triggers.put(f"{GROUP}/a", "x")
    triggers.put(f"{GROUP}/a", "x")
    triggers.room(1)
    assert triggers.go_on().status is FiringStatus.STARTED


def test_the_pauses_grow_and_after_a_day_the_firing_fails_and_can_be_fired_again(triggers: Harness) -> None:
    trigger = triggers.trigger(object={})
    triggers.room(0)
    (firing,) = triggers.put(f"{GROUP}/a", "x")
    pauses: list[int] = []
    while triggers.queue.waiting:
        pauses.append(triggers.queue.waiting[0].seconds)
        triggers.clock.advance(seconds=pauses[-1])
        firing = triggers.go_on()
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    assert len(pauses) < 200
    assert (firing.status, firing.failed) == (FiringStatus.FAILED, 1)
    triggers.room(1)
    assert triggers.again(trigger, firing).status is FiringStatus.STARTED


def test_many_rows_are_started_in_turns(triggers: Harness) -> None:
    number = 2 * ROWS_AT_ONCE + 1
    triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.name}"})
    triggers.room(10_000)
    (firing,) = triggers.put(f"{GROUP}/a.jsonl", rows(number))
    assert (firing.status, firing.started, firing.rows) == (FiringStatus.DEFERRED, ROWS_AT_ONCE, number)
    assert triggers.queue.waiting[0].seconds == 0
    assert triggers.go_on().started == 2 * ROWS_AT_ONCE
    ended = triggers.go_on()
    assert (ended.status, ended.started, ended.next_row) == (FiringStatus.STARTED, number, None)
    assert len(ended.execution_ids) == number
    assert len({*triggers.orchestrator.started}) == number


def test_rows_go_on_from_where_the_group_had_no_room(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.name}"})
    triggers.room(2)
    (firing,) = triggers.put(f"{GROUP}/a.jsonl", rows(5))
    assert (firing.status, firing.started, firing.next_row) == (FiringStatus.DEFERRED, 2, 3)
    triggers.room(5)
    ended = triggers.go_on()
    assert (ended.status, ended.started, ended.failed) == (FiringStatus.STARTED, 5, 0)
    assert sorted(triggers.inputs(ended, one)["topic"] for one in range(5)) == [f"row {one}" for one in range(1, 6)]


def test_only_the_rows_that_failed_are_fired_again(triggers: Harness) -> None:
    trigger = triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.name}"})
    (firing,) = triggers.put(f"{GROUP}/a.jsonl", '{"name": "Ada"}\n{"nick": "B"}\n{"name": "Cy"}\n')
    assert (firing.started, firing.failed, firing.failed_rows) == (2, 1, [2])
    corrected = triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.nick}"})
    assert triggers.again(trigger, firing).failed_rows == [2], "the fault is still there"
    ended = triggers.again(corrected, firing)
    assert (ended.status, ended.started, ended.failed, ended.failed_rows) == (FiringStatus.STARTED, 3, 0, [])
    assert triggers.inputs(ended, 2) == {"topic": "B"}
    assert triggers.again(corrected, firing) == ended
    assert len(triggers.orchestrator.started) == 3


def test_a_mapping_that_fits_no_row_ends_early_and_can_be_mended(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.title}"})
    triggers.room(10_000)
    number = MOST_FAILED_ROWS + 3
    (firing,) = triggers.put(f"{GROUP}/a.jsonl", rows(number))
    while firing.status is FiringStatus.DEFERRED:
        firing = triggers.go_on()
    assert (firing.status, firing.started, firing.failed) == (FiringStatus.FAILED, 0, MOST_FAILED_ROWS)
    assert "row.title" in firing.reason
    assert "the rest was not tried" in firing.reason
    corrected = triggers.trigger(object={"contents": "rows"}, inputs={"topic": "${row.name}"})
    firing = triggers.again(corrected, firing)
    while firing.status is FiringStatus.DEFERRED:
        firing = triggers.go_on()
    assert (firing.status, firing.started, firing.failed) == (FiringStatus.STARTED, number, 0)


def test_no_rows_and_too_many_are_told(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "rows"}, inputs={"topic": "x"})
    (empty,) = triggers.put(f"{GROUP}/a.csv", "name\n")
    assert (empty.status, empty.reason) == (FiringStatus.SKIPPED, "The object has no rows.")
    (many,) = triggers.put(f"{GROUP}/b.jsonl", "1\n" * 10_001)
    assert (many.status, many.reason) == (FiringStatus.FAILED, "The object has 10001 rows; 10000 are allowed.")


def test_two_deliveries_at_the_same_moment_make_one_firing(triggers: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger = triggers.trigger(object={})
    cause = Cause(key="one", document={"name": "a"})
    looked: list[str] = []
    look = triggers.store.firing

    def other_first(group_id: str, name: str, firing_id: str) -> Firing | None:
        """Between this delivery's look and its write, the other one does all of its work."""
        seen = look(group_id, name, firing_id)
        if not looked:
            looked.append(firing_id)
            triggers.fire(group_id, trigger, cause)
        return seen

    monkeypatch.setattr(triggers.store, "firing", other_first)
    fired = triggers.fire(GROUP, trigger, cause)
    assert fired.repeated
    assert fired.firing.started == 1
    assert len({*triggers.orchestrator.started}) == 1


def test_an_object_that_could_not_be_read_says_so_again_when_it_is_fired_again(triggers: Harness) -> None:
    trigger = triggers.trigger(object={"contents": "json"}, inputs={"topic": "${json.a}"})
    (firing,) = triggers.put(f"{GROUP}/a.json", "{")
    assert "no JSON" in firing.reason
    assert triggers.again(trigger, firing).reason == firing.reason


def test_a_paused_trigger_keeps_what_it_skipped_to_be_fired_once_it_is_resumed(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "text"}, inputs={"topic": "${text}"}, enabled=False)
    (firing,) = triggers.put(f"{GROUP}/a.txt", "rain")
    assert (firing.status, firing.reason) == (FiringStatus.SKIPPED, "The trigger is paused.")
    resumed = triggers.keep.pause(GROUP, "t", "ada", enabled=True)
    assert resumed
    assert triggers.inputs(triggers.again(resumed, firing)) == {"topic": "rain"}


def test_a_failed_request_is_fired_again_once_its_crew_is_there(triggers: Harness) -> None:
    triggers.delete_crew()
    (firing,) = triggers.put(f"{GROUP}/a.yaml", "crew: haiku\ninputs: {topic: rain}\n")
    assert (firing.trigger, firing.status) == (REQUESTS, FiringStatus.FAILED)
    triggers.store_crew()
    assert triggers.inputs(triggers.again(None, firing)) == {"topic": "rain"}


def test_an_object_that_was_replaced_meanwhile_is_not_taken_for_the_old_one(triggers: Harness) -> None:
    triggers.trigger(object={"contents": "text"}, inputs={"topic": "${text}"})
    (firing,) = triggers.put(f"{GROUP}/a.txt", "new", etag="00000000000000000000000000000000")
    assert firing.status is FiringStatus.FAILED
    assert "replaced" in firing.reason
