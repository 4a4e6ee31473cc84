"""Who calls, and what they may do, from the claims of the checked token. The group never comes from the body.

Whatever a token leaves in doubt is decided against the caller: an unclear list of groups or roles is refused, a token
without a role reads only (unless the operator names another default), and an e-mail address counts only when its issuer
says in so many words that it was verified.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from stepcrew.domain.errors import NotAllowed
from stepcrew.domain.membership import Role, UnclearMembership, groups_in, is_group_id, roles_in
from stepcrew.settings import Settings
from stepcrew_api.tokens import Unauthenticated, claims_of

_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]{1,128}@[^@\s\x00-\x1f\x7f]{1,250}")
_WHAT_IT_DOES = {
    Role.VIEWER: "read",
    Role.MEMBER: "submit, cancel and decide",
    Role.ADMIN: "change crews, secrets, limits and triggers, and delete",
}


class Identity(BaseModel):
    """The caller: `group_id` is the selected group, `groups` all of theirs, `role` theirs in the selected one."""

    subject: str
    email: str | None
    group_id: str
    groups: list[str]
    role: Role

    @property
    def name(self) -> str | None:
        """How records name the caller: by the address, or by the subject of the token where it has none."""
        return self.email or self.subject or None


def identify(claims: dict[str, Any], selected: str | None, settings: Settings) -> Identity:
    """Raises `Unauthenticated` for a token of another use, and `NotAllowed` for a group the token lacks or a claim that
    can be read in more than one way."""
    _check_use(claims, settings)
    primary = claims.get(settings.group_claim)
    if primary is not None and not (isinstance(primary, str) and is_group_id(primary)):
        raise _unclear(settings.group_claim, "it is not one group id")
    try:
        groups = groups_in(claims.get(settings.groups_claim))
    except UnclearMembership as error:
        raise _unclear(settings.groups_claim, str(error)) from error
    if primary is not None and primary not in groups:
        groups.insert(0, primary)
    group_id = selected if selected is not None else primary or (groups[0] if groups else "")
    if not group_id:
        raise NotAllowed("The token names no group.", remedy=f"Ask for the claim {settings.group_claim} in your token.")
    if group_id not in groups:
        raise NotAllowed(f"The token does not belong to the group {group_id[:128]!r}.")
    return Identity(
        subject=str(claims["sub"]),
        email=_verified_email(claims, settings),
        group_id=group_id,
        groups=groups,
        role=_role(claims, primary or (groups[0] if len(groups) == 1 else ""), group_id, settings),
    )


def _check_use(claims: dict[str, Any], settings: Settings) -> None:
    """Cognito signs access and ID tokens with one key, and both pass the authorizer; `token_use` tells them apart
    (https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html).
    Only the ID token carries the group, the role and the address."""
    wanted = settings.token_use or "id"
    use = claims.get("token_use")
    if use != wanted and not (use is None and not settings.token_use):
        raise Unauthenticated(f"The token is no {wanted} token.", remedy=f"Send the {wanted} token of your sign-in.")


def _role(claims: dict[str, Any], primary: str, group_id: str, settings: Settings) -> Role:
    """A token without a role claim has the operator's default role; one that names only other groups' roles reads."""
    claim = claims.get(settings.role_claim)
    if claim is None:
        return settings.default_role
    try:
        return roles_in(claim, primary).get(group_id, Role.VIEWER)
    except UnclearMembership as error:
        raise _unclear(settings.role_claim, str(error)) from error


def _verified_email(claims: dict[str, Any], settings: Settings) -> str | None:
    """An address that is not said to be verified may be anybody's: it must not decide for its owner."""
    email, verified = claims.get(settings.email_claim), claims.get("email_verified")
    if verified is not True and verified != "true":
        return None
    return email if isinstance(email, str) and _ADDRESS.fullmatch(email) else None


def _unclear(claim: str, why: str) -> NotAllowed:
    remedy = f"Ask whoever issues your tokens to correct the claim {claim}: docs/api.md tells its form."
    return NotAllowed(f"The claim {claim} of the token is unclear: {why}.", remedy=remedy)


def admit(request: Request, needed: Role) -> Identity:
    """Identifies the caller and checks the role, before anything else of the request is read.

    Raises `Unauthenticated` or `NotAllowed`."""
    selected = request.headers.getlist("x-group-id")
    if len(selected) > 1:
        raise NotAllowed("X-Group-Id is given twice.", remedy="Send it once.")
    identity = identify(claims_of(request), selected[0] if selected else None, request.app.state.settings)
    if not identity.role.permits(needed):
        raise NotAllowed(
            f"Your role in the group {identity.group_id!r}, {identity.role}, may not {_WHAT_IT_DOES[needed]}.",
            remedy=f"Ask an admin of the group for the role {needed}.",
        )
    request.state.identity = identity
    return identity


def subject_of(request: Request) -> dict[str, str | None]:
    """What a request is about, for the log: the caller's group, and the execution or batch that its path names."""
    identity: Identity | None = getattr(request.state, "identity", None)
    named = {name: request.path_params.get(name) for name in ("execution_id", "batch_id")}
    return {"group_id": identity.group_id if identity else None, **named}


GroupHeader = Annotated[
    str | None,
    Header(alias="x-group-id", max_length=200, description="One of the token's groups; the primary when absent."),
]
"""Read by `admit`; here for the OpenAPI document."""


def _caller_with(needed: Role) -> Callable[..., Identity]:
    def caller(request: Request, _x_group_id: GroupHeader = None) -> Identity:
        return request.state.identity

    caller.needed_role = needed  # pyright: ignore[reportFunctionMemberAccess]
    return caller


def _operator(request: Request, _x_group_id: GroupHeader = None) -> Identity:
    identity: Identity = request.state.identity
    if not operates(identity, request.app.state.settings):
        raise NotAllowed(
            "Only an admin of the operator's group may do this.", remedy="Select that group, or ask the operator."
        )
    return identity


_operator.needed_role = Role.ADMIN  # pyright: ignore[reportFunctionMemberAccess]


def operates(identity: Identity, settings: Settings) -> bool:
    """Whether the caller, in the selected group, is an operator of the stack."""
    return identity.role is Role.ADMIN and bool(identity.group_id == settings.operator_group)


Caller = Annotated[Identity, Depends(_caller_with(Role.VIEWER))]
"""Any member of the group."""
Member = Annotated[Identity, Depends(_caller_with(Role.MEMBER))]
Admin = Annotated[Identity, Depends(_caller_with(Role.ADMIN))]
Operator = Annotated[Identity, Depends(_operator)]
"""An admin of the operator's group."""
