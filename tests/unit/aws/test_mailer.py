"""What is asked of Amazon SES, and what its refusals become."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from stepcrew.aws.mailer import SesMailer
from stepcrew.domain.mail import Mail, MailRules

ADA = "ada@example.com"
MAIL = Mail("haiku is FAILED.", "haiku is FAILED.\n")
SENT: dict[str, Any] = {
    "FromEmailAddress": "crews@example.com",
    "Destination": {"ToAddresses": [ADA]},
    "Content": {
        "Simple": {
            "Subject": {"Data": MAIL.subject, "Charset": "UTF-8"},
            "Body": {"Text": {"Data": MAIL.text, "Charset": "UTF-8"}},
        }
    },
}


class Harness:
    def __init__(self) -> None:
        untyped: Any = boto3
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self.sesv2 = untyped.client("sesv2", region_name="us-east-1", **keys)
        self.ses = Stubber(self.sesv2)
        self.ses.activate()
        clients: Any = self
        self.mailer = SesMailer(clients, "crews@example.com")

    def is_not_suppressed(self) -> None:
        self.ses.add_client_error(
            "get_suppressed_destination", "NotFoundException", expected_params={"EmailAddress": ADA}
        )


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_a_mail_is_sent_as_text(harness: Harness) -> None:
    harness.is_not_suppressed()
    harness.ses.add_response("send_email", {"MessageId": "m-1"}, SENT)
    answer = harness.mailer.send(ADA, MAIL)
    assert (answer.is_taken, answer.body) == (True, "Amazon SES took it: m-1")
    harness.ses.assert_no_pending_responses()


@pytest.mark.parametrize(("reason", "told"), [("BOUNCE", "came back"), ("COMPLAINT", "complained")])
def test_an_address_that_bounced_or_complained_is_told_and_sent_nothing(
    harness: Harness, reason: str, told: str
) -> None:
    found = {"EmailAddress": ADA, "Reason": reason, "LastUpdateTime": datetime(2026, 11, 3, tzinfo=UTC)}
    harness.ses.add_response("get_suppressed_destination", {"SuppressedDestination": found})
    answer = harness.mailer.send(ADA, MAIL)
    assert (answer.is_taken, answer.is_final) == (False, True)
    assert "suppression list since 2026-11-03" in answer.reason
    assert told in answer.reason


@pytest.mark.parametrize("code", ["MessageRejected", "SendingPausedException", "TooManyRequestsException"])
def test_a_refusal_is_told_in_the_words_of_the_service_and_tried_again(harness: Harness, code: str) -> None:
    harness.is_not_suppressed()
    harness.ses.add_client_error("send_email", code, "Email address is not verified.", 400)
    answer = harness.mailer.send(ADA, MAIL)
    assert (answer.status, answer.is_taken, answer.is_final) == (400, False, False)
    assert answer.reason == f"Amazon SES refused it: {code}: Email address is not verified."


def test_without_an_address_to_send_from_nothing_is_asked(harness: Harness) -> None:
    clients: Any = harness
    assert "has set no address" in SesMailer(clients, "").send(ADA, MAIL).reason
    harness.ses.assert_no_pending_responses()


def test_the_operator_says_who_may_get_mails() -> None:
    rules = MailRules("crews@example.com", ["*@example.com", "ops@*.example.org"])
    assert [rules.allows(one) for one in (ADA, "ops@eu.example.org", "eve@example.org")] == [True, True, False]
