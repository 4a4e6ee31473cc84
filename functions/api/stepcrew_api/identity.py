"""Who calls, from the claims of the checked token. The group never comes from the body."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from stepcrew.domain.errors import NotAllowed, StepcrewError
from stepcrew.settings import Settings

GROUP_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.@-]{1,128}")
"""Safe in a key and in a bucket path: neither `#`, nor `/`, nor a name of dots alone."""
VIEWER = "viewer"


class Unauthenticated(StepcrewError):
    """No claims came with the request: the API was reached around its authorizer."""

    remedy = "Send a valid access token."


class Identity(BaseModel):
    """The caller: `group_id` is the selected group, `groups` all of theirs."""

    subject: str
    email: str | None
    group_id: str
    groups: list[str]
    role: str


def claims_of(request: Request) -> dict[str, Any]:
    """The claims API Gateway's JWT authorizer put into the event (payload format 2.0)."""
    event = cast("dict[str, Any]", request.scope.get("aws.event", {}))
    authorizer = event.get("requestContext", {}).get("authorizer", {})
    return cast("dict[str, Any]", authorizer.get("jwt", {}).get("claims") or {})


def as_list(claim: object) -> list[str]:
    """API Gateway writes a list claim as the text `[a b]`."""
    if isinstance(claim, list):
        return [str(entry) for entry in cast("list[object]", claim)]
    text = str(claim or "").strip()
    return text.removeprefix("[").removesuffix("]").replace(",", " ").split()


def identify(claims: dict[str, Any], selected: str | None, settings: Settings) -> Identity:
    """Raises `Unauthenticated` without claims and `NotAllowed` for a group the token lacks."""
    if not claims:
        raise Unauthenticated("The request carries no checked token.")
    groups = as_list(claims.get(settings.groups_claim))
    primary = str(claims.get(settings.group_claim) or "") or (groups[0] if groups else "")
    if primary and primary not in groups:
        groups.insert(0, primary)
    group_id = selected or primary
    if not group_id:
        raise NotAllowed("The token names no group.", remedy=f"Ask for the claim {settings.group_claim} in your token.")
    if group_id not in groups or not GROUP_ID.fullmatch(group_id):
        raise NotAllowed(f"The token does not belong to the group {group_id[:128]!r}.")
    # An address that its issuer calls unverified may be anybody's: it must not decide for its owner.
    verified = str(claims.get("email_verified", "true")).lower() != "false"
    return Identity(
        subject=str(claims.get("sub", "")),
        email=str(claims[settings.email_claim]) if verified and claims.get(settings.email_claim) else None,
        group_id=group_id,
        groups=groups,
        role=str(claims.get(settings.role_claim) or "member"),
    )


def caller(request: Request, x_group_id: Annotated[str | None, Header(max_length=200)] = None) -> Identity:
    return identify(claims_of(request), x_group_id, request.app.state.settings)


Caller = Annotated[Identity, Depends(caller)]


def writer(identity: Caller) -> Identity:
    """Only members may change anything; viewers read."""
    if identity.role == VIEWER:
        raise NotAllowed("Your role may read only.", remedy="Ask the owner of the group for another role.")
    return identity


Writer = Annotated[Identity, Depends(writer)]
