"""E-mails: from whom they come, who may get one, and a wait or an end written as one."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from stepcrew.domain.told_text import ToldText

MAIL_ADDRESS = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}$"
"""Plain addresses: no names, no quotes, no comments, ASCII only (as Amazon SES asks for)."""
MOST_SUBJECT = 200


class MailRules(NamedTuple):
    """The operator's: mails come from `sender` (none are sent without one) and go to addresses that fit one of
    `recipients`, which are shell-style patterns."""

    sender: str
    recipients: Sequence[str]

    def allows(self, address: str) -> bool:
        return any(fnmatchcase(address, pattern) for pattern in self.recipients)


class Mail(NamedTuple):
    subject: str
    text: str

    def shown(self, address: str) -> str:
        """As the log of deliveries shows it."""
        return f"To: {address}\nSubject: {self.subject}\n\n{self.text}"


def mail_of(told: ToldText, webhook: str, group_id: str) -> Mail:
    """A text for people as an e-mail. What crews wrote stays text: in the subject on one line, and nothing is HTML."""
    sentence = f"{told.kind} {told.name} {told.what}"
    subject = " ".join("".join(one if one.isprintable() else " " for one in sentence).split())
    links = [f"{label}:\n{url}" for label, url in told.links]
    why = f"You get this because the webhook {webhook} of the group {group_id} in Stepcrew names your address."
    return Mail(subject[:MOST_SUBJECT], "\n\n".join([sentence.strip(), *told.lines, *links, why]) + "\n")
