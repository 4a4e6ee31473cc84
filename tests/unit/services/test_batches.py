"""Batches: each row is run once, whoever asks however often, and the counts always add up."""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from tests.aws_table import GROUP, TABLE, TRACEPARENT, emulated_aws
from tests.unit.services.batching import Harness

from stepcrew.aws.listing import TableListing
from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.batch import MOST_OPEN_BATCHES, Batch, RowReference
from stepcrew.domain.errors import BatchStopped, Conflict, CrewNotFound, InvalidRequest, TooManyOpen
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.listing import ListFilter
from stepcrew.services.end_batch import RoundState
from stepcrew.services.ports import Orchestration
from stepcrew.services.reconcile_execution import Action

pytestmark = pytest.mark.slow


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def always() -> bool:
    return True


def close(harness: Harness, batch: Batch) -> Batch:
    """What the state machine does once the map is over, where nothing runs any more."""
    number = harness.now(batch).round
    harness.end_batch.wait(GROUP, batch.batch_id, number, "the end")
    assert "the end" in harness.machine.resumed
    assert harness.end_batch.finish(GROUP, batch.batch_id, number) is RoundState.ENDED
    return harness.adds_up(batch)


def test_a_batch_runs_the_version_that_is_the_newest_now_with_half_of_the_slots(harness: Harness) -> None:
    batch = harness.batch(3, name="june", webhooks=[])
    assert (batch.crew, batch.total, batch.not_begun, batch.name) == ("haiku@1", 3, 3, "june")
    assert (batch.max_concurrency, batch.tolerated_failures) == (10, 100)
    assert harness.machine.started == [(batch.batch_id, 1)]
    harness.run(batch, 2)
    made = harness.execution_of(batch, 2)
    assert (made.source, made.name, made.submitted_by) == ("batch", "june", "ada")
    assert made.batch
    assert (made.batch.batch_id, made.batch.row, made.batch.round) == (batch.batch_id, 2, 1)
    assert harness.aws.executions.submission(GROUP, made.execution_id).inputs == {"topic": "topic 2"}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"inputs": []}, "/inputs"),
        ({"inputs": [{"topic": "a"}] * 10_001}, "/inputs"),
        ({"inputs": [{"topic": "a"}, 7]}, "/inputs/1"),
        ({"inputs": [{"other": "a"}], "crew": "bare"}, "/inputs"),
        ({"max_concurrency": 21}, "/max_concurrency"),
        ({"webhooks": ["nobody"]}, "/webhooks/0"),
        ({"inputs": [{"topic": "x" * 700_000}] * 30}, "/inputs"),
    ],
    ids=["no rows", "too many", "no object", "a wrong name", "too many at a time", "no webhook", "too large"],
)
def test_what_is_wrong_is_told_at_once_and_nothing_is_stored(
    harness: Harness, changes: dict[str, Any], pointer: str
) -> None:
    harness.store_bare_crew()
    with pytest.raises(InvalidRequest) as refused:
        harness.batch(**changes)
    assert refused.value.faults[0].pointer == pointer
    assert harness.batches.newest(GROUP, before=None, limit=10) == []
    with pytest.raises(CrewNotFound):
        harness.batch(crew="nobody")


def test_a_row_is_run_once_however_often_it_is_asked_for(harness: Harness) -> None:
    batch = harness.batch(2)
    harness.run(batch, 1, "first")
    made = harness.execution_of(batch, 1)
    harness.run(batch, 1, "second")  # another state machine, or a lost answer
    assert harness.execution_of(batch, 1).execution_id == made.execution_id
    assert harness.adds_up(batch).counts.running == 1
    ended = harness.end(batch, 1)
    for _ in range(2):
        harness.end_row.of_execution(ended)
    current = harness.adds_up(batch)
    assert (current.counts.running, current.counts.completed) == (0, 1)
    assert (current.usage.executions, current.usage.total_tokens, current.usage.cost_usd) == (1, 10, Decimal("0.01"))
    assert set(harness.machine.resumed) == {"first", "second"}  # whoever waits goes on
    harness.run(batch, 1, "third")
    assert harness.machine.resumed[-1] == "third"
    assert harness.adds_up(batch).counts.completed == 1


