"""Webhooks and their deliveries in the table, and the queues of what is on its way."""

from __future__ import annotations

from datetime import timedelta

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import Item, plain, values
from stepcrew.aws.logbook import Logbook
from stepcrew.aws.records import Records
from stepcrew.domain.announcement import Announcement
from stepcrew.domain.webhook import Delivery, Webhook, WebhookMessage


class TableWebhooks:
    """`WebhookStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str, retention_days: int) -> None:
        self._records = Records(clients, table)
        self._logbook = Logbook(clients, table)
        self._retention = timedelta(days=retention_days)

    def save(self, group_id: str, webhook: Webhook, *, seen: int | None) -> bool:
        partition, sort = _place(group_id, webhook.name)
        entry = {**plain(webhook), "PK": partition, "SK": sort}
        if webhook.callback is not None:
            entry["expires_at"] = int((webhook.created_at + self._retention).timestamp())
        return self._logbook.put(entry, "revision", seen, "Storing the webhook")

    def webhook(self, group_id: str, name: str) -> Webhook | None:
        found = self._records.item(*_place(group_id, name))
        return Webhook.model_validate(values(found)) if found else None

    def webhooks(self, group_id: str) -> list[Webhook]:
        found = self._records.found("Listing the webhooks", "PK = :key", {":key": keys.webhooks(group_id)})
        return [Webhook.model_validate(values(entry)) for entry in found]

    def names(self, group_id: str) -> set[str]:
        return {webhook.name for webhook in self.webhooks(group_id)}

    def delete(self, group_id: str, name: str) -> None:
        self._logbook.delete(
            keys.webhooks(group_id), keys.webhook(name), keys.deliveries(group_id, name), "Deleting the webhook"
        )

    def save_delivery(self, group_id: str, delivery: Delivery) -> None:
        entry = {
            **plain(delivery),
            # As text: null has no attribute, and in an announcement it says something.
            "announcement": delivery.announcement.model_dump_json(),
            "PK": _log(group_id, delivery.webhook),
            "SK": keys.delivery(delivery.delivery_id),
            "group_key": keys.deliveries(group_id, delivery.webhook),
            "group_sort": delivery.place,
            "expires_at": int((delivery.created_at + self._retention).timestamp()),
        }
        self._records.put("Storing the delivery", entry)

    def delivery(self, group_id: str, webhook: str, delivery_id: str) -> Delivery | None:
        found = self._records.item(_log(group_id, webhook), keys.delivery(delivery_id))
        return _delivery(found) if found else None

    def deliveries(self, group_id: str, webhook: str, *, before: str | None, limit: int) -> list[Delivery]:
        found = self._logbook.newest(
            keys.deliveries(group_id, webhook), before=before, limit=limit, doing="Listing the deliveries"
        )
        return [_delivery(entry) for entry in found]


def _place(group_id: str, name: str) -> tuple[str, str]:
    """Of a webhook's item. Callbacks lie apart, so that the announcer reads the group's webhooks without them."""
    execution_id, _, kind = name.rpartition(":")
    if execution_id:
        return keys.callbacks(group_id, execution_id), keys.webhook(kind)
    return keys.webhooks(group_id), keys.webhook(name)


def _log(group_id: str, name: str) -> str:
    """Where its deliveries lie."""
    execution_id, _, _ = name.rpartition(":")
    return keys.callbacks(group_id, execution_id) if execution_id else keys.deliveries(group_id, name)


def _delivery(entry: Item) -> Delivery:
    stored = values(entry)
    told = Announcement.model_validate_json(stored["announcement"])
    return Delivery.model_validate({**stored, "announcement": told})


class SqsWebhookQueue:
    """`WebhookQueue` and `UndeliveredMessages` over a FIFO queue of SQS."""

    def __init__(self, clients: Clients, url: str) -> None:
        self._clients = clients
        self._url = url

    def send(self, message: WebhookMessage) -> None:
        with platform_errors("Sending an announcement to the queue of webhooks"):
            self._clients.sqs.send_message(
                QueueUrl=self._url,
                MessageBody=message.model_dump_json(),
                MessageGroupId=message.order,
                MessageDeduplicationId=f"{message.delivery_id}.{message.round}",
            )

    def keep(self, message: WebhookMessage) -> None:
        self.send(message)

    def hide(self, receipt: str, seconds: int) -> None:
        """Lets a message that was received come again after so long."""
        with platform_errors("Putting off a message of the queue of webhooks"):
            self._clients.sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
