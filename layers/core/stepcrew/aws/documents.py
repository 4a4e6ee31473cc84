"""Documents of any size: in the item itself while small, in the bucket when large."""

from __future__ import annotations

import hashlib
from typing import Any

from stepcrew.aws.payloads import BucketPayloads

INLINE_BYTES = 100_000
"""Bodies above this size are kept in the bucket: an item holds at most 400 KB."""


def keep(
    payloads: BucketPayloads, group_id: str, execution_id: str, payload_id: str, document: str, *, exact: bool = False
) -> dict[str, str]:
    """The attribute to store: `document` itself, or `payload_id` where it is. With `exact`, the payload's id names its
    content too, so that two writers of which one will lose never overwrite each other."""
    body = document.encode()
    if len(body) <= INLINE_BYTES:
        return {"document": document}
    if exact:
        payload_id += f"-{hashlib.sha256(body).hexdigest()[:16]}"
    payloads.put(group_id, execution_id, payload_id, body)
    return {"payload_id": payload_id}


def kept(payloads: BucketPayloads, group_id: str, execution_id: str, stored: dict[str, Any]) -> str | None:
    """What `keep` was given; None when the bucket has it no more (the execution is being deleted)."""
    document = stored.get("document")
    if document is not None:
        return document
    body = payloads.get(group_id, execution_id, stored["payload_id"])
    return None if body is None else body.decode()