def test_each_execution_is_a_part_of_the_trace_of_the_batchs_caller(harness: Harness) -> None:
    batch = harness.batch(2, traceparent=TRACEPARENT)
    for row in (1, 2):
        harness.run(batch, row)
    assert [harness.execution_of(batch, row).traceparent for row in (1, 2)] == [TRACEPARENT, TRACEPARENT]
    assert announcement_of(harness.now(batch)).traceparent == TRACEPARENT


def test_an_execution_that_ended_before_its_token_was_kept_ends_its_row(harness: Harness) -> None:
    batch = harness.batch(1)
    harness.run(batch, 1, "first")
    harness.finish(harness.execution_of(batch, 1))  # and nobody heard of it
    harness.run(batch, 1, "second")
    assert harness.machine.resumed == ["first", "second"]
    assert harness.adds_up(batch).counts.completed == 1


def test_an_execution_that_was_deleted_before_its_end_was_told_fails_its_row(harness: Harness) -> None:
    batch = harness.batch(2)
    for row in (1, 2):
        harness.run(batch, row)
        harness.aws.executions.delete(GROUP, harness.finish(harness.execution_of(batch, row)).execution_id)
    harness.run(batch, 1, "again")
    assert harness.machine.resumed == ["token-1-1", "again"]
    harness.end_batch.wait(GROUP, batch.batch_id, 1, "the end")
    assert harness.adds_up(batch).counts.failed == 2


def test_usage_is_summed_and_an_unknown_cost_is_counted(harness: Harness) -> None:
    batch = harness.batch(3)
    for row, cost in enumerate([Decimal("0.1"), None, Decimal("0.2")], start=1):
        harness.run(batch, row)
        harness.end(batch, row, usage=Usage(model_calls=2, total_tokens=7, cost_usd=cost))
    usage = harness.adds_up(batch).usage
    assert (usage.executions, usage.model_calls, usage.total_tokens) == (3, 6, 21)
    assert (usage.cost_usd, usage.unpriced) == (Decimal("0.3"), 1)


def test_a_row_that_is_refused_fails_alone_and_says_why(harness: Harness) -> None:
    batch = harness.batch(inputs=[{"topic": "a"}, {"other": "b"}, {"topic": "c"}], crew=harness.store_bare_crew())
    for row in (1, 2, 3):
        harness.run(batch, row)
    failed = harness.batches.row(GROUP, batch.batch_id, 2)
    assert failed
    assert (failed.status, failed.error_type, failed.execution_id) == (Status.FAILED, "InvalidRequest", None)
    assert "topic" in failed.reason
    assert harness.machine.resumed == ["token-2-1"]
    assert harness.adds_up(batch).counts.running == 2


def test_a_row_waits_while_the_group_has_no_room(harness: Harness) -> None:
    harness.room(0)
    batch = harness.batch(1)
    with pytest.raises(TooManyOpen):
        harness.run(batch, 1)
    assert harness.adds_up(batch).counts.running == 1
    harness.room(1)
    harness.run(batch, 1)
    harness.end(batch, 1)
    assert close(harness, batch).status is Status.COMPLETED


def test_cancelling_starts_no_further_row_and_cancels_those_that_run(harness: Harness) -> None:
    batch = harness.batch(4)
    for row in (1, 2, 3):
        harness.run(batch, row)
    harness.end(batch, 1)
    for _ in range(2):
        assert harness.cancel_batch(GROUP, batch.batch_id).cancel_requested_at
    with pytest.raises(BatchStopped):
        harness.run(batch, 4)
    for row in (2, 3):
        harness.end(batch, row, Status.CANCELLED)
    ended = close(harness, batch)
    assert (ended.status, ended.not_begun, ended.counts.cancelled) == (Status.CANCELLED, 1, 2)
    assert harness.cancel_batch(GROUP, batch.batch_id).status is Status.CANCELLED


def test_a_row_that_was_being_started_while_the_batch_was_cancelled_is_cancelled(harness: Harness) -> None:
    batch = harness.batch(2)
    harness.run(batch, 1)
    first = harness.execution_of(batch, 1)
    harness.batches.request_cancel(GROUP, batch.batch_id, harness.clock.now())
    harness.run(batch, 1)  # as it goes on behind the submission
    assert harness.aws.executions.get(GROUP, first.execution_id).cancel_requested_at


