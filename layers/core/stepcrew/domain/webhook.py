"""Webhooks: who of a group hears of waits and ends of its executions and batches, and of its budgets, over HTTP, and
what became of each delivery."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from stepcrew.domain.announcement import AnnouncedUsage, Announcement, ExecutionData
from stepcrew.domain.batch import Batch
from stepcrew.domain.callback import CallbackTerms
from stepcrew.domain.canonical import digest
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.mail import MAIL_ADDRESS
from stepcrew.domain.secret_names import SecretName
from stepcrew.domain.stored_crew import CREW_NAME
from stepcrew.domain.timestamps import timestamp
from stepcrew.domain.web_address import WebAddress

WEBHOOK_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
MOST_WEBHOOKS = 20
"""In one group: each announcement of the group looks through all of them."""
WEBHOOK_SECRETS = "WEBHOOK_"
"""What the names of secrets begin with that deliveries are signed with. The sender's role may read no others."""
MOST_ADDRESSES = 10
MOST_ATTEMPTS_SHOWN = 20
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 6 * 3600, 10 * 3600))
"""Between one try and the next: a day all together. None is longer than the 12 hours SQS hides a message at most."""
TEST_EVENT = "stepcrew.webhook.test"

EventName = Literal["waiting", "completed", "failed", "cancelled", "budget"]


