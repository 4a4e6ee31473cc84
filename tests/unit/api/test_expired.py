"""What has expired is not there, though DynamoDB and S3 remove it up to days later, or at different times."""

from __future__ import annotations

from datetime import timedelta

from stepcrew.aws import paths
from stepcrew.domain.execution import Status, TaskOutput
from stepcrew.domain.trace import EventSource, LogLine, TraceEvent
from tests.aws_table import BUCKET, GROUP, NOW, RETENTION_DAYS
from tests.unit.api.harness import Harness, body

READS = (
    "",
    "/definition",
    "/result",
    "/traces",
    "/traces/1.1/output",
    "/logs",
    "/tasks/0/output",
    "/approvals",
)


def completed(harness: Harness) -> str:
    execution_id = harness.client().post("/executions", json=body()).json()["execution_id"]
    execution = harness.aws.executions.begin_attempt(GROUP, execution_id, NOW)
    about = {"execution_id": execution_id, "group_id": GROUP, "attempt": 1, "sequence": 1, "emitted_at": NOW}
    event = TraceEvent.model_validate(
        {**about, "event_type": "llm_call_started", "event_source": EventSource.LLM, "output": "said"}
    )
    line = LogLine(attempt=1, sequence=1, emitted_at=NOW, level="INFO", logger="x", message="logged")
    harness.aws.traces.record(GROUP, execution_id, [event], [line])
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="a", raw="x" * 200_000))
    harness.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW)
    return execution_id


def test_an_expired_execution_is_absent_at_every_read(harness: Harness) -> None:
    execution_id = completed(harness)
    client = harness.client()
    before = {read: client.get(f"/executions/{execution_id}{read}").status_code for read in READS}
    harness.aws.clock.at = NOW + timedelta(days=RETENTION_DAYS)
    after = {read: client.get(f"/executions/{execution_id}{read}").status_code for read in READS}

    assert before == dict.fromkeys(READS, 200)
    assert after == dict.fromkeys(READS, 404)
    assert client.get("/executions").json()["executions"] == []


def test_an_execution_is_there_until_its_last_second(harness: Harness) -> None:
    execution_id = completed(harness)
    harness.aws.clock.at = NOW + timedelta(days=RETENTION_DAYS, seconds=-1)
    assert harness.client().get(f"/executions/{execution_id}").status_code == 200


def test_a_body_that_the_bucket_removed_earlier_is_gone_and_not_to_be_asked_for_again(harness: Harness) -> None:
    execution_id = completed(harness)
    listed = harness.aws.clients.s3.list_objects_v2(Bucket=BUCKET, Prefix=paths.payload_folder(GROUP, execution_id))
    for entry in listed.get("Contents", []):
        harness.aws.clients.s3.delete_object(Bucket=BUCKET, Key=entry.get("Key", ""))

    answer = harness.client().get(f"/executions/{execution_id}/tasks/0/output")

    assert (answer.status_code, answer.json()["retryable"], "retry-after" in answer.headers) == (410, False, False)
    assert "expired" in answer.json()["detail"]
