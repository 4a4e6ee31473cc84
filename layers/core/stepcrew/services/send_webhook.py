"""Delivers an announcement to a webhook, at least once: posts it, records what the receiver answered, tells when to
try again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import timedelta

from stepcrew.domain.announcement import ExecutionData
from stepcrew.domain.approval import Approval, DecisionKind, numbered
from stepcrew.domain.decision_link import DECISIONS, may_be_linked, signed_links
from stepcrew.domain.mail import Mail, mail_of
from stepcrew.domain.signatures import BadSignature, standard_headers
from stepcrew.domain.slack import slack_body
from stepcrew.domain.told_text import told_text
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
from stepcrew.services.link_ports import LinkKeyStore
from stepcrew.services.ports import ApprovalStore, Clock
from stepcrew.services.secret_ports import Secrets
from stepcrew.services.webhook_ports import Mailer, Poster, UndeliveredMessages, WebhookStore
from stepcrew.services.write_callback import WriteCallback

USER_AGENT = "stepcrew-webhooks"
NOT_KEPT = "***"
"""In place of a one-time link in the log of deliveries: whoever has it may decide."""

logger = logging.getLogger(__name__)


class SendWebhook:
    """Every call may be repeated. One that died between posting and recording posts again, with the same id."""

    def __init__(
        self,
        webhooks: WebhookStore,
        secrets: Secrets,
        approvals: ApprovalStore,
        link_keys: LinkKeyStore,
        poster: Poster,
        mailer: Mailer,
        undelivered: UndeliveredMessages,
        write_callback: WriteCallback,
        clock: Clock,
        console_url: str,
        api_url: str,
    ) -> None:
        self._webhooks = webhooks
        self._secrets = secrets
        self._approvals = approvals
        self._link_keys = link_keys
        self._poster = poster
        self._mailer = mailer
        self._undelivered = undelivered
        self._write_callback = write_callback
        self._clock = clock
        self._console_url = console_url
        self._api_url = api_url

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
        if reason := _not_sent(webhook, message):
            self._webhooks.save_delivery(message.group_id, delivery.ended(DeliveryState.SKIPPED, reason))
            return None
        approval = self._asked(webhook, message)
        links = self._links(webhook, message, approval)
        if webhook.callback is None:
            body = self._body(webhook, message, approval, links)
        else:  # what it was sent at the first try
            body = delivery.request or self._write_callback(webhook.callback, message.announcement)
        if body is None:
            gone = delivery.ended(DeliveryState.SKIPPED, "What it was to tell is there no more.")
            self._webhooks.save_delivery(message.group_id, gone)
            return None
        if not delivery.request:
            shown = self._body(webhook, message, approval, dict.fromkeys(links, NOT_KEPT)) if links else body
            text = shown.shown(message.to) if isinstance(shown, Mail) else shown
            delivery = delivery.model_copy(update={"request": text})
            self._webhooks.save_delivery(message.group_id, delivery)
        answer = self._mailer.send(message.to, body) if isinstance(body, Mail) else self._posted(webhook, message, body)
        took = self._clock.now() - now
        attempt = Attempt(**answer.model_dump(), at=now, milliseconds=int(took.total_seconds() * 1000))
        delivery = delivery.after(attempt, self._clock.now())
        logger.info(
            "Delivery tried", extra={"state": delivery.state, "status": attempt.status, "tries": delivery.tries}
        )
        if delivery.state is DeliveryState.FAILED:
            self._undelivered.keep(message)
        if reason := _why_no_more(webhook, delivery, attempt):
            # Somebody who changed it meanwhile knew what they did.
            self._webhooks.save(message.group_id, webhook.switched_off(reason, now), seen=webhook.revision)
        self._webhooks.save_delivery(message.group_id, delivery)
        return delivery.next_try_at - self._clock.now() if delivery.next_try_at else None

    def _asked(self, webhook: Webhook, message: WebhookMessage) -> Approval | None:
        """The question that is waited for, where the body holds something of it."""
        data = message.announcement.data
        if not isinstance(data, ExecutionData) or data.waiting is None or not webhook.tells_of_questions:
            return None
        asked = self._approvals.approvals(message.group_id, data.execution_id)
        return numbered(asked, data.waiting.number)

    def _links(self, webhook: Webhook, message: WebhookMessage, approval: Approval | None) -> dict[DecisionKind, str]:
        """One-time links to decide it, where webhook and group allow them. They are made anew at each try and kept
        nowhere."""
        sent_to = message.to or f"webhook {webhook.name}"
        if approval is None or not webhook.decision_links or not may_be_linked(approval, sent_to):
            return {}
        keys = self._link_keys.link_keys(message.group_id)
        return signed_links(approval, sent_to, keys, message.announcement.time) if keys else {}

    def _body(
        self,
        webhook: Webhook,
        message: WebhookMessage,
        approval: Approval | None,
        links: Mapping[DecisionKind, str],
    ) -> str | Mail:
        told = message.announcement
        decide = {kind: f"{self._api_url}/api/v1/decide?link={links[kind]}" for kind in DECISIONS if kind in links}
        if webhook.format != "standard":
            text = told_text(told, approval.question if approval else "", self._console_url, decide)
            return mail_of(text, webhook.name, message.group_id) if webhook.format == "mail" else slack_body(text)
        if not decide:
            return told.model_dump_json()
        document = told.model_dump(mode="json")
        document["data"]["waiting"]["links"] = decide
        return json.dumps(document)

    def _posted(self, webhook: Webhook, message: WebhookMessage, text: str) -> Answer:
        body = text.encode()
        headers = {"content-type": "application/json", "user-agent": USER_AGENT}
        if message.announcement.traceparent:
            headers["traceparent"] = message.announcement.traceparent
        if webhook.secret is not None:
            secret = self._secrets.group_secret(message.group_id, webhook.secret)
            try:
                if secret is None:
                    raise BadSignature(f"The group has no secret {webhook.secret} to sign with.")
                headers |= standard_headers(secret, message.delivery_id, body, self._clock.now())
            except BadSignature as error:
                return Answer(reason=error.message)
        return self._poster.post(webhook.url or "", headers, body)


def _why_no_more(webhook: Webhook, delivery: Delivery, attempt: Attempt) -> str:
    """Why nothing is sent to this webhook any more after this try; empty where it is."""
    when = f"{attempt.at:%Y-%m-%dT%H:%M:%SZ}"
    if attempt.status == GONE:
        return f"The receiver answered 410 at {when}: it wants no more deliveries."
    # Many steps may wait behind this one, and each would be tried for a day.
    given_up = webhook.callback is not None and delivery.state is DeliveryState.FAILED
    return f"The receiver took nothing for a day, until {when}." if given_up else ""


def _not_sent(webhook: Webhook, message: WebhookMessage) -> str:
    """Why what is on its way is not sent any more; empty where it is."""
    if message.to not in webhook.receivers:
        return "The webhook was changed: it does not send there any more."
    is_off = not webhook.enabled and message.announcement.type != TEST_EVENT
    return "The webhook was switched off." if is_off else ""
