"""What webhooks need of the outside, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stepcrew.domain.mail import Mail
from stepcrew.domain.webhook import Answer, WebhookMessage


class FakeWebhookQueue:
    """`sent` is what was handed over, `waiting` what is there then: the same message again is one."""

    def __init__(self) -> None:
        self.sent: list[WebhookMessage] = []

    @property
    def waiting(self) -> list[WebhookMessage]:
        return list({(one.order, one.delivery_id, one.round): one for one in self.sent}.values())

    def send(self, message: WebhookMessage) -> None:
        self.sent.append(message)

    def keep(self, message: WebhookMessage) -> None:
        self.send(message)


class NoWebhooks:
    """A group without webhooks."""

    def names(self, group_id: str) -> set[str]:
        return set()


class FakeMailer:
    """Takes every mail, unless `answers` say otherwise."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.sent: list[tuple[str, Mail]] = []

    def send(self, address: str, mail: Mail) -> Answer:
        self.sent.append((address, mail))
        return self.answers.pop(0) if self.answers else Answer(status=200, body="Amazon SES took it: m-1")


class FakePoster:
    """A receiver that answers with `answers`, one after another, and then with 204."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.posted.append((url, dict(headers), body))
        self.meanwhile()
        return self.answers.pop(0) if self.answers else Answer(status=204)
