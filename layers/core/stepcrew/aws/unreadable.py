"""Where records of the table's stream and messages go that cannot be read: kept for a person, holding up no other."""

from __future__ import annotations

import json
from typing import Any

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors


class UnreadableChanges:
    """The dead-letter queue of changes that could not be read."""

    def __init__(self, clients: Clients, queue_url: str) -> None:
        self._clients = clients
        self._queue_url = queue_url

    def keep(self, record: dict[str, Any]) -> None:
        """The record's place in the stream and the keys of its item. Raises `PlatformUnavailable`."""
        place = {name: record["dynamodb"].get(name) for name in ("Keys", "SequenceNumber")}
        body = json.dumps({"eventID": record.get("eventID"), "eventName": record.get("eventName"), **place})
        with platform_errors("Keeping what cannot be read"):
            self._clients.sqs.send_message(QueueUrl=self._queue_url, MessageBody=body)


class UnreadableMessages:
    """A dead-letter queue (FIFO) for messages that are not of the shape their queue is for."""

    def __init__(self, clients: Clients, queue_url: str) -> None:
        self._clients = clients
        self._queue_url = queue_url

    def keep(self, message_id: str, body: str) -> None:
        """The message as it came. Raises `PlatformUnavailable`."""
        with platform_errors("Keeping what cannot be read"):
            self._clients.sqs.send_message(
                QueueUrl=self._queue_url,
                MessageBody=body,
                MessageGroupId="unreadable",
                MessageDeduplicationId=message_id,
            )