def test_too_many_failures_stop_the_batch(harness: Harness) -> None:
    batch = harness.batch(5, tolerated_failures=1)
    for row in (1, 2):
        harness.run(batch, row)
        harness.end(batch, row, Status.FAILED)
    with pytest.raises(BatchStopped):
        harness.run(batch, 3)
    ended = close(harness, batch)
    assert (ended.status, ended.not_begun) == (Status.FAILED, 3)
    assert ended.reason == "2 rows failed; 1 were tolerated. 3 were not started."
    with pytest.raises(Conflict):
        harness.cancel_batch(GROUP, batch.batch_id)


def test_a_retry_takes_what_did_not_complete_and_counts_move_with_each_row(harness: Harness) -> None:
    batch = harness.batch(4, tolerated_failures=0)
    harness.run(batch, 1)
    harness.run(batch, 2)
    harness.end(batch, 1)
    first = harness.end(batch, 2, Status.FAILED)
    with pytest.raises(Conflict):
        harness.retry_batch(GROUP, batch.batch_id)  # it has not ended
    close(harness, batch)
    again = harness.retry_batch(GROUP, batch.batch_id)
    assert (again.status, again.round, again.rows_in_round, again.reason) == (Status.RUNNING, 2, 3, "")
    assert harness.machine.started == [(batch.batch_id, 1), (batch.batch_id, 2)]
    assert [row for row in (1, 2, 3, 4) if row != 1] == [place.row for place in rounds(harness, batch, 2)]
    harness.end_row.of_execution(first)  # told late: it belongs to an earlier round
    assert harness.adds_up(batch).counts.failed == 1
    for row in (2, 3, 4):
        harness.run(batch, row)
        harness.end(batch, row)
    ended = close(harness, batch)
    assert (ended.status, ended.counts.completed, ended.usage.executions) == (Status.COMPLETED, 4, 5)
    assert harness.execution_of(batch, 2).execution_id != first.execution_id
    with pytest.raises(Conflict):
        harness.retry_batch(GROUP, batch.batch_id)  # all have completed


def test_more_failures_than_tolerated_may_be_retried(harness: Harness) -> None:
    """The failed rows of the last round still count until their turn comes; they must not stop the new one."""
    batch = harness.batch(3, tolerated_failures=0)
    for row in (1, 2):
        harness.run(batch, row)
    for row in (1, 2):
        harness.end(batch, row, Status.FAILED)
    close(harness, batch)
    harness.retry_batch(GROUP, batch.batch_id)
    for row in (1, 2, 3):
        harness.run(batch, row)
        harness.end(batch, row)
    assert close(harness, batch).status is Status.COMPLETED


def rounds(harness: Harness, batch: Batch, number: int) -> list[RowReference]:
    return harness.inputs_of_batches.rows(GROUP, batch.batch_id, number)


def test_a_group_may_have_so_many_open_batches_and_no_more(harness: Harness) -> None:
    first, *_ = [harness.batch(1) for _ in range(MOST_OPEN_BATCHES)]
    with pytest.raises(TooManyOpen):
        harness.batch(1)
    harness.cancel_batch(GROUP, first.batch_id)
    close(harness, first)
    harness.batch(1)
    with pytest.raises(TooManyOpen):
        harness.retry_batch(GROUP, first.batch_id)


def test_the_end_waits_for_rows_that_run(harness: Harness) -> None:
    batch = harness.batch(2)
    for row in (1, 2):
        harness.run(batch, row)
    harness.end_batch.wait(GROUP, batch.batch_id, 1, "the end")
    assert harness.end_batch.finish(GROUP, batch.batch_id, 1) is RoundState.OPEN
    harness.end(batch, 1)
    assert "the end" not in harness.machine.resumed
    harness.end(batch, 2)
    assert "the end" in harness.machine.resumed
    assert harness.end_batch.finish(GROUP, batch.batch_id, 1) is RoundState.ENDED
    assert harness.end_batch.finish(GROUP, batch.batch_id, 1) is RoundState.ENDED


def test_rows_whose_start_was_cut_off_are_seen_to_at_the_end(harness: Harness) -> None:
    batch = harness.batch(3)
    harness.run(batch, 1)
    made = harness.execution_of(batch, 1)
    harness.batches.begin_row(batch, 2, harness.clock.now())  # it died before it submitted
    # It died behind the submission of the first, before the row named its execution.
    key = {"PK": {"S": f"GROUP#{GROUP}#BATCH#{batch.batch_id}"}, "SK": {"S": "ROW#000001"}}
    harness.aws.clients.dynamodb.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="REMOVE execution_id, #t",
        ExpressionAttributeNames={"#t": "token"},
    )
    harness.end_batch.wait(GROUP, batch.batch_id, 1, "the end")
    assert harness.execution_of(batch, 1).execution_id == made.execution_id
    current = harness.adds_up(batch)
    assert (current.counts.running, current.counts.cancelled) == (1, 1)
    harness.end(batch, 1)
    ended = close(harness, batch)
    assert (ended.status, ended.not_begun) == (Status.FAILED, 1)


