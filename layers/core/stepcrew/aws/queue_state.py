"""How many messages lie in the queues, and sending dead letters again. SQS counts about, and knows what was sent within
a minute."""

from __future__ import annotations

from typing import NamedTuple

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.domain.diagnosis import TraceQueueDepth
from stepcrew.domain.errors import Conflict
from stepcrew.domain.stack_state import QueueState

TRACE = "trace"


class QueueUrls(NamedTuple):
    """`queue` is empty where there is none but the dead letters. Those of `redrivable` ones are sent to it again."""

    queue: str
    dead_letters: str
    redrivable: bool = False


class SqsQueues:
    """`Queues` and `TraceQueueState` over SQS."""

    def __init__(self, clients: Clients, urls: dict[str, QueueUrls]) -> None:
        self._clients = clients
        self._urls = urls

    def states(self) -> list[QueueState]:
        return [self._state(name) for name in self._urls]

    def depth(self) -> TraceQueueDepth:
        found = self._state(TRACE)
        return TraceQueueDepth(waiting=found.waiting, in_flight=found.in_flight, dead=found.dead)

    def redrive(self, name: str) -> None:
        urls = self._urls[name]
        if not urls.redrivable:
            raise KeyError(name)
        with platform_errors("Sending the dead letters again"):
            source, destination = self._arn(urls.dead_letters), self._arn(urls.queue)
            try:
                # The destination is named, because rules and schedules put dead letters there that were in no queue.
                self._clients.sqs.start_message_move_task(SourceArn=source, DestinationArn=destination)
            except ClientError as error:
                # One task at a time for each queue.
                if code_of(error) not in ("UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"):
                    raise
                raise Conflict("These dead letters are being sent again.", remedy="Look again in a minute.") from error

    def _arn(self, queue_url: str) -> str:
        found = self._clients.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        return found["Attributes"]["QueueArn"]

    def _state(self, name: str) -> QueueState:
        urls = self._urls[name]
        waiting, in_flight = self._count(urls.queue) if urls.queue else (0, 0)
        dead, taken = self._count(urls.dead_letters)
        return QueueState(
            name=name, waiting=waiting, in_flight=in_flight, dead=dead + taken, redrivable=urls.redrivable
        )

    def _count(self, queue_url: str) -> tuple[int, int]:
        """Messages that may be received, and those that somebody has received and not deleted yet."""
        with platform_errors("Counting the messages of a queue"):
            found = self._clients.sqs.get_queue_attributes(
                QueueUrl=queue_url,
                AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
            )["Attributes"]
        return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])
