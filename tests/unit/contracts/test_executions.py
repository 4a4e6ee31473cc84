from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stepcrew.domain.approval import Decision, DecisionKind
from stepcrew.domain.cancelling import cancelled_event, receipt_at_rest
from stepcrew.domain.errors import Category, ExecutionError, ExecutionNotFound, StillWaiting, Superseded
from stepcrew.domain.execution import Execution, Progress, Status, Usage
from stepcrew.domain.metering import Metered
from stepcrew.domain.trace import SYSTEM_ATTEMPT
from stepcrew.services.cancel_execution import request_cancel
from tests.aws_table import GROUP, ID, NOW
from tests.unit.contracts.conftest import Stores
from tests.waiting import question

LATER = NOW + timedelta(minutes=1)
TOLD = str(SYSTEM_ATTEMPT)
USAGE = Usage(model_calls=3)
PROGRESS = Progress(tasks_done=1, tasks_total=2)


def save(stores: Stores, held: Execution) -> Execution:
    return stores.executions.save_progress(held, progress=PROGRESS, usage=USAGE, message="Half.", now=LATER)


def finish(stores: Stores, held: Execution, status: Status = Status.COMPLETED, *, fenced: bool = True) -> Execution:
    return stores.executions.finish(held, status, message="Over.", now=LATER, traces_emitted=7, fenced=fenced)


def park(stores: Stores, held: Execution) -> Execution:
    return stores.approvals.park(held, question(), progress=PROGRESS, usage=USAGE, traces_emitted=4, now=NOW)


def decide(stores: Stores, waiting: Execution) -> Execution:
    decision = Decision(kind=DecisionKind.APPROVE, decided_at=LATER)
    return stores.approvals.decide(waiting, decision, deadline=waiting.deadline, now=LATER)


@pytest.mark.parametrize(("group_id", "execution_id"), [("other", ID), (GROUP, "unknown")])
def test_an_execution_of_another_group_is_like_one_that_never_was(
    stores: Stores, group_id: str, execution_id: str
) -> None:
    stores.running()
    with pytest.raises(ExecutionNotFound):
        stores.executions.get(group_id, execution_id)
    with pytest.raises(ExecutionNotFound):
        stores.executions.submission(group_id, execution_id)
    with pytest.raises(ExecutionNotFound):
        stores.executions.begin_attempt(group_id, execution_id, NOW)


def test_attempts_are_numbered_from_one_and_the_first_start_stays(stores: Stores) -> None:
    first = stores.running()
    second = stores.executions.begin_attempt(GROUP, ID, LATER)
    assert (first.attempt, first.status, second.attempt) == (1, Status.RUNNING, 2)
    assert (first.started_at, second.started_at) == (NOW, NOW)


def test_every_write_of_an_attempt_is_a_revision_that_the_next_read_has(stores: Stores) -> None:
    held = stores.running()
    saved = save(stores, held)
    assert (saved.progress, saved.usage, saved.message, saved.updated_at) == (PROGRESS, USAGE, "Half.", LATER)
    assert saved.revision > held.revision
    assert stores.executions.get(GROUP, ID) == saved


def test_a_late_attempt_writes_nothing(stores: Stores) -> None:
    late = stores.running()
    current = stores.executions.begin_attempt(GROUP, ID, NOW)
    with pytest.raises(Superseded):
        save(stores, late)
    with pytest.raises(Superseded):
        finish(stores, late)
    assert stores.executions.get(GROUP, ID) == current


def test_an_end_keeps_what_was_saved_before(stores: Stores) -> None:
    held = stores.running()
    save(stores, held)
    ended = finish(stores, held)
    assert (ended.status, ended.ended_at, ended.message) == (Status.COMPLETED, LATER, "Over.")
    assert (ended.usage, ended.progress, ended.traces_emitted) == (USAGE, PROGRESS, {"1": 7})


def test_an_end_is_never_left_and_its_own_repetition_finds_it(stores: Stores) -> None:
    held = stores.running()
    ended = finish(stores, held)
    assert finish(stores, held) == ended, "As when the answer to the first write was lost."
    for write in (
        lambda: finish(stores, held, Status.FAILED),
        lambda: finish(stores, held, Status.FAILED, fenced=False),
        lambda: save(stores, held),
        lambda: stores.executions.begin_attempt(GROUP, ID, LATER),
    ):
        with pytest.raises(Superseded):
            write()
    assert stores.executions.get(GROUP, ID) == ended


@pytest.mark.parametrize("waits", [True, False])
def test_the_platform_ends_what_is_open_whoever_holds_it(stores: Stores, waits: bool) -> None:
    held = stores.running()
    if waits:
        park(stores, held)
    error = ExecutionError(category=Category.CRASH, type="RunnerCrashed", message="It died.")
    ended = stores.executions.finish(held, Status.FAILED, message="", now=LATER, error=error, fenced=False)
    assert (ended.status, ended.error, ended.waiting) == (Status.FAILED, error, None)
    assert [approval.is_open for approval in stores.approvals.approvals(GROUP, ID)] == [False] * waits


