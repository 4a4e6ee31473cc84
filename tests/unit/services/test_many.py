"""Many at once: a burst of uploads, a long queue, a large batch. Each counts once, and nothing is lost.

With `make test-many` there are 200 objects, 300 executions and 500 rows, which takes minutes: a request to the emulated
table takes milliseconds of computing. A fifth of them shows the same each time the tests run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Generator, Iterator
from contextlib import suppress

import pytest
from tests.aws_table import GROUP, emulated_aws
from tests.unit.services.batching import Harness
from tests.unit.services.test_fill_slots import MOST
from tests.unit.services.test_fill_slots import Harness as SlotHarness

from stepcrew.domain.batch import Batch
from stepcrew.domain.errors import BatchStopped
from stepcrew.domain.execution import Status
from stepcrew.domain.trigger import FiringStatus
from stepcrew.services.end_batch import RoundState
from stepcrew.services.ports import Orchestration
from stepcrew.services.reconcile_execution import Action

pytestmark = pytest.mark.slow

SHARE = 1 if os.environ.get("WHOLE_SIZE") else 5
BURST, ROOM = 200 // SHARE, 120 // SHARE
QUEUE = 300 // SHARE
ROWS, FAILING, AT_ONCE = 500 // SHARE, 33, 5
"""Every 33rd row fails: 3 %."""


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def test_each_object_of_a_burst_starts_one_execution_whatever_comes_twice_or_finds_no_room(harness: Harness) -> None:
    trigger = harness.trigger(object={"contents": "none"}, inputs={"topic": "${name}"})
    harness.room(ROOM)
    names = [f"{GROUP}/{number:03d}.txt" for number in range(BURST)]
    deliveries = names + names[::4]
    random.Random(1).shuffle(deliveries)
    for name in deliveries:
        harness.put(name, "x", version="v1")
    assert len(harness.orchestrator.started) <= ROOM
    harness.room(2 * BURST)
    for group_id, name, firing_id, turn, _ in harness.queue.waiting:  # one may be told twice
        harness.take_event.proceed(group_id, name, firing_id, turn)
    firings = harness.store.firings(GROUP, trigger.name, before=None, limit=2 * BURST)
    assert len(firings) == BURST
    assert {firing.status for firing in firings} == {FiringStatus.STARTED}
    started = [execution_id for firing in firings for execution_id in firing.execution_ids]
    assert len(set(started)) == len(started) == BURST


def batch_of_many(harness: Harness) -> Batch:
    harness.limits.everyone = harness.limits.everyone._replace(running_executions=2 * AT_ONCE)
    rows = [{"topic": f"topic {number}"} for number in range(1, ROWS + 1)]
    return harness.batch(inputs=[*rows], max_concurrency=AT_ONCE, tolerated_failures=ROWS)


def run(harness: Harness, batch: Batch, rows: Iterator[int], most: int) -> list[int]:
    """What the state machine does: a few rows at a time. Answers those that were begun and have not ended."""
    begun: list[int] = []
    for number in rows:
        with suppress(BatchStopped):
            harness.run(batch, number)
            begun.append(number)
        most -= 1
        if len(begun) == AT_ONCE or most == 0:
            if most == 0:
                return begun
            end(harness, batch, begun)
            begun = []
    end(harness, batch, begun)
    return []


def end(harness: Harness, batch: Batch, rows: list[int]) -> None:
    for number in rows:
        harness.end(batch, number, Status.COMPLETED if number % FAILING else Status.FAILED)


def close(harness: Harness, batch: Batch) -> Batch:
    harness.end_batch.wait(GROUP, batch.batch_id, 1, "the end")
    assert harness.end_batch.finish(GROUP, batch.batch_id, 1) is RoundState.ENDED
    return harness.adds_up(batch)


def test_a_large_batch_adds_up_though_its_machine_is_killed_rows_fail_and_it_is_cancelled_half_way(
    harness: Harness,
) -> None:
    batch = batch_of_many(harness)
    open_rows = run(harness, batch, iter(range(1, ROWS + 1)), ROWS // 4)
    # The state machine is killed with rows that run. They end; another machine begins at the first row again.
    end(harness, batch, open_rows)
    harness.machine.standing = Orchestration("ABORTED")
    harness.clock.advance(minutes=2)
    assert harness.reconcile_batch(GROUP, batch.batch_id) is Action.REPLACED
    again = iter([*range(1, 11), *range(ROWS // 4 + 1, ROWS + 1)])
    running = run(harness, batch, again, 10 + ROWS // 4)
    harness.adds_up(batch)
    harness.cancel_batch(GROUP, batch.batch_id)
    for number in running:
        harness.end_row.of_execution(harness.execution_of(batch, number))
    with pytest.raises(BatchStopped):
        harness.run(batch, next(again))
    done = close(harness, batch)
    assert (done.status, done.counts.running, done.not_begun) == (Status.CANCELLED, 0, ROWS // 2)
    assert (done.counts.failed, done.counts.cancelled) == ((ROWS // 2 - AT_ONCE) // FAILING, AT_ONCE)
    assert sum(done.counts.model_dump().values()) + done.not_begun == ROWS
    assert len(set(harness.orchestrator.started)) == len(harness.orchestrator.started) == ROWS // 2


def test_a_long_queue_runs_in_order_never_too_many_at_once_though_runners_are_killed() -> None:
    with emulated_aws() as aws:
        harness, chance = SlotHarness(aws), random.Random(3)
        ids = harness.submit(QUEUE)
        harness.fill(GROUP)
        ended: list[str] = []
        while len(ended) < QUEUE:
            running = [one for one in harness.machine.started if one not in ended]
            assert 1 <= len(running) <= MOST
            assert set(running) <= set(aws.slots.taken(GROUP).values())
            chosen = chance.choice(running)
            if chance.random() < 0.2:  # its runner was killed, and the platform has recorded that
                now = harness.clock.now()
                aws.executions.finish(harness.get(chosen), Status.FAILED, message="", now=now, fenced=False)
            else:
                harness.end(chosen)
            ended.append(chosen)
            harness.fill(GROUP)
        assert harness.machine.started == ids
        assert aws.slots.positions(GROUP) == {}
