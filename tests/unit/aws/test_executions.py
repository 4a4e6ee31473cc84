from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import BUCKET, GROUP, ID, NOW, TABLE, Aws, execution, submission

from stepcrew.aws import keys
from stepcrew.domain.errors import (
    AlreadyExists,
    Category,
    Conflict,
    ExecutionError,
    ExecutionNotFound,
    Superseded,
)
from stepcrew.domain.execution import Execution, Progress, Status, TaskOutput, Usage
from stepcrew.domain.submission import IdempotencyRecord
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.delete_execution import delete_execution
from stepcrew.services.read_trace import is_complete


def started(aws: Aws) -> Execution:
    aws.executions.create(execution(), submission(), None)
    return aws.executions.begin_attempt(GROUP, ID, NOW)


def open_entries(aws: Aws) -> int:
    return aws.clients.dynamodb.scan(TableName=TABLE, IndexName=keys.OPEN_INDEX)["Count"]


def test_a_created_execution_is_read_back_whole(aws: Aws) -> None:
    aws.executions.create(execution(), submission(), None)
    assert aws.executions.get(GROUP, ID) == execution()
    assert aws.executions.submission(GROUP, ID) == submission()


def test_another_group_finds_nothing(aws: Aws) -> None:
    aws.executions.create(execution(), submission(), None)
    with pytest.raises(ExecutionNotFound):
        aws.executions.get("other", ID)
    with pytest.raises(ExecutionNotFound):
        aws.executions.submission("other", ID)


def test_a_large_definition_is_kept_in_the_bucket_under_the_group(aws: Aws) -> None:
    large = submission("Write about {topic}. " + "é" * 45_000)
    large.inputs["notes"] = "x" * 100_000
    aws.executions.create(execution(), large, None)
    assert aws.executions.submission(GROUP, ID) == large
    stored = aws.clients.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    assert [entry.get("Key") for entry in stored] == [f"groups/{GROUP}/executions/{ID}/definition"]


def test_one_idempotency_key_makes_one_execution(aws: Aws) -> None:
    record = IdempotencyRecord(key="k", body_hash="h", execution_id=ID)
    aws.executions.create(execution(), submission(), record)
    other = "01936a3c-0000-7000-8000-00000000000b"
    with pytest.raises(AlreadyExists):
        aws.executions.create(execution(other), submission(), record.model_copy(update={"execution_id": other}))
    with pytest.raises(ExecutionNotFound):
        aws.executions.get(GROUP, other)


def test_an_expired_idempotency_key_counts_no_more(aws: Aws) -> None:
    record = IdempotencyRecord(key="k", body_hash="h", execution_id=ID)
    old = execution().model_copy(update={"created_at": NOW - timedelta(days=400)})
    aws.executions.create(old, submission(), record)
    assert aws.executions.idempotency(GROUP, "k", NOW) is None


def test_an_expired_idempotency_key_that_the_table_still_holds_is_taken_again(aws: Aws) -> None:
    other = "01936a3c-0000-7000-8000-00000000000b"
    record = IdempotencyRecord(key="k", body_hash="h", execution_id=ID)
    old = execution().model_copy(update={"created_at": NOW - timedelta(days=2)})
    aws.executions.create(old, submission(), record)
    aws.executions.create(execution(other), submission(), record.model_copy(update={"execution_id": other}))
    again = aws.executions.idempotency(GROUP, "k", NOW)
    assert again
    assert again.execution_id == other


def test_each_attempt_takes_the_next_number(aws: Aws) -> None:
    first = started(aws)
    second = aws.executions.begin_attempt(GROUP, ID, NOW + timedelta(minutes=1))
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.status is Status.RUNNING
    assert second.started_at == NOW


def test_an_attempt_is_taken_once_when_the_answer_is_lost_and_the_client_sends_again(aws: Aws) -> None:
    aws.executions.create(execution(), submission(), None)
    sent: list[str] = []

    def loses_the_first_answer(**_: object) -> float | None:
        sent.append("once more")
        return 0 if len(sent) == 1 else None  # seconds until botocore sends again

    events: Any = aws.clients.dynamodb.meta.events  # its stubs know no handler that answers
    events.register_first("needs-retry.dynamodb.UpdateItem", loses_the_first_answer)
    assert aws.executions.begin_attempt(GROUP, ID, NOW).attempt == 1
    assert len(sent) == 2
    assert aws.executions.begin_attempt(GROUP, ID, NOW).attempt == 2


def test_an_older_attempt_can_write_nothing(aws: Aws) -> None:
    old = started(aws)
    aws.executions.begin_attempt(GROUP, ID, NOW)
    with pytest.raises(Superseded):
        aws.executions.save_progress(old, progress=Progress(), usage=Usage(), message="late", now=NOW)
    with pytest.raises(Superseded):
        aws.executions.finish(old, Status.COMPLETED, message="late", now=NOW)
    with pytest.raises(Superseded):
        aws.tasks.save_task_output(old, TaskOutput(index=0, name="haiku", raw="late"))
    assert aws.tasks.task_outputs(GROUP, ID) == []


