"""The queue of what is to be sent to the operator's collector."""

from __future__ import annotations

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.domain.exporting import ExportMessage


class SqsExportQueue:
    """The event bus puts in what ended or waits, without this; SQS moves what was tried for a day to the dead-letter
    queue."""

    def __init__(self, clients: Clients, url: str, dead_letter_url: str = "") -> None:
        self._clients = clients
        self._url = url
        self._dead_letter_url = dead_letter_url

    def send(self, message: ExportMessage) -> None:
        """Asked once and for two seconds at most: whoever records a trace does not wait for those that read it."""
        with platform_errors("Sending a part of a trace to the queue of exports"):
            self._clients.hasty_sqs.send_message(QueueUrl=self._url, MessageBody=message.model_dump_json())

    def keep(self, body: str) -> None:
        """Puts a message of which trying again is no use where a person finds it."""
        with platform_errors("Keeping what cannot be exported"):
            self._clients.sqs.send_message(QueueUrl=self._dead_letter_url, MessageBody=body)

    def hide(self, receipt: str, seconds: int) -> None:
        """Lets a message that was received come again after so long."""
        with platform_errors("Putting off a message of the queue of exports"):
            self._clients.sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
