"""What the command line asks an OpenID Connect issuer: its addresses, tokens for a code, new tokens, and an end.

Sources: OpenID Connect Discovery 1.0 and Core 1.0, RFC 6749 (OAuth 2.0), RFC 7009 (revocation), RFC 7636 (PKCE).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from stepcrew_cli.clock import epoch_seconds
from stepcrew_cli.errors import CliError, ServerTrouble, Unreachable
from stepcrew_cli.jwt_claims import claims_of
from stepcrew_cli.loopback_address import is_loopback, require_web_address
from stepcrew_cli.profiles import Profile, Tokens

TIMEOUT_SECONDS = 20


class Refused(CliError):
    """The issuer refused: `error` is the OAuth 2.0 error code."""

    def __init__(self, error: str, description: str, *, remedy: str = "") -> None:
        super().__init__(f"The issuer refused the sign-in: {description or error}.", remedy=remedy)
        self.error = error


class Discovered(BaseModel):
    """The part of an issuer's discovery document that is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str | None = None


class _TokenAnswer(BaseModel):
    access_token: str
    id_token: str | None = None
    refresh_token: str | None = None
    expires_in: float = 300
    """RFC 6749, 5.1: recommended, not required."""


class Issuer:
    """Talks to one issuer. Use as a context manager. `now` is seconds since 1970."""

    def __init__(self, http: httpx.Client, url: str, now: Callable[[], float] = epoch_seconds) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._now = now
        self._discovered: Discovered | None = None

    def __enter__(self) -> Issuer:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def discover(self) -> Discovered:
        """Raises CliError when the document is not this issuer's or names an address that is not encrypted."""
        if self._discovered is None:
            address = f"{self._url}/.well-known/openid-configuration"
            require_web_address(self._url, "The issuer")
            try:
                found = Discovered.model_validate(_json(self._send("GET", address)))
            except ValidationError:
                raise ServerTrouble(
                    f"{address} does not describe an OpenID Connect issuer.", remedy="Correct --issuer."
                ) from None
            # Core 1.0, 3.1.3.7 and Discovery 1.0, 4.3: it must be exactly the issuer that was asked.
            if found.issuer.rstrip("/") != self._url:
                raise CliError(
                    f"The issuer calls itself {found.issuer}, not {self._url}.", remedy="Give that as --issuer."
                )
            for endpoint in (found.authorization_endpoint, found.token_endpoint, found.revocation_endpoint):
                if endpoint:
                    require_web_address(endpoint, "An address of the issuer")
            self._discovered = found
        return self._discovered

    def redeem(self, profile: Profile, code: str, verifier: str, redirect_uri: str, nonce: str) -> Tokens:
        """Tokens for an authorization code. Raises Refused, or CliError when the ID token is not for this sign-in."""
        answer = self._tokens(
            {
                "grant_type": "authorization_code",
                "client_id": profile.client_id,
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": redirect_uri,
            }
        )
        if answer.id_token is not None:
            self._check(answer.id_token, profile, nonce)
        return self._kept(answer, profile, None)

    def renew(self, profile: Profile, refresh_token: str) -> Tokens:
        """New tokens for a refresh token, which stays the same unless the issuer gives another. Raises Refused."""
        answer = self._tokens(
            {"grant_type": "refresh_token", "client_id": profile.client_id, "refresh_token": refresh_token}
        )
        return self._kept(answer, profile, refresh_token)

    def revoke(self, profile: Profile, refresh_token: str) -> bool:
        """False when the issuer has no address for it. The access tokens it gave end with it, or soon after."""
        endpoint = self.discover().revocation_endpoint
        if endpoint is None:
            return False
        fields = {"token": refresh_token, "token_type_hint": "refresh_token", "client_id": profile.client_id}
        _raise_for_refusal(self._send("POST", endpoint, fields))
        return True

    def _tokens(self, fields: Mapping[str, str]) -> _TokenAnswer:
        response = self._send("POST", self.discover().token_endpoint, fields)
        _raise_for_refusal(response)
        try:
            return _TokenAnswer.model_validate(_json(response))
        except ValidationError:
            raise ServerTrouble("The issuer's token endpoint answered without an access token.") from None

    def _check(self, id_token: str, profile: Profile, nonce: str) -> None:
        """Core 1.0, 3.1.3.7. The token came straight from the token endpoint, so its connection stands in for the
        signature (step 6 there)."""
        claims = claims_of(id_token)
        audience = claims.get("aud")
        audiences: list[object] = [*audience] if isinstance(audience, list) else [audience]
        if str(claims.get("iss", "")).rstrip("/") != self._url:
            raise CliError(f"The ID token is from another issuer: {claims.get('iss')}. Nobody was signed in.")
        if profile.client_id not in audiences:
            raise CliError("The ID token is for another client. Nobody was signed in.", remedy="Correct --client-id.")
        if float(claims.get("exp") or 0) <= self._now():
            raise CliError("The ID token has expired. Nobody was signed in.", remedy="Is this machine's clock right?")
        if claims.get("nonce") != nonce:
            raise CliError(
                "The ID token belongs to another sign-in (its nonce differs). Nobody was signed in.",
                remedy="Sign in again.",
            )

    def _kept(self, answer: _TokenAnswer, profile: Profile, refresh_token: str | None) -> Tokens:
        tokens = Tokens(
            access_token=answer.access_token,
            id_token=answer.id_token,
            refresh_token=answer.refresh_token or refresh_token,
            expires_at=self._now() + answer.expires_in,
        )
        sent = profile.model_copy(update={"tokens": tokens}).sent_token
        if sent is None:
            raise CliError(
                "The issuer gave no ID token, and the server takes no other.",
                remedy="Ask for the scope openid: stepcrew login --scope 'openid email profile'.",
            )
        expires: object = claims_of(sent).get("exp")
        return tokens.model_copy(update={"expires_at": float(expires)}) if isinstance(expires, int | float) else tokens

    def _send(self, method: str, url: str, fields: Mapping[str, str] | None = None) -> httpx.Response:
        try:
            return self._http.request(method, url, data=fields, headers={"Accept": "application/json"})
        except httpx.TransportError as error:
            raise Unreachable(
                f"Cannot reach the issuer at {url}: {error or type(error).__name__}.", remedy="Is --issuer right?"
            ) from error


def issuer_client(url: str) -> httpx.Client:
    """Follows no redirects: tokens go to the addresses that discovery named and nowhere else."""
    # A proxy of the environment would not reach this machine's loopback.
    return httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=not is_loopback(url))


def _json(response: httpx.Response) -> Any:
    try:
        if response.is_success:
            return response.json()
    except ValueError:
        pass
    raise ServerTrouble(f"{response.url} answered {response.status_code} and no JSON.", remedy="Correct --issuer.")


def _raise_for_refusal(response: httpx.Response) -> None:
    """RFC 6749, 5.2: a refusal is JSON with `error` and perhaps `error_description`."""
    if response.is_success:
        return
    if response.status_code >= 500:
        raise ServerTrouble(f"The issuer answered {response.status_code}.", remedy="Try again later.")
    try:
        document: Any = response.json()
        error, description = str(document["error"]), str(document.get("error_description") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        error, description = "invalid_request", f"it answered {response.status_code}"
    raise Refused(error, description)
