"""Delivers an announcement to a webhook, at least once: posts it, records what the receiver answered, tells when to
try again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from stepcrew.domain.announcement import ExecutionData
from stepcrew.domain.signatures import BadSignature, standard_headers
from stepcrew.domain.slack import slack_body
from stepcrew.domain.webhook import (
    GONE,
    TEST_EVENT,
    Answer,
    Attempt,
    Delivery,
    DeliveryState,
    Webhook,
    WebhookMessage,
    delivery_of,
)
from stepcrew.services.ports import ApprovalStore, Clock
from stepcrew.services.secret_ports import Secrets
from stepcrew.services.webhook_ports import Poster, UndeliveredMessages, WebhookStore

USER_AGENT = "stepcrew-webhooks"

logger = logging.getLogger(__name__)


class SendWebhook:
    """Every call may be repeated. One that died between posting and recording posts again, with the same id."""

    def __init__(
        self,
        webhooks: WebhookStore,
        secrets: Secrets,
        approvals: ApprovalStore,
        poster: Poster,
        undelivered: UndeliveredMessages,
        clock: Clock,
        console_url: str,
    ) -> None:
        self._webhooks = webhooks
        self._secrets = secrets
        self._approvals = approvals
        self._poster = poster
        self._undelivered = undelivered
        self._clock = clock
        self._console_url = console_url

    def __call__(self, message: WebhookMessage) -> timedelta | None:
        """After how long the message is to come again; None when nothing is left to do.

        Raises `PlatformUnavailable`."""
        webhook = self._webhooks.webhook(message.group_id, message.webhook)
        if webhook is None:
            return None
        now = self._clock.now()
        known = self._webhooks.delivery(message.group_id, message.webhook, message.delivery_id)
        delivery = known or delivery_of(message, now)
        if message.round > delivery.round:
            delivery = delivery.begun(message.round)
        if message.round < delivery.round or delivery.state is not DeliveryState.WAITING:
            return None
        if delivery.next_try_at and delivery.next_try_at > now:  # it came back before its time
            return delivery.next_try_at - now
        if not webhook.enabled and message.announcement.type != TEST_EVENT:
            skipped = delivery.ended(DeliveryState.SKIPPED, "The webhook was switched off.")
            self._webhooks.save_delivery(message.group_id, skipped)
            return None
        if not delivery.request:
            delivery = delivery.model_copy(update={"request": self._body(webhook, message)})
            self._webhooks.save_delivery(message.group_id, delivery)
        attempt = self._tried(webhook, message, delivery, now)
        delivery = delivery.after(attempt, self._clock.now())
        logger.info(
            "Delivery tried", extra={"state": delivery.state, "status": attempt.status, "tries": delivery.tries}
        )
        if delivery.state is DeliveryState.FAILED:
            self._undelivered.keep(message)
        if attempt.status == GONE:
            reason = f"The receiver answered 410 at {now:%Y-%m-%dT%H:%M:%SZ}: it wants no more deliveries."
            # Somebody who changed it meanwhile knew what they did.
            self._webhooks.save(message.group_id, webhook.switched_off(reason, now), seen=webhook.revision)
        self._webhooks.save_delivery(message.group_id, delivery)
        return delivery.next_try_at - self._clock.now() if delivery.next_try_at else None

    def _body(self, webhook: Webhook, message: WebhookMessage) -> str:
        told = message.announcement
        if webhook.format == "standard":
            return told.model_dump_json()
        question = ""
        if isinstance(told.data, ExecutionData) and told.data.waiting:
            number, execution_id = told.data.waiting.number, told.data.execution_id
            asked = self._approvals.approvals(message.group_id, execution_id)
            question = next((one.question for one in asked if one.number == number), "")
        return slack_body(told, question, self._console_url)

    def _tried(self, webhook: Webhook, message: WebhookMessage, delivery: Delivery, now: datetime) -> Attempt:
        body = delivery.request.encode()
        headers = {"content-type": "application/json", "user-agent": USER_AGENT}
        if message.announcement.traceparent:
            headers["traceparent"] = message.announcement.traceparent
        answer = Answer()
        if webhook.secret is not None:
            secret = self._secrets.group_secret(message.group_id, webhook.secret)
            try:
                if secret is None:
                    raise BadSignature(f"The group has no secret {webhook.secret} to sign with.")
                headers |= standard_headers(secret, delivery.delivery_id, body, now)
            except BadSignature as error:
                answer = Answer(reason=error.message)
        if not answer.reason:
            answer = self._poster.post(webhook.url, headers, body)
        took = self._clock.now() - now
        return Attempt(**answer.model_dump(), at=now, milliseconds=int(took.total_seconds() * 1000))
