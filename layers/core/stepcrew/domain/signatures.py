"""Signatures of HTTP deliveries, as their senders document them. Each names its delivery, so a second one is known."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.trigger import HookRule

TOLERANCE_SECONDS = 300
"""A signed time may be off by so much (Standard Webhooks, Stripe and Slack all name five minutes)."""


class BadSignature(StepcrewError):
    """The delivery is not signed with the hook's secret, or too long ago."""

    category = Category.INPUT
    remedy = "Compare the sender's secret with the group's, and the way it signs with the trigger's."


def verified(rule: HookRule, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The delivery's id: the sender's own where it sends one, else the hash of what was signed.

    Args:
        headers: names in lower case.

    Raises:
        BadSignature: nothing may be done with the body.
    """
    match rule.signature:
        case "standard":
            return _standard(secret, headers, body, now)
        case "github":
            _compare(_hexadecimal(secret, body), headers.get("x-hub-signature-256", "").removeprefix("sha256="))
            return headers.get("x-github-delivery") or _hash(body)
        case "stripe":
            return _stripe(secret, headers, body, now)
        case "slack":
            moment = headers.get("x-slack-request-timestamp", "")
            _in_time(moment, now)
            signed = f"v0:{moment}:".encode() + body
            _compare(_hexadecimal(secret, signed), headers.get("x-slack-signature", "").removeprefix("v0="))
            return _hash(signed)
        case "hmac":
            given = headers.get((rule.header or "").lower(), "")
            _compare(_hexadecimal(secret, body), given.removeprefix("sha256="))
            return _hash(body)


def _standard(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    identifier, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    _in_time(moment, now)
    expected = _standard_digest(secret, identifier, moment, body)
    given = [entry.removeprefix("v1,") for entry in headers.get("webhook-signature", "").split() if entry[:3] == "v1,"]
    if not identifier or not any(_same(expected, one) for one in given):
        raise BadSignature("The signature does not fit.")
    return identifier


def _standard_digest(secret: str, identifier: str, moment: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:  # not base64, not ASCII
        raise BadSignature("The hook's secret is no base64 text, as Standard Webhooks asks for.") from error
    digest = hmac.new(key, f"{identifier}.{moment}.".encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def standard_headers(secret: str, identifier: str, body: bytes, now: datetime) -> dict[str, str]:
    """What a delivery of our own carries, by the same scheme. Raises `BadSignature` for a secret that is none of it."""
    moment = str(int(now.timestamp()))
    return {
        "webhook-id": identifier,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{_standard_digest(secret, identifier, moment, body)}",
    }


def _stripe(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """https://docs.stripe.com/webhooks/signature"""
    parts = [part.partition("=") for part in headers.get("stripe-signature", "").split(",")]
    moment = next((value for name, _, value in parts if name.strip() == "t"), "")
    _in_time(moment, now)
    expected = _hexadecimal(secret, f"{moment}.".encode() + body)
    if not any(_same(expected, value) for name, _, value in parts if name.strip() == "v1"):
        raise BadSignature("The signature does not fit.")
    return _hash(body)


def _in_time(moment: str, now: datetime) -> None:
    if not moment.isascii() or not moment.isdecimal() or abs(now.timestamp() - int(moment[:12])) > TOLERANCE_SECONDS:
        raise BadSignature(f"The signed time is absent or more than {TOLERANCE_SECONDS} s off.")


def _hexadecimal(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _compare(expected: str, given: str) -> None:
    if not _same(expected, given):
        raise BadSignature("The signature does not fit.")


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())


def _hash(signed: bytes) -> str:
    return hashlib.sha256(signed).hexdigest()