def test_no_attempt_begins_while_a_person_is_waited_for(stores: Stores) -> None:
    park(stores, stores.running())
    with pytest.raises(StillWaiting):
        stores.executions.begin_attempt(GROUP, ID, LATER)


def test_a_running_execution_is_only_asked_to_stop_and_the_first_request_counts(stores: Stores) -> None:
    held = stores.running()
    asked = request_cancel(stores.executions, GROUP, ID, NOW)
    assert (asked.status, asked.cancel_requested_at, asked.attempt) == (Status.RUNNING, NOW, 1)
    assert request_cancel(stores.executions, GROUP, ID, LATER) == asked
    again = stores.executions.request_cancel(held, message="", now=LATER)
    assert again is not None
    assert again.cancel_requested_at == NOW


def test_no_attempt_begins_after_a_decision_until_there_is_a_slot(stores: Stores) -> None:
    decided = decide(stores, park(stores, stores.running()))
    assert (decided.status, decided.queued_at) == (Status.RUNNING, LATER)
    with pytest.raises(StillWaiting):
        stores.executions.begin_attempt(GROUP, ID, LATER)


def test_one_that_was_decided_and_waits_for_a_slot_is_cancelled_at_once(stores: Stores) -> None:
    decide(stores, park(stores, stores.running()))
    ended = request_cancel(stores.executions, GROUP, ID, LATER)
    assert (ended.status, ended.queued_at) == (Status.CANCELLED, None)


@pytest.mark.parametrize("waits", [True, False])
def test_an_execution_at_rest_is_cancelled_at_once(stores: Stores, waits: bool) -> None:
    seen = park(stores, stores.running()) if waits else stores.pending()
    ended = request_cancel(stores.executions, GROUP, ID, LATER)
    assert (ended.status, ended.ended_at, ended.waiting) == (Status.CANCELLED, LATER, None)
    assert ended.cancel_receipt is not None
    assert ended.cancel_receipt.model_calls == 0
    assert (ended.traces_emitted[TOLD], ended.traces_recorded[TOLD]) == (1, 1)
    assert [approval.is_open for approval in stores.approvals.approvals(GROUP, ID)] == [False] * waits
    assert stores.executions.request_cancel(seen, message="", now=LATER) is None


def test_a_cancel_that_saw_an_earlier_status_writes_nothing(stores: Stores) -> None:
    seen = stores.pending()
    held = stores.executions.begin_attempt(GROUP, ID, NOW)
    error = ExecutionError(category=Category.CANCELLED, type="Cancelled", message="Cancelled.")
    ended = request_cancel(stores.executions, GROUP, ID, NOW)
    assert ended.status is Status.RUNNING
    event = cancelled_event(seen, error, NOW)
    assert stores.executions.cancel_at_rest(seen, error, receipt_at_rest(seen, NOW), event, now=NOW) is None
    assert stores.executions.get(GROUP, ID).status is held.status


def test_what_attempts_used_is_told_with_their_last_writes_and_by_them_alone(stores: Stores) -> None:
    stores.pending()
    late = stores.executions.begin_attempt(GROUP, ID, NOW, 1024)
    assert (late.unmetered_since, late.memory_mb, late.metered) == (NOW, 1024, None)
    held = stores.executions.begin_attempt(GROUP, ID, LATER, 2048)
    assert (held.unmetered_since, held.memory_mb) == (NOW, 2048)
    told: dict[str, Any] = {"progress": PROGRESS, "usage": USAGE, "message": "", "now": LATER, "traces_emitted": 1}
    with pytest.raises(Superseded):
        stores.executions.save_progress(late, metered=Metered(attempts=1, write_units=7.5), **told)
    for _ in range(2):
        saved = stores.executions.save_progress(held, metered=Metered(attempts=1, write_units=2.5), **told)
        assert (saved.metered, saved.unmetered_since) == (Metered(attempts=1, write_units=2.5), None)
    third = stores.executions.begin_attempt(GROUP, ID, LATER, 2048)
    parked = stores.approvals.park(
        third, question(), progress=PROGRESS, usage=USAGE, traces_emitted=4, now=LATER, metered=Metered(attempts=2)
    )
    assert (parked.metered, parked.unmetered_since) == (Metered(attempts=2), None)


def test_the_last_write_of_all_tells_what_was_used_once(stores: Stores) -> None:
    held = stores.running()
    for units in (3, 4):
        ended = stores.executions.finish(
            held, Status.COMPLETED, message="", now=LATER, metered=Metered(attempts=1, write_units=units)
        )
        assert (ended.metered, ended.unmetered_since) == (Metered(attempts=1, write_units=3), None)


def test_where_the_platform_ends_it_what_an_attempt_did_not_say_stays_open(stores: Stores) -> None:
    ended = finish(stores, stores.running(), Status.FAILED, fenced=False)
    assert (ended.metered, ended.unmetered_since) == (None, NOW)
