"""What an attempt stores beside the record: task outputs, approvals, journal entries and bodies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from stepcrew.domain.approval import Approval, Decision, DecisionKind
from stepcrew.domain.errors import Superseded
from stepcrew.domain.execution import Execution, Limits, Progress, Status, TaskOutput, Usage
from stepcrew.domain.journal import EntryState, JournalEntry
from stepcrew.services.cancel_execution import request_cancel
from tests.aws_table import GROUP, ID, NOW
from tests.unit.contracts.conftest import Stores
from tests.waiting import question

LATER = NOW + timedelta(minutes=1)
DEADLINE = NOW + timedelta(hours=2)
DECISION = Decision(kind=DecisionKind.APPROVE, decided_by="ada@example.com", decided_at=LATER)


def output(index: int, raw: str = "Rain.") -> TaskOutput:
    return TaskOutput(index=index, name=f"task-{index}", raw=raw, ended_at=NOW)


def park(stores: Stores, held: Execution, approval: Approval | None = None) -> Execution:
    approval = approval or question()
    return stores.approvals.park(
        held, approval, progress=Progress(tasks_total=2), usage=Usage(model_calls=3), traces_emitted=4, now=NOW
    )


def entry(**more: Any) -> JournalEntry:
    fields: dict[str, Any] = {"kind": "model", "state": "answered", "scope": "écrire#1", "digest": "d" * 64, "nth": 1}
    return JournalEntry.model_validate({**fields, "attempt": 1, "written_at": NOW, "body": "answer", **more})


def test_outputs_come_back_by_index_with_the_usage_that_paid_for_them(stores: Stores) -> None:
    held = stores.running()
    for index in (1, 0):
        stores.tasks.save_task_output(held, output(index), usage=Usage(model_calls=index + 1))
    assert stores.tasks.task_outputs(GROUP, ID) == [output(0), output(1)]
    assert stores.tasks.task_output(GROUP, ID, 1) == output(1)
    assert stores.tasks.task_output(GROUP, ID, 2) is None
    assert stores.executions.get(GROUP, ID).usage.model_calls == 1


@pytest.mark.parametrize(("group_id", "execution_id"), [("other", ID), (GROUP, "unknown")])
def test_what_an_attempt_stored_is_its_executions_alone(stores: Stores, group_id: str, execution_id: str) -> None:
    held = stores.running()
    stores.tasks.save_task_output(held, output(0), usage=Usage())
    stores.journal.write(held, entry())
    park(stores, held)
    assert stores.tasks.task_outputs(group_id, execution_id) == []
    assert stores.tasks.task_output(group_id, execution_id, 0) is None
    assert stores.journal.entries(group_id, execution_id) == []
    assert stores.approvals.approvals(group_id, execution_id) == []


def test_a_late_attempt_stores_no_output(stores: Stores) -> None:
    late = stores.running()
    stores.executions.begin_attempt(GROUP, ID, NOW)
    with pytest.raises(Superseded):
        stores.tasks.save_task_output(late, output(0), usage=Usage(model_calls=1))
    assert stores.tasks.task_outputs(GROUP, ID) == []
    assert stores.executions.get(GROUP, ID).usage.model_calls == 0


def test_a_question_and_its_wait_begin_together(stores: Stores) -> None:
    waiting = park(stores, stores.running())
    assert (waiting.status, waiting.approvals, waiting.usage.model_calls) == (Status.WAITING, 1, 3)
    assert waiting.waiting is not None
    assert (waiting.waiting.number, waiting.waiting.task_name) == (1, "haiku")
    assert waiting.traces_emitted == {"1": 4}
    assert stores.approvals.approvals(GROUP, ID) == [question()]


def test_a_question_sent_twice_is_asked_once(stores: Stores) -> None:
    held = stores.running()
    assert park(stores, held) == park(stores, held)
    assert len(stores.approvals.approvals(GROUP, ID)) == 1


@pytest.mark.parametrize("before", ["a later attempt", "a cancel request", "an end"])
def test_what_came_before_lets_nothing_wait(stores: Stores, before: str) -> None:
    held = stores.running()
    match before:
        case "a later attempt":
            stores.executions.begin_attempt(GROUP, ID, NOW)
        case "a cancel request":
            request_cancel(stores.executions, GROUP, ID, NOW)
        case _:
            stores.executions.finish(held, Status.COMPLETED, message="", now=NOW)
    with pytest.raises(Superseded):
        park(stores, held)
    assert stores.approvals.approvals(GROUP, ID) == []


def test_a_decision_lets_the_execution_go_on_and_counts_once(stores: Stores) -> None:
    waiting = park(stores, stores.running())
    limits = Limits(max_model_calls=9)
    decision = DECISION.model_copy(update={"limits": limits})
    decided = stores.approvals.decide(waiting, decision, deadline=DEADLINE, now=LATER)
    assert (decided.status, decided.waiting, decided.deadline) == (Status.RUNNING, None, DEADLINE)
    assert (decided.limits, decided.first_limits) == (limits, waiting.limits)
    assert [approval.decision for approval in stores.approvals.approvals(GROUP, ID)] == [decision]
    for late in (waiting, decided):
        with pytest.raises(Superseded):
            stores.approvals.decide(late, DECISION, deadline=DEADLINE, now=LATER)


def test_the_first_answer_of_a_journal_stands(stores: Stores) -> None:
    held = stores.running()
    assert stores.journal.write(held, entry()) == entry()
    assert stores.journal.write(held, entry(attempt=2, body="another")) == entry()
    assert stores.journal.write(held, entry(attempt=2, body="another"), again=True) == entry()
    assert stores.journal.write(held, entry(nth=2)).nth == 2
    assert len(stores.journal.entries(GROUP, ID)) == 2


def test_a_beginning_gives_way_to_its_result_and_to_a_beginning_that_was_decided(stores: Stores) -> None:
    held = stores.running()
    beginning = entry(kind="tool", state="begun", body="")
    another = beginning.model_copy(update={"attempt": 2})
    stores.journal.write(held, beginning)
    assert stores.journal.write(held, another) == beginning
    assert stores.journal.write(held, another, again=True) == another
    assert stores.journal.write(held, entry(kind="tool", attempt=2)).state is EntryState.ANSWERED


def test_a_body_belongs_to_its_group_and_execution(stores: Stores) -> None:
    for group_id, execution_id in ((GROUP, ID), ("other", ID), (GROUP, "another")):
        stores.payloads.put(group_id, execution_id, "body", f"{group_id}/{execution_id}".encode(), "text/plain")
    stores.payloads.delete_all(GROUP, ID)
    assert stores.payloads.get(GROUP, ID, "body") is None
    assert stores.payloads.get("other", ID, "body") == f"other/{ID}".encode()
    assert stores.payloads.get(GROUP, "another", "body") == f"{GROUP}/another".encode()


def test_a_reference_tells_size_type_and_beginning(stores: Stores) -> None:
    reference = stores.payloads.put(GROUP, ID, "body", "ü".encode() * 500, "text/plain")
    assert (reference.payload_id, reference.bytes, reference.content_type) == ("body", 1000, "text/plain")
    assert reference.preview.startswith("üüü")
