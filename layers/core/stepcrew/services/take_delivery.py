"""What a signed HTTP delivery to a trigger's endpoint starts."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from stepcrew.domain.errors import TriggerNotFound
from stepcrew.domain.json_text import NotJson, read_json
from stepcrew.domain.membership import is_group_id
from stepcrew.domain.signatures import BadSignature, verified
from stepcrew.domain.trace_context import traceparent_in
from stepcrew.domain.trigger import Cause, Firing, Trigger
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.ports import Clock
from stepcrew.services.secret_ports import Secrets
from stepcrew.services.trigger_ports import TriggerStore

HEADERS_SHOWN = ("content-type", "user-agent", "x-github-event", "webhook-id")
"""Of a delivery's headers, what the mapping sees; signatures are not among them."""


class TakeDelivery:
    """Every call may be repeated: the delivery's own id, or its hash, tells one that is sent again."""

    def __init__(self, triggers: TriggerStore, fire: FireTrigger, secrets: Secrets, clock: Clock) -> None:
        self._triggers = triggers
        self._fire = fire
        self._secrets = secrets
        self._clock = clock

    def __call__(self, address: str, headers: Mapping[str, str], body: bytes) -> Firing:
        """`address` is `<group>.<hook id>`, the last part of the endpoint's path; names of headers are in lower case.

        Raises `TriggerNotFound` for an unknown address, and `BadSignature`. Neither tells which groups and triggers
        there are, because the id in the address is random."""
        group_id, _, hook_id = address.rpartition(".")
        trigger = self._trigger(group_id, hook_id)
        assert trigger.hook
        secret = self._secrets.group_secret(group_id, trigger.hook.secret.secret)
        if secret is None:
            raise BadSignature(f"The group has no secret {trigger.hook.secret.secret}, so nothing can be checked.")
        delivery = verified(trigger.hook, secret, headers, body, self._clock.now())
        traceparent = traceparent_in(headers.get("traceparent"))
        cause = Cause(key=f"delivery {delivery}", document=_document(headers, body), traceparent=traceparent)
        return self._fire(group_id, trigger, cause).firing

    def _trigger(self, group_id: str, hook_id: str) -> Trigger:
        for trigger in self._triggers.triggers(group_id) if is_group_id(group_id) else []:
            if trigger.hook and hmac.compare_digest((trigger.hook_id or "").encode(), hook_id.encode()):
                return trigger
        raise TriggerNotFound("There is no such endpoint.")


def _document(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """`headers`, and the body as `json` where it is JSON, else as `text`."""
    shown = {name: headers[name] for name in HEADERS_SHOWN if name in headers}
    text = body.decode(errors="replace")
    try:
        return {"headers": shown, "json": read_json(text)}
    except NotJson:
        return {"headers": shown, "text": text}
