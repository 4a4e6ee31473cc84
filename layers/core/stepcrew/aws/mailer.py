"""Sends e-mails with Amazon SES (API version 2).

Sources: SendEmail and GetSuppressedDestination in the SES API v2 reference. SES takes a mail to an address on the
account's suppression list and sends nothing, so that list is asked first (SES developer guide, "Using the Amazon SES
account-level suppression list").
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of
from stepcrew.domain.mail import Mail
from stepcrew.domain.webhook import Answer

_WHY = {"BOUNCE": "a mail to it came back", "COMPLAINT": "its owner complained about a mail"}


class SesMailer:
    """`Mailer`. `sender` is an address that SES has verified, or of a domain it has."""

    def __init__(self, clients: Clients, sender: str) -> None:
        self._clients = clients
        self._sender = sender

    def send(self, address: str, mail: Mail) -> Answer:
        if not self._sender:
            return Answer(reason="The operator has set no address that mails come from.")
        try:
            if suppressed := self._suppressed(address):
                return Answer(reason=suppressed, is_final=True)
            answer = self._clients.sesv2.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [address]},
                Content={"Simple": {"Subject": _utf8(mail.subject), "Body": {"Text": _utf8(mail.text)}}},
            )
        except ClientError as error:
            told = error.response.get("Error", {}).get("Message", "")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            return Answer(status=status, reason=f"Amazon SES refused it: {code_of(error)}: {told}"[:500])
        except BotoCoreError as error:
            return Answer(reason=f"Amazon SES did not answer: {error}"[:500])
        return Answer(status=200, body=f"Amazon SES took it: {answer['MessageId']}")

    def _suppressed(self, address: str) -> str:
        """Why nothing is sent to it; empty where something is."""
        try:
            found = self._clients.sesv2.get_suppressed_destination(EmailAddress=address)["SuppressedDestination"]
        except ClientError as error:
            if code_of(error) == "NotFoundException":
                return ""
            raise
        why = _WHY.get(found["Reason"], found["Reason"])
        return (
            f"Amazon SES sends nothing to {address}: it is on the account's suppression list since "
            f"{found['LastUpdateTime']:%Y-%m-%d}, because {why}. The operator can remove it there."
        )


def _utf8(text: str) -> dict[str, Any]:
    return {"Data": text, "Charset": "UTF-8"}
