"""Passes changes of status on to the webhooks that hear of them."""

from __future__ import annotations

from collections.abc import Iterable

from stepcrew.domain.announcement import Announcement, announcement_of
from stepcrew.domain.batch import Batch
from stepcrew.domain.execution import Execution
from stepcrew.domain.webhook import Webhook
from stepcrew.services.webhook_ports import WebhookQueue, WebhookStore


class TellWebhooks:
    """Safe to repeat: the same change makes the same messages."""

    def __init__(self, webhooks: WebhookStore, queue: WebhookQueue) -> None:
        self._webhooks = webhooks
        self._queue = queue

    def __call__(self, changes: Iterable[Execution | Batch]) -> int:
        """How many messages were sent, in the order of the changes. Raises `PlatformUnavailable`."""
        of_group: dict[str, list[Webhook]] = {}
        sent = 0
        for changed in changes:
            group_id = changed.group_id
            if group_id not in of_group:
                of_group[group_id] = self._webhooks.webhooks(group_id)
            told = announcement_of(changed)
            sent += self._send(group_id, [one for one in of_group[group_id] if one.hears_of(changed)], told)
        return sent

    def of_budget(self, group_id: str, crew: str | None, told: Announcement) -> int:
        """The same of a budget of the group, or of the crew."""
        hearing = [one for one in self._webhooks.webhooks(group_id) if one.hears_of_budget(crew)]
        return self._send(group_id, hearing, told)

    def _send(self, group_id: str, hearing: Iterable[Webhook], told: Announcement) -> int:
        messages = [message for webhook in hearing for message in webhook.messages(group_id, told)]
        for message in messages:
            self._queue.send(message)
        return len(messages)
