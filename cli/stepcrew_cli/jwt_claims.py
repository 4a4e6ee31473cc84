"""The claims inside a JSON Web Token, read without checking its signature: the server checks that."""

from __future__ import annotations

import base64
import json
from typing import Any, cast


def claims_of(token: str) -> dict[str, Any]:
    """The claims; empty when the token is no JSON Web Token (an issuer's access tokens may be opaque)."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        decoded: Any = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return cast(dict[str, Any], decoded) if isinstance(decoded, dict) else {}
