"""Webhooks: who is told, what is posted and signed, when it is tried again, and what the log says."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import GROUP, ID, NOW, TABLE, emulated_aws, execution
from tests.fakes.webhooks import FakeMailer, FakePoster, FakeWebhookQueue
from tests.waiting import park, question, running

from stepcrew.aws.link_keys import ParameterLinkKeys
from stepcrew.aws.webhooks import TableWebhooks
from stepcrew.domain.announcement import ExecutionData, announcement_of
from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.decision_link import LinkKey, LinkKeys, check_link
from stepcrew.domain.definition import SecretReference
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, Status, Waiting
from stepcrew.domain.mail import mail_of
from stepcrew.domain.signatures import verified
from stepcrew.domain.slack import slack_body
from stepcrew.domain.stored_crew import CrewVersion
from stepcrew.domain.told_text import told_text
from stepcrew.domain.trigger import HookRule
from stepcrew.domain.webhook import WAITS, Answer, Delivery, DeliveryState, Webhook, WebhookMessage, wait_after
from stepcrew.services.send_webhook import SendWebhook
from stepcrew.services.tell_webhooks import TellWebhooks
from stepcrew.services.write_callback import WriteCallback

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://receiver.example.com/crews?key=1"


class Harness:
    def __init__(self) -> None:
        with_aws = emulated_aws()
        self.aws = with_aws.__enter__()
        self.close = with_aws.__exit__
        self.clock = self.aws.clock
        self.webhooks = TableWebhooks(self.aws.clients, TABLE, 30)
        self.queue, self.undelivered, self.poster = FakeWebhookQueue(), FakeWebhookQueue(), FakePoster()
        self.secrets = {"WEBHOOK_KEY": SECRET}
        self.mailer = FakeMailer()
        self.link_keys = ParameterLinkKeys(self.aws.clients, "/stepcrew/test")
        self.tell = TellWebhooks(self.webhooks, self.queue)
        self.send = SendWebhook(
            *(self.webhooks, self, self.aws.approvals, self.link_keys, self.poster, self.mailer, self.undelivered),
            WriteCallback(self.aws.executions, self.aws.tasks, self.aws.traces, "https://api.example.com"),
            self.clock,
            *("https://console.example.com", "https://api.example.com"),
        )

    def group_secret(self, group_id: str, name: str) -> str | None:
        return self.secrets.get(name)

    def operator_secrets(self) -> dict[str, str]:
        return {}

    def keep(self, **changes: object) -> Webhook:
        fields = {"url": URL, "secret": "WEBHOOK_KEY", "name": "ops", "created_at": NOW, "updated_at": NOW, **changes}
        webhook = Webhook.model_validate(fields)
        before = self.webhooks.webhook(GROUP, webhook.name)
        assert self.webhooks.save(GROUP, webhook, seen=before.revision if before else None)
        return webhook

    def later(self, wait: timedelta) -> None:
        self.clock.at += wait

    def delivery(self) -> Delivery:
        [found] = self.webhooks.deliveries(GROUP, "ops", before=None, limit=10)
        return found


@pytest.fixture
def harness() -> Generator[Harness]:
    made = Harness()
    yield made
    made.close(None, None, None)


def ended(**changes: object) -> Execution:
    return execution().model_copy(update={"status": Status.COMPLETED, "revision": 7, "ended_at": NOW, **changes})


def message() -> WebhookMessage:
    return WebhookMessage(group_id=GROUP, webhook="ops", announcement=announcement_of(ended()))


@pytest.mark.parametrize(
    ("rule", "changes", "is_told"),
    [
        ({}, {}, True),
        ({"events": ["failed"]}, {}, False),
        ({"enabled": False}, {}, False),
        ({"crews": []}, {}, False),
        ({"crews": []}, {"webhooks": ["ops"]}, True),
        ({"crews": ["report"]}, {"crew": CrewVersion(name="report", version=2)}, True),
        ({"crews": ["report"]}, {"crew": CrewVersion(name="other", version=2)}, False),
        ({"crews": ["report"]}, {"webhooks": ["another"]}, False),
    ],
)
def test_a_webhook_hears_of_its_events_crews_and_those_that_name_it(
    harness: Harness, rule: dict[str, object], changes: dict[str, object], is_told: bool
) -> None:
    harness.keep(**rule)
    assert harness.tell([ended(**changes)]) == int(is_told)
    assert [one.webhook for one in harness.queue.sent] == ["ops"] * is_told


def test_the_same_change_makes_the_same_message_and_changes_keep_their_order(harness: Harness) -> None:
    harness.keep()
    harness.keep(name="second")
    waiting = ended(status=Status.WAITING, revision=5)
    for _ in (1, 2):
        harness.tell([waiting, ended()])
    first, again = harness.queue.sent[:4], harness.queue.sent[4:]
    assert [one.delivery_id for one in first] == [one.delivery_id for one in again]
    assert len({one.delivery_id for one in first}) == 4
    assert len({one.order for one in first}) == 2, "one order for each webhook and execution"
    told = [one.announcement.data for one in first if one.webhook == "ops"]
    statuses = [data.status for data in told if isinstance(data, ExecutionData)]
    assert statuses == [Status.WAITING, Status.COMPLETED]


def test_a_delivery_is_signed_and_carries_what_the_bus_carries(harness: Harness) -> None:
    harness.keep()
    assert harness.send(message()) is None
    [(url, headers, body)] = harness.poster.posted
    assert (url, body.decode()) == (URL, announcement_of(ended()).model_dump_json())
    rule = HookRule(signature="standard", secret=SecretReference(secret="HOOK_KEY"))
    assert verified(rule, SECRET, headers, body, NOW) == message().delivery_id
    assert headers["traceparent"] == message().announcement.traceparent
    delivery = harness.delivery()
    assert (delivery.state, delivery.tries, delivery.request) == (DeliveryState.DELIVERED, 1, body.decode())
    assert "whsec" not in delivery.model_dump_json()
    assert harness.send(message()) is None
    assert len(harness.poster.posted) == 1, "told again, it is not sent again"


def test_the_schedule_is_a_day_long_and_no_wait_is_longer_than_a_queue_hides_a_message() -> None:
    assert [wait_after(tries) for tries in range(1, 9)] == [*WAITS, None]
    assert timedelta(hours=23) < sum(WAITS, timedelta()) <= timedelta(hours=24)
    assert max(WAITS) <= timedelta(hours=12)
    assert list(WAITS) == sorted(WAITS)


def test_one_that_fails_is_tried_for_a_day_and_then_kept_for_a_person(harness: Harness) -> None:
    harness.keep()
    harness.poster.answers = [Answer(status=503, body="busy"), *[Answer(reason="No answer.")] * 7]
    for wait in WAITS:
        assert harness.send(message()) == wait
        assert harness.delivery().next_try_at == harness.clock.now() + wait
        harness.later(wait)
    assert harness.undelivered.sent == []
    assert harness.send(message()) is None
    delivery = harness.delivery()
    assert (delivery.state, delivery.tries, delivery.next_try_at) == (DeliveryState.FAILED, 8, None)
    assert (delivery.attempts[0].status, delivery.attempts[0].body) == (503, "busy")
    assert delivery.reason == "No answer. It was tried 8 times."
    assert harness.undelivered.sent == [message()]
    assert {headers["webhook-id"] for _, headers, _ in harness.poster.posted} == {message().delivery_id}
    assert len({headers["webhook-timestamp"] for _, headers, _ in harness.poster.posted}) == 8


def test_one_that_comes_back_too_early_waits_for_the_rest_of_its_time(harness: Harness) -> None:
    harness.keep()
    harness.poster.answers = [Answer(status=500), Answer(status=500)]
    harness.send(message())
    harness.later(WAITS[0])
    harness.send(message())
    harness.later(timedelta(seconds=100))  # its sender died before it hid the message
    assert harness.send(message()) == WAITS[1] - timedelta(seconds=100)
    assert len(harness.poster.posted) == 2


def test_a_sender_that_dies_between_post_and_record_posts_again_with_the_same_id(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.keep()
    save = harness.webhooks.save_delivery

    def die(group_id: str, delivery: Delivery) -> None:
        if delivery.attempts:
            raise PlatformUnavailable("It was killed.")
        save(group_id, delivery)

    with monkeypatch.context() as dying:
        dying.setattr(harness.webhooks, "save_delivery", die)
        with pytest.raises(PlatformUnavailable):
            harness.send(message())
    assert (harness.delivery().state, harness.delivery().attempts) == (DeliveryState.WAITING, [])
    assert harness.send(message()) is None
    assert harness.delivery().state is DeliveryState.DELIVERED
    first, second = harness.poster.posted
    assert first == second


def test_a_receiver_that_is_gone_switches_its_webhook_off_with_a_reason(harness: Harness) -> None:
    harness.keep()
    harness.poster.answers = [Answer(status=410)]
    assert harness.send(message()) is None
    webhook = harness.webhooks.webhook(GROUP, "ops")
    assert webhook
    assert (webhook.enabled, webhook.revision) == (False, 2)
    assert "410" in webhook.off_reason
    assert harness.delivery().state is DeliveryState.FAILED
    later = WebhookMessage(group_id=GROUP, webhook="ops", announcement=announcement_of(ended(revision=8)))
    assert harness.send(later) is None
    assert len(harness.poster.posted) == 1
    newest = harness.webhooks.deliveries(GROUP, "ops", before=None, limit=10)
    assert DeliveryState.SKIPPED in {one.state for one in newest}


def test_a_receiver_that_is_gone_does_not_switch_off_what_was_changed_meanwhile(harness: Harness) -> None:
    harness.keep()
    harness.poster.answers = [Answer(status=410)]
    harness.poster.meanwhile = lambda: harness.keep(url="https://new.example.com/", revision=2)
    harness.send(message())
    webhook = harness.webhooks.webhook(GROUP, "ops")
    assert webhook
    assert (webhook.enabled, webhook.url) == (True, "https://new.example.com/")


@pytest.mark.parametrize(
    ("secrets", "reason"), [({}, "no secret WEBHOOK_KEY"), ({"WEBHOOK_KEY": "no base64!"}, "no base64 text")]
)
def test_what_cannot_be_signed_is_not_posted_and_is_tried_again(
    harness: Harness, secrets: dict[str, str], reason: str
) -> None:
    harness.keep()
    harness.secrets = secrets
    assert harness.send(message()) == WAITS[0]
    assert harness.poster.posted == []
    assert reason in harness.delivery().reason
    harness.secrets = {"WEBHOOK_KEY": SECRET}
    harness.later(WAITS[0])
    assert harness.send(message()) is None
    assert harness.delivery().state is DeliveryState.DELIVERED


def test_a_webhook_that_was_removed_is_sent_nothing(harness: Harness) -> None:
    assert harness.send(message()) is None
    assert harness.poster.posted == []


def test_another_round_sends_the_same_again_and_an_old_message_does_not(harness: Harness) -> None:
    harness.keep()
    harness.send(message())
    again = message().model_copy(update={"round": 2})
    assert harness.send(again) is None
    assert harness.send(message()) is None
    first, second = harness.poster.posted
    assert first == second
    assert (harness.delivery().round, harness.delivery().tries) == (2, 1)
    assert len(harness.delivery().attempts) == 2


def test_slack_reads_the_question_with_a_link_and_nothing_of_it_is_markup() -> None:
    waiting = Waiting(number=1, kind="answer", since=NOW, expires_at=NOW)
    told = announcement_of(ended(status=Status.WAITING, waiting=waiting, name="<!channel> & co"))
    console = "https://console.example.com"
    text = json.loads(slack_body(told_text(told, "Is <b> fine?", console, {})))["text"]
    assert text.splitlines() == [
        "*&lt;!channel&gt; &amp; co* waits for a decision.",
        "Is &lt;b&gt; fine?",
        f"<https://console.example.com/executions/{ID}|Decide in the console>",
    ]
    assert "http" not in slack_body(told_text(told, "", "", {}))


def test_a_slack_webhook_needs_no_secret(harness: Harness) -> None:
    harness.keep(format="slack", secret=None)
    assert harness.send(message()) is None
    [(_, headers, body)] = harness.poster.posted
    assert "webhook-signature" not in headers
    assert json.loads(body)["text"].startswith("*haiku* is COMPLETED.")


def waiting_for_ada(harness: Harness, **changes: Any) -> WebhookMessage:
    """An execution that waits, and the links of its group are on."""
    held = running(harness.aws)
    parked = park(harness.aws, held, question(**changes))
    key = LinkKey(key_id="k", secret="c" * 43, made_at=NOW)
    harness.link_keys.save_link_keys(GROUP, LinkKeys(keys=[key]))
    return WebhookMessage(group_id=GROUP, webhook="ops", announcement=announcement_of(parked))


def test_a_webhook_that_may_decide_gets_links_which_the_log_does_not_keep(harness: Harness) -> None:
    told = waiting_for_ada(harness)
    harness.keep(decision_links=True)
    harness.poster.answers = [Answer(status=500)]
    harness.send(told)
    harness.later(WAITS[0])
    assert harness.send(told) is None
    (_, _, first), (_, headers, body) = harness.poster.posted
    assert first == body, "tried again, it is the same"
    links = json.loads(body)["data"]["waiting"]["links"]
    assert list(links) == ["approve", "reject"]
    for kind, url in links.items():
        address, _, text = url.partition("?link=")
        assert address == "https://api.example.com/api/v1/decide"
        kept = harness.link_keys.link_keys(GROUP)
        assert kept
        said = check_link(text, kept.keys, NOW)
        assert (said.decision, said.approval_id, said.sent_to) == (kind, f"{ID}.1", "webhook ops")
        assert text not in harness.delivery().model_dump_json()
        assert text not in told.model_dump_json()
    shown = json.loads(harness.delivery().request)["data"]["waiting"]
    assert shown["links"]["approve"] == "https://api.example.com/api/v1/decide?link=***"
    rule = HookRule(signature="standard", secret=SecretReference(secret="HOOK_KEY"))
    assert verified(rule, SECRET, headers, body, harness.clock.now()) == told.delivery_id


@pytest.mark.parametrize(
    ("asks", "rule", "is_on"),
    [
        ({}, {"decision_links": False}, True),
        ({}, {}, False),
        ({"kind": ApprovalKind.INPUT}, {}, True),
        ({"deciders": ["boss@example.com"]}, {}, True),
    ],
)
def test_no_link_is_sent_where_none_may_decide(
    harness: Harness, asks: dict[str, Any], rule: dict[str, object], is_on: bool
) -> None:
    told = waiting_for_ada(harness, **asks)
    if not is_on:
        harness.link_keys.delete_link_keys(GROUP)
    harness.keep(**{"decision_links": True, **rule})
    harness.send(told)
    [(_, _, body)] = harness.poster.posted
    assert body.decode() == told.announcement.model_dump_json()


def test_slack_gets_links_beside_the_question(harness: Harness) -> None:
    told = waiting_for_ada(harness)
    harness.keep(format="slack", secret=None, decision_links=True)
    harness.send(told)
    [(_, _, body)] = harness.poster.posted
    _, asks, approve, reject, console = json.loads(body)["text"].splitlines()
    assert asks == "Is this a haiku?"
    assert re.fullmatch(r"<https://api\.example\.com/api/v1/decide\?link=[\w.-]+\|Approve>", approve)
    assert reject.endswith("|Reject>")
    assert console.endswith("|Decide in the console>")
    assert harness.delivery().request.count("?link=***|") == 2


MAILS: dict[str, Any] = {"format": "mail", "url": None, "secret": None, "to": ["ada@example.com", "boss@example.com"]}


def test_each_address_of_a_mail_is_told_by_itself(harness: Harness) -> None:
    harness.keep(**MAILS)
    assert harness.tell([ended()]) == 2
    first, second = harness.queue.sent
    assert (first.to, second.to) == ("ada@example.com", "boss@example.com")
    assert len({first.delivery_id, second.delivery_id, message().delivery_id}) == 3
    assert first.order != second.order
    harness.mailer.answers = [Answer(status=400, reason="Amazon SES refused it: MessageRejected: not verified")]
    assert harness.send(first) == WAITS[0]
    assert harness.send(second) is None
    assert [address for address, _ in harness.mailer.sent] == ["ada@example.com", "boss@example.com"]
    mail = harness.mailer.sent[1][1]
    assert mail.subject == "haiku is COMPLETED."
    assert "https://console.example.com/executions/" in mail.text
    log = {one.to: one for one in harness.webhooks.deliveries(GROUP, "ops", before=None, limit=10)}
    assert log["ada@example.com"].reason == "Amazon SES refused it: MessageRejected: not verified"
    assert log["boss@example.com"].state is DeliveryState.DELIVERED
    assert log["boss@example.com"].request == f"To: boss@example.com\nSubject: {mail.subject}\n\n{mail.text}"
    harness.later(WAITS[0])
    assert harness.send(first) is None


def test_a_mail_carries_the_question_and_links_of_its_address(harness: Harness) -> None:
    told = waiting_for_ada(harness, deciders=["boss@example.com"])
    harness.keep(**MAILS, decision_links=True)
    for to in MAILS["to"]:
        assert harness.send(told.model_copy(update={"to": to})) is None
    (_, to_ada), (_, to_boss) = harness.mailer.sent
    assert "Is this a haiku?" in to_ada.text
    assert "?link=" not in to_ada.text, "she does not decide this"
    kept = harness.link_keys.link_keys(GROUP)
    assert kept
    said = [check_link(text, kept.keys, NOW) for text in re.findall(r"\?link=(\S+)", to_boss.text)]
    assert [(one.decision, one.sent_to) for one in said] == [
        ("approve", "boss@example.com"),
        ("reject", "boss@example.com"),
    ]
    log = harness.webhooks.deliveries(GROUP, "ops", before=None, limit=10)
    assert sum(one.request.count("?link=***") for one in log) == 2


def test_an_address_that_bounced_is_not_tried_again(harness: Harness) -> None:
    harness.keep(**MAILS)
    harness.mailer.answers = [Answer(reason="Amazon SES sends nothing to it.", is_final=True)]
    told = message().model_copy(update={"to": "ada@example.com"})
    assert harness.send(told) is None
    assert (harness.delivery().state, harness.delivery().reason) == (
        DeliveryState.FAILED,
        "Amazon SES sends nothing to it.",
    )
    assert harness.undelivered.sent == [told]
    webhook = harness.webhooks.webhook(GROUP, "ops")
    assert webhook
    assert webhook.enabled, "its other addresses are told"


def test_what_is_on_its_way_to_an_address_that_was_removed_is_skipped(harness: Harness) -> None:
    harness.keep(**MAILS)
    harness.keep(**{**MAILS, "to": ["boss@example.com"]}, revision=2)
    for to in ("ada@example.com", ""):
        assert harness.send(message().model_copy(update={"to": to})) is None
    assert harness.mailer.sent == []
    assert harness.poster.posted == []
    log = harness.webhooks.deliveries(GROUP, "ops", before=None, limit=10)
    assert {(one.state, one.reason) for one in log} == {
        (DeliveryState.SKIPPED, "The webhook was changed: it does not send there any more.")
    }


def test_a_mail_is_plain_text_with_its_subject_on_one_line() -> None:
    told = announcement_of(ended(name="a\r\nBcc: eve@example.com\x07"))
    mail = mail_of(told_text(told, "", "", {}), "ops", GROUP)
    assert mail.subject == "a Bcc: eve@example.com is COMPLETED."
    long = mail_of(told_text(announcement_of(ended(name="x" * 500)), "", "", {}), "ops", GROUP)
    assert len(long.subject) == 200
