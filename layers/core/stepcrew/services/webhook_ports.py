"""What the use cases of webhooks need of the outside; as in `ports`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepcrew.domain.mail import Mail
from stepcrew.domain.webhook import Answer, Delivery, Webhook, WebhookMessage


class WebhookNames(Protocol):
    """Which webhooks a group has."""

    def names(self, group_id: str) -> set[str]: ...


class WebhookStore(WebhookNames, Protocol):
    """Webhooks of groups and their deliveries."""

    def save(self, group_id: str, webhook: Webhook, *, seen: int | None) -> bool:
        """Writes a webhook over the revision that was seen, or where none was. False when another came between."""
        ...

    def webhook(self, group_id: str, name: str) -> Webhook | None: ...

    def webhooks(self, group_id: str) -> list[Webhook]:
        """All of a group by name."""
        ...

    def delete(self, group_id: str, name: str) -> None:
        """Removes the webhook and its deliveries. Asking again changes nothing."""
        ...

    def save_delivery(self, group_id: str, delivery: Delivery) -> None:
        """Writes how a delivery stands. Only whoever handles its message does so, one at a time."""
        ...

    def delivery(self, group_id: str, webhook: str, delivery_id: str) -> Delivery | None: ...

    def deliveries(self, group_id: str, webhook: str, *, before: str | None, limit: int) -> list[Delivery]:
        """Newest first, before the place that `Delivery.place` names."""
        ...


class WebhookQueue(Protocol):
    """Where announcements for webhooks wait, in order for each webhook and execution."""

    def send(self, message: WebhookMessage) -> None:
        """Sent again within minutes, the same message is one."""
        ...


class UndeliveredMessages(Protocol):
    """Where messages are kept for a person that were tried for a day."""

    def keep(self, message: WebhookMessage) -> None: ...


class Mailer(Protocol):
    """Sends e-mails."""

    def send(self, address: str, mail: Mail) -> Answer:
        """Never raises for what the service for mails does or does not do; its status is 200 for what it took."""
        ...


class Poster(Protocol):
    """Sends HTTP requests to receivers outside the platform."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Never raises for what the receiver does or does not do; a redirect is an answer and is not followed."""
        ...
