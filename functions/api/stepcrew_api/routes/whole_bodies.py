"""How a whole body is answered: as it is, or with the address where it is fetched.

A browser that follows a redirect to the bucket takes the request's headers along (`X-Group-Id`), which the bucket's
CORS settings do not allow; so a page asks for the address itself, by `Accept: text/uri-list`, and fetches it without
them. https://fetch.spec.whatwg.org/#http-redirect-fetch
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header, Response
from fastapi.responses import RedirectResponse

from stepcrew.services.read_bodies import Body, Elsewhere
from stepcrew_api.accepting import wish

ADDRESS = "text/uri-list"
TOO_LARGE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"The body, or where it is: with `Accept: {ADDRESS}`, one too large is answered by its address",
        "content": {ADDRESS: {"schema": {"type": "string"}}},
    },
    307: {"description": "Too large to pass through here: fetch it there"},
}
Accept = Annotated[str, Header(include_in_schema=False)]


def answer(found: Body | Elsewhere, accept: str) -> Response:
    """A body that is elsewhere is answered by its address where `accept` names that media type, else by a redirect."""
    if isinstance(found, Body):
        return Response(found.content, media_type=found.content_type)
    if wish(accept, ADDRESS).is_by_name:
        return Response(found.url, media_type=ADDRESS, headers={"Cache-Control": "no-store"})
    return RedirectResponse(found.url, status_code=307)