class WebhookSpec(BaseModel):
    """What a user writes. `url` is posted to for each of `events`, of the executions of `crews`; null is every
    execution of the group, an empty list only those that name the webhook themselves. With the format `standard` the
    body is the CloudEvent that the event bus gets too, signed with the group's secret of that name (Standard Webhooks);
    with `slack` it is a text as Slack's incoming webhooks take it, signed only where there is a secret. With `mail`
    each address in `to` gets an e-mail, and there is neither `url` nor `secret`. `decision_links`, where the group
    allows them, let waits carry one-time links to approve and to reject: whoever reads them may decide."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: WebAddress | None = None
    to: Annotated[
        list[Annotated[str, StringConstraints(max_length=254, pattern=MAIL_ADDRESS)]], Field(max_length=MOST_ADDRESSES)
    ] = []
    secret: SecretName | None = None
    events: Annotated[list[EventName], Field(min_length=1, max_length=5)] = [
        "waiting",
        "completed",
        "failed",
        "cancelled",
        "budget",
    ]
    crews: Annotated[list[Annotated[str, StringConstraints(pattern=CREW_NAME)]], Field(max_length=100)] | None = None
    format: Literal["standard", "slack", "mail"] = "standard"
    decision_links: bool = False
    enabled: bool = True

    @model_validator(mode="after")
    def _where_to(self) -> WebhookSpec:
        if self.format == "mail":
            if not self.to or self.url is not None or self.secret is not None:
                raise ValueError("a mail has addresses in `to`, and neither url nor secret")
            if len(set(self.to)) < len(self.to):
                raise ValueError("an address stands in `to` twice")
        elif self.url is None or self.to:
            raise ValueError("url is missing" if self.url is None else "`to` is for the format mail only")
        return self

    @property
    def needs_secret(self) -> bool:
        return self.format == "standard"

    @model_validator(mode="after")
    def _secret_of_webhooks(self) -> WebhookSpec:
        if self.secret is None and self.needs_secret:
            raise ValueError("secret is missing: name the group's secret that deliveries are signed with")
        if self.secret is not None and not self.secret.startswith(WEBHOOK_SECRETS):
            raise ValueError(
                f"the name of the secret that deliveries are signed with must begin with {WEBHOOK_SECRETS}"
            )
        return self


class Webhook(WebhookSpec):
    """A stored webhook. `revision` grows with each change. `off_reason` says why it was switched off by itself. A
    callback of an execution is one too; it needs no secret."""

    model_config = ConfigDict(extra="ignore", strict=False)

    name: str
    revision: int = 1
    made_by: str | None = None
    created_at: datetime
    updated_at: datetime
    off_reason: str = ""
    callback: CallbackTerms | None = None

    @property
    def needs_secret(self) -> bool:
        return self.callback is None and super().needs_secret

    @property
    def tells_of_questions(self) -> bool:
        """Whether what it sends of a wait depends on what is asked."""
        return self.format != "standard" or self.decision_links

    @property
    def receivers(self) -> list[str]:
        """Each has deliveries of its own: the addresses of mails; the empty text stands for the `url`."""
        return self.to or [""]

    @property
    def place(self) -> str:
        """Where it sends to, for people."""
        return self.url or ", ".join(self.to)

    def messages(self, group_id: str, told: Announcement) -> list[WebhookMessage]:
        """One for each of its receivers."""
        return [WebhookMessage(group_id=group_id, webhook=self.name, to=to, announcement=told) for to in self.receivers]

    def hears_of(self, changed: Execution | Batch) -> bool:
        """Whether a change of this execution or batch to the status it has is told to it."""
        if not self.enabled or changed.status.lower() not in self.events:
            return False
        if self.name in changed.webhooks or self.crews is None:
            return True
        return changed.crew_name in self.crews

    def hears_of_budget(self, crew: str | None) -> bool:
        """Whether it is told that a budget of the group (null), or of this crew, is nearly or wholly spent."""
        return self.enabled and "budget" in self.events and (self.crews is None or crew in self.crews)

    def pointed_at(self, url: str | None, now: datetime) -> Webhook:
        """Switched on, with this address."""
        changes = {"url": url, "enabled": True, "off_reason": "", "revision": self.revision + 1, "updated_at": now}
        return self.model_copy(update=changes)

    def switched_off(self, reason: str, now: datetime) -> Webhook:
        changes = {"enabled": False, "off_reason": reason, "revision": self.revision + 1, "updated_at": now}
        return self.model_copy(update=changes)


class WebhookMessage(BaseModel):
    """What waits in the queue: an announcement for one of the receivers of a webhook. `round` grows with each time
    somebody asks to have it delivered again."""

    group_id: str
    webhook: str
    to: str = ""
    round: int = 1
    announcement: Announcement

    @property
    def delivery_id(self) -> str:
        """The same whenever the same change is told to the same receiver. It has no full stop, which would make the
        signed text ambiguous (Standard Webhooks, "Webhook metadata")."""
        told = f"{self._receiver}\n{self.announcement.id}"
        return f"msg_{digest(told)[:32]}"

    @property
    def order(self) -> str:
        """Messages of the same order are handled one after another."""
        return digest(f"{self.group_id}\n{self._receiver}\n{self.announcement.subject}")

    @property
    def _receiver(self) -> str:
        return f"{self.webhook}\n{self.to}" if self.to else self.webhook


class DeliveryState(StrEnum):
    WAITING = "WAITING"
    """It is sent, or sent again, by itself."""
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    """It is not sent again unless somebody asks for it."""
    SKIPPED = "SKIPPED"
    """The webhook was switched off when its turn came."""


class Answer(BaseModel):
    """What a receiver answered: `status` is null where it did not, and `reason` says why. `body` is its beginning.
    With `is_final`, trying again is no use."""

    status: int | None = None
    body: str = ""
    reason: str = ""
    is_final: bool = False

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Attempt(Answer):
    """One try: when it began, and how long the receiver took."""

    at: datetime
    milliseconds: int = 0


class Delivery(BaseModel):
    """An announcement on its way to a webhook. `request` is the body as it is sent; the headers `webhook-id` (which is
    `delivery_id`), `webhook-timestamp` and `webhook-signature` are made for each try. `attempts` are the last ones,
    `tries` counts those of this `round`."""

    delivery_id: str
    webhook: str
    to: str = ""
    execution_id: str
    event_id: str
    event_type: str
    state: DeliveryState = DeliveryState.WAITING
    reason: str = ""
    created_at: datetime
    next_try_at: datetime | None = None
    request: str = ""
    attempts: list[Attempt] = []
    tries: int = 0
    round: int = 1
    announcement: Announcement

    @property
    def place(self) -> str:
        """Where it stands in the order of time."""
        return f"{timestamp(self.created_at)}#{self.delivery_id}"

    def begun(self, number: int) -> Delivery:
        """At the beginning of another round."""
        changes = {"round": number, "tries": 0, "state": DeliveryState.WAITING, "reason": "", "next_try_at": None}
        return self.model_copy(update=changes)

    def ended(self, state: DeliveryState, reason: str = "") -> Delivery:
        return self.model_copy(update={"state": state, "reason": reason, "next_try_at": None})

    def after(self, attempt: Attempt, now: datetime) -> Delivery:
        """With this try behind it: delivered, failed for good, or with the time of the next one."""
        attempts = [*self.attempts, attempt][-MOST_ATTEMPTS_SHOWN:]
        tried = self.model_copy(update={"attempts": attempts, "tries": self.tries + 1})
        if attempt.is_taken:
            return tried.ended(DeliveryState.DELIVERED)
        if attempt.status == GONE:
            return tried.ended(DeliveryState.FAILED, "The receiver answered 410: it wants no more deliveries.")
        if attempt.is_final:
            return tried.ended(DeliveryState.FAILED, attempt.reason)
        wait = wait_after(tried.tries)
        reason = attempt.reason or f"The receiver answered {attempt.status}."
        if wait is None:
            return tried.ended(DeliveryState.FAILED, f"{reason} It was tried {tried.tries} times.")
        return tried.model_copy(update={"next_try_at": now + wait, "reason": reason})


GONE = 410


def wait_after(tries: int) -> timedelta | None:
    """How long to wait behind so many tries without success; None when there is no further one."""
    return WAITS[tries - 1] if tries <= len(WAITS) else None


def delivery_of(message: WebhookMessage, now: datetime) -> Delivery:
    told = message.announcement
    return Delivery(
        delivery_id=message.delivery_id,
        webhook=message.webhook,
        to=message.to,
        execution_id=told.subject,
        event_id=told.id,
        event_type=told.type,
        created_at=now,
        round=message.round,
        announcement=told,
    )


def sample(group_id: str, event_id: str, now: datetime) -> Announcement:
    """What a test sends: shaped as an end, about no execution."""
    data = ExecutionData(
        group_id=group_id,
        execution_id="test",
        name="A test of the webhook",
        status=Status.COMPLETED,
        revision=1,
        crew=None,
        source="test",
        created_at=now,
        started_at=now,
        ended_at=now,
        usage=AnnouncedUsage(model_calls=0, total_tokens=0, cost_usd=None),
        error=None,
        waiting=None,
    )
    return Announcement(id=event_id, type=TEST_EVENT, subject="test", time=now, data=data)
