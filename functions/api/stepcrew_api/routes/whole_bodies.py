"""How a whole body is answered: as it is, or with the address where it is fetched."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from fastapi.responses import RedirectResponse

from stepcrew.services.read_bodies import Body, Elsewhere

TOO_LARGE: dict[int | str, dict[str, Any]] = {307: {"description": "Too large to pass through here: fetch it there"}}


def answer(found: Body | Elsewhere) -> Response:
    if isinstance(found, Elsewhere):
        return RedirectResponse(found.url, status_code=307)
    return Response(found.content, media_type=found.content_type)
