"""The trace queue: FIFO, one message group per execution, so a reader's cursor can never skip an event."""

from __future__ import annotations

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.domain.canonical import digest
from stepcrew.domain.trace import LogLine, TraceBatch, TraceEvent


class SqsTraceQueue:
    """`TraceQueue` over SQS. A batch sent twice carries the same deduplication id and is stored once."""

    def __init__(self, clients: Clients, queue_url: str) -> None:
        self._clients = clients
        self._queue_url = queue_url

    def send(
        self, group_id: str, execution_id: str, attempt: int, events: list[TraceEvent], logs: list[LogLine]
    ) -> None:
        batch = TraceBatch(group_id=group_id, execution_id=execution_id, attempt=attempt, events=events, logs=logs)
        first_event = events[0].sequence if events else 0
        first_log = logs[0].sequence if logs else 0
        with platform_errors("Sending trace events"):
            self._clients.sqs.send_message(
                QueueUrl=self._queue_url,
                MessageBody=batch.model_dump_json(exclude_none=True),
                MessageGroupId=digest(f"{group_id}#{execution_id}"),
                MessageDeduplicationId=f"{execution_id}-{attempt}-{first_event}-{first_log}",
            )
