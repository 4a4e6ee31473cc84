"""Tells the webhooks that a submission names and its group lacks."""

from __future__ import annotations

from collections.abc import Sequence

from stepcrew.domain.errors import Fault
from stepcrew.domain.suggestions import suggest
from stepcrew.services.webhook_ports import WebhookNames


def unknown_webhooks(webhooks: WebhookNames, group_id: str, named: Sequence[str]) -> list[Fault]:
    """A fault for each."""
    known = webhooks.names(group_id) if named else set[str]()
    return [
        Fault(
            pointer=f"/webhooks/{position}",
            code="unknown_webhook",
            detail=f"There is no webhook {name} in this group.",
            remedy=suggest(name, sorted(known)),
        )
        for position, name in enumerate(named)
        if name not in known
    ]
