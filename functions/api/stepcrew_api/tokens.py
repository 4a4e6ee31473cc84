"""The claims of the caller's token, exactly as its issuer wrote them.

API Gateway's JWT authorizer has checked the token before this code runs. It hands the claims over as texts, in which a
list is written `[a b]`: a group named `a b` and the two groups `a` and `b` look the same (observed on AWS:
https://github.com/aws-solutions-library-samples/guidance-for-claude-code-with-amazon-bedrock/issues/802). So the claims
are read from the token itself, which stands in the event's `authorization` header, the authorizer's identity source.
"""

from __future__ import annotations

import base64
import re
from typing import Any, cast

from fastapi import Request

from stepcrew.domain.errors import StepcrewError
from stepcrew.domain.json_text import NotJson, read_json

_TOKEN = re.compile(r"(?:[Bb][Ee][Aa][Rr][Ee][Rr] +)?[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")
MUST_AGREE = ("iss", "sub")
"""Claims that the authorizer and the token must both have, with the same text."""


class Unauthenticated(StepcrewError):
    """No checked token came with the request, or not one that can be read without doubt."""

    remedy = "Send a valid access token."


def claims_of(request: Request) -> dict[str, Any]:
    """Raises `Unauthenticated` when no authorizer has checked the request (payload format 2.0 puts what it found under
    `requestContext.authorizer.jwt`), and when the header is not exactly the token that was checked."""
    event = cast("dict[str, Any]", request.scope.get("aws.event", {}))
    authorizer = cast("dict[str, Any]", event.get("requestContext", {}).get("authorizer") or {})
    checked = cast("dict[str, Any]", authorizer.get("jwt", {}).get("claims") or {})
    if not checked:
        raise Unauthenticated("The request carries no checked token.")
    headers = cast("dict[str, str]", event.get("headers") or {})
    given = [value for name, value in headers.items() if name.lower() == "authorization"]
    found = _TOKEN.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None:
        raise Unauthenticated("The Authorization header is not exactly one token.")
    claims = _payload(found[1])
    names = {name: claims.get(name) for name in MUST_AGREE}
    if not all(isinstance(value, str) and value and value == checked.get(name) for name, value in names.items()):
        raise Unauthenticated("The token is not the one that was checked, or lacks iss or sub.")
    return claims


def _payload(part: str) -> dict[str, Any]:
    try:
        value = read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())
    except (NotJson, ValueError) as error:
        raise Unauthenticated("The claims of the token cannot be read.") from error
    if not isinstance(value, dict):
        raise Unauthenticated("The claims of the token are no object.")
    return cast("dict[str, Any]", value)