@pytest.mark.parametrize("end", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_a_terminal_status_is_never_left(aws: Aws, end: Status) -> None:
    running = started(aws)
    ended = aws.executions.finish(running, end, message="the end", now=NOW)
    assert open_entries(aws) == 0
    for status in Status:
        if status is not end:
            with pytest.raises(Superseded):
                aws.executions.finish(ended, status, message="again", now=NOW)
    with pytest.raises(Superseded):
        aws.executions.finish(ended, Status.FAILED, message="again", now=NOW, fenced=False)
    with pytest.raises(Superseded):
        aws.executions.begin_attempt(GROUP, ID, NOW)
    assert aws.executions.get(GROUP, ID).message == "the end"


def test_what_a_task_cost_is_stored_with_its_output(aws: Aws) -> None:
    running = started(aws)
    usage = Usage(model_calls=2, total_tokens=10)
    aws.tasks.save_task_output(running, TaskOutput(index=0, name="haiku", raw="text"), usage=usage)
    assert aws.executions.get(GROUP, ID).usage == usage
    aws.tasks.save_task_output(running, TaskOutput(index=1, name="other", raw="text"))
    assert aws.executions.get(GROUP, ID).usage == usage


def test_finishing_again_after_a_lost_answer_is_no_error(aws: Aws) -> None:
    running = started(aws)
    ended = aws.executions.finish(running, Status.COMPLETED, message="the end", now=NOW, traces_emitted=12)
    assert aws.executions.finish(running, Status.COMPLETED, message="the end", now=NOW, traces_emitted=12) == ended
    assert ended.traces_emitted == {"1": 12}


def test_money_survives_the_table_exactly(aws: Aws) -> None:
    running = started(aws)
    usage = Usage.model_validate({"model_calls": 2, "total_tokens": 90, "cost_usd": "0.000123"})
    aws.executions.finish(running, Status.COMPLETED, message="", now=NOW, usage=usage)
    assert aws.executions.get(GROUP, ID).usage == usage


def test_the_platform_may_end_any_open_execution(aws: Aws) -> None:
    aws.executions.create(execution(), submission(), None)
    error = ExecutionError(category=Category.CRASH, type="RunnerCrashed", message="It died.")
    ended = aws.executions.finish(execution(), Status.FAILED, message="", now=NOW, error=error, fenced=False)
    assert (ended.status, ended.error) == (Status.FAILED, error)


def test_cancelling_before_the_start_ends_it(aws: Aws) -> None:
    aws.executions.create(execution(), submission(), None)
    cancelled = request_cancel(aws.executions, GROUP, ID, NOW)
    assert cancelled.status is Status.CANCELLED
    assert cancelled.ended_at == NOW
    assert is_complete(cancelled)
    [event] = aws.traces.events(GROUP, ID, after=(0, 0), limit=10)
    assert (event.event_type, event.output) == ("cancelled", "The execution was cancelled before it started.")
    assert request_cancel(aws.executions, GROUP, ID, NOW + timedelta(minutes=1)) == cancelled
    assert open_entries(aws) == 0


def test_cancelling_a_running_one_leaves_a_request_for_the_runner(aws: Aws) -> None:
    started(aws)
    asked = request_cancel(aws.executions, GROUP, ID, NOW)
    assert (asked.status, asked.cancel_requested_at) == (Status.RUNNING, NOW)
    assert request_cancel(aws.executions, GROUP, ID, NOW + timedelta(minutes=1)).cancel_requested_at == NOW


def test_a_finished_execution_cannot_be_cancelled(aws: Aws) -> None:
    aws.executions.finish(started(aws), Status.COMPLETED, message="", now=NOW)
    with pytest.raises(Conflict):
        request_cancel(aws.executions, GROUP, ID, NOW)


def test_a_two_megabyte_task_output_arrives_whole(aws: Aws) -> None:
    running = started(aws)
    raw = "ü" * 1_000_000
    structured: dict[str, object] = {"text": "y" * 200_000}
    aws.tasks.save_task_output(running, TaskOutput(index=0, name="haiku", raw=raw, json_dict=structured))
    assert aws.tasks.task_outputs(GROUP, ID)[0].raw == raw
    assert aws.tasks.task_outputs(GROUP, ID)[0].json_dict == structured
    light = aws.tasks.task_outputs(GROUP, ID, whole=False)[0]
    assert light.raw == ""
    assert light.raw_reference is not None
    assert light.raw_reference.bytes == 2_000_000
    found = aws.tasks.task_output(GROUP, ID, 0)
    assert found is not None
    assert found.raw == raw
    assert aws.tasks.task_output(GROUP, ID, 1) is None


def test_only_an_ended_execution_is_deleted_and_then_wholly(aws: Aws) -> None:
    running = started(aws)
    aws.tasks.save_task_output(running, TaskOutput(index=0, name="haiku", raw="x" * 200_000))
    with pytest.raises(Conflict):
        delete_execution(aws.executions, GROUP, ID)
    aws.executions.finish(running, Status.COMPLETED, message="", now=NOW)
    delete_execution(aws.executions, GROUP, ID)
    assert aws.clients.dynamodb.scan(TableName=TABLE)["Count"] == 0
    assert "Contents" not in aws.clients.s3.list_objects_v2(Bucket=BUCKET)
