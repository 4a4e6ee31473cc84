"""Who sent a message: SQS keeps the caller's id beside it, the emulator the account's.

Source: ReceiveMessage in the Amazon SQS API reference, `SenderId`: "For an IAM role, returns the IAM role ID"; with the
session's name, as `aws:userid` of a role's session ("IAM JSON policy elements: Variables", table of principal keys).
"""

from __future__ import annotations

from typing import Any

from ministack.services import lambda_svc, sqs

from stepcrew_local.emulated.policies import caller_id

_build = sqs._build_send_sys_attrs
_dispatch = lambda_svc._dispatch_esm_batch


def install() -> None:
    """Puts the sender's id into every message, and into what functions are given of it."""
    sqs._build_send_sys_attrs = build
    lambda_svc._dispatch_esm_batch = dispatch


def build(now: float, sys_attrs_input: dict[str, Any]) -> dict[str, Any]:
    """Does what the emulator's own does, and keeps who sent the message."""
    return {**_build(now, sys_attrs_input), "SenderId": caller_id()}


def dispatch(
    mapping_id: str,
    run: Any,
    mapping: Any,
    function: Any,
    event: dict[str, Any],
    batch: list[dict[str, Any]],
    *more: Any,
) -> None:
    """Does what the emulator's own does, and names the sender of each message in its record."""
    senders = {message["id"]: message.get("sys", {}).get("SenderId") for message in batch if "id" in message}
    for record in event["Records"]:
        sender = senders.get(record.get("messageId"))
        if sender:
            record["attributes"]["SenderId"] = sender
    _dispatch(mapping_id, run, mapping, function, event, batch, *more)
