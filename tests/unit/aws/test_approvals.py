"""Parking, deciding, withdrawing: whatever comes second, late or twice changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.aws_table import BUCKET, GROUP, ID, NOW, TABLE, Aws, execution, submission
from tests.waiting import park, parked, question, running, with_slot

from stepcrew.aws import keys
from stepcrew.aws.listing import TableListing
from stepcrew.domain.approval import Decision, DecisionKind, ToolCall
from stepcrew.domain.errors import StillWaiting, Superseded
from stepcrew.domain.execution import CancelReceipt, Execution, Limits, Progress, Status, Usage
from stepcrew.domain.listing import ListFilter
from stepcrew.domain.trace import SYSTEM_ATTEMPT
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.read_trace import ReadTrace

LATER = NOW + timedelta(minutes=5)
OTHER = "01936a3c-0000-7000-8000-00000000000b"


def approve(aws: Aws, waiting: Execution, **changes: object) -> Execution:
    decision = Decision(kind=DecisionKind.APPROVE, decided_by="ada@example.com", decided_at=LATER)
    return aws.approvals.decide(
        waiting, decision.model_copy(update=changes), deadline=waiting.deadline + timedelta(minutes=5), now=LATER
    )


def listed(aws: Aws, after: str | None = None, limit: int = 10) -> list[str]:
    return [approval.approval_id for approval in aws.approvals.waiting(GROUP, after=after, limit=limit)]


def test_parking_stores_the_question_and_where_to_go_on_at_once(aws: Aws) -> None:
    waiting = parked(aws)
    assert waiting == aws.executions.get(GROUP, ID)
    assert (waiting.status, waiting.approvals, waiting.traces_emitted) == (Status.WAITING, 1, {"1": 12})
    assert waiting.waiting is not None
    assert (waiting.waiting.number, waiting.waiting.kind, waiting.waiting.since) == (1, "answer", NOW)
    assert waiting.message == "Waiting for a person to judge the answer of haiku…"
    assert aws.approvals.approvals(GROUP, ID) == [question()]
    assert aws.approvals.waiting(GROUP, after=None, limit=10) == [question()]


def test_parking_again_after_a_lost_answer_asks_once(aws: Aws) -> None:
    held = running(aws)
    assert park(aws, held, question()) == park(aws, held, question())
    assert len(aws.approvals.approvals(GROUP, ID)) == 1


def test_parking_again_after_the_decision_does_not_wait_again(aws: Aws) -> None:
    held = running(aws)
    decided = approve(aws, park(aws, held, question()))
    assert park(aws, held, question()) == decided
    assert aws.executions.get(GROUP, ID).status is Status.RUNNING


def test_a_late_attempt_cannot_park(aws: Aws) -> None:
    old = running(aws)
    aws.executions.begin_attempt(GROUP, ID, NOW)
    with pytest.raises(Superseded):
        park(aws, old, question())
    assert aws.approvals.approvals(GROUP, ID) == []


def test_a_cancel_request_comes_before_any_question(aws: Aws) -> None:
    held = running(aws)
    request_cancel(aws.executions, GROUP, ID, NOW)
    with pytest.raises(Superseded):
        park(aws, held, question())
    assert aws.executions.get(GROUP, ID).status is Status.RUNNING


def test_nothing_runs_while_it_waits(aws: Aws) -> None:
    held = parked(aws)
    with pytest.raises(StillWaiting):
        aws.executions.begin_attempt(GROUP, ID, LATER)
    with pytest.raises(Superseded):
        aws.executions.save_progress(held, progress=Progress(), usage=Usage(), message="late", now=LATER)
    with pytest.raises(Superseded):
        aws.executions.finish(held, Status.COMPLETED, message="late", now=LATER)
    assert aws.executions.get(GROUP, ID) == held


def test_waiting_ends_so_early_that_the_crew_can_end_before_its_data_does(aws: Aws) -> None:
    waiting = park(aws, running(aws), question(expires_at=NOW + timedelta(days=364)))
    assert waiting.waiting is not None
    assert waiting.waiting.expires_at == NOW + timedelta(days=30) - timedelta(hours=2)
    assert aws.approvals.approvals(GROUP, ID)[0].expires_at == waiting.waiting.expires_at


def test_even_at_the_end_of_its_data_there_is_a_minute_to_decide(aws: Aws) -> None:
    late = NOW + timedelta(days=30) - timedelta(minutes=5)
    waiting = park(aws, running(aws), question(expires_at=late + timedelta(days=7)), late)
    assert waiting.waiting is not None
    assert waiting.waiting.expires_at == late + timedelta(minutes=1)


def test_a_decision_lets_it_go_on_with_the_time_it_waited(aws: Aws) -> None:
    waiting = parked(aws)
    limits = Limits(max_tokens=500)
    decided = approve(aws, waiting, comment="Nice.", limits=limits)
    assert (decided.status, decided.waiting, decided.limits) == (Status.RUNNING, None, limits)
    assert decided.deadline == waiting.deadline + timedelta(minutes=5)
    [approval] = aws.approvals.approvals(GROUP, ID)
    assert approval.decision is not None
    assert (approval.decision.comment, approval.decision.decided_by) == ("Nice.", "ada@example.com")
    assert listed(aws) == []
    with pytest.raises(StillWaiting):
        aws.executions.begin_attempt(GROUP, ID, LATER)
    with_slot(aws, decided)
    assert aws.executions.begin_attempt(GROUP, ID, LATER).attempt == 2


def test_only_the_first_decision_counts(aws: Aws) -> None:
    waiting = parked(aws)
    approve(aws, waiting)
    with pytest.raises(Superseded):
        approve(aws, waiting, kind=DecisionKind.REJECT)
    [approval] = aws.approvals.approvals(GROUP, ID)
    assert approval.decision is not None
    assert approval.decision.kind is DecisionKind.APPROVE


def test_a_decision_of_the_first_question_does_not_answer_the_second(aws: Aws) -> None:
    first = parked(aws)
    with_slot(aws, approve(aws, first))
    held = aws.executions.begin_attempt(GROUP, ID, LATER)
    park(aws, held, question(2, attempt=2), LATER)
    with pytest.raises(Superseded):
        approve(aws, first)
    assert listed(aws) == [f"{ID}.2"]


def test_cancelling_while_it_waits_ends_it_with_a_receipt_and_withdraws_the_question(aws: Aws) -> None:
    parked(aws)
    cancelled = request_cancel(aws.executions, GROUP, ID, LATER)
    assert (cancelled.status, cancelled.waiting, cancelled.ended_at) == (Status.CANCELLED, None, LATER)
    spent = {"model_calls": 0, "abandoned_calls": 0, "total_tokens": 0, "cost_usd": 0}
    receipt = {"requested_at": LATER, "observed_at": LATER, **spent}
    assert cancelled.cancel_receipt == CancelReceipt.model_validate(receipt)
    assert aws.approvals.approvals(GROUP, ID)[0].withdrawn_at == LATER
    assert listed(aws) == []
    page = ReadTrace(aws.executions, aws.traces)(GROUP, ID, after=(1, 12), limit=10)
    assert [(event.attempt, event.event_type, event.task_name) for event in page.events] == [
        (SYSTEM_ATTEMPT, "cancelled", "haiku")
    ]
    assert aws.clients.dynamodb.scan(TableName=TABLE, IndexName=keys.OPEN_INDEX)["Count"] == 0


def test_a_decision_after_a_cancel_changes_nothing_and_a_cancel_after_a_decision_is_the_runners(aws: Aws) -> None:
    waiting = parked(aws)
    request_cancel(aws.executions, GROUP, ID, LATER)
    with pytest.raises(Superseded):
        approve(aws, waiting)
    other = parked(aws, OTHER)
    with_slot(aws, approve(aws, other))
    asked = request_cancel(aws.executions, GROUP, OTHER, LATER)
    assert (asked.status, asked.cancel_requested_at) == (Status.RUNNING, LATER)


def test_an_unknown_price_leaves_the_receipts_cost_unknown(aws: Aws) -> None:
    held = running(aws)
    park(aws, held, question(), usage=Usage(model_calls=1, cost_note="No price is known."))
    receipt = request_cancel(aws.executions, GROUP, ID, LATER).cancel_receipt
    assert receipt is not None
    assert receipt.cost_usd is None


def test_the_platform_may_end_what_waits_and_then_nobody_is_asked_any_more(aws: Aws) -> None:
    waiting = parked(aws)
    ended = aws.executions.finish(waiting, Status.FAILED, message="gone", now=LATER, fenced=False)
    assert (ended.status, ended.waiting) == (Status.FAILED, None)
    assert aws.approvals.approvals(GROUP, ID)[0].withdrawn_at == LATER
    assert listed(aws) == []


def test_the_token_is_kept_only_while_it_waits_and_changes_no_revision(aws: Aws) -> None:
    waiting = parked(aws)
    assert aws.approvals.keep_token(GROUP, ID, "t1") == waiting
    assert aws.approvals.token(GROUP, ID) == "t1"
    decided = approve(aws, waiting)
    assert aws.approvals.keep_token(GROUP, ID, "t1") == decided, "it waits for a slot now"
    with_slot(aws, decided)
    assert aws.approvals.keep_token(GROUP, ID, "t2") is None
    aws.approvals.forget_token(GROUP, ID, "t2")
    assert aws.approvals.token(GROUP, ID) == "t1"
    aws.approvals.forget_token(GROUP, ID, "t1")
    assert aws.approvals.token(GROUP, ID) is None
    assert aws.approvals.keep_token(GROUP, OTHER, "t3") is None
    assert aws.approvals.token(GROUP, OTHER) is None


def test_a_new_wait_knows_no_old_token(aws: Aws) -> None:
    waiting = parked(aws)
    aws.approvals.keep_token(GROUP, ID, "t1")
    with_slot(aws, approve(aws, waiting))
    park(aws, aws.executions.begin_attempt(GROUP, ID, LATER), question(2, attempt=2), LATER)
    assert aws.approvals.token(GROUP, ID) is None


def test_what_waits_is_listed_by_group_and_continues_behind_an_approval(aws: Aws) -> None:
    for execution_id in (OTHER, ID):
        parked(aws, execution_id)
    assert listed(aws) == [f"{ID}.1", f"{OTHER}.1"]
    assert listed(aws, limit=1) == [f"{ID}.1"]
    assert listed(aws, after=f"{ID}.1") == [f"{OTHER}.1"]
    assert aws.approvals.waiting("other", after=None, limit=10) == []
    shown = TableListing(aws.clients, TABLE).newest(GROUP, ListFilter(), before=None, limit=10)
    assert [one.execution_id for one in shown.executions] == [OTHER, ID]


def test_large_answers_stay_in_the_bucket_and_large_calls_and_corrections_come_back_whole(aws: Aws) -> None:
    call = ToolCall(call_id="c1", tool_name="publish", arguments={"text": "y" * 200_000})
    waiting = park(aws, running(aws), question(output="x" * 300_000, tools=[call]))
    [approval] = aws.approvals.approvals(GROUP, ID)
    assert approval.output == ""
    assert approval.output_reference is not None
    assert approval.output_reference.bytes == 300_000
    assert approval.tools == [call]
    with_slot(aws, approve(aws, waiting, output="z" * 200_000))
    [approval] = aws.approvals.approvals(GROUP, ID)
    assert approval.decision is not None
    assert approval.decision.output == "z" * 200_000
    aws.executions.finish(aws.executions.begin_attempt(GROUP, ID, LATER), Status.FAILED, message="rejected", now=LATER)
    aws.executions.delete(GROUP, ID)
    left = aws.clients.dynamodb.scan(TableName=TABLE)["Items"]
    assert [entry["SK"] for entry in left] == [{"S": keys.slot(0)}], "its slot, which the next execution takes over"
    assert "Contents" not in aws.clients.s3.list_objects_v2(Bucket=BUCKET)


def test_the_reconciler_sees_the_open_ones_that_did_not_change(aws: Aws) -> None:
    ids = [f"01936a3c-0000-7000-8000-{number:012x}" for number in range(256, 276)]
    for execution_id in ids:
        aws.executions.create(execution(execution_id), submission(), None)
    request_cancel(aws.executions, GROUP, ids[3], NOW)
    aws.executions.begin_attempt(GROUP, ids[4], LATER)
    found = [one.execution_id for one in aws.executions.open_executions(unchanged_since=NOW)]
    assert sorted(found) == [execution_id for execution_id in ids if execution_id not in (ids[3], ids[4])]
    parked(aws, OTHER)
    everything = [one.execution_id for one in aws.executions.open_executions(unchanged_since=LATER)]
    assert sorted(everything) == sorted({*ids, OTHER} - {ids[3]})