def test_a_start_that_was_lost_or_a_machine_that_was_killed_is_made_up_for(harness: Harness) -> None:
    harness.machine.outages = 1
    batch = harness.batch(2)
    assert harness.machine.started == []
    assert harness.reconcile_batch.sweep(always).failures == 0
    assert harness.machine.started == [], "it may have been started a moment ago"
    harness.clock.advance(minutes=2)
    assert harness.reconcile_batch.sweep(always).failures == 0
    assert harness.machine.started == [(batch.batch_id, 1)]
    harness.run(batch, 1)
    harness.machine.standing = Orchestration("ABORTED")
    assert harness.reconcile_batch(GROUP, batch.batch_id) is Action.REPLACED
    harness.run(batch, 1)
    harness.run(batch, 2)
    assert harness.adds_up(batch).counts.running == 2
    harness.machine.replacements_left = 0
    assert harness.reconcile_batch(GROUP, batch.batch_id) is Action.NOTHING
    for row in (1, 2):
        harness.end(batch, row)
    assert harness.reconcile_batch(GROUP, batch.batch_id) is Action.ENDED
    assert harness.adds_up(batch).status is Status.COMPLETED
    assert harness.reconcile_batch(GROUP, batch.batch_id) is Action.NOTHING
    assert list(harness.batches.open_batches()) == []


def test_the_end_of_a_row_that_was_never_told_is_found(harness: Harness) -> None:
    batch = harness.batch(1)
    harness.run(batch, 1)
    harness.finish(harness.execution_of(batch, 1))
    harness.machine.standing = Orchestration("RUNNING")
    harness.clock.advance(minutes=5)
    harness.reconcile_batch.sweep(always)
    assert harness.machine.resumed == ["token-1-1"]
    assert harness.adds_up(batch).counts.completed == 1


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_in_whatever_order_the_counts_add_up_and_each_row_runs_once_a_round(
    harness: Harness, seed: int
) -> None:
    chance = random.Random(seed)
    harness.limits.everyone = harness.limits.everyone._replace(running_executions=6)
    batch = harness.batch(8, tolerated_failures=3)
    told: list[Execution] = []

    def some_row() -> int:
        return chance.randint(1, 8)

    def run() -> None:
        harness.run(batch, some_row())

    def end() -> None:
        row = harness.batches.row(GROUP, batch.batch_id, some_row())
        if row and row.execution_id:
            execution = harness.execution_of(batch, row.row)
            if not execution.status.is_terminal:
                execution = harness.finish(execution, chance.choice([Status.COMPLETED, Status.FAILED]))
            told.append(execution)

    def tell() -> None:
        if told:
            harness.end_row.of_execution(chance.choice(told))

    def finish() -> None:
        number = harness.now(batch).round
        harness.end_batch.wait(GROUP, batch.batch_id, number, "end")
        harness.end_batch.finish(GROUP, batch.batch_id, number)

    def cancel() -> None:
        harness.cancel_batch(GROUP, batch.batch_id)

    def retry() -> None:
        harness.retry_batch(GROUP, batch.batch_id)

    for _ in range(70):
        harness.clock.advance(seconds=1)
        seldom = cancel if chance.random() < 0.2 else tell
        with suppress(BatchStopped, Conflict):
            chance.choice([run, run, run, end, end, tell, tell, finish, seldom, retry])()
        current = harness.adds_up(batch)
        rows = harness.batches.rows(GROUP, batch.batch_id)
        assert current.usage.executions >= sum(row.status.is_terminal and bool(row.execution_id) for row in rows)
    made = {f"{one.batch.row}/{one.batch.round}" for one in executions(harness) if one.batch}
    assert len(made) == len(executions(harness))


def executions(harness: Harness) -> list[Execution]:
    listing = TableListing(harness.aws.clients, TABLE)
    return list(listing.newest(GROUP, ListFilter(), before=None, limit=500).executions)
