"""What the sender of webhooks makes of the messages of its queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import GROUP, execution
from tests.unit.functions.test_trace_sink import Context

from stepcrew.domain.announcement import announcement_of
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.webhook import WebhookMessage
from stepcrew_webhook_sender import handler as sender

MESSAGE = WebhookMessage(group_id=GROUP, webhook="ops", announcement=announcement_of(execution()))


class Sent:
    """What the handler works with, remembering."""

    def __init__(self) -> None:
        self.wait: timedelta | None = None
        self.sent: list[WebhookMessage] = []
        self.hidden: list[tuple[str, int]] = []
        self.kept: list[tuple[str, str]] = []
        self.is_out = False
        self.queue = self
        self.unreadable = self

    def send(self, message: WebhookMessage) -> timedelta | None:
        if self.is_out:
            raise PlatformUnavailable("The table did not answer.")
        self.sent.append(message)
        return self.wait

    def hide(self, receipt: str, seconds: int) -> None:
        self.hidden.append((receipt, seconds))

    def keep(self, message_id: str, body: str) -> None:
        self.kept.append((message_id, body))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    made = Sent()
    monkeypatch.setattr(sender, "sender", lambda: made)
    return made


def call(body: str) -> Any:
    return sender.handler({"Records": [{"messageId": "m", "receiptHandle": "r", "body": body}]}, Context())


def test_what_is_settled_leaves_the_queue(sent: Sent) -> None:
    assert call(MESSAGE.model_dump_json()) == {"batchItemFailures": []}
    assert sent.sent == [MESSAGE]
    assert sent.hidden == []


def test_what_is_tried_again_stays_hidden_until_then(sent: Sent) -> None:
    sent.wait = timedelta(seconds=4.2)
    assert call(MESSAGE.model_dump_json()) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert sent.hidden == [("r", 5)]


def test_an_outage_leaves_the_message_where_it_is(sent: Sent) -> None:
    sent.is_out = True
    with pytest.raises(PlatformUnavailable):
        call(MESSAGE.model_dump_json())


def test_a_message_that_cannot_be_read_is_kept_for_a_person_at_once(sent: Sent) -> None:
    assert call("{}") == {"batchItemFailures": []}
    assert sent.kept == [("m", "{}")]
    assert sent.sent == []
