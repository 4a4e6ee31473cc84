"""Signing in: the OAuth 2.0 code flow with PKCE (RFC 7636) and a loopback address (RFC 8252)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from stepcrew_cli.callback import Callback
from stepcrew_cli.oidc import Issuer
from stepcrew_cli.profiles import Profile, Tokens

PATIENCE_SECONDS = 300.0


def sign_in(
    issuer: Issuer,
    profile: Profile,
    callback: Callback,
    show: Callable[[str], None],
    seconds: float = PATIENCE_SECONDS,
) -> Tokens:
    """Sends a person to the issuer's page and waits for them to come back.

    Args:
        show: gets the address of the issuer's page, to open it in a browser or print it.

    Raises:
        CliError: nobody signed in, or what came back does not belong to this sign-in.
    """
    found = issuer.discover()
    verifier, state, nonce = (secrets.token_urlsafe(48) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": profile.client_id,
        "redirect_uri": callback.address,
        "scope": profile.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        # Some issuers give tokens for an API only to who names it.
        **({"audience": profile.audience} if profile.audience else {}),
    }
    separator = "&" if urlsplit(found.authorization_endpoint).query else "?"
    show(f"{found.authorization_endpoint}{separator}{urlencode(query)}")
    code = callback.wait(state, found.issuer, seconds)
    return issuer.redeem(profile, code, verifier, callback.address, nonce)
