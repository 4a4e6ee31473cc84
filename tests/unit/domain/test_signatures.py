"""Signed deliveries, as the senders' documentation shows them, and what must not pass for one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest

from stepcrew.domain.signatures import BadSignature, verified
from stepcrew.domain.trigger import HookRule

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
BODY = b'{"order": 1}'
KEY = b"a-key-of-24-bytes-length"
STANDARD = "whsec_" + base64.b64encode(KEY).decode()
SIGNATURES = ("standard", "github", "stripe", "slack", "hmac")


def rule(signature: str) -> HookRule:
    header = {"header": "X-Sign"} if signature == "hmac" else {}
    return HookRule.model_validate({"signature": signature, "secret": {"secret": "HOOK_KEY"}, **header})


def hexadecimal(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signed(signature: str, secret: str, body: bytes = BODY, stamp: str = STAMP) -> dict[str, str]:
    match signature:
        case "standard":
            digest = hmac.new(KEY, f"m1.{stamp}.".encode() + body, hashlib.sha256).digest()
            fits = f"v1,{base64.b64encode(digest).decode()}"
            return {"webhook-id": "m1", "webhook-timestamp": stamp, "webhook-signature": f"v1,AAAA {fits}"}
        case "github":
            return {"x-hub-signature-256": f"sha256={hexadecimal(secret, body)}", "x-github-delivery": "d1"}
        case "stripe":
            return {"stripe-signature": f"t={stamp},v0=x,v1={hexadecimal(secret, f'{stamp}.'.encode() + body)}"}
        case "slack":
            mark = hexadecimal(secret, f"v0:{stamp}:".encode() + body)
            return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={mark}"}
        case _:
            return {"x-sign": hexadecimal(secret, body)}


def secret_of(signature: str) -> str:
    return STANDARD if signature == "standard" else "a secret"


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_delivery_signed_as_its_sender_documents_passes_and_is_known_again(signature: str) -> None:
    headers = signed(signature, secret_of(signature))
    first = verified(rule(signature), secret_of(signature), headers, BODY, NOW)
    assert first == verified(rule(signature), secret_of(signature), headers, BODY, NOW)
    assert first


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("change", ["body", "secret", "no headers", "empty signature"])
def test_a_delivery_that_was_changed_or_not_signed_is_refused(signature: str, change: str) -> None:
    secret = secret_of(signature)
    headers: dict[str, str] = {} if change == "no headers" else signed(signature, secret)
    if change == "empty signature":
        headers = {name: "" if "sign" in name else value for name, value in headers.items()}
    body = b"{}" if change == "body" else BODY
    if change == "secret":
        secret = "whsec_" + base64.b64encode(b"another").decode() if signature == "standard" else "another"
    with pytest.raises(BadSignature):
        verified(rule(signature), secret, headers, body, NOW)


@pytest.mark.parametrize("signature", ["standard", "stripe", "slack"])
@pytest.mark.parametrize("stamp", [str(int(STAMP) - 301), str(int(STAMP) + 301), "", "x", "٣", "9" * 4000])
def test_an_old_delivery_cannot_be_played_again(signature: str, stamp: str) -> None:
    headers: dict[str, Any] = signed(signature, secret_of(signature), stamp=stamp)
    with pytest.raises(BadSignature):
        verified(rule(signature), secret_of(signature), headers, BODY, NOW)


def test_a_standard_secret_that_is_no_base64_says_so() -> None:
    with pytest.raises(BadSignature, match="base64"):
        verified(rule("standard"), "whsec_*", signed("standard", STANDARD), BODY, NOW)
