"""Bodies too large for a page: passed through while Lambda's 6 MB allow it, from the bucket itself beyond.

A browser that follows a redirect to the bucket takes the request's headers along (`X-Group-Id`), for which the bucket's
CORS settings have no leave; so a page asks for the address itself, by `Accept: text/uri-list`, and fetches it bare.
https://fetch.spec.whatwg.org/#http-redirect-fetch
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Response
from fastapi.responses import RedirectResponse

from stepcrew.domain.answer_size import MOST_ANSWER_BYTES, answered_bytes
from stepcrew.domain.errors import BodyExpired
from stepcrew.domain.trace import PayloadReference
from stepcrew_api.services import Services

MOST_BYTES = 3_000_000
ADDRESS = "text/uri-list"
TOO_LARGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"The body, or where it is: with `Accept: {ADDRESS}`, one too large is answered by its address",
        "content": {ADDRESS: {"schema": {"type": "string"}}},
    },
    307: {"description": "Too large to pass through here: fetch it there"},
}
Accept = Annotated[str, Header(include_in_schema=False)]


def whole_body(
    services: Services, group_id: str, execution_id: str, reference: PayloadReference, accept: str
) -> Response:
    """The body; one too large, by its signed address: as the answer where `accept` names its media type, else as a
    redirect.

    Raises:
        BodyExpired: the bucket has it no more.
    """
    if reference.bytes > MOST_BYTES:
        return _elsewhere(services, group_id, execution_id, reference, accept)
    body = services.payloads.get(group_id, execution_id, reference.payload_id)
    if body is None:
        raise BodyExpired("The body")
    if answered_bytes(body.decode(errors="replace")) > MOST_ANSWER_BYTES:  # control characters take six bytes
        return _elsewhere(services, group_id, execution_id, reference, accept)
    return Response(body, media_type=reference.content_type)


def _elsewhere(
    services: Services, group_id: str, execution_id: str, reference: PayloadReference, accept: str
) -> Response:
    address = services.payloads.url(group_id, execution_id, reference.payload_id)
    if ADDRESS in accept:
        return Response(address, media_type=ADDRESS, headers={"Cache-Control": "no-store"})
    return RedirectResponse(address, status_code=307)
