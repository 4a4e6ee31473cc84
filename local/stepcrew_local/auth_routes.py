"""OpenID Connect as the console and the command line use it: discovery, code flow with PKCE, and a one-call demo token.

There are no passwords: whoever reaches the loopback interface of this machine may be any demo identity.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from stepcrew_local.identity import IDENTITIES, SCOPE, TOKEN_SECONDS, Identity, TokenIssuer
from stepcrew_local.origin_guard import is_loopback

CODE_SECONDS = 60
MAX_CODES = 1000
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Grant:
    """What an authorization code stands for."""

    identity: Identity
    redirect_uri: str
    challenge: str
    nonce: str | None
    expires_at: float


class Refused(Exception):
    """An OAuth 2.0 error. The message is its `error_description`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


class AuthRoutes:
    """The routes of the issuer, to be mounted at its address."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer
        self._grants: dict[str, Grant] = {}
        self.routes = [
            Route("/.well-known/openid-configuration", self.configuration),
            Route("/jwks.json", self.jwks),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/demo-token", self.demo_token, methods=["POST"]),
        ]

    async def configuration(self, _request: Request) -> Response:
        url = self._issuer.url
        return JSONResponse(
            {
                "issuer": url,
                "jwks_uri": f"{url}/jwks.json",
                "authorization_endpoint": f"{url}/authorize",
                "token_endpoint": f"{url}/token",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "code_challenge_methods_supported": ["S256"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "scopes_supported": SCOPE.split(),
            }
        )

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse(self._issuer.jwks)

    async def authorize(self, request: Request) -> Response:
        """Asks who to be, or takes `login_hint`, and goes back to `redirect_uri` with a code."""
        query = request.query_params
        try:
            _check_request(query)
        except Refused as refused:
            # Never redirected: the address to go back to may be what is wrong.
            return HTMLResponse(_page("Sign-in refused", f"<p>{html.escape(str(refused))}</p>"), 400)
        identity = IDENTITIES.get(query.get("login_hint", ""))
        if identity is None:
            return HTMLResponse(_choices(query), headers=NO_STORE)
        now = time.monotonic()
        self._grants = {code: grant for code, grant in self._grants.items() if grant.expires_at > now}
        if len(self._grants) >= MAX_CODES:
            self._grants.clear()
        code = secrets.token_urlsafe(32)
        self._grants[code] = Grant(
            identity, query["redirect_uri"], query["code_challenge"], query.get("nonce"), now + CODE_SECONDS
        )
        answer = {"code": code, "iss": self._issuer.url} | ({"state": query["state"]} if "state" in query else {})
        separator = "&" if urlsplit(query["redirect_uri"]).query else "?"
        return RedirectResponse(f"{query['redirect_uri']}{separator}{urlencode(answer)}", 302, NO_STORE)

    async def token(self, request: Request) -> Response:
        """Exchanges a code, once, for tokens."""
        fields = dict(parse_qsl((await request.body()).decode(errors="replace")))
        try:
            grant = self._redeem(fields)
        except Refused as refused:
            return _refusal(refused)
        id_token = self._issuer.token(grant.identity, nonce=grant.nonce)
        return self._tokens(grant.identity, id_token)

    async def demo_token(self, request: Request) -> Response:
        """An access token for the command line and tests: {"identity": "ada"}."""
        try:
            body: Any = await request.json()
        except (ValueError, RecursionError):  # no JSON, or nested without end
            body = None
        name = cast(dict[str, Any], body).get("identity") if isinstance(body, dict) else None
        identity = IDENTITIES.get(name) if isinstance(name, str) else None
        if identity is None:
            return _refusal(Refused("invalid_request", f"identity must be one of {', '.join(IDENTITIES)}."))
        return self._tokens(identity, None)

    def _redeem(self, fields: Mapping[str, str]) -> Grant:
        if fields.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type", "Only authorization_code is supported.")
        grant = self._grants.pop(fields.get("code", ""), None)
        if grant is None or grant.expires_at <= time.monotonic():
            raise Refused("invalid_grant", "The code is unknown, used or expired.")
        if fields.get("redirect_uri") != grant.redirect_uri:
            raise Refused("invalid_grant", "redirect_uri differs from the one of the authorization request.")
        digest = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not hmac.compare_digest(challenge, grant.challenge):
            raise Refused("invalid_grant", "code_verifier does not fit the code_challenge.")
        return grant

    def _tokens(self, identity: Identity, id_token: str | None) -> Response:
        answer = {
            "access_token": self._issuer.token(identity),
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "scope": SCOPE,
        }
        return JSONResponse(answer | ({"id_token": id_token} if id_token else {}), headers=NO_STORE)


def _check_request(query: Mapping[str, str]) -> None:
    address = urlsplit(query.get("redirect_uri", ""))
    if address.scheme != "http" or not is_loopback(address.netloc) or "@" in address.netloc or address.fragment:
        raise Refused("invalid_request", "redirect_uri must be an http address on this machine.")
    if query.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type must be code.")
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        raise Refused("invalid_request", "A code_challenge with code_challenge_method S256 is required.")


def _refusal(refused: Refused) -> Response:
    return JSONResponse({"error": refused.error, "error_description": str(refused)}, 400, NO_STORE)


def _choices(query: Mapping[str, str]) -> str:
    items = "".join(
        f'<li><a href="?{html.escape(urlencode({**query, "login_hint": identity.name}))}">'
        f"<strong>{html.escape(identity.name.capitalize())}</strong> {html.escape(identity.description)}</a></li>"
        for identity in IDENTITIES.values()
    )
    return _page("Sign in to the local stack", f"<p>There are no passwords here. Be one of:</p><ul>{items}</ul>")


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>body{font:16px/1.5 system-ui;max-width:34rem;margin:4rem auto;padding:0 1rem;color-scheme:light dark}"
        "ul{padding:0}li{list-style:none;margin:.5rem 0}a{display:block;padding:.75rem 1rem;border:1px solid #8888;"
        f"border-radius:.5rem;text-decoration:none;color:inherit}}</style><h1>{title}</h1>{body}</html>"
    )
