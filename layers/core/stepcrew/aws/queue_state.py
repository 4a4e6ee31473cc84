"""How many messages lie in the queues. SQS counts about, and knows what was sent within a minute."""

from __future__ import annotations

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.domain.diagnosis import TraceQueueDepth


class SqsTraceQueueState:
    """`TraceQueueState` over SQS: the trace queue and its dead-letter queue."""

    def __init__(self, clients: Clients, queue_url: str, dead_letter_url: str) -> None:
        self._clients = clients
        self._queue_url = queue_url
        self._dead_letter_url = dead_letter_url

    def depth(self) -> TraceQueueDepth:
        waiting, in_flight = self._count(self._queue_url)
        dead, taken = self._count(self._dead_letter_url)
        return TraceQueueDepth(waiting=waiting, in_flight=in_flight, dead=dead + taken)

    def _count(self, queue_url: str) -> tuple[int, int]:
        """Messages that may be received, and those that somebody has received and not deleted yet."""
        with platform_errors("Counting the messages of the trace queue"):
            found = self._clients.sqs.get_queue_attributes(
                QueueUrl=queue_url,
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        waiting = int(found["ApproximateNumberOfMessages"])
        return waiting, int(found["ApproximateNumberOfMessagesNotVisible"])
