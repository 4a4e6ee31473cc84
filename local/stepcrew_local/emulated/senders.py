"""Who sent a message: SQS keeps the caller's id beside it, the emulator the account's.

Source: ReceiveMessage in the Amazon SQS API reference, `SenderId`: "For an IAM role, returns the IAM role ID"; with the
session's name, as `aws:userid` of a role's session ("IAM JSON policy elements: Variables", table of principal keys).
"""

from __future__ import annotations

from typing import Any

from ministack.services import sqs

from stepcrew_local.emulated.policies import caller_id

_build = sqs._build_send_sys_attrs


def install() -> None:
    """Puts the sender's id into every message."""
    sqs._build_send_sys_attrs = build


def build(now: float, sys_attrs_input: dict[str, Any]) -> dict[str, Any]:
    """As the emulator's, with the sender."""
    return {**_build(now, sys_attrs_input), "SenderId": caller_id()}
