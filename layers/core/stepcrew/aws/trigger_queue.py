"""The queue of the trigger function, for firings that go on later."""

from __future__ import annotations

import json

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors


class SqsTriggerQueue:
    """`TriggerQueue` over SQS."""

    def __init__(self, clients: Clients, url: str) -> None:
        self._clients = clients
        self._url = url

    def proceed(self, group_id: str, trigger: str, firing_id: str, turn: int, seconds: int) -> None:
        message = {"group_id": group_id, "trigger": trigger, "firing": {"firing_id": firing_id, "turn": turn}}
        with platform_errors("Sending a firing to the queue"):
            self._clients.sqs.send_message(QueueUrl=self._url, MessageBody=json.dumps(message), DelaySeconds=seconds)
