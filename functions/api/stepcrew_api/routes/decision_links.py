"""Decisions by one-time links: whether the group allows them, and the page behind one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from stepcrew.domain.decision_link import MOST_LINK, LinkNotValid
from stepcrew.domain.errors import InvalidRequest, PlatformUnavailable
from stepcrew.services.decide_by_link import SeenLink
from stepcrew_api.bodies import LinksBody
from stepcrew_api.decision_page import MOST_COMMENT, page_of, refusal
from stepcrew_api.guarded import PUBLIC, GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.link_schemas import LinkSettingView, setting_view
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected

router = APIRouter(tags=["approvals"], route_class=GuardedRoute)

MOST_FORM_BYTES = MOST_LINK + 12 * MOST_COMMENT  # a character of a form takes up to 12 bytes


@router.get("/decision-links", responses=responses())
def read_decision_links(identity: Caller, services: Injected) -> LinkSettingView:
    """Whether approvals of the group may be decided by links that webhooks and e-mails carry. Off at first."""
    return setting_view(services.decision_links.kept(identity.group_id))


@router.put("/decision-links", responses=responses(400, 413, 415))
def set_decision_links(body: LinksBody, identity: Admin, services: Injected) -> LinkSettingView:
    """Switches them on or off. Switched off, no link that was sent is valid any more."""
    return setting_view(services.decision_links.set(identity.group_id, body))


@router.post("/decision-links/rotate", responses=responses(409))
def rotate_key(identity: Admin, services: Injected, revoke: bool = False) -> LinkSettingView:
    """Signs with another key from now on. Links that were sent stay valid until they expire; with `revoke`, none is."""
    return setting_view(services.decision_links.rotate(identity.group_id, revoke=revoke))


@router.get("/decide", include_in_schema=False, openapi_extra=PUBLIC)
def show_link(services: Injected, link: Annotated[str, Query()] = "") -> HTMLResponse:
    """Public: what a link is about, with a button. Opening it decides nothing: scanners of e-mails open links too."""
    return _answered(link, services.decide_by_link.look)


@router.post("/decide", include_in_schema=False, openapi_extra=PUBLIC)
async def follow_link(request: Request, services: Injected) -> HTMLResponse:
    """Public: decides as the link says. Sent again, it counts once."""
    body = await request.body()
    if len(body) > MOST_FORM_BYTES:
        return refusal("The form is too large.", "Write a shorter reason.", 413)
    fields = parse_qs(body.decode(errors="replace"), max_num_fields=10) if body.count(b"&") < 10 else {}
    link, comment = fields.get("link", [""])[0], fields.get("comment", [""])[0][:MOST_COMMENT].strip()
    decide = services.decide_by_link.decide
    return await run_in_threadpool(_answered, link, lambda text: decide(text, comment or None))


def _answered(link: str, follow: Callable[[str], SeenLink]) -> HTMLResponse:
    try:
        return page_of(follow(link), link)
    except LinkNotValid as error:
        return refusal(error.message, error.remedy, 404)
    except InvalidRequest as error:
        return refusal(error.message, "Decide in the console.", 422)
    except PlatformUnavailable:
        return refusal("The platform does not answer.", "Try it again in a minute.", 503)
