"""Passes changes of status on to the webhooks that hear of them."""

from __future__ import annotations

from collections.abc import Iterable

from stepcrew.domain.announcement import Announcement, announcement_of
from stepcrew.domain.batch import Batch
from stepcrew.domain.callback import CallbackKind, StepData, TaskData, callback_name
from stepcrew.domain.execution import Execution
from stepcrew.domain.webhook import Webhook, WebhookMessage
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
            if isinstance(changed, Execution) and changed.status.is_terminal and "crew" in changed.callbacks:
                self._call_back(changed, "crew", told)
                sent += 1
        return sent

    def of_work(self, told: Iterable[Announcement]) -> int:
        """The same of finished tasks and steps, to the callbacks of their executions."""
        sent = 0
        for one in told:
            if isinstance(one.data, TaskData | StepData):
                self._call_back(one.data, one.data.kind, one)
                sent += 1
        return sent

    def of_budget(self, group_id: str, crew: str | None, told: Announcement) -> int:
        """The same of a budget of the group, or of the crew."""
        hearing = [one for one in self._webhooks.webhooks(group_id) if one.hears_of_budget(crew)]
        return self._send(group_id, hearing, told)

    def _call_back(self, of: Execution | TaskData | StepData, kind: CallbackKind, told: Announcement) -> None:
        name = callback_name(of.execution_id, kind)
        self._queue.send(WebhookMessage(group_id=of.group_id, webhook=name, announcement=told))

    def _send(self, group_id: str, hearing: Iterable[Webhook], told: Announcement) -> int:
        messages = [message for webhook in hearing for message in webhook.messages(group_id, told)]
        for message in messages:
            self._queue.send(message)
        return len(messages)
