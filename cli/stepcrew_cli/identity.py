"""Who a token says its bearer is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from stepcrew_cli.jwt_claims import claims_of


@dataclass(frozen=True)
class Identity:
    """The claims under their usual names and under those of a Cognito user pool. What a server really takes for the
    group is its own setting, so this is for people to read."""

    subject: str
    email: str
    group: str
    groups: tuple[str, ...]
    role: str
    expires_at: datetime | None

    @property
    def name(self) -> str:
        return self.email or self.subject or "somebody"


def identity_of(token: str) -> Identity | None:
    """None for an opaque token: only the issuer can read it."""
    claims = claims_of(token)
    if not claims:
        return None
    groups = _texts(claims.get("groups") or claims.get("cognito:groups"))
    expires: object = claims.get("exp")
    return Identity(
        subject=str(claims.get("sub") or ""),
        email=str(claims.get("email") or ""),
        group=_first(claims, "group_id", "custom:group_id") or (groups[0] if groups else ""),
        groups=groups,
        role=_first(claims, "role", "custom:role"),
        expires_at=datetime.fromtimestamp(expires, UTC) if isinstance(expires, int | float) else None,
    )


def _first(claims: dict[str, Any], *names: str) -> str:
    return next((str(claims[name]) for name in names if claims.get(name)), "")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(each) for each in cast(list[object], value))
    return (str(value),) if value else ()
