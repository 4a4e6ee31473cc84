"""Keeps a webhook under its name, and asks for deliveries beside those of announcements."""

from __future__ import annotations

from collections.abc import Callable

from stepcrew.domain.errors import Conflict, Fault, InvalidRequest, PlatformUnavailable, WebhookNotFound
from stepcrew.domain.mail import MailRules
from stepcrew.domain.registration import check_room
from stepcrew.domain.webhook import MOST_WEBHOOKS, DeliveryState, Webhook, WebhookMessage, WebhookSpec, sample
from stepcrew.services.check_address import CheckAddress
from stepcrew.services.ports import Clock
from stepcrew.services.secret_ports import SecretStore
from stepcrew.services.webhook_ports import WebhookQueue, WebhookStore

_RACES = 5


class StoreWebhook:
    """`mail` are the rules for mails."""

    def __init__(
        self,
        webhooks: WebhookStore,
        queue: WebhookQueue,
        secrets: SecretStore,
        clock: Clock,
        new_id: Callable[[], str],
        check_address: CheckAddress,
        mail: MailRules,
    ) -> None:
        self._webhooks = webhooks
        self._queue = queue
        self._secrets = secrets
        self._clock = clock
        self._new_id = new_id
        self._mail = mail
        self._check_address = check_address

    def __call__(self, group_id: str, name: str, spec: WebhookSpec, made_by: str | None) -> tuple[Webhook, bool]:
        """The webhook as it is stored now, and whether there was none of that name. Raises `InvalidRequest`."""
        self._check(group_id, spec)
        for _ in range(_RACES):
            before = self._webhooks.webhook(group_id, name)
            if before is None:
                known = {one.name for one in self._webhooks.webhooks(group_id)}
                check_room(name, known, MOST_WEBHOOKS, "webhooks")
            now = self._clock.now()
            webhook = Webhook(
                **spec.model_dump(),
                name=name,
                revision=before.revision + 1 if before else 1,
                made_by=made_by,
                created_at=before.created_at if before else now,
                updated_at=now,
            )
            if self._webhooks.save(group_id, webhook, seen=before.revision if before else None):
                return webhook, before is None
        raise PlatformUnavailable(f"The webhook {name} changes too fast to be stored.")

    def test(self, group_id: str, name: str) -> str:
        """Sends a sample to each receiver; answers the id of the first delivery. Raises `WebhookNotFound`."""
        told = sample(group_id, f"test.{self._new_id()}", self._clock.now())
        messages = self._known(group_id, name).messages(group_id, told)
        for message in messages:
            self._queue.send(message)
        return messages[0].delivery_id

    def redeliver(self, group_id: str, name: str, delivery_id: str) -> None:
        """Has a delivery made again, with the same id and body; a callback that was given up is called again. Raises
        `WebhookNotFound`, and `Conflict` while it is tried anyway."""
        webhook = self._known(group_id, name)
        delivery = self._webhooks.delivery(group_id, name, delivery_id)
        if delivery is None:
            raise WebhookNotFound(f"The webhook {name!r} has no delivery {delivery_id}.")
        if delivery.state is DeliveryState.WAITING:
            when = f" The next time is {delivery.next_try_at:%Y-%m-%dT%H:%M:%SZ}." if delivery.next_try_at else ""
            raise Conflict(f"It is tried again by itself.{when}", remedy="Wait until it is delivered or failed.")
        if webhook.callback is not None and not webhook.enabled:
            again = webhook.pointed_at(webhook.url, self._clock.now())
            self._webhooks.save(group_id, again, seen=webhook.revision)
        told, to, number = delivery.announcement, delivery.to, delivery.round + 1
        self._queue.send(WebhookMessage(group_id=group_id, webhook=name, to=to, round=number, announcement=told))

    def _known(self, group_id: str, name: str) -> Webhook:
        webhook = self._webhooks.webhook(group_id, name)
        if webhook is None:
            raise WebhookNotFound(f"There is no webhook {name!r} in this group.")
        return webhook

    def _check(self, group_id: str, spec: WebhookSpec) -> None:
        faults = self._faults_of_mail(spec) if spec.format == "mail" else []
        if spec.url is not None:
            faults += self._check_address(spec.url, "/url")
        if spec.secret and self._secrets.missing(group_id, {spec.secret}):
            told, remedy = f"The group has no secret {spec.secret}.", "Set it first: PUT /secrets/{name}."
            faults.append(Fault(pointer="/secret", code="unknown_secret", detail=told, remedy=remedy))
        if faults:
            raise InvalidRequest.of(faults)

    def _faults_of_mail(self, spec: WebhookSpec) -> list[Fault]:
        if not self._mail.sender:
            told, remedy = "Mails are not sent here.", "Ask the operator to set the parameter MailFrom."
            return [Fault(pointer="/format", code="no_mail", detail=told, remedy=remedy)]
        refused = [place for place, address in enumerate(spec.to) if not self._mail.allows(address)]
        remedy = "Ask the operator to add it to the parameter MailRecipients."
        return [
            Fault(
                pointer=f"/to/{place}",
                code="not_allowed",
                detail=f"No mail may go to {spec.to[place]}.",
                remedy=remedy,
            )
            for place in refused
        ]
