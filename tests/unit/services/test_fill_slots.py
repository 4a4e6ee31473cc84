"""Never more of a group run than may, in the order in which they came, and nobody can keep a slot by dying."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests.aws_table import GROUP, NOW, RETENTION_DAYS, TABLE, Aws, emulated_aws, execution, submission
from tests.fakes.clock import FakeClock
from tests.fakes.limits import FakeLimits
from tests.fakes.orchestrator import FakeOrchestrator
from tests.waiting import question

from stepcrew.aws import keys
from stepcrew.aws.items import item
from stepcrew.domain.approval import Decision, DecisionKind
from stepcrew.domain.errors import StillWaiting
from stepcrew.domain.execution import Execution, Progress, Status, Usage
from stepcrew.domain.limits import LimitRules
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.wake_machine import WakeMachine

pytestmark = pytest.mark.slow

MOST = 3


class Harness:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.machine = FakeOrchestrator()
        self.clock = FakeClock(NOW)
        self.limits = FakeLimits()
        self.allow(MOST)
        wake = WakeMachine(aws.approvals, self.machine)
        self.fill = FillSlots(aws.slots, self.limits, self.machine, wake, self.clock)

    def allow(self, most: int) -> None:
        self.limits.everyone = LimitRules(running_executions=most)

    def submit(self, count: int, group_id: str = GROUP, first: int = 1) -> list[str]:
        ids = [f"01936a3c-0000-7000-8000-{number:012x}" for number in range(first, first + count)]
        for execution_id in ids:
            made = execution(execution_id, group_id=group_id)
            self.aws.executions.create(made.model_copy(update={"queued_at": NOW}), submission(), None)
        return ids

    def get(self, execution_id: str) -> Execution:
        return self.aws.executions.get(GROUP, execution_id)

    def running(self, ids: list[str]) -> list[str]:
        return [execution_id for execution_id in ids if self.get(execution_id).holds_slot]

    def end(self, execution_id: str) -> None:
        held = self.aws.executions.begin_attempt(GROUP, execution_id, self.clock.now())
        self.aws.executions.finish(held, Status.COMPLETED, message="", now=self.clock.now())

    def park(self, execution_id: str) -> Execution:
        held = self.aws.executions.begin_attempt(GROUP, execution_id, self.clock.now())
        asked = question(held.approvals + 1, execution_id=execution_id, attempt=held.attempt)
        return self.aws.approvals.park(
            held, asked, progress=Progress(), usage=Usage(), traces_emitted=1, now=self.clock.now()
        )

    def decide(self, waiting: Execution) -> Execution:
        now = self.clock.now()
        decision = Decision(kind=DecisionKind.APPROVE, decided_at=now)
        return self.aws.approvals.decide(waiting, decision, deadline=waiting.deadline, now=now)


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def test_as_many_start_as_may_and_the_others_wait_in_the_order_they_came(harness: Harness) -> None:
    ids = harness.submit(5)
    assert harness.fill(GROUP) == MOST
    assert harness.machine.started == ids[:MOST]
    assert harness.aws.slots.positions(GROUP) == {ids[3]: 1, ids[4]: 2}
    assert harness.fill(GROUP) == 0
    with pytest.raises(StillWaiting):
        harness.aws.executions.begin_attempt(GROUP, ids[3], NOW)


def test_each_end_lets_the_next_one_start_until_all_have_run(harness: Harness) -> None:
    ids = harness.submit(9)
    harness.fill(GROUP)
    for execution_id in ids:
        assert len(harness.running(ids)) <= MOST
        harness.end(execution_id)
        harness.fill(GROUP)
    assert harness.machine.started == ids
    assert harness.aws.slots.positions(GROUP) == {}


def test_groups_do_not_wait_for_each_other(harness: Harness) -> None:
    harness.submit(4)
    harness.fill(GROUP)
    [other] = harness.submit(1, "other", first=100)
    assert harness.fill("other") == 1
    assert harness.machine.started[-1] == other


def test_the_time_in_the_queue_moves_the_deadline(harness: Harness) -> None:
    ids = harness.submit(MOST + 1)
    harness.fill(GROUP)
    before = harness.get(ids[-1]).deadline
    harness.clock.advance(hours=5)
    harness.end(ids[0])
    harness.fill(GROUP)
    assert harness.get(ids[-1]).deadline == before + timedelta(hours=5)
    assert harness.get(ids[1]).deadline == before


def test_any_number_of_fillers_at_once_give_no_slot_twice(harness: Harness) -> None:
    ids = harness.submit(12)
    with ThreadPoolExecutor(6) as fillers:
        list(fillers.map(harness.fill, [GROUP] * 12))
    assert harness.running(ids) == ids[:MOST]
    assert sorted(harness.machine.started) == ids[:MOST]


def test_who_was_given_a_slot_by_one_that_died_keeps_it_and_is_not_counted_twice(harness: Harness) -> None:
    ids = harness.submit(MOST + 1)
    harness.machine.outages = 1
    harness.fill(GROUP)
    assert harness.machine.started == ids[1:MOST]
    assert harness.running(ids) == ids[:MOST]
    harness.fill.see_to(harness.get(ids[0]))
    assert harness.machine.started[-1] == ids[0]


def test_one_that_waits_for_a_person_gives_its_slot_back_and_queues_before_later_ones(
    harness: Harness,
) -> None:
    ids = harness.submit(MOST + 2)
    harness.fill(GROUP)
    waiting = harness.park(ids[0])
    harness.aws.approvals.keep_token(GROUP, ids[0], "token")
    assert harness.fill(GROUP) == 1
    assert harness.machine.started[-1] == ids[MOST]

    decided = harness.decide(waiting)
    assert harness.fill(GROUP) == 0
    assert (decided.status, harness.aws.slots.positions(GROUP)) == (Status.RUNNING, {ids[0]: 1, ids[-1]: 2})
    with pytest.raises(StillWaiting):
        harness.aws.executions.begin_attempt(GROUP, ids[0], NOW)

    harness.end(ids[1])
    harness.fill(GROUP)
    assert (harness.machine.resumed, harness.running(ids)) == (["token"], [ids[0], ids[2], ids[3]])


def test_one_decided_before_anybody_needed_its_slot_takes_that_very_slot_again(harness: Harness) -> None:
    ids = harness.submit(MOST)
    harness.fill(GROUP)
    taken = harness.aws.slots.taken(GROUP)
    harness.decide(harness.park(ids[1]))
    assert harness.fill(GROUP) == 1
    assert harness.aws.slots.taken(GROUP) == taken


def test_a_slot_seen_as_given_back_is_not_taken_over_after_its_owner_has_it_again(harness: Harness) -> None:
    ids = harness.submit(MOST + 1)
    harness.fill(GROUP)
    waiting = harness.park(ids[0])  # somebody sees this, and is slow
    harness.decide(waiting)
    first = harness.get(ids[0])
    assert harness.aws.slots.take(first, 0, instead_of=ids[0], deadline=first.deadline, now=NOW)
    late = harness.get(ids[-1])
    assert harness.aws.slots.take(late, 0, instead_of=ids[0], deadline=late.deadline, now=NOW) is None
    assert harness.running(ids) == ids[:MOST]


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_one_that_others_ended_cannot_keep_its_slot(harness: Harness, status: Status) -> None:
    ids = harness.submit(MOST + 1)
    harness.fill(GROUP)
    begun = harness.aws.executions.begin_attempt(GROUP, ids[0], NOW)  # and its runner is killed
    harness.aws.executions.finish(begun, status, message="gone", now=NOW, fenced=False)
    harness.fill(GROUP)
    assert harness.running(ids) == ids[1:]


def test_one_that_was_deleted_cannot_keep_its_slot(harness: Harness) -> None:
    ids = harness.submit(MOST + 1)
    harness.fill(GROUP)
    harness.end(ids[0])
    harness.aws.executions.delete(GROUP, ids[0])
    assert harness.fill(GROUP) == 1


def test_one_whose_record_has_expired_cannot_keep_its_slot(harness: Harness) -> None:
    ids = harness.submit(MOST)
    harness.fill(GROUP)
    expired = timedelta(days=RETENTION_DAYS)  # and the table does not remove them for days
    harness.aws.clock.at = NOW + expired
    harness.clock.advance(seconds=expired.total_seconds())
    later = "01936a3c-0000-7000-8000-0000000000ff"
    made = execution(later).model_copy(update={"created_at": NOW + timedelta(days=1), "queued_at": NOW})
    harness.aws.executions.create(made, submission(), None)
    assert harness.fill(GROUP) == 1
    assert harness.machine.started == [*ids, later]


def test_one_cancelled_in_the_queue_leaves_it_and_is_never_started(harness: Harness) -> None:
    ids = harness.submit(MOST + 2)
    harness.fill(GROUP)
    cancelled = request_cancel(harness.aws.executions, GROUP, ids[MOST], NOW)
    assert (cancelled.status, cancelled.queued_at) == (Status.CANCELLED, None)
    assert harness.aws.slots.positions(GROUP) == {ids[-1]: 1}
    harness.end(ids[0])
    harness.fill(GROUP)
    assert ids[MOST] not in harness.machine.started


def test_one_cancelled_after_its_decision_but_before_its_slot_ends_at_once(harness: Harness) -> None:
    ids = harness.submit(MOST + 1)
    harness.fill(GROUP)
    waiting = harness.park(ids[0])
    harness.fill(GROUP)
    harness.decide(waiting)
    cancelled = request_cancel(harness.aws.executions, GROUP, ids[0], NOW)
    assert cancelled.status is Status.CANCELLED
    assert cancelled.error is not None
    assert "before it went on" in cancelled.error.message
    assert harness.aws.slots.positions(GROUP) == {}


def test_what_is_in_the_queue_though_its_record_is_gone_holds_up_nobody(harness: Harness) -> None:
    ids = harness.submit(2)
    key = item({"PK": keys.execution(GROUP, ids[0]), "SK": keys.EXECUTION})
    harness.aws.clients.dynamodb.delete_item(TableName=TABLE, Key=key)  # as the table does with what has expired
    assert harness.fill(GROUP) == 1
    assert harness.machine.started == [ids[1]]
    assert harness.aws.slots.positions(GROUP) == {}


def test_what_waits_cannot_be_taken_out_of_the_queue(harness: Harness) -> None:
    harness.allow(1)
    ids = harness.submit(2)
    harness.fill(GROUP)
    harness.aws.slots.leave_queue(GROUP, ids[1])
    assert harness.aws.slots.positions(GROUP) == {ids[1]: 1}


def test_after_the_number_was_lowered_nobody_starts_until_so_few_run(harness: Harness) -> None:
    ids = harness.submit(MOST + 3)
    harness.fill(GROUP)
    harness.allow(1)
    for ended in ids[: MOST - 1]:
        harness.end(ended)
        assert harness.fill(GROUP) == 0
    harness.end(ids[MOST - 1])
    assert harness.fill(GROUP) == 1
    assert harness.running(ids) == [ids[MOST]]


def test_after_the_number_was_raised_more_start(harness: Harness) -> None:
    ids = harness.submit(MOST + 3)
    harness.fill(GROUP)
    harness.allow(MOST + 2)
    assert harness.fill(GROUP) == 2
    assert harness.running(ids) == ids[: MOST + 2]
