"""Links that decide on an approval without a sign-in: what one says, how it is signed, the keys of a group.

A link is `<what it says>.<HMAC-SHA256 of it>`, both in base64url. Whoever has it may decide as it says, once.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stepcrew.domain.approval import Approval, ApprovalKind, DecisionKind
from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.membership import is_group_id

MOST_DAYS = 30
DEFAULT_DAYS = 3
MOST_KEYS = 5
"""Kept at once: they lie in one parameter, which holds 4,096 bytes."""
MOST_LINK = 1_200
"""Characters of a link."""
KEY_BYTES = 32
LINKED = (ApprovalKind.ANSWER, ApprovalKind.TOOL, ApprovalKind.BUDGET, ApprovalKind.EFFECT, ApprovalKind.FEEDBACK)
"""What a yes or a no decides. An input is a text, which no link can hold."""
_PURPOSE = b"stepcrew decision link\n"

LinkedDecision = Literal[DecisionKind.APPROVE, DecisionKind.REJECT]
DECISIONS: tuple[LinkedDecision, ...] = (DecisionKind.APPROVE, DecisionKind.REJECT)


class LinkNotValid(StepcrewError):
    """The link was not signed here, was changed, or leads to what is no more. Nothing tells which."""

    category = Category.INPUT
    remedy = "Decide in the console, or with the command line."

    def __init__(self) -> None:
        super().__init__("This link is not valid.")


class DecisionLink(BaseModel):
    """What a link says. `sent_to` is the webhook (`webhook NAME`) or the e-mail address it was sent to."""

    model_config = ConfigDict(extra="forbid")

    key: str
    group_id: str
    execution_id: str
    number: int
    decision: LinkedDecision
    sent_to: str
    expires_at: datetime

    @property
    def approval_id(self) -> str:
        return f"{self.execution_id}.{self.number}"

    @property
    def decided_by(self) -> str:
        """How the record names who decided."""
        return f"link sent to {self.sent_to}"

    @property
    def email(self) -> str | None:
        """The address it was sent to: a link that was sent elsewhere is nobody's in particular."""
        return self.sent_to if "@" in self.sent_to else None


class LinkKey(BaseModel):
    """`ends_at` is when the last link that it signed has expired; null for the key that signs."""

    key_id: str
    secret: str
    made_at: datetime
    ends_at: datetime | None = None


class LinkKeys(BaseModel):
    """What a group has while its decisions may be made by links. The first key signs; a link is good for `days`, or
    until its question expires."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = DEFAULT_DAYS
    keys: Annotated[list[LinkKey], Field(min_length=1)]

    def rotated(self, key: LinkKey, now: datetime, *, revoke: bool) -> LinkKeys:
        """With another key that signs. What earlier ones signed stays good until it expires, unless it is revoked."""
        last = now + timedelta(days=MOST_DAYS)
        before = [one if one.ends_at else one.model_copy(update={"ends_at": last}) for one in self.keys]
        kept = [] if revoke else [one for one in before if one.ends_at and one.ends_at > now]
        return LinkKeys(days=self.days, keys=[key, *kept[: MOST_KEYS - 1]])


class LinkSetting(BaseModel):
    """What an admin sets: whether decisions of the group may be made by links, and how long one is good."""

    model_config = ConfigDict(extra="forbid", strict=True)

    enabled: bool
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = DEFAULT_DAYS


def may_be_linked(approval: Approval, sent_to: str) -> bool:
    """Whether a yes and a no decide it, and the one it is sent to may."""
    return approval.kind in LINKED and approval.is_open and approval.allows(sent_to if "@" in sent_to else None)


def signed_links(approval: Approval, sent_to: str, keys: LinkKeys, asked_at: datetime) -> dict[DecisionKind, str]:
    """A link for each decision. They are the same each time, as long as the key is."""
    key = keys.keys[0]
    links = (
        DecisionLink(
            key=key.key_id,
            group_id=approval.group_id,
            execution_id=approval.execution_id,
            number=approval.number,
            decision=decision,
            sent_to=sent_to,
            expires_at=min(approval.expires_at, asked_at + timedelta(days=keys.days)).replace(microsecond=0),
        )
        for decision in DECISIONS
    )
    return {link.decision: _signed(link, key) for link in links}


def read_link(text: str) -> DecisionLink:
    """What it says, which nobody has checked yet. Raises `LinkNotValid`."""
    said, _, _ = text.partition(".")
    try:
        if len(text) > MOST_LINK:
            raise ValueError("too long")
        link = DecisionLink.model_validate_json(_decoded(said))
    except (ValidationError, ValueError) as error:  # not base64, not ASCII, another shape
        raise LinkNotValid from error
    if not is_group_id(link.group_id):
        raise LinkNotValid
    return link


def check_link(text: str, keys: Iterable[LinkKey], now: datetime) -> DecisionLink:
    """What it says, signed with one of these keys. Raises `LinkNotValid`."""
    link = read_link(text)
    good = [one for one in keys if one.key_id == link.key and (one.ends_at is None or one.ends_at > now)]
    # A key that signs nothing takes the place of one that is not there: so long takes every answer.
    key = good[0] if good else LinkKey(key_id="", secret=_encoded(bytes(KEY_BYTES)), made_at=now)
    said, _, _ = text.partition(".")
    fits = hmac.compare_digest(f"{said}.{_digest(said, key)}".encode(), text.encode())
    if not (good and fits):
        raise LinkNotValid
    return link


def _signed(link: DecisionLink, key: LinkKey) -> str:
    said = _encoded(link.model_dump_json().encode())
    return f"{said}.{_digest(said, key)}"


def _digest(said: str, key: LinkKey) -> str:
    return _encoded(hmac.new(_decoded(key.secret), _PURPOSE + said.encode(), hashlib.sha256).digest())


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error
