"""Bodies too large for a page: passed through while Lambda's 6 MB allow it, from the bucket itself beyond."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from fastapi.responses import RedirectResponse

from stepcrew.domain.answer_size import MOST_ANSWER_BYTES, answered_bytes
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.trace import PayloadReference
from stepcrew_api.services import Services

MOST_BYTES = 3_000_000
TOO_LARGE: dict[int | str, dict[str, Any]] = {307: {"description": "Too large to pass through here: fetch it there"}}


def whole_body(services: Services, group_id: str, execution_id: str, reference: PayloadReference) -> Response:
    if reference.bytes > MOST_BYTES:
        return elsewhere(services, group_id, execution_id, reference)
    body = services.payloads.get(group_id, execution_id, reference.payload_id)
    if body is None:
        raise PlatformUnavailable("The stored body is missing in the bucket.")
    if answered_bytes(body.decode(errors="replace")) > MOST_ANSWER_BYTES:  # control characters take six bytes
        return elsewhere(services, group_id, execution_id, reference)
    return Response(body, media_type=reference.content_type)


def elsewhere(services: Services, group_id: str, execution_id: str, reference: PayloadReference) -> Response:
    return RedirectResponse(services.payloads.url(group_id, execution_id, reference.payload_id), status_code=307)
