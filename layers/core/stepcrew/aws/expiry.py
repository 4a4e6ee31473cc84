"""Items whose time to live has passed are absent, whoever reads the table.

DynamoDB removes them "within a few days", and asks readers to leave them out until then:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

EXPIRES_AT = "expires_at"
"""The table's attribute of the time to live, in seconds since 1970."""
_READS = ("GetItem", "Query", "BatchGetItem")


def leave_out_expired(client: Any, now: Callable[[], datetime]) -> None:
    """Takes expired items out of every answer of the client. A projection that leaves `expires_at` out shows them."""

    def filtered(parsed: dict[str, Any], **_: Any) -> None:
        moment = now().timestamp()
        if _is_expired(parsed.get("Item", {}), moment):
            del parsed["Item"]
        for holder, name in [
            (parsed, "Items"),
            *((parsed.get("Responses", {}), t) for t in parsed.get("Responses", {})),
        ]:
            if name in holder:
                holder[name] = [entry for entry in holder[name] if not _is_expired(entry, moment)]

    for operation in _READS:
        client.meta.events.register(f"after-call.dynamodb.{operation}", filtered)


def _is_expired(entry: dict[str, Any], moment: float) -> bool:
    expires = entry.get(EXPIRES_AT, {}).get("N")
    return expires is not None and float(expires) <= moment
